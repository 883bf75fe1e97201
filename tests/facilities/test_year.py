"""The yearly cycle: every clock opens, moves and closes with its cause; two failures lead to removal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from core.workflow import Refused
from facilities import actions
from facilities.actions import evaluating
from facilities.models import AnnualEvaluation, FacilityScheme
from facilities.states import EvaluationState
from notifications import obligations, sweep
from notifications.defaults import STEPS
from notifications.gateways import Pulse
from notifications.models import Deadline, DeadlineKind, Message
from tests.factories.facilities import (
    CASE,
    IN_WINDOW,
    OPENED,
    TERMS,
    concluded,
    file,
    filing_call,
    graded,
    handed_in,
    opened,
    people_of,
)
from tests.factories.grants import CallFactory
from tests.factories.notifications import drifts, only_of

pytestmark = pytest.mark.django_db
K, E = DeadlineKind, EvaluationState


def kinds() -> list[str]:
    rows = Deadline.objects.open().filter(kind__startswith="facility_")
    return sorted(rows.values_list("kind", flat=True))


def clock(kind) -> Deadline:
    return Deadline.objects.open().get(kind=kind)


def drifted(at) -> list[str]:
    return drifts("facility", at=at)


def beijing(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=8)


# ---- windows and grades ----


@pytest.mark.parametrize(
    ("terms", "data", "report"),
    [
        (
            {},
            (date(2025, 10, 1), date(2026, 9, 30)),
            (beijing(2026, 10, 9, 12), beijing(2026, 10, 15, 17)),
        ),
        (
            {
                "data_from": "01-01",
                "data_to": "12-31",
                "report_opens": "12-20 09:00",
                "report_closes": "01-20 17:00",
            },
            (date(2025, 1, 1), date(2025, 12, 31)),
            (beijing(2026, 12, 20, 9), beijing(2027, 1, 20, 17)),
        ),
        (
            {
                "data_from": "01-01",
                "data_to": "12-31",
                "report_opens": "01-10 09:00",
                "report_closes": "01-31 17:00",
            },
            (date(2025, 1, 1), date(2025, 12, 31)),
            (beijing(2026, 1, 10, 9), beijing(2026, 1, 31, 17)),
        ),
        (
            {"every_years": 3},
            (date(2023, 10, 1), date(2026, 9, 30)),
            (beijing(2026, 10, 9, 12), beijing(2026, 10, 15, 17)),
        ),
    ],
)
def test_the_windows_need_not_be_a_calendar_year(terms, data, report):
    base = {
        "data_from": "10-01",
        "data_to": "09-30",
        "report_opens": "10-09 12:00",
        "report_closes": "10-15 17:00",
    }
    window = FacilityScheme(**base | terms).window(2026)
    assert (window.data_from, window.data_to) == data
    assert (window.opens_at, window.closes_at) == report


@pytest.mark.parametrize(
    ("score", "grade"),
    [("59.99", "不合格"), ("60", "合格"), ("89.99", "合格"), ("90", "优秀"), ("0", "不合格")],
)
def test_the_grade_follows_from_the_score(platform, score, grade):
    scheme = FacilityScheme.objects.get(call=platform[0].call)
    assert scheme.grade_of(Decimal(score)) == grade


# ---- the year ----


def test_a_year_owes_one_thing_at_a_time_and_nothing_at_its_end(platform):
    facility, people = platform
    evaluation = opened(facility)
    assert (evaluation.data_from_date, evaluation.data_to_date) == (date(2025, 10, 1), date(2026, 9, 30))
    assert kinds() == [K.FACILITY_REPORT]
    due = clock(K.FACILITY_REPORT)
    assert due.due_at == beijing(2026, 10, 15, 17)
    assert "第十三条" in str(due.explanation)
    assert {"d30", "d7", "d1"} <= STEPS[K.FACILITY_REPORT].keys() & STEPS[K.FACILITY_RECTIFY].keys()
    assert people["member"].is_active
    assert sweep.sweep(at=due.due_at - timedelta(days=7))
    assert Message.objects.filter(recipient=people["member"], context__kind="facility_report").exists()
    assert actions.open_year(call=facility.call, year=2026, by=None, at=OPENED) == [], (
        "run again: nothing new"
    )
    actions.add_case(facility=facility, by=people["member"], at=OPENED, **CASE)
    handed_in(evaluation, people)
    assert kinds() == [K.FACILITY_CHECK]
    assert evaluation.facts["by_service"] == {"testing": 1}
    assert (evaluation.facts["cases"], evaluation.facts["fees"], evaluation.facts["trl_rise"]) == (
        1,
        "80000.00",
        2,
    )
    assert drifted(IN_WINDOW) == []
    graded(evaluation, people, "60")
    assert kinds() == [K.FACILITY_SCORE], "scored, not yet public"
    after = concluded(evaluation, people)
    assert (kinds(), drifted(after)) == ([], [])
    facility.refresh_from_db()
    assert (evaluation.state, evaluation.grade, facility.state) == (E.CONCLUDED, "合格", "operating")
    actions.mark_paid(
        evaluation=evaluation,
        amount=Decimal(500_000),
        paid_date=date(2026, 10, 20),
        by=people["manager"],
        at=after,
    )
    with pytest.raises(Refused, match="已经登记"):
        actions.mark_paid(
            evaluation=evaluation,
            amount=Decimal(1),
            paid_date=date(2026, 10, 20),
            by=people["manager"],
            at=after,
        )


def test_a_year_begins_by_itself_a_month_before_its_window(platform):
    facility, _people = platform
    opens = beijing(2026, 10, 9, 12)
    assert actions.open_due(at=opens - timedelta(days=31)) == 0
    at = opens - timedelta(days=29)
    assert (actions.open_due(at=at), actions.open_due(at=at)) == (1, 0)
    assert facility.evaluations.get().year == 2026
    assert actions.open_due(at=beijing(2026, 12, 1)) == 0


def fail(facility, people, *, year=2026, at=IN_WINDOW):
    evaluation = opened(facility, year=year, at=at - timedelta(days=20))
    after = concluded(graded(handed_in(evaluation, people, at=at), people, "59.99", at=at), people, at=at)
    facility.refresh_from_db()
    return after


def test_every_three_years_it_is_each_facilitys_turn():
    call = filing_call(every_years=3)
    later = OPENED + timedelta(days=366)
    old = file(call, number="GN-002", filed_date=date(2023, 3, 1))
    new = file(call, number="GN-003", filed_date=date(2024, 3, 1))
    evaluated = {
        year: [row.facility for row in actions.open_year(call=call, year=year, by=None, at=at)]
        for year, at in ((2026, OPENED), (2027, later), (2029, OPENED + timedelta(days=1096)))
    }
    assert evaluated == {2026: [old], 2027: [new], 2029: []}, "one that runs is not opened again"
    AnnualEvaluation.objects.update(state=E.CANCELLED)
    assert [row.facility for row in actions.open_year(call=call, year=2029, by=None, at=later)] == [old]


def test_a_filing_ends_with_its_term_unless_it_is_renewed(client):
    call = filing_call(valid_years=3)
    facility, other = file(call, number="GN-002"), file(call, number="GN-003", name="另一平台")
    opened(facility)
    people = people_of(facility)
    assert facility.valid_until == date(2029, 3, 1)
    assert (drifted(OPENED), kinds().count(K.FACILITY_EXPIRY)) == ([], 2)
    renewal = {"reason": "复核合格", "by": people["manager"], "at": OPENED}
    with pytest.raises(Refused, match="应晚于"):
        actions.renew(facility=other, until=date(2029, 3, 1), **renewal)
    with pytest.raises(Refused):
        actions.renew(facility=other, until=date(2032, 3, 1), **renewal | {"by": people["member"]})
    actions.renew(facility=other, until=date(2032, 3, 1), **renewal)
    clocks = Deadline.objects.open().filter(kind=K.FACILITY_EXPIRY).order_by("due_at")
    assert [clock.due_at.date() for clock in clocks] == [date(2029, 3, 1), date(2032, 3, 1)]
    last = beijing(2029, 3, 1, 23)
    assert actions.expire_due(at=last) == 0
    assert actions.expire_due(at=last + timedelta(hours=2)) == 1
    facility.refresh_from_db()
    assert (facility.state, facility.ended_by, facility.evaluations.get().state) == (
        "expired",
        None,
        E.CANCELLED,
    )
    assert (drifted(last), kinds()) == ([], [K.FACILITY_EXPIRY, K.FACILITY_REPORT])
    assert Message.objects.filter(template="facilities/state_changed", recipient=people["member"]).exists()
    client.force_login(people["manager"])
    url = reverse("admin:facilities_facility_renew", args=[facility.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"until": "2032-03-01", "reason": "补办续期"}).status_code == 302
    facility.refresh_from_db()
    assert (facility.state, facility.ended_at, facility.valid_until) == ("operating", None, date(2032, 3, 1))
    # The year's evaluation fell away with the filing: renewed, it is evaluated after all, and once.
    year = {"call": call, "year": 2026, "by": people["manager"], "at": OPENED}
    assert [(row.facility, row.round) for row in actions.open_year(**year)] == [(facility, 1)]
    assert actions.open_year(**year) == []
    with pytest.raises(Refused, match="已经到期"):
        file(call, number="GN-004", filed_date=date(2020, 1, 1))
    assert file(filing_call(), number="GN-004", filed_date=date(2020, 1, 1)).valid_until is None


def test_a_report_to_come_follows_the_notice_into_another_time(platform):
    facility, people = platform
    evaluation = opened(facility)
    old = facility.call
    window = evaluation.data_from_date, evaluation.data_to_date
    later = CallFactory(series=old.series, version=2, programme=old.programme, draft=True)
    FacilityScheme.objects.create(call=later, **TERMS | {"report_closes": "11-20 17:00"})
    moved = {"old": old, "call": later, "by": people["manager"]}
    actions.follow_moments(at=beijing(2026, 12, 1), **moved)
    assert clock(K.FACILITY_REPORT).due_at == evaluation.report_due_at
    actions.follow_moments(at=OPENED, **moved)
    evaluation.refresh_from_db()
    assert clock(K.FACILITY_REPORT).due_at == evaluation.report_due_at == beijing(2026, 11, 20, 17)
    assert (evaluation.data_from_date, evaluation.data_to_date) == window
    assert drifted(OPENED) == []


def test_below_the_mark_it_rectifies_and_is_restored_by_a_re_evaluation(platform):
    facility, people = platform
    after = fail(facility, people)
    assert (facility.state, facility.failures, kinds()) == ("rectifying", 1, [K.FACILITY_RECTIFY])
    assert facility.rectify_due_date == date(2027, 10, 20)
    assert clock(K.FACILITY_RECTIFY).due_at.date() == date(2027, 10, 20)
    assert "第十三条" in str(clock(K.FACILITY_RECTIFY).explanation)
    with pytest.raises(Refused, match="不予拨付"):
        actions.mark_paid(
            evaluation=facility.evaluations.get(),
            amount=Decimal(1),
            paid_date=date(2026, 10, 20),
            by=people["manager"],
            at=after,
        )
    with pytest.raises(Refused, match="尚未届满"):
        actions.remove(facility=facility, reason="不合格", by=people["leader"], at=after)
    with pytest.raises(Refused, match="依托单位"):
        actions.ask_again(facility=facility, by=people["stranger"], at=after)
    later = after + timedelta(days=150)
    again = actions.ask_again(facility=facility, by=people["member"], at=later)
    assert (again.round, again.data_from_date) == (2, date(2026, 10, 1))
    assert kinds() == [K.FACILITY_RECTIFY, K.FACILITY_REPORT]
    handed_in(again, people, at=later)
    assert kinds() == [K.FACILITY_CHECK], "the platform has done its part"
    actions.return_report(evaluation=again, reason="缺整改说明", by=people["district"], at=later)
    assert kinds() == [K.FACILITY_RECTIFY, K.FACILITY_REPORT], "and owes it again"
    assert drifted(later) == []
    actions.submit_report(evaluation=again, by=people["member"], at=later)
    end = concluded(graded(again, people, "61", at=later), people, at=later)
    facility.refresh_from_db()
    assert (facility.state, facility.failures, facility.rectify_due_date) == ("operating", 0, None)
    assert (kinds(), drifted(end)) == ([], [])


def test_failing_twice_the_leader_decides(platform):
    facility, people = platform
    fail(facility, people)
    after = fail(facility, people, year=2027, at=datetime(2027, 10, 12, 2, tzinfo=UTC))
    assert (facility.state, facility.failures, kinds()) == ("rectifying", 2, [K.FACILITY_REMOVAL])
    assert drifted(after) == []
    with pytest.raises(Refused, match="等待局领导"):
        actions.ask_again(facility=facility, by=people["member"], at=after)
    for name in ("manager", "auditor", "member"):
        with pytest.raises(Refused, match="局领导"):
            actions.remove(facility=facility, reason="两次不合格", by=people[name], at=after)
    leader, hold = people["leader"], transaction.savepoint()
    actions.prolong(facility=facility, until=date(2028, 6, 30), reason="已换负责人", by=leader, at=after)
    assert (kinds(), facility.removal_due_at) == ([K.FACILITY_RECTIFY], None)
    assert drifted(after) == []
    transaction.savepoint_rollback(hold)
    facility.refresh_from_db()
    with pytest.raises(Refused, match="理由"):
        actions.remove(facility=facility, reason=" ", by=people["leader"], at=after)
    actions.remove(facility=facility, reason="连续两次不合格", by=people["leader"], at=after)
    assert (facility.state, kinds(), drifted(after)) == ("removed", [], [])
    assert actions.open_year(call=facility.call, year=2028, by=None, at=after) == []


def test_a_rectification_that_is_overdue_may_end_in_removal(platform):
    facility, people = platform
    fail(facility, people)
    late = datetime(2027, 11, 1, tzinfo=UTC)
    with pytest.raises(Refused, match="已过"):
        actions.ask_again(facility=facility, by=people["member"], at=late)
    running = opened(facility, year=2027, at=datetime(2027, 10, 1, tzinfo=UTC))
    actions.remove(facility=facility, reason="逾期未整改", by=people["leader"], at=late)
    running.refresh_from_db()
    assert (running.state, kinds(), drifted(late)) == (E.CANCELLED, [], [])


def test_closing_cancels_what_is_owed(platform):
    facility, people = platform
    evaluation = opened(facility)
    with pytest.raises(Refused):
        actions.close(facility=facility, reason="停办", by=people["other_manager"], at=OPENED)
    actions.close(facility=facility, reason="停办", by=people["manager"], at=OPENED)
    evaluation.refresh_from_db()
    assert (facility.state, evaluation.state, kinds()) == ("closed", E.CANCELLED, [])


def test_a_report_that_did_not_come_is_scored_without_it(platform):
    facility, people = platform
    evaluation = opened(facility)
    with pytest.raises(Refused, match="才截止"):
        actions.go_on_without_report(
            evaluation=evaluation, reason="催办未果", by=people["manager"], at=IN_WINDOW
        )
    late = IN_WINDOW + timedelta(days=5)
    with pytest.raises(Refused, match="已于"):
        handed_in(evaluation, people, at=late)
    actions.go_on_without_report(evaluation=evaluation, reason="催办未果", by=people["manager"], at=late)
    assert (evaluation.state, kinds(), drifted(late)) == (E.SCORING, [K.FACILITY_SCORE], [])
    with pytest.raises(Refused, match="没有自评"):
        actions.return_report(evaluation=evaluation, reason="补", by=people["manager"], at=late)
    # Good marks or not: nobody has checked the green gate.
    actions.score(evaluation=evaluation, score=Decimal(80), opinion="", by=people["manager"], at=late)
    after = concluded(evaluation, people, at=late)
    paid = {"amount": Decimal(1), "paid_date": date(2026, 10, 12)}
    with pytest.raises(Refused, match="绿色门槛"):
        actions.mark_paid(evaluation=evaluation, by=people["manager"], at=after, **paid)


def test_an_objection_upheld_sends_it_back_to_scoring(platform):
    facility, people = platform
    evaluation = graded(handed_in(opened(facility), people), people, "59")
    actions.publish(evaluation=evaluation, by=people["manager"], at=IN_WINDOW)
    assert kinds() == [K.FACILITY_PUBLICITY]
    with pytest.raises(Refused, match="公示到"):
        actions.conclude(evaluation=evaluation, by=people["manager"], at=IN_WINDOW)
    actions.score_again(evaluation=evaluation, reason="漏计案例", by=people["manager"], at=IN_WINDOW)
    assert (kinds(), evaluation.publicity_ends_date) == ([K.FACILITY_SCORE], None)
    actions.score(
        evaluation=evaluation, score=Decimal("62.5"), opinion="", by=people["manager"], at=IN_WINDOW
    )
    assert (evaluation.grade, drifted(IN_WINDOW)) == ("合格", [])


def test_an_evaluation_that_cannot_take_effect_does_not_stop_the_others(platform, monkeypatch):
    facility, people = platform
    first = graded(handed_in(opened(facility), people), people, "80")
    second = file(facility.call, number="GN-002", name="另一平台")
    others = people_of(second)
    others["manager"] = people["manager"]
    found = graded(handed_in(opened(second), others), others, "70")
    for row in (first, found):
        actions.publish(evaluation=row, by=people["manager"], at=IN_WINDOW)
    passed = evaluating._passed

    def broken(evaluation, **kwargs):
        if evaluation.pk == first.pk:
            raise ZeroDivisionError
        passed(evaluation, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(evaluating, "_passed", broken)
        assert actions.conclude_due(at=IN_WINDOW + timedelta(days=30)) == 1
    assert set(AnnualEvaluation.objects.values_list("pk", "state")) == {
        (first.pk, E.PUBLISHED),
        (found.pk, E.CONCLUDED),
    }
    assert Pulse.objects.get(name="conclude_evaluations").failed == 1
    assert actions.conclude_due(at=IN_WINDOW + timedelta(days=31)) == 1


def test_without_the_green_gate_nothing_is_paid(platform):
    facility, people = platform
    evaluation = handed_in(opened(facility), people)
    with pytest.raises(Refused, match="审查意见"):
        actions.check_green(
            evaluation=evaluation, is_green=False, opinion="", by=people["district"], at=IN_WINDOW
        )
    actions.check_green(
        evaluation=evaluation, is_green=False, opinion="环评未过", by=people["district"], at=IN_WINDOW
    )
    actions.score(evaluation=evaluation, score=Decimal(80), opinion="", by=people["manager"], at=IN_WINDOW)
    after = concluded(evaluation, people)
    with pytest.raises(Refused, match="绿色门槛"):
        actions.mark_paid(
            evaluation=evaluation,
            amount=Decimal(1),
            paid_date=date(2026, 10, 12),
            by=people["manager"],
            at=after,
        )


def test_lost_clocks_are_mended(platform):
    facility, people = platform
    fail(facility, people)
    opened(facility, year=2027, at=datetime(2027, 9, 1, tzinfo=UTC))
    at = datetime(2027, 9, 2, tzinfo=UTC)
    before = kinds()
    Deadline.objects.filter(kind=K.FACILITY_REPORT).delete()
    Deadline.objects.filter(kind=K.FACILITY_RECTIFY).update(due_at=at)
    assert [line.split(" ")[0] for line in drifted(at)] == ["missing", "moved"]
    with only_of("facility"):
        obligations.mend(at=at)
    assert (kinds(), drifted(at)) == (before, [])


def test_a_platform_asks_again_twice_in_a_year_whose_own_evaluation_is_still_to_come():
    facility = file(filing_call(failures_until_removal=3), number="GN-031")
    people = people_of(facility)
    fail(facility, people)
    rounds = []
    for month in (1, 3):
        at = beijing(2027, month, 11, 10)
        again = actions.ask_again(facility=facility, by=people["member"], at=at)
        rounds.append((again.year, again.round))
        concluded(graded(handed_in(again, people, at=at), people, 50, at=at), people, at=at)
        facility.refresh_from_db()
        if facility.removal_due_at:
            break
    assert rounds == [(2027, 2), (2027, 3)]
