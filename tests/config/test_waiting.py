"""The waiting room: who waits, in which order, and what never does."""

import time
from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from applications.models import Submission
from config import waiting
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.applications import ApplicationFactory, filled
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_place(settings):
    settings.WAITING_ROOM_PLACES = 1
    settings.WAITING_ROOM_REFRESH = 1
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(*waiting.KEYS)
    yield client
    client.delete(*waiting.KEYS)


def visit(address="/", client=None, **headers):
    client = client or Client()
    return client, client.get(address, headers=headers)


def test_nobody_waits_where_no_limit_is_set(client):
    assert client.get("/").status_code == 200
    assert waiting.COOKIE not in client.cookies


def test_others_wait_in_the_order_of_their_arrival(one_place):
    first, inside = visit()
    assert (inside.status_code, first.get("/").status_code) == (200, 200)
    second, page = visit()
    third, later = visit()
    assert (page.status_code, page["Retry-After"], page["Refresh"]) == (503, "1", "1; url=/?jb-again=1")
    assert page["Cache-Control"] == "no-store"
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "第 1 位" in page.content.decode()
    assert "第 2 位" in later.content.decode()
    assert "共有 2 人" in later.content.decode()
    one_place.delete("waiting:inside")
    assert third.get("/").status_code == 503
    assert second.get("/").status_code == 200
    assert third.get("/").status_code == 503


def test_whoever_leaves_the_line_lets_the_next_move_up(one_place):
    visit()
    visit()
    third, later = visit()
    assert "第 2 位" in later.content.decode()
    one_place.zadd("waiting:seen", {one_place.zrange("waiting:line", 0, 0)[0]: time.time() - 60})
    assert "第 1 位" in third.get("/").content.decode()


def test_a_place_ends_when_its_holder_asks_for_nothing(one_place, settings):
    settings.WAITING_ROOM_HOLD = 0
    visit()
    assert visit()[1].status_code == 200


def test_the_page_and_the_api_speak_the_language_of_the_reader(one_place):
    visit()
    _client, page = visit(Accept_Language="en")
    assert "Number 1" in page.content.decode()
    assert '<html lang="en">' in page.content.decode()
    _client, answer = visit("/api/v1/", Accept_Language="en", Authorization="Token x")
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert answer.json()["error"]["code"] == "waiting"
    assert "number 2 in line" in answer.json()["error"]["message"]


def test_without_cookies_one_is_told_so_at_once_and_keeps_no_place_from_others(one_place):
    visit()
    _client, first = visit("/calls/?q=水&page=2")
    again = first["Refresh"].partition("url=")[2]
    assert again == "/calls/?q=%E6%B0%B4&page=2&jb-again=1"
    _client, told = visit(again)
    assert (told.status_code, "Refresh" in told, "http-equiv" in told.content.decode()) == (503, False, False)
    assert "您的浏览器不接受 Cookie" in told.content.decode()
    assert 'href="/calls/?q=%E6%B0%B4&amp;page=2"' in told.content.decode()
    answer = visit("/api/v1/")[1]
    assert answer.json()["error"]["code"] == "waiting"
    assert "没有令牌" in answer.json()["error"]["message"]
    # Neither of the two stands in the line; who brings the cookie back waits, and comes to the plain address.
    assert one_place.zcard("waiting:line") == 1
    second, _page = visit()
    assert (one_place.zcard("waiting:line"), second.get("/?jb-again=1").status_code) == (2, 503)
    for key in ("waiting:inside", "waiting:line"):
        one_place.delete(key)
    answer = second.get("/?a=1&jb-again=1")
    assert (answer.status_code, answer.url, second.get("/?a=1").status_code) == (302, "/?a=1", 200)


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/static/portal/portal.css", "/admin/"])
def test_what_keeps_the_site_alive_never_waits(one_place, address):
    visit()
    assert visit(address)[1].status_code != 503


@pytest.mark.parametrize(("seconds", "words"), [(3, "不到 1 分钟"), (61, "约 2 分钟"), (3601, "1 小时以上")])
def test_the_wait_is_told_in_words(seconds, words):
    assert waiting.in_words(seconds) == words


def test_the_wait_follows_the_pace_of_the_line(one_place, settings):
    room = waiting.room_at(settings.REDIS_URL)
    settings.WAITING_ROOM_PLACES, now = 12, 1_000_000.0
    for number in range(12):
        assert room.enter(f"in{number}", is_back=True, now=now) is None
    assert room.enter("a", is_back=True, now=now) == (1, 1, 10)
    assert room.enter("b", is_back=True, now=now) == (2, 2, 20)
    room.leave("in0")
    assert room.enter("b", is_back=True, now=now + 10) == (2, 2, 20)
    assert room.enter("a", is_back=True, now=now + 10) is None


# ---- what was typed or clicked ----


def test_a_click_is_never_kept_waiting_and_leads_to_its_answer(one_place):
    application = filled()
    visit()
    client = Client()
    client.force_login(application.created_by)
    check = reverse("applications:check", args=[application.pk])
    assert client.get(check).status_code == 503
    response = client.post(check)
    assert response.status_code == 302
    assert client.get(response.url).status_code == 200
    assert Submission.objects.filter(application=application).count() == 1


def test_autosave_is_never_kept_waiting(one_place):
    application = ApplicationFactory()
    visit()
    client = Client()
    client.force_login(application.created_by)
    address = reverse("applications:section", args=[application.pk, "solution"])
    for body in ({"values": {"a-route": "x"}, "questions": ["route"]}, {"values": {}}):
        assert client.patch(address, body, content_type="application/json").status_code == 200
    assert client.patch("/nowhere/").status_code == 404


def test_strangers_do_not_jump_the_line_by_clicking(one_place):
    visit()
    client = Client()
    login = reverse("account_login")
    assert client.post(login, {"login": "nobody", "password": "x"}).status_code == 200
    assert client.get(login).status_code == 503


def test_signing_out_gives_the_place_to_the_next(one_place):
    first, user = Client(), UserFactory()
    first.force_login(user)
    visit("/", first)
    second, page = visit()
    assert page.status_code == 503
    first.post(reverse("account_logout"))
    assert second.get("/").status_code == 200


def test_with_redis_away_everybody_goes_in(one_place, settings, monkeypatch):
    visit()
    asked = []

    def away(*args, **kwargs):
        asked.append(args)
        raise redis.ConnectionError("gone")

    client, page = visit()
    assert page.status_code == 503
    monkeypatch.setattr(waiting.Room, "enter", away)
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 200]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("header", "trusted", "late"),
    [
        ("t={early:.3f}", True, False),
        ("t={early:.3f}", False, True),
        ("t={far:.3f}", True, True),
        ("t={ahead:.3f}", True, True),
        ("yesterday", True, True),
    ],
)
def test_a_submission_counts_from_the_moment_the_server_received_it(client, settings, header, trusted, late):
    settings.REQUEST_START_TRUSTED = trusted
    now = timezone.now()
    application = filled(call=CallFactory(closes_at=now - timedelta(seconds=5)))
    client.force_login(application.created_by)
    moments = {"early": now.timestamp() - 20, "far": now.timestamp() - 3_600, "ahead": now.timestamp() + 60}
    check = reverse("applications:check", args=[application.pk])
    response = client.post(check, headers={"X-Request-Start": header.format(**moments)})
    assert response.status_code == (422 if late else 302)
    assert Submission.objects.filter(application=application).exists() is not late


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_second_person_waits_and_then_gets_in_by_themselves(one_place, new_page):
    user = UserFactory()
    first, second = new_page(), new_page(java_script_enabled=False)
    first.goto(reverse("account_login"))
    first.fill("[name=login]", user.username)
    first.fill("[name=password]", PASSWORD)
    first.click("main button[type=submit]")
    first.wait_for_url(lambda url: "login" not in url)
    second.goto(reverse("portal:home"))
    expect(second.get_by_role("heading", level=1)).to_have_text("现在使用的人很多，请稍候")
    expect(second.get_by_role("status")).to_have_text("第 1 位")
    first.request.post("/accounts/logout/", headers={"X-CSRFToken": csrf_of(first)})
    expect(second.get_by_role("heading", level=1)).not_to_have_text("现在使用的人很多，请稍候")


def csrf_of(page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
