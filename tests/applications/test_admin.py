"""The formal-check desk in the admin."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.roles import Role
from applications import actions, tasks
from applications.models import Application, RuleResult
from core.models import Event
from grants.models import Call, EligibilityRule
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

LIST = "admin:applications_application_changelist"


@pytest.fixture
def application():
    return submitted(call=CallFactory(parts__stages=("formal_check", "expert_review", "decision")))


@pytest.fixture
def manager(application, client):
    user = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    client.force_login(user)
    return user


def page_of(application):
    return reverse("admin:applications_application_change", args=[application.pk])


def press(client, application, name, data=None):
    address = reverse(f"admin:applications_application_{name}", args=[application.pk])
    return client.post(address, data or {})


def rows_of(response) -> list[dict]:
    head, *rows = load_workbook(BytesIO(response.content)).active.values
    return [dict(zip(head, row, strict=True)) for row in rows if any(row)]


def marks(application, do="save", **marked):
    """The desk's form data: code → (status, note)."""
    data = {"do": do}
    for line in application.rule_results.select_related("rule"):
        status, note = marked.get(line.rule.code, (line.officer_status, line.officer_note))
        data |= {f"line-{line.pk}-status": status, f"line-{line.pk}-note": note}
    return data


def test_the_page_shows_content_lines_and_the_pdf(client, application, manager):
    tasks.make_missing_snapshots()
    page = client.get(page_of(application)).content.decode()
    for text in (
        "先仿真后试制。",
        "研究内容应符合指南方向。",
        "牵头单位所在",
        f"{application.number}-第1版.pdf",
    ):
        assert (text in page) is (text != "牵头单位所在")
    assert application.participants.get().id_number not in page
    assert 'name="title"' not in page


def test_each_mark_is_recorded_with_its_officer(client, application, manager):
    response = client.post(page_of(application), marks(application, P1=("failed", "方向不符")))
    assert response.status_code == 302
    line = application.rule_results.get(rule__code="P1")
    assert (line.officer_status, line.officer_note, line.officer) == ("failed", "方向不符", manager)
    response = client.post(page_of(application), marks(application, P1=("failed", "")))
    assert response.status_code == 422
    assert "认定不符合时须写明理由。" in response.content.decode()
    line.refresh_from_db()
    assert line.officer_note == "方向不符"
    again = client.post(page_of(application), marks(application, P1=("failed", "方向不符")), follow=True)
    assert [str(said) for said in again.context["messages"]] == ["没有改动：没有新的审查结论可以记录。"]


def test_passing_needs_every_line(client, application, manager):
    response = press(client, application, "pass_check")
    assert response.status_code == 422
    assert "“研究内容应符合指南方向。”（第五条）还没有审查结论。" in response.content.decode()
    client.post(page_of(application), marks(application, P1=("passed", "")))
    assert press(client, application, "pass_check").status_code == 302
    application.refresh_from_db()
    assert application.state == "expert_review"
    assert press(client, application, "pass_check").status_code == 403


def test_returning_for_supplement_with_a_date(client, application, manager):
    due = timezone.localdate() + timedelta(days=10)
    data = {"reason": "缺合同", "items": "合同\n\n附件", "due_date": due.isoformat()}
    assert press(client, application, "give_back", {"reason": ""}).status_code == 422
    assert press(client, application, "give_back", data).status_code == 302
    application.refresh_from_db()
    assert application.state == "returned"
    deadline = Deadline.objects.open().get(object_id=application.pk, kind="supplement")
    assert timezone.localtime(deadline.due_at).date() == due


def test_turning_down_with_a_reason(client, application, manager):
    assert press(client, application, "turn_down", {"reason": "超范围"}).status_code == 422
    data = {"reason": "超范围", "clause": "第三条"}
    assert press(client, application, "turn_down", data).status_code == 302
    application.refresh_from_db()
    assert application.state == "rejected"
    assert Event.objects.about(application).last().note == "超范围（第三条）"


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.FINANCE])
def test_others_of_the_bureau_read_only(client, application, role):
    client.force_login(officer(role))
    page = client.get(page_of(application))
    assert page.status_code == 200
    assert 'type="radio"' not in page.content.decode()
    assert press(client, application, "turn_down", {"reason": "x"}).status_code == 403
    assert client.post(page_of(application), marks(application, P1=("passed", ""))).status_code == 403
    assert application.rule_results.get(rule__code="P1").officer_status == ""


def test_another_departments_manager_finds_nothing(client, application):
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    # The admin answers a page that is not there by the list, as it does everywhere.
    assert client.get(page_of(application)).status_code in (302, 404)
    assert application.title not in client.get(reverse(LIST)).content.decode()
    assert press(client, application, "turn_down", {"reason": "x"}).status_code == 404


def test_drafts_do_not_appear_and_overdue_ones_are_found(client, application, manager):
    draft = ApplicationFactory(call=application.call, title="还在填写")
    page = client.get(reverse(LIST)).content.decode()
    assert application.title in page
    assert draft.title not in page
    assert application.title not in client.get(reverse(LIST), {"overdue": "yes"}).content.decode()
    Deadline.objects.filter(object_id=application.pk).update(due_at=timezone.now() - timedelta(days=1))
    page = client.get(reverse(LIST), {"overdue": "yes"}).content.decode()
    assert application.title in page
    assert "已逾期" in page


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_costs_the_same_whatever_it_holds(
    client, application, manager, number, django_assert_num_queries
):
    for _n in range(number - 1):
        ApplicationFactory(call=application.call, organisation=application.organisation)
    Application.objects.update(
        state="formal_check", submitted_at=timezone.now(), submitted_by=application.created_by
    )
    client.get(reverse(LIST))
    with django_assert_num_queries(7):
        page = client.get(reverse(LIST), {"state": "formal_check"})
    # The same rows as a workbook, and none of others.
    address = reverse("admin:applications_application_export")
    assert f'href="{address}?state=formal_check"' in page.content.decode()
    with django_assert_num_queries(8):
        book = client.get(address, {"state": "formal_check"})
    assert len(rows_of(book)) == number
    (first,) = (row for row in rows_of(book) if row["受理编号"])
    assert (first["项目名称"], first["状态"]) == (application.title, "形式审查")
    assert (first["不符合（条）"], first["待审查（条）"]) == (0, 1)
    assert rows_of(client.get(address, {"state": "awarded"})) == []
    assert client.get(address, {"nonsense": "1"}).status_code == 302
    client.force_login(officer())
    assert rows_of(client.get(address)) == []
    client.force_login(application.created_by)
    assert client.get(address).status_code == 302


# ---- beside the document ----


def test_each_line_leads_to_the_answers_it_read(client, application, manager):
    page = client.get(page_of(application))
    places = {line.result.rule.code: line.places for line in page.context["lines"]}
    text = page.content.decode()
    assert all(places.values())
    for found in places.values():
        for _words, anchor in found:
            assert f'id="{anchor}"' in text
            assert f'href="#{anchor}"' in text


def test_saving_and_passing_goes_on_to_the_next_of_the_queue(client, application, manager):
    other = ApplicationFactory(call=application.call)
    Application.objects.filter(pk=application.pk).update(state="formal_check")
    at = timezone.now()
    Application.objects.filter(pk=other.pk).update(
        state="formal_check", submitted_at=at, submitted_by=other.created_by, version=1
    )
    response = client.get(page_of(other))
    assert (response.context["before"], response.context["after"]) == (None, application.pk)
    assert client.post(page_of(other), {"do": "pass"})["Location"] == page_of(application)
    blocked = client.post(page_of(application), marks(application, do="pass"), follow=True)
    assert "“研究内容应符合指南方向。”（第五条）还没有审查结论。" in blocked.content.decode()
    done = client.post(page_of(application), marks(application, do="pass", P1=("passed", "")))
    assert done["Location"] == f"{reverse(LIST)}?state=formal_check"
    assert set(Application.objects.values_list("state", flat=True)) == {"expert_review"}


def test_after_a_supplement_the_officer_reads_what_changed_and_why_it_was_returned(
    client, application, manager
):
    by, at = application.created_by, timezone.now()
    actions.return_for_supplement(
        application=application, reason="写明海域", items=["海域"], by=manager, at=at
    )
    actions.save_answers(application=application, answers={"route": "先仿真后海试。"}, by=by, at=at)
    actions.submit(application=application, by=by, at=at)
    page = client.get(page_of(application)).content.decode()
    assert "与第 1 版的不同" in page
    assert "写明海域" in page
    # Sent back again, the second version still stands beside what it answered.
    actions.return_for_supplement(
        application=application, reason="再写", items=[], by=manager, at=timezone.now()
    )
    returned = client.get(page_of(application)).context["returned"]
    assert [event.note for event in returned] == ["写明海域"]
    assert "<ins>海</ins>" in page


def test_what_was_typed_beside_a_fault_is_kept(client, application, manager):
    page = client.post(page_of(application), marks(application, P1=("", "方向不符")))
    assert page.status_code == 422
    assert "写了说明的，请同时选择审查结论。" in page.content.decode()
    assert "方向不符" in page.content.decode()
    assert application.rule_results.get(rule__code="P1").officer_note == ""


@pytest.mark.parametrize("number", [1, 30])
def test_the_desk_costs_the_same_however_many_lines(
    client, application, manager, number, django_assert_num_queries
):
    first = application.rule_results.select_related("rule").first()
    rules = [EligibilityRule.objects.get(pk=first.rule_id) for _n in range(number - 1)]
    for n, rule in enumerate(rules):
        rule.pk, rule.code = None, f"X{n}"
    Call.objects.filter(pk=application.call_id).update(state="draft", published_at=None)
    EligibilityRule.objects.bulk_create(rules)
    RuleResult.objects.bulk_create(
        RuleResult(application=application, rule=rule, status="passed", checked_at=first.checked_at)
        for rule in rules
    )
    client.get(page_of(application))
    with django_assert_num_queries(26):
        client.get(page_of(application))
