"""What a person sees when a request fails."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.test import Client
from django.urls import path
from django.utils import translation
from django.utils.html import escape

from config import urls as site
from tests.factories.accounts import UserFactory


def fail_with(fault):
    def view(_request):
        raise fault

    return view


handler400, handler403, handler404, handler500 = (
    site.handler400,
    site.handler403,
    site.handler404,
    site.handler500,
)
urlpatterns = [
    path("bad/", fail_with(BadRequest())),
    path("forbidden/", fail_with(PermissionDenied())),
    path("broken/", fail_with(OperationalError("password=secret"))),
    path("api/broken/", fail_with(OperationalError("password=secret"))),
    path("api/forbidden/", fail_with(PermissionDenied())),
    *site.urlpatterns,
]


@pytest.fixture
def quiet_client():
    """A client that shows the error page instead of raising."""
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.urls("tests.config.test_errors")
@pytest.mark.parametrize(
    ("address", "status", "title"),
    [("/bad/", 400, "请求无法识别"), ("/forbidden/", 403, "没有权限"), ("/nowhere/", 404, "没有找到页面")],
)
def test_a_page_of_the_site_in_both_languages(quiet_client, address, status, title):
    for language, code in (("zh-hans", "zh-Hans"), ("en", "en")):
        response = quiet_client.get(address, headers={"accept-language": language})
        with translation.override(language):
            expected = escape(translation.gettext(title))
        text = response.content.decode()
        assert response.status_code == status
        assert f'<html lang="{code}">' in text
        assert expected in text
        assert (title in text) == (language == "zh-hans")


@pytest.mark.django_db
def test_the_address_of_a_button_leads_to_its_page(client):
    client.force_login(UserFactory())
    response = client.get("/applications/7/copy/")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "这一步要在页面上办理" in response.content.decode()
    assert 'href="/applications/7/"' in response.content.decode()
    assert client.head("/applications/7/copy/").content == b""


@pytest.mark.urls("tests.config.test_errors")
def test_500_needs_neither_database_nor_session(quiet_client, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", refuse)
    quiet_client.cookies["sessionid"] = "0123456789"
    response = quiet_client.get("/broken/")
    text = response.content.decode()
    assert response.status_code == 500
    assert "系统出错" in text
    assert "Something went wrong" in text
    assert "secret" not in text


@pytest.mark.urls("tests.config.test_errors")
@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/broken/", 500, "server_error"),
        ("/api/forbidden/", 403, "permission_denied"),
        ("/api/nowhere/", 404, "not_found"),
    ],
)
def test_the_api_answers_in_its_own_shape(quiet_client, address, status, code):
    response = quiet_client.get(address)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json().keys() == {"error"}


@pytest.mark.django_db
def test_an_expired_form_says_what_to_do():
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "li"}, headers={"accept-language": "zh-hans"})
    assert response.status_code == 403
    assert "刷新" in response.content.decode()
