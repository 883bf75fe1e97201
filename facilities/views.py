"""The portal's pages of facilities: the public list, one's own, their cases, a year's report and check."""

import json
from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.paging import paginate
from core.sent import read_json
from core.workflow import Lost, Refused
from facilities import actions, exporting, queries, rules
from facilities.forms import (
    CaseFilter,
    CaseForm,
    CheckForm,
    FacilityFilter,
    ReasonForm,
    RegistryFilter,
    ReportForm,
)
from facilities.models import AnnualEvaluation, Facility, FacilityScheme, ServiceCase

PER_PAGE = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _refuse(form, refused: Refused) -> None:
    """Put a Refused where it belongs, with its clause."""
    sentence = f"{refused.message}（{refused.clause}）" if refused.clause else refused.message
    form.add_error(refused.field if refused.field in form.fields else None, sentence)


def _facility(request, pk) -> Facility:
    return get_object_or_404(queries.with_call(Facility.objects.visible_to(request.user)), pk=pk)


def _evaluation(request, pk) -> AnnualEvaluation:
    rows = AnnualEvaluation.objects.visible_to(request.user)
    return get_object_or_404(queries.with_facility(rows), pk=pk)


# ---- lists ----


@login_required
@require_safe
def facility_list(request):
    form = FacilityFilter(request.GET)
    chosen = form.chosen()
    rows = queries.facilities(request.user, **chosen)
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": paginate(rows, queries.ORDER, request.GET.get("cursor"), PER_PAGE),
        "clear_url": reverse("facilities:list"),
    }
    template = "facilities/includes/_facility_results.html" if request.htmx else "facilities/facilities.html"
    return render(request, template, context)


@require_safe
def registry(request):
    """What is filed, with unit, services and state: for anybody."""
    form = RegistryFilter(request.GET)
    chosen = form.chosen()
    listing = paginate(queries.registry(**chosen), queries.ORDER, request.GET.get("cursor"), PER_PAGE)
    schemes = {row.call_id: row for row in FacilityScheme.objects.filter(call__in={f.call for f in listing})}
    for row in listing:
        names = queries.service_names(schemes[row.call_id])
        row.service_list = [names.get(code, code) for code in row.services]
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": listing,
        "clear_url": reverse("facilities:registry"),
    }
    template = "facilities/includes/_registry_results.html" if request.htmx else "facilities/registry.html"
    return render(request, template, context)


# ---- one facility ----


@login_required
@require_safe
def facility(request, pk):
    now = timezone.now()
    subject = _facility(request, pk)
    scheme = queries.scheme_of(subject.call)
    evaluations = list(queries.with_facility(AnnualEvaluation.objects.filter(facility=subject)))
    names = queries.service_names(scheme)
    context = {
        "now": now,
        "facility": subject,
        "scheme": scheme,
        "services": [names.get(code, code) for code in subject.services],
        "evaluations": [
            (row, queries.grade_name(scheme, row.grade) if row.score_is_shown_to(request.user) else "")
            for row in evaluations
        ],
        "score_bars": queries.score_bars(scheme, evaluations),
        "case_bars": queries.case_bars(scheme, queries.cases_by_service(subject)),
        "owed": queries.owed(subject, evaluations),
        "history": queries.history(subject),
        "is_unit": rules.is_of_unit(request.user, subject),
        "can_write": rules.can_write_cases(request.user, subject),
        "can_ask_again": rules.can_ask_again(request.user, subject, at=now),
    }
    return render(request, "facilities/facility.html", context)


@login_required
@require_POST
def ask_again(request, pk):
    subject = _facility(request, pk)
    try:
        evaluation = actions.ask_again(facility=subject, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("facilities:facility", pk)
    messages.success(request, _("已申请复评，请填写自评。"))
    return redirect("facilities:report", evaluation.pk)


# ---- service cases ----


def _case_filter(request, subject, scheme) -> CaseFilter:
    services = queries.service_names(scheme)
    return CaseFilter(request.GET, services=services, years=queries.case_years(subject))


@login_required
@require_safe
def cases(request, pk):
    subject = _facility(request, pk)
    scheme = queries.scheme_of(subject.call)
    form = _case_filter(request, subject, scheme)
    chosen = form.chosen()
    rows = queries.cases(subject, **chosen)
    listing = paginate(rows, queries.CASE_ORDER, request.GET.get("cursor"), PER_PAGE)
    names, files = queries.service_names(scheme), queries.documents_of(listing.rows)
    context = {
        "facility": subject,
        "filter": form,
        "filtered": bool(chosen),
        "listing": listing,
        "rows": [(row, names.get(row.service, row.service), files.get(row.pk, ())) for row in listing],
        "can_write": rules.can_write_cases(request.user, subject),
        "clear_url": reverse("facilities:cases", args=[subject.pk]),
    }
    template = "facilities/includes/_case_results.html" if request.htmx else "facilities/cases.html"
    return render(request, template, context)


@login_required
@require_safe
def export(request, pk):
    subject = _facility(request, pk)
    scheme = queries.scheme_of(subject.call)
    chosen = _case_filter(request, subject, scheme).chosen()
    body = exporting.workbook(queries.cases(subject, **chosen), scheme)
    response = HttpResponse(body, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="cases-{subject.pk}.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


def _values(form) -> dict:
    values = {name: value for name, value in form.cleaned_data.items() if name != "file"}
    return values | {"file": form.cleaned_data["file"] or None}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_case(request, pk):
    subject = _facility(request, pk)
    if not rules.can_write_cases(request.user, subject):
        raise PermissionDenied
    scheme = queries.scheme_of(subject.call)
    form = CaseForm(request.POST or None, request.FILES or None, facility=subject, scheme=scheme)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_case(facility=subject, by=request.user, at=timezone.now(), **_values(form))
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("服务案例已登记。"))
            again = request.POST.get("do") == "again"
            return redirect("facilities:new_case" if again else "facilities:cases", subject.pk)
    return _case_page(request, subject, form)


def _case_page(request, subject, form, case=None):
    context = {"facility": subject, "form": form, "case": case}
    if case:
        context["files"] = queries.documents_of([case]).get(case.pk, [])
    return render(request, "facilities/case.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case(request, pk):
    """One case: read by all who see it, changed by the platform until a self-report has counted it."""
    rows = ServiceCase.objects.visible_to(request.user)
    found = get_object_or_404(queries.with_call(rows, "facility__").select_related("facility"), pk=pk)
    subject = found.facility
    scheme = queries.scheme_of(subject.call)
    may = rules.can_write_case(request.user, found)
    if request.method == "POST" and not rules.is_of_unit(request.user, subject):
        raise PermissionDenied
    initial = {name: getattr(found, name) for name in CaseForm.base_fields if name != "file"}
    form = CaseForm(
        request.POST or None, request.FILES or None, facility=subject, scheme=scheme, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_case(case=found, by=request.user, at=timezone.now(), **_values(form))
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("已保存。"))
            return redirect("facilities:cases", subject.pk)
    if not may and request.method != "POST":
        names = queries.service_names(scheme)
        context = {
            "facility": subject,
            "case": found,
            "service": names.get(found.service, found.service),
            "files": queries.documents_of([found]).get(found.pk, []),
        }
        return render(request, "facilities/case_read.html", context)
    return _case_page(request, subject, form, found)


@login_required
@require_POST
def drop_case(request, pk):
    rows = ServiceCase.objects.visible_to(request.user).select_related("facility")
    found = get_object_or_404(rows, pk=pk)
    facility_id = found.facility_id
    try:
        actions.drop_case(case=found, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("facilities:case", pk)
    messages.success(request, _("服务案例已删除。"))
    return redirect("facilities:cases", facility_id)


# ---- a year's evaluation ----


def _figures(evaluation: AnnualEvaluation, scheme: FacilityScheme) -> dict:
    """What the cases add up to: sealed with the report, or as they stand now."""
    facts = evaluation.facts or queries.facts_of(
        evaluation.facility, evaluation.data_from_date, evaluation.data_to_date
    )
    return {
        "facts": facts,
        "fees": Decimal(facts["fees"]),
        "case_bars": queries.case_bars(scheme, facts["by_service"]),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def evaluation(request, pk):
    """One year for reading; for the district also the check of the green gate."""
    subject = _evaluation(request, pk)
    scheme = queries.scheme_of(subject.facility.call)
    may_check = rules.can_check(request.user, subject)
    shown = subject.score_is_shown_to(request.user)
    if request.method == "POST" and not rules.stands_for(request.user, subject.facility):
        raise PermissionDenied
    form = CheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.check_green(evaluation=subject, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("审查意见已提交。"))
            return redirect("facilities:evaluation", pk)
    context = {
        "now": timezone.now(),
        "evaluation": subject,
        "facility": subject.facility,
        "scheme": scheme,
        "lines": [
            (queries.named(row), queries.unit_of(row), subject.report.get(f"value_{row['code']}", ""))
            for row in scheme.indicators
        ],
        "form": form if may_check or form.errors else None,
        "return_form": ReasonForm() if may_check else None,
        "evidence": queries.evidence_of(subject, scheme),
        "can_write": rules.can_write_report(request.user, subject),
        "shows_report": subject.submitted_at is not None or rules.is_of_unit(request.user, subject.facility),
        "shows_score": subject.score is not None and shown,
        "grade": queries.grade_name(scheme, subject.grade),
        "history": queries.history(subject, shows_score=shown),
        **_figures(subject, scheme),
    }
    return render(request, "facilities/evaluation.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def give_back(request, pk):
    """The district hands the self-report back."""
    subject = _evaluation(request, pk)
    form = ReasonForm(request.POST)
    form.is_valid()
    try:
        actions.return_report(
            evaluation=subject,
            reason=form.cleaned_data.get("reason", ""),
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("已退回平台补正。"))
    return redirect("facilities:evaluation", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request, pk):
    """Write the self-report. Every POST keeps what was typed; htmx gets the save state alone."""
    now = timezone.now()
    subject = _evaluation(request, pk)
    if not rules.is_of_unit(request.user, subject.facility):
        raise PermissionDenied
    scheme = queries.scheme_of(subject.facility.call)
    if request.method != "POST":
        if not rules.can_write_report(request.user, subject):
            return redirect("facilities:evaluation", pk)
        return _report_page(request, subject, scheme, ReportForm(initial=subject.report, scheme=scheme))
    form = ReportForm(request.POST, request.FILES, scheme=scheme)
    seen, problems, status = _seen(request), [], 200
    try:
        actions.save_report(evaluation=subject, report=form.typed(), seen=seen, by=request.user, at=now)
        if file := request.FILES.get("evidence"):
            about = request.POST.get("evidence_about", "")
            actions.add_evidence(evaluation=subject, about=about, file=file, by=request.user, at=now)
        if request.POST.get("do") == "submit":
            actions.submit_report(evaluation=subject, by=request.user, at=now)
            messages.success(request, _("自评已提交。"))
            return redirect("facilities:evaluation", pk)
    except rules.Incomplete as incomplete:
        problems, status = incomplete.problems, 422
    except Refused as refused:
        problems, status = [refused], 409 if isinstance(refused, Lost) else 422 if refused.field else 403
    changed = next((problem.names for problem in problems if isinstance(problem, rules.Changed)), [])
    if request.htmx:
        found = _shown(subject, scheme, form.typed(), seen)
        context = {"evaluation": subject, "problems": problems, "seen": json.dumps(found)}
        return render(request, "facilities/includes/_save_state.html", context, status=status)
    if not problems:
        messages.success(request, _("已保存。"))
        return redirect("facilities:report", pk)
    form = ReportForm(_as_it_stands(request.POST, subject, seen), scheme=scheme)
    return _report_page(request, subject, scheme, form, problems=problems, status=status, changed=changed)


def _shown(subject, scheme, typed, seen) -> dict[str, str]:
    """The versions that the page shows after it was saved by itself: where its text is not the one that is
    stored, still the one that it was shown at first."""
    found = queries.versions(subject.report, scheme)
    return found | {
        name: version
        for name, version in (seen or {}).items()
        if name in typed and typed[name] != subject.report.get(name, "")
    }


def _as_it_stands(posted, subject, seen):
    """What was typed; of a field that the writer left alone, what somebody else wrote there meanwhile."""
    shown = posted.copy()
    for name, version in (seen or {}).items():
        if name in posted and queries.version_of(posted[name].replace("\r\n", "\n")) == version:
            shown[name] = subject.report.get(name, "")
    return shown


def _seen(request) -> dict[str, str] | None:
    """The versions of the fields that the page was shown; what cannot be read was not seen."""
    if "seen" not in request.POST:
        return None
    try:
        found = read_json(request.POST["seen"])
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _report_page(request, subject, scheme, form, *, problems=(), status=200, changed=()):
    labels = queries.report_labels(scheme)
    context = {
        "now": timezone.now(),
        "seen": json.dumps(queries.versions(subject.report, scheme)),
        "theirs": [(labels[name], subject.report.get(name, "")) for name in changed],
        "evidence": queries.evidence_of(subject, scheme),
        "lost_file": bool(problems and request.FILES),
        "evaluation": subject,
        "facility": subject.facility,
        "scheme": scheme,
        "form": form,
        "problems": [
            {
                "message": problem.message,
                "clause": problem.clause,
                "anchor": form[problem.field].id_for_label if problem.field in form.fields else "",
            }
            for problem in problems
        ],
        "returned": _return_note(subject),
        **_figures(subject, scheme),
    }
    return render(request, "facilities/report.html", context, status=status)


def _return_note(subject) -> dict | None:
    """Why the report was handed back, when it was."""
    return queries.history(subject)[0] if subject.submitted_at else None
