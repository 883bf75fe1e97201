"""Experts suggest, the team revises in the same application, and the step reads the new version."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, queries
from applications.models import Application, RuleResult
from applications.queries.revising import suggestions_of
from applications.rules import revising
from applications.states import ApplicationState
from core.workflow import Lost, Refused
from grants.models import Stage
from notifications.models import Deadline, Message
from reviews.models import Recommendation, Review
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.applications import filled, put
from tests.factories.grants import CallFactory
from tests.factories.reviews import ApplicationFactory, manager_of, panel_call, publish, sealed, task_for

pytestmark = pytest.mark.django_db
S = ApplicationState
STAGES = ("formal_check", "expert_review", "argumentation", "decision")


def at_argumentation(**fields):
    call = CallFactory(draft=True, parts__stages=STAGES)
    fields = {"revision_days": 7, "revises": ["route"]} | fields
    Stage.objects.filter(call=call, kind="argumentation").update(**fields)
    application = filled(call=publish(call))
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    manager = manager_of(call)
    for line in RuleResult.objects.filter(application=application):
        actions.officer_mark(rule_result=line, status="passed", note="已核", by=manager, at=timezone.now())
    put(application, S.ARGUMENTATION)
    return application, manager


def ask(application, by, **words):
    words = {"suggestions": "技术路线须补充对照试验。", "at": timezone.now()} | words
    actions.ask_revision(application=application, by=by, **words)
    application.refresh_from_db()


def revise(application, **answers):
    by, at = application.created_by, timezone.now()
    actions.save_answers(application=application, answers=answers, by=by, at=at)
    actions.submit(application=application, by=by, at=timezone.now())
    application.refresh_from_db()


def test_the_team_revises_what_the_step_names_and_comes_back_with_a_new_version(client):
    application, manager = at_argumentation()
    ask(application, manager)
    assert application.state == S.RETURNED
    clock = Deadline.objects.open().get(kind="supplement", object_id=application.pk)
    assert timedelta(days=6) < clock.due_at - timezone.now() < timedelta(days=9)
    assert not Deadline.objects.open().filter(kind="office_step").exists()
    told = Message.objects.get(template="applications/returned", recipient=application.created_by)
    assert "对照试验" in told.context["reason"]
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "技术路线须补充对照试验。" in page
    assert "可以修改：技术路线" in page
    revise(application, route="先仿真、再对照试验、后试制。")
    assert (application.state, application.version) == (S.ARGUMENTATION, 2)
    assert Deadline.objects.open().filter(kind="office_step", object_id=application.pk).exists()
    latest, earlier = queries.two_versions(application)
    assert "对照试验" in str(latest.content["answers"])
    assert "对照试验" not in str(earlier.content["answers"])
    # What officers had settled stays.
    assert set(RuleResult.objects.values_list("officer_status", flat=True)) == {"passed"}


def test_nothing_else_may_change():
    application, manager = at_argumentation()
    ask(application, manager)
    by, at = application.created_by, timezone.now()
    actions.update_basics(application=application, title="另一个题目", by=by, at=at)
    with pytest.raises(Refused) as refused:
        revise(application, trl="5")
    assert refused.value.code == "beside"
    assert "技术成熟度" in refused.value.message
    assert "项目名称" in refused.value.message
    assert Application.objects.get(pk=application.pk).version == 1


def test_without_named_questions_the_whole_form_is_open():
    application, manager = at_argumentation(revises=[])
    ask(application, manager)
    revise(application, trl="5")
    assert (application.state, application.version) == (S.ARGUMENTATION, 2)


def test_when_nothing_comes_the_version_before_goes_on():
    application, manager = at_argumentation()
    ask(application, manager)
    title = application.title
    by, at = application.created_by, timezone.now()
    actions.update_basics(application=application, title="另一个题目", by=by, at=at)
    with pytest.raises(Refused, match="期满"):
        actions.go_on_unrevised(application=application, by=manager, at=timezone.now())
    late = timezone.now() + timedelta(days=30)
    with pytest.raises(Refused):
        actions.go_on_unrevised(application=application, by=by, at=late)
    actions.go_on_unrevised(application=application, by=manager, at=late)
    application.refresh_from_db()
    assert (application.state, application.version, application.title) == (S.ARGUMENTATION, 1, title)
    assert not Deadline.objects.open().filter(kind="supplement").exists()
    with pytest.raises(Lost):
        actions.go_on_unrevised(application=application, by=manager, at=late)


def test_only_where_the_notice_says_so_and_by_its_managers(client):
    application, manager = at_argumentation(revision_days=None, revises=[])
    with pytest.raises(Refused, match="没有规定"):
        ask(application, manager)
    application, manager = at_argumentation()
    for user in (
        application.created_by,
        UserFactory(),
        officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
    ):
        with pytest.raises(Refused):
            ask(application, user)
    with pytest.raises(Refused):
        ask(application, manager, suggestions=" ")
    with pytest.raises(Refused):
        ask(application, manager, due_at=timezone.now() - timedelta(days=1))
    assert Application.objects.get(pk=application.pk).state == S.ARGUMENTATION
    page = reverse("admin:applications_application_ask_revision", args=[application.pk])
    client.force_login(manager)
    assert client.get(page).status_code == 200
    client.post(page, {"suggestions": "补充对照试验", "due_date": ""})
    application.refresh_from_db()
    assert revising.is_revision(application)


def test_what_experts_said_is_collected_without_names():
    application = ApplicationFactory(call=panel_call(), reached=S.EXPERT_REVIEW)
    sealed(application)
    at = timezone.now()
    for number, (comment, submitted) in enumerate((("补充对照试验", at), ("", at), ("还没写完", None))):
        task = task_for(application)
        Review.objects.create(
            assignment=task,
            comment=comment,
            total=80 + number,
            recommendation=Recommendation.FUND,
            saved_at=at,
            submitted_at=submitted,
        )
    assert suggestions_of(application) == ["补充对照试验"]
