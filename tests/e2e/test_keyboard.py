"""An application from the first page to the receipt, in a real browser, without a mouse."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.roles import UnitRole
from applications.models import Application
from applications.queries import stored_answers
from applications.states import ApplicationState
from grants.models import QuestionKind
from seeds.codes import make_id_number
from tests.e2e.keys import Keys
from tests.factories.accounts import PASSWORD, OrganisationFactory, member_of
from tests.factories.grants import CallFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAN = {"name": "方案.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
FIELDS = [{"value": "sea", "label": "海洋"}, {"value": "chip", "label": "芯片"}]
COLUMNS = [
    {"code": "what", "label": "用途", "required": True},
    {"code": "cost", "label": "金额", "kind": "money", "total": True},
]
ASKED = (
    {"code": "route", "kind": QuestionKind.TEXT, "label": "技术路线", "clause": "第六条"},
    {"code": "trl", "kind": QuestionKind.NUMBER, "label": "技术成熟度", "config": {"min": 1, "max": 9}},
    {"code": "since", "kind": QuestionKind.DATE, "label": "立项日期"},
    {"code": "field", "kind": QuestionKind.CHOICE, "label": "领域", "config": {"choices": FIELDS}},
    {"code": "uses", "kind": QuestionKind.CHOICES, "label": "应用", "config": {"choices": FIELDS}},
    {"code": "costs", "kind": QuestionKind.TABLE, "label": "支出", "config": {"columns": COLUMNS}},
    {"code": "plan", "kind": QuestionKind.ATTACHMENT, "label": "方案书", "config": {"endings": ["pdf"]}},
    {"code": "true", "kind": QuestionKind.COMMITMENT, "label": "内容真实"},
)


@pytest.fixture
def keys(page):
    return Keys(page)


def sign_in(keys, user):
    keys.page.goto(reverse("portal:home"))
    keys.go(text="登录")
    keys.press("Enter")
    keys.page.wait_for_url("**/login/**")
    keys.write(login=user.username, password=PASSWORD)
    with keys.page.expect_navigation():
        keys.press("Enter")


def find(keys, call):
    """The list is narrowed without losing the cursor, and the notice leads to the form."""
    keys.follow("申报通知")
    keys.skip()
    keys.write(q=call.title)
    keys.press("Enter")
    expect(keys.page.locator("#results h3")).to_have_text([call.title])
    assert keys.at()["name"] == "q"
    keys.follow(call.title)
    keys.skip()
    keys.follow("我要申报")
    keys.skip()
    keys.follow("建立申报书")
    return Application.objects.get()


def fill_basics(keys):
    keys.write(title="低功耗水听器研制", summary="面向近海观测。")
    # The browser of the tests writes month, day and year, whatever the page's language.
    for name, day in {"starts_date": "01012027", "ends_date": "12012027"}.items():
        keys.go(name=name)
        keys.page.keyboard.type(day)
    keys.follow("保存并继续")


def fill_people(keys, unit):
    keys.go(name="participants-0-role")
    keys.page.keyboard.type("项目负责人")
    keys.write(**{"participants-0-name": "周海声", "participants-0-id_number": make_id_number(1)})
    texts = {"title": "教授", "organisation_name": unit.name, "credit_code": unit.credit_code}
    texts |= {"months_per_year": "6", "task": "总体"}
    keys.write(**{f"participants-0-{name}": text for name, text in texts.items()})
    keys.follow("保存并继续")


def fill_budget(keys):
    cells = [cell.get_attribute("name") for cell in keys.page.locator("#id_budget input").all()]
    keys.write(**dict(zip(cells, ("50", "0", "0", "50"), strict=True)))
    expect(keys.page.locator("#grand-total")).to_have_text("100")
    keys.follow("保存并继续")


def fill_section(keys):
    """Everything but the text and the commitment."""
    keys.write(**{"a-trl": "4"})
    keys.go(name="a-since")
    keys.page.keyboard.type("03012026")
    keys.go(name="a-field")
    keys.press("Space", "ArrowDown")
    keys.go(name="a-uses")
    keys.press("Space")
    arrange_rows(keys)
    # What was saved brings the part with the file anew: a key held down meanwhile would let go elsewhere.
    expect(keys.page.locator("#save-state")).to_contain_text("已自动保存")
    keys.go(name="a-plan")
    with keys.page.expect_file_chooser() as chooser:
        keys.press("Space")
    chooser.value.set_files([PLAN])
    expect(keys.page.locator("#file-plan")).to_contain_text("方案.pdf")
    assert keys.at()["name"] == "a-plan"
    keys.follow("保存并继续")


def arrange_rows(keys):
    """Rows are added, moved, taken out and put back; the cursor stays at the row it is about."""
    keys.write(
        **{"a-costs-0-what": "材料", "a-costs-0-cost": "1", "a-costs-1-what": "试验", "a-costs-1-cost": "2"}
    )
    keys.go(text="加一行")
    keys.press("Enter")
    assert keys.at()["name"] == "a-costs-2-what"
    keys.type("差旅")
    keys.go(text="第 3 行上移")
    keys.press("Enter")
    assert keys.at()["text"] == "第 2 行上移"
    keys.press("Enter", "Enter")
    assert keys.at()["text"] == "第 1 行上移"
    keys.go(text="移除第 2 行")
    keys.press("Enter")
    assert keys.at()["text"] == "撤销移除第 2 行"
    expect(keys.page.locator("#id_a-costs-sum-cost")).to_have_text("2")
    keys.press("Enter")
    assert keys.at()["name"] == "a-costs-1-what"
    expect(keys.page.locator("#id_a-costs-sum-cost")).to_have_text("3")


def read_preview(keys):
    """The PDF opens by Enter (a browser without a viewer saves it), and the cursor stays at its link."""
    keys.go(text="预览 PDF")
    with keys.page.expect_download() as saved:
        keys.press("Enter")
    assert saved.value.path().read_bytes().startswith(b"%PDF-")
    assert keys.at()["text"] == "预览 PDF"


def mend(keys, problem, name):
    """From the list of what is wrong straight to the field."""
    keys.follow(problem)
    keys.press("Tab")
    assert keys.at()["name"] == name


def test_an_application_needs_no_mouse(keys):
    _other, call = CallFactory(), CallFactory(parts__questions=ASKED)
    unit = OrganisationFactory()
    sign_in(keys, member_of(unit, UnitRole.ADMIN))
    application = find(keys, call)
    fill_basics(keys)
    fill_section(keys)
    fill_people(keys, unit)
    fill_budget(keys)
    keys.follow("保存并继续")  # The milestones of the notice stand.
    mend(keys, "技术路线", "a-route")
    keys.type("先仿真后试制。")
    keys.go(name="a-true")
    keys.press("Space")
    keys.follow("保存")
    keys.follow("检查并提交")
    read_preview(keys)
    with keys.page.expect_navigation():
        keys.go(text="提交申报书", key="Shift+Tab")
        keys.press("Enter")
    application.refresh_from_db()
    assert application.state == ApplicationState.UNIT_REVIEW
    keys.sees("提交成功", application.number)
    # Nothing holds the cursor: it gets to the end of the page.
    keys.go(text="期限日历")
    answers = stored_answers(application)
    assert [row["what"] for row in answers["costs"]] == ["差旅", "材料", "试验"]
    assert (answers["field"], answers["uses"], answers["since"]) == ("chip", ["sea"], "2026-03-01")
