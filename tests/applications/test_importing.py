"""Tables filled in Excel: whole or not at all, every fault with its cell."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from applications import actions, queries, sheets
from core.workflow import Refused
from grants.models import QuestionKind
from seeds.codes import make_id_number
from tests.factories.accounts import UserFactory
from tests.factories.applications import ApplicationFactory, filled, submitted
from tests.factories.grants import QUESTIONS, CallFactory

pytestmark = pytest.mark.django_db

TABLE = {
    "code": "devices",
    "kind": QuestionKind.TABLE,
    "label": "设备清单",
    "is_required": False,
    "config": {
        "max_rows": 3,
        "columns": [
            {"code": "name", "label": "名称", "required": True, "max_length": 20},
            {"code": "price", "label": "单价", "kind": "money"},
            {"code": "origin", "label": "产地", "kind": "choice", "choices": ["国产", "进口"]},
            {"code": "bought", "label": "购置日期", "kind": "date"},
        ],
    },
}


def address(application, *place):
    return reverse("applications:import", args=[application.pk, *place])


def question(application):
    return reverse("applications:import_question", args=[application.pk, "devices"])


def workbook(*rows) -> ContentFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    return ContentFile(body.getvalue(), name="表.xlsx")


def template_of(client, where):
    return load_workbook(io.BytesIO(client.get(where, {"template": ""}).content))


@pytest.fixture
def draft(client):
    application = filled(call=CallFactory(parts__questions=[*QUESTIONS, TABLE]))
    client.force_login(application.created_by)
    return application


HEAD = ["名称", "单价", "产地", "购置日期"]


def test_a_table_goes_out_and_comes_back(client, draft):
    where = question(draft)
    sent = workbook(HEAD, ["水听器", 1.5, "国产", date(2026, 3, 1)], [None] * 4, ["绞车", "20", "进口", ""])
    assert client.post(where, {"file": sent}).status_code == 302
    assert queries.stored_answers(draft)["devices"] == [
        {"name": "水听器", "price": "15000.00", "origin": "国产", "bought": "2026-03-01"},
        {"name": "绞车", "price": "200000.00", "origin": "进口", "bought": None},
    ]
    sheet = template_of(client, where).worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEAD
    assert [cell.value for cell in sheet[2]] == ["水听器", "1.50", "国产", "2026-03-01"]
    assert "现有的 2 行会被替换。" in client.get(where).content.decode()
    part = client.get(reverse("applications:section", args=[draft.pk, "solution"])).content.decode()
    assert where in part


def test_every_fault_names_its_cell_and_nothing_is_stored(client, draft):
    sent = workbook(HEAD, ["水听器", "很贵", "国产", ""], ["", "1", "火星", "昨天"])
    response = client.post(question(draft), {"file": sent})
    shown = response.content.decode()
    assert response.status_code == 422
    for cell in ("B2：", "A3：", "C3：", "D3："):
        assert cell in shown
    assert "有 4 个单元格需要改正，表格没有导入。" in shown
    assert "devices" not in queries.stored_answers(draft)


def test_what_would_be_lost_without_a_word_is_said(client, draft):
    where = question(draft)
    book = load_workbook(workbook(HEAD, ["水听器", "1", "火星", ""], ["绞车", "2", "国产", ""]))
    book.active.merge_cells("A2:A3")
    body = io.BytesIO()
    book.save(body)
    shown = client.post(where, {"file": ContentFile(body.getvalue(), name="表.xlsx")}).content.decode()
    assert "A2:A3 是合并的单元格，请取消合并，逐格填写。" in shown
    shown = client.post(where, {"file": workbook(HEAD, ["水听器", "1", "火星", ""])}).content.decode()
    assert "C2：“火星”不能选，请填写下列之一：国产、进口。" in shown
    sent = workbook([*HEAD, "备注"], ["水听器", "1", "国产", "", "很好"])
    said = client.post(where, {"file": sent}, follow=True).context["messages"]
    assert [str(one) for one in said][1:] == ["表格里没有用到的列：备注，其中的内容没有导入。"]
    sent = workbook(HEAD, *[["绞车", "1", "", ""]] * 4)
    assert "最多 3 行，现在有 4 行。" in client.post(where, {"file": sent}).content.decode()
    assert [row["name"] for row in queries.stored_answers(draft)["devices"]] == ["水听器"]


def test_formulas_are_refused(client, draft):
    sent = workbook(HEAD, ["水听器", "=1+1", "火星", ""])
    shown = client.post(question(draft), {"file": sent}).content.decode()
    assert "有 2 个单元格需要改正" in shown
    assert "B2：不接受公式，请粘贴为数值。" in shown
    assert "C2：" in shown


def test_what_somebody_typed_never_becomes_a_formula(client, draft):
    actions.save_answers(
        application=draft,
        answers={"devices": [{"name": "=cmd|x", "price": "", "origin": "", "bought": ""}]},
        by=draft.created_by,
        at=timezone.now(),
    )
    cell = template_of(client, question(draft)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == ("'=cmd|x", "s")


def test_a_table_that_a_colleague_changed_is_not_replaced(client, draft):
    sent = {"file": workbook(HEAD, ["水听器", "", "", ""]), "version": queries.version_of(None)}
    rows = [{"name": "同事的", "price": "", "origin": "", "bought": ""}]
    by, now = draft.created_by, timezone.now()
    actions.save_answers(application=draft, answers={"devices": rows}, by=by, at=now)
    response = client.post(question(draft), sent)
    assert "刚刚改过这个表格" in response.content.decode()
    assert queries.stored_answers(draft)["devices"][0]["name"] == "同事的"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (ContentFile(b"no workbook", name="a.xlsx"), "不能读取这个文件"),
        (ContentFile(b"x" * (sheets.MOST_BYTES + 1), name="a.xlsx"), "表格超过 2 MB"),
        (workbook(["名称"]), "第一行缺少这些列：单价、产地、购置日期"),
        (workbook(HEAD), "表格里没有内容"),
        (workbook(HEAD, *[["行", "", "", ""]] * (sheets.MOST_ROWS + 1)), "最多 500 行"),
        (None, "没有收到文件"),
    ],
)
def test_what_is_no_filled_template_is_refused(client, draft, file, words):
    if file:
        file.seek(0)
    response = client.post(question(draft), {"file": file} if file else {})
    assert (response.status_code, words in response.content.decode()) == (422, True)


def test_a_small_file_that_unpacks_to_much_is_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 100)
    with pytest.raises(Refused, match="表格的内容太多"):
        sheets.read(workbook(HEAD), [])


# ---- people ----


def test_people_come_from_excel(client, draft):
    where = address(draft, "participants")
    sheet = template_of(client, where).worksheets[0]
    heads, first = ([cell.value for cell in sheet[line]] for line in (1, 2))
    many = workbook(heads, *[["项目成员", "某人"]] * 51)
    assert "最多 50 行。" in client.post(where, {"file": many}).content.decode()
    assert first[:2] == ["项目负责人", "周海声"]
    lead = draft.participants.get()
    member = [
        "项目成员",
        "李成员",
        "身份证",
        make_id_number(7),
        "",
        "",
        "",
        lead.organisation_name,
        "",
        lead.credit_code,
        "3",
        "",
    ]
    abroad = [*member[:1], "Anna", "护照或通行证", "C01X00017", "法国", "", "", "IOT", "德国", "", "3", ""]
    wrong = [*member[:3], "123", *member[4:10], "13", ""]
    shown = client.post(where, {"file": workbook(heads, first, wrong)}).content.decode()
    assert "D3：" in shown
    assert "K3：" in shown
    assert client.post(where, {"file": workbook(heads, first, member, abroad)}).status_code == 302
    assert list(draft.participants.values_list("name", "role", "country")) == [
        ("周海声", "pi", "CN"),
        ("李成员", "member", "CN"),
        ("Anna", "member", "DE"),
    ]
    assert draft.participants.get(role="pi").id_number == lead.id_number
    shown = client.post(where, {"file": workbook(heads, first, first)}).content.decode()
    assert "项目负责人只能有一名。" in shown
    stale = {"file": workbook(heads, first), "version": "another"}
    assert "其他成员刚刚改过这里" in client.post(where, stale).content.decode()


# ---- budget ----


def test_the_budget_comes_from_excel(client, draft):
    where = address(draft, "budget")
    sheet = template_of(client, where).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet["A1:C3"]] == [
        ["科目", "来源", "金额（万元）"],
        ["设备费", "财政资金", "50"],
        ["设备费", "自筹", "0"],
    ]
    heads = ["科目", "来源", "金额（万元）"]
    sent = workbook(heads, ["设备费", "财政资金", 30], ["业务费", "自筹", "40"])
    assert client.post(where, {"file": sent}).status_code == 302
    draft.refresh_from_db()
    assert (draft.requested_amount, draft.own_amount) == (Decimal(300_000), Decimal(400_000))
    wrong = [["设备费", "借款", "1"], ["业务费", "自筹", "-1"], ["业务费", "自筹", "二"]]
    shown = client.post(where, {"file": workbook(heads, *wrong)}).content.decode()
    for words in ("B2：“借款”不在预算表中。", "C3：", "C4："):
        assert words in shown
    again = workbook(heads, ["设备费", "自筹", "1"], ["设备费", "自筹", "2"])
    assert "A3：同一科目和来源重复出现。" in client.post(where, {"file": again}).content.decode()
    assert draft.budget_lines.count() == 2


# ---- who ----


def test_only_the_team_imports_and_only_while_it_may_write(client, draft):
    assert client.get(address(draft, "milestones")).status_code == 404
    assert client.get(reverse("applications:import_question", args=[draft.pk, "route"])).status_code == 404
    client.force_login(UserFactory())
    assert client.get(question(draft)).status_code == 404
    sealed = submitted(call=draft.call)
    client.force_login(sealed.created_by)
    assert client.get(question(sealed)).status_code == 302
    response = client.post(question(sealed), {"file": workbook(HEAD, ["水听器", "", "", ""])})
    assert (response.status_code, "内容已经封存" in response.content.decode()) == (422, True)
    bare = ApplicationFactory(call=CallFactory(parts__budget=False))
    client.force_login(bare.created_by)
    assert client.get(address(bare, "budget")).status_code == 404
