"""A team without a unit applies (未注册的团队), is awarded, and registers as a unit before it signs."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import teams
from accounts.models import Organisation, OrganisationKind
from applications import actions, completeness, queries
from applications.models import Application
from applications.states import ApplicationState
from awards import rules as awards
from core import calendar
from core.workflow import Refused
from grants.models import Call
from notifications.models import Deadline
from portal.timeline import application_steps
from seeds.codes import make_credit_code
from tests.factories.accounts import UserFactory, member_of
from tests.factories.applications import ApplicationFactory, fill, put
from tests.factories.awards import agreement_of, budget, decide
from tests.factories.grants import CallFactory
from tests.factories.notifications import drifts

pytestmark = pytest.mark.django_db
S = ApplicationState
CODE = make_credit_code(4321)
FOUNDED = {
    "credit_code": CODE,
    "name": "深蓝传感（青岛）有限公司",
    "kind": OrganisationKind.ENTERPRISE,
    "region": "370212",
}


def a_team(leader=None, **more):
    by = leader or UserFactory()
    return by, teams.register_team(name="深蓝团队", region="370212", by=by, at=timezone.now(), **more)


def open_call(**kwargs):
    call = CallFactory(draft=True, parts__stages=("unit_review", "formal_check", "decision", "agreement"))
    fields = {"is_open_to_teams": True, "team_months": 3, "team_clause": "第五条"} | kwargs
    Call.objects.filter(pk=call.pk).update(state="published", published_at=call.opens_at, **fields)
    call.refresh_from_db()
    return call


def drafted(call):
    leader, team = a_team()
    application = ApplicationFactory(call=call, organisation=team, created_by=leader)
    return fill(application)


def test_a_team_applies_only_where_the_notice_lets_it():
    leader, team = a_team()
    start = {"organisation": team, "by": leader, "at": timezone.now()}
    with pytest.raises(Refused) as refused:
        actions.start(call=open_call(is_open_to_teams=False), **start)
    assert (refused.value.field, refused.value.code) == ("organisation", "team")
    assert actions.start(call=open_call(), **start).organisation == team


def test_its_people_need_no_credit_code_and_no_unit_reviews_it(client):
    application = drafted(open_call())
    leader = application.created_by
    assert completeness.faults_of(application) == []
    actions.submit(application=application, by=leader, at=timezone.now())
    application.refresh_from_db()
    assert application.state == S.FORMAL_CHECK
    steps = application_steps(application, for_officer=False, at=timezone.now())
    assert "单位审核" not in {str(step.title) for step in steps}
    known = queries.context(application)
    assert known["unit"]["kind"] == "team"
    assert known["pi"]["credit_code"] == known["unit"]["credit_code"]
    assert known["partners"] == []
    content = application.submissions.get().content
    assert content["organisation"]["credit_code"] == "未注册的团队或个人"
    stranger = UserFactory()
    assert not Application.objects.visible_to(stranger).exists()
    client.force_login(leader)
    for name in ("detail", "versions"):
        assert client.get(reverse(f"applications:{name}", args=[application.pk])).status_code == 200
    for form in ("xlsx", "json"):
        assert client.get(reverse("applications:export", args=[application.pk, form])).status_code in (
            200,
            302,
        )


def to_agreement(application):
    at = timezone.now()
    actions.submit(application=application, by=application.created_by, at=at)
    put(application, S.DECISION)
    budget(application.call)
    decide(application)
    application.refresh_from_db()
    return application


def test_it_registers_as_a_unit_before_it_signs(client):
    application = to_agreement(drafted(open_call()))
    leader, team = application.created_by, application.organisation
    clock = Deadline.objects.open().get(kind="team_registration", object_id=application.pk)
    assert clock.due_at.date() >= calendar.local_date(timezone.now())
    assert "第五条" in str(clock.explanation)
    assert drifts("team_registration", at=timezone.now()) == []
    agreement = agreement_of(application)
    with pytest.raises(Refused) as refused:
        awards.check_can_sign_for_unit(leader, agreement)
    assert (refused.value.code, refused.value.clause) == ("team", "第五条")

    page = reverse("accounts:found_unit", args=[team.pk])
    client.force_login(UserFactory())
    assert client.get(page).status_code == 404
    client.force_login(member_of(team))
    assert client.get(page).status_code == 403
    client.force_login(leader)
    wrong = client.post(page, FOUNDED | {"credit_code": CODE[:-1] + ("A" if CODE[-1] != "A" else "B")})
    assert "credit_code" in wrong.context["form"].errors
    assert client.post(page, FOUNDED).status_code == 302
    team.refresh_from_db()
    assert (team.credit_code, team.kind, team.is_team) == (CODE, "enterprise", False)
    assert not Deadline.objects.open().filter(pk=clock.pk).exists()
    agreement = agreement_of(application)
    awards.check_can_sign_for_unit(leader, agreement)
    with pytest.raises(Refused, match="已经登记为单位"):
        teams.found_unit(organisation=team, by=leader, at=timezone.now(), **FOUNDED)


def test_a_code_that_belongs_to_another_unit_is_refused_with_a_sentence():
    leader, team = a_team()
    other = Organisation.objects.exclude(pk=team.pk).first() or ApplicationFactory().organisation
    with pytest.raises(Refused) as refused:
        teams.found_unit(
            organisation=team, by=leader, at=timezone.now(), **FOUNDED | {"credit_code": other.credit_code}
        )
    assert (refused.value.field, refused.value.code) == ("credit_code", "exists")
    with pytest.raises(Refused):
        teams.found_unit(organisation=team, by=leader, at=timezone.now(), **FOUNDED | {"kind": "team"})


def test_a_team_is_registered_on_its_page_and_no_unit_may_call_itself_one(client):
    person = UserFactory()
    client.force_login(person)
    page = reverse("accounts:register_team")
    assert client.get(page).status_code == 200
    client.post(page, {"name": "深蓝团队", "region": "370212", "address": ""})
    team = Organisation.objects.get(name="深蓝团队")
    assert (team.kind, team.code_shown) == ("team", "未注册的团队或个人")
    shown = client.get(reverse("accounts:unit", args=[team.pk])).content.decode()
    assert team.credit_code not in shown
    kinds = client.get(reverse("accounts:register")).context["form"].fields["kind"].choices
    assert "team" not in dict(kinds)
