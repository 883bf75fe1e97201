"""Middleware of the project."""

from collections.abc import Callable
from http import HTTPStatus

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import is_valid_path, reverse


def only_by_button(get_response: Callable[[HttpRequest], HttpResponse]):
    """Who comes to the address of a button, say after signing in anew, reads where the button stands."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.method != "GET":
            return response
        if response.content or request.path.startswith("/api/"):
            return response
        page = render(request, "405.html", {"above": _above(request.path)}, status=response.status_code)
        page.headers["Allow"] = response.headers.get("Allow", "")
        return page

    return middleware


def _above(path: str) -> str:
    """The page on which the button probably stands."""
    above = f"{path.rstrip('/').rpartition('/')[0]}/"
    return above if is_valid_path(above) else ""


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
