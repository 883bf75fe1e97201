"""Middleware of the project."""

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


def admin_content_policy(get_response: Callable[[HttpRequest], HttpResponse]):
    """Widen the content security policy below /admin/ by what django-unfold's Alpine.js needs, and no more.

    Stands below CSPMiddleware in the list, so that it sees the response first.
    """
    admin = reverse("admin:index")

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(admin):
            widened = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}
            # A view may ask for more (the preview's frame); it never asks for these two.
            response._csp_update = getattr(response, "_csp_update", {}) | widened
        return response

    return middleware
