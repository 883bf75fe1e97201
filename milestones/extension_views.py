"""The portal's pages of more time (延期): ask for it, follow what became of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from awards.models import Agreement
from core.calendar import end_of_day
from core.workflow import Refused
from milestones import actions, extending, rules
from milestones.forms import ExtensionForm, UnitReviewForm
from milestones.models import Extension
from milestones.views import refuse

PROJECT = (
    "award__application__organisation",
    "award__application__topic",
    "award__application__call__programme__department",
)

REVIEWS = {"pass": actions.pass_on, "return": actions.return_to_team}


def _closed(user, agreement, requests, *, at) -> Refused | None:
    """Why more time cannot be asked for, or None."""
    try:
        extending.check_can_ask(user, agreement, at=at, requests=requests)
    except Refused as refused:
        return refused
    return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request, pk):
    """Ask for a later end. Where that is not possible the page says why and by which clause."""
    now = timezone.now()
    visible = Agreement.objects.visible_to(request.user).select_related(*PROJECT)
    agreement = get_object_or_404(visible, pk=pk)
    application = agreement.award.application
    if not rules.is_of_project(request.user, application):
        raise PermissionDenied
    requests = extending.requests_of(agreement)
    closed = _closed(request.user, agreement, requests, at=now)
    form = ExtensionForm(
        request.POST or None,
        agreement=agreement,
        milestones=list(extending.movable(agreement)),
        latest=extending.latest_end(agreement),
    )
    if request.method == "POST" and form.is_valid():
        try:
            found = actions.ask(agreement=agreement, **form.asked(), by=request.user, at=now)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("延期申请已提交：%(state)s。") % {"state": found.get_state_display()})
            return redirect("milestones:extension", found.pk)
    context = {
        "title": _("申请延期"),
        "list_title": _("延期申请记录"),
        "list_template": "milestones/includes/_extensions.html",
        "now": now,
        "agreement": agreement,
        "application": application,
        "call": application.call,
        "last_day": end_of_day(extending.last_day(agreement)),
        "latest": extending.latest_end(agreement),
        "requests": requests,
        "closed": closed if request.method != "POST" else None,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "milestones/extend.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def extension(request, pk):
    """One request: what was asked, what was decided. POST takes it back, or is the unit's review."""
    rows = Extension.objects.visible_to(request.user).select_related(
        *(f"agreement__{path}" for path in PROJECT), "submitted_by", "unit_by", "decided_by"
    )
    found = get_object_or_404(rows, pk=pk)
    review = REVIEWS.get(request.POST.get("do"))
    form = UnitReviewForm(request.POST if review else None)
    if review:
        if not rules.is_of_unit(request.user, found.agreement):
            raise PermissionDenied
        if form.is_valid():
            try:
                review(extension=found, **form.cleaned_data, by=request.user, at=timezone.now())
            except Refused as refused:
                refuse(form, refused)
            else:
                messages.success(request, _("审核已保存。"))
                return redirect("milestones:extension", pk)
    elif request.method == "POST":
        if not rules.is_of_project(request.user, found.agreement.award.application):
            raise PermissionDenied
        try:
            actions.withdraw(extension=found, by=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("延期申请已撤回。"))
        return redirect("milestones:extension", pk)
    may_review = extending.can_review(request.user, found)
    context = {
        "title": _("延期申请"),
        "asked": found,
        "stands": found,
        "agreement": found.agreement,
        "application": found.agreement.award.application,
        "shifts": found.shifts.select_related("milestone"),
        # Whoever reviews it sends it back instead.
        "may_withdraw": not may_review and extending.can_withdraw(request.user, found),
        "may_review": may_review,
        "form": form,
        "may_decide": extending.can_decide(request.user, found),
    }
    status = 422 if form.errors else 200
    return render(request, "milestones/extension.html", context, status=status)
