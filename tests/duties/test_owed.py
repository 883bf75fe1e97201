"""Which duties are owed when, and until when: they come with the moment that the notice names."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions as applications
from awards import actions as awards
from core import calendar
from duties import actions
from duties.models import Blocks, Duty, Moment, OnePer, OwedBy
from duties.states import DutyState
from grants import signals
from notifications import obligations
from notifications.models import Deadline, DeadlineKind, Obligor
from tests.factories.accounts import officer
from tests.factories.applications import ApplicationFactory, filled
from tests.factories.awards import LATER, agreement_of, decide, to_decide, unit_admin_of
from tests.factories.duties import term
from tests.factories.grants import CallFactory
from tests.factories.reviews import manager_of, panel_call

pytestmark = pytest.mark.django_db
SIGNED = ("formal_check", "decision", "agreement")


def drift(at=None) -> list[str]:
    found = obligations.check(at=at or timezone.now())
    return [str(one) for one in found if one.obligation.kind in (DeadlineKind.DUTY, DeadlineKind.DUTY_CHECK)]


def owing(duty: Duty) -> Deadline:
    return Deadline.objects.open().get(kind=DeadlineKind.DUTY, object_id=duty.pk)


def test_handing_in_brings_what_is_owed_behind_it_and_the_team_owes_it_by_that_day():
    call = CallFactory(parts__duties=[term(days=3)])
    application = filled(call=call)
    assert not Duty.objects.exists(), "nothing was handed in yet"
    now = timezone.now()
    applications.submit(application=application, by=application.created_by, at=now)

    duty = Duty.objects.get()
    assert (duty.application, duty.state, duty.due_at) == (
        application,
        DutyState.OPEN,
        calendar.due(now, 3),
    )
    clock = owing(duty)
    assert (clock.due_at, str(clock.explanation)[-5:]) == (duty.due_at, "依据第四条")
    owes = Obligor.objects.filter(deadline=clock)
    assert {(row.user, row.unit_role) for row in owes} == {
        (application.created_by, ""),
        (None, UnitRole.ADMIN),
    }
    assert drift() == []


def test_what_is_taken_back_for_good_is_owed_no_more_and_the_second_opinion_agrees():
    application = filled(call=CallFactory(parts__duties=[term()]))
    applications.submit(application=application, by=application.created_by, at=timezone.now())
    applications.withdraw(
        application=application, reason="另行申报", by=application.created_by, at=timezone.now()
    )
    assert Duty.objects.get().state == DutyState.CANCELLED
    assert not Deadline.objects.open().filter(kind=DeadlineKind.DUTY).exists()
    assert drift() == []


def test_what_comes_before_handing_in_is_owed_from_the_first_draft_on():
    before = {"moment": Moment.CLOSING, "days": 2, "is_before": True, "blocks": Blocks.HANDING_IN}
    call = CallFactory(parts__duties=[term(**before)])
    person = ApplicationFactory(call=call)
    application = applications.start(
        call=call, organisation=person.organisation, by=person.created_by, at=timezone.now()
    )
    duty = Duty.objects.get()
    assert (duty.application, duty.due_at) == (application, calendar.due(call.closes_at, -2))


def test_a_unit_owes_its_table_once_however_many_applications_it_has():
    once = term(per=OnePer.UNIT, owed_by=OwedBy.UNIT, moment=Moment.CLOSING, days=5)
    call = CallFactory(parts__duties=[once])
    first = filled(call=call)
    second = filled(call=call, organisation=first.organisation)
    for application in (first, second):
        applications.submit(application=application, by=application.created_by, at=timezone.now())
    duty = Duty.objects.get()
    assert (duty.application, duty.organisation) == (None, first.organisation)

    applications.withdraw(application=first, reason="重复", by=first.created_by, at=timezone.now())
    assert Duty.objects.get().state == DutyState.OPEN, "the other one is still there"
    applications.withdraw(application=second, reason="重复", by=second.created_by, at=timezone.now())
    assert Duty.objects.get().state == DutyState.CANCELLED


def test_publishing_brings_what_the_bureau_and_each_office_owe():
    office = officer(Role.RECOMMENDER, region="370211")
    until = timezone.now() + timedelta(days=9)
    table = term("table", per=OnePer.RECOMMENDER, owed_by=OwedBy.RECOMMENDER, until=until)
    visit = term("visit", per=OnePer.CALL, owed_by=OwedBy.OFFICE, moment=Moment.CLOSING, days=20)
    call = CallFactory(parts__duties=[table, visit])
    signals.published.send(sender=type(call), call=call, by=None, at=timezone.now())

    of_office, of_bureau = Duty.objects.get(code="table"), Duty.objects.get(code="visit")
    assert (of_office.region, of_office.due_at) == ("370211", until)
    assert of_bureau.due_at == calendar.due(call.closes_at, 20)
    assert list(Duty.objects.owed_by(office)) == [of_office]
    assert list(Duty.objects.owed_by(manager_of(call))) == [of_bureau]
    assert drift() == []


def test_a_project_owes_a_report_every_year_and_one_behind_its_end_that_moves_with_it():
    yearly = term("yearly", per=OnePer.AWARD, owed_by=OwedBy.UNIT, month_day="12-15")
    last = term("last", per=OnePer.AWARD, moment=Moment.PROJECT_END, days=12, day_kind="month")
    call = panel_call(stages=SIGNED, duties=[yearly, last])
    application = to_decide(call=call)
    decide(application, at=LATER)
    agreement, admin = agreement_of(application), unit_admin_of(application)
    assert [duty.code for duty in Duty.objects.all()] == ["last"]
    awards.unit_sign(agreement=agreement, by=admin, at=LATER)
    awards.bureau_sign(agreement=agreement, by=manager_of(call), at=LATER)

    assert [(duty.code, duty.year) for duty in Duty.objects.all()] == [
        ("yearly", 2026),
        ("yearly", 2027),
        ("last", None),
    ]
    assert calendar.local_date(Duty.objects.get(code="last").due_at).isoformat() == "2029-08-31"
    agreement.refresh_from_db()
    awards.extend(agreement=agreement, ends_date=agreement.ends_date.replace(year=2029), by=None, at=LATER)
    assert set(Duty.objects.filter(code="yearly").values_list("year", flat=True)) == {2026, 2027, 2028}
    moved = Duty.objects.get(code="last")
    assert calendar.local_date(moved.due_at).isoformat() == "2030-08-31"
    assert owing(moved).due_at == moved.due_at
    assert drift(LATER) == []


def test_a_condition_lets_off_those_for_which_it_does_not_hold():
    large = term(
        "large", per=OnePer.AWARD, moment=Moment.AWARD, days=20, applies_when="award.amount > 900000.0"
    )
    small = term(
        "small", per=OnePer.AWARD, moment=Moment.AWARD, days=20, applies_when="award.amount > 100000.0"
    )
    call = panel_call(stages=SIGNED, duties=[large, small])
    decide(to_decide(call=call), at=LATER)
    assert [duty.code for duty in Duty.objects.all()] == ["small"]


def test_a_call_that_asks_for_nothing_costs_no_query(django_assert_num_queries):
    application = filled()
    actions.follow(application=application, by=None, at=timezone.now())
    with django_assert_num_queries(0):
        actions.follow(application=application, by=None, at=timezone.now())
