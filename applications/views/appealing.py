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
from documents.evidence import Evidence

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
    evidence = Evidence(request, f"appeal:{decision.pk}", most=MOST_FILES)
    refused = _why_not(request.user, application, at=now)
    if request.method == "POST" and not refused:
        status = 422
        if form.is_valid() and _filed(request, application, form, evidence, at=now):
            messages.success(request, _("复审申请已提交，结果会通知您。"))
            return redirect("applications:detail", application.pk)
        for sentence in evidence.keep(at=now):
            if sentence not in form.non_field_errors():
                form.add_error(None, sentence)
    context = {
        "now": now,
        "application": application,
        "decision": decision,
        "until": queries.appeal_until(decision),
        "form": form,
        "refused": refused,
        "evidence": evidence,
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


def _filed(request, application, form, evidence, *, at) -> bool:
    try:
        with evidence.files() as files:
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
