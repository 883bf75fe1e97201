"""Annual reports: planned by the notice, written in their own form, accepted or returned."""

import json
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from awards import signals
from awards.models import Agreement
from core.calendar import end_of_day
from core.models import CalendarDay
from core.workflow import Refused
from finance import queries as money
from grants.models import FormKind, Question, QuestionKind, Section
from milestones import actions, queries
from milestones.models import Kind, Milestone, MilestoneTemplate, Report, validate_month_day
from milestones.states import MilestoneState
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    PARTIES,
    PEOPLE,
    TEMPLATES,
    agreement,
    awarded_application,
    draft_agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)
from tests.factories.reviews import CallFactory, publish

pytestmark = pytest.mark.django_db
YEARLY = {
    "code": "yearly",
    "name": "年度报告",
    "kind": Kind.ANNUAL,
    "month_day": "12-31",
    "clause": "第十五条",
}


@pytest.fixture
def call():
    return project_call(templates=(*TEMPLATES, YEARLY))


def call_with_form():
    """A call with a form for annual reports and one for milestones."""
    call = CallFactory()
    for order, form in enumerate((FormKind.ANNUAL, FormKind.MILESTONE), start=1):
        section = Section.objects.create(call=call, code=f"s{order}", form=form, title=form, order=order)
        Question.objects.create(
            call=call, section=section, code=f"work{order}", kind=QuestionKind.TEXT, label="进展", order=1
        )
    for order, template in enumerate((*TEMPLATES, YEARLY), start=1):
        MilestoneTemplate.objects.create(call=call, order=order, deliverable="按通知", **template)
    return publish(call)


def in_force(call, **kwargs) -> Agreement:
    return agreement(application=awarded_application(call=call, owner=OrganisationFactory()), **kwargs)


def annual(found) -> list[Milestone]:
    return list(Milestone.objects.filter(agreement=found, kind=Kind.ANNUAL).order_by("due_date"))


def test_one_is_due_in_every_year_of_the_project_and_never_on_a_rest_day(call):
    found = draft_agreement(application=awarded_application(call=call))
    starts, ends = found.starts_date, found.ends_date
    years = [year for year in range(starts.year, ends.year + 1) if starts < date(year, 12, 31) <= ends]
    rows = annual(found)
    assert [row.code for row in rows] == [f"yearly-{year}" for year in years]
    assert rows[0].name == f"年度报告（{years[0]}）"
    assert all(row.due_date >= date(year, 12, 31) for row, year in zip(rows, years, strict=True))
    assert all(row.due_date.weekday() < 5 or CalendarDay.objects.filter(date=row.due_date) for row in rows)


def test_a_day_in_the_first_half_asks_for_the_year_before():
    call = project_call(templates=(*TEMPLATES, {**YEARLY, "month_day": "03-31"}))
    found = draft_agreement(application=awarded_application(call=call))
    assert [row.name for row in annual(found)] == [
        f"年度报告（{row.due_date.year - 1}）" for row in annual(found)
    ]
    assert all(row.due_date.year > found.starts_date.year for row in annual(found))


def test_new_dates_of_an_unsigned_agreement_plan_them_anew(call):
    found = draft_agreement(application=awarded_application(call=call))
    before = len(annual(found))
    Agreement.objects.filter(pk=found.pk).update(
        ends_date=found.ends_date.replace(year=found.ends_date.year + 2)
    )
    found.refresh_from_db()
    signals.agreement_corrected.send(
        sender=Agreement, agreement=found, moved=found.ends_date - found.ends_date, by=None, at=AT
    )
    assert len(annual(found)) == before + 2
    assert Milestone.objects.filter(agreement=found, kind=Kind.MILESTONE).count() == 2


def test_the_deadline_is_opened_met_and_opened_again_in_the_same_moves(call):
    found = in_force(call)
    people, report = people_of(found), annual(found)[0]

    def open_kinds():
        rows = Deadline.objects.filter(content_type__model="milestone", object_id=report.pk, state="open")
        return list(rows.values_list("kind", flat=True))

    assert open_kinds() == ["milestone"]
    assert Deadline.objects.get(object_id=report.pk, kind="milestone").due_at == end_of_day(report.due_date)
    sent = hand_in(report, by=people["team"], files=[])
    assert open_kinds() == ["milestone_check"]
    with pytest.raises(Refused, match="只能通过或退回"):
        actions.conclude(report=sent, outcome="failed", note="差", by=people["manager"], at=AT)
    with pytest.raises(Refused, match="请写明理由"):
        actions.conclude(report=sent, outcome="returned", note="", by=people["manager"], at=AT)
    actions.conclude(report=sent, outcome="returned", note="补充数据", by=people["manager"], at=AT)
    assert open_kinds() == ["milestone"]
    report.refresh_from_db()
    with pytest.raises(Refused, match="只能通过或退回"):
        actions.fail(milestone=report, note="差", by=people["manager"], at=AT)
    again = hand_in(report, by=people["team"], files=[])
    actions.conclude(report=again, outcome="accepted", note="", by=people["manager"], at=AT)
    assert open_kinds() == []
    assert [row.number for row in Report.objects.filter(milestone=report).order_by("number")] == [1, 2]


def test_only_what_the_rules_allow_is_offered(client, call):
    found = in_force(call)
    people, report = people_of(found), annual(found)[0]
    hand_in(report, by=people["team"], files=[])
    client.force_login(people["manager"])
    address = reverse("admin:milestones_milestone_conclude", args=[report.pk])
    shown = client.get(address).context["form"].fields["outcome"].choices
    assert [value for value, _label in shown] == ["accepted", "returned"]
    refused = client.post(address, {"outcome": "failed", "note": "差"})
    assert refused.status_code == 422
    report.refresh_from_db()
    assert report.state == "submitted"


def test_it_has_a_form_of_its_own_that_is_sealed_with_it(client):
    found = in_force(call_with_form())
    people, report = people_of(found), annual(found)[0]
    assert [q.code for q in queries.form_questions(report)] == ["work1"]
    assert [q.code for q in queries.form_questions(milestone_of(found))] == ["work2"]
    client.force_login(people["team"])
    address = reverse("milestones:form", args=[report.pk])
    typed = {"values": {"a-work1": ["样机海试"]}, "questions": ["work1"]}
    sent = client.patch(address, json.dumps(typed), "application/json")
    assert sent.status_code == 200
    assert "样机海试" in client.get(address).content.decode()
    page = reverse("milestones:milestone", args=[report.pk])
    typed = {"text": "全年进展顺利。", "spent_amount": "20"}
    assert client.post(page, typed).status_code == 302
    assert Report.objects.get(milestone=report).answers[0]["text"] == "样机海试"
    report.refresh_from_db()
    with pytest.raises(Refused):
        actions.save_form(milestone=report, answers={"work1": "改"}, by=people["team"], at=AT)


@pytest.mark.parametrize("who", PEOPLE)
def test_who_sees_a_project_sees_its_reports(call, client, who):
    found = in_force(call)
    report = annual(found)[0]
    user = people_of(found)[who]
    client.force_login(user)
    page = client.get(reverse("milestones:milestone", args=[report.pk]))
    assert page.status_code == (200 if who in PARTIES else 404)
    api = APIClient()
    api.force_authenticate(user)
    rows = api.get("/api/v1/milestones/", {"kind": "annual"}).json()["results"]
    assert {row["kind"] for row in rows} == ({"annual"} if who in PARTIES else set())


def test_the_board_shows_late_reports_apart(call, client):
    found = in_force(call)
    people, report = people_of(found), annual(found)[0]
    client.force_login(people["manager"])
    Agreement.objects.filter(pk=found.pk).update(state="draft")
    Milestone.objects.filter(pk=report.pk).update(due_date=date(2020, 12, 31))
    Agreement.objects.filter(pk=found.pk).update(state="in_force")
    page = client.get(
        reverse("admin:milestones_milestone_changelist"), {"when": "overdue", "kind__exact": "annual"}
    )
    assert page.context["cl"].result_count == 1
    assert "逾期" in page.content.decode()


def test_what_is_not_due_when_the_project_is_accepted_is_not_needed(call):
    found = in_force(call)
    people = people_of(found)
    late, *early = annual(found)
    Agreement.objects.filter(pk=found.pk).update(state="draft")
    Milestone.objects.filter(pk=late.pk).update(due_date=date(2026, 8, 31))
    Agreement.objects.filter(pk=found.pk).update(state="in_force")
    for code in ("prototype", "final"):
        sent = hand_in(milestone_of(found, code), by=people["team"])
        if sent.milestone.needs_demander_opinion:
            actions.give_opinion(report=sent, opinion="accept", text="", by=people["demander"], at=AT)
        actions.conclude(report=sent, outcome="accepted", note="好", by=people["manager"], at=AT)
    states = {row.code: row.state for row in annual(found)}
    assert states.pop(late.code) == MilestoneState.PLANNED
    assert set(states.values()) == ({MilestoneState.WAIVED} if early else set())
    assert not money.is_settled(found)


@pytest.mark.parametrize("value", ["02-29", "13-01", "1231", "12-32", ""])
def test_a_day_that_some_year_lacks_is_refused(value):
    with pytest.raises(ValidationError):
        validate_month_day(value)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "annual", "month_day": ""},
        {"kind": "annual", "month_day": "12-31", "offset_months": 3},
        {"kind": "milestone", "month_day": "12-31"},
        {"kind": "annual", "month_day": "12-31", "months_after_end": 1},
        {"kind": "milestone", "offset_months": 6, "months_after_end": 1},
        {"kind": "milestone", "by_date": date(2028, 3, 15), "months_after_end": 1},
        {"kind": "milestone", "by_date": date(2028, 3, 15), "check_by_date": date(2028, 3, 14)},
        {"kind": "annual", "month_day": "12-31", "check_by_date": date(2028, 3, 14)},
    ],
)
def test_the_database_keeps_the_two_kinds_apart(fields):
    call = CallFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MilestoneTemplate.objects.create(
            **{"call": call, "code": "y", "name": "报告", "deliverable": "x", "order": 1, **fields}
        )


@pytest.mark.parametrize("reports", [1, 6])
def test_a_project_costs_the_same_queries_however_many_reports(client, django_assert_num_queries, reports):
    templates = [{**YEARLY, "code": f"y{n}", "month_day": f"{n + 6:02}-15"} for n in range(reports)]
    found = in_force(project_call(templates=(*TEMPLATES, *templates)))
    client.force_login(people_of(found)["team"])
    address = reverse("portal:project", args=[found.pk])
    client.get(address)
    with django_assert_num_queries(21):
        assert client.get(address).status_code == 200
