"""The portal's pages of more time (延期): ask for it, follow what became of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core.calendar import end_of_day
from core.workflow import Refused
from milestones import actions, extending
from milestones.forms import ExtensionForm
from milestones.models import Extension
from milestones.request_views import Moves, answer, own_project_or_404, refusal, request_or_404
from milestones.views import refuse

MOVES = Moves(
    reviews={"pass": actions.pass_on, "return": actions.return_to_team},
    withdraw=actions.withdraw,
    withdrawn=gettext_lazy("延期申请已撤回。"),
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request, pk):
    """Ask for a later end. Where that is not possible the page says why and by which clause."""
    now = timezone.now()
    agreement = own_project_or_404(request, pk)
    application = agreement.award.application
    requests = extending.requests_of(agreement)
    closed = refusal(extending.check_can_ask, request.user, agreement, at=now, requests=requests)
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
    found = request_or_404(request, Extension, pk)
    form, done = answer(request, found, MOVES)
    if done:
        return done
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
