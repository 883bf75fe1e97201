"""What people do with units, memberships, facts and roles: allowed, refused, and at once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from rest_framework.authtoken.models import Token

from accounts import actions, rules
from accounts.models import (
    IntegrityRecord,
    JoinRequest,
    Membership,
    Organisation,
    OrganisationFact,
    RoleAssignment,
)
from accounts.roles import STAFF_ROLES, Role, UnitRole
from accounts.states import JoinState
from core.models import Event
from core.workflow import Lost, Refused
from seeds.codes import make_credit_code
from tests.factories.accounts import (
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactory,
    RoleAssignmentFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.threads import at_once

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DETAILS = {"name": "青岛甲公司", "kind": "enterprise", "region": "370212"}


def refusal(action, **kwargs):
    with pytest.raises(Refused) as caught:
        action(at=AT, **kwargs)
    return caught.value.code


def verbs(subject):
    return list(Event.objects.about(subject).values_list("verb", flat=True))


def test_who_registers_a_unit_becomes_its_administrator(db):
    person = UserFactory()
    assert person.scope.units == frozenset()
    unit = actions.register_organisation(by=person, at=AT, credit_code=make_credit_code(900), **DETAILS)
    assert person.scope.admin_units == {unit.pk}
    assert verbs(unit) == ["registered"]


def test_a_code_is_registered_once(db):
    unit, person = OrganisationFactory(), UserFactory()
    code = refusal(actions.register_organisation, by=person, credit_code=unit.credit_code, **DETAILS)
    assert code == "exists"
    assert Membership.objects.count() == 0
    assert Event.objects.count() == 0


def test_only_fields_that_are_meant_can_be_set(db):
    with pytest.raises(TypeError, match="parent"):
        actions.register_organisation(
            by=UserFactory(), at=AT, credit_code=make_credit_code(901), parent=None, **DETAILS
        )


def test_the_administrator_changes_the_unit(db):
    unit = OrganisationFactory(name="旧名")
    actions.update_organisation(organisation=unit, by=member_of(unit, UnitRole.ADMIN), at=AT, name="新名")
    assert Organisation.objects.get().name == "新名"
    assert verbs(unit) == ["updated"]
    history = Organisation.pgh_event_model.objects.order_by("pgh_id").values_list("name", flat=True)
    assert list(history) == ["旧名", "新名"]


@pytest.mark.parametrize("who", ["member", "finance", "stranger", "other_admin", "manager"])
def test_others_do_not_change_the_unit(db, who):
    unit = OrganisationFactory(name="旧名")
    person = {
        "member": lambda: member_of(unit),
        "finance": lambda: member_of(unit, UnitRole.FINANCE),
        "stranger": UserFactory,
        "other_admin": lambda: member_of(OrganisationFactory(), UnitRole.ADMIN),
        "manager": officer,
    }[who]()
    assert refusal(actions.update_organisation, organisation=unit, by=person, name="新名") == "forbidden"
    assert Organisation.objects.get(pk=unit.pk).name == "旧名"
    assert rules.can_manage_unit(person, unit) is False


def test_joining_a_unit(db):
    unit, person = OrganisationFactory(), UserFactory()
    admin = member_of(unit, UnitRole.ADMIN)
    request = actions.request_to_join(
        organisation=unit, by=person, at=AT, role=UnitRole.FINANCE, message="财务部"
    )
    assert (request.state, request.requested_at, request.message) == (JoinState.REQUESTED, AT, "财务部")
    membership = actions.approve_join(join_request=request, by=admin, at=AT)
    assert (membership.user, membership.role, membership.is_active) == (person, UnitRole.FINANCE, True)
    assert (request.state, request.decided_by, request.decided_at) == (JoinState.APPROVED, admin, AT)
    assert verbs(request) == ["requested", "moved"]


def test_coming_back_revives_the_membership(db):
    unit = OrganisationFactory()
    old = MembershipFactory(organisation=unit, is_active=False)
    request = actions.request_to_join(organisation=unit, by=old.user, at=AT)
    assert actions.approve_join(join_request=request, by=member_of(unit, UnitRole.ADMIN), at=AT) == old
    assert Membership.objects.get(pk=old.pk).is_active is True


def test_a_member_cannot_ask_again(db):
    unit = OrganisationFactory()
    assert refusal(actions.request_to_join, organisation=unit, by=member_of(unit)) == "member"
    assert JoinRequest.objects.count() == 0


def test_asking_twice_is_once(db):
    request = JoinRequestFactory()
    assert refusal(actions.request_to_join, organisation=request.organisation, by=request.user) == "waiting"
    assert JoinRequest.objects.count() == 1


@pytest.mark.parametrize("action", [actions.approve_join, actions.refuse_join])
@pytest.mark.parametrize("who", ["asking", "member", "manager"])
def test_only_the_administrator_answers(db, action, who):
    request = JoinRequestFactory()
    person = {
        "asking": lambda: request.user,
        "member": lambda: member_of(request.organisation),
        "manager": officer,
    }[who]()
    assert refusal(action, join_request=request, by=person) == "forbidden"
    assert JoinRequest.objects.get().state == JoinState.REQUESTED
    assert rules.can_decide_join(person, request) is False


def test_refusing_keeps_the_reason(db):
    request = JoinRequestFactory()
    admin = member_of(request.organisation, UnitRole.ADMIN)
    actions.refuse_join(join_request=request, by=admin, at=AT, note="不是本单位职工")
    assert request.state == JoinState.REFUSED
    assert Event.objects.about(request).get().note == "不是本单位职工"
    assert request.user.scope.units == frozenset()
    assert refusal(actions.approve_join, join_request=request, by=admin) == "not_allowed"


def test_two_administrators_answer_at_once(db):
    request = JoinRequestFactory()
    stale = JoinRequest.objects.get()
    admin = member_of(request.organisation, UnitRole.ADMIN)
    actions.refuse_join(join_request=request, by=admin, at=AT)
    with pytest.raises(Lost):
        actions.approve_join(join_request=stale, by=admin, at=AT)
    assert Membership.objects.filter(user=request.user).count() == 0


def test_withdrawing(db):
    request = JoinRequestFactory()
    assert refusal(actions.withdraw_join, join_request=request, by=UserFactory()) == "forbidden"
    actions.withdraw_join(join_request=request, by=request.user, at=AT)
    assert JoinRequest.objects.get().state == JoinState.WITHDRAWN
    assert refusal(actions.withdraw_join, join_request=request, by=request.user) == "not_allowed"


def test_a_member_gets_another_role(db):
    unit = OrganisationFactory()
    admin, membership = member_of(unit, UnitRole.ADMIN), MembershipFactory(organisation=unit)
    actions.grant_membership(membership=membership, role=UnitRole.FINANCE, by=admin, at=AT)
    assert membership.user.scope.finance_units == {unit.pk}
    assert verbs(unit) == ["member_granted"]
    assert (
        refusal(actions.grant_membership, membership=membership, role=UnitRole.ADMIN, by=membership.user)
        == "forbidden"
    )


def test_ending_a_membership(db):
    unit = OrganisationFactory()
    admin, membership = member_of(unit, UnitRole.ADMIN), MembershipFactory(organisation=unit)
    assert refusal(actions.end_membership, membership=membership, by=member_of(unit)) == "forbidden"
    assert rules.can_end_membership(member_of(unit), membership) is False
    actions.end_membership(membership=membership, by=admin, at=AT)
    assert Membership.objects.get(pk=membership.pk).is_active is False
    assert refusal(actions.end_membership, membership=membership, by=admin) == "not_allowed"
    assert verbs(unit) == ["member_ended"]


def test_a_person_may_leave(db):
    membership = MembershipFactory()
    assert rules.can_end_membership(membership.user, membership) is True
    actions.end_membership(membership=membership, by=membership.user, at=AT)
    assert membership.user.scope.units == frozenset()


def test_a_unit_keeps_an_administrator(db):
    unit = OrganisationFactory()
    first = MembershipFactory(organisation=unit, role=UnitRole.ADMIN)
    assert refusal(actions.end_membership, membership=first, by=first.user) == "last_admin"
    MembershipFactory(organisation=unit, role=UnitRole.ADMIN)
    actions.end_membership(membership=first, by=first.user, at=AT)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_leave_one():
    unit = OrganisationFactory()
    memberships = [MembershipFactory(organisation=unit, role=UnitRole.ADMIN) for _n in range(2)]
    both = zip(memberships, reversed(memberships), strict=True)
    results = at_once(
        *(partial(actions.end_membership, membership=one, by=other.user, at=AT) for one, other in both)
    )
    refused = [result.code for result in results if result]
    # The second is refused: as the unit's last administrator, or because they were removed before.
    assert refused in (["last_admin"], ["forbidden"])
    assert Membership.objects.filter(is_active=True).count() == 1


def test_a_unit_writes_down_its_own_facts(db):
    unit = OrganisationFactory()
    fact = actions.record_fact(
        organisation=unit,
        kind="rd_spend",
        number=Decimal("1200000.50"),
        valid_from=date(2025, 1, 1),
        valid_to=date(2025, 12, 31),
        by=member_of(unit, UnitRole.ADMIN),
        at=AT,
    )
    assert OrganisationFact.objects.get() == fact
    assert (fact.number, fact.source) == (Decimal("1200000.50"), "单位自行填报")
    assert verbs(unit) == ["fact_recorded"]


@pytest.mark.parametrize("role", [Role.PROGRAMME_MANAGER, Role.SYSADMIN])
def test_the_bureau_writes_down_facts_with_their_source(db, role):
    unit = OrganisationFactory()
    actions.record_fact(
        organisation=unit,
        kind="high_tech",
        text="GR1",
        valid_from=date(2025, 1, 1),
        by=officer(role),
        at=AT,
        source="认定办",
    )
    assert OrganisationFact.objects.get().source == "认定办"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": "x", "valid_to": date(2024, 1, 1)}, "dates"),
    ],
)
def test_facts_that_say_nothing_are_refused(db, data, code):
    unit = OrganisationFactory()
    admin = member_of(unit, UnitRole.ADMIN)
    kwargs = {"organisation": unit, "kind": "high_tech", "valid_from": date(2025, 1, 1), "by": admin, **data}
    assert refusal(actions.record_fact, **kwargs) == code
    assert OrganisationFact.objects.count() == 0


@pytest.mark.parametrize("role", [Role.LEADER, Role.FINANCE, Role.AUDITOR, Role.SUPERVISION])
def test_others_write_down_no_facts(db, role):
    unit = OrganisationFactory()
    person = officer(role)
    kwargs = {"organisation": unit, "kind": "high_tech", "text": "x", "valid_from": date(2025, 1, 1)}
    assert refusal(actions.record_fact, by=person, **kwargs) == "forbidden"
    assert rules.can_record_fact(person, unit) is False


INTEGRITY = {"reason": "逾期未退款", "source": "监督处", "valid_from": date(2025, 1, 1)}


@pytest.mark.parametrize("role", [Role.SUPERVISION, Role.SYSADMIN])
def test_supervision_records_dishonesty(db, role):
    unit, person = OrganisationFactory(), UserFactory()
    actions.record_integrity(organisation=unit, by=officer(role), at=AT, **INTEGRITY)
    actions.record_integrity(user=person, by=officer(role), at=AT, **INTEGRITY)
    assert IntegrityRecord.objects.count() == 2
    assert verbs(unit) == verbs(person) == ["integrity_recorded"]


@pytest.mark.parametrize("role", [Role.PROGRAMME_MANAGER, Role.LEADER, Role.FINANCE, Role.AUDITOR])
def test_others_record_none(db, role):
    assert refusal(actions.record_integrity, user=UserFactory(), by=officer(role), **INTEGRITY) == "forbidden"
    assert IntegrityRecord.objects.count() == 0


def test_a_record_names_one_subject_and_dates_in_order(db):
    by, unit, person = officer(Role.SUPERVISION), OrganisationFactory(), UserFactory()
    assert refusal(actions.record_integrity, by=by, **INTEGRITY) == "subject"
    assert refusal(actions.record_integrity, by=by, organisation=unit, user=person, **INTEGRITY) == "subject"
    late = {**INTEGRITY, "valid_to": date(2024, 1, 1)}
    assert refusal(actions.record_integrity, by=by, organisation=unit, **late) == "dates"


@pytest.mark.parametrize("role", Role)
def test_an_office_opens_the_admin_and_its_end_closes_it(db, role):
    sysadmin, person = officer(Role.SYSADMIN), UserFactory()
    assignment = actions.assign_role(user=person, role=role, by=sysadmin, at=AT)
    person.refresh_from_db()
    assert person.is_staff is (role in STAFF_ROLES)
    assert person.has_role(role) is True
    actions.end_role(assignment=assignment, by=sysadmin, at=AT)
    person.refresh_from_db()
    assert person.is_staff is False
    assert verbs(person) == ["role_assigned", "role_ended"]
    assert refusal(actions.end_role, assignment=assignment, by=sysadmin) == "not_allowed"
    assert actions.assign_role(user=person, role=role, by=sysadmin, at=AT) == assignment


def test_another_office_keeps_the_admin_open(db):
    sysadmin, person = officer(Role.SYSADMIN), UserFactory()
    first = actions.assign_role(user=person, role=Role.LEADER, by=sysadmin, at=AT)
    actions.assign_role(user=person, role=Role.EXPERT, by=sysadmin, at=AT)
    actions.end_role(assignment=first, by=sysadmin, at=AT)
    person.refresh_from_db()
    assert person.is_staff is True


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSADMIN}))
def test_only_system_administrators_assign(db, role):
    person = officer(role)
    assert refusal(actions.assign_role, user=person, role=Role.SYSADMIN, by=person) == "forbidden"
    assignment = RoleAssignmentFactory()
    assert refusal(actions.end_role, assignment=assignment, by=person) == "forbidden"
    assert rules.can_end_role(person, assignment) is False
    assert RoleAssignment.objects.filter(role=Role.SYSADMIN).count() == 0


def test_the_last_system_administrator_stays(db):
    sysadmin = officer(Role.SYSADMIN)
    assignment = sysadmin.role_assignments.get()
    assert refusal(actions.end_role, assignment=assignment, by=sysadmin) == "last_sysadmin"
    officer(Role.SYSADMIN)
    actions.end_role(assignment=assignment, by=sysadmin, at=AT)


def test_tokens(db):
    person = UserFactory()
    first = actions.create_token(by=person, at=AT)
    second = actions.create_token(by=person, at=AT)
    assert first.key != second.key
    assert Token.objects.get() == second
    actions.revoke_token(by=person, at=AT)
    actions.revoke_token(by=person, at=AT)
    assert Token.objects.count() == 0
    assert verbs(person) == ["token_created", "token_created", "token_revoked"]
