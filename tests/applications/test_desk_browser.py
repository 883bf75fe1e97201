"""The desk of the formal check in a real browser: by keyboard alone, and as axe reads it."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role
from tests.applications.test_admin import page_of
from tests.applications.test_batches import copy_of
from tests.factories.accounts import officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory
from tests.portal.test_accessibility import PHONE, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def focused(page, what: str) -> str:
    return page.evaluate(f"document.activeElement.{what}")


def test_an_officer_examines_by_keyboard_alone(page, client, live_server):
    application = submitted(call=CallFactory(parts__stages=("formal_check", "expert_review", "decision")))
    other = copy_of(application)
    client.force_login(officer(Role.PROGRAMME_MANAGER, application.call.programme.department))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.set_viewport_size(PHONE)
    assert faults(page, page_of(application)) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert faults(page, page_of(application)) == []

    first, second = (f"line-{line.pk}" for line in application.rule_results.order_by("rule__order", "pk"))
    page.keyboard.press("j")
    assert focused(page, "id") == first
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'c-basics'")
    assert focused(page, "closest('.jc-pane').getAttribute('aria-labelledby')") == "document-title"
    page.keyboard.press("b")
    assert focused(page, "closest('li').id") == first
    page.keyboard.press("j")
    assert focused(page, "id") == second
    for key in ("Tab", "Tab", "Space", "Tab", "s", "p"):
        page.keyboard.press(key)
    note = page.locator(f"#{second} textarea")
    expect(note).to_have_value("sp")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("s")
    expect(page.get_by_text("已记录 1 条审查结论。")).to_be_visible()
    page.wait_for_load_state()
    expect(note).to_have_value("sp")
    assert application.rule_results.get(rule__code="P1").officer_status == "passed"
    for key, there in (("[", other), ("]", application)):
        page.keyboard.press(key)
        expect(page).to_have_url(live_server.url + page_of(there))
        page.wait_for_load_state()
    page.keyboard.press("p")
    page.wait_for_url("**?state=formal_check")
    application.refresh_from_db()
    assert application.state == "expert_review"
