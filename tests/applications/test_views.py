"""The workspace in the portal: pages, saving, autosave, files, handing in, desks."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.roles import Role, UnitRole
from applications import actions, queries
from applications.models import Application, StampedTable, Submission
from applications.states import ApplicationState
from core.models import Event
from grants.models import Call
from notifications.models import Message
from notifications.queries import rendered
from tests.applications.workspace import open_as_author, url
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, filled, in_state, submitted
from tests.factories.grants import QUESTIONS, RULES, CallFactory, TopicFactory

pytestmark = pytest.mark.django_db

S = ApplicationState
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def patch(client, address, values, **extra):
    return client.patch(address, json.dumps({"values": values, **extra}), content_type="application/json")


# ---- start ----


def test_starting_makes_a_draft_in_the_chosen_units_name(client):
    call, unit = CallFactory(), OrganisationFactory()
    user = member_of(unit)
    MembershipFactory(user=user, organisation=OrganisationFactory())
    client.force_login(user)
    address = reverse("applications:start", args=[call.pk])
    assert client.get(address).status_code == 200
    response = client.post(address, {"organisation": unit.pk})
    application = Application.objects.get()
    assert (response.status_code, response.url) == (302, url(application, "basics"))
    assert (application.organisation, application.call) == (unit, call)
    assert "未提交的草稿" in client.get(address).content.decode()


def test_starting_too_late_says_when_it_closed(client):
    call = CallFactory(
        opens_at=timezone.now() - timedelta(days=9), closes_at=timezone.now() - timedelta(seconds=1)
    )
    unit = OrganisationFactory()
    client.force_login(member_of(unit))
    response = client.post(reverse("applications:start", args=[call.pk]), {"organisation": unit.pk})
    assert response.status_code == 422
    assert "逾期不予受理" in response.content.decode()
    assert not Application.objects.exists()


def test_a_bid_starts_from_its_topic_and_drafts_of_calls_are_not_found(client):
    topic = TopicFactory(call=CallFactory(demand=True))
    draft = CallFactory(draft=True)
    unit = OrganisationFactory()
    client.force_login(member_of(unit))
    address = f"{reverse('applications:start', args=[topic.call_id])}?topic={topic.pk}"
    assert client.post(address, {"organisation": unit.pk}).status_code == 302
    assert Application.objects.get().topic == topic
    assert client.get(reverse("applications:start", args=[draft.pk])).status_code == 404
    other = f"{reverse('applications:start', args=[topic.call_id])}?topic=999999"
    assert client.get(other).status_code == 404


def test_a_person_without_unit_is_told_so(client):
    client.force_login(UserFactory())
    page = client.get(reverse("applications:start", args=[CallFactory().pk])).content.decode()
    assert "您还没有加入任何单位" in page


# ---- pages ----


@pytest.mark.parametrize("name", ["basics", "participants", "budget", "milestones", "check", "detail"])
def test_every_page_of_the_workspace_opens(client, name):
    application = open_as_author(client, filled())
    assert client.get(url(application, name)).status_code == 200


def test_the_overview_links_each_problem_to_its_place(client):
    application = open_as_author(client, ApplicationFactory(title=""))
    page = client.get(url(application, "detail")).content.decode()
    assert f'href="{url(application, "basics")}#id_title"' in page
    assert f'href="{url(application, "section", "solution")}#question-route"' in page
    person = {"role": "member", "name": "李四", "organisation_name": "山海大学"}
    by, at = application.created_by, timezone.now()
    actions.set_participants(application=application, participants=[person], by=by, at=at)
    shown = client.get(url(application, "detail")).content.decode()
    linked = set(re.findall(r'href="(/applications/[^"]+#(?:id_|part-form)[^"]*)"', shown))
    assert f"{url(application, 'participants')}#id_participants-0-credit_code" in linked
    for address, place in (found.split("#") for found in linked):
        assert f'id="{place}"' in client.get(address).content.decode()


def test_an_unknown_section_is_not_found(client):
    application = open_as_author(client, ApplicationFactory())
    assert client.get(url(application, "section", "nothing")).status_code == 404


def test_whoever_may_only_read_is_sent_to_the_overview(client):
    application = filled()
    client.force_login(member_of(application.organisation, UnitRole.ADMIN))
    assert client.get(url(application, "basics")).url == url(application, "detail")
    response = client.post(url(application, "basics"), {"title": "改"})
    assert response.status_code == 403
    application.refresh_from_db()
    assert application.title != "改"


# ---- handing in ----


def test_checking_shows_every_line_and_handing_in_the_number(client):
    application = open_as_author(client, filled())
    page = client.get(url(application, "check")).content.decode()
    for text in ("牵头单位应在青岛市注册。", "研究内容应符合指南方向。", "申请财政资金不超过 100 万元。"):
        assert text in page
    response = client.post(url(application, "check"), follow=True)
    application.refresh_from_db()
    assert application.state == S.UNIT_REVIEW
    assert f"受理编号 {application.number}" in response.content.decode()


def test_a_second_click_shows_the_result_of_the_first(client):
    application = open_as_author(client, filled())
    assert client.post(url(application, "check")).url == url(application, "detail")
    response = client.post(url(application, "check"), follow=True)
    assert response.redirect_chain == [(url(application, "detail"), 302)]
    assert "不需要再次提交" in response.content.decode()
    assert Submission.objects.count() == 1
    assert client.get(url(application, "check")).url == url(application, "detail")


def test_an_incomplete_application_is_shown_its_problems(client):
    application = open_as_author(client, ApplicationFactory())
    response = client.post(url(application, "check"))
    assert response.status_code == 422
    assert f"{url(application, 'section', 'solution')}#question-route" in response.content.decode()


def test_too_late_is_said_with_time_and_clause(client):
    late = CallFactory(
        opens_at=timezone.now() - timedelta(days=9), closes_at=timezone.now() - timedelta(seconds=1)
    )
    moved = ApplicationFactory(call=late, created_by=UserFactory())
    client.force_login(moved.created_by)
    response = client.post(url(moved, "check"))
    page = response.content.decode()
    assert response.status_code == 422
    assert queries.local_moment(late.closes_at) in page
    assert late.number in page
    assert Application.objects.get(pk=moved.pk).state == S.DRAFT


def test_what_was_handed_in_is_shown_masked(client):
    application = open_as_author(client, submitted())
    page = client.get(url(application, "detail")).content.decode()
    assert "先仿真后试制。" in page
    assert application.participants.get().id_number not in page
    assert application.submissions.get().sha256 in page


RESULTS = {
    "code": "results",
    "kind": "table",
    "label": "相关成果",
    "config": {"columns": [{"code": "name"}, {"code": "year", "label": "年份", "kind": "number"}]},
}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_year_is_read_as_it_was_typed(client, language):
    client.cookies["django_language"] = language
    application = open_as_author(client, filled(call=CallFactory(parts__questions=(*QUESTIONS, RESULTS))))
    rows = {"a-results-0-name": ["水听器"], "a-results-0-year": ["2023"]}
    patch(client, url(application, "section", "solution"), rows, questions=["results"])
    form = client.get(url(application, "section", "solution")).content.decode()
    actions.submit(application=application, by=application.created_by, at=timezone.now())

    page = client.get(url(application, "detail")).content.decode()

    assert 'name="a-results-0-year" value="2023"' in form
    assert "<td>2023</td>" in page


def test_an_english_reader_reads_clauses_and_headings_of_the_budget_in_english(client):
    client.cookies["django_language"] = "en"
    rule = {**RULES[0], "text_en": "The lead is registered in Qingdao."}
    call = CallFactory(draft=True, parts__rules=(rule,))
    call.budget_categories.update(name_en="Equipment")
    call.funding_sources.update(name_en="Public money")
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    application = open_as_author(client, filled(call=Call.objects.get(pk=call.pk)))

    budget = client.get(url(application, "budget")).content.decode()
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    page = client.get(url(application, "detail")).content.decode()

    assert "Equipment · Public money" in budget
    assert "设备费" not in budget
    assert "The lead is registered in Qingdao." in page


def test_a_returned_application_shows_why(client):
    application = open_as_author(client, submitted())
    actions.unit_return(
        application=application, reason="缺少签章", items=["附件一"], by=None, at=timezone.now()
    )
    page = client.get(url(application, "detail")).content.decode()
    assert "缺少签章" in page
    assert "附件一" in page
    assert client.get(url(application, "basics")).status_code == 200


def test_the_preview_is_a_pdf_marked_as_a_draft(client):
    application = open_as_author(client, ApplicationFactory(title=""))
    response = client.get(url(application, "preview"))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")


def test_applicants_read_nothing_of_the_bureaus_deliberation(client):
    application = open_as_author(client, in_state(S.FORMAL_CHECK))
    application.rule_results.update(status="passed")
    actions.pass_formal_check(application=application, by=None, at=timezone.now(), note="内部意见甲")
    actions.advance(application=application, by=None, at=timezone.now(), note="内部意见乙")
    assert application.state == S.DECISION
    page = client.get(url(application, "detail")).content.decode()
    assert "评审中" in page
    assert "内部意见" not in page
    assert "待决定" not in page
    assert "立项决定" not in page


# ---- withdrawing, team ----


def test_withdrawing(client):
    application = open_as_author(client, submitted())
    client.post(url(application, "withdraw"), {"reason": ""})
    application.refresh_from_db()
    assert application.state == S.UNIT_REVIEW
    client.post(url(application, "withdraw"), {"reason": "合作方退出"})
    application.refresh_from_db()
    assert application.state == S.WITHDRAWN


def test_colleagues_are_added_and_removed(client):
    application = open_as_author(client, ApplicationFactory())
    colleague = member_of(application.organisation)
    client.post(url(application, "team"), {"user": colleague.pk})
    assert application.team.count() == 2
    client.post(url(application, "team"), {"user": colleague.pk, "do": "remove"})
    assert application.team.count() == 1
    assert client.post(url(application, "team"), {"user": UserFactory().pk}).status_code == 404
    assert client.post(url(application, "team"), {"user": "x"}).status_code == 404


# ---- lists and desks ----


def test_my_list_filters_and_searches(client):
    open_as_author(client, ApplicationFactory(title="水听器"))
    ApplicationFactory(title="别人的")
    address = reverse("applications:list")
    assert "水听器" in client.get(address).content.decode()
    assert "别人的" not in client.get(address).content.decode()
    assert "水听器" in client.get(address, {"q": "听器", "state": "draft"}).content.decode()
    assert "水听器" not in client.get(address, {"state": "awarded"}).content.decode()
    assert client.get(address, {"state": "nonsense", "cursor": "broken"}).status_code == 200
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<section id="results"')


@pytest.mark.parametrize("number", [1, 30])
def test_lists_cost_the_same_whatever_they_hold(client, number, django_assert_num_queries):
    call, unit = CallFactory(recommender_table_days=0), OrganisationFactory(region="370212")
    admin = member_of(unit, UnitRole.ADMIN)
    for _n in range(number):
        ApplicationFactory(call=call, organisation=unit)
    Application.objects.update(state=S.RECOMMENDATION, submitted_at=timezone.now(), submitted_by=admin)
    client.force_login(admin)
    client.get(reverse("applications:list"))
    with django_assert_num_queries(8):
        page = client.get(reverse("applications:list")).content.decode()
    assert page.count("<h3>") == min(number, 20)
    bureau = {"organisation": OrganisationFactory(), "region": "370212"}
    StampedTable.objects.create(call=call, series=call.series, of="recommender", **bureau)
    client.force_login(officer(Role.RECOMMENDER, **bureau))
    client.get(reverse("applications:recommendations"))
    with django_assert_num_queries(15):
        page = client.get(reverse("applications:recommendations")).content.decode()
    assert page.count("<h3>") == min(number, 20) + 1


def test_the_unit_administrator_approves_or_returns(client):
    call = CallFactory()
    first = submitted(call=call)
    second = submitted(call=call, organisation=first.organisation)
    client.force_login(member_of(first.organisation, UnitRole.ADMIN))
    desk = client.get(reverse("applications:unit_reviews")).content.decode()
    assert first.title in desk
    table = reverse("applications:unit_table", args=[call.pk, first.organisation_id, "xlsx"])
    assert table in desk
    book = load_workbook(io.BytesIO(client.get(table).content))
    rows = list(book["单位申报汇总表"].values)
    assert [(row[0], row[1]) for row in rows[1:]] == [(1, first.number), (2, second.number)]
    assert rows[1][rows[0].index("项目负责人")] == "周海声"
    assert ("申请财政资金合计（大写）", "壹佰万元整") in list(book["合计"].values)
    assert client.get(table.replace("xlsx", "pdf")).content.startswith(b"%PDF")
    assert client.get(table.replace("xlsx", "csv")).status_code == 404
    other = reverse("applications:unit_table", args=[CallFactory().pk, first.organisation_id, "pdf"])
    assert client.get(other).status_code == 302
    assert client.get(url(first, "unit_review")).status_code == 200
    assert client.post(url(first, "unit_review"), {"do": "approve"}).status_code == 302
    response = client.post(url(second, "unit_review"), {"do": "return", "text": ""})
    assert response.status_code == 422
    assert "请写明理由" in response.content.decode()
    sent = {"do": "return", "text": "补\0章", "remark-route": "\0写全"}
    assert client.post(url(second, "unit_review"), sent).status_code == 302
    assert client.post(url(second, "unit_review"), {"do": "explode"}).status_code == 404
    states = [Application.objects.get(pk=application.pk).state for application in (first, second)]
    assert states == [S.RECOMMENDATION, S.RETURNED]


def test_a_remark_beside_a_question_leads_the_team_to_it(client):
    application = submitted()
    client.force_login(member_of(application.organisation, UnitRole.ADMIN))
    given = {"do": "return", "text": "", "remark-route": "请补充对比试验。", "remark-nonsense": "x"}
    refused = client.post(url(application, "unit_review"), given).content.decode()
    assert "请补充对比试验。</textarea>" in refused
    client.post(url(application, "unit_review"), given | {"text": "请修改后再报。"})
    open_as_author(client, application)
    page = client.get(url(application, "detail")).content.decode()
    route = application.call.questions.get(code="route")
    place = url(application, "section", route.section.code)
    assert f'href="{place}#question-route">{route.label}：请补充对比试验。</a>' in " ".join(page.split())
    assert Event.objects.get(to_state=S.RETURNED).data["items"] == [
        {"question": "route", "text": f"{route.label}：请补充对比试验。"}
    ]
    told = Message.objects.get(template="applications/returned", recipient=application.created_by)
    assert f"- {route.label}：请补充对比试验。" in rendered(told)[1]


def test_a_member_has_no_unit_desk(client):
    application = open_as_author(client, submitted())
    assert client.get(reverse("applications:unit_reviews")).status_code == 404
    table = reverse("applications:unit_table", args=[application.call_id, application.organisation_id, "pdf"])
    assert client.get(table).status_code == 404
    assert client.get(url(application, "unit_review")).status_code == 404
    assert client.get(reverse("applications:recommendations")).status_code == 404


@pytest.mark.parametrize(
    ("do", "state"), [("recommend", S.FORMAL_CHECK), ("return", S.RETURNED), ("reject", S.REJECTED)]
)
def test_the_recommender_handles_its_own_region(client, do, state):
    application = submitted(organisation__region="370212")
    actions.unit_approve(application=application, by=None, at=timezone.now())
    address = url(application, "recommendation")
    client.force_login(officer(Role.RECOMMENDER, OrganisationFactory(), region="370203"))
    assert client.post(address, {"do": do, "text": "意见"}).status_code == 404
    client.force_login(officer(Role.RECOMMENDER, OrganisationFactory(), region="370212"))
    assert application.title in client.get(reverse("applications:recommendations")).content.decode()
    response = client.post(address, {"do": do, "text": " "})
    assert response.status_code == 422
    assert client.post(address, {"do": do, "text": "意见"}).status_code == 302
    application.refresh_from_db()
    assert application.state == state


def test_a_recommender_who_comes_second_keeps_the_text(client):
    application = submitted(organisation__region="370212")
    actions.unit_approve(application=application, by=None, at=timezone.now())
    client.force_login(officer(Role.RECOMMENDER, OrganisationFactory(), region="3702"))
    Application.objects.filter(pk=application.pk).update(state=S.FORMAL_CHECK)
    response = client.post(url(application, "recommendation"), {"do": "recommend", "text": "写了很久的意见"})
    assert response.status_code == 422
    assert "不在“推荐审核”环节" in response.content.decode()


def test_the_filter_does_not_tell_the_bureaus_stages_apart(client):
    application = open_as_author(client, in_state(S.DECISION))
    page = client.get(reverse("applications:list"), {"state": "expert_review"}).content.decode()
    assert application.title in page
    assert page.count(">评审中<") == 2
    assert "待决定" not in page
    assert 'value="decision"' not in page
