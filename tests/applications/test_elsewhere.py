"""Projects elsewhere from a table: faults by cell, compared before they are written, never twice."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from accounts.roles import Role
from applications.forms import elsewhere
from applications.models import PastProject
from core.models import Event
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import OrganisationFactory, UserFactory, officer

pytestmark = pytest.mark.django_db
QUERIES = 8
UPLOAD = reverse("admin:applications_pastproject_upload")
FIRST = [
    "国家重点研发计划",
    "2024YFC001",
    "深海观测",
    "",
    make_id_number(1),
    "项目负责人",
    "在研",
    "2024-01-01",
]
FIRST += ["2027-12-31", "1200000", "6"]
SECOND = ["省自然科学基金", "", "潮流预报", make_credit_code(1), "", "项目成员", "已结题", "", "", "", ""]


def labels() -> list[str]:
    return [head.label for head in elsewhere.heads()]


def workbook(*rows) -> ContentFile:
    book = Workbook()
    for row in (labels(), *rows):
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    return ContentFile(body.getvalue(), name="项目.xlsx")


@pytest.fixture
def manager(client):
    user = officer(Role.PROGRAMME_MANAGER, OrganisationFactory())
    client.force_login(user)
    return user


def send(client, *rows, source="国家系统导出"):
    return client.post(UPLOAD, {"source": source, "file": workbook(*rows)})


def write(client):
    return client.post(UPLOAD, {"confirm": "1"}, follow=True).content.decode()


def test_the_template_has_every_column(client, manager):
    book = load_workbook(io.BytesIO(client.get(UPLOAD, {"template": ""}).content))
    assert [cell.value for cell in book.worksheets[0][1]] == labels()
    assert "下载模板" in client.get(UPLOAD).content.decode()


def test_a_table_is_compared_first_and_written_when_confirmed(client, manager):
    shown = send(client, FIRST, SECOND)
    assert shown.status_code == 200
    assert "新增 2 项，更新 0 项，0 项没有变化" in shown.content.decode()
    assert not PastProject.objects.exists()
    assert "新增 2 项，更新 0 项，0 项没有变化" in write(client)
    first, second = PastProject.objects.order_by("pk")
    assert (first.title, first.role, first.status, first.amount) == ("深海观测", "pi", "running", 1_200_000)
    assert (first.starts_date, first.months_per_year) == (date(2024, 1, 1), Decimal(6))
    assert (second.role, second.amount, second.months_per_year) == ("member", 0, None)
    assert {(row.source, row.uploaded_by) for row in (first, second)} == {("国家系统导出", manager)}
    assert first.uploaded_at is not None
    assert Event.objects.filter(verb="uploaded", by=manager).count() == 2


def test_the_same_rows_again_change_nothing(client, manager):
    send(client, FIRST, SECOND)
    write(client)
    before = list(PastProject.objects.order_by("pk").values())
    assert (
        "新增 0 项，更新 0 项，2 项没有变化"
        in send(client, FIRST, SECOND, source="再次导出").content.decode()
    )
    write(client)
    assert list(PastProject.objects.order_by("pk").values()) == before
    assert Event.objects.filter(verb__in=["uploaded", "changed"]).count() == 2


def test_what_differs_is_shown_and_brought_in_line(client, manager):
    send(client, FIRST)
    write(client)
    ended = [*FIRST[:2], "深海观测系统", *FIRST[3:6], "已结题", *FIRST[7:]]
    shown = send(client, ended, source="验收后导出").content.decode()
    assert "在研 → 已结题" in shown
    assert "深海观测 → 深海观测系统" in shown
    write(client)
    project = PastProject.objects.get()
    assert (project.title, project.status, project.source) == ("深海观测系统", "completed", "验收后导出")
    assert Event.objects.get(verb="changed").data["before"]["status"] == "running"


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, "", "A2："),
        (3, "91370212MA3C4R5T6X", "D2："),
        (4, "110105194912310021", "E2："),
        (5, "队长", "F2："),
        (6, "完成", "G2："),
        (7, "去年", "H2："),
        (8, "2020-01-01", "I2：结束日期早于开始日期。"),
        (9, "很多", "J2："),
        (10, "60", "K2："),
    ],
)
def test_every_fault_names_its_cell_and_nothing_is_written(client, manager, place, value, words):
    row = [*FIRST[:place], value, *FIRST[place + 1 :]]
    shown = send(client, row)
    assert shown.status_code == 422
    assert words in shown.content.decode()
    assert "没有等待写入的表格" in write(client)
    assert not PastProject.objects.exists()


def test_nobodys_project_and_a_row_given_twice_are_refused(client, manager):
    assert (
        "D2：单位信用代码和人员证件号码至少填一项"
        in send(client, [*FIRST[:4], "", *FIRST[5:]]).content.decode()
    )
    assert "C3：与第 2 行是同一个项目" in send(client, FIRST, FIRST).content.decode()


def test_others_upload_nothing(client):
    for user in (officer(Role.AUDITOR), officer(Role.EXPERT), UserFactory()):
        client.force_login(user)
        assert client.get(UPLOAD).status_code in (302, 403)
        assert client.post(UPLOAD, {"confirm": "1"}).status_code in (302, 403)


def test_the_database_keeps_each_once_and_the_uploader_with_the_time():
    one = {"plan": "甲", "id_number": make_id_number(1), "status": "running", "source": "丙"}
    PastProject.objects.create(title="乙", **one)
    PastProject.objects.create(title="丁", number="1", **one)
    for again in (
        {"title": "乙"},
        {"title": "戊", "number": "1"},
        {"title": "己", "uploaded_by": UserFactory()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PastProject.objects.create(**one, **again)


@pytest.mark.parametrize("number", [1, 30])
def test_comparing_costs_the_same(client, manager, number, django_assert_num_queries):
    rows = [[*FIRST[:1], f"N{n}", *FIRST[2:]] for n in range(number)]
    send(client, *rows)
    write(client)
    with django_assert_num_queries(QUERIES):
        assert send(client, *rows).status_code == 200
