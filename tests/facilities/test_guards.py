"""Who may do what with a facility and when, how it is filed, and what the database refuses."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from core.workflow import Lost, Refused, move
from facilities import actions
from facilities.models import AnnualEvaluation, Facility, FacilityScheme, ServiceCase
from facilities.states import EVALUATION, FACILITY, EvaluationState, FacilityState
from notifications.models import DeadlineKind
from tests.factories.facilities import (
    CASE,
    IN_WINDOW,
    OPENED,
    REPORT,
    file,
    filing_call,
    handed_in,
    opened,
)
from tests.factories.milestones import agreement, draft_agreement, project_call

pytestmark = pytest.mark.django_db
K, E = DeadlineKind, EvaluationState


# ---- who, when, and the table of moves ----


def test_every_move_that_the_table_forbids_is_refused(platform):
    facility, _people = platform
    evaluation = opened(facility)
    for machine, subject in ((FACILITY, facility), (EVALUATION, evaluation)):
        for old in machine.states.values:
            subject.state = old
            for new in set(machine.states.values) - machine.transitions.get(old, frozenset()):
                with pytest.raises(Refused, match="不能变为"):
                    move(subject, new, by=None, at=OPENED)
    evaluation.state = E.SCORING  # somebody else was first
    with pytest.raises(Lost), transaction.atomic():
        move(evaluation, E.CANCELLED, by=None, at=OPENED)


WRITES = {
    "save": ("member", lambda e, by: actions.save_report(evaluation=e, report=REPORT, by=by, at=IN_WINDOW)),
    "submit": ("member", lambda e, by: actions.submit_report(evaluation=e, by=by, at=IN_WINDOW)),
    "check": (
        "district",
        lambda e, by: actions.check_green(evaluation=e, is_green=True, opinion="符合", by=by, at=IN_WINDOW),
    ),
    "score": (
        "manager",
        lambda e, by: actions.score(evaluation=e, score=Decimal(70), opinion="", by=by, at=IN_WINDOW),
    ),
    "publish": ("manager", lambda e, by: actions.publish(evaluation=e, by=by, at=IN_WINDOW)),
}


def test_each_step_is_for_one_side_alone(platform):
    facility, people = platform
    evaluation = opened(facility)
    everybody = people.all()
    for step, (own, act) in WRITES.items():
        for name, user in everybody.items():
            allowed = {own, "unit_admin"} if own == "member" else {own}
            if name in allowed:
                continue
            state = evaluation.state
            with pytest.raises(Refused):
                act(evaluation, user)
            evaluation.refresh_from_db()
            assert evaluation.state == state, (step, name)
        act(evaluation, everybody[own])
    assert evaluation.state == E.PUBLISHED


def test_strangers_see_nothing(platform):
    facility, people = platform
    evaluation = opened(facility)
    case = actions.add_case(facility=facility, by=people["member"], at=OPENED, **CASE)
    strangers = {"other_district", "other_manager", "stranger"}
    for name, user in people.all().items():
        for row in (facility, evaluation, case):
            seen = type(row).objects.visible_to(user).filter(pk=row.pk).exists()
            assert seen is (name not in strangers), (name, row)


def test_a_report_names_everything_that_is_missing_and_waits_for_its_window(platform):
    facility, people = platform
    evaluation, by = opened(facility), people["member"]
    with pytest.raises(Refused, match="开始提交"):
        actions.submit_report(evaluation=evaluation, by=by, at=OPENED)
    actions.save_report(
        evaluation=evaluation, report={"value_converted": "约三\0个", "evil": "x"}, by=by, at=IN_WINDOW
    )
    assert evaluation.report == {"value_converted": "约三个"}
    with pytest.raises(Refused) as refused:
        actions.submit_report(evaluation=evaluation, by=by, at=IN_WINDOW)
    assert [problem.field for problem in refused.value.problems] == ["value_converted", "summary", "green"]


def test_cases_are_counted_once_and_stand_then(platform):
    facility, people = platform
    by = people["member"]
    case = actions.add_case(facility=facility, by=by, at=OPENED, **CASE)
    for fault, changed in (
        ("service", {"service": "market"}),
        ("trl_after", {"trl_after": 3}),
        ("served_date", {"served_date": date(2027, 1, 1)}),
        ("fee", {"fee": Decimal(-1)}),
    ):
        with pytest.raises(Refused) as refused:
            actions.add_case(facility=facility, by=by, at=OPENED, **CASE | changed)
        assert refused.value.field == fault
    with pytest.raises(Refused, match="依托单位"):
        actions.add_case(facility=facility, by=people["manager"], at=OPENED, **CASE)
    handed_in(opened(facility), people)
    for act in (
        lambda: actions.change_case(case=case, by=by, at=IN_WINDOW, **CASE | {"fee": Decimal(1)}),
        lambda: actions.drop_case(case=case, by=by, at=IN_WINDOW),
        lambda: actions.add_case(facility=facility, by=by, at=IN_WINDOW, **CASE),
    ):
        with pytest.raises(Refused, match="不能再增改"):
            act()
    other = actions.add_case(
        facility=facility, by=by, at=IN_WINDOW, **CASE | {"served_date": date(2026, 10, 2)}
    )
    actions.change_case(case=other, by=by, at=IN_WINDOW, **CASE | {"served_date": date(2026, 10, 3)})
    actions.drop_case(case=other, by=by, at=IN_WINDOW)
    assert ServiceCase.objects.count() == 1


# ---- filing ----


def test_an_agreement_in_force_files_the_facility_once():
    call = project_call()
    assert Facility.objects.filter(award=agreement(call=call).award).count() == 0, "a call without terms"
    found = agreement(call=filing_call())
    facility = Facility.objects.get(award=found.award)
    assert (facility.number, facility.organisation) == (
        found.award.number,
        found.award.application.organisation,
    )
    assert facility.services == ["assessment", "testing"]
    assert actions.file_award(award=found.award, by=None, at=OPENED) == facility
    # Somebody has used the next number by hand: signing is not stopped by that.
    waiting = draft_agreement(call=filing_call())
    file(facility.call, facility.organisation, number=waiting.award.number)
    second = actions.file_award(award=waiting.award, by=None, at=OPENED)
    assert second.number == f"{waiting.award.number}-2"


def test_filing_by_hand_needs_the_department_and_a_free_number(platform):
    facility, people = platform
    given = {"organisation": facility.organisation, "name": "二期平台", "services": ["testing"], "at": OPENED}
    with pytest.raises(Refused, match="已经使用"):
        actions.file_facility(call=facility.call, number="GN-001", by=people["manager"], **given)
    with pytest.raises(Refused, match="服务目录"):
        actions.file_facility(
            call=facility.call, number="GN-2", by=people["manager"], **given | {"services": ["spa"]}
        )
    with pytest.raises(Refused, match="项目主管"):
        actions.file_facility(call=facility.call, number="GN-2", by=people["other_manager"], **given)
    with pytest.raises(Refused, match="没有备案"):
        actions.file_facility(call=project_call(), number="GN-2", by=None, **given)
    assert file(facility.call, facility.organisation, number="GN-2").state == FacilityState.OPERATING


# ---- the database ----


FACILITY_FAULTS = [
    {"state": "rectifying"},
    {"rectify_due_date": date(2027, 1, 1)},
    {"failures": 1},
    {"removal_due_at": IN_WINDOW},
    {"state": "removed"},
    {"services": []},
    {"number": "X"},
    {"filed_date": date(2020, 1, 1)},
]
EVALUATION_FAULTS = [
    {"score": Decimal(60)},
    {"score": Decimal("60"), "grade": "不合格", "scored_at": IN_WINDOW, "scored_by": 1},
    {"score": Decimal("59.99"), "grade": "合格", "scored_at": IN_WINDOW, "scored_by": 1},
    {"score": Decimal("100.01"), "grade": "优秀", "scored_at": IN_WINDOW, "scored_by": 1},
    {"grade": "优秀"},
    {"state": "graded"},
    {"state": "published"},
    {"state": "district_check"},
    {"is_green": True},
    {"submitted_at": IN_WINDOW},
    {"paid_amount": Decimal(1), "paid_date": date(2026, 1, 1)},
    {"report_due_at": datetime(2020, 1, 1, tzinfo=UTC)},
    {"year": 2025},
    {"pass_mark": Decimal(10)},
]
CASE_FAULTS = [{"trl_after": 3}, {"trl_before": 0}, {"trl_after": 10}, {"fee": Decimal(-1)}, {"client": ""}]


def attack(row, fault):
    fault = {name: row_id(name, value) for name, value in fault.items()}
    with pytest.raises(DatabaseError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**fault)


def row_id(name, value):
    return ATTACKER if name == "scored_by" else value


ATTACKER = None


def test_the_database_keeps_rows_whole(platform, monkeypatch):
    facility, people = platform
    evaluation = opened(facility)
    monkeypatch.setattr(f"{__name__}.ATTACKER", people["manager"])
    case = actions.add_case(facility=facility, by=people["member"], at=OPENED, **CASE)
    for row, faults in ((facility, FACILITY_FAULTS), (evaluation, EVALUATION_FAULTS), (case, CASE_FAULTS)):
        for fault in faults:
            attack(row, fault)
    for row in (facility, evaluation):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()
    second = {f.name: getattr(evaluation, f.name) for f in evaluation._meta.fields if f.name != "id"}
    with pytest.raises(DatabaseError), transaction.atomic():
        AnnualEvaluation.objects.create(**second | {"round": 2})
    handed_in(evaluation, people)
    for fault in ({"report": {}}, {"facts": {}}):
        attack(evaluation, fault)
    with pytest.raises(DatabaseError), transaction.atomic():
        FacilityScheme.objects.filter(call=facility.call).update(pass_mark=50)
