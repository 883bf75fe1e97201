"""Autosave by the short way (docs/adr/0022): two statements, and none of what only pages need.

The short way only ever says yes. Whoever is signed out or not on the team, whatever is unreadable, sealed,
disputed or decides about other questions goes on to the view, which does the same at length or says why not.
"""

import re
from functools import lru_cache

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from applications import actions, queries
from applications.forms.answers import AnswersForm
from applications.views.common import MOST_VALUES, read_sent

ADDRESS = re.compile(r"^/applications/([0-9]{1,18})/form/[-a-zA-Z0-9_]+/$")
KEPT_SESSIONS = 4096


class Forgery(CsrfViewMiddleware):
    """Django's own check, without its page: the view refuses whatever was refused here."""

    def _reject(self, request, reason):
        return reason


class PlainSaves:
    def __init__(self, get_response):
        self.get_response = get_response
        self.forgery = Forgery(get_response)
        self.written = XFrameOptionsMiddleware(CSPMiddleware(_written))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = ADDRESS.match(request.path_info) if request.method == "PATCH" else None
        if address is not None:
            request.answer = self._answer(request, int(address[1]))
            if request.answer is not None:
                return self.written(request)
        return self.get_response(request)

    def _answer(self, request, pk: int) -> dict | None:
        """What to say of answers that were stored; None where the view has to do it."""
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if not session_key or not self._is_ours(request):
            return None
        try:
            data, codes, seen = read_sent(request)
        except (ValueError, SuspiciousOperation, UnreadablePostError):
            return None
        # The reading below finds out whether the connection is good: nobody needs to ask that first.
        connection.health_check_done = True
        try:
            return _saved(request, pk, session_key, data, codes, seen)
        except (OperationalError, InterfaceError):
            if not connection.in_atomic_block:
                connection.close()
            return None

    def _is_ours(self, request) -> bool:
        self.forgery.process_request(request)
        return self.forgery.process_view(request, self._answer, (), {}) is None


def _written(request) -> HttpResponse:
    response = JsonResponse(request.answer)
    response["Content-Length"] = str(len(response.content))
    return response


def _saved(request, pk, session_key, data, codes, seen) -> dict | None:
    now = timezone.now()
    if not codes or len(codes) > MOST_VALUES:
        return None
    request.get_host()
    place = queries.workplace(
        session_key=session_key, application_pk=pk, codes=[code for code in codes if code in seen], at=now
    )
    member = place and _member(place)
    if not member:
        return None
    with translation.override(_language(request, member)):
        plain = queries.plain_questions(place.call, place.project_type)
        asked = {code: plain[code] for code in codes if code in plain}
        if len(asked) < len(set(codes)):
            return None
        typed = {
            code: question.field.widget.value_from_datadict(data, {}, f"{AnswersForm.prefix}-{code}")
            for code, question in asked.items()
        }
        written = actions.save_plainly(
            application_pk=pk, place=place, asked=asked, typed=typed, seen=seen, by=member[0], at=now
        )
    if written is None:
        return None
    return {
        "saved_at": timezone.localtime(now).strftime("%H:%M:%S"),
        "faults": {f"{AnswersForm.prefix}-{code}": words for code, words in written.faults.items()},
        "versions": written.versions,
        "conflicts": {},
        "fragments": {},
    }


def _member(place) -> list | None:
    """[key, password hash, language] of the person signed in, if they are on the team.

    As `django.contrib.auth.get_user` decides it; a session signed with a former key goes the long way.
    """
    key, backend, digest = _signed_in(place.session)
    member = next((member for member in place.team if str(member[0]) == key), None)
    if member is None or backend not in settings.AUTHENTICATION_BACKENDS or not digest:
        return None
    known = get_user_model()(password=member[1]).get_session_auth_hash()
    return member if constant_time_compare(digest, known) else None


@lru_cache(maxsize=KEPT_SESSIONS)
def _signed_in(session: str) -> tuple:
    """(key of the user, backend, digest) in the data of a session, which are signed."""
    data = SessionStore().decode(session)
    return tuple(data.get(name) for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY))


def _language(request, member) -> str:
    """As the two middlewares decide it for pages: the switch's cookie, else the person's own."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return translation.get_language_from_request(request)
    return member[2]
