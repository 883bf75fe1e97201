"""What every API view shares: keyset pages and one shape of error."""

import json
from collections.abc import Iterator

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from core.workflow import Lost, Refused

CONFLICTS = {"not_allowed", "lost"}
"""Codes of a Refused that say the subject is in another state: 409 instead of 422."""


class DateTimeField(serializers.DateTimeField):
    """A time; one at the edge of the calendar, which no time zone can turn, is a fault of the field."""

    def enforce_timezone(self, value):
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


class JSONField(serializers.JSONField):
    """JSON as a text of a form: no halves of a pair, nothing nested beyond what Python follows."""

    def to_internal_value(self, data):
        try:
            value = super().to_internal_value(data)
            json.dumps(value, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError):
            self.fail("invalid")
        return value


class KeysetPagination(CursorPagination):
    """`?cursor=` from `next` and `previous`; `?page_size=` up to 100. Newest first unless the view says."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100


def exception_handler(fault: Exception, context: dict) -> Response | None:
    """{"error": {"code", "message", "field", "clause"}} for everything a caller can cause.

    Refused 422, or 409 when the state forbids it; Lost 409; validation 400; also 401, 403, 404, 405, 429.
    Anything else is a fault of ours and stays a 500.
    """
    if isinstance(fault, Refused):
        return _refused(fault, context)
    if isinstance(fault, ValidationError):
        fault = exceptions.ValidationError(
            fault.message_dict if hasattr(fault, "error_dict") else {"": fault.messages}
        )
    response = rest_exception_handler(fault, context)
    if response is None:
        return None
    if isinstance(fault, exceptions.ValidationError):
        field, message = next(_sentences(response.data))
        error = _error("invalid", message, field=field)
    elif isinstance(fault, Http404 | exceptions.NotFound):
        error = _error("not_found", _("没有找到，或者您无权查看。"))
    elif isinstance(fault, PermissionDenied):
        error = _error("permission_denied", _("您没有权限做这件事。"))
    else:
        error = _error(fault.get_codes(), str(fault.detail))
    response.data = error
    return response


def _refused(fault: Refused, context: dict) -> Response:
    # As an APIException it goes through the framework's handler, which rolls back atomic requests.
    wrapped = exceptions.APIException(fault.message, fault.code)
    conflict = isinstance(fault, Lost) or fault.code in CONFLICTS
    wrapped.status_code = status.HTTP_409_CONFLICT if conflict else status.HTTP_422_UNPROCESSABLE_ENTITY
    response = rest_exception_handler(wrapped, context)
    response.data = _error(fault.code, fault.message, field=fault.field, clause=fault.clause)
    return response


def _error(code: str, message: str, *, field: str = "", clause: str = "") -> dict:
    return {"error": {"code": str(code), "message": str(message), "field": field, "clause": clause}}


def _sentences(detail, path: str = "") -> Iterator[tuple[str, str]]:
    """(field, sentence) for each fault, fields dotted through nested data; DRF leaves {} for sound rows."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            bare = "" if name in ("", "__all__", "non_field_errors") else str(name)
            yield from _sentences(inner, f"{path}.{bare}".strip("."))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from _sentences(inner, path if isinstance(inner, str) else f"{path}.{index}".strip("."))
    else:
        yield path, str(detail)
