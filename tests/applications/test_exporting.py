"""Answers as JSON and Excel: numbers as numbers, codes as texts, nobody's ID number, nobody else's draft."""

import io
import re
import zipfile
from html import unescape

import pytest
from django.urls import reverse

from accounts.roles import Role
from applications import exporting
from tests.factories.accounts import UserFactory, officer
from tests.factories.applications import filled, submitted

pytestmark = pytest.mark.django_db


def cells(body: bytes) -> dict[str, list]:
    """Sheet name → its cells: texts as texts, numbers as floats."""
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        return {
            unescape(name): _cells(book.read(f"xl/worksheets/sheet{number}.xml").decode())
            for number, name in enumerate(names, start=1)
        }


def _cells(sheet: str) -> list:
    found = re.findall(r"<c [^>]*?(?:><is><t[^>]*>(.*?)</t></is>|><v>(.*?)</v>)</c>", sheet, re.DOTALL)
    return [unescape(text) if not number else float(number) for text, number in found]


def get(client, user, application, form="json"):
    client.force_login(user)
    return client.get(reverse("applications:export", args=[application.pk, form]))


def test_those_who_write_a_draft_export_it_and_nobody_else(client):
    application = filled()
    response = get(client, application.created_by, application)
    assert response.json()["title"] == application.title
    assert response["Content-Disposition"] == f'attachment; filename="draft-{application.pk}.json"'
    assert get(client, UserFactory(), application).status_code == 404
    assert get(client, officer(Role.LEADER), application).status_code == 404
    assert get(client, application.created_by, application, "pdf").status_code == 404


def test_officers_export_what_was_handed_in_without_id_numbers(client):
    application = submitted()
    content = get(client, officer(Role.LEADER), application).json()
    assert content["answers"][0]["value"] == "先仿真后试制。"
    assert re.fullmatch(r"\d{3}\*{11}\w{4}", content["participants"][0]["id_number"])
    assert get(client, UserFactory(), application).status_code == 404


def test_in_excel_codes_are_texts_and_numbers_are_numbers(client):
    application = submitted()
    response = get(client, application.created_by, application, "xlsx")
    assert response["Content-Disposition"] == f'attachment; filename="{application.number}.xlsx"'
    sheets = cells(response.content)
    assert list(sheets) == ["基本信息", "申报内容", "参与人员", "经费预算", "计划里程碑"]
    assert application.organisation.credit_code in sheets["基本信息"]
    assert 50.0 in sheets["基本信息"]
    assert sheets["申报内容"][5:] == [
        "方案",
        "route",
        "技术路线",
        "先仿真后试制。",
        "方案",
        "trl",
        "技术成熟度",
        4.0,
        "方案",
        "plan",
        "方案书",
    ]
    heads = ["科目", "来源", "年度", "单位", "金额（万元）"]
    assert sheets["经费预算"] == [*heads, "设备费", "财政资金", 50.0, "业务费", "自筹", 50.0]


def test_sheet_names_are_what_excel_allows():
    taken = set()
    names = [exporting._name(wanted, taken) for wanted in ("a/b[c]:*?", "长" * 40, "长" * 40, "", "A b c")]
    assert names[1:3] == ["长" * 31, "长" * 27 + " 2"]
    assert len({name.lower() for name in names}) == 5
    assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)
