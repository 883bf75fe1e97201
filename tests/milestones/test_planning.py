"""What is promised when the agreement is drawn up."""

from datetime import date, timedelta

import pytest

from awards import actions as awards
from awards.models import Agreement, Award
from core.calendar import end_of_day, local_date
from core.workflow import Refused
from milestones import actions
from milestones.models import Indicator, Milestone
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    awarded_application,
    draft_agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)

pytestmark = pytest.mark.django_db


def _award(application):
    return Award.objects.create(application=application, number="X-1", amount=1, awarded_at=AT)


def test_what_was_proposed_joins_what_the_notice_demands():
    found = draft_agreement(owner=OrganisationFactory())
    rows = Milestone.objects.filter(agreement=found).values_list(
        "order", "code", "name", "due_date", "deliverable", "clause", "needs_demander_opinion", "state"
    )
    assert list(rows) == [
        (1, "prototype", "样机", date(2027, 3, 31), "样机一台", "第十一条", False, "planned"),
        (2, "final", "验收", date(2028, 3, 31), "验收报告", "第十二条", True, "planned"),
    ]
    indicator = Indicator.objects.get()
    assert (indicator.milestone.code, indicator.name, indicator.target, indicator.unit) == (
        "prototype",
        "灵敏度",
        "≥ -170",
        "dB",
    )
    assert not Deadline.objects.exists()


def test_without_a_demander_no_opinion_is_asked():
    found = draft_agreement()
    assert not Milestone.objects.filter(agreement=found, needs_demander_opinion=True).exists()


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ([], ["prototype", "final"]),
        (["试制", "交付"], ["prototype", "final"]),
        (["交付"], ["prototype", "final"]),
        (["设计", "试制", "交付"], ["prototype", "m2", "final"]),
        (["验收", "设计"], ["final", "prototype"]),
    ],
)
def test_every_template_finds_its_milestone(names, codes):
    proposed = [
        {"name": name, "due_date": date(2027, 1 + 2 * n, 20), "deliverable": name}
        for n, name in enumerate(names, start=1)
    ]
    found = draft_agreement(proposed=proposed)
    milestones = Milestone.objects.filter(agreement=found).order_by("order")
    assert [milestone.code for milestone in milestones] == codes
    by_name = {milestone.name: milestone.code for milestone in milestones}
    if "交付" in by_name:
        assert by_name["交付"] == "final"
    if not names:
        assert [milestone.due_date for milestone in milestones] == [date(2027, 3, 1), date(2028, 3, 1)]


def test_dates_follow_the_agreement_and_stay_inside_it():
    application = awarded_application(
        proposed=[
            {"name": "甲", "due_date": date(2027, 1, 1), "deliverable": "甲"},
            {"name": "乙", "due_date": date(2028, 8, 31), "deliverable": "乙"},
        ],
        call=project_call(templates=(), plan=()),
    )
    found = Agreement(award=_award(application), starts_date=date(2026, 10, 1), ends_date=date(2028, 8, 31))
    found.save()
    planned = actions.plan(agreement=found, by=None, at=AT)
    assert [milestone.due_date for milestone in planned] == [date(2027, 1, 31), date(2028, 8, 31)]
    assert [milestone.code for milestone in planned] == ["m1", "m2"]


def test_milestones_move_with_a_start_that_the_signature_sets():
    found = draft_agreement(call=project_call(signing_runs_from="signing"))
    people = people_of(found)
    awards.unit_sign(agreement=found, by=people["unit_admin"], at=AT)
    before = {row.code: row.due_date for row in Milestone.objects.filter(agreement=found)}
    starts = found.starts_date

    signed = AT + timedelta(days=20)
    awards.bureau_sign(agreement=found, by=people["manager"], at=signed)

    found.refresh_from_db()
    moved = timedelta(days=20)
    assert found.starts_date == local_date(signed) == starts + moved
    after = {row.code: row.due_date for row in Milestone.objects.filter(agreement=found)}
    assert after == {code: day + moved for code, day in before.items()}
    clock = Deadline.objects.open().get(kind="milestone", object_id=milestone_of(found, "prototype").pk)
    assert clock.due_at == end_of_day(after["prototype"])


def test_the_notice_may_set_a_day_for_everybody_or_months_after_the_end():
    templates = (
        {"code": "report", "name": "样机", "by_date": date(2028, 11, 15)},
        {"code": "final", "name": "验收", "months_after_end": 3},
    )
    found = draft_agreement(call=project_call(templates=templates, plan=()))
    assert due_dates(found) == {"report": date(2028, 11, 15), "final": date(2028, 11, 30)}
    people = people_of(found)
    awards.correct(
        agreement=found,
        starts_date=found.starts_date,
        ends_date=date(2028, 6, 30),
        own_amount=found.own_amount,
        by=people["manager"],
        at=AT,
    )
    assert due_dates(found) == {"report": date(2028, 11, 15), "final": date(2028, 9, 30)}


def due_dates(found) -> dict:
    return dict(Milestone.objects.filter(agreement=found).values_list("code", "due_date"))


def test_before_the_agreement_is_in_force_nothing_is_handed_in():
    found = draft_agreement()
    with pytest.raises(Refused, match="执行中的任务书"):
        hand_in(milestone_of(found))
