"""Where an application stands and what comes next."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from awards.models import Agreement, PublicityItem
from core import workflow
from core.calendar import end_of_day
from notifications.actions import Owes
from portal.timeline import application_steps
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import ApplicationFactory, in_state, submitted
from tests.factories.milestones import draft_agreement
from tests.factories.notifications import open_deadline
from tests.portal.test_views import notice_of

pytestmark = pytest.mark.django_db


def states(application, *, for_officer=False) -> dict[str, str]:
    steps = application_steps(application, for_officer=for_officer, at=timezone.now())
    return {step.title: step.state for step in steps}


def test_a_draft_has_everything_before_it():
    assert states(ApplicationFactory()) == {
        "填写申报书": "current",
        "单位审核": "next",
        "推荐审核": "next",
        "形式审查": "next",
        "评审中": "next",
        "拟立项公示": "next",
        "签订任务书": "next",
        "立项": "next",
    }


def test_officers_see_the_bureaus_own_steps_apart_and_applicants_as_one():
    stages = ("formal_check", "expert_review", "demander_choice", "decision")
    application = ApplicationFactory(call__parts__stages=stages)
    assert list(states(application, for_officer=True))[2:5] == ["专家评审", "发榜方选择", "待决定"]
    assert list(states(application)) == ["填写申报书", "形式审查", "评审中", "立项"]


def test_what_is_behind_is_done_and_the_present_names_who_acts():
    application = in_state(ApplicationState.FORMAL_CHECK)
    steps = {
        step.title: step for step in application_steps(application, for_officer=False, at=timezone.now())
    }
    assert [step.state for step in steps.values()][:5] == ["done", "done", "done", "current", "next"]
    assert steps["形式审查"].note == "现在由项目主管办理"
    assert steps["提交申报书"].at == application.submitted_at


def test_the_present_step_carries_its_deadline():
    application = submitted()
    step = next(
        step
        for step in application_steps(application, for_officer=False, at=timezone.now())
        if step.state == "current"
    )
    assert step.title == "单位审核"
    assert step.due is not None


@pytest.mark.parametrize(
    "state", [ApplicationState.EXPERT_REVIEW, ApplicationState.DEMANDER_CHOICE, ApplicationState.DECISION]
)
def test_who_deliberates_and_until_when_stays_with_the_bureau(state):
    application, at = (
        in_state(state, call__parts__stages=("formal_check", state, "publicity")),
        timezone.now(),
    )
    open_deadline(at=at, subject=application, kind=state, due_in=timedelta(days=5))

    def present(*, for_officer):
        steps = application_steps(application, for_officer=for_officer, at=at)
        return next(step for step in steps if step.state == "current")

    seen = present(for_officer=False)
    assert (seen.due, seen.note) == (None, "主管部门正在评审，您不用办理；有结果会通知您。")
    slides = open_deadline(at=at, subject=application, kind="slides", due_in=timedelta(days=3))
    seen = present(for_officer=False)
    assert (seen.due, "上传答辩材料" in seen.note) == (slides.due_at, True)
    assert present(for_officer=True).due is not None
    assert "现在由" in present(for_officer=True).note


def test_a_returned_application_says_why_and_until_when():
    application, at = in_state(ApplicationState.FORMAL_CHECK), timezone.now()
    workflow.move(application, ApplicationState.RETURNED, by=officer(), at=at, note="缺合作协议")
    deadline = open_deadline(
        at=at,
        subject=application,
        kind="supplement",
        due_in=timedelta(days=5),
        owed_by=[Owes(user=application.created_by)],
    )
    step = application_steps(application, for_officer=False, at=at)[0]
    assert (step.title, step.state, step.note, step.due) == ("补正", "current", "缺合作协议", deadline.due_at)


def current(application, *, for_officer=False):
    steps = application_steps(application, for_officer=for_officer, at=timezone.now())
    return next(step for step in steps if step.state == "current")


def test_a_draft_says_who_writes_until_when_by_which_clause_and_where():
    application, at = ApplicationFactory(), timezone.now()
    closing = open_deadline(at=at, subject=application, kind="call_closes", due_in=timedelta(days=5))
    step = current(application)
    assert (step.by, step.due, step.clause) == ("现在由申报团队填写", closing.due_at, closing.explanation)
    assert step.url == f"/applications/{application.pk}/check/"
    assert current(application, for_officer=True).url == ""


def test_the_unit_is_named_where_its_administrator_acts():
    application = submitted()
    assert current(application).note == f"现在由“{application.organisation}”的单位管理员办理"


def test_publicity_says_until_when_and_that_nothing_is_to_be_done():
    application = in_state(ApplicationState.PUBLICITY)
    notice = notice_of(application.call, items_total=1)
    PublicityItem.objects.create(
        publicity=notice, application=application, title="甲", organisation_name="乙", amount=1
    )
    step = current(application)
    assert (step.due, step.clause) == (end_of_day(notice.ends_date), notice.explanation)
    assert "您不用办理" in step.note
    assert step.url == f"/publicity/{notice.pk}/"


@pytest.mark.parametrize(
    ("state", "note"),
    [("draft", "现在由承担单位的单位管理员签订"), ("unit_signed", "现在由主管部门签订")],
)
def test_an_agreement_says_who_signs(state, note):
    agreement = draft_agreement()
    application = agreement.award.application
    signed = {"unit_signed_by": application.created_by, "unit_signed_at": timezone.now()}
    Agreement.objects.filter(pk=agreement.pk).update(state=state, **(signed if state != "draft" else {}))
    Application.objects.filter(pk=application.pk).update(state=ApplicationState.AGREEMENT)
    application.state = ApplicationState.AGREEMENT
    step = current(application)
    assert (step.title, step.note, bool(step.url)) == ("签订任务书", note, state == "draft")


def test_a_project_in_reserve_has_been_decided_on():
    found = states(in_state(ApplicationState.RESERVED))
    assert [found["评审中"], found["拟立项公示"], found["入库备选"]] == ["done", "next", "current"]


def test_a_withdrawn_application_waits_for_nothing():
    application, at = in_state(ApplicationState.FORMAL_CHECK), timezone.now()
    workflow.move(application, ApplicationState.WITHDRAWN, by=officer(), at=at)
    assert "next" not in states(application).values()


def test_a_rejected_application_ends_there():
    application, at = in_state(ApplicationState.FORMAL_CHECK), timezone.now()
    workflow.move(application, ApplicationState.REJECTED, by=officer(), at=at, note="不符合第三条")
    steps = application_steps(application, for_officer=False, at=at)
    assert (steps[-1].title, steps[-1].state, steps[-1].note) == ("未立项", "failed", "不符合第三条")
    assert {step.state for step in steps[1:-1]} == {"done", "skipped"} or {
        step.state for step in steps[1:-1]
    } == {"skipped"}


def test_the_way_costs_three_queries(django_assert_num_queries):
    application = submitted()
    states(application)
    with django_assert_num_queries(3):
        application_steps(application, for_officer=False, at=timezone.now())


def test_the_tag_draws_the_way(rf):
    application = submitted()
    page = Template("{% load portal %}{% application_timeline application user now %}").render(
        Context(
            {
                "application": application,
                "user": officer(Role.AUDITOR, organisation=OrganisationFactory()),
                "now": timezone.now(),
            }
        )
    )
    assert 'aria-current="step"' in page
    assert "专家评审" in page
