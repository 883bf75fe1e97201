"""A unit's record (单位档案), kept once by its administrators and read by forms and rules; subscriptions."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as kept
from accounts import rules
from accounts.kinds import NUMBERS
from accounts.models import Organisation, OrganisationFact
from core.workflow import Refused
from portal import actions, finding
from portal.asking import PEOPLE
from portal.models import Subscription
from portal.record_forms import (
    AccountForm,
    CertificateForm,
    FiguresForm,
    ListDayForm,
    ShareholderFormSet,
    SubscriptionForm,
    figure_label,
)

SOON = timedelta(days=actions.WARNED_DAYS)


@dataclass(frozen=True)
class Line:
    """A fact as the page shows it."""

    fact: OrganisationFact
    proof: Any
    today: date
    may_confirm: bool

    @property
    def standing(self) -> tuple[str, str]:
        """(tone, words) of its validity."""
        ends = self.fact.valid_to
        if self.fact.valid_from > self.today:
            return "wait", _("尚未生效")
        if ends and ends < self.today:
            return "bad", _("已过期")
        if ends and ends - self.today <= SOON:
            return "wait", _("%(days)s 天后到期") % {"days": (ends - self.today).days}
        return "good", _("有效")

    @property
    def tone(self) -> str:
        return self.standing[0]

    @property
    def words(self) -> str:
        return self.standing[1]


def _unit(request, pk) -> Organisation:
    return get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)


@login_required
@require_safe
def record(request, pk):
    return _page(request, _unit(request, pk))


def _page(request, unit, *, status=200, **bound):
    user, today = request.user, timezone.localdate()
    found = kept.unit_record(user, unit)
    shown = [*found.certificates, *found.texts]
    proofs = actions.proofs_of(shown)
    lines = [Line(fact, proofs.get(fact.pk), today, rules.can_confirm_fact(user, fact)) for fact in shown]
    managing, kinds = rules.can_manage_unit(user, unit), _kinds(found)
    context = {
        "unit": unit,
        "record": found,
        "lines": lines,
        "years": [
            {"year": row.year, "cells": [row.facts.get(kind) for kind in kinds]} for row in found.years
        ],
        "year_kinds": [figure_label(kind) for kind in kinds],
        "people_kinds": PEOPLE,
        "managing": managing,
        "keeps_account": rules.can_keep_account(user, unit),
        "without_licence": managing and not any(fact.kind == "licence" for fact in found.certificates),
    }
    context |= _forms(today) | bound
    return render(request, "portal/record.html", context, status=status)


def _kinds(found) -> list:
    """The figures that any of the years has."""
    present = {kind for row in found.years for kind in row.facts}
    return [kind for kind in NUMBERS if kind in present]


def _forms(today: date) -> dict:
    return {
        "certificate_form": CertificateForm(),
        "figures_form": FiguresForm(this_year=today.year, initial={"year": today.year - 1}),
        "account_form": AccountForm(initial={"valid_from": today}),
        "day_form": ListDayForm(initial={"as_of_date": today}),
        "holder_forms": ShareholderFormSet(prefix="holders"),
    }


@login_required
@require_POST
def add(request, pk, part):
    """Write down one part of the record; what is wrong is said beside its field."""
    unit = _unit(request, pk)
    if part not in PARTS:
        raise Http404
    may = rules.can_keep_account if part == "account" else rules.can_manage_unit
    if not may(request.user, unit):
        raise PermissionDenied
    return PARTS[part](request, unit)


def _certificate(request, unit):
    form = CertificateForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.record_fact(organisation=unit, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
    return _done(request, unit, form, certificate_form=form)


def _figures(request, unit):
    form = FiguresForm(request.POST, this_year=timezone.localdate().year)
    if form.is_valid():
        actions.record_figures(
            organisation=unit,
            year=form.cleaned_data["year"],
            figures=form.figures(),
            by=request.user,
            at=timezone.now(),
        )
    return _done(request, unit, form, figures_form=form)


def _account(request, unit):
    form = AccountForm(request.POST)
    if form.is_valid():
        accounts.record_account(organisation=unit, by=request.user, at=timezone.now(), **form.cleaned_data)
    return _done(request, unit, form, account_form=form)


def _shareholders(request, unit):
    form, rows = ListDayForm(request.POST), ShareholderFormSet(request.POST, prefix="holders")
    if all([form.is_valid(), rows.is_valid()]):
        given = [row.cleaned_data for row in rows if row.cleaned_data]
        try:
            accounts.record_shareholders(
                organisation=unit,
                as_of_date=form.cleaned_data["as_of_date"],
                rows=given,
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, refused.message)
    wrong = form.errors or not rows.is_valid()
    return _done(request, unit, form, wrong=wrong, day_form=form, holder_forms=rows)


PARTS = {
    "certificate": _certificate,
    "figures": _figures,
    "account": _account,
    "shareholders": _shareholders,
}


def _done(request, unit, form, *, wrong=None, **bound):
    if form.errors if wrong is None else wrong:
        return _page(request, unit, status=422, **bound)
    messages.success(request, _("已登记。"))
    return redirect("portal:record", unit.pk)


@login_required
@require_POST
def confirm(request, pk, fact_pk):
    """An officer has compared a fact with its proof."""
    unit = _unit(request, pk)
    fact = get_object_or_404(OrganisationFact.objects.visible_to(request.user), pk=fact_pk, organisation=unit)
    try:
        accounts.confirm_fact(fact=fact, by=request.user, at=timezone.now())
    except Refused as refused:
        if refused.code == "forbidden":
            raise PermissionDenied(refused.message) from None
        messages.info(request, refused.message)
    else:
        messages.success(request, _("已核实。"))
    return redirect("portal:record", unit.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request):
    """Of which new calls one hears; one button ends it."""
    own = Subscription.objects.visible_to(request.user).first()
    if request.method == "POST" and request.POST.get("do") == "stop":
        actions.unsubscribe(by=request.user)
        messages.success(request, _("已退订，不会再收到新通知。"))
        return redirect("portal:subscription")
    form = SubscriptionForm(
        request.POST if request.method == "POST" else None,
        names=finding.fields_of_calls(request.user),
        districts=finding.districts(),
        kept=own,
    )
    if form.is_bound and form.is_valid():
        actions.subscribe(by=request.user, at=timezone.now(), **form.wanted())
        messages.success(request, _("订阅已保存。有符合的新通知发布时告诉您一次。"))
        return redirect("portal:subscription")
    context = {"form": form, "own": own}
    return render(request, "portal/subscription.html", context, status=422 if form.errors else 200)
