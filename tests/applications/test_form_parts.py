"""Forms by project type, budgets by year and unit, files, conditions and computed values on the pages."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications import actions, completeness, queries
from applications.models import BudgetLine
from core.workflow import Refused
from documents import pdf
from grants.models import FormKind, Instrument, ProjectType, Question, QuestionKind, Section
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.applications import ApplicationFactory, filled, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def typed_call():
    """A call with two project types; each has a section of its own, and there is one for milestones."""
    call = CallFactory(draft=True)
    types = [
        ProjectType.objects.create(call=call, code=code, name=name, order=order)
        for order, (code, name) in enumerate((("key", "重点"), ("plain", "一般")), start=1)
    ]
    sections = [("only_key", types[0], "application"), ("only_plain", types[1], "application")]
    for order, (code, kind, form) in enumerate([*sections, ("report", None, FormKind.MILESTONE)], start=2):
        fields = {"code": code, "title": code, "order": order, "project_type": kind, "form": form}
        section = Section.objects.create(call=call, **fields)
        Question.objects.create(
            call=call, section=section, code=f"q_{code}", kind=QuestionKind.LINE, label=code, order=1
        )
    type(call).objects.filter(pk=call.pk).update(state="published", published_at=call.opens_at)
    call.refresh_from_db()
    return call


def page(application, name="basics", *args):
    return reverse(f"applications:{name}", args=[application.pk, *args])


def at_home(client, application):
    client.force_login(application.created_by)
    return application


def patch(client, address, values, questions=None):
    body = {"values": values} | ({"questions": questions} if questions else {})
    return client.patch(address, json.dumps(body), content_type="application/json")


# ---- project types ----


def test_a_call_with_types_is_applied_to_as_one_of_them(client, typed_call):
    unit = OrganisationFactory()
    by, at = member_of(unit), timezone.now()
    strange = ProjectType.objects.create(call=CallFactory(draft=True), code="x", name="x", order=1)
    for kind, sentence in ((None, "请选择项目类别。"), (strange, "这个项目类别不属于该通知。")):
        with pytest.raises(Refused) as refused:
            actions.start(call=typed_call, organisation=unit, by=by, at=at, project_type=kind)
        assert refused.value.message == sentence
    client.force_login(by)
    address = reverse("applications:start", args=[typed_call.pk])
    assert client.post(address, {"organisation": unit.pk}).status_code == 200
    kind = typed_call.types.get(code="plain")
    response = client.post(address, {"organisation": unit.pk, "project_type": kind.pk})
    assert response.status_code == 302


def test_only_the_parts_of_the_type_are_shown_and_answers_outlive_a_change(client, typed_call):
    key, plain = typed_call.types.order_by("order")
    application = at_home(client, ApplicationFactory(call=typed_call, project_type=key))
    assert [s.code for s in queries.sections_of(application)] == ["solution", "only_key"]
    assert client.get(page(application, "section", "only_plain")).status_code == 404
    assert client.get(page(application, "section", "report")).status_code == 404
    client.post(page(application, "section", "only_key"), {"a-q_only_key": "甲"})
    response = client.post(page(application), {"title": "甲", "project_type": plain.pk})
    assert response.status_code == 302
    application.refresh_from_db()
    assert [s.code for s in queries.sections_of(application)] == ["solution", "only_plain"]
    assert queries.stored_answers(application)["q_only_key"] == "甲"
    assert "q_only_key" not in [answer["code"] for answer in queries.snapshot(application)["answers"]]


def test_without_a_type_nothing_is_handed_in(typed_call):
    application = ApplicationFactory(call=typed_call, project_type=None)
    faults = [fault for fault in completeness.basics(application) if fault[4] == "project_type"]
    assert faults == [("项目类别", "", "必填。", "basics", "project_type")]


# ---- parts that a call does not ask for ----


def test_a_call_without_people_and_milestones_does_not_ask_for_them(client):
    call = CallFactory(asks_participants=False, asks_milestones=False, parts__budget=False)
    application = at_home(client, ApplicationFactory(call=call))
    assert list(completeness.participants(application)) == list(completeness.milestones(application)) == []
    for name in ("participants", "milestones", "budget"):
        assert client.get(page(application, name)).status_code == 404
    body = client.get(page(application)).content.decode()
    assert 'name="requested_amount"' in body
    assert "计划里程碑" not in body
    assert [fault[4] for fault in completeness.basics(application)][-1] == "requested_amount"
    client.post(page(application), {"title": "包干", "requested_amount": "30"})
    application.refresh_from_db()
    assert application.requested_amount == 300_000


def test_a_call_without_public_money_asks_for_no_amount(client):
    call = CallFactory(instrument=Instrument.NONE, parts__budget=False)
    application = at_home(client, ApplicationFactory(call=call))
    assert "requested_amount" not in [fault[4] for fault in completeness.basics(application)]
    assert 'name="requested_amount"' not in client.get(page(application)).content.decode()


# ---- budget ----


@pytest.fixture
def split():
    """An application whose budget goes by year and unit: the lead and one partner, 2027 and 2028."""
    application = ApplicationFactory(call=CallFactory(is_budget_by_year=True, is_budget_by_unit=True))
    by, at = application.created_by, timezone.now()
    actions.update_basics(
        application=application, starts_date=date(2027, 3, 1), ends_date=date(2028, 2, 1), by=by, at=at
    )
    partner = {
        "role": "member",
        "name": "李",
        "organisation_name": "合作单位",
        "credit_code": make_credit_code(999_007),
    }
    lead = {"role": "pi", "name": "周", "id_number": make_id_number(1)}
    lead |= {"organisation_name": "牵头", "credit_code": application.organisation.credit_code}
    actions.set_participants(application=application, participants=[lead, partner], by=by, at=at)
    return application


def cell(application, category, source, year, unit):
    call = application.call
    of = call.budget_categories.get(code=category).pk, call.funding_sources.get(code=source).pk
    return f"cell-{of[0]}-{of[1]}-{year}-{unit}"


def test_the_matrix_has_a_cell_for_each_year_and_unit_and_sums_of_all(client, split):
    application, partner = at_home(client, split), make_credit_code(999_007)
    lead = application.organisation.credit_code
    values = {
        cell(application, "equipment", "fiscal", 2027, lead): "10",
        cell(application, "equipment", "own", 2028, lead): "4",
        cell(application, "operations", "fiscal", 2028, partner): "2.5",
    }
    answer = patch(client, page(application, "budget"), values).json()
    category = application.call.budget_categories.get(code="equipment").pk
    source = application.call.funding_sources.get(code="fiscal").pk
    assert {key: answer["texts"][key] for key in ("grand-total", "year-2027", "year-2028")} == {
        "grand-total": "16.50",
        "year-2027": "10",
        "year-2028": "6.50",
    }
    assert answer["texts"][f"unit-{partner}"] == answer["texts"][f"table-{partner}"] == "2.50"
    assert answer["texts"][f"row-{category}"] == "14"
    assert answer["texts"][f"column-{source}"] == "12.50"
    application.refresh_from_db()
    assert (application.requested_amount, application.own_amount) == (125_000, 40_000)
    assert queries.budget_matrix(application)["equipment", "own"] == 40_000
    assert queries.budget_lines(application)[0] == ("equipment", "fiscal", True, 2027, lead, Decimal(100_000))
    sealed = queries.snapshot(application)["budget"]
    assert (sealed["years"], [unit["code"] for unit in sealed["units"]]) == ([2027, 2028], [lead, partner])
    parts = queries.for_reading(queries.snapshot(application))["table"]["parts"]
    assert [part["title"].rpartition(" · ")[2] for part in parts] == ["2027", "2028", "2028"]
    body = client.get(page(application, "budget")).content.decode()
    assert body.count('<input type="text"') == 16
    assert client.get(page(application, "preview")).status_code == 200


def test_years_and_units_that_fell_out_keep_their_money_and_are_named(split):
    by, at, partner = split.created_by, timezone.now(), make_credit_code(999_007)
    amounts = {("equipment", "fiscal", 2028, partner): Decimal(10)}
    actions.set_budget(application=split, amounts=amounts, by=by, at=at)
    actions.update_basics(
        application=split, starts_date=date(2027, 1, 1), ends_date=date(2027, 12, 31), by=by, at=at
    )
    actions.set_participants(application=split, participants=[], by=by, at=at)
    assert BudgetLine.objects.count() == 1
    assert [fault[2] for fault in completeness.budget(split)] == [
        "2028 年不在执行期内，请调整该年度的预算或起止日期。",
        f"单位 {partner} 不在参与人员的单位中，请调整该单位的预算。",
    ]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (("equipment", "fiscal"), "预算须分年度填写。"),
        (("equipment", "fiscal", 2027, ""), "预算须分单位填写。"),
        (("equipment", "fiscal", 1200, "x"), "预算年度不正确：1200。"),
        (("nothing", "fiscal", 2027, "x"), "预算表没有“nothing × fiscal”。"),
    ],
)
def test_a_cell_that_the_table_does_not_have_is_refused(split, cell, sentence):
    with pytest.raises(Refused) as refused:
        actions.set_budget(
            application=split, amounts={cell: Decimal(1)}, by=split.created_by, at=timezone.now()
        )
    assert refused.value.message == sentence
    assert not BudgetLine.objects.exists()


def test_a_plain_budget_takes_neither_year_nor_unit():
    application = ApplicationFactory()
    where = {"application": application, "by": application.created_by, "at": timezone.now()}
    for cell, sentence in (((2027, ""), "本通知的预算不分年度。"), ((None, "x"), "本通知的预算不分单位。")):
        with pytest.raises(Refused, match=sentence):
            actions.set_budget(amounts={("equipment", "fiscal", *cell): Decimal(1)}, **where)


texts = st.text(max_size=6) | st.from_regex(r"\d{1,9}(\.\d{0,6})?", fullmatch=True)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_typed_into_the_budget_is_kept_and_adds_up(client, split, data):
    application = at_home(client, split)
    lead = application.organisation.credit_code
    names = [
        cell(application, c, "fiscal", y, lead) for c in ("equipment", "operations") for y in (2027, 2028)
    ]
    typed = {name: data.draw(texts) for name in names}
    response = patch(client, page(application, "budget"), typed)
    assert response.status_code == 200
    application.refresh_from_db()
    stored = queries.budget_lines(application)
    if not response.json()["faults"]:
        assert application.requested_amount == sum((line.amount for line in stored), Decimal(0))
        assert application.typed == {}
    assert client.get(page(application, "budget")).status_code == 200


def test_a_sum_beyond_every_table_is_a_sentence_and_what_was_typed_stays(client, split):
    application = at_home(client, split)
    name = cell(application, "equipment", "fiscal", 2027, application.organisation.credit_code)
    response = patch(client, page(application, "budget"), {name: "100000000"})
    assert response.json()["faults"] == {name: ["预算合计应小于一亿万元。"]}
    application.refresh_from_db()
    assert application.typed["budget"][name] == ["100000000"]
    with pytest.raises(Refused, match="预算合计应小于一亿万元。"):
        actions.set_budget(
            application=application,
            amounts={("equipment", "fiscal", 2027, application.organisation.credit_code): Decimal(10) ** 12},
            by=application.created_by,
            at=timezone.now(),
        )


# ---- conditions, computed values, files ----

ASKED = (
    {"code": "low", "kind": QuestionKind.NUMBER, "label": "低"},
    {
        "code": "high",
        "kind": QuestionKind.NUMBER,
        "label": "高",
        "clause": "第六条",
        "valid_when": "value > answers.low",
        "valid_message": "应高于低值。",
    },
    {
        "code": "both",
        "kind": QuestionKind.COMPUTED,
        "label": "合计",
        "config": {"expression": "sum([answers.low, answers.high, project.amount])"},
    },
    {
        "code": "partner",
        "kind": QuestionKind.ORGANISATION,
        "label": "合作单位",
        "is_required": False,
    },
    {
        "code": "papers",
        "kind": QuestionKind.ATTACHMENT,
        "label": "论文",
        "is_required": False,
        "config": {"max_count": 2, "max_pages": 1, "endings": ["pdf"]},
    },
)


def asked_application(client):
    return at_home(client, ApplicationFactory(call=CallFactory(parts__questions=ASKED)))


def test_a_condition_hints_while_writing_and_blocks_at_the_end(client):
    application = asked_application(client)
    address = page(application, "section", "solution")
    answer = patch(client, address, {"a-low": "7", "a-high": "3"}, ["low", "high"]).json()
    assert answer["faults"] == {"a-high": ["应高于低值。"]}
    assert queries.stored_answers(application)["high"] == 3
    faults = [fault for fault in completeness.answers(application) if fault[4] == "high"]
    assert faults == [("高", "第六条", "应高于低值。", "solution", "high")]
    assert patch(client, address, {"a-high": "9"}, ["high"]).json()["faults"] == {}
    assert [fault for fault in completeness.answers(application) if fault[4] == "high"] == []


def test_computed_values_follow_answers_and_money(client):
    application = asked_application(client)
    address = page(application, "section", "solution")
    answer = patch(client, address, {"a-low": "1", "a-high": "2.5", "a-both": "99"}, ["low", "high", "both"])
    assert answer.json()["texts"] == {"computed-both": "3.5"}
    amounts = {("equipment", "fiscal"): Decimal(10)}
    actions.set_budget(application=application, amounts=amounts, by=application.created_by, at=timezone.now())
    assert queries.stored_answers(application)["both"] == 13.5
    shown = " ".join(client.get(address).content.decode().split())
    assert '<output class="jb-computed" id="computed-both"' in shown
    assert queries.context(application)["answers"]["both"] == 13.5


def test_a_known_unit_is_completed_while_writing(client):
    application, unit = asked_application(client), OrganisationFactory()
    values = {"a-partner-name": unit.name, "a-partner-credit_code": ""}
    answer = patch(client, page(application, "section", "solution"), values, ["partner"]).json()
    assert answer["values"]["a-partner-credit_code"] == unit.credit_code


def paper(pages: int) -> bytes:
    return pdf.typst.compile(("#pagebreak()" * (pages - 1) + " x").encode(), format="pdf")


def test_several_files_of_few_pages(client):
    application = asked_application(client)
    upload = page(application, "upload", "papers")

    def send(name, body):
        return client.post(upload, {"file": SimpleUploadedFile(name, body, "application/pdf")})

    assert "有 2 页，超过上限 1 页" in send("长.pdf", paper(2)).json()["message"]
    assert "不能读取页数" in send("坏.pdf", b"%PDF-1.7\nnothing").json()["message"]
    assert send("一.pdf", paper(1)).status_code == 200
    fragment = send("二.pdf", paper(1) + b"\n%2").json()["fragments"]["file-papers"]
    assert "一.pdf" in fragment
    assert "二.pdf" in fragment
    assert "最多上传 2 个文件" in send("三.pdf", paper(1) + b"\n%3").json()["message"]
    first = queries.stored_answers(application)["papers"]["documents"][0]["document"]
    client.post(page(application, "section", "solution"), {"detach": f"papers:{first}"})
    assert [file["name"] for file in queries.stored_answers(application)["papers"]["documents"]] == ["二.pdf"]


def test_without_scripts_several_files_come_with_the_form(client):
    application = asked_application(client)
    files = [SimpleUploadedFile(f"{n}.pdf", paper(1) + b"\n%%%d" % n, "application/pdf") for n in (1, 2, 3)]
    response = client.post(page(application, "section", "solution"), {"a-low": "1", "a-papers": files})
    assert response.status_code == 422
    assert "最多上传 2 个文件" in response.content.decode()
    assert len(queries.stored_answers(application)["papers"]["documents"]) == 2


def test_characters_that_no_database_holds_do_no_harm(client):
    application = asked_application(client)
    address = page(application, "section", "solution")
    answer = patch(client, address, {"a-low": "\0\ud800x"}, ["low"])
    assert answer.status_code == 200
    assert queries.stored_answers(application)["low"] == {"typed": "x"}
    assert patch(client, page(application), {"title": "\0", "starts_date": "x\0"}).status_code == 200


def test_codes_are_suggested_to_those_who_are_signed_in(client):
    address = reverse("applications:codes", args=["regions"])
    assert client.get(address).status_code == 401
    client.force_login(filled().created_by)
    assert client.get(address, {"q": "青岛", "level": "x", "on": "never"}).json() == {"entries": []}


def test_what_was_handed_in_shows_every_shape_of_answer(client):
    application = at_home(client, submitted())
    assert client.get(page(application, "detail")).status_code == 200
