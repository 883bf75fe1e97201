"""A published notice changes only by a new version, for everybody to read; open drafts follow it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions as applications
from applications import queries
from applications.models import Application, BudgetLine, RuleStatus, StampedTable, TableOf
from applications.states import ApplicationState
from awards.models import Agreement
from awards.notifications import owe_signing
from core import calendar, workflow
from core.models import Event
from core.workflow import Refused
from desk import amendments, packs
from grants import signals, system_rules
from grants.actions import publish_call
from grants.models import (
    RECOMMENDER_TABLE_RULE,
    SCAN_RULE,
    TABLE_RULE,
    Amendment,
    BudgetCategory,
    Call,
    EligibilityRule,
    Entry,
    Question,
    QuestionKind,
    Topic,
)
from grants.states import CallState
from milestones.models import Milestone, MilestoneTemplate
from notifications import obligations
from notifications.models import Deadline, DeadlineKind, Message
from notifications.queries import rendered
from notifications.states import DeadlineState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import filled, in_state, submitted
from tests.factories.grants import RULES, CallFactory, TopicFactory
from tests.factories.milestones import draft_agreement

pytestmark = pytest.mark.django_db
S = ApplicationState
PAPERS = {"scan_days": 2, "scan_clause": "第四条", "table_days": 2, "table_clause": "第四条"}
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


def moved(draft, **days):
    """The draft of an amendment with each moment so many days later."""
    later = {name: getattr(draft, name) + timedelta(days=more) for name, more in days.items()}
    Call.objects.filter(pk=draft.pk).update(**later)
    draft.refresh_from_db()


def clock_of(kind, subject):
    return Deadline.objects.open().get(kind=kind, object_id=subject.pk)


def test_every_clock_of_what_was_handed_in_follows_the_moments_of_a_later_version(client):
    now = timezone.now()
    day = {name: now + timedelta(days=n) for name, n in (("closes_at", 4), ("unit_closes_at", 6))}
    stages = ("unit_review", "recommendation", "panel_review", "decision", "agreement")
    call = CallFactory(
        draft=True,
        parts__stages=stages,
        recommender_closes_at=now + timedelta(days=9),
        recommender_table_until=now + timedelta(days=12),
        recommender_table_clause="第四条",
        **day,
        **PAPERS,
    )
    call.stages.filter(kind="panel_review").update(
        slides_until=now + timedelta(days=30), until=now + timedelta(days=35)
    )
    call.stages.filter(kind="agreement").update(until=now + timedelta(days=60))
    papers_by = calendar.local_date(now) + timedelta(days=400)
    MilestoneTemplate.objects.create(call=call, code="papers", name="验收材料", order=1, by_date=papers_by)
    system_rules.write(call=call)
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=now)
    call.refresh_from_db()
    unsigned, signed = (
        draft_agreement(call=call, at=now - timedelta(days=days), starts_date=papers_by - timedelta(days=300))
        for days in (0, 1)
    )
    Agreement.objects.filter(pk=signed.pk).update(
        state="unit_signed", unit_signed_by=manager_of(call), unit_signed_at=now
    )
    for agreement in (unsigned, signed):
        owe_signing(agreement)
    draft, *rows = (filled(call=call), *(submitted(call=call) for _n in range(5)))
    first, second, third, fourth, returned = rows
    applications.advance(application=second, by=None, at=now)
    for _step in range(2):
        applications.advance(application=third, by=None, at=now)
    applications.advance(application=fourth, by=None, at=now)
    office = officer(Role.RECOMMENDER, OrganisationFactory(), region=fourth.organisation.region)
    applications.recommend(application=fourth, opinion="同意", by=office, at=now)
    applications.unit_return(application=returned, reason="改", by=None, at=now)
    applications.submit(application=returned, by=returned.created_by, at=now)
    table = StampedTable.objects.get(organisation=first.organisation)
    late = StampedTable.objects.get(organisation=second.organisation)
    recommended = StampedTable.objects.get(of=TableOf.RECOMMENDER)
    for missed in (late, recommended):
        applications.lapse_table(table=missed, at=now)
    assert fourth.rule_results.get(rule__code=RECOMMENDER_TABLE_RULE).status == RuleStatus.FAILED
    applications.lapse_slides(application=third, at=now)

    amended = amend(call)
    moved(amended, closes_at=10, unit_closes_at=10, recommender_closes_at=10, recommender_table_until=10)
    amended.stages.filter(kind="panel_review").update(
        slides_until=now + timedelta(days=40), until=now + timedelta(days=45)
    )
    amended.stages.filter(kind="agreement").update(until=now + timedelta(days=50))
    later = papers_by + timedelta(days=30)
    MilestoneTemplate.objects.filter(call=amended).update(by_date=later, check_by_date=later)
    assert clock_of(DeadlineKind.OFFICE_STEP, third).due_at == now + timedelta(days=35)
    own = clock_of(DeadlineKind.UNIT_REVIEW, returned)
    with pytest.raises(Refused):
        applications.unit_approve(application=first, by=None, at=now + timedelta(days=8))
    publish_in_short(amended)

    assert clock_of(DeadlineKind.CALL_CLOSES, draft).due_at == amended.closes_at
    assert clock_of(DeadlineKind.UNIT_REVIEW, first).due_at == amended.unit_closes_at
    assert clock_of(DeadlineKind.UNIT_REVIEW, returned) == own
    assert clock_of(DeadlineKind.RECOMMENDATION, second).due_at == amended.recommender_closes_at
    papers = calendar.due(amended.closes_at, 2)
    for row in (first, second, third):
        assert clock_of(DeadlineKind.STAMPED_SCAN, row).due_at == papers
    for row in (table, late):
        assert clock_of(DeadlineKind.UNIT_TABLE, row).due_at == papers
    assert second.rule_results.get(rule__code=TABLE_RULE).status == RuleStatus.MANUAL
    clock = clock_of(DeadlineKind.RECOMMENDER_TABLE, recommended)
    assert clock.due_at == amended.recommender_table_until
    assert fourth.rule_results.get(rule__code=RECOMMENDER_TABLE_RULE).status == RuleStatus.MANUAL
    assert clock_of(DeadlineKind.OFFICE_STEP, third).due_at == now + timedelta(days=45)
    for agreement in (unsigned, signed):
        assert clock_of(DeadlineKind.AGREEMENT_SIGNING, agreement).due_at == now + timedelta(days=50)
    # Nobody has signed the one; to the other the unit has put its name.
    days = {row.agreement_id: row.due_date for row in Milestone.objects.all()}
    assert days == {unsigned.pk: later, signed.pk: papers_by}
    told = Message.objects.filter(template="notifications/dates_moved")
    news = next(
        row for row in told if any(row["kind"] == "agreement_signing" for row in row.context["lines"])
    )
    assert (news.context["notice"], news.context["source"]) == (amended.title, REASON)
    subject, text = rendered(news)
    assert "通知修订" in subject
    assert REASON in text
    slides = clock_of(DeadlineKind.SLIDES, third)
    assert (slides.due_at, third.rule_results.get(rule__code="slides_panel_review").status) == (
        now + timedelta(days=40),
        RuleStatus.MANUAL,
    )
    assert list(obligations.check(at=now)) == []
    # The offices work until the new moments, and their lists say so by one more query for all rows.
    first, second = (Application.objects.get(pk=row.pk) for row in (first, second))
    assert Call.objects.get(pk=first.call_id).state == CallState.SUPERSEDED
    applications.unit_approve(application=first, by=None, at=now + timedelta(days=15))
    with pytest.raises(Refused):
        applications.recommend(application=second, opinion="同意", by=None, at=now + timedelta(days=20))
    applications.recommend(application=second, opinion="同意", by=None, at=now + timedelta(days=18))
    client.force_login(officer(Role.RECOMMENDER, OrganisationFactory(), region=first.organisation.region))
    page = client.get(reverse("applications:recommendations")).content.decode()
    until = timezone.localtime(amended.recommender_closes_at)
    assert page.count(f"{until:%Y-%m-%d %H:%M}") >= 2


def test_whoever_handed_in_to_an_earlier_version_may_mend_it_in_the_new_one_until_that_closes():
    call = notice(parts__rules=RULES[1:])
    topic = TopicFactory(call=call, owner=None, bids_close_at=call.closes_at)
    application = submitted(call=call, topic=topic)
    kept = dict(application.answers.values_list("question__code", "value"))
    draft = amend(call)
    put_off(draft)
    publish(draft)
    at = call.closes_at + timedelta(days=1)
    application.refresh_from_db()
    applications.take_back(application=application, by=application.created_by, at=at)
    application = Application.objects.get(pk=application.pk)
    # Directions are on the list until the version closes, whatever they said when they were copied.
    assert (application.call, application.topic.call, application.topic.bids_close_at) == (
        draft,
        draft,
        draft.closes_at,
    )
    assert clock_of(DeadlineKind.CALL_CLOSES, application).due_at == draft.closes_at
    assert dict(application.answers.values_list("question__code", "value")) == kept
    applications.submit(application=application, by=application.created_by, at=at)
    assert {line.rule.call for line in application.rule_results.all()} == {draft}
    applications.take_back(application=application, by=application.created_by, at=at)
    applications.lapse(application=application, at=draft.closes_at + timedelta(hours=1))
    application = Application.objects.get(pk=application.pk)
    assert (application.state, application.call) == (S.UNIT_REVIEW, draft)


def test_the_right_to_the_second_step_follows_the_days_of_a_later_version():
    outline = in_state(S.RESERVED, call=notice())
    stages = ("unit_review", "formal_check", "decision")
    call = CallFactory(
        draft=True,
        parts__stages=stages,
        has_entries=True,
        programme=outline.call.programme,
        year=outline.call.year,
    )
    Entry.objects.create(call=call, order=1, code="first", name="预申报", title=outline.call.title, days=10)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    call.refresh_from_db()
    signals.published.send(sender=Call, call=call, by=None, at=timezone.now())
    before = clock_of(DeadlineKind.SECOND_STEP, outline).due_at
    draft = amend(call)
    draft.entries.update(days=15)
    draft.refresh_from_db()
    publish(draft)
    assert clock_of(DeadlineKind.SECOND_STEP, outline).due_at == before + timedelta(days=5)


def publish_in_short(draft):
    """Without the checks of what reviews need, which are theirs to test."""
    now = timezone.now()
    amendments.explain(call=draft, summary=REASON, by=manager_of(draft), at=now)
    system_rules.write(call=draft)
    Topic.objects.filter(call=draft, owner=None).update(bids_close_at=draft.closes_at)
    workflow.move(draft, CallState.PUBLISHED, by=None, at=now, published_at=now)
    signals.published.send(sender=Call, call=draft, by=None, at=now)


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
    after = Topic.objects.get(pk=topic.pk)
    assert (after.call, after.bids_close_at) == (draft, topic.bids_close_at)


def test_a_copy_for_another_year_is_a_notice_of_its_own():
    call = notice()
    new = packs.store.copy(call, year=call.year + 1, title="下一年度通知")
    assert (new.series == call.series, new.version, new.state) == (False, 1, CallState.DRAFT)
    assert [rule.code for rule in new.rules.all()] == ["U1", "P1"]
