"""Grades of an award (等次): each decided one by one, with its own money and number."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications import completeness
from applications.states import ApplicationState
from awards import actions, grading
from awards.models import Award, Decision, Outcome
from core.workflow import Refused
from grants import rules as grants
from grants.models import AwardGrade, Stage
from reviews.models import Assignment, Review
from reviews.states import AssignmentState
from tests.factories.awards import NOW, budget
from tests.factories.grants import in_order
from tests.factories.reviews import ApplicationFactory, CallFactory, ExpertFactory, manager_of, publish

pytestmark = pytest.mark.django_db
GRADES = (
    {
        "code": "first",
        "name": "一等奖",
        "name_en": "First prize",
        "amount": 500_000,
        "number": 1,
        "clause": "第九条",
    },
    {"code": "second", "name": "二等奖", "amount": 300_000, "clause": "第九条"},
)


@pytest.fixture
def graded():
    """(the bids to decide on, their grades, who decides)"""
    call = CallFactory(cap=1_000_000)
    in_order(AwardGrade, GRADES, call=call)
    in_order(Stage, ({"kind": "decision"}, {"kind": "publicity"}), call=call, days=10)
    call = publish(call)
    bids = [
        ApplicationFactory(call=call, reached=ApplicationState.DECISION, requested_amount=0, own_amount=0)
        for _number in range(3)
    ]
    budget(call)
    return bids, list(call.grades.all()), manager_of(call)


def decide(bid, by, grade=None, amount=0, outcome=Outcome.FUND) -> Decision:
    said = {"reason": "评审靠前", "outcome": outcome, "amount": Decimal(amount)}
    return actions.decide(application=bid, grade=grade, by=by, at=NOW, **said)


def test_the_notice_names_what_a_grade_gets_and_nobody_asks_for_an_amount(graded):
    (bid, *_others), (first, _second), by = graded
    assert [fault for fault in completeness.basics(bid) if fault[3:] == ("basics", "requested_amount")] == []
    with pytest.raises(Refused) as refused:
        decide(bid, by)
    assert refused.value.field == "grade"
    with pytest.raises(Refused, match="每项资助 50 万元") as refused:
        decide(bid, by, first, amount=400_000)
    assert (refused.value.field, refused.value.clause) == ("amount", "第九条")
    decision = decide(bid, by, first)
    assert (decision.grade, decision.amount) == (first, 500_000)


def test_a_grade_is_full_until_one_of_it_falls_away(graded):
    (one, two, three), (first, second), by = graded
    decide(one, by, first)
    with pytest.raises(Refused, match="最多 1 项") as refused:
        decide(two, by, first)
    assert (refused.value.field, refused.value.clause) == ("grade", "第九条")
    decide(two, by, second)
    decide(three, by, first, outcome=Outcome.RESERVE)
    assert Decision.objects.get(application=three).grade is None, "what is not awarded has no grade"
    type(one).objects.filter(pk=one.pk).update(state="rejected")
    assert decide(three, by, first).grade == first


def test_a_grade_of_another_notice_is_refused(graded):
    (bid, *_others), _grades, by = graded
    other = CallFactory()
    in_order(AwardGrade, GRADES, call=other)
    with pytest.raises(Refused, match="没有这个等次"):
        decide(bid, by, other.grades.first())


def test_grades_are_published_awarded_and_shown(graded, client, django_assert_num_queries):
    (one, two, _three), (first, second), by = graded
    decide(one, by, first)
    decide(two, by, second)
    notice = actions.publicise(call=one.call, applications=[one, two], by=by, at=NOW)
    assert {(item.grade.name, item.amount) for item in notice.items.all()} == {
        ("一等奖", Decimal(500_000)),
        ("二等奖", Decimal(300_000)),
    }
    with django_assert_num_queries(3):
        page = client.get(reverse("portal:publicity_notice", args=[notice.pk])).content.decode()
    assert "一等奖" in page
    client.cookies["django_language"] = "en"
    assert "First prize" in client.get(reverse("portal:publicity_notice", args=[notice.pk])).content.decode()
    client.force_login(by)
    rows = client.get("/api/v1/publicity/").json()["results"][0]["items"]
    assert {row["grade"] for row in rows} == {"一等奖", "二等奖"}
    actions.award(application=one, by=by, at=NOW)
    assert Award.objects.get().grade == first


def test_the_desk_offers_the_grades_of_the_notice(graded, client):
    (bid, *_others), (_first, second), by = graded
    client.force_login(by)
    address = reverse("admin:awards_proposal_decide", args=[bid.pk])
    page = client.get(address).content.decode()
    assert "一等奖 50 万元" in page
    answer = client.post(address, {"outcome": "fund", "reason": "评审靠前", "grade": ""})
    assert "请选择等次" in answer.content.decode()
    client.post(address, {"outcome": "fund", "reason": "评审靠前", "grade": second.pk})
    assert Decision.objects.get(application=bid).amount == 300_000


def test_the_database_keeps_grades_to_awards_and_to_a_published_notice(graded):
    (bid, *_others), (first, _second), by = graded
    decide(bid, by, outcome=Outcome.REJECT)
    fields = {"application": bid, "reason": "x", "by": by, "at": NOW, "grade": first}
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.create(outcome="reserve", **fields)
    with pytest.raises(DatabaseError), transaction.atomic():
        AwardGrade.objects.filter(pk=first.pk).update(number=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        AwardGrade.objects.create(call=CallFactory(), code="x", name="x", amount=-1, order=9)


# ---- given by a rule ----


RULED = (
    {"code": "first", "name": "一等奖", "amount": 500_000, "when": "review.rank <= 1", "clause": "第九条"},
    {
        "code": "second",
        "name": "二等奖",
        "amount": 300_000,
        "when": "review.rank <= 3 && review.score >= 80.0",
        "clause": "第九条",
    },
)


def reviewed(bid, score) -> None:
    """What one expert has handed in about it, told without the panel before."""
    asked = Assignment.objects.create(
        application=bid,
        expert=ExpertFactory(),
        state=AssignmentState.SUBMITTED,
        invited_by=manager_of(bid.call),
        invited_at=NOW,
        due_at=NOW,
        pledged_at=NOW,
    )
    Review.objects.create(
        assignment=asked, total=score, recommendation="support", saved_at=NOW, submitted_at=NOW
    )


@pytest.fixture
def by_rule():
    """(four bids from the best to the one without a review, their grades, who decides)"""
    call = CallFactory(cap=1_000_000)
    in_order(AwardGrade, RULED, call=call)
    in_order(Stage, ({"kind": "decision"}, {"kind": "publicity"}), call=call, days=10)
    call = publish(call)
    bids = [
        ApplicationFactory(call=call, reached=ApplicationState.DECISION, requested_amount=0, own_amount=0)
        for _number in range(4)
    ]
    for bid, score in zip(bids, (92, 85, 70), strict=False):
        reviewed(bid, score)
    budget(call)
    return bids, list(call.grades.all()), manager_of(call)


def test_the_rule_gives_the_grade_and_its_amount(by_rule):
    (best, next_best, *_others), (first, second), by = by_rule
    decision = decide(best, by)
    assert (decision.grade, decision.amount, decision.deviation) == (first, 500_000, "")
    # What is decided keeps its place.
    assert decide(next_best, by).grade == second


def test_another_grade_needs_a_reason_that_is_kept(by_rule):
    (_best, next_best, third, unread), (first, second), by = by_rule
    with pytest.raises(Refused, match="第 2 名，得分 85") as refused:
        decide(next_best, by, first)
    assert (refused.value.field, refused.value.clause) == ("deviation", "第九条")
    with pytest.raises(Refused) as refused:
        decide(third, by)
    assert refused.value.field == "grade", "70 is in no grade"
    with pytest.raises(Refused, match="不在任何等次之内"):
        decide(third, by, second)
    said = {"outcome": Outcome.FUND, "amount": Decimal(0), "reason": "评审靠前", "by": by, "at": NOW}
    kept = actions.decide(application=third, grade=second, deviation=" 填补空白 ", **said)
    assert (kept.grade, kept.deviation) == (second, "填补空白")
    # Nothing is known of who was not reviewed: the rule says nothing and the officer chooses.
    assert decide(unread, by, second).deviation == ""


def test_whoever_falls_away_leaves_the_place_to_those_behind(by_rule):
    (best, next_best, *_others), (first, _second), by = by_rule
    decide(best, by, outcome=Outcome.REJECT)
    assert decide(next_best, by).grade == first


def test_the_desk_shows_what_the_rule_gives_and_fills_it_in(by_rule, client, django_assert_num_queries):
    (best, next_best, *_others), (first, second), by = by_rule
    client.force_login(by)
    page = client.get(reverse("admin:awards_proposal_change", args=[best.pk])).content.decode()
    assert "按规则的等次" in page
    address = reverse("admin:awards_proposal_decide", args=[next_best.pk])
    page = client.get(address).content.decode()
    assert "按第九条的规则（第 2 名，得分 85.00）为“二等奖”" in page
    assert f'<option value="{second.pk}" selected' in page
    answer = client.post(address, {"outcome": "fund", "reason": "评审靠前", "grade": first.pk})
    assert "另定等次的，请写明理由" in answer.content.decode()
    client.post(
        address, {"outcome": "fund", "reason": "评审靠前", "grade": first.pk, "deviation": "会议一致同意"}
    )
    assert Decision.objects.get(application=next_best).deviation == "会议一致同意"


def test_the_rule_is_read_by_the_same_queries_for_one_and_for_all(by_rule, django_assert_num_queries):
    bids, (first, second), _by = by_rule
    for rows in (bids[:1], bids):
        with django_assert_num_queries(4):
            given = grading.proposed(rows, [first, second])
    assert [(given[bid.pk].rank, given[bid.pk].grade) for bid in bids] == [
        (1, first),
        (2, second),
        (3, None),
        (None, None),
    ]
    assert "review.rank" in given[bids[3].pk].missing


def test_a_rule_may_read_the_application_too():
    call = CallFactory()
    in_order(AwardGrade, ({**RULED[0], "when": "project.amount >= 500000.0"},), call=call)
    bids = [
        ApplicationFactory(call=publish(call), reached=ApplicationState.DECISION, requested_amount=amount)
        for amount in (400_000, 600_000)
    ]
    given = grading.proposed(bids, grading.ruled(call))
    assert [bool(given[bid.pk].grade) for bid in bids] == [False, True]


def test_a_rule_that_names_what_is_not_there_is_shown_before_publishing():
    call = CallFactory()
    in_order(AwardGrade, ({**RULED[0], "when": "review.place <= 8"},), call=call)
    found = [fault for fault in grants.problems_of(call) if fault.field == "grades.first.when"]
    assert "review.place" in found[0].message
    assert found[0].clause == "第九条"
