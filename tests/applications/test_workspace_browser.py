"""The workspace in a real browser: two editors, a large file over a lost connection, the closing second."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.roles import UnitRole
from applications import actions, completeness, queries
from applications.models import TeamMember
from tests.applications.test_autosave_browser import SAVED, sign_in, state
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.applications import filled
from tests.factories.grants import CallFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def application():
    return filled()


def test_of_two_editors_nobody_writes_over_the_other(page, application):
    colleague = UserFactory(name="陈同事")
    MembershipFactory(user=colleague, organisation=application.organisation, role=UnitRole.MEMBER)
    TeamMember.objects.create(application=application, user=colleague)
    sign_in(page, application.created_by)
    page.goto(reverse("applications:section", args=[application.pk, "solution"]))
    now = timezone.now()
    actions.save_answers(application=application, answers={"route": "同事写的"}, by=colleague, at=now)

    page.fill("#id_a-route", "我写的")
    conflict = page.locator("#question-route [data-conflict]")
    expect(conflict).to_contain_text("同事写的")
    expect(conflict).to_contain_text("陈同事")
    assert page.input_value("#id_a-route") == "我写的"
    assert queries.stored_answers(application)["route"] == "同事写的"

    page.reload()
    expect(conflict).to_contain_text("同事写的")
    assert page.input_value("#id_a-route") == "我写的"
    expect(state(page).get_by_role("link", name="去选择")).to_have_attribute("href", "#conflict-route")
    conflict.get_by_role("button", name="以我填写的为准").click()
    # Who works with the keyboard goes on where they were.
    expect(page.locator("#id_a-route")).to_be_focused()
    expect(state(page)).to_have_text(SAVED)
    assert queries.stored_answers(application)["route"] == "我写的"

    actions.save_answers(application=application, answers={"route": "又改了"}, by=colleague, at=now)
    page.fill("#id_a-route", "我再写")
    conflict.get_by_role("button", name="采用对方的").click()
    expect(page.locator("#id_a-route")).to_have_value("又改了")
    expect(page.locator("#id_a-route")).to_be_focused()
    page.fill("#comment-text", "请核对。")
    page.get_by_role("button", name="添加批注").press("Enter")
    expect(page.locator("#comments")).to_contain_text("请核对。")
    expect(page.get_by_role("button", name="添加批注")).to_be_focused()

    # A row that a colleague added stands where it will stand, above the one that waits to be filled.
    page.goto(reverse("applications:participants", args=[application.pk]))
    leader = application.participants.values(*completeness.PERSON_FIELDS).get()
    added = {"role": "member", "name": "新人", "organisation_name": "山海大学"}
    actions.set_participants(application=application, participants=[leader, added], by=colleague, at=now)
    page.fill("[name=participants-0-task]", "总体与集成")
    names = page.locator("[data-forms] [name$='-name']:not([name*=organisation])")
    expect(names).to_have_count(3)
    assert [name.input_value() for name in names.all()] == [leader["name"], "新人", ""]
    expect(page.locator("[name=participants-0-task]")).to_be_focused()


def test_a_large_file_goes_on_after_a_lost_connection(page, application):
    sign_in(page, application.created_by)
    page.goto(reverse("applications:section", args=[application.pk, "solution"]))
    broken = []

    def break_once(route):
        if route.request.method == "PUT" and "offset=1048576" in route.request.url and not broken:
            broken.append(route.request.url)
            return route.abort()
        return route.continue_()

    page.route("**/documents/uploads/**", break_once)
    content = b"%PDF-1.7\n" + b"x" * (2 * 1024 * 1024 + 1_000) + b"\n%%EOF\n"
    page.locator("#id_a-plan").set_input_files(
        {"name": "大文件.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    expect(page.locator("#file-plan")).to_contain_text("大文件.pdf", timeout=15_000)
    assert len(broken) == 1
    assert queries.latest_documents(application)["plan"].size == len(content)


def test_two_clicks_at_the_closing_second_hand_in_once(page):
    application = filled(call=CallFactory(closes_at=timezone.now() + timedelta(seconds=30)))
    sign_in(page, application.created_by)
    page.goto(reverse("applications:check", args=[application.pk]))
    # Two windows press at once: the form is sent twice, side by side.
    statuses = page.evaluate(
        """async () => {
            const form = document.querySelector("form[method=post] .btn-primary").form;
            const send = () => fetch(form.action, { method: "POST", body: new FormData(form) });
            const answers = await Promise.all([send(), send()]);
            return answers.map((answer) => answer.status);
        }"""
    )
    assert statuses == [200, 200]
    assert application.submissions.count() == 1
    page.goto(reverse("applications:detail", args=[application.pk]))
    expect(page.get_by_text(re.compile("第 1 版")).first).to_be_visible()
    # The browser's Back shows how things stand, not the button of before.
    page.go_back()
    expect(page).to_have_url(re.compile(f"/{application.pk}/"))
    expect(page.get_by_role("button", name="提交申报书")).to_have_count(0)
