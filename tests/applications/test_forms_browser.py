"""Forms in a real browser: sums while typing, suggested codes, rows and files that are added."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from applications import queries
from grants.models import QuestionKind
from seeds import dictionaries
from tests.applications.test_autosave_browser import SAVED, sign_in, state
from tests.factories.applications import ApplicationFactory
from tests.factories.grants import CallFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ASKED = (
    {
        "code": "region",
        "kind": QuestionKind.DICTIONARY,
        "label": "地区",
        "config": {"dictionary": "regions", "level": 3},
    },
    {"code": "words", "kind": QuestionKind.LIST, "label": "关键词"},
    {"code": "text", "kind": QuestionKind.TEXT, "label": "摘要", "config": {"max_words": 5}},
    {
        "code": "costs",
        "kind": QuestionKind.TABLE,
        "label": "支出",
        "config": {
            "columns": [
                {"code": "what", "label": "用途"},
                {"code": "cost", "label": "金额", "kind": "money", "total": True},
            ]
        },
    },
    {
        "code": "double",
        "kind": QuestionKind.COMPUTED,
        "label": "两倍",
        "config": {"expression": "sum(answers.costs.map(r, r.cost)) * 2.0", "unit": "元"},
    },
    {
        "code": "papers",
        "kind": QuestionKind.ATTACHMENT,
        "label": "论文",
        "config": {"max_count": 3, "endings": ["pdf"]},
    },
)


@pytest.fixture
def application():
    dictionaries.load(next(file for file in dictionaries.shipped() if file.stem == "regions"))
    return ApplicationFactory(call=CallFactory(parts__questions=ASKED))


@pytest.fixture
def form(page, application):
    sign_in(page, application.created_by)
    page.goto(reverse("applications:section", args=[application.pk, "solution"]))
    return page


def test_codes_are_suggested_and_stored(form, application):
    field = form.locator("#id_a-region")
    field.press_sequentially("市南")
    option = form.locator("#question-region datalist option").first
    expect(option).to_have_attribute("value", "370202 山东省 青岛市 市南区")
    field.fill("370202 山东省 青岛市 市南区")
    expect(state(form)).to_have_text(SAVED)
    assert queries.stored_answers(application)["region"] == "370202"


def test_rows_add_up_while_typing_and_what_is_computed_follows(form, application):
    form.fill("[name='a-costs-0-cost']", "10")
    form.fill("[name='a-costs-1-cost']", "0.25")
    expect(form.locator("#id_a-costs-sum-cost")).to_have_text("10.25")
    form.click("#question-costs [data-add-row]")
    form.fill("[name='a-costs-2-cost']", "1.000001")
    expect(form.locator("#id_a-costs-sum-cost")).to_have_text("11.250001")
    expect(form.locator("#computed-double")).to_have_text("225000.02 元")
    form.fill("[name='a-words-0-item']", "水声")
    form.click("#question-words [data-add-row]")
    form.fill("[name='a-words-2-item']", "传感")
    expect(form.locator("#question-text .jb-count-line")).to_have_text("0 / 5 字")
    form.fill("#id_a-text", "水声 LoRa 3.5")
    expect(form.locator("#question-text .jb-count-line")).to_have_text("5 / 5 字")
    form.click("button[name=do][value=save]:not([aria-hidden])")
    expect(form.locator("main")).to_contain_text("已保存。")
    assert queries.stored_answers(application)["words"] == ["水声", "传感"]
    expect(form.locator("#id_a-costs-sum-cost")).to_have_text("11.250001")


def test_several_files_are_sent_one_after_the_other(form, application):
    files = [
        {"name": f"{n}.pdf", "mimeType": "application/pdf", "buffer": b"%%PDF-1.7\n%d\n%%%%EOF\n" % n}
        for n in (1, 2, 3)
    ]
    form.locator("#id_a-papers").set_input_files(files)
    expect(form.locator("#file-papers a")).to_have_text(["1.pdf", "2.pdf", "3.pdf"])
    form.locator("#id_a-papers").set_input_files(files[:1])
    expect(form.locator("#question-papers .jb-fault")).to_contain_text("最多上传 3 个文件")
    form.locator("#file-papers button").nth(1).click()
    expect(form.locator("#file-papers a")).to_have_text(["1.pdf", "3.pdf"])


def test_the_budget_adds_up_by_year_and_source_while_typing(page):
    application = ApplicationFactory(call=CallFactory(is_budget_by_year=True))
    sign_in(page, application.created_by)
    page.goto(reverse("applications:budget", args=[application.pk]))
    inputs = page.locator("#id_budget input")
    inputs.nth(0).fill("10")
    inputs.nth(1).fill("2,5")
    inputs.nth(2).fill("１.5")
    expect(page.locator("#grand-total")).to_have_text("36.50")
    expect(page.locator(f"#year-{application.call.year}")).to_have_text("36.50")
    expect(state(page)).to_have_text(re.compile("已自动保存"))
    expect(page.locator("#grand-total")).to_have_text("36.50")
    application.refresh_from_db()
    assert application.requested_amount == 115_000
