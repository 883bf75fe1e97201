"""The portal's pages of one milestone: its history, handing in, the demand side's opinion."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from core.workflow import Refused
from milestones import actions, queries, rules
from milestones.forms import HandInForm, OpinionForm
from milestones.models import Milestone, Report


def refuse(form, refused: Refused) -> None:
    """Put a Refused where it belongs, with its clause."""
    sentence = f"{refused.message}（{refused.clause}）" if refused.clause else refused.message
    form.add_error(refused.field if refused.field in form.fields else None, sentence)


def _problems(request, template: str, context: dict, form) -> HttpResponse:
    """What is wrong: for a script only the list, so that typed text and chosen files stay where they are."""
    if request.htmx:
        return render(request, "portal/includes/_form_errors.html", {"form": form}, status=422)
    return render(request, template, context, status=422)


def _done(request, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return HttpResponseClientRedirect(request.path) if request.htmx else redirect(request.path)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def milestone(request, pk):
    """One milestone and its history; for the team the form to hand evidence in."""
    now = timezone.now()
    subject = get_object_or_404(
        queries.with_project(Milestone.objects.visible_to(request.user)).prefetch_related("indicators"), pk=pk
    )
    may = rules.can_hand_in(request.user, subject)
    if request.method == "POST" and not may and not rules.is_team(request.user, subject):
        raise PermissionDenied
    indicators = list(subject.indicators.all())
    form = HandInForm(request.POST or None, request.FILES or None, indicators=indicators)
    if request.method == "POST" and form.is_valid():
        try:
            actions.hand_in(milestone=subject, **form.handed_in(), by=request.user, at=now)
        except Refused as refused:
            refuse(form, refused)
        else:
            return _done(request, _("材料已提交，等待审核。"))
    context = {
        "now": now,
        "milestone": subject,
        "agreement": subject.agreement,
        "application": subject.agreement.award.application,
        "indicators": indicators,
        "hand_ins": queries.hand_ins(subject, request.user),
        "is_late": queries.is_overdue(subject, at=now),
        "form": form if may or request.method == "POST" else None,
        "opinion_report": _waiting_for_opinion(request.user, subject),
    }
    if request.method == "POST":
        return _problems(request, "milestones/milestone.html", context, form)
    return render(request, "milestones/milestone.html", context)


def _waiting_for_opinion(user, subject: Milestone) -> Report | None:
    if not rules.is_demander(user, subject):
        return None
    report = queries.latest_report(subject)
    return report if report and rules.can_give_opinion(user, report) else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def opinion(request, pk):
    """The demand side says what it makes of a hand-in."""
    now = timezone.now()
    report = get_object_or_404(queries.with_milestone(Report.objects.visible_to(request.user)), pk=pk)
    subject = report.milestone
    if not rules.is_demander(request.user, subject):
        raise PermissionDenied
    may = rules.can_give_opinion(request.user, report)
    form = OpinionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.give_opinion(report=report, **form.cleaned_data, by=request.user, at=now)
        except Refused as refused:
            refuse(form, refused)
        else:
            return _done(request, _("意见已提交。"))
    context = {
        "now": now,
        "milestone": subject,
        "agreement": subject.agreement,
        "application": subject.agreement.award.application,
        "report": report,
        "hand_ins": [found for found in queries.hand_ins(subject, request.user) if found.report == report],
        "form": form if may or request.method == "POST" else None,
    }
    if request.method == "POST":
        return _problems(request, "milestones/opinion.html", context, form)
    return render(request, "milestones/opinion.html", context)
