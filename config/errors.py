"""What a person sees when a request fails.

400, 403, 404 and the expired form are pages of the site; 500 is a page that stands by itself, for it must
also be shown when the database, the session or a template tag is what failed. Under /api/ the answer is
the API's own error shape.
"""

from contextlib import suppress

from django.http import HttpResponseForbidden, HttpResponseServerError, JsonResponse
from django.template import loader
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views import defaults

EXPIRED_FORM = "403_csrf.html"


def for_api(request) -> bool:
    return request.path.startswith("/api/")


def answer(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse(
        {"error": {"code": code, "message": message, "field": "", "clause": ""}}, status=status
    )


def bad_request(request, exception):
    if for_api(request):
        return answer(400, "bad_request", _("请求无法识别。"))
    return defaults.bad_request(request, exception)


def permission_denied(request, exception):
    if for_api(request):
        return answer(403, "permission_denied", _("您没有权限做这件事。"))
    return defaults.permission_denied(request, exception)


def page_not_found(request, exception):
    if for_api(request):
        return answer(404, "not_found", _("没有这个地址，或者您无权查看。"))
    return defaults.page_not_found(request, exception)


def server_error(request):
    """Show 500.html without request, context processors or database."""
    if for_api(request):
        return answer(500, "server_error", "系统出错，已经记录。The error has been recorded.")
    return HttpResponseServerError(loader.get_template("500.html").render({"stylesheets": stylesheets()}))


def stylesheets() -> list[str]:
    """Return the addresses of the style sheets, or nothing when even the list of static files is broken."""
    with suppress(ValueError, OSError):
        return [static("bootstrap/css/bootstrap.min.css"), static("portal/portal.css")]
    return []


def csrf_failure(request, reason=""):
    """The form was open too long, or cookies are off: say what to do; nothing was changed."""
    if for_api(request):
        return answer(403, "csrf_failed", _("请求缺少防伪标记，请刷新页面后再试。"))
    content = loader.render_to_string(EXPIRED_FORM, {"reason": reason}, request)
    return HttpResponseForbidden(content)
