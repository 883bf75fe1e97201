"""The portal's pages of one milestone: its history, handing in, the demand side's opinion."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from applications.views.common import read_sent, signed_out
from core.workflow import Refused
from documents.views import sent_file
from grants.models import QuestionKind
from milestones import actions, printing, queries, rules
from milestones.forms import HandInForm, OpinionForm, ReportForm
from milestones.models import Milestone, Report, ReportDraft


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
    waits_for_unit = rules.waits_for_unit(request.user, subject)
    if request.method == "POST" and not may and not rules.is_team(request.user, subject):
        raise PermissionDenied
    indicators = list(subject.indicators.all())
    form = HandInForm(
        request.POST or None,
        request.FILES or None,
        indicators=indicators,
        needs_files=rules.needs_files(subject),
        pledge=subject.unit_pledge,
    )
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
        "waits_for_unit": waits_for_unit,
        "asks_form": (may or waits_for_unit) and bool(queries.form_questions(subject)),
        "form_faults": queries.form_faults(subject) if may or waits_for_unit else [],
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


# ---- the call's own questions ----


def _mine(request, pk) -> Milestone:
    """A milestone that the person may see and hand evidence in for."""
    rows = queries.with_project(Milestone.objects.visible_to(request.user))
    subject = get_object_or_404(rows, pk=pk)
    if not rules.is_team(request.user, subject):
        raise PermissionDenied
    return subject


@require_http_methods(["GET", "HEAD", "POST", "PATCH"])
def report_form(request, pk):
    """GET shows the form, POST saves it whole, PATCH saves what changed and answers in JSON."""
    if not request.user.is_authenticated:
        return signed_out() if request.method == "PATCH" else redirect_to_login(request.get_full_path())
    subject = _mine(request, pk)
    if request.method == "PATCH":
        return _autosave(request, subject)
    if request.method == "POST":
        return _save_form(request, subject)
    if not rules.can_hand_in(request.user, subject):
        return redirect("milestones:milestone", subject.pk)
    return _show_form(request, ReportForm(subject))


def _save_form(request, subject):
    now = timezone.now()
    shown = ReportForm(subject, request.POST, files=request.FILES)
    try:
        if request.POST.get("detach"):
            shown.detach(request.POST["detach"], by=request.user, at=now)
            return redirect("milestones:form", subject.pk)
        faults = shown.save(by=request.user, at=now)
    except Refused as refused:
        problems = [{"message": refused.message, "clause": refused.clause}]
        return _show_form(request, shown, problems=problems, status=409)
    if faults:
        problems = [
            {"message": sentence, "anchor": f"id_{name}"}
            for name, found in faults.items()
            for sentence in found
        ]
        return _show_form(request, shown, problems=problems, status=422)
    messages.success(request, _("已保存。"))
    here = "milestones:milestone" if request.POST.get("do") == "next" else "milestones:form"
    return redirect(here, subject.pk)


def _autosave(request, subject):
    try:
        data, only, _seen = read_sent(request)
    except ValueError as fault:
        return JsonResponse({"error": "unreadable", "message": str(fault)}, status=400)
    now = timezone.now()
    saved = ReportForm(subject, data, only=only)
    try:
        faults = saved.save(by=request.user, at=now)
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=409)
    answer = {"saved_at": timezone.localtime(now).strftime("%H:%M:%S"), "faults": faults, "fragments": {}}
    return JsonResponse(answer | saved.fresh())


def _show_form(request, shown, *, problems=(), status=200):
    subject = shown.milestone
    context = {
        "now": timezone.now(),
        "milestone": subject,
        "application": subject.agreement.award.application,
        "agreement": subject.agreement,
        "draft": ReportDraft.objects.filter(milestone=subject).first(),
        "sections": shown.sections(),
        "problems": list(problems),
        "here": request.path,
    }
    return render(request, "milestones/form.html", context, status=status)


@require_POST
def upload(request, pk, code):
    """One file for one question, for the script that shows progress."""
    if not request.user.is_authenticated:
        return signed_out()
    shown = ReportForm(_mine(request, pk))
    question = next((q for q in shown.questions if (q.code, q.kind) == (code, QuestionKind.ATTACHMENT)), None)
    try:
        with sent_file(request) as file:
            if question is None or file is None:
                return JsonResponse({"error": "empty", "message": _("没有收到文件。")}, status=400)
            actions.attach(
                milestone=shown.milestone,
                question=question,
                file=file,
                name=file.name,
                by=request.user,
                at=timezone.now(),
            )
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    row = next(row for row in ReportForm(shown.milestone).rows() if row["question"].code == code)
    fragment = render_to_string("applications/includes/_file.html", row, request)
    return JsonResponse({"fragments": {f"file-{code}": fragment}})


@login_required
@require_safe
def report_pdf(request, pk):
    """A hand-in on paper, for whoever may see it."""
    report = get_object_or_404(queries.with_milestone(Report.objects.visible_to(request.user)), pk=pk)
    response = HttpResponse(printing.report(report), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="report-{report.pk}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
