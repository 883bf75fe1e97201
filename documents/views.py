"""One address for every file: who may not see it is told that there is none."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from documents import rules
from documents.models import Document, ScanState


@login_required
@require_safe
def download(request, pk):
    """The file under its own name (RFC 5987), never run in the page. `?inline` shows a PDF or picture."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    if document.scan == ScanState.INFECTED:
        raise PermissionDenied(_("这个文件含有病毒，不能下载。"))
    if settings.CLAMD_ADDRESS and document.scan == ScanState.PENDING:
        raise PermissionDenied(_("这个文件还在检查病毒，请过一分钟再下载。"))
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
