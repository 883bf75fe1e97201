"""The waiting room: beyond so many people at once, others wait in order of arrival (docs/adr/0022).

Only whoever asks for a page waits. What was typed or clicked, every request that is not a mere reading, goes
through, and lets in whoever is signed in: their next page is the answer to it. With Redis away all go in.
"""

import logging
import re
import time
import uuid
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import redis
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.shortcuts import redirect
from django.template import loader
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from config.errors import answer, for_api, stylesheets

log = logging.getLogger(__name__)

NEVER_WAITS = re.compile(r"^/(healthz|readyz|metrics|static/|i18n/|admin/)")
READS = ("GET", "HEAD", "OPTIONS")
COOKIE, KEPT_SECONDS = "jb_place", 24 * 3600
AGAIN, AT_ONCE = "jb-again", 1
"""The page that waits asks again under its own address with this mark, the first time at once: whoever then
brings no cookie refuses cookies, would be a newcomer each time, and is told so instead of waiting on."""
FIRST_HOLD = 20
"""A place is kept so long for a browser that has not come back yet: programs without cookies never do."""
WINDOW = 120
"""How long back the pace of the line is measured, in seconds."""
BREAK = 5
"""After Redis failed nobody asks it for so many seconds."""
OLDEST = 300
"""A start of a request further back is no start."""

KEYS = [f"waiting:{name}" for name in ("inside", "line", "seen", "entered", "ticket")]
# inside: who → when their place ends; line: who → number of arrival; seen: who → when they asked last;
# entered: who → when they were let in. One call is one step: two web processes never give a place twice.
ENTER = """
local now, places, hold, patience, window, who = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]),
    tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for _, gone in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', now - patience, 'BYSCORE', 'LIMIT', 0, 200)) do
    redis.call('ZREM', KEYS[2], gone)
    redis.call('ZREM', KEYS[3], gone)
end
if redis.call('ZSCORE', KEYS[1], who) then
    redis.call('ZADD', KEYS[1], now + hold, who)
    return {0, 0, 0}
end
if not redis.call('ZSCORE', KEYS[2], who) then
    redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[5]), who)
end
redis.call('ZADD', KEYS[3], now, who)
local before = redis.call('ZRANK', KEYS[2], who)
if before < places - redis.call('ZCARD', KEYS[1]) then
    redis.call('ZREM', KEYS[2], who)
    redis.call('ZREM', KEYS[3], who)
    redis.call('ZADD', KEYS[1], now + hold, who)
    redis.call('ZADD', KEYS[4], now, who)
    return {0, 0, 0}
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - window)
return {before + 1, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[4])}
"""
ADMIT = """
redis.call('ZREM', KEYS[2], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('ZADD', KEYS[1], tonumber(ARGV[1]) + tonumber(ARGV[2]), ARGV[3])
"""


class Place(NamedTuple):
    """A place in the line, of how many, and about how many seconds it will take."""

    number: int
    of: int
    seconds: int


class Room:
    """The line in Redis. Every method raises RedisError when it is away."""

    def __init__(self, url: str):
        self.client = redis.Redis.from_url(url, socket_timeout=0.3, socket_connect_timeout=0.3)
        self._enter, self._admit = (self.client.register_script(text) for text in (ENTER, ADMIT))

    def enter(self, who: str, *, is_back: bool, now: float) -> Place | None:
        """None for whoever is inside now; otherwise their place in the line."""
        hold = settings.WAITING_ROOM_HOLD if is_back else min(FIRST_HOLD, settings.WAITING_ROOM_HOLD)
        patience = 3 * settings.WAITING_ROOM_REFRESH + 15
        number, of, entered = self._enter(
            KEYS, [now, settings.WAITING_ROOM_PLACES, hold, patience, WINDOW, who]
        )
        if not number:
            return None
        pace = entered / WINDOW or settings.WAITING_ROOM_PLACES / settings.WAITING_ROOM_HOLD
        return Place(number, of, int(number / pace))

    def admit(self, who: str, *, now: float) -> None:
        """Let in at once, whoever else is inside."""
        self._admit(KEYS, [now, settings.WAITING_ROOM_HOLD, who])

    def leave(self, who: str) -> None:
        for key in KEYS[:3]:
            self.client.zrem(key, who)


@lru_cache(maxsize=2)
def room_at(url: str) -> Room:
    return Room(url)


class WaitingRoom:
    """Middleware. Notes when a request was received (`request.received_at`), line or no line."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.refusing = XFrameOptionsMiddleware(CSPMiddleware(refusal))
        self.closed_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.received_at = received_at(request)
        if not settings.WAITING_ROOM_PLACES or NEVER_WAITS.match(request.path_info):
            return self.get_response(request)
        who, is_back = visitor(request)
        if request.method in READS:
            response = self._after_asking(request, who, is_back=is_back)
        else:
            response = self.get_response(request)
            self._after_writing(request, who)
        if not is_back:
            remember(response, who)
        return response

    def _after_asking(self, request, who, *, is_back):
        request.place = self._ask(lambda room: room.enter(who, is_back=is_back, now=time.time()))
        if request.place is None:
            # An address without the mark, to keep and to send to others.
            marked = is_back and AGAIN in request.GET
            return redirect(without_mark(request)) if marked else self.get_response(request)
        request.is_back = is_back
        if cannot_wait(request):
            self._ask(lambda room: room.leave(who))
        return self.refusing(request)

    def _after_writing(self, request, who):
        user = getattr(request, "user", None)
        if request.path_info == reverse("account_logout"):
            self._ask(lambda room: room.leave(who))
        elif user is not None and user.is_authenticated:
            self._ask(lambda room: room.admit(who, now=time.time()))

    def _ask(self, what):
        """What the room says; None, which is a yes, while it cannot be asked."""
        if time.monotonic() < self.closed_until:
            return None
        try:
            return what(room_at(settings.REDIS_URL))
        except RedisError as fault:
            self.closed_until = time.monotonic() + BREAK
            log.warning("the waiting room is open to all: %s", fault)
            return None


def received_at(request):
    """When the proxy received the request, where it says so and is believed; otherwise now."""
    now = timezone.now()
    found = re.fullmatch(r"t=(\d{10})(\.\d{1,6})?", request.headers.get("X-Request-Start", ""))
    if not (settings.REQUEST_START_TRUSTED and found):
        return now
    waited = now.timestamp() - float(found[1] + (found[2] or ""))
    return now - timedelta(seconds=waited) if 0 <= waited <= OLDEST else now


def visitor(request) -> tuple[str, bool]:
    """(who this is, whether the browser came back): by cookie, or by the token of a program."""
    if token := request.headers.get("Authorization"):
        return salted_hmac(COOKIE, token).hexdigest()[:32], True
    try:
        return request.get_signed_cookie(COOKIE, max_age=KEPT_SECONDS), True
    except (KeyError, BadSignature):
        return uuid.uuid4().hex, False


def cannot_wait(request) -> bool:
    """Whether nobody will know this visitor when they come again: neither cookie nor token."""
    return not request.is_back and (AGAIN in request.GET or for_api(request))


def with_mark(request) -> str:
    return _address(request, {AGAIN: "1"})


def without_mark(request) -> str:
    return _address(request, {})


def _address(request, more) -> str:
    query = request.GET.copy()
    query.pop(AGAIN, None)
    query.update(more)
    address = escape_leading_slashes(quote(request.path, safe="/"))
    return f"{address}?{query.urlencode()}" if query else address


def remember(response, who: str) -> None:
    response.set_signed_cookie(
        COOKIE,
        who,
        max_age=KEPT_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def refusal(request) -> HttpResponse:
    """The page of those who wait, which asks again by itself; for programs the API's error."""
    place = request.place
    with translation.override(translation.get_language_from_request(request)):
        duration = in_words(place.seconds)
        if for_api(request) and cannot_wait(request):
            response = answer(
                503, "waiting", _("现在使用的人很多，没有令牌的请求不能排队：请带上令牌，或稍后再试。")
            )
        elif for_api(request):
            message = _("现在使用的人很多：您排在第 %(number)s 位，预计%(duration)s。") % {
                "number": place.number,
                "duration": duration,
            }
            response = answer(503, "waiting", message)
        else:
            response = _page(request, duration)
        response["Content-Language"] = translation.get_language()
    response["Retry-After"] = str(settings.WAITING_ROOM_REFRESH)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Cookie, Accept-Language"
    return response


def _page(request, duration: str) -> HttpResponse:
    place, refused = request.place, cannot_wait(request)
    wait = settings.WAITING_ROOM_REFRESH if request.is_back else AT_ONCE
    context = {
        "place": place,
        "duration": duration,
        "refused": refused,
        "refresh": settings.WAITING_ROOM_REFRESH,
        "wait": wait,
        "again": with_mark(request),
        "here": without_mark(request),
        "stylesheets": stylesheets(),
        "now": timezone.localtime(request.received_at),
    }
    response = HttpResponse(loader.get_template("503_waiting.html").render(context), status=503)
    if not refused:
        response["Refresh"] = f"{wait}; url={context['again']}"
    return response


def in_words(seconds: int) -> str:
    if seconds < 60:
        return _("不到 1 分钟")
    if seconds > 3600:
        return _("1 小时以上")
    minutes = -(-seconds // 60)
    return _("约 %(n)s 分钟") % {"n": minutes}
