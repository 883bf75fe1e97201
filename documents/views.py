"""One address for every file: who may not see it is told that there is none."""

from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.workflow import Lost, Refused
from documents import drawing, rules, uploads
from documents.models import Document, ScanState, Upload


def _readable(request, pk) -> Document:
    """A file that the person may read and the scanner did not stop."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    _check_scanned(document)
    return document


def _check_scanned(document) -> None:
    if document.scan == ScanState.INFECTED:
        raise PermissionDenied(_("这个文件含有病毒，不能下载。"))
    if settings.CLAMD_ADDRESS and document.scan == ScanState.PENDING:
        raise PermissionDenied(_("这个文件还在检查病毒，请过一分钟再下载。"))


@login_required
@require_safe
def download(request, pk):
    """The file, for whoever may read what it belongs to."""
    return send(request, get_object_or_404(Document.objects.visible_to(request.user), pk=pk))


def send(request, document) -> FileResponse:
    """The file under its own name (RFC 5987), never run in the page. `?inline` shows a PDF or picture.

    Who calls this has asked whether the person may read it.
    """
    _check_scanned(document)
    try:
        file = document.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    inline = "inline" in request.GET and document.media_type in (rules.PDF, rules.PNG, rules.JPEG)
    response = FileResponse(
        file, as_attachment=not inline, filename=document.name, content_type=document.media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


# ---- pages of a PDF as pictures, to be read beside something else ----


@login_required
@require_safe
def pages(request, pk):
    """All pages below one another; a picture is one page, other kinds of files have none to show."""
    document = _readable(request, pk)
    total = 0
    if document.media_type == rules.PDF:
        with _opened(document) as file:
            total = drawing.page_count(file)
    context = {
        "document": document,
        "numbers": range(1, min(total, drawing.MOST_PAGES) + 1),
        "total": total,
        "is_picture": document.media_type in (rules.PNG, rules.JPEG),
    }
    return render(request, "documents/pages.html", context)


@login_required
@require_safe
def page(request, pk, number):
    """One page of a PDF as a picture: shown the same in every browser, and nothing in it can run."""
    document = _readable(request, pk)
    if document.media_type != rules.PDF or not 1 <= number <= drawing.MOST_PAGES:
        raise Http404
    with _opened(document) as file:
        body = drawing.page_picture(file, number)
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type=rules.PNG)
    response["X-Content-Type-Options"] = "nosniff"
    # A file never changes under its key.
    response["Cache-Control"] = "private, max-age=600"
    return response


@contextmanager
def _opened(document):
    try:
        file = document.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    with file:
        yield file


# ---- large files, in pieces ----


@contextmanager
def sent_file(request):
    """The file of a form, or the one that came in pieces under the key in `upload`; None for neither.

    Raises Http404 for somebody else's key, Refused while pieces are missing.
    """
    key = request.POST.get("upload")
    if not key:
        yield request.FILES.get("file")
        return
    try:
        upload = get_object_or_404(Upload, key=UUID(key), by=request.user)
    except ValueError:
        raise Http404 from None
    with uploads.put_together(upload) as file:
        try:
            yield file
        finally:
            uploads.end_upload(upload=upload)


def _shown(upload) -> dict:
    return {"key": str(upload.key), "received": upload.received, "size": upload.size, "piece": uploads.CHUNK}


def _signed_out() -> JsonResponse:
    return JsonResponse({"error": "signed_out", "message": _("登录已过期。")}, status=401)


@require_POST
def begin(request):
    """Begin a file of `name` and `size`: {"key", "received", "piece"}."""
    if not request.user.is_authenticated:
        return _signed_out()
    size = request.POST.get("size", "")
    try:
        upload = uploads.begin_upload(
            name=request.POST.get("name", ""),
            size=int(size) if size.isdecimal() and len(size) < 16 else 0,
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    return JsonResponse(_shown(upload), status=201)


@require_http_methods(["GET", "HEAD", "PUT"])
def piece(request, key):
    """How far a file has come; PUT with `?offset=` adds the next piece, 409 says which one that is."""
    if not request.user.is_authenticated:
        return _signed_out()
    upload = get_object_or_404(Upload, key=key, by=request.user)
    if request.method == "PUT":
        offset = request.GET.get("offset", "")
        length = request.headers.get("Content-Length") or ""
        if not length.isdecimal() or int(length) > uploads.CHUNK:
            return JsonResponse({"error": "piece", "message": _("这一段的大小不对。")}, status=413)
        try:
            uploads.receive(
                upload=upload,
                offset=int(offset) if offset.isdecimal() and len(offset) < 16 else -1,
                piece=request.body,
            )
        except Lost as lost:
            return JsonResponse(_shown(upload) | {"error": lost.code, "message": lost.message}, status=409)
        except Refused as refused:
            return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    return JsonResponse(_shown(upload))
