"""Publishing, closing, listing: every move allowed and forbidden, and the database behind them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from core.models import Event
from core.workflow import Refused
from grants import actions, rules, signals
from grants.models import Automation, Call, EligibilityRule, Question, QuestionKind, Stage, StageKind, Topic
from grants.states import CallState, TopicState
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.grants import CallFactory, EligibilityRuleFactory, TopicFactory

pytestmark = pytest.mark.django_db


def manager_of(call):
    return officer(Role.PROGRAMME_MANAGER, call.programme.department)


def test_a_whole_call_is_published():
    # Without an expert round, so that nothing of apps further down is asked for.
    call, at = CallFactory(draft=True, parts__stages=("formal_check", "decision")), timezone.now()
    manager = manager_of(call)

    actions.publish_call(call=call, by=manager, at=at)

    call.refresh_from_db()
    assert (call.state, call.published_at) == (CallState.PUBLISHED, at)
    event = Event.objects.about(call).get()
    assert (event.by, event.from_state, event.to_state) == (manager, "draft", "published")


@pytest.mark.parametrize("who", ["stranger", "other", "auditor"])
def test_only_the_departments_manager_publishes(who):
    call = CallFactory(draft=True)
    user = {
        "stranger": UserFactory,
        "other": lambda: officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
        "auditor": lambda: officer(Role.AUDITOR),
    }[who]()

    with pytest.raises(Refused):
        actions.publish_call(call=call, by=user, at=timezone.now())

    call.refresh_from_db()
    assert call.state == CallState.DRAFT
    assert not Event.objects.about(call).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"closes_at": None}, "closes_at"),
        ({"notice": "  "}, "notice"),
        ({"parts__stages": (StageKind.FORMAL_CHECK,)}, "stages"),
        ({"parts__stages": (StageKind.DECISION, StageKind.FORMAL_CHECK)}, "stages"),
        (
            {"parts__stages": (StageKind.EXPERT_REVIEW, StageKind.FORMAL_CHECK, StageKind.DECISION)},
            "stages",
        ),
        ({"parts__stages": ("decision", "higher_approval", "publicity")}, "stages"),
        ({"parts__questions": ()}, "questions"),
        (
            {"parts__questions": ({"code": "kind", "kind": QuestionKind.CHOICE, "label": "类别"},)},
            "questions.kind",
        ),
        (
            {"parts__questions": ({"code": "rows", "kind": QuestionKind.TABLE, "label": "表"},)},
            "questions.rows",
        ),
        (
            {
                "parts__questions": (
                    {"code": "x", "kind": QuestionKind.LINE, "label": "x", "visible_when": "answers.nothing"},
                )
            },
            "questions.x.visible_when",
        ),
        ({"demand": True, "bid_days": None, "parts__stages": ("formal_check", "decision")}, "bid_days"),
    ],
)
def test_what_is_missing_is_named(change, field):
    stages = {"parts__stages": ("formal_check", "expert_review", "decision")}
    call = CallFactory(draft=True, **(stages | change))

    with pytest.raises(Refused) as refused:
        actions.publish_call(call=call, by=None, at=timezone.now())

    assert refused.value.field == field


@pytest.mark.parametrize(
    "source",
    ["unit.nothing == 1", "unit.staff >", "frobnicate(unit.staff)", "project.answers.nothing == 'x'"],
)
def test_a_rule_that_cannot_be_computed_stops_publication(source):
    rule = EligibilityRuleFactory(expression=source)

    (problem,) = rules.problems_of(rule.call)

    assert (problem.field, problem.clause) == (f"rules.{rule.code}", "第三条")


def test_a_condition_of_a_step_that_cannot_be_computed_or_may_not_be_stops_publication():
    call = CallFactory(draft=True, parts__stages=("site_visit", "panel_review", "audit", "decision"))
    call.stages.filter(kind="site_visit").update(applies_when="unit.staff > 10.0")
    call.stages.filter(kind="panel_review").update(applies_when="answers.trl > 3.0")
    call.stages.filter(kind="audit").update(applies_when="answers.trl > answers.nothing")

    found = [(problem.field, problem.clause, problem.message) for problem in rules.problems_of(call)]

    assert found[0] == (
        "stages.site_visit.applies_when",
        "第九条",
        "第一个环节对每份申报都办理，不能写适用条件。",
    )
    assert [row[:2] for row in found[1:]] == [("stages.audit.applies_when", "第九条")]
    assert rules.why_for_all("formal_check", 2) == "“形式审查”对每份申报都办理，不能写适用条件。"


def test_rules_may_read_their_parameters_and_the_answers():
    rule = EligibilityRuleFactory(
        expression="unit.staff >= params.least && answers.trl > 3", params={"least": 10}
    )

    assert rules.problems_of(rule.call) == []


def test_apps_further_down_may_object():
    def refuse(sender, call, **kwargs):
        raise Refused("权重合计不是 100。", field="criteria")

    call = CallFactory(draft=True)
    signals.publishing.connect(refuse)
    try:
        with pytest.raises(Refused) as refused:
            actions.publish_call(call=call, by=None, at=timezone.now())
    finally:
        signals.publishing.disconnect(refuse)

    assert refused.value.field == "criteria"
    call.refresh_from_db()
    assert call.state == CallState.DRAFT


def test_a_call_is_not_closed_before_the_moment_that_the_notice_names():
    call = CallFactory()

    with pytest.raises(Refused) as refused:
        actions.close_call(call=call, by=None, at=call.closes_at)
    assert refused.value.field == "closes_at"

    actions.close_call(call=call, by=manager_of(call), at=call.closes_at + timedelta(seconds=1))
    assert call.state == CallState.CLOSED


def test_a_rolling_call_closes_any_time_but_only_once():
    call = CallFactory(demand=True)
    actions.close_call(call=call, by=None, at=timezone.now())

    with pytest.raises(Refused):
        actions.close_call(call=call, by=None, at=timezone.now())


# ---- topics ----


def test_topics_are_listed_with_numbers_in_order():
    call, at = CallFactory(demand=True), timezone.now()
    owner = OrganisationFactory()

    listed = [
        actions.list_topic(call=call, title="t", content="c", owner=owner, by=None, at=at) for _n in range(2)
    ]

    assert [topic.number for topic in listed] == [f"TP{call.year}-T-0001", f"TP{call.year}-T-0002"]
    assert {topic.state for topic in listed} == {TopicState.LISTED}
    assert Event.objects.about(listed[0]).get().verb == "listed"


def test_a_number_given_by_hand_counts_once():
    topic = TopicFactory()

    with pytest.raises(Refused) as refused:
        actions.list_topic(
            call=topic.call, number=topic.number, title="t", content="c", by=None, at=timezone.now()
        )

    assert refused.value.field == "number"


def test_a_topic_cannot_close_before_it_is_listed():
    at = timezone.now()
    with pytest.raises(Refused) as refused:
        actions.list_topic(
            call=CallFactory(demand=True), title="t", content="c", bids_close_at=at, by=None, at=at
        )
    assert refused.value.field == "bids_close_at"


@pytest.mark.parametrize("state", [CallState.DRAFT, CallState.CLOSED])
def test_demands_are_listed_only_while_the_call_runs(state):
    call = CallFactory(demand=True, draft=True)
    if state == CallState.CLOSED:
        Call.objects.filter(pk=call.pk).update(state=CallState.CLOSED, published_at=timezone.now())
        call.state = state

    with pytest.raises(Refused):
        actions.list_topic(call=call, title="t", content="c", by=None, at=timezone.now())


def test_bidding_ends_when_it_is_said_to_and_not_before():
    topic = TopicFactory()

    with pytest.raises(Refused) as refused:
        actions.close_topic(topic=topic, by=None, at=topic.bids_close_at)
    assert refused.value.field == "bids_close_at"
    with pytest.raises(Refused):
        actions.close_topic(topic=topic, by=UserFactory(), at=topic.bids_close_at + timedelta(days=1))

    actions.close_topic(topic=topic, by=None, at=topic.bids_close_at + timedelta(microseconds=1))
    actions.topic_awarded(topic=topic, by=None, at=timezone.now())
    with pytest.raises(Refused):
        actions.topic_unfilled(topic=topic, by=None, at=timezone.now())
    assert topic.state == TopicState.AWARDED


def test_a_topic_without_a_good_bid_is_unfilled():
    topic = TopicFactory()
    actions.topic_unfilled(topic=topic, note="无人揭榜", by=None, at=timezone.now())
    assert Topic.objects.get(pk=topic.pk).state == TopicState.UNFILLED
    assert Event.objects.about(topic).get().note == "无人揭榜"


def unfilled(**call):
    topic = TopicFactory(call=CallFactory(demand=True, **call))
    actions.topic_unfilled(topic=topic, by=None, at=timezone.now())
    return topic


def test_an_unfilled_topic_is_listed_again_for_a_while():
    topic, at = unfilled(), timezone.now()
    manager, closes = manager_of(topic.call), at + timedelta(days=20)

    actions.relist_topic(topic=topic, bids_close_at=closes, note="降低指标后再试", by=manager, at=at)

    topic.refresh_from_db()
    assert (topic.state, topic.listed_at, topic.bids_close_at) == (TopicState.LISTED, at, closes)
    assert Topic.objects.accepting(at).get() == topic
    event = Event.objects.about(topic).latest("id")
    assert (event.by, event.from_state, event.to_state) == (manager, "unfilled", "listed")
    assert event.note == "降低指标后再试"


@pytest.mark.parametrize("state", [state for state in TopicState.values if state != TopicState.UNFILLED])
def test_only_an_unfilled_topic_is_listed_again(state):
    at = timezone.now()
    topic = TopicFactory(call=CallFactory(demand=True), state=state)

    with pytest.raises(Refused) as refused:
        actions.relist_topic(topic=topic, bids_close_at=at + timedelta(days=9), by=None, at=at)

    assert refused.value.code == "not_allowed"
    assert Topic.objects.get().state == state


@pytest.mark.parametrize("who", ["stranger", "other", "auditor"])
def test_only_a_manager_of_the_department_lists_a_topic_again(who):
    topic, at = unfilled(), timezone.now()
    by = {
        "stranger": UserFactory,
        "other": lambda: officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
        "auditor": lambda: officer(Role.AUDITOR),
    }[who]()

    with pytest.raises(Refused):
        actions.relist_topic(topic=topic, bids_close_at=at + timedelta(days=9), by=by, at=at)

    assert Topic.objects.get().state == TopicState.UNFILLED


def test_the_new_closing_lies_ahead_and_within_the_call():
    at = timezone.now()
    topic = unfilled(closes_at=at + timedelta(days=5))

    for closes in (at, topic.call.closes_at + timedelta(microseconds=1)):
        with pytest.raises(Refused) as refused:
            actions.relist_topic(topic=topic, bids_close_at=closes, by=None, at=at)
        assert refused.value.field == "bids_close_at"
    actions.relist_topic(topic=topic, bids_close_at=topic.call.closes_at, by=None, at=at)

    assert Topic.objects.get().state == TopicState.LISTED


def test_nothing_is_listed_again_in_a_closed_call():
    topic, at = unfilled(), timezone.now()
    Call.objects.filter(pk=topic.call_id).update(state=CallState.CLOSED)
    topic.call.refresh_from_db()

    with pytest.raises(Refused, match="通知已经结束"):
        actions.relist_topic(topic=topic, bids_close_at=at + timedelta(days=9), by=None, at=at)


# ---- numbers ----


@pytest.mark.django_db(transaction=True)
def test_numbers_are_never_given_out_twice():
    def take(_n):
        try:
            with transaction.atomic():
                return actions.next_number("JB2026")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(take, range(20)))

    assert numbers == [f"JB2026-{n:04d}" for n in range(1, 21)]


# ---- the database ----


def refuses(run):
    with pytest.raises(DatabaseError), transaction.atomic():
        run()


def test_the_database_freezes_what_a_published_call_says():
    call = CallFactory()
    for change in (
        {"closes_at": timezone.now() + timedelta(days=90)},
        {"cap": Decimal(9)},
        {"notice": "改了"},
        {"own_clause": "第八条"},
    ):
        refuses(lambda change=change: Call.objects.filter(pk=call.pk).update(**change))
    refuses(lambda: Call.objects.filter(pk=call.pk).delete())


def test_the_database_freezes_the_parts_of_a_published_call():
    call = CallFactory()
    for rows in (call.stages, call.sections, call.questions, call.rules, call.budget_categories):
        refuses(lambda rows=rows: rows.update(order=99))
        refuses(lambda rows=rows: rows.first().delete())
    refuses(lambda: call.funding_sources.update(is_fiscal=False))
    refuses(lambda: Stage.objects.create(call=call, order=99, kind="decision", days=1))
    refuses(
        lambda: Question.objects.create(
            call=call, section=call.sections.first(), code="late", kind="line", label="l", order=9
        )
    )


def test_a_part_cannot_move_from_a_draft_into_a_published_call():
    published, rule = CallFactory(), EligibilityRuleFactory()

    refuses(lambda: EligibilityRule.objects.filter(pk=rule.pk).update(call=published))


def test_an_automatic_rule_without_expression_is_refused():
    rule = EligibilityRuleFactory(automation=Automation.MANUAL, expression="")
    refuses(lambda: EligibilityRule.objects.filter(pk=rule.pk).update(automation=Automation.AUTO))
