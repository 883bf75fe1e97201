"""A person at a browser: signs in, fills forms, presses buttons, reads what the page says."""

import re
from pathlib import Path

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from seeds.demo import PASSWORD


class Person:
    """One browser session of one person; words on the pages are Chinese."""

    def __init__(self, page: Page, login: str = ""):
        self.page = page
        self.login = login

    def sign_in(self) -> None:
        self.page.goto("/accounts/login/")
        self.page.locator("[name=login]").fill(self.login)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="登录").click()
        self.page.wait_for_url(lambda address: "/login/" not in address)

    def is_signed_in(self, address: str) -> None:
        """Sit down at a browser in which this person has signed in before."""
        client = Client()
        client.force_login(User.objects.get(username=self.login))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}
        self.page.context.add_cookies([cookie])

    def open(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer.status == 200, f"{self.login or 'the public'} at {address}: {answer.status}"

    def is_refused(self, address: str) -> None:
        """What is not for this person does not exist."""
        answer = self.page.goto(address)
        assert answer.status == 404, f"{self.login or 'the public'} at {address}: {answer.status}"

    def click(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def press(self, name: str) -> None:
        """Press a button of the page's own content."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fill(self, **values: object) -> None:
        """Fill fields by name; `True` ticks a box, a Path uploads a file."""
        for name, value in values.items():
            self.fill_one(name, value)

    def fill_one(self, name: str, value: object) -> None:
        if isinstance(value, bool) and self.page.locator(f"[name='{name}'][type=radio]").count():
            self.page.locator(f"[name='{name}'][type=radio]").nth(0 if value else 1).check()
            return
        field = self.page.locator(f"[name='{name}']:not([type=hidden])")
        kind = field.first.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
        if kind == "radio":
            self.page.locator(f"[name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            field.set_checked(bool(value))
        elif kind == "select":
            field.select_option(str(value))
        elif isinstance(value, Path):
            field.set_input_files(value)
        else:
            field.fill(str(value))

    def add_row(self, name: str, button: str, within: str = "main") -> None:
        """Press the button that adds a row unless the row with this field is there already."""
        if not self.page.locator(f"[name='{name}']").count():
            self.page.locator(within).get_by_role("button", name=button, exact=True).click()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text)

    def never_sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(text)

    def admin_button(self, path: str, button: str, **values: object) -> None:
        """Open an admin page's button, fill what it asks and confirm."""
        self.open(f"/admin/{path}")
        self.action(button)
        self.fill(**values)
        self.press(button)

    def action(self, name: str) -> None:
        """Click one of the admin's buttons for the subject; its accessible name begins with the icon's."""
        self.page.get_by_role("link", name=re.compile(rf"(^|\s){name}$")).last.click()
