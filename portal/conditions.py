"""What has to hold at signing and before each payment: the unit certifies it, officers judge it."""

from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications.rules import allowed
from awards import actions, rules
from awards import conditions as later
from awards.conditions import Condition, Place
from awards.forms import CertifyForm, ConditionMarkForm
from awards.models import Agreement
from core.sent import number
from core.workflow import Refused
from finance import actions as paying
from finance.models import Instalment
from finance.queries import place_of
from finance.states import InstalmentState
from grants.models import CheckMoment
from grants.rules import check_manages

SHOWN = (InstalmentState.DUE, InstalmentState.PAID)


@dataclass
class Row:
    """One clause and the forms of whoever may still say something."""

    condition: Condition
    certify: forms.Form | None = None
    mark: forms.Form | None = None


@dataclass
class Part:
    """Signing, or one instalment."""

    place: Place
    title: str
    is_open: bool
    instalment: Instalment | None = None
    rows: list[Row] = field(default_factory=list)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conditions(request, pk):
    """All later clauses of one project. 404 where the notice has none."""
    now = timezone.now()
    visible = Agreement.objects.visible_to(request.user).select_related(
        "award__application__organisation",
        "award__application__project_type",
        "award__application__call__programme__department",
    )
    agreement = get_object_or_404(visible, pk=pk)
    if not later.has_conditions(agreement):
        raise Http404
    parts = _parts(request.user, agreement, at=now)
    status = 200
    if request.method == "POST":
        done = _said(request, agreement, parts, at=now)
        if done:
            messages.success(request, done)
            return redirect("portal:conditions", agreement.pk)
        status = 422
    context = {
        "title": _("签订、拨款时核对的条件"),
        "agreement": agreement,
        "application": agreement.award.application,
        "parts": parts,
    }
    return render(request, "portal/conditions.html", context, status=status)


def _parts(user, agreement: Agreement, *, at) -> list[Part]:
    found = []
    if later.has_conditions(agreement, CheckMoment.SIGNING):
        found.append(Part(Place(), _("签订任务书"), agreement.state in later.SIGNABLE))
    if later.has_conditions(agreement, CheckMoment.PAYMENT):
        rows = Instalment.objects.filter(agreement=agreement, state__in=SHOWN).order_by("order")
        for instalment in rows:
            is_due = instalment.state == InstalmentState.DUE
            found.append(Part(place_of(instalment), instalment.name, is_due, instalment))
    certifies = rules.signs_for_unit(user, agreement)
    judges = allowed(check_manages, user, agreement.award.application.call)
    for part in found:
        for condition in later.conditions(agreement, part.place, at=at):
            row = Row(condition)
            is_open = part.is_open and not (condition.check and condition.check.settled_at)
            if is_open and certifies and condition.rule.is_certified and condition.is_applicable:
                row.certify = CertifyForm(found=condition)
            if is_open and judges:
                row.mark = ConditionMarkForm(found=condition)
            part.rows.append(row)
    return found


def _said(request, agreement: Agreement, parts: list[Part], *, at) -> str:
    """What was done, in a sentence; "" where the form of that clause says what is wrong. Raises Http404."""
    place, rule = number(request.POST.get("place")), number(request.POST.get("rule"))
    part = next((part for part in parts if part.place.number == place), None)
    row = next((row for row in part.rows if row.condition.rule.pk == rule), None) if part else None
    kind = request.POST.get("do")
    if row is None or (row.certify if kind == "certify" else row.mark) is None:
        raise Http404
    form_class = CertifyForm if kind == "certify" else ConditionMarkForm
    form = form_class(request.POST, request.FILES, found=row.condition)
    setattr(row, "certify" if kind == "certify" else "mark", form)
    if not form.is_valid():
        return ""
    doors, subject = (actions, {"agreement": agreement, "place": part.place})
    if part.instalment is not None:
        doors, subject = (paying, {"instalment": part.instalment})
    who = {"rule": row.condition.rule, "by": request.user, "at": at}
    data = form.cleaned_data
    try:
        if kind == "certify":
            doors.certify(**subject, **who, file=data.get("file"))
            return _("已确认。")
        doors.mark_condition(**subject, **who, status=data["status"], note=data["note"])
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return ""
    return _("审查结论已记录。")
