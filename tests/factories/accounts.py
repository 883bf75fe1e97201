"""People and organisations for tests. Nothing is created that the test does not ask for."""

from datetime import date

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.kinds import ShareholderKind
from accounts.models import (
    BankAccount,
    FactKind,
    IntegrityRecord,
    JoinRequest,
    Membership,
    Organisation,
    OrganisationFact,
    OrganisationKind,
    PersonRecord,
    RoleAssignment,
    Shareholder,
    User,
)
from accounts.roles import STAFF_ROLES, Role, UnitRole
from seeds.codes import make_credit_code

PASSWORD = "jiebang-test-2026"


class UserFactory(DjangoModelFactory):
    """A person who can sign in with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    name = factory.Sequence(lambda n: f"张{n}")
    password = factory.django.Password(PASSWORD)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"青岛示例科技{n}有限公司")
    region = "370212"
    credit_code = factory.LazyAttributeSequence(lambda unit, n: make_credit_code(n, unit.region))
    kind = OrganisationKind.ENTERPRISE


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = UnitRole.MEMBER


class JoinRequestFactory(DjangoModelFactory):
    class Meta:
        model = JoinRequest

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    requested_at = factory.LazyFunction(timezone.now)


class RoleAssignmentFactory(DjangoModelFactory):
    """An office; the person may enter the admin when the role works there, as `assign_role` would say."""

    class Meta:
        model = RoleAssignment
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    role = Role.PROGRAMME_MANAGER

    @factory.post_generation
    def admin_access(assignment, create, extracted, **kwargs):
        if assignment.role in STAFF_ROLES and not assignment.user.is_staff:
            assignment.user.is_staff = True
            assignment.user.save(update_fields=["is_staff"])


class OrganisationFactFactory(DjangoModelFactory):
    class Meta:
        model = OrganisationFact

    organisation = factory.SubFactory(OrganisationFactory)
    kind = FactKind.HIGH_TECH
    text = factory.Sequence(lambda n: f"GR2025370{n:05d}")
    valid_from = date(2025, 1, 1)
    source = "测试"


class IntegrityRecordFactory(DjangoModelFactory):
    class Meta:
        model = IntegrityRecord

    organisation = factory.SubFactory(OrganisationFactory)
    reason = "逾期未退回财政资金"
    source = "测试"
    valid_from = date(2025, 1, 1)


def member_of(organisation, role=UnitRole.MEMBER, **kwargs) -> User:
    """A person with one active membership."""
    user = UserFactory(**kwargs)
    MembershipFactory(user=user, organisation=organisation, role=role)
    return user


def officer(role=Role.PROGRAMME_MANAGER, organisation=None, region="", **kwargs) -> User:
    """A person who holds one office."""
    user = UserFactory(**kwargs)
    RoleAssignmentFactory(user=user, role=role, organisation=organisation, region=region)
    return user


class PersonRecordFactory(DjangoModelFactory):
    """What a person keeps of themselves; `is_shared` needs an `organisation`."""

    class Meta:
        model = PersonRecord

    user = factory.SubFactory(UserFactory)
    title = "教授"
    updated_at = factory.LazyFunction(timezone.now)


class BankAccountFactory(DjangoModelFactory):
    class Meta:
        model = BankAccount

    organisation = factory.SubFactory(OrganisationFactory)
    holder = factory.LazyAttribute(lambda account: account.organisation.name)
    bank = "测试银行琴岛分行"
    number = factory.Sequence(lambda n: f"62220000{n:08d}")
    valid_from = date(2026, 1, 1)
    recorded_at = factory.LazyFunction(timezone.now)
    recorded_by = factory.SubFactory(UserFactory)


class ShareholderFactory(DjangoModelFactory):
    class Meta:
        model = Shareholder

    organisation = factory.SubFactory(OrganisationFactory)
    as_of_date = date(2026, 1, 1)
    name = factory.Sequence(lambda n: f"股东{n}")
    kind = ShareholderKind.PERSON
    percent = 50
    recorded_at = factory.LazyFunction(timezone.now)
    recorded_by = factory.SubFactory(UserFactory)
