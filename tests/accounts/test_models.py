"""What the database refuses, who sees what, and what a person holds."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import (
    IntegrityRecord,
    JoinRequest,
    Membership,
    Organisation,
    OrganisationFact,
    RoleAssignment,
    User,
)
from accounts.roles import STAFF_ROLES, Role, Scope, UnitRole
from tests.factories.accounts import (
    BankAccountFactory,
    IntegrityRecordFactory,
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactFactory,
    OrganisationFactory,
    PersonRecordFactory,
    RoleAssignmentFactory,
    ShareholderFactory,
    UserFactory,
    member_of,
    officer,
)

SEEING_ALL = [
    Role.LEADER,
    Role.SUPERVISION,
    Role.AUDITOR,
    Role.SYSADMIN,
    Role.PROGRAMME_MANAGER,
    Role.FINANCE,
]
NOW = datetime(2026, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("factory", "kwargs", "constraint"),
    [
        (OrganisationFactory, {"credit_code": "91370212ma3c4r5t6d"}, "organisation_credit_code_form"),
        (OrganisationFactory, {"credit_code": "short"}, "organisation_credit_code_form"),
        (
            OrganisationFactory,
            {"credit_code": "91370212MA0000015Y", "region": "3702"},
            "organisation_region_form",
        ),
        (OrganisationFactFactory, {"valid_to": date(2024, 12, 31)}, "organisation_fact_dates_in_order"),
        (IntegrityRecordFactory, {"valid_to": date(2024, 12, 31)}, "integrity_record_dates_in_order"),
        (IntegrityRecordFactory, {"organisation": None}, "integrity_record_names_one"),
        (JoinRequestFactory, {"state": "approved"}, "join_request_decided_by_someone"),
        (OrganisationFactFactory, {"confirmed_at": NOW}, "organisation_fact_confirmed_by_someone"),
        (PersonRecordFactory, {"id_number": "123"}, "person_record_id_number_form"),
        (PersonRecordFactory, {"is_shared": True}, "person_record_shared_with_a_unit"),
        (BankAccountFactory, {"number": "12-34567"}, "bank_account_digits"),
        (ShareholderFactory, {"percent": 0}, "shareholder_percent_in_range"),
        (ShareholderFactory, {"percent": 101}, "shareholder_percent_in_range"),
    ],
)
def test_the_database_refuses(db, factory, kwargs, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factory(**kwargs)


def test_one_membership_of_a_kind(db):
    membership = MembershipFactory()
    with pytest.raises(IntegrityError, match="membership_once"), transaction.atomic():
        MembershipFactory(user=membership.user, organisation=membership.organisation)


def test_one_open_request_to_join(db):
    request = JoinRequestFactory()
    with pytest.raises(IntegrityError, match="join_request_one_open"), transaction.atomic():
        JoinRequestFactory(user=request.user, organisation=request.organisation, role=UnitRole.FINANCE)
    JoinRequest.objects.update(state="refused", decided_at=timezone.now(), decided_by=request.user)
    JoinRequestFactory(user=request.user, organisation=request.organisation)


def test_one_office_of_a_kind_even_without_department(db):
    office = RoleAssignmentFactory()
    with pytest.raises(IntegrityError, match="role_assignment_once"), transaction.atomic():
        RoleAssignmentFactory(user=office.user)


def test_field_history_cannot_be_changed(db):
    unit = OrganisationFactory()
    history = Organisation.pgh_event_model.objects.filter(pgh_obj_id=unit.pk)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        history.update(name="x")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        history.delete()
    assert history.get().name == unit.name


def test_what_a_person_holds_is_read_in_two_queries(db, django_assert_num_queries):
    department, unit = OrganisationFactory(), OrganisationFactory()
    user = officer(Role.PROGRAMME_MANAGER, department)
    RoleAssignmentFactory(user=user, role=Role.RECOMMENDER, organisation=department, region="3702")
    RoleAssignmentFactory(user=user, role=Role.LEADER, is_active=False)
    MembershipFactory(user=user, organisation=unit, role=UnitRole.ADMIN)
    MembershipFactory(user=user, organisation=unit, role=UnitRole.FINANCE)
    MembershipFactory(user=user, organisation=department, is_active=False)
    user = User.objects.get(pk=user.pk)
    with django_assert_num_queries(2):
        scope = user.scope
        assert user.has_role(Role.RECOMMENDER) is True
    assert scope == Scope(
        roles=frozenset({Role.PROGRAMME_MANAGER, Role.RECOMMENDER}),
        departments=frozenset({department.pk}),
        regions=("3702",),
        offices=((department.pk, "3702"), (department.pk, "")),
        recommender_organisations=frozenset({department.pk}),
        units=frozenset({unit.pk}),
        admin_units=frozenset({unit.pk}),
        finance_units=frozenset({unit.pk}),
    )
    assert scope.sees_everything is False


def test_a_superuser_is_a_system_administrator(db):
    assert UserFactory(is_superuser=True).scope.roles == frozenset({Role.SYSADMIN})


@pytest.fixture
def world(db):
    """Two units with everything that belongs to one, an outsider, and one member of the first."""
    mine, other = OrganisationFactory(region="370212"), OrganisationFactory(region="370281")
    rows = {"mine": mine, "other": other}
    for unit in (mine, other):
        OrganisationFactFactory(organisation=unit)
        IntegrityRecordFactory(organisation=unit)
        JoinRequestFactory(organisation=unit)
    rows["member"] = member_of(mine)
    rows["admin"] = member_of(mine, UnitRole.ADMIN)
    rows["foreigner"] = member_of(other)
    return rows


def seen(user):
    return {
        model.__name__: model.objects.visible_to(user).count()
        for model in (
            Organisation,
            OrganisationFact,
            IntegrityRecord,
            Membership,
            JoinRequest,
            RoleAssignment,
        )
    }


def counts(*numbers):
    names = (
        "Organisation",
        "OrganisationFact",
        "IntegrityRecord",
        "Membership",
        "JoinRequest",
        "RoleAssignment",
    )
    return dict(zip(names, numbers, strict=True))


def test_the_public_sees_nothing(world):
    assert seen(AnonymousUser()) == counts(0, 0, 0, 0, 0, 0)
    assert User.objects.visible_to(AnonymousUser()).count() == 0


def test_a_stranger_sees_nothing(world):
    stranger = UserFactory()
    assert seen(stranger) == counts(0, 0, 0, 0, 0, 0)
    assert list(User.objects.visible_to(stranger)) == [stranger]


def test_a_member_sees_their_unit(world):
    assert seen(world["member"]) == counts(1, 1, 1, 2, 0, 0)
    assert set(User.objects.visible_to(world["member"])) == {world["member"], world["admin"]}


def test_a_unit_administrator_also_sees_who_asks_to_join(world):
    assert seen(world["admin"]) == counts(1, 1, 1, 2, 1, 0)


def test_who_asked_sees_their_request_alone(world):
    asking = JoinRequest.objects.filter(organisation=world["mine"]).get().user
    assert seen(asking) == counts(0, 0, 0, 0, 1, 0)


def test_a_recommender_sees_the_units_of_the_region(world):
    recommender = officer(Role.RECOMMENDER, region="370212")
    assert seen(recommender) == counts(1, 1, 0, 2, 0, 1)
    assert list(Organisation.objects.visible_to(recommender)) == [world["mine"]]


@pytest.mark.parametrize("role", SEEING_ALL)
def test_the_bureau_sees_every_unit(world, role):
    records = 0 if role == Role.FINANCE else 2
    assert seen(officer(role)) == counts(2, 2, records, 3, 2, 1)


def test_an_expert_sees_no_unit(world):
    assert seen(officer(Role.EXPERT)) == counts(0, 0, 0, 0, 0, 1)


def test_facts_hold_on_both_their_ends(db):
    fact = OrganisationFactFactory(valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31))
    held = {
        day: OrganisationFact.objects.as_of(day).filter(pk=fact.pk).exists()
        for day in (date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1))
    }
    assert list(held.values()) == [False, True, True, False]


def test_names():
    user = User(username="u", name="张三")
    assert (str(user), user.get_full_name(), user.get_short_name()) == ("张三", "张三", "张三")
    assert str(User(username="u")) == "u"
    unit = Organisation(name="甲公司")
    assert str(unit) == "甲公司"
    assert str(Membership(user=user, organisation=unit)) == "张三 · 甲公司"
    assert str(JoinRequest(user=user, organisation=unit)) == "张三 → 甲公司"
    assert str(RoleAssignment(user=user, role=Role.LEADER)) == "张三 · 局领导"
    assert str(OrganisationFact(kind="high_tech", text="GR1")) == "高新技术企业 GR1"
    assert str(IntegrityRecord(reason="逾期")) == "逾期"


def test_every_office_but_the_recommender_works_in_the_admin():
    assert {role for role in Role if RoleAssignment(role=role).works_in_admin()} == STAFF_ROLES
