"""Projects chosen in an earlier notice come into a call: by right, ahead of limits, with what was written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import UnitRole
from applications import actions, quotas
from applications.eligibility import evaluate
from applications.models import Application, RuleStatus
from applications.queries import context, right_ahead, rights
from applications.states import ApplicationState, ProjectEnd
from core.workflow import Refused
from grants import signals
from grants.models import Call, Entry, MoneyKind, MoneyRule, Quota, QuotaOf, Stage
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from tests.factories.accounts import MembershipFactory, OrganisationFactory, member_of
from tests.factories.applications import fill, in_state, submitted
from tests.factories.grants import CallFactory, ProgrammeFactory, in_order

pytestmark = pytest.mark.django_db
S = ApplicationState
STAGES = ("formal_check", "expert_review", "decision")


def earlier(score=None, grade="", call=None, state=S.AWARDED, **fields):
    """A project of the city's contest that was decided with a score and a grade."""
    contest = call or CallFactory(parts__rules=(), programme=ProgrammeFactory(slug="contest"), year=2026)
    project = in_state(state, call=contest)
    known = {"final_score": score, "granted_grade": grade, "granted_amount": Decimal(100_000)} | fields
    Application.objects.filter(pk=project.pk).update(**known)
    return Application.objects.select_related("call__programme").get(pk=project.pk)


def province(*lines, publish=True, **fields):
    """Another office's call, whose lines name the contest."""
    asked = {"parts__rules": (), "parts__stages": STAGES, "year": 2026, "has_entries": True} | fields
    call = CallFactory(draft=True, **asked)
    line = {"code": "winners", "name": "市赛获奖项目", "plan": "contest", "clause": "第三条"}
    in_order(Entry, [line | row for row in lines or [{}]], call=call)
    if publish:
        Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return Call.objects.get(pk=call.pk)


def begin(call, project, **given):
    unit, at = project.organisation, timezone.now()
    return actions.start(call=call, organisation=unit, by=project.created_by, at=at, **given)


def test_the_best_of_another_offices_notice_may_apply_with_what_they_wrote():
    first = earlier(Decimal("91.5"))
    second, third = (earlier(Decimal(score), call=first.call) for score in (88, 80))
    call = province({"best": 2, "of": "awarded"})
    application = begin(call, second)
    assert (application.follows, application.entry_code) == (second, "winners")
    assert dict(application.answers.values_list("question__code", "value")) == {
        "route": "先仿真后试制。",
        "trl": 4,
    }
    for nobody in (third, earlier(call=first.call)):
        with pytest.raises(Refused, match="市赛获奖项目") as refused:
            begin(call, nobody)
        assert (refused.value.code, refused.value.clause) == ("no_entry", "第三条")


@pytest.mark.parametrize(
    ("line", "fields", "lets_in"),
    [
        ({"grades": ["first"]}, {"grade": "first"}, True),
        ({"grades": ["first"]}, {"grade": "second"}, False),
        ({"of": "reserved"}, {"state": S.RESERVED}, True),
        ({"of": "awarded"}, {"state": S.RESERVED}, False),
        ({}, {"state": S.PUBLICITY}, False),
        ({}, {"ended": ProjectEnd.REVOKED, "ended_at": timezone.now()}, False),
        ({"years": 1}, {}, True),
        ({"title": "别的通知"}, {}, False),
        ({"plan": ""}, {}, False),
    ],
)
def test_a_line_says_which_projects_of_which_notices(line, fields, lets_in):
    project = earlier(**fields)
    year = 2027 if line.get("years") else 2026
    assert bool(rights(province(line, year=year), [project.organisation_id])) == lets_in
    assert rights(province(line, year=year), [OrganisationFactory().pk]) == []


def test_who_is_not_chosen_may_apply_where_the_line_only_lets_in_ahead_of_limits():
    project = earlier()
    call = province({"is_required": False, "beyond_quota": True}, publish=False)
    Quota.objects.create(call=call, of=QuotaOf.UNIT, number=1, order=1)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    call.refresh_from_db()
    other = submitted(call=call, organisation=project.organisation)
    assert other.entry_code == ""
    ahead = begin(call, project, outline=project)
    assert quotas.check_unit(ahead) is None
    with pytest.raises(Refused, match="已有 1 项"):
        quotas.check_unit(begin(call, project))
    # What came in ahead takes nobody's place.
    fill(ahead)
    actions.submit(application=ahead, by=ahead.created_by, at=timezone.now())
    with pytest.raises(Refused, match="已有 1 项"):
        quotas.check_unit(begin(call, project))
    with pytest.raises(Refused) as refused:
        begin(call, project, outline=project)
    assert refused.value.code == "no_entry"


def test_a_step_may_be_for_those_only_who_come_in_by_no_line():
    """获立项的培育项目直接进入决定: the notice passes the review over for them."""
    project = earlier(grade="first")
    call = province({"is_required": False}, publish=False)
    Stage.objects.filter(call=call, kind="expert_review").update(applies_when="follows.entry == ''")
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    application = begin(Call.objects.get(pk=call.pk), project, outline=project)
    known = context(application)["follows"]
    assert (known["entry"], known["plan"], known["grade"], known["amount"]) == (
        "winners",
        "contest",
        "first",
        Decimal(100_000),
    )
    fill(application)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    actions.pass_formal_check(application=application, by=None, at=timezone.now())
    application.refresh_from_db()
    assert application.state == S.DECISION


def test_whose_project_was_chosen_knows_until_when_it_may_go_on():
    project = earlier()
    call = province({"days": None})
    signals.published.send(sender=Call, call=call, by=None, at=timezone.now())
    clock = Deadline.objects.open().get(kind=DeadlineKind.SECOND_STEP, object_id=project.pk)
    assert (clock.due_at, clock.series) == (call.closes_at, call.series)
    assert clock.url.endswith(f"?outline={project.pk}")
    assert right_ahead(project).entry.call == call
    assert [
        d for d in obligations.check(at=timezone.now()) if d.obligation.kind == DeadlineKind.SECOND_STEP
    ] == []
    application = begin(call, project)
    fill(application)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    assert not Deadline.objects.open().filter(kind=DeadlineKind.SECOND_STEP).exists()


def test_a_colleague_who_is_not_of_the_team_takes_nothing_over():
    project = earlier()
    colleague = member_of(project.organisation)
    call = province()
    assert rights(call, [project.organisation_id], by=colleague) == []
    with pytest.raises(Refused) as refused:
        actions.start(call=call, organisation=project.organisation, by=colleague, at=timezone.now())
    assert refused.value.code == "no_entry"
    admin = member_of(project.organisation, UnitRole.ADMIN)
    assert [right.outline for right in rights(call, [project.organisation_id], by=admin)] == [project]


def test_people_choose_on_the_page_by_which_project_they_come_in(client):
    project = earlier()
    call = province({"is_required": False})
    client.force_login(project.created_by)
    url = reverse("applications:start", args=[call.pk])
    page = client.get(url, {"outline": project.pk}).content.decode()
    assert "凭哪个入选项目申报" in page
    assert "市赛获奖项目" in page
    other = OrganisationFactory()
    MembershipFactory(user=project.created_by, organisation=other)
    wrong = client.post(url, {"organisation": other.pk, "outline": project.pk}).content.decode()
    assert "请以它的名义申报" in wrong
    client.post(url, {"organisation": project.organisation_id, "outline": project.pk})
    assert Application.objects.get(call=call).follows == project
    stranger = member_of(OrganisationFactory())
    client.force_login(stranger)
    public = client.get(reverse("portal:call", args=[call.pk])).content.decode()
    assert f"市赛获奖项目（{project.call.programme}；立项或入库备选）" in public
    assert project.title not in client.get(url).content.decode()


def test_the_api_takes_the_chosen_project_of_ones_own_unit():
    project = earlier()
    strangers = earlier(call=project.call)
    call = province({"is_required": False})
    api = APIClient()
    api.force_authenticate(project.created_by)
    body = {"call": call.pk, "organisation": project.organisation_id}
    assert (
        api.post("/api/v1/applications/", body | {"outline": strangers.pk}, format="json").status_code == 404
    )
    found = api.post("/api/v1/applications/", body | {"outline": project.pk}, format="json")
    assert found.status_code == 201
    assert Application.objects.get(call=call).follows == project


def test_the_right_ends_some_days_after_the_choice():
    project = earlier()
    actions.enter(
        application=in_state(S.DECISION, call=project.call), state=S.RESERVED, by=None, at=timezone.now()
    )
    chosen = Application.objects.get(state=S.RESERVED)
    call = province({"days": 10})
    late = timezone.now() + timedelta(days=11)
    with pytest.raises(Refused, match="入选后须在 10 日内申报") as refused:
        actions.start(call=call, organisation=chosen.organisation, by=chosen.created_by, at=late)
    assert refused.value.code == "entry_expired"


@pytest.mark.parametrize(("asked", "status"), [(150_000, RuleStatus.PASSED), (250_000, RuleStatus.FAILED)])
def test_what_the_earlier_project_got_is_set_off(asked, status):
    """An upper limit of 300 000 元 for the whole, 100 000 of which was granted in the contest."""
    project = earlier()
    call = province({"is_required": False}, publish=False)
    clause = {"kind": MoneyKind.SHARE, "text": "扣除市赛奖金。", "clause": "第四条", "rate": 1, "order": 1}
    clause |= {"base": "300000.0 - follows.amount", "applies_when": "follows.entry != ''"}
    MoneyRule.objects.create(call=call, code="set_off", **clause)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    application = begin(Call.objects.get(pk=call.pk), project, outline=project)
    application.requested_amount = Decimal(asked)
    application.save()
    line = next(line for line in evaluate(application) if line.code == "set_off")
    assert line.status == status
