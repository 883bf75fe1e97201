"""The portal's pages of the early end of a project (终止、撤销): ask for it, follow what became of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.workflow import Refused
from documents.models import Document
from milestones import actions, rules, terminating
from milestones.forms import TerminationForm
from milestones.models import Termination
from milestones.request_views import project_or_404, refusal, request_or_404
from milestones.views import refuse


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def terminate(request, pk):
    """Ask for the end of a project, or propose it. Where that is not possible the page says why."""
    now = timezone.now()
    agreement = project_or_404(request, pk)
    application = agreement.award.application
    by_office = terminating.is_office(request.user, agreement)
    if not (by_office or rules.is_of_project(request.user, application)):
        raise PermissionDenied
    requests = terminating.terminations_of(agreement)
    closed = refusal(terminating.check_can_ask, request.user, agreement, requests=requests)
    form = TerminationForm(request.POST or None, request.FILES or None, by_office=by_office)
    if request.method == "POST" and form.is_valid():
        try:
            found = actions.ask_termination(agreement=agreement, **form.asked(), by=request.user, at=now)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("已提交，等待局领导决定。"))
            return redirect("milestones:termination", found.pk)
    context = {
        "title": _("启动终止程序") if by_office else _("申请终止"),
        "list_title": _("终止申请记录"),
        "list_template": "milestones/includes/_terminations.html",
        "agreement": agreement,
        "application": application,
        "call": application.call,
        "requests": requests,
        "closed": closed if request.method != "POST" else None,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "milestones/terminate.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def termination(request, pk):
    """One request: why, with which papers, what was decided. POST takes it back."""
    found = request_or_404(request, Termination, pk)
    if request.method == "POST":
        try:
            actions.withdraw_termination(termination=found, by=request.user, at=timezone.now())
        except Refused as refused:
            if refused.code == "forbidden":
                raise PermissionDenied from None
            messages.error(request, refused.message)
        else:
            messages.success(request, _("已撤回。"))
        return redirect("milestones:termination", pk)
    context = {
        "title": _("项目终止"),
        "asked": found,
        "stands": found,
        "agreement": found.agreement,
        "application": found.agreement.award.application,
        "files": Document.objects.about(found).visible_to(request.user).order_by("kind"),
        "may_withdraw": terminating.can_withdraw(request.user, found),
        "may_decide": terminating.can_decide(request.user, found),
    }
    return render(request, "milestones/termination.html", context)
