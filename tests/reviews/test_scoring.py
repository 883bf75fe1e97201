"""Scoring, sealing, totals, the end of a round."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from applications.models import Application, RuleResult
from applications.states import ApplicationState
from core.workflow import Lost, Refused
from grants.models import EligibilityRule, StageKind
from notifications.models import Deadline, Message
from reviews import actions, queries
from reviews.models import Aggregation, Assignment, Criterion, Review, Score
from reviews.states import AssignmentState
from tests.factories.accounts import UserFactory
from tests.factories.reviews import ApplicationFactory, CallFactory, ExpertFactory, manager_of, panel_call

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 11, 2, tzinfo=UTC)
D = Decimal


def accepted(application, expert=None):
    expert = expert or ExpertFactory()
    task = actions.invite(application=application, expert=expert, by=manager_of(application.call), at=NOW)
    actions.accept(assignment=task, pledge=True, by=expert.user, at=NOW)
    return task


def sheet(application, *values, **changed):
    criteria = Criterion.objects.filter(call=application.call).order_by("order")
    scores = {c.pk: D(value) for c, value in zip(criteria, values, strict=False)}
    complete = {"comment": "路线可行", "recommendation": "fund", "suggested_amount": None}
    return {"scores": scores} | complete | changed


def submit(task, *values, **changed):
    application = task.application
    return actions.submit_review(
        assignment=task, by=task.expert.user, at=NOW, **sheet(application, *values, **changed)
    )


def scored(application, *totals):
    """One sealed sheet per total, every criterion with that score."""
    return [submit(accepted(application), total, total, total) for total in totals]


# ---- aggregation ----

VECTOR = [D(92), D(85), D(88), D(60), D(90)]


@pytest.mark.parametrize(
    ("scores", "how", "total"),
    [
        (VECTOR, Aggregation.MEAN, "83.00"),
        (VECTOR, Aggregation.TRIMMED, "87.67"),
        (VECTOR, Aggregation.MEDIAN, "88.00"),
        (VECTOR[:4], Aggregation.TRIMMED, "81.25"),
        (VECTOR[:4], Aggregation.MEDIAN, "86.50"),
        ([D("0.005")], Aggregation.MEAN, "0.01"),
        ([D(70)], Aggregation.TRIMMED, "70.00"),
    ],
)
def test_totals_are_aggregated_as_the_scheme_says(scores, how, total):
    assert queries.aggregate(scores, how) == D(total)


def test_without_scores_there_is_no_total():
    assert queries.aggregate([], Aggregation.MEAN) is None


def test_a_total_is_weighted_and_counts_the_maximum_of_each_criterion():
    call = CallFactory()
    ten = Criterion.objects.create(call=call, code="a", name="甲", weight=40, max_score=10, order=1)
    hundred = Criterion.objects.create(call=call, code="b", name="乙", weight=60, max_score=100, order=2)

    assert queries.total_of([ten, hundred], {ten.pk: D(9), hundred.pk: D("80.5")}) == D("84.30")
    assert queries.total_of([ten, hundred], {ten.pk: D(9)}) is None


# ---- saving and sealing ----


def test_a_sheet_is_saved_as_often_as_one_likes_and_incomplete():
    application = ApplicationFactory()
    task = accepted(application)
    save = {"assignment": task, "by": task.expert.user, "at": NOW}

    first = actions.save_review(**save, **sheet(application, 90, comment="", recommendation=""))
    second = actions.save_review(**save, **sheet(application, 80, 70, 60))

    assert (first.pk, first.total) == (second.pk, None)
    assert second.total == D("71.50")
    assert sorted(Score.objects.values_list("value", flat=True)) == [D(60), D(70), D(80)]
    assert Assignment.objects.get().state == AssignmentState.ACCEPTED


def test_a_score_taken_back_is_gone():
    application = ApplicationFactory()
    task = accepted(application)
    save = {"assignment": task, "by": task.expert.user, "at": NOW}
    actions.save_review(**save, **sheet(application, 80, 70, 60))

    review = actions.save_review(**save, **sheet(application, 80))

    assert (review.total, Score.objects.count()) == (None, 1)


def test_submitting_seals_the_sheet_and_meets_the_deadline():
    task = accepted(ApplicationFactory())

    review = submit(task, 90, 80, 70)

    assert (review.total, review.submitted_at, task.state) == (D("81.50"), NOW, AssignmentState.SUBMITTED)
    assert Deadline.objects.get(kind="review_due").state == "met"


@pytest.mark.parametrize(
    ("values", "changed", "field"),
    [
        ((90, 80), {}, "score"),
        ((90, 80, 70), {"recommendation": ""}, "recommendation"),
        ((90, 80, 70), {"comment": "  "}, "comment"),
        ((90, 80, 70), {"recommendation": "fund_reduced"}, "suggested_amount"),
        ((90, 80, "100.01"), {}, "score"),
        ((90, 80, "-0.01"), {}, "score"),
        ((90, 80, 70), {"suggested_amount": D("600000.01")}, "suggested_amount"),
    ],
)
def test_an_incomplete_or_wrong_sheet_is_not_sealed(values, changed, field):
    task = accepted(ApplicationFactory())

    with pytest.raises(Refused) as refused:
        submit(task, *values, **changed)

    assert refused.value.field.startswith(field)
    assert not Review.objects.filter(submitted_at__isnull=False).exists()
    assert Assignment.objects.get().state == AssignmentState.ACCEPTED


def test_a_criterion_of_another_call_is_refused():
    task = accepted(ApplicationFactory())
    foreign = Criterion.objects.create(
        call=CallFactory(), code="x", name="别的", weight=100, max_score=100, order=1
    )

    with pytest.raises(Refused):
        actions.save_review(
            assignment=task,
            by=task.expert.user,
            at=NOW,
            **sheet(task.application, scores={foreign.pk: D(1)}),
        )

    assert not Score.objects.exists()


def test_a_sealed_sheet_is_neither_saved_nor_sealed_again():
    task = accepted(ApplicationFactory())
    submit(task, 90, 80, 70)

    with pytest.raises(Lost):
        submit(task, 10, 10, 10)

    assert Review.objects.get().total == D("81.50")


@pytest.mark.parametrize("who", ["other_expert", "manager", "stranger"])
def test_only_the_expert_scores(who):
    task = accepted(ApplicationFactory())
    by = {
        "other_expert": lambda: accepted(task.application).expert.user,
        "manager": lambda: manager_of(task.application.call),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        actions.save_review(assignment=task, by=by, at=NOW, **sheet(task.application, 1, 1, 1))

    assert not Review.objects.exists()


def test_who_has_not_accepted_does_not_score():
    application = ApplicationFactory()
    expert = ExpertFactory()
    task = actions.invite(application=application, expert=expert, by=manager_of(application.call), at=NOW)

    with pytest.raises(Refused):
        actions.save_review(assignment=task, by=expert.user, at=NOW, **sheet(application, 1))


def test_nobody_scores_after_the_round():
    application = ApplicationFactory()
    task = accepted(application)
    Application.objects.update(state=ApplicationState.DECISION)
    task = Assignment.objects.get(pk=task.pk)

    with pytest.raises(Refused):
        actions.save_review(assignment=task, by=task.expert.user, at=NOW, **sheet(application, 1))


# ---- the database refuses what the code would not do ----


@pytest.mark.parametrize(
    "attack",
    [
        lambda review: Review.objects.filter(pk=review.pk).update(total=100),
        lambda review: Review.objects.filter(pk=review.pk).update(submitted_at=None),
        lambda review: review.scores.all().delete(),
        lambda review: Score.objects.filter(review=review).update(value=100),
        lambda review: Score.objects.create(review=review, criterion_id=_foreign().pk, value=1),
        lambda review: Review.objects.filter(pk=review.pk).delete(),
    ],
)
def test_a_sealed_sheet_withstands_direct_attacks(attack):
    review = submit(accepted(ApplicationFactory()), 90, 80, 70)

    with pytest.raises(DatabaseError), transaction.atomic():
        attack(review)

    assert Review.objects.get().total == D("81.50")
    assert Score.objects.count() == 3


def _foreign():
    return Criterion.objects.create(call=CallFactory(), code="x", name="别的", weight=1, order=1)


def test_the_database_knows_maximum_and_minimum_of_a_score():
    application = ApplicationFactory()
    task = accepted(application)
    review = actions.save_review(assignment=task, by=task.expert.user, at=NOW, **sheet(application, 90))

    for value in ("100.01", "-0.01"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Score.objects.filter(review=review).update(value=D(value))


def test_nobody_is_accepted_without_a_pledge_in_the_database_either():
    task = accepted(ApplicationFactory())

    with pytest.raises(DatabaseError), transaction.atomic():
        Assignment.objects.filter(pk=task.pk).update(pledged_at=None)


# ---- the round ----


def test_the_last_sheet_tells_the_manager_and_the_round_ends_in_the_next_stage():
    application = ApplicationFactory()
    scored(application, 90, 80, 70)

    state = actions.finish_round(application=application, by=manager_of(application.call), at=NOW)

    assert state == StageKind.DECISION
    assert Application.objects.get().state == ApplicationState.DECISION
    assert Message.objects.filter(template="reviews/complete").count() == 1
    result = queries.result(application)
    assert (result.total, result.spread, result.is_complete) == (D("80.00"), D("20.00"), True)


def test_the_round_waits_for_everybody_asked():
    application = ApplicationFactory()
    scored(application, 90, 80)
    accepted(application)

    with pytest.raises(Refused) as refused:
        actions.finish_round(application=application, by=manager_of(application.call), at=NOW)

    assert refused.value.message == "评审还没有完成：需要 3 名专家，已提交 2 名。"
    assert Application.objects.get().state == ApplicationState.EXPERT_REVIEW


def test_a_spread_above_the_limit_asks_for_one_more_expert():
    application = ApplicationFactory(call=panel_call(scheme={"max_spread": 20}))
    scored(application, 90, 80, "69.99")
    by = manager_of(application.call)

    with pytest.raises(Refused) as refused:
        actions.finish_round(application=application, by=by, at=NOW)
    before = queries.result(application)
    scored(application, 85)
    actions.finish_round(application=application, by=by, at=NOW)

    assert refused.value.code == "spread"
    assert (before.required, before.is_complete) == (4, False)
    assert Message.objects.filter(template="reviews/spread").count() == 1
    assert Application.objects.get().state == ApplicationState.DECISION


def test_a_spread_at_the_limit_is_within_it():
    application = ApplicationFactory(call=panel_call(scheme={"max_spread": 20}))
    scored(application, 90, 80, 70)

    assert queries.result(application).is_complete


def test_two_managers_end_a_round_once():
    application = ApplicationFactory()
    scored(application, 90, 80, 70)
    stale = Application.objects.get()
    actions.finish_round(application=application, by=manager_of(application.call), at=NOW)

    with pytest.raises(Lost):
        actions.finish_round(application=stale, by=manager_of(application.call), at=NOW)


def test_results_of_many_cost_as_many_queries_as_of_one(django_assert_num_queries):
    call = panel_call(scheme={"panel_size": 1})
    many = [ApplicationFactory(call=call) for _number in range(30)]
    for application in many[:3]:
        scored(application, 80)

    for group in (many[:1], many):
        with django_assert_num_queries(3):
            queries.results(group)


def test_the_ranking_shares_a_rank_and_puts_the_unscored_last():
    wish = {"code": "w", "text": "优先", "clause": "第三条", "severity": "preference"}
    call = panel_call(scheme={"panel_size": 1}, rules=[wish])
    low, high, equal, none = (ApplicationFactory(call=call) for _number in range(4))
    for application, total in ((low, 70), (high, 90), (equal, 90)):
        scored(application, total)

    ranked = queries.ranking([none, low, high, equal])

    assert [(r.application, r.rank) for r in ranked] == [(high, 1), (equal, 1), (low, 3), (none, None)]
    # 同等条件下优先: it counts among equals, as the officer leaves it, and for nobody else.
    wish = EligibilityRule.objects.get(call=call, code="w")
    officer = {"officer_status": "not_applicable", "officer": high.created_by, "officer_at": NOW}
    for application, said in ((equal, {}), (low, {}), (high, officer)):
        RuleResult.objects.create(application=application, rule=wish, status="passed", checked_at=NOW, **said)

    ranked = queries.ranking([none, low, high, equal])

    assert [(r.application, r.rank) for r in ranked] == [(equal, 1), (high, 2), (low, 3), (none, None)]
    assert [r.preferences for r in ranked] == [(wish,), (), (wish,), ()]
