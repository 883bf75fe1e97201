"""Autosave in a real browser: an ended session, a lost connection, a reload; nothing typed is lost."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from applications import queries
from tests.factories.accounts import PASSWORD
from tests.factories.applications import ApplicationFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SAVED = re.compile("已自动保存")


def sign_in(page, user):
    page.goto(reverse("account_login"))
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)


@pytest.fixture
def application():
    return ApplicationFactory()


@pytest.fixture
def form(page, application):
    sign_in(page, application.created_by)
    page.goto(reverse("applications:section", args=[application.pk, "solution"]))
    return page


def state(page):
    return page.locator("#save-state")


def test_what_is_typed_is_saved_by_itself(form, application):
    form.fill("#id_a-route", "先仿真后试制")
    expect(state(form)).to_have_text(SAVED)
    form.fill("#id_a-trl", "十")
    expect(state(form)).to_have_text(re.compile("有 1 处填写有误"))
    expect(form.locator("#question-trl .jb-fault")).to_have_count(1)
    form.reload()
    assert form.input_value("#id_a-trl") == "十"
    assert queries.stored_answers(application)["route"] == "先仿真后试制"
    # Away and back by the browser's button: what was saved stands there and is no conflict with itself.
    form.click(".jb-crumbs a >> nth=-1")
    form.go_back()
    assert form.input_value("#id_a-route") == "先仿真后试制"
    form.fill("#id_a-route", "再改")
    expect(state(form)).to_have_text(SAVED)
    expect(form.locator("[data-conflict]:visible")).to_have_count(0)
    assert queries.stored_answers(application)["route"] == "再改"


def test_a_session_that_ends_in_the_middle_of_the_form_loses_nothing(form, application):
    context = form.context
    context.clear_cookies(name="sessionid")
    form.fill("#id_a-route", "会话过期后写的")
    expect(state(form)).to_have_text(re.compile("登录已过期"))
    form.click("button[name=do][value=next]")
    assert form.input_value("#id_a-route") == "会话过期后写的"
    assert queries.stored_answers(application) == {}

    other = context.new_page()
    sign_in(other, application.created_by)
    other.close()
    form.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(state(form)).to_have_text(SAVED)
    assert queries.stored_answers(application) == {"route": "会话过期后写的"}


def test_a_lost_connection_loses_nothing(form, application):
    form.context.set_offline(True)
    form.fill("#id_a-route", "断网时写的")
    expect(state(form)).to_have_text(re.compile("网络中断"))
    form.context.set_offline(False)
    expect(state(form)).to_have_text(SAVED)
    assert queries.stored_answers(application) == {"route": "断网时写的"}


def test_a_reload_before_it_was_saved_loses_nothing(form, application):
    def refuse_saving(route):
        return route.abort() if route.request.method == "PATCH" else route.continue_()

    form.route("**/form/solution/", refuse_saving)
    form.fill("#id_a-route", "没有保存就刷新")
    expect(state(form)).to_have_text(re.compile("网络中断"))
    form.reload()
    assert form.input_value("#id_a-route") == "没有保存就刷新"
    assert queries.stored_answers(application) == {}
    form.unroute("**/form/solution/")
    form.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state(form)).to_have_text(SAVED)
    assert queries.stored_answers(application) == {"route": "没有保存就刷新"}


def test_a_wrong_file_is_named_and_a_right_one_shown(form, application):
    field = form.locator("#id_a-plan")
    field.set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"MZ not a pdf"})
    expect(form.locator("#question-plan .jb-fault")).to_contain_text("内容不是 pdf 格式")
    content = b"%PDF-1.7\n%%EOF\n"
    field.set_input_files({"name": "方案.pdf", "mimeType": "application/pdf", "buffer": content})
    expect(form.locator("#file-plan")).to_contain_text("方案.pdf")
    expect(form.locator("#question-plan .jb-fault")).to_have_count(0)
    assert queries.stored_answers(application)["plan"]["name"] == "方案.pdf"


def test_people_are_added_without_leaving_the_page(page, application):
    sign_in(page, application.created_by)
    page.goto(reverse("applications:participants", args=[application.pk]))
    page.fill("#id_participants-0-name", "周海声")
    page.click("[data-add-form]")
    page.fill("#id_participants-2-name", "李成员")
    expect(state(page)).to_have_text(SAVED)
    assert list(application.participants.values_list("name", flat=True)) == ["周海声", "李成员"]


def test_the_form_works_without_scripts(new_page, application):
    page = new_page(java_script_enabled=False)
    sign_in(page, application.created_by)
    page.goto(reverse("applications:basics", args=[application.pk]))
    page.fill("#id_title", "没有脚本")
    page.click("button[name=do][value=next]")
    assert page.url.endswith(reverse("applications:section", args=[application.pk, "solution"]))
    application.refresh_from_db()
    assert application.title == "没有脚本"
