"""Portal pages: the public objection form, and a unit's agreements with their signature."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_ratelimit.core import is_ratelimited

from awards import actions, conditions, queries, rules
from awards.forms import ObjectionForm, ReasonForm, SignForm
from awards.models import Agreement, Publicity
from core.calendar import end_of_day
from core.filtering import Filter
from core.paging import paginate
from core.workflow import Refused
from documents.evidence import Evidence

PER_PAGE = 20
OBJECTIONS_PER_ADDRESS = "5/h"
KEPT_PER_ADDRESS = "20/h"
MOST_FILES = 5
"""With one objection: anybody may send them."""


@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request, pk):
    """Anybody's objection within the period. Too many from one address are refused, and say so."""
    now = timezone.now()
    publicity = get_object_or_404(Publicity.objects.visible_to(request.user).select_related("call"), pk=pk)
    closed = _closed(publicity, at=now)
    form = ObjectionForm(request.POST or None, publicity=publicity)
    evidence = Evidence(request, f"objection:{publicity.pk}", most=MOST_FILES)
    status = 200
    if request.method == "POST" and not closed:
        if form.is_valid():
            if _too_many(request):
                status = 429
                form.add_error(None, _("提交得太频繁，请一小时后再试，或按公示的联系方式提出。"))
            elif _filed(form, publicity, evidence, at=now):
                messages.success(request, _("异议已收到，我们会按公示的期限核实处理。"))
                return redirect("portal:publicity_notice", publicity.pk)
        _keep(request, form, evidence, at=now)
    context = {
        "title": _("提出异议"),
        "now": now,
        "notice": publicity,
        "form": form,
        "closed": closed,
        "until": end_of_day(publicity.ends_date),
        "evidence": evidence,
    }
    if request.method == "POST" and status == 200:
        status = 422
    return render(request, "awards/objection.html", context, status=status)


def _closed(publicity, *, at) -> str:
    """Why no objection is heard now; empty within the period."""
    try:
        rules.check_in_period(publicity, at=at)
    except Refused as refused:
        return refused.message
    return ""


def _too_many(request) -> bool:
    return is_ratelimited(
        request, group="awards.objection", key="ip", rate=OBJECTIONS_PER_ADDRESS, increment=True
    )


def _keep(request, form, evidence, *, at) -> None:
    """Nothing has to be chosen again; but nobody fills the store with forms that always come back."""
    if evidence.sent and is_ratelimited(
        request, group="awards.evidence", key="ip", rate=KEPT_PER_ADDRESS, increment=True
    ):
        form.add_error(None, _("提交得太频繁，这次选择的文件没有保留，请重新选择。"))
        return
    for sentence in evidence.keep(at=at):
        if sentence not in form.non_field_errors():
            form.add_error(None, sentence)


def _filed(form, publicity, evidence, *, at) -> bool:
    try:
        with evidence.files() as files:
            actions.object(publicity=publicity, at=at, files=files, **form.cleaned_data)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return False
    return True


# ---- agreements ----


def _agreements(user):
    return Agreement.objects.visible_to(user).select_related(
        "award__application__organisation",
        "award__application__topic__owner",
        "award__application__call__programme__department",
        "unit_signed_by",
        "bureau_signed_by",
    )


@login_required
@require_safe
def agreements(request):
    form = Filter(request.GET)
    chosen = form.chosen()
    rows = queries.agreements(request.user, **chosen)
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "clear_url": reverse("awards:agreements"),
        "listing": paginate(rows, queries.ORDER, request.GET.get("cursor"), PER_PAGE),
    }
    template = "awards/includes/_agreement_results.html" if request.htmx else "awards/agreements.html"
    return render(request, template, context)


@login_required
@require_safe
def agreement(request, pk):
    found = get_object_or_404(_agreements(request.user), pk=pk)
    return _agreement_page(request, found, SignForm(), ReasonForm())


def _agreement_page(request, found, sign_form, forgo_form, *, status=200):
    context = {
        "title": found.award.application.title,
        "stands": found,
        "now": timezone.now(),
        "agreement": found,
        "application": found.award.application,
        "sign_form": sign_form,
        "forgo_form": forgo_form,
        "can_sign": rules.can_sign_for_unit(request.user, found),
        "can_forgo": rules.can_forgo(request.user, found),
        "signing_due": rules.signing_due(found) if found.state == "draft" else None,
        "conditions": conditions.conditions(found, conditions.Place(), at=timezone.now()),
    }
    return render(request, "awards/agreement.html", context, status=status)


@login_required
@require_POST
def sign(request, pk):
    found = get_object_or_404(_agreements(request.user), pk=pk)
    form = SignForm(request.POST)
    if form.is_valid():
        try:
            actions.unit_sign(agreement=found, by=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("已签订，等待主管部门签订。"))
            return redirect("awards:agreement", found.pk)
    status = 403 if not rules.signs_for_unit(request.user, found) else 422
    return _agreement_page(request, found, form, ReasonForm(), status=status)


@login_required
@require_POST
def forgo(request, pk):
    found = get_object_or_404(_agreements(request.user), pk=pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.forgo(
                agreement=found, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("已放弃立项。"))
            return redirect("awards:agreement", found.pk)
    status = 403 if not rules.signs_for_unit(request.user, found) else 422
    return _agreement_page(request, found, SignForm(), form, status=status)
