"""Autosave by the short way (docs/adr/0022): one statement, and none of what only pages need.

The short way only ever says yes. Whoever is signed out or not on the team, whatever is unreadable, sealed,
disputed or decides about other questions goes on to the view, which does the same at length or says why not.
"""

import json
import re

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import cached_property

from applications import actions, queries
from applications.forms.answers import AnswersForm
from applications.queries.plainly import Seat, Workplace
from applications.views.common import MOST_VALUES, read_sent

ADDRESS = re.compile(r"^/applications/([0-9]{1,18})/form/[-a-zA-Z0-9_]+/$")
KEPT_SEATS = 4096


class Forgery(CsrfViewMiddleware):
    """Django's own check, without its page: the view refuses whatever was refused here."""

    def _reject(self, request, reason):
        return reason


class PlainSaves:
    def __init__(self, get_response):
        self.get_response = get_response
        self.forgery = Forgery(get_response)
        self.seats: dict[tuple[str, int], Seat] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = ADDRESS.match(request.path_info) if request.method == "PATCH" else None
        answer = self._answer(request, int(address[1])) if address is not None else None
        return self.get_response(request) if answer is None else self._written(answer)

    def _answer(self, request, pk: int) -> dict | None:
        """What to say of answers that were stored; None where the view has to do it."""
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if not session_key or not self._is_ours(request):
            return None
        try:
            data, codes, seen = read_sent(request)
        except (ValueError, SuspiciousOperation, UnreadablePostError):
            return None
        if not codes or len(codes) > MOST_VALUES:
            return None
        request.get_host()
        # The first statement finds out whether the connection is good: nobody needs to ask that before.
        connection.health_check_done = True
        try:
            return self._saved(request, (session_key, pk), data, codes, seen)
        except (OperationalError, InterfaceError):
            if not connection.in_atomic_block:
                connection.close()
            return None

    def _is_ours(self, request) -> bool:
        self.forgery.process_request(request)
        return self.forgery.process_view(request, self._answer, (), {}) is None

    def _saved(self, request, place: tuple[str, int], data, codes, seen) -> dict | None:
        """From the seat that is known, else, or where that was given up, from the one that is there now."""
        now = timezone.now()
        known = self.seats.pop(place, None)
        answer = known and _stored(request, known, data, codes, seen, now)
        if not answer:
            known = _seat(*place, at=now)
            answer = known and _stored(request, known, data, codes, seen, now)
        if answer:
            self.seats[place] = known
            if len(self.seats) > KEPT_SEATS:
                del self.seats[next(iter(self.seats))]
        return answer or None

    def _written(self, answer: dict) -> HttpResponse:
        response = HttpResponse(
            json.dumps(answer, cls=DjangoJSONEncoder), headers=self._headers, content_type="application/json"
        )
        response["Content-Length"] = str(len(response.content))
        return response

    @cached_property
    def _headers(self) -> dict[str, str]:
        """What the middleware of pages adds to every answer without a nonce."""
        guarded = XFrameOptionsMiddleware(CSPMiddleware(lambda _request: HttpResponse()))(HttpRequest())
        return {name: value for name, value in guarded.items() if name != "Content-Type"}


def _seat(session_key: str, pk: int, *, at) -> Seat | None:
    """Where the person signed in sits, if they are on the team.

    As `django.contrib.auth.get_user` decides it; a session signed with a former key goes the long way.
    """
    place: Workplace | None = queries.workplace(session_key=session_key, application_pk=pk, at=at)
    if place is None:
        return None
    data = SessionStore().decode(place.session)
    key, backend, digest = (data.get(name) for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY))
    member = next((member for member in place.team if str(member[0]) == key), None)
    if member is None or backend not in settings.AUTHENTICATION_BACKENDS or not digest:
        return None
    by, password, language, row = member
    if not constant_time_compare(digest, get_user_model()(password=password).get_session_auth_hash()):
        return None
    return Seat(session_key, place.row, by, row, language, pk, place.call, place.project_type)


def _stored(request, seat: Seat, data, codes, seen, now) -> dict | None:
    with translation.override(_language(request, seat)):
        plain = queries.plain_questions(seat.call, seat.project_type)
        asked = {code: plain[code] for code in codes if code in plain}
        if len(asked) < len(set(codes)):
            return None
        typed = {
            code: question.field.widget.value_from_datadict(data, {}, f"{AnswersForm.prefix}-{code}")
            for code, question in asked.items()
        }
        written = actions.save_plainly(seat=seat, asked=asked, typed=typed, seen=seen, at=now)
    if written is None:
        return None
    return {
        "saved_at": timezone.localtime(now).strftime("%H:%M:%S"),
        "faults": {f"{AnswersForm.prefix}-{code}": words for code, words in written.faults.items()},
        "versions": written.versions,
        "conflicts": {},
        "fragments": {},
    }


def _language(request, seat: Seat) -> str:
    """As the two middlewares decide it for pages: the switch's cookie, else the person's own."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return translation.get_language_from_request(request)
    return seat.language
