"""The admin's first page and navigation, role by role."""

from decimal import Decimal

import pytest
from django.urls import resolve
from django.utils import timezone

from accounts.roles import STAFF_ROLES, Role
from applications.states import ApplicationState
from finance.models import Appropriation
from notifications.actions import Owes
from portal import desk
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.grants import CallFactory
from tests.factories.notifications import open_deadline
from tests.factories.reviews import ApplicationFactory

pytestmark = pytest.mark.django_db


def headings(client) -> list[str]:
    return [group["title"] for group in client.get("/admin/").context["sidebar_navigation"] if group["title"]]


def test_an_expert_sees_the_own_desk_alone(client):
    client.force_login(officer(Role.EXPERT))
    assert headings(client) == ["评审专家"]


def test_a_manager_sees_the_work_in_its_order(client):
    client.force_login(officer(organisation=OrganisationFactory()))
    assert headings(client) == [
        "计划与通知",
        "需求与申报",
        "专家与评审",
        "立项与公示",
        "里程碑",
        "备案平台",
        "经费",
        "期限与消息",
        "单位与人员",
    ]


@pytest.mark.parametrize(("query", "marked"), [("", "申报书"), ("?state=formal_check", "形式审查")])
def test_one_place_of_the_navigation_is_marked(client, query, marked):
    client.force_login(officer(organisation=OrganisationFactory()))
    page = client.get(f"/admin/applications/application/{query}")
    items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    assert [item["title"] for item in items if item["active"]] == [marked]


def test_an_experts_desk_is_nobody_elses(client):
    client.force_login(officer(Role.LEADER))
    assert "评审专家" not in headings(client)


def test_finance_sees_money_and_deadlines(client):
    client.force_login(officer(Role.FINANCE))
    assert headings(client) == ["经费", "期限与消息"]


def test_every_link_of_the_navigation_opens_for_every_role(client):
    """The first who has a link opens its page; of the others the page's own check is asked."""
    opened = set()
    for role in sorted(STAFF_ROLES):
        client.force_login(officer(role, organisation=OrganisationFactory()))
        desk_page = client.get("/admin/")
        groups = desk_page.context["sidebar_navigation"]
        for link in (item["link"] for group in groups for item in group["items"]):
            admin = getattr(resolve(link.partition("?")[0]).func, "model_admin", None)
            if admin and link in opened:
                assert admin.has_view_or_change_permission(desk_page.wsgi_request), (role, link)
            else:
                assert client.get(link).status_code == 200, (role, link)
                opened.add(link)


def test_an_applicant_does_not_get_in(client):
    client.force_login(officer(Role.RECOMMENDER, region="3702"))
    assert client.get("/admin/").status_code == 302


def test_the_desk_shows_what_is_owed_and_what_is_late_in_the_department(client):
    call = CallFactory()
    department = call.programme.department
    user, other = officer(organisation=department), officer(organisation=OrganisationFactory())
    owed_by = [Owes(organisation=department, role=Role.PROGRAMME_MANAGER)]
    open_deadline(at=timezone.now(), department=department, owed_by=owed_by, title="形式审查一件")
    late = {"at": timezone.now(), "due_in": -timezone.timedelta(days=2)}
    open_deadline(department=department, owed_by=[Owes(user=officer())], title="迟交的报告", **late)
    client.force_login(user)
    page = client.get("/admin/")
    assert [deadline.title for deadline in page.context["owed"]] == ["形式审查一件"]
    assert [deadline.title for deadline in page.context["late"]] == ["迟交的报告"]
    client.force_login(other)
    page = client.get("/admin/")
    assert [page.context["owed"], page.context["late"], page.context["funnels"]] == [[], [], []]


def test_a_call_is_counted_stage_by_stage():
    call = CallFactory()
    for state in ("draft", "withdrawn", "formal_check", "decision", "publicity", "awarded"):
        ApplicationFactory(call=call, reached=ApplicationState(state))
    user = officer(organisation=call.programme.department)
    (funnel,) = desk.funnels(user, at=timezone.now())
    assert [step["text"] for step in funnel.steps] == ["4", "3", "2", "1"]
    assert [step["share"] for step in funnel.steps] == [1, 0.75, 0.5, 0.25]


def test_money_is_shown_against_what_is_appropriated():
    call = CallFactory()
    year = timezone.localdate().year
    Appropriation.objects.create(programme=call.programme, year=year, amount=Decimal(10_000_000))
    Appropriation.objects.create(programme=call.programme, year=year - 1, amount=Decimal(1))
    (plan,) = desk.money(officer(organisation=call.programme.department), year=year)
    assert (plan["programme"], plan["amount"]) == (call.programme, Decimal(10_000_000))
    assert [bar["share"] for bar in plan["bars"]] == [0, 0]
    assert desk.money(officer(organisation=OrganisationFactory()), year=year) == []


@pytest.mark.parametrize("rows", [1, 30])
def test_the_desk_costs_the_same_whatever_there_is(client, django_assert_num_queries, rows):
    department = OrganisationFactory()
    user = officer(organisation=department)
    for _ in range(rows):
        call = CallFactory(programme__department=department, parts__rules=(), parts__questions=())
        ApplicationFactory(call=call)
        Appropriation.objects.create(
            programme=call.programme, year=timezone.localdate().year, amount=Decimal(1_000_000)
        )
        open_deadline(at=timezone.now(), department=department, owed_by=[Owes(user=user)])
    client.force_login(user)
    client.get("/admin/")
    with django_assert_num_queries(11):
        client.get("/admin/")


def test_a_demonstration_is_labelled_and_an_installation_is_not(client, settings, rf):
    settings.DEMO = True
    assert desk.environment(rf.get("/"))[1] == "warning"
    settings.DEMO = False
    assert desk.environment(rf.get("/")) is None
