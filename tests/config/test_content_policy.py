"""The content security policy, page by page."""

import pytest

STRICT = {
    "base-uri": "'none'",
    "connect-src": "'self'",
    "default-src": "'none'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
    "manifest-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
}


def policy(response) -> dict[str, str]:
    parts = response["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/", "/accounts/login/", "/api/docs/", "/nowhere/", "/healthz", "/admin-like/"]
)
def test_nothing_inline_and_nothing_from_elsewhere(client, address):
    assert policy(client.get(address)) == STRICT


@pytest.mark.django_db
def test_the_admin_may_evaluate_and_set_styles_and_no_more(admin_client):
    assert policy(admin_client.get("/admin/")) == {
        **STRICT,
        "script-src": "'self' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
    }


@pytest.mark.django_db
def test_the_page_of_the_api_has_nothing_inline(client):
    text = client.get("/api/docs/").content.decode()
    assert "<style" not in text
    assert "<script>" not in text
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


def complaints_at(page, address) -> list[str]:
    found = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda fault: found.append(str(fault)))
    page.goto(address, wait_until="networkidle")
    return found


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/docs/", "/accounts/login/", "/"])
def test_a_browser_finds_nothing_to_refuse(page, address):
    assert complaints_at(page, address) == []


@pytest.mark.browser
@pytest.mark.django_db
def test_a_browser_finds_nothing_to_refuse_in_the_admin(page, live_server, admin_client):
    session = admin_client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    assert complaints_at(page, "/admin/") == []
    assert page.url == f"{live_server.url}/admin/"


@pytest.mark.browser
@pytest.mark.django_db
def test_the_page_of_the_api_shows_the_schema(page):
    page.goto("/api/docs/")
    page.locator(".swagger-ui .info .title").wait_for()
    assert "Jiebang" in page.locator(".swagger-ui .info .title").inner_text()
