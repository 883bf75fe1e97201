"""A published notice changes only by a new version, for everybody to read; open drafts follow it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.roles import Role
from applications import actions as applications
from applications import queries
from applications.models import Application, BudgetLine
from applications.states import ApplicationState
from core.models import Event
from core.workflow import Refused
from desk import amendments, packs
from grants.actions import publish_call
from grants.models import (
    SCAN_RULE,
    Amendment,
    BudgetCategory,
    Call,
    EligibilityRule,
    Question,
    QuestionKind,
    Topic,
)
from grants.states import CallState
from notifications.models import Deadline, DeadlineKind, Message
from notifications.states import DeadlineState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import filled, submitted
from tests.factories.grants import RULES, CallFactory, TopicFactory

pytestmark = pytest.mark.django_db
S = ApplicationState
REASON = "延长申报时间，放宽自筹比例。"


def notice(**kwargs) -> Call:
    """A call without experts: what reviews need to be published is theirs to test."""
    return CallFactory(parts__stages=("unit_review", "formal_check", "decision"), **kwargs)


def manager_of(call):
    return officer(Role.PROGRAMME_MANAGER, call.programme.department)


def amend(call) -> Call:
    return amendments.amend(call=call, by=manager_of(call), at=timezone.now())


def publish(draft, summary=REASON):
    by, now = manager_of(draft), timezone.now()
    amendments.explain(call=draft, summary=summary, by=by, at=now)
    publish_call(call=draft, by=by, at=now)


def put_off(draft, days=10):
    Call.objects.filter(pk=draft.pk).update(closes_at=draft.closes_at + timedelta(days=days))
    draft.refresh_from_db()


def test_an_amendment_begins_as_a_draft_that_says_the_same():
    call = notice(draft=True, scan_days=1, scan_clause="第一条")
    publish_call(call=call, by=manager_of(call), at=timezone.now())
    draft = amend(call)
    assert call.rules.filter(code=SCAN_RULE).exists()
    assert not draft.rules.filter(code=SCAN_RULE).exists()
    assert (draft.version, draft.state, draft.amends, draft.series) == (2, CallState.DRAFT, call, call.series)
    assert amendments.changes(draft) == []
    assert Call.objects.get(pk=call.pk).state == CallState.PUBLISHED


@pytest.mark.parametrize("state", [CallState.DRAFT, CallState.SUPERSEDED])
def test_only_a_version_in_force_is_amended(state):
    call = notice(draft=True)
    if state != CallState.DRAFT:
        Call.objects.filter(pk=call.pk).update(state=state, published_at=timezone.now())
        call.refresh_from_db()
    with pytest.raises(Refused):
        amend(call)
    assert Call.objects.count() == 1


def test_there_is_one_amendment_at_a_time():
    call = notice()
    draft = amend(call)
    with pytest.raises(Refused) as refused:
        amend(call)
    assert refused.value.code == "already"
    draft.delete()
    amend(call)


def test_another_department_and_an_auditor_amend_nothing():
    call = notice()
    for by in (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), officer(Role.AUDITOR)):
        with pytest.raises(Refused):
            amendments.amend(call=call, by=by, at=timezone.now())


def test_an_amendment_without_a_word_or_without_a_change_is_not_published():
    draft = amend(notice())
    by = manager_of(draft)
    with pytest.raises(Refused) as refused:
        publish_call(call=draft, by=by, at=timezone.now())
    assert refused.value.field == "summary"
    amendments.explain(call=draft, summary=REASON, by=by, at=timezone.now())
    with pytest.raises(Refused) as refused:
        publish_call(call=draft, by=by, at=timezone.now())
    assert refused.value.message == "修订稿与原通知没有区别。"
    draft.refresh_from_db()
    assert draft.state == CallState.DRAFT


def test_the_log_names_every_change_and_stands():
    call = notice()
    draft = amend(call)
    put_off(draft)
    EligibilityRule.objects.filter(call=draft, code="P1").delete()
    EligibilityRule.objects.filter(call=draft, code="U1").update(hint="请核对注册地。")
    publish(draft)
    amendment = Amendment.objects.get()
    assert [(row["part"], row["field"]) for row in amendment.changes] == [
        ("call", "closes"),
        ("rules", "hint"),
        ("rules", ""),
    ]
    assert amendment.changes[1]["new"] == "请核对注册地。"
    assert (amendment.summary, amendment.published_at is not None) == (REASON, True)
    with pytest.raises(DatabaseError), transaction.atomic():
        Amendment.objects.update(summary="改")
    with pytest.raises(Refused):
        amendments.explain(call=draft, summary="改", by=manager_of(draft), at=timezone.now())


def test_the_old_version_is_superseded_and_both_are_frozen():
    call = notice()
    draft = amend(call)
    put_off(draft)
    publish(draft)
    assert dict(Call.objects.values_list("version", "state")) == {1: "superseded", 2: "published"}
    for pk in (call.pk, draft.pk):
        with pytest.raises(DatabaseError), transaction.atomic():
            Call.objects.filter(pk=pk).update(cap=1)
        with pytest.raises(DatabaseError), transaction.atomic():
            EligibilityRule.objects.filter(call_id=pk).update(text="改")


def test_open_drafts_follow_with_everything_typed_and_their_teams_are_told():
    call = notice()
    application = filled(call=call)
    draft = amend(call)
    put_off(draft)
    publish(draft)
    application = Application.objects.get(pk=application.pk)
    assert application.call == draft
    assert dict(application.answers.values_list("question__code", "value")) == {
        "route": "先仿真后试制。",
        "trl": 4,
    }
    assert {answer.question.call for answer in application.answers.all()} == {draft}
    assert {line.category.call for line in application.budget_lines.all()} == {draft}
    told = Message.objects.get(template="applications/amended")
    assert (told.recipient, told.context["summary"]) == (application.created_by, REASON)
    clock = Deadline.objects.get(kind=DeadlineKind.CALL_CLOSES, state=DeadlineState.OPEN)
    assert clock.due_at == draft.closes_at
    applications.submit(application=application, by=application.created_by, at=timezone.now())


def test_what_the_new_version_does_not_ask_any_more_stays_and_is_named():
    call = notice()
    application = filled(call=call)
    draft = amend(call)
    Question.objects.filter(call=draft, code="route").delete()
    Question.objects.filter(call=draft, code="trl").update(kind=QuestionKind.TEXT, config={})
    BudgetCategory.objects.filter(call=draft, code="operations").delete()
    publish(draft)
    application = Application.objects.get(pk=application.pk)
    answers = dict(application.answers.values_list("question__code", "value"))
    assert answers == {"route": "先仿真后试制。", "trl": {"typed": 4}}
    assert (application.requested_amount, application.own_amount) == (Decimal(500_000), Decimal(0))
    told = Message.objects.get(template="applications/amended").context["left"]
    assert told == ["技术路线", "预算：业务费 × 自筹 500000.00 元"]
    assert not BudgetLine.objects.filter(category__code="operations").exists()


def test_what_was_handed_in_keeps_its_version():
    call = notice()
    application = submitted(call=call)
    draft = amend(call)
    put_off(draft)
    publish(draft)
    application = Application.objects.get(pk=application.pk)
    assert (application.call, application.state) == (call, S.UNIT_REVIEW)
    assert not Event.objects.about(application).filter(verb="amended").exists()


def test_counts_over_this_call_run_over_all_its_versions():
    call = notice(parts__rules=RULES[1:])
    first = submitted(call=call)
    draft = amend(call)
    put_off(draft)
    publish(draft)
    second = filled(call=draft, organisation=first.organisation)
    assert queries.context(second)["history"]["unit_in_call"] == 1


def test_topics_on_the_list_go_over_to_the_new_version():
    call = notice(demand=True)
    topic = TopicFactory(call=call, owner=OrganisationFactory())
    draft = amend(call)
    Call.objects.filter(pk=draft.pk).update(bid_days=30)
    draft.refresh_from_db()
    publish(draft)
    assert Topic.objects.get(pk=topic.pk).call == draft


def test_a_copy_for_another_year_is_a_notice_of_its_own():
    call = notice()
    new = packs.store.copy(call, year=call.year + 1, title="下一年度通知")
    assert (new.series == call.series, new.version, new.state) == (False, 1, CallState.DRAFT)
    assert [rule.code for rule in new.rules.all()] == ["U1", "P1"]
