"""The call on the desk: its list, its overview, its parts, and who may write where."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from core.models import Event
from desk.parts import PARTS
from equity.models import EquityTerms, PayeeTemplate, TriggerTemplate
from grants.models import Call, Contact, Question, Section, Stage
from grants.states import CallState
from milestones.models import AcceptanceGrade, AcceptanceScheme, MilestoneTemplate
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


@pytest.fixture
def draft():
    return CallFactory(draft=True)


@pytest.fixture
def manager(client, draft):
    user = officer(Role.PROGRAMME_MANAGER, draft.programme.department)
    client.force_login(user)
    return user


def rows(prefix, *items, initial=0):
    """Form data of a formset."""
    data = {f"{prefix}-TOTAL_FORMS": len(items), f"{prefix}-INITIAL_FORMS": initial}
    for number, item in enumerate(items):
        data |= {f"{prefix}-{number}-{name}": value for name, value in item.items()}
    return data


def sentences(response):
    return [str(message) for message in response.context["messages"]]


# ---- who ----


def test_the_overview_shows_every_part_and_what_is_missing(client, manager, draft):
    Call.objects.filter(pk=draft.pk).update(notice="")
    body = client.get(at("change", draft.pk)).content.decode()
    assert "通知正文是空的。" in body
    for part in PARTS:
        assert (at("part", draft.pk, part.name) in body) is (part.name != "demands")


@pytest.mark.parametrize("part", [part.name for part in PARTS if part.name != "demands"])
def test_each_part_opens_for_a_draft_and_for_a_published_call(client, manager, draft, part):
    assert client.get(at("part", draft.pk, part)).status_code == 200
    published = CallFactory(programme=draft.programme)
    page = client.get(at("part", published.pk, part))
    assert page.status_code == 200
    assert page.context["can_edit"] is (part == "contacts")


def test_a_part_that_this_way_of_calling_does_not_use_is_not_there(client, manager, draft):
    assert client.get(at("part", draft.pk, "demands")).status_code == 404
    assert client.get(at("part", draft.pk, "nonsense")).status_code == 404


def test_a_manager_of_another_department_neither_sees_a_draft_nor_writes_a_published_call(client, draft):
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    for name in ("change", "preview", "publish", "export", "copy"):
        assert client.get(at(name, draft.pk)).status_code == 404
    assert client.get(at("part", draft.pk, "stages")).status_code == 404
    published = CallFactory()
    assert client.get(at("change", published.pk)).status_code == 200
    assert client.post(at("part", published.pk, "contacts"), {}).status_code == 403
    assert client.post(at("publish", published.pk)).status_code == 403
    assert client.post(at("copy", published.pk)).status_code == 403
    assert client.post(at("close", published.pk)).status_code == 403


def test_an_auditor_reads_and_writes_nothing(client, draft):
    client.force_login(officer(Role.AUDITOR))
    assert client.get(at("change", draft.pk)).status_code == 200
    for part in ("basics", "stages", "form", "rules", "contacts"):
        assert client.get(at("part", draft.pk, part)).status_code == 200
        assert client.post(at("part", draft.pk, part), {}).status_code == 403
    assert client.get(at("add")).status_code == 403
    assert client.get(at("import")).status_code == 403


def test_a_published_call_is_read_only(client, manager, draft):
    call = CallFactory(programme=draft.programme)
    stages = list(call.stages.values_list("pk", "kind"))
    assert client.post(at("part", call.pk, "stages"), rows("stages")).status_code == 403
    assert client.post(at("part", call.pk, "basics"), {"title": "x"}).status_code == 403
    section, question, rule = call.sections.first(), call.questions.first(), call.rules.first()
    for address in (
        at("section", call.pk, section.pk),
        at("question", call.pk, question.pk),
        at("rule", call.pk, rule.pk),
        at("form_row", call.pk, "question", question.pk, "delete"),
        at("rule_row", call.pk, "rules", rule.pk, "delete"),
    ):
        assert client.post(address, {}).status_code == 403
    assert list(call.stages.values_list("pk", "kind")) == stages


# ---- rows ----


CLOCKS = {
    "publicity_days": 5,
    "publicity_day_kind": "working",
    "signing_days": 30,
    "signing_runs_from": "application",
    "appeal_days": 21,
    "appeal_day_kind": "calendar",
    "appeal_decision_days": 10,
    "scan_day_kind": "working",
    "table_day_kind": "working",
    "recommender_table_day_kind": "working",
    "paper_day_kind": "working",
    "paper_sender": "applicant",
    "paper_after": "closing",
    "extension_notice_months": 3,
    "extension_times": 1,
    "extension_months": 12,
    "extension_unit_days": 5,
    "extension_decision_days": 10,
    "termination_decision_days": 10,
    "termination_settlement_days": 20,
}
"""What the page of the steps sends of the clocks beside them."""


def test_stages_are_reordered_added_and_dropped_in_one_save(client, manager, draft):
    Stage.objects.filter(call=draft).delete()
    first = Stage.objects.create(call=draft, order=1, kind="formal_check", days=5)
    gone = Stage.objects.create(call=draft, order=2, kind="site_visit", days=5)
    last = Stage.objects.create(call=draft, order=3, kind="decision", days=5)
    common = {"days": 3, "day_kind": "working", "clause": "", "instruction": ""}
    data = rows(
        "stages",
        {"id": first.pk, "kind": "formal_check", "ORDER": 2, **common},
        {"id": gone.pk, "kind": "site_visit", "ORDER": 9, "DELETE": "on", **common},
        {"id": last.pk, "kind": "decision", "ORDER": 3, "recommended_by": "chosen", **common},
        {"id": "", "kind": "recommendation", "ORDER": 1, "recommended_by": "chosen", **common},
        initial=3,
    )
    clocks = data | CLOCKS | rows("paper_kinds")
    response = client.post(
        at("part", draft.pk, "stages"),
        clocks | {"stages-0-applies_when": "true", "stages-2-applies_when": "size > 1"},
    )
    faults = [form.errors.get("applies_when") for form in response.context["page"].blocks[0].forms]
    assert faults[0] == ["“形式审查”对每份申报都办理，不能写适用条件。"]
    assert "size" in faults[2][0]
    response = client.post(at("part", draft.pk, "stages"), clocks | {"do": "stay"})
    assert response.status_code == 302, response.context["page"].blocks[0].errors
    stages = draft.stages.order_by("order").values_list("order", "kind", "recommended_by")
    assert list(stages) == [
        (1, "recommendation", "chosen"),
        (2, "formal_check", "region"),
        (3, "decision", "region"),
    ]
    event = Event.objects.filter(verb="edited").get()
    assert (event.by, event.note, event.data) == (manager, "环节与期限", {"part": "stages"})


def test_the_same_stage_twice_is_refused_in_words_and_nothing_changes(client, manager, draft):
    before = list(draft.stages.values_list("order", "kind"))
    common = {"days": 3, "day_kind": "working"}
    data = rows("stages", {"kind": "decision", **common}, {"kind": "decision", **common})
    response = client.post(at("part", draft.pk, "stages"), data | CLOCKS)
    assert response.status_code == 422
    assert "与第 1 行重复。" in response.content.decode()
    assert list(draft.stages.values_list("order", "kind")) == before


def test_contacts_stay_editable_after_publication(client, manager, draft):
    call = CallFactory(programme=draft.programme)
    data = rows("contacts", {"kind": "policy", "name": "高新处", "phone": "0532-1", "email": "", "ORDER": 1})
    assert client.post(at("part", call.pk, "contacts"), data).status_code == 302
    assert list(Contact.objects.filter(call=call).values_list("name", "phone")) == [("高新处", "0532-1")]


def test_codes_left_out_are_given(client, manager, draft):
    draft.budget_categories.all().delete()
    draft.funding_sources.all().delete()
    data = {"cap": "100", "own_per_fiscal": "1"}
    data |= rows(
        "categories", {"name": "设备费", "ORDER": 1}, {"name": "业务费", "ORDER": 2, "code": "category1"}
    )
    data |= rows("sources", {"name": "财政资金", "is_fiscal": "on", "ORDER": 1}, {"name": "自筹", "ORDER": 2})
    data |= rows("grades", {"name": "一等奖", "amount": "50", "number": "1", "ORDER": 1})
    response = client.post(at("part", draft.pk, "money"), data)
    assert response.status_code == 302
    assert list(draft.grades.values_list("name", "code", "amount")) == [("一等奖", "g1", 500_000)]
    assert list(draft.budget_categories.values_list("name", "code")) == [
        ("设备费", "category2"),
        ("业务费", "category1"),
    ]
    draft.refresh_from_db()
    assert draft.cap == 1_000_000


def test_a_save_never_touches_what_stands_on_another_page(client, manager, draft):
    data = {"notice": "第一条 新的正文。"}
    Call.objects.filter(pk=draft.pk).update(title="别人刚改的标题")
    assert client.post(at("part", draft.pk, "notice"), data).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.notice) == ("别人刚改的标题", "第一条 新的正文。")


def test_a_wrong_time_keeps_what_was_typed(client, manager, draft):
    data = {
        "title": "新的标题",
        "programme": draft.programme_id,
        "year": 2026,
        "sourcing": "window",
        "instrument": "grant",
        "opens_at": "2026-03-02T09:00",
        "closes_at": "2026-03-01T09:00",
    }
    response = client.post(at("part", draft.pk, "basics"), data | rows("bodies"))
    assert response.status_code == 422
    body = response.content.decode()
    assert "截止时间应晚于开始时间。" in body
    assert "新的标题" in body
    draft.refresh_from_db()
    assert draft.title != "新的标题"


# ---- the form ----


def test_the_order_of_the_form_is_saved_as_it_stands(client, manager, draft):
    first = draft.sections.get()
    second = Section.objects.create(call=draft, code="more", title="其他", order=2)
    codes = {question.code: question for question in draft.questions.all()}
    items = [
        f"s:{second.pk}",
        f"q:{codes['plan'].pk}",
        f"s:{first.pk}",
        f"q:{codes['trl'].pk}",
        f"q:{codes['route'].pk}",
    ]
    client.post(at("part", draft.pk, "form"), {"do": "order", "item": items})
    found = Question.objects.filter(call=draft).order_by("section__order", "order")
    assert list(found.values_list("section__code", "code")) == [
        ("more", "plan"),
        ("solution", "trl"),
        ("solution", "route"),
    ]


def test_an_order_that_forgets_a_question_changes_nothing(client, manager, draft):
    before = list(draft.questions.values_list("code", "order"))
    section = draft.sections.get()
    response = client.post(
        at("part", draft.pk, "form"), {"do": "order", "item": [f"s:{section.pk}"]}, follow=True
    )
    assert sentences(response) == ["别人刚刚改了申报表，请核对后再调整顺序。"]
    assert list(draft.questions.values_list("code", "order")) == before


def test_questions_and_sections_are_copied_and_dropped(client, manager, draft):
    question = draft.questions.get(code="trl")
    client.post(at("form_row", draft.pk, "question", question.pk, "copy"))
    assert list(draft.questions.values_list("code", "order")) == [
        ("route", 1),
        ("trl", 2),
        ("trl_1", 3),
        ("plan", 4),
    ]
    client.post(at("form_row", draft.pk, "section", draft.sections.get().pk, "copy"))
    assert [section.questions.count() for section in draft.sections.order_by("order")] == [4, 4]
    client.post(at("form_row", draft.pk, "section", draft.sections.first().pk, "delete"))
    assert draft.questions.count() == 4
    assert client.get(at("form_row", draft.pk, "question", 1, "delete")).status_code == 403


# ---- lists ----


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_the_same_queries_for_one_and_thirty(client, draft, count, django_assert_num_queries):
    user = officer(Role.PROGRAMME_MANAGER, draft.programme.department)
    client.force_login(user)
    for number in range(count):
        CallFactory(programme=draft.programme, title=f"通知{number}")
    client.get(at("changelist"))
    with django_assert_num_queries(8):
        assert client.get(at("changelist")).status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_the_overview_takes_the_same_queries_for_any_size(
    client, manager, draft, count, django_assert_num_queries
):
    section = draft.sections.get()
    for number in range(count):
        Question.objects.create(
            call=draft,
            section=section,
            code=f"x{number}",
            kind="line",
            label=f"题{number}",
            order=10 + number,
        )
        Contact.objects.create(call=draft, kind="policy", name=f"处{number}", phone="1", order=number)
    client.get(at("change", draft.pk))
    with django_assert_num_queries(45):
        assert client.get(at("change", draft.pk)).status_code == 200


@pytest.mark.parametrize("part", ["stages", "form", "rules", "money", "types", "access", "contacts"])
def test_a_part_takes_the_same_queries_for_any_size(
    client, manager, draft, part, django_assert_max_num_queries
):
    assert draft.state == CallState.DRAFT
    client.get(at("part", draft.pk, part))
    with django_assert_max_num_queries(60) as few:
        client.get(at("part", draft.pk, part))
    section = draft.sections.get()
    for number in range(25):
        Question.objects.create(
            call=draft,
            section=section,
            code=f"x{number}",
            kind="line",
            label=f"题{number}",
            order=10 + number,
        )
        Contact.objects.create(call=draft, kind="policy", name=f"处{number}", phone="1", order=number)
        draft.types.create(code=f"t{number}", name=f"类{number}", order=number)
        draft.quotas.create(of="recommender", region=f"37{number:04d}", number=1, order=number)
        draft.budget_categories.create(code=f"c{number}", name=f"科目{number}", order=number + 9)
        draft.rules.create(
            code=f"R{number}", text="条文", clause="", scope="unit", automation="manual", order=number + 9
        )
    with django_assert_max_num_queries(len(few.captured_queries)) as many:
        client.get(at("part", draft.pk, part))
    assert len(many.captured_queries) == len(few.captured_queries)


def test_a_word_where_a_number_belongs_is_not_found(client, manager):
    assert client.get("/admin/grants/call/31/preview-form/change/").status_code == 404


def test_equity_terms_are_written_with_their_triggers_and_payees_and_dropped_on_request(
    client, manager, draft
):
    terms = {
        "max_percent": "25",
        "conversion_days": 90,
        "repayment_days": 10,
        "step_days": 10,
        "report_months": 6,
        "valuation_months": 12,
    }
    terms |= {
        "max_holding_months": 60,
        "interest_after_months": 0,
        "price_formula": "original",
        "not_largest": "on",
        "buy_back_months": 12,
    }
    wrong = rows("triggers", {"kind": "revenue", "months": 24, "ORDER": 1})
    payees = rows("payees", {"name": "资金池", "share": "100", "is_pool": "on", "ORDER": 1})
    address = at("part", draft.pk, "equity")
    answer = client.post(address, terms | wrong | payees)
    assert answer.status_code == 422
    assert "要写金额" in answer.content.decode()
    assert "开始和长度要一起写" in answer.content.decode()
    right = rows("triggers", {"kind": "revenue", "amount": "2000", "months": 24, "ORDER": 1})
    answer = client.post(address, terms | right | payees | {"buy_back_after_months": 0})
    assert answer.status_code == 302, [block.errors for block in answer.context["page"].blocks]
    trigger, payee = TriggerTemplate.objects.get(call=draft), PayeeTemplate.objects.get(call=draft)
    assert (trigger.amount, payee.is_pool) == (20_000_000, True)
    assert "持股不超过 25%" in client.get(at("change", draft.pk)).content.decode()
    gone = rows(
        "triggers",
        {"id": trigger.pk, "kind": "revenue", "amount": "2000", "months": 24, "DELETE": "on"},
        initial=1,
    )
    gone |= rows("payees", {"id": payee.pk, "name": "资金池", "share": "100", "DELETE": "on"}, initial=1)
    assert (
        client.post(address, terms | gone | {"remove": "on", "buy_back_after_months": 0}).status_code == 302
    )
    assert not EquityTerms.objects.filter(call=draft).exists()


# ---- the acceptance ----


def accepting(*conclusions, initial=0, **changed):
    scheme = {"milestone_code": "final", "panel_size": 5, "aggregation": "mean", "clause": "第七条"}
    scheme |= {"again_times": 1, "again_months": 6}
    return (
        scheme
        | changed
        | rows("conclusions", *conclusions, initial=initial)
        | rows("marks")
        | rows("bonuses")
    )


def conclusion(name, **fields):
    return {"id": "", "name": name, "share": 100, "refund": 0, "refund_days": 30, "ORDER": 1} | fields


def test_an_acceptance_is_written_with_its_conclusions_and_dropped_with_them(client, manager, draft):
    MilestoneTemplate.objects.create(call=draft, code="final", name="验收", deliverable="报告", order=9)
    address = at("part", draft.pk, "acceptance")
    good = conclusion("优秀", passes="on", score=90, premium="5", when="award.paid > 0.0")
    bad = conclusion("不合格", refund=50, ORDER=2)
    for wrong, message in (
        ({"premium": "5"}, "不通过的没有奖励。"),
        ({"passes": "on"}, "通过的不退回已付的资金"),
        ({"when": "indicator.value > 1"}, "没有名为“indicator”的数据项"),
    ):
        answer = client.post(address, accepting(good, bad | wrong))
        assert (answer.status_code, message in answer.content.decode()) == (422, True)
    assert client.post(address, accepting(good, bad, milestone_code="")).status_code == 422
    assert not AcceptanceGrade.objects.exists()
    assert client.post(address, accepting(good, bad)).status_code == 302
    written = AcceptanceGrade.objects.filter(call=draft).values_list("name", "passes", "premium", "refund")
    assert list(written) == [("优秀", True, 50_000, 0), ("不合格", False, None, 50)]
    assert AcceptanceScheme.objects.get(call=draft).milestone_code == "final"
    kept = [good, bad]
    for row, pk in zip(kept, AcceptanceGrade.objects.values_list("pk", flat=True), strict=True):
        row["id"] = pk
    client.post(address, accepting(*kept, initial=2, remove="on"))
    assert not AcceptanceScheme.objects.exists()
    assert not AcceptanceGrade.objects.exists()
