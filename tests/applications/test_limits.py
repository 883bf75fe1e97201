"""Limits on parallel projects (限项), quotas (限额), closed lists, outlines, closing moments, hand-ins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import FactKind
from accounts.roles import Role
from applications import actions, eligibility, queries
from applications.models import Application, PastProject, RuleStatus
from applications.states import ApplicationState, ProjectEnd, RecordStatus
from core import workflow
from core.workflow import Refused
from grants.models import (
    Automation,
    Call,
    Entry,
    Invitation,
    ProjectType,
    Quota,
    QuotaOf,
    RuleScope,
    StageKind,
)
from grants.rules import HISTORY
from grants.states import CallState
from seeds.codes import make_id_number
from tests.factories.accounts import OrganisationFactFactory, OrganisationFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, fill, filled, in_state, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
S = ApplicationState
NO_REVIEW = (StageKind.FORMAL_CHECK, StageKind.DECISION)


def rule(expression, **kwargs):
    return {
        "code": "X1",
        "text": "条文",
        "clause": "第三条",
        "scope": RuleScope.PI,
        "automation": Automation.AUTO,
        "expression": expression,
    } | kwargs


def status_of(application, code="X1"):
    lines = {line.code: line for line in eligibility.evaluate(application)}
    return lines[code].status


def publish(call):
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    call.refresh_from_db()
    return call


# ---- parallel projects ----

LEADS_FEWER_THAN_TWO = "pi.records.filter(r, r.role == 'pi' && r.status == 'running').size() < 2"


def test_projects_of_the_same_leader_are_counted_by_id_number_whatever_their_unit():
    call = CallFactory(parts__rules=(rule(LEADS_FEWER_THAN_TWO),))
    for _n in range(2):
        in_state(S.AWARDED)
    application = filled(call=call)
    assert status_of(application) == RuleStatus.FAILED
    ended = Application.objects.filter(state=S.AWARDED).first()
    actions.end_project(application=ended, end=ProjectEnd.COMPLETED, by=None, at=timezone.now())
    assert status_of(application) == RuleStatus.PASSED
    seen = queries.context(application)["pi"]["records"]
    days = [(record["status"], record["ended_date"]) for record in seen]
    assert sorted(days, key=str) == [("completed", timezone.localdate()), ("running", None)]


def test_projects_elsewhere_count_by_plan_and_role():
    call = CallFactory(
        parts__rules=(rule("!pi.records.exists(r, r.plan == '国家重点研发计划' && r.status == 'running')"),)
    )
    application = filled(call=call)
    assert status_of(application) == RuleStatus.PASSED
    PastProject.objects.create(
        plan="国家重点研发计划",
        title="深海观测",
        id_number=make_id_number(1),
        status=RecordStatus.RUNNING,
        source="申报人填报",
    )
    assert status_of(application) == RuleStatus.FAILED


def test_a_project_beyond_its_end_without_acceptance_is_overdue():
    call = CallFactory(
        parts__rules=(rule("!unit.records.exists(r, r.status == 'overdue')", scope=RuleScope.UNIT),)
    )
    application = filled(call=call)
    PastProject.objects.create(
        plan="市科技计划",
        title="旧项目",
        credit_code=application.organisation.credit_code,
        status=RecordStatus.RUNNING,
        ends_date=date(2020, 12, 31),
        source="历史台账",
    )
    assert status_of(application) == RuleStatus.FAILED


def test_the_months_of_everybody_are_added_up_over_all_projects():
    months = (
        "participants.all(p, sum(p.records.filter(r, r.status in ['applying', 'running']).map(r, r.months))"
    )
    call = CallFactory(parts__rules=(rule(f"{months} + p.months_per_year <= 12.0)"),))
    submitted(call=call)
    assert status_of(filled(call=call)) == RuleStatus.PASSED
    submitted(call=call)
    assert status_of(filled(call=call)) == RuleStatus.FAILED


def test_an_application_does_not_count_against_itself_and_knows_its_own_notice():
    call = CallFactory(parts__rules=(rule("pi.records.filter(r, r.in_call).size() == 0"),))
    first = submitted(call=call)
    assert status_of(first) == RuleStatus.PASSED
    assert status_of(filled(call=call)) == RuleStatus.FAILED


def test_facts_count_as_of_the_day_that_the_rule_names():
    given = rule("unit.high_tech", scope=RuleScope.UNIT, as_of=date(2025, 1, 1))
    application = ApplicationFactory(call=CallFactory(parts__rules=(given,)))
    fact = {"organisation": application.organisation, "kind": FactKind.HIGH_TECH}
    OrganisationFactFactory(**fact, valid_from=date(2025, 1, 2))
    assert status_of(application) == RuleStatus.FAILED
    OrganisationFactFactory(**fact, valid_from=date(2022, 1, 2), valid_to=date(2025, 1, 1))
    assert status_of(application) == RuleStatus.PASSED


def test_figures_are_read_by_year():
    given = rule("unit.by_year['2025'].revenue >= 2e8", scope=RuleScope.UNIT)
    application = ApplicationFactory(call=CallFactory(parts__rules=(given,)))
    assert status_of(application) == RuleStatus.REQUIRES_DATA
    OrganisationFactFactory(
        organisation=application.organisation,
        kind=FactKind.REVENUE,
        number=Decimal(250_000_000),
        valid_from=date(2025, 1, 1),
        valid_to=date(2025, 12, 31),
    )
    assert status_of(application) == RuleStatus.PASSED


def test_many_applications_are_judged_by_the_queries_of_one(django_assert_num_queries):
    call = CallFactory(parts__rules=(rule(LEADS_FEWER_THAN_TWO), rule("unit.high_tech", code="X2")))
    for _n in range(5):
        filled(call=call)
    rows = Application.objects.select_related("call__programme", "organisation", "topic", "project_type")

    def judge(number):
        applications = list(rows.filter(call=call)[:number])
        with django_assert_num_queries(16):
            return eligibility.evaluate_many(applications)

    assert len(judge(1)) == 1
    assert len(judge(5)) == 5


# ---- quotas ----


def limited(of=QuotaOf.UNIT, **quota):
    """A published call with one quota, one stage of review by unit and recommender."""
    call = CallFactory(parts__rules=(), draft=True)
    values = {"number": 1, "clause": "第七条", "order": 1} | quota
    Quota.objects.create(call=call, of=of, **values)
    return publish(call)


def hand_in(application):
    return actions.submit(application=application, by=application.created_by, at=timezone.now())


def test_a_unit_hands_in_no_more_than_its_quota_and_the_draft_stays():
    call = limited()
    first = submitted(call=call)
    second = filled(call=call, organisation=first.organisation)
    with pytest.raises(Refused) as refused:
        hand_in(second)
    assert (refused.value.message, refused.value.clause) == ("每个申报单位限 1 项，已有 1 项。", "第七条")
    second.refresh_from_db()
    assert second.state == S.DRAFT
    hand_in(filled(call=call))


def test_a_row_of_the_units_own_stands_in_place_of_the_row_for_every_unit():
    call = CallFactory(parts__rules=(), parts__stages=NO_REVIEW, draft=True)
    named, other = OrganisationFactory(kind="university"), OrganisationFactory(kind="university")
    Quota.objects.create(call=call, of=QuotaOf.UNIT, number=0, order=1)
    row = {"call": call, "number": 1, "credit_code": named.credit_code, "name": named.name, "order": 2}
    Quota.objects.create(of=QuotaOf.UNIT, **row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.create(of=QuotaOf.AWARD, **row)
    publish(call)
    hand_in(filled(call=call, organisation=named))
    for unit, said in (
        (named, f"{named.name}限 1 项，已有 1 项。"),
        (other, "每个申报单位限 0 项，已有 0 项。"),
    ):
        with pytest.raises(Refused) as refused:
            hand_in(filled(call=call, organisation=unit))
        assert refused.value.message == said


def test_who_has_not_registered_in_time_cannot_begin_and_who_has_goes_on():
    now = timezone.now()
    call = CallFactory(registers_by_at=now + timedelta(days=1), parts__stages=NO_REVIEW)
    application = filled(call=call)
    late = call.registers_by_at + timedelta(seconds=1)
    other = OrganisationFactory()
    with pytest.raises(Refused) as refused:
        actions.start(call=call, organisation=other, by=member_of(other), at=late)
    assert refused.value.code == "not_registered"
    actions.start(call=call, organisation=other, by=member_of(other), at=call.registers_by_at)
    actions.submit(application=application, by=application.created_by, at=late)
    assert application.state == S.FORMAL_CHECK


def test_what_was_withdrawn_frees_its_place():
    call = limited()
    first = submitted(call=call)
    actions.withdraw(application=first, reason="改由他人申报", by=first.created_by, at=timezone.now())
    hand_in(filled(call=call, organisation=first.organisation))


def test_a_quota_follows_from_a_formula_over_the_units_figures():
    """One application for every 500 万元 of basic research, none without any figures."""
    call = limited(number=None, formula="unit.basic_research / 5000000.0")
    application = filled(call=call)
    with pytest.raises(Refused) as refused:
        hand_in(application)
    assert refused.value.message.startswith("限额无法计算")
    OrganisationFactFactory(
        organisation=application.organisation,
        kind=FactKind.BASIC_RESEARCH,
        number=Decimal(9_900_000),
        valid_from=date(2020, 1, 1),
    )
    hand_in(application)
    with pytest.raises(Refused):
        hand_in(filled(call=call, organisation=application.organisation))


def test_a_quota_of_one_type_leaves_the_others_alone():
    call = CallFactory(parts__rules=(), draft=True)
    young, free = (
        ProjectType.objects.create(call=call, code=code, name=code, order=n)
        for n, code in enumerate(("young", "free"), start=1)
    )
    Quota.objects.create(call=call, of=QuotaOf.UNIT, project_type=young, number=0, order=1)
    publish(call)
    with pytest.raises(Refused):
        hand_in(filled(call=call, project_type=young))
    hand_in(filled(call=call, project_type=free))


def test_a_quota_counts_each_answer_of_a_question_apart_and_one_answer_by_its_own_row():
    colleges = {"code": "college", "kind": "choice", "label": "学院"}
    colleges["config"] = {"choices": ["文学院", "理学院", "工学院"]}
    call = CallFactory(parts__rules=(), parts__questions=[colleges], draft=True)
    for order, (value, number) in enumerate((("", 1), ("工学院", 2)), start=1):
        Quota.objects.create(
            call=call, of="unit", question="college", value=value, number=number, clause="第四条", order=order
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.create(call=call, of="award", question="college", number=1, order=9)
    publish(call)
    unit = OrganisationFactory()

    def of(college):
        application = filled(call=call, organisation=unit)
        actions.save_answers(
            application=application,
            answers={"college": college},
            by=application.created_by,
            at=timezone.now(),
        )
        return hand_in(application)

    for college in ("文学院", "理学院", "工学院", "工学院"):
        of(college)
    for college, most in (("文学院", 1), ("工学院", 2)):
        with pytest.raises(Refused, match=f"（{college}）限 {most} 项") as refused:
            of(college)
        assert refused.value.clause == "第四条"


def waiting(call, region="370212"):
    unit = OrganisationFactory(region=region)
    application = submitted(call=call, organisation=unit)
    actions.unit_approve(application=application, by=member_of(unit, "admin"), at=timezone.now())
    return application


def recommend(application):
    region = application.organisation.region
    by = officer(Role.RECOMMENDER, OrganisationFactory(), region=region)
    actions.recommend(application=application, opinion="同意推荐", by=by, at=timezone.now())


def test_each_district_recommends_within_its_own_quota():
    call = limited(QuotaOf.RECOMMENDER)
    first, second, elsewhere = waiting(call), waiting(call), waiting(call, region="370203")
    recommend(first)
    with pytest.raises(Refused) as refused:
        recommend(second)
    assert refused.value.code == "quota"
    recommend(elsewhere)


@pytest.mark.parametrize("by_rule", [False, True])
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_last_place(by_rule):
    one_a_person = rule("pi.records.filter(r, r.in_call).size() < 1")
    call = CallFactory(parts__stages=NO_REVIEW, parts__rules=(one_a_person,)) if by_rule else limited()
    unit = OrganisationFactory(kind="university")
    drafts = [filled(call=call, organisation=unit) for _n in range(2)]
    start = Barrier(2)

    def run(application):
        try:
            start.wait(10)
            return hand_in(application)
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, drafts))
    assert sorted(isinstance(result, Refused) for result in results) == [False, True]
    assert Application.objects.exclude(state=S.DRAFT).count() == 1


# ---- closed lists, closing moments, hand-ins ----


def test_an_invitation_only_call_is_for_the_units_of_its_list():
    call = CallFactory(is_invitation_only=True, draft=True)
    invited, other = OrganisationFactory(), OrganisationFactory()
    Invitation.objects.create(call=call, credit_code=invited.credit_code, name=invited.name)
    publish(call)
    now = timezone.now()
    actions.start(call=call, organisation=invited, by=member_of(invited), at=now)
    with pytest.raises(Refused) as refused:
        actions.start(call=call, organisation=other, by=member_of(other), at=now)
    assert refused.value.code == "not_invited"
    assert Application.objects.count() == 1


def test_units_and_recommenders_pass_on_until_their_own_closing_moments():
    now = timezone.now()
    call = CallFactory(unit_closes_at=now + timedelta(days=1), recommender_closes_at=now + timedelta(days=2))
    application = submitted(call=call)
    admin = member_of(application.organisation, "admin")
    with pytest.raises(Refused) as refused:
        actions.unit_approve(application=application, by=admin, at=call.unit_closes_at + timedelta(seconds=1))
    assert (refused.value.code, application.state) == ("late", S.UNIT_REVIEW)
    actions.unit_approve(application=application, by=admin, at=call.unit_closes_at)
    by = officer(Role.RECOMMENDER, OrganisationFactory(), region=application.organisation.region)
    with pytest.raises(Refused):
        actions.recommend(
            application=application,
            opinion="同意",
            by=by,
            at=call.recommender_closes_at + timedelta(seconds=1),
        )
    actions.recommend(application=application, opinion="同意", by=by, at=call.recommender_closes_at)


def test_an_application_is_handed_in_only_as_often_as_the_notice_allows():
    call = CallFactory(max_submissions=2, parts__stages=NO_REVIEW)
    application = submitted(call=call)
    words = {"by": officer(Role.PROGRAMME_MANAGER, call.programme.department), "at": timezone.now()}
    actions.return_for_supplement(application=application, reason="缺附件", **words)
    application.refresh_from_db()
    hand_in(application)
    with pytest.raises(Refused, match="退回后不能再提交") as refused:
        actions.return_for_supplement(application=application, reason="缺附件", **words)
    assert refused.value.code == "too_often"
    Application.objects.filter(pk=application.pk).update(state=S.RETURNED)
    application.refresh_from_db()
    with pytest.raises(Refused) as refused:
        hand_in(application)
    assert refused.value.code == "too_often"


# ---- two steps ----


def chosen_outline(at):
    """An outline that was put into the library at `at`."""
    outline = in_state(S.DECISION, call__parts__stages=NO_REVIEW)
    workflow.move(outline, S.RESERVED, by=None, at=at)
    return outline


def second_step(outline, *, entry=None, **kwargs):
    """A call of the same programme and year that projects of the outline's notice may go on to."""
    first = outline.call
    call = CallFactory(draft=True, programme=first.programme, year=first.year, has_entries=True, **kwargs)
    line = {"code": "outline", "name": "预申报入选项目", "title": first.title, "days": 30, "clause": "第三条"}
    Entry.objects.create(call=call, order=1, **line | (entry or {}))
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return Call.objects.get(pk=call.pk)


def test_only_a_chosen_outline_leads_to_the_second_step_which_takes_over_what_was_written():
    now = timezone.now()
    outline = chosen_outline(now)
    call = second_step(outline)
    application = actions.start(call=call, organisation=outline.organisation, by=outline.created_by, at=now)
    assert (application.follows, application.title, application.summary) == (
        outline,
        outline.title,
        outline.summary,
    )
    carried = application.answers.values_list("question__code", "value")
    assert dict(carried) == {"route": "先仿真后试制。", "trl": 4}
    stranger = OrganisationFactory()
    with pytest.raises(Refused) as refused:
        actions.start(call=call, organisation=stranger, by=member_of(stranger), at=now)
    assert refused.value.code == "no_entry"


def test_an_outline_is_used_once_and_free_again_when_its_application_is_withdrawn():
    now = timezone.now()
    outline = chosen_outline(now)
    call = second_step(outline)
    start = {"call": call, "organisation": outline.organisation, "by": outline.created_by, "at": now}
    first = actions.start(**start)
    with pytest.raises(Refused):
        actions.start(**start)
    actions.withdraw(application=first, reason="", by=outline.created_by, at=now)
    actions.start(**start)


def test_the_right_to_the_second_step_lapses():
    now = timezone.now()
    outline = chosen_outline(now - timedelta(days=31))
    with pytest.raises(Refused) as refused:
        actions.start(
            call=second_step(outline), organisation=outline.organisation, by=outline.created_by, at=now
        )
    assert refused.value.code == "entry_expired"


def test_a_second_step_begun_in_time_is_not_handed_in_too_late():
    now = timezone.now()
    outline = chosen_outline(now - timedelta(days=20))
    call = second_step(outline, parts__rules=(), closes_at=now + timedelta(days=60))
    application = actions.start(call=call, organisation=outline.organisation, by=outline.created_by, at=now)
    fill(application)
    with pytest.raises(Refused) as refused:
        actions.submit(application=application, by=outline.created_by, at=now + timedelta(days=11))
    assert refused.value.code == "entry_expired"
    actions.submit(application=application, by=outline.created_by, at=now + timedelta(days=9))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("history.pi_running < 2 && history.pi_in_call < 1", {"history.pi_running", "history.pi_in_call"}),
        ("unit.records.size() == 0", {"records"}),
        ("pi.title == '教授'", set()),
        ("size(history) > 0", {f"history.{name}" for name in HISTORY}),
    ],
)
def test_only_what_rules_read_of_other_applications_is_counted(source, wanted):
    assert queries.counted_in(["unit.region == '370200'", source]) == wanted
