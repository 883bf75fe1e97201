"""Whom the sweep tells: who owes, who watches over it, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.roles import Role, UnitRole
from notifications.actions import Owes
from notifications.models import (
    Obligor,
    Reminder,
)
from notifications.sweep import sweep
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, member_of, officer
from tests.factories.notifications import open_deadline
from tests.factories.standing import attempt
from tests.notifications.helpers import policy, told

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, nine o'clock in Beijing: the hour at which days are told."""
DAY = timedelta(days=1)


@pytest.fixture
def crowd():
    """One of everybody who could be meant, and a stranger."""
    unit, department = OrganisationFactory(region="370212"), OrganisationFactory(region="370200")
    people = {
        "admin": member_of(unit, UnitRole.ADMIN),
        "member": member_of(unit),
        "finance": member_of(unit, UnitRole.FINANCE),
        "manager": officer(Role.PROGRAMME_MANAGER, organisation=department),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "district": officer(Role.RECOMMENDER, region="370212"),
        "other_district": officer(Role.RECOMMENDER, region="370203"),
        "appointed": officer(Role.RECOMMENDER, organisation=unit),
        "money": officer(Role.FINANCE),
        "leader": officer(Role.LEADER),
        "head": officer(Role.DIVISION_HEAD, organisation=department),
        "root": UserFactory(is_superuser=True),
        "stranger": UserFactory(),
        "left": member_of(unit, UnitRole.ADMIN, is_active=False),
    }
    MembershipFactory(user=people["stranger"], organisation=unit, role=UnitRole.ADMIN, is_active=False)
    MembershipFactory(user=people["admin"], organisation=unit, role=UnitRole.MEMBER)
    return people, unit, department


@pytest.mark.django_db
def test_everybody_who_owes_is_told_and_nobody_else(crowd, subtests):
    people, unit, department = crowd
    names = {user.pk: name for name, user in people.items()}
    policy("d7")
    cases = [
        (Owes(user=people["member"]), {"member"}),
        (Owes(user=people["left"]), set()),
        (Owes(organisation=unit), {"admin", "member", "finance"}),
        (Owes(organisation=unit, unit_role=UnitRole.MEMBER), {"admin", "member", "finance"}),
        (Owes(organisation=unit, unit_role=UnitRole.ADMIN), {"admin"}),
        (Owes(organisation=unit, unit_role=UnitRole.FINANCE), {"finance"}),
        (Owes(role=Role.PROGRAMME_MANAGER, organisation=department), {"manager"}),
        (Owes(role=Role.PROGRAMME_MANAGER), {"manager", "other_manager"}),
        (Owes(role=Role.RECOMMENDER, organisation=unit), {"district", "appointed"}),
        (Owes(role=Role.FINANCE), {"money"}),
        (Owes(role=Role.LEADER, organisation=department), {"leader"}),
        (Owes(role=Role.SYSADMIN), {"root"}),
    ]
    for owes, expected in cases:
        with attempt(subtests, f"{owes.role or owes.unit_role} {sorted(expected)}"):
            open_deadline(at=AT, owed_by=[owes])
            assert sweep(at=AT) == len(expected)
            assert {names[recipient] for recipient, _lead in told()} == expected
            covered = {name for name, user in people.items() if Obligor.objects.covering(user).exists()}
            assert covered - {"left"} == expected


@pytest.mark.django_db
def test_who_owes_in_two_ways_is_told_once():
    policy("d7")
    unit = OrganisationFactory()
    user = member_of(unit, UnitRole.ADMIN)
    open_deadline(at=AT, owed_by=[Owes(user=user), Owes(organisation=unit)])
    assert sweep(at=AT) == 1


@pytest.mark.django_db
def test_what_stays_overdue_climbs_the_ladder(crowd):
    people, _unit, department = crowd
    ladder = {
        "d-1": ["owners"],
        "d-7": ["owners", "managers"],
        "d-15": ["managers", "heads"],
        "d-30": ["heads", "leaders", "finance"],
    }
    policy(*ladder, told=ladder)
    open_deadline(at=AT, owed_by=[Owes(user=people["member"])], due_in=0 * DAY, department=department)
    names = {user.pk: name for name, user in people.items()}
    rungs = []
    for days in (1, 7, 15, 30):
        before = Reminder.objects.count()
        sweep(at=AT + days * DAY)
        rungs.append({names[recipient] for recipient, _lead in told()[before:]})
    assert rungs == [
        {"member"},
        {"member", "manager"},
        {"manager", "head"},
        {"head", "leader", "money"},
    ]


@pytest.mark.django_db
def test_a_new_colleague_hears_of_what_is_running():
    policy("d7")
    unit = OrganisationFactory()
    member_of(unit)
    open_deadline(at=AT, owed_by=[Owes(organisation=unit)])
    assert sweep(at=AT) == 1
    newcomer = member_of(unit)
    assert sweep(at=AT + DAY) == 1
    assert Reminder.objects.latest("id").recipient == newcomer
