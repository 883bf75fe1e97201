from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from awards import actions
from awards.models import Agreement, Award, Decision, Objection, Outcome, PublicityItem
from awards.states import AgreementState, PublicityState
from core.workflow import Lost, Refused
from finance.models import Commitment
from grants.models import Call, Instrument, ProjectType, Quota, StageKind, Topic
from grants.states import TopicState
from notifications.models import Deadline
from reviews.models import DemanderChoice
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.awards import (
    agreement_of,
    budget,
    decide,
    leader,
    publicised,
    to_decide,
    unit_admin_of,
)
from tests.factories.reviews import ApplicationFactory, TopicFactory, bid_call, manager_of, panel_call

pytestmark = pytest.mark.django_db
S = ApplicationState
NOW = datetime(2026, 5, 11, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
OBJECTOR = {"name": "李建国", "phone": "13812345678", "text": "该项目与已立项项目内容重复，附证据目录。"}


# ---- decision ----


@pytest.mark.parametrize("who", ["manager", "leader", "sysadmin"])
def test_managers_of_the_department_and_leaders_decide(who):
    application = to_decide()
    by = {
        "manager": lambda: manager_of(application.call),
        "leader": leader,
        "sysadmin": lambda: officer(Role.SYSADMIN),
    }[who]()

    decision = decide(application, by=by)

    assert (decision.amount, decision.cap, decision.by) == (Decimal(500_000), Decimal(1_000_000), by)
    assert Application.objects.get().state == S.DECISION
    assert Commitment.objects.get().amount == Decimal(500_000)


@pytest.mark.parametrize(
    "who", ["other_manager", "finance", "supervision", "auditor", "expert", "unit", "stranger"]
)
def test_nobody_else_decides(who):
    application = to_decide()
    by = {
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "finance": lambda: officer(Role.FINANCE),
        "supervision": lambda: officer(Role.SUPERVISION),
        "auditor": lambda: officer(Role.AUDITOR),
        "expert": lambda: officer(Role.EXPERT),
        "unit": lambda: unit_admin_of(application),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        decide(application, by=by)

    assert not Decision.objects.exists()


@pytest.mark.parametrize("state", [state for state in S if state not in (S.DECISION, S.RESERVED, S.DRAFT)])
def test_only_what_stands_for_decision_is_decided(state):
    application = ApplicationFactory(reached=state)

    with pytest.raises(Refused) as refused:
        decide(application)

    assert refused.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("amount", "limit", "clause"),
    [
        ("1000000.01", "cap", "第三条"),
        ("800000.01", "topic", "T-1"),
        ("600000.01", "requested", ""),
        ("0", "", ""),
    ],
)
def test_the_amount_keeps_within_every_limit(amount, limit, clause):
    call = bid_call()
    topic = TopicFactory(call=call, number="T-1")
    requested = Decimal(600_000) if limit == "requested" else Decimal(5_000_000)
    application = to_decide(call=call, topic=topic, requested_amount=requested)

    with pytest.raises(Refused) as refused:
        decide(application, amount=Decimal(amount))

    assert (refused.value.field, refused.value.clause) == ("amount", clause)
    assert not Decision.objects.exists()
    assert not Commitment.objects.exists()


def test_the_amount_may_reach_the_limit_to_the_cent():
    application = to_decide(requested_amount=Decimal(5_000_000))

    assert decide(application, amount=Decimal(1_000_000)).amount == Decimal(1_000_000)


def test_a_call_without_cap_is_limited_by_the_request_alone():
    application = to_decide(call=panel_call(cap=None), requested_amount=Decimal(90_000_000))

    assert decide(application, amount=Decimal(90_000_000)).cap is None


def test_a_call_without_public_money_is_won_for_nothing_and_needs_no_budget():
    application = ApplicationFactory(
        reached=S.DECISION, call=panel_call(instrument=Instrument.NONE), requested_amount=Decimal(0)
    )

    with pytest.raises(Refused) as refused:
        decide(application, amount=Decimal(1))
    decision = decide(application, amount=Decimal(0))

    assert refused.value.message == "这个通知不安排财政资金，拟资助额应为 0。"
    assert (decision.amount, decision.cap) == (0, 0)
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("cap", [None, Decimal(1)])
def test_the_database_refuses_an_empty_award_where_money_is_granted(cap):
    application = to_decide()
    by = leader()

    with pytest.raises(IntegrityError, match="decision_fund_has_amount"), transaction.atomic():
        Decision.objects.create(
            application=application, outcome=Outcome.FUND, amount=0, cap=cap, reason="好", by=by, at=NOW
        )
    with pytest.raises(IntegrityError, match="award_positive"), transaction.atomic():
        Award.objects.create(application=application, number="1", amount=0, cap=cap, awarded_at=NOW)


def test_without_budget_the_decision_is_refused_and_not_written():
    application = ApplicationFactory(reached=S.DECISION)
    budget(application.call, Decimal(100))

    with pytest.raises(Refused) as refused:
        decide(application)

    assert refused.value.field == "amount"
    assert not Decision.objects.exists()


def test_a_second_decision_is_lost():
    application = to_decide()
    decide(application)

    with pytest.raises(Lost):
        decide(application, by=leader())

    assert Decision.objects.count() == 1


def test_a_rejection_needs_a_reason_and_ends_the_application():
    application = to_decide()
    manager = manager_of(application.call)

    with pytest.raises(Refused) as refused:
        actions.decide(
            application=application, outcome=Outcome.REJECT, amount=Decimal(0), reason=" ", by=manager, at=NOW
        )
    decide(application, outcome=Outcome.REJECT)

    assert refused.value.field == "reason"
    assert Application.objects.get().state == S.REJECTED
    assert not Commitment.objects.exists()


def test_a_reserve_stays_and_may_be_funded_later_but_is_no_reserve_twice():
    application = to_decide()
    decide(application, outcome=Outcome.RESERVE, amount=Decimal(999_999_999))

    with pytest.raises(Refused):
        decide(application, outcome=Outcome.RESERVE)
    decide(application)

    outcomes = Decision.objects.order_by("id").values_list("outcome", "amount")
    assert list(outcomes) == [("reserve", Decimal(0)), ("fund", Decimal(500_000))]


def bids(count=2, **topic):
    call = bid_call()
    topic = TopicFactory(call=call, **topic)
    budget(call)
    return topic, [ApplicationFactory(call=call, topic=topic, reached=S.DECISION) for _n in range(count)]


def choose(topic, application):
    DemanderChoice.objects.create(
        topic=topic, application=application, reason="路线合适", by=member_of(topic.owner), at=NOW
    )


def test_the_demanders_choice_is_a_veto():
    topic, (chosen, other) = bids()
    choose(topic, chosen)

    with pytest.raises(Refused) as refused:
        decide(other)
    decide(chosen)

    assert refused.value.code == "not_chosen"
    assert Decision.objects.get().application == chosen


def test_the_next_bid_may_be_funded_when_the_chosen_one_fell_away():
    topic, (chosen, other) = bids()
    choose(topic, chosen)
    decide(chosen, outcome=Outcome.REJECT)

    assert decide(other).outcome == Outcome.FUND


def test_no_more_bids_are_proposed_than_the_topic_plans():
    _topic, (first, second) = bids()
    decide(first)

    with pytest.raises(Refused) as refused:
        decide(second)

    assert refused.value.message == "榜单任务计划立项 1 个，已经有拟立项的揭榜书。"


def test_no_more_are_funded_than_the_notice_says_in_all_and_of_each_type():
    call = panel_call()
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    big, small = (
        ProjectType.objects.create(call=call, code=code, name=code, order=n)
        for n, code in enumerate(("big", "small"))
    )
    for kind, most in ((big, 1), (None, 2)):
        Quota.objects.create(
            call=call, of="award", project_type=kind, number=most, clause="第六条", order=most
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.create(call=call, of="award", project_type=small, formula="1", order=3)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=NOW)
    call.refresh_from_db()
    first, second, *others = (
        to_decide(call=call, project_type=kind) for kind in (big, big, small, small, small)
    )
    decide(first)
    with pytest.raises(Refused) as refused:
        decide(second)
    assert (refused.value.clause, refused.value.message) == (
        "第六条",
        "“big”最多立项 1 项，已经满额；可以先列为备选。",
    )
    decide(second, outcome=Outcome.RESERVE)
    decide(others[0])
    with pytest.raises(Refused) as refused:
        decide(others[1])
    assert refused.value.code == "full"
    first.refresh_from_db()
    applications.withdraw(application=first, reason="另有安排", by=first.created_by, at=NOW)
    assert decide(second).outcome == Outcome.FUND
    with pytest.raises(Refused):
        decide(others[2])


def test_a_withdrawal_after_the_decision_frees_the_money():
    application = to_decide()
    decide(application)
    application.refresh_from_db()

    applications.withdraw(application=application, reason="另有安排", by=application.created_by, at=NOW)

    assert Commitment.objects.get().released_at == NOW


# ---- publicity ----


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2023, 4, 27), 5, date(2023, 5, 6)),
        (date(2019, 5, 29), 5, date(2019, 6, 4)),
        (date(2023, 10, 27), 6, date(2023, 11, 3)),
        (date(2025, 10, 9), 6, date(2025, 10, 15)),
    ],
)
def test_the_period_counts_the_first_day_and_the_days_that_are_moved(start, days, end, holidays):
    call = panel_call(publicity_days=days)
    application = to_decide(call=call)
    decide(application)
    at = datetime(start.year, start.month, start.day, 8, tzinfo=timezone.get_default_timezone())

    notice = actions.publicise(call=call, applications=[application], by=manager_of(call), at=at)

    assert (notice.starts_date, notice.ends_date) == (start, end)
    assert notice.explanation == f"自 {start} 起 {days} 个工作日（含首日），依据第八条"


def test_a_notice_takes_several_lines_as_they_were_decided():
    notice = publicised(3, at=NOW)

    assert notice.items_total == 3
    assert {item.amount for item in notice.items.all()} == {Decimal(500_000)}
    assert set(Application.objects.values_list("state", flat=True)) == {S.PUBLICITY}
    deadline = Deadline.objects.get(kind="publicity_end")
    assert (deadline.subject, deadline.explanation) == (notice, notice.explanation)
    assert timezone.localtime(deadline.due_at).date() == notice.ends_date


def test_nothing_is_published_that_is_not_proposed():
    call = panel_call()
    funded, reserve, undecided = (to_decide(call=call) for _n in range(3))
    decide(funded)
    decide(reserve, outcome=Outcome.RESERVE)

    for wrong in (reserve, undecided, ApplicationFactory(reached=S.DECISION)):
        with pytest.raises(Refused):
            actions.publicise(call=call, applications=[funded, wrong], by=manager_of(call), at=NOW)

    assert not PublicityItem.objects.exists()
    assert Application.objects.get(pk=funded.pk).state == S.DECISION


def test_a_line_is_published_once():
    notice = publicised(at=NOW)
    application = notice.items.get().application

    with pytest.raises(Refused):
        actions.publicise(call=notice.call, applications=[application], by=manager_of(notice.call), at=NOW)


@pytest.mark.parametrize("who", ["other_manager", "leader", "finance", "unit", "stranger"])
def test_only_the_departments_managers_publish(who):
    application = to_decide()
    decide(application)
    by = {
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "leader": leader,
        "finance": lambda: officer(Role.FINANCE),
        "unit": lambda: unit_admin_of(application),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        actions.publicise(call=application.call, applications=[application], by=by, at=NOW)

    assert not PublicityItem.objects.exists()


# ---- objections ----


def test_an_objection_suspends_the_notice_and_opens_its_clock():
    notice = publicised(at=NOW)

    objection = actions.object(publicity=notice, item=notice.items.get(), at=NOW, **OBJECTOR)

    notice.refresh_from_db()
    assert (objection.state, notice.state) == ("filed", PublicityState.SUSPENDED)
    deadline = Deadline.objects.get(kind="objection")
    assert deadline.explanation == "自 2026-05-11 收到起 10 个工作日内处理"
    assert list(Deadline.objects.open().owed_by(officer(Role.SUPERVISION))) == [deadline]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "匿名"}, "name"),
        ({"name": "匿 名 群众"}, "name"),
        ({"name": "李"}, "name"),
        ({"name": "123"}, "name"),
        ({"phone": ""}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"text": "不 公 平。"}, "text"),
    ],
)
def test_an_objection_needs_a_real_name_a_number_and_facts(changed, field):
    notice = publicised(at=NOW)

    with pytest.raises(Refused) as refused:
        actions.object(publicity=notice, item=None, at=NOW, **(OBJECTOR | changed))

    assert refused.value.field == field
    assert not Objection.objects.exists()


def test_an_objection_is_heard_to_the_last_moment_and_not_after():
    notice = publicised(at=NOW)
    last = datetime(2026, 5, 15, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())
    assert notice.ends_date == last.date()

    actions.object(publicity=notice, item=None, at=last, **OBJECTOR)
    with pytest.raises(Refused) as refused:
        actions.object(publicity=notice, item=None, at=last + timedelta(microseconds=1), **OBJECTOR)

    assert refused.value.code == "late"
    assert Objection.objects.count() == 1


def test_an_objection_before_the_first_day_is_early():
    application = to_decide()
    decide(application)
    notice = actions.publicise(
        call=application.call,
        applications=[application],
        starts_date=date(2026, 5, 18),
        by=manager_of(application.call),
        at=NOW,
    )

    with pytest.raises(Refused) as refused:
        actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)

    assert refused.value.code == "early"


@pytest.mark.parametrize("who", ["manager", "supervision"])
def test_an_objection_dismissed_lets_the_notice_run_on(who):
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=notice.items.get(), at=NOW, **OBJECTOR)
    by = manager_of(notice.call) if who == "manager" else officer(Role.SUPERVISION)

    actions.resolve_objection(objection=objection, upheld=False, finding="经查不属实", by=by, at=LATER)

    notice.refresh_from_db()
    assert (objection.state, objection.resolved_by, notice.state) == ("dismissed", by, PublicityState.RUNNING)
    assert Deadline.objects.get(kind="objection").state == "met"
    assert Application.objects.get().state == S.PUBLICITY


def test_an_objection_upheld_takes_its_line_out_and_frees_the_money():
    notice = publicised(2, at=NOW)
    first, second = notice.items.all()
    objection = actions.object(publicity=notice, item=first, at=NOW, **OBJECTOR)

    actions.resolve_objection(
        objection=objection, upheld=True, finding="内容重复", by=officer(Role.SUPERVISION), at=LATER
    )

    states = {a.pk: a.state for a in Application.objects.all()}
    assert states == {first.application_id: S.REJECTED, second.application_id: S.PUBLICITY}
    assert Commitment.objects.get(application=first.application_id).released_at == LATER
    assert Commitment.objects.get(application=second.application_id).released_at is None


def test_an_objection_to_the_whole_notice_names_its_lines_when_upheld():
    notice = publicised(2, at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)

    with pytest.raises(Refused) as refused:
        actions.resolve_objection(objection=objection, upheld=True, finding="重复", by=by, at=LATER)
    with pytest.raises(Refused):
        actions.resolve_objection(
            objection=objection,
            upheld=True,
            finding="重复",
            items=[publicised(at=NOW).items.get()],
            by=by,
            at=LATER,
        )
    actions.resolve_objection(
        objection=objection, upheld=True, finding="重复", items=notice.items.all(), by=by, at=LATER
    )

    assert refused.value.field == "items"
    assert {item.application.state for item in notice.items.all()} == {S.REJECTED}


def test_the_notice_waits_for_every_objection():
    notice = publicised(at=NOW)
    first = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)

    actions.resolve_objection(objection=first, upheld=False, finding="不属实", by=by, at=LATER)

    notice.refresh_from_db()
    assert notice.state == PublicityState.SUSPENDED
    with pytest.raises(Refused) as refused:
        actions.close_publicity(publicity=notice, by=by, at=LATER)
    assert refused.value.code == "objections"


@pytest.mark.parametrize("who", ["other_manager", "leader", "finance", "expert", "stranger"])
def test_nobody_else_resolves(who):
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = {
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "leader": leader,
        "finance": lambda: officer(Role.FINANCE),
        "expert": lambda: officer(Role.EXPERT),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        actions.resolve_objection(objection=objection, upheld=False, finding="不属实", by=by, at=LATER)

    assert Objection.objects.get().state == "filed"


def test_an_objection_is_resolved_once():
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)
    actions.resolve_objection(objection=objection, upheld=False, finding="不属实", by=by, at=LATER)

    with pytest.raises(Lost):
        actions.resolve_objection(
            objection=Objection.objects.get(), upheld=True, finding="属实", by=by, at=LATER
        )


# ---- the end of the period ----


def test_the_end_of_the_period_awards_every_line_with_a_number_and_an_agreement():
    notice = publicised(2, at=NOW)

    awards = actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=LATER)

    assert [award.amount for award in awards] == [Decimal(500_000)] * 2
    assert len({award.number for award in awards}) == 2
    application = Application.objects.first()
    agreement = agreement_of(application)
    assert application.state == S.AGREEMENT
    assert (agreement.starts_date, agreement.ends_date) == (date(2026, 9, 1), date(2028, 8, 31))
    # 600 000 asked for, 500 000 granted: the unit raises the rest beside its own 600 000.
    assert agreement.own_amount == Decimal(700_000)
    deadline = Deadline.objects.filter(kind="agreement_signing").first()
    assert deadline.explanation == "自 2026-06-10 立项起 30 日内签订，依据第九条"
    assert Deadline.objects.get(kind="publicity_end").state == "met"


def test_the_period_ends_after_its_last_moment_only():
    notice = publicised(at=NOW)
    last = datetime(2026, 5, 15, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())

    with pytest.raises(Refused) as refused:
        actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=last)
    actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=last + timedelta(microseconds=1))

    assert refused.value.field == "ends_date"
    assert Award.objects.count() == 1


def test_a_line_that_fell_away_is_not_awarded():
    notice = publicised(2, at=NOW)
    first, second = notice.items.all()
    objection = actions.object(publicity=notice, item=first, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)
    actions.resolve_objection(objection=objection, upheld=True, finding="重复", by=by, at=LATER)

    actions.close_publicity(publicity=notice, by=by, at=LATER)

    assert Award.objects.get().application_id == second.application_id


def test_a_notice_ends_once():
    notice = publicised(at=NOW)
    by = manager_of(notice.call)
    actions.close_publicity(publicity=notice, by=by, at=LATER)

    with pytest.raises(Refused):
        actions.close_publicity(publicity=notice, by=by, at=LATER)

    assert Award.objects.count() == 1


def test_without_a_publicity_stage_the_decision_awards():
    stages = (StageKind.FORMAL_CHECK, StageKind.DECISION, StageKind.AGREEMENT)
    application = to_decide(call=panel_call(stages=stages))

    decide(application)

    assert Application.objects.get().state == S.AGREEMENT
    assert Award.objects.get().amount == Decimal(500_000)


# ---- agreements ----


def prepared(**kwargs):
    """(agreement, its unit's administrator, a manager)."""
    application = to_decide(**kwargs)
    decide(application, at=NOW)
    manager = manager_of(application.call)
    notice = actions.publicise(call=application.call, applications=[application], by=manager, at=NOW)
    actions.close_publicity(publicity=notice, by=manager, at=LATER)
    return agreement_of(application), unit_admin_of(application), manager


def test_both_sides_sign_and_the_agreement_is_in_force():
    agreement, admin, manager = prepared()

    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    agreement.refresh_from_db()
    assert agreement.state == AgreementState.IN_FORCE
    assert (agreement.unit_signed_by, agreement.bureau_signed_by) == (admin, manager)
    assert Application.objects.get().state == S.AWARDED
    assert Deadline.objects.get(kind="agreement_signing").state == "met"


@pytest.mark.parametrize("who", ["member", "finance", "other_admin", "manager", "leader", "stranger"])
def test_only_the_units_administrator_signs_for_it(who):
    agreement, _admin, manager = prepared()
    unit = agreement.award.application.organisation
    by = {
        "member": lambda: member_of(unit),
        "finance": lambda: member_of(unit, role=UnitRole.FINANCE),
        "other_admin": lambda: member_of(OrganisationFactory(), role=UnitRole.ADMIN),
        "manager": lambda: manager,
        "leader": leader,
        "stranger": UserFactory,
    }[who]()

    for action in (actions.unit_sign, actions.forgo):
        extra = {"reason": "放弃"} if action is actions.forgo else {}
        with pytest.raises(Refused):
            action(agreement=agreement, by=by, at=LATER, **extra)

    assert Agreement.objects.get().state == AgreementState.DRAFT


@pytest.mark.parametrize("who", ["admin", "other_manager", "leader", "finance", "stranger"])
def test_only_the_departments_managers_sign_for_the_bureau(who):
    agreement, admin, _manager = prepared()
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    by = {
        "admin": lambda: admin,
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "leader": leader,
        "finance": lambda: officer(Role.FINANCE),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        actions.bureau_sign(agreement=agreement, by=by, at=LATER)

    assert Agreement.objects.get().state == AgreementState.UNIT_SIGNED


def test_the_bureau_does_not_sign_first():
    agreement, _admin, manager = prepared()

    with pytest.raises(Refused):
        actions.bureau_sign(agreement=agreement, by=manager, at=LATER)


def test_terms_are_corrected_before_the_unit_signs_and_after_it_was_sent_back():
    agreement, admin, manager = prepared()
    terms = {"starts_date": date(2026, 10, 1), "ends_date": date(2028, 9, 30), "own_amount": Decimal(800_000)}
    actions.correct(agreement=agreement, by=manager, at=LATER, **terms)
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)

    with pytest.raises(Refused):
        actions.correct(agreement=agreement, by=manager, at=LATER, **terms)
    actions.send_back(agreement=agreement, reason="自筹有误", by=manager, at=LATER)
    actions.correct(agreement=agreement, by=manager, at=LATER, **(terms | {"own_amount": Decimal(1)}))

    agreement.refresh_from_db()
    assert (agreement.state, agreement.unit_signed_at) == (AgreementState.DRAFT, None)
    assert (agreement.starts_date, agreement.own_amount) == (date(2026, 10, 1), Decimal(1))


def test_an_award_given_up_frees_its_money():
    agreement, admin, _manager = prepared()

    actions.forgo(agreement=agreement, reason="团队变动", by=admin, at=LATER)

    assert (agreement.state, Application.objects.get().state) == (AgreementState.FORGONE, S.REJECTED)
    assert Commitment.objects.get().released_at == LATER
    assert Deadline.objects.get(kind="agreement_signing").state == "cancelled"


def test_a_manager_takes_an_unsigned_award_as_given_up_once_the_time_is_over():
    agreement, _admin, manager = prepared()
    due = datetime(2026, 7, 10, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())

    with pytest.raises(Refused) as refused:
        actions.lapse(agreement=agreement, reason="逾期未签", by=manager, at=due)
    actions.lapse(agreement=agreement, reason="逾期未签", by=manager, at=due + timedelta(microseconds=1))

    assert refused.value.clause == "第九条"
    assert Agreement.objects.get().state == AgreementState.FORGONE


def test_an_application_with_an_agreement_is_not_rejected_beside_it():
    agreement, _admin, manager = prepared()
    application = Application.objects.get()

    with pytest.raises(Refused):
        applications.reject(application=application, reason="不要了", by=manager, at=LATER)

    assert Application.objects.get().state == S.AGREEMENT
    assert Agreement.objects.get(pk=agreement.pk).state == AgreementState.DRAFT


def test_signing_wins_the_topic_and_ends_the_other_bids():
    call = bid_call()
    topic = TopicFactory(call=call)
    agreement, admin, manager = prepared(call=call, topic=topic)
    waiting = [ApplicationFactory(call=call, topic=topic, reached=S.DECISION) for _n in range(2)]
    elsewhere = ApplicationFactory(call=call, topic=TopicFactory(call=call), reached=S.DECISION)

    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    assert Topic.objects.get(pk=topic.pk).state == TopicState.AWARDED
    assert {Application.objects.get(pk=bid.pk).state for bid in waiting} == {S.REJECTED}
    assert Application.objects.get(pk=elsewhere.pk).state == S.DECISION


def test_a_topic_for_two_is_won_when_two_have_signed():
    call = bid_call()
    topic = TopicFactory(call=call, planned_number=2)
    budget(call)
    signed = []
    for _number in range(2):
        agreement, admin, manager = prepared(call=call, topic=topic)
        signed.append(Topic.objects.get(pk=topic.pk).state)
        actions.unit_sign(agreement=agreement, by=admin, at=LATER)
        actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    assert signed == [TopicState.CLOSED, TopicState.CLOSED]
    assert Topic.objects.get(pk=topic.pk).state == TopicState.AWARDED
