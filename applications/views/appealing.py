"""The applicant's appeal (复审) against a rejection at the formal check."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications import actions, queries, rules
from applications.forms import AppealForm
from applications.views.common import visible_application
from core.workflow import Lost, Refused

MOST_FILES = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request, pk):
    """Why it was rejected, until when and how to appeal; a late or second appeal is told why not."""
    application = visible_application(request.user, pk)
    decision = queries.rejection(application)
    if decision is None:
        raise Http404
    if not rules.is_of_unit(request.user, application):
        raise PermissionDenied
    form, status, now = AppealForm(request.POST or None), 200, timezone.now()
    refused = _why_not(request.user, application, at=now)
    if request.method == "POST" and not refused:
        status = 422
        if form.is_valid() and _filed(request, application, form, at=now):
            messages.success(request, _("复审申请已提交，结果会通知您。"))
            return redirect("applications:detail", application.pk)
    context = {
        "now": now,
        "application": application,
        "decision": decision,
        "until": queries.appeal_until(decision),
        "form": form,
        "refused": refused,
        "most_files": MOST_FILES,
    }
    if refused and form.is_bound:
        status = 422
    return render(request, "applications/appeal.html", context, status=status)


def _why_not(user, application, *, at) -> Refused | None:
    try:
        rules.check_can_appeal(user, application, at=at)
    except Refused as refused:
        return refused
    return None


def _filed(request, application, form, *, at) -> bool:
    files = request.FILES.getlist("files")
    if len(files) > MOST_FILES:
        form.add_error(None, _("最多上传 %(n)s 个文件。") % {"n": MOST_FILES})
        return False
    try:
        actions.appeal(
            application=application,
            grounds=form.cleaned_data["grounds"],
            files=files,
            by=request.user,
            at=at,
        )
    except Lost:
        return True  # the second of two clicks: the first has filed it
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return False
    return True
