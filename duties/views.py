"""The portal's pages of duties: what one owes, one to fill in and hand in, the unit's acceptance."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.views.common import read_sent, signed_out
from core.paging import paginate
from core.workflow import Refused
from documents.views import sent_file
from duties import actions, queries, rules
from duties.forms import ConclusionForm, DutyFilter, DutyForm
from duties.models import AcceptedBy, Duty

PER_PAGE = 20


@login_required
@require_safe
def duties(request):
    """What the person owes, in person or for a unit or an office, by its day."""
    form = DutyFilter(request.GET)
    chosen = form.chosen()
    rows = queries.listed(request.user, **chosen)
    context = {
        "now": timezone.now(),
        "filter": form,
        "filtered": bool(chosen),
        "listing": paginate(rows, queries.ORDER, request.GET.get("cursor"), PER_PAGE),
        "clear_url": reverse("duties:list"),
    }
    template = "duties/includes/_duty_results.html" if request.htmx else "duties/duties.html"
    return render(request, template, context)


def _seen(request, pk) -> Duty:
    return get_object_or_404(queries.with_subject(Duty.objects.visible_to(request.user)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST", "PATCH"])
def duty(request, pk):
    """GET shows it; POST saves the form whole, or hands it in; PATCH saves what changed, in JSON."""
    if not request.user.is_authenticated:
        return signed_out() if request.method == "PATCH" else redirect_to_login(request.get_full_path())
    subject = _seen(request, pk)
    if request.method not in ("POST", "PATCH"):
        return _show(request, subject)
    if not Duty.objects.owed_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return _autosave(request, subject) if request.method == "PATCH" else _save(request, subject)


def _save(request, subject: Duty):
    now = timezone.now()
    shown = DutyForm(subject, request.POST, files=request.FILES)
    try:
        if request.POST.get("detach"):
            shown.detach(request.POST["detach"], by=request.user, at=now)
            return redirect("duties:duty", subject.pk)
        faults = shown.save(by=request.user, at=now)
        if faults:
            problems = [
                {"message": sentence, "anchor": f"id_{name}"}
                for name, found in faults.items()
                for sentence in found
            ]
            return _show(request, subject, shown, problems=problems, status=422)
        if request.POST.get("do") != "hand_in":
            messages.success(request, _("已保存。"))
            return redirect("duties:duty", subject.pk)
        if problems := _missing(shown):
            return _show(request, subject, shown, problems=problems, status=422)
        actions.hand_in(duty=subject, by=request.user, at=now)
    except Refused as refused:
        problems = [{"message": refused.message, "clause": refused.clause}]
        return _show(request, subject, shown, problems=problems, status=409)
    messages.success(request, _("已提交。"))
    return redirect("duties:duty", subject.pk)


def _missing(shown: DutyForm) -> list[dict]:
    """Everything that is missing or wrong, at its question."""
    faults: dict[str, list] = {}
    for question, sentence in queries.form_faults(shown.duty):
        faults.setdefault(question.code, []).append(sentence)
    shown.form.say(faults)
    return [
        {"message": f"{shown.form[code].label}：{sentence}", "anchor": f"id_{shown.form.add_prefix(code)}"}
        for code, found in faults.items()
        for sentence in found
    ]


def _autosave(request, subject: Duty):
    try:
        data, only, _seen_versions = read_sent(request)
    except ValueError as fault:
        return JsonResponse({"error": "unreadable", "message": str(fault)}, status=400)
    now = timezone.now()
    saved = DutyForm(subject, data, only=only)
    try:
        faults = saved.save(by=request.user, at=now)
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=409)
    answer = {"saved_at": timezone.localtime(now).strftime("%H:%M:%S"), "faults": faults, "fragments": {}}
    return JsonResponse(answer | saved.fresh())


def _show(request, subject: Duty, shown: DutyForm | None = None, *, problems=(), status=200, conclusion=None):
    may_fill = rules.can_fill(request.user, subject)
    if may_fill:
        shown = shown or DutyForm(subject)
    by_unit = subject.term.accepted_by == AcceptedBy.UNIT
    may_conclude = by_unit and rules.can_conclude(request.user, subject)
    context = {
        "now": timezone.now(),
        "duty": subject,
        "term": subject.term,
        "about": queries.about(subject),
        "when": queries.when(subject.term),
        "sections": shown.sections() if may_fill else None,
        "history": queries.history(subject),
        "conclusion": conclusion or ConclusionForm() if may_conclude else None,
        "works_in_admin": not by_unit and rules.can_waive(request.user, subject),
        "problems": list(problems),
        "here": request.path,
    }
    return render(request, "duties/duty.html", context, status=status)


@login_required
@require_POST
def conclude(request, pk):
    """The unit's administrator accepts, or sends back with the reason."""
    subject = _seen(request, pk)
    if subject.term.accepted_by != AcceptedBy.UNIT:
        raise PermissionDenied
    form = ConclusionForm(request.POST)
    if form.is_valid():
        try:
            actions.conclude(duty=subject, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refused:
            if refused.code == "not_allowed":
                raise PermissionDenied from refused
            form.add_error(refused.field or None, refused.sentence)
        else:
            messages.success(request, _("审核结论已保存。"))
            return redirect("duties:duty", pk)
    return _show(request, subject, conclusion=form, status=422)


@require_POST
def upload(request, pk, code):
    """One file for one question, for the script that shows progress."""
    if not request.user.is_authenticated:
        return signed_out()
    shown = DutyForm(_seen(request, pk))
    question = shown.attachment(code)
    try:
        with sent_file(request) as file:
            if question is None or file is None:
                return JsonResponse({"error": "empty", "message": _("没有收到文件。")}, status=400)
            shown.attach_one(question, file, by=request.user, at=timezone.now())
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    shown.refresh()
    row = next(row for row in shown.rows() if row["question"].code == code)
    fragment = render_to_string("applications/includes/_file.html", row, request)
    return JsonResponse({"fragments": {f"file-{code}": fragment}})
