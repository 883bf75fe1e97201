"""The portal's pages of deals: for the firm, its trustee, and whoever watches over them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from awards.models import Agreement
from core.calendar import local_date
from core.paging import paginate
from core.workflow import Refused
from equity import actions, queries, rules
from equity.forms import (
    BuyBackForm,
    DealFilter,
    ReportForm,
    RestructureForm,
    TriggerForm,
    ValuationForm,
    refuse,
)
from equity.models import BuyBackWindow, Deal, PeriodicReport, Trigger
from equity.states import TriggerState

PER_PAGE = 20


@login_required
@require_safe
def deals(request):
    form = DealFilter(request.GET)
    chosen = form.chosen()
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": paginate(
            queries.deals(request.user, **chosen), queries.ORDER, request.GET.get("cursor"), PER_PAGE
        ),
        "clear_url": reverse("equity:list"),
    }
    template = "equity/includes/_deal_results.html" if request.htmx else "equity/deals.html"
    return render(request, template, context)


@login_required
@require_safe
def deal(request, pk):
    """One deal. Its queries are the same whatever it holds."""
    now = timezone.now()
    found = get_object_or_404(queries.with_project(Deal.objects.visible_to(request.user)), pk=pk)
    dossier = queries.dossier(found)
    user, today = request.user, local_date(now)
    context = {
        "now": now,
        "deal": found,
        "dossier": dossier,
        "application": found.application,
        "bars": stake_bars(dossier.holding),
        "reportable": reportable(user, dossier.triggers),
        "may_hand_in": dossier.due_report and rules.can_submit_report(user, dossier.due_report),
        "may_declare": dossier.window and rules.can_declare(user, dossier.window, today=today),
        "may_value": rules.can_value(user, found),
        "may_restructure": rules.can_restructure(user, found),
        "sees_project": Agreement.objects.visible_to(user).filter(pk=found.agreement_id).exists(),
        "works_in_admin": rules.is_manager(user, found) or user.scope.sees_everything,
    }
    return render(request, "equity/deal.html", context)


def reportable(user, triggers) -> set[int]:
    """Which triggers this reader may report: the roles are asked once, not for every row."""
    waiting = [row for row in triggers if row.state == TriggerState.WAITING]
    if not waiting or not rules.can_report_trigger(user, waiting[0]):
        return set()
    return {row.pk for row in waiting}


def stake_bars(holding) -> list[dict]:
    """The latest cap table as bars: the public share in its own tone."""
    if holding is None:
        return []
    return [
        {
            "label": row.name,
            "text": f"{(part * 100):.2f}%",
            "share": part,
            "tone": "good" if row.is_public else "",
        }
        for row, part in holding.table.parts()
    ]


def _form_page(request, subject: Deal, form, act, *, title: str, done: str, lead: str = "", clause: str = ""):
    """Show a form about a deal, or run its action. For a script only what is wrong is sent back, so that
    typed text and a chosen file stay where they are."""
    if request.method == "POST" and form.is_valid():
        try:
            act(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, done)
            address = reverse("equity:deal", args=[subject.pk])
            return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    context = {
        "deal": subject,
        "application": subject.application,
        "form": form,
        "title": title,
        "lead": lead,
        "clause": clause,
    }
    if request.method != "POST":
        return render(request, "equity/form.html", context)
    if request.htmx:
        return render(request, "portal/includes/_form_errors.html", {"form": form}, status=422)
    return render(request, "equity/form.html", context, status=422)


def _sent(request):
    return (request.POST or None, request.FILES or None)


def _or_403(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_trigger(request, pk) -> HttpResponse:
    """The agreed event has happened: when, by which evidence."""
    rows = queries.with_deal(Trigger.objects.visible_to(request.user))
    trigger = get_object_or_404(rows, pk=pk)
    _or_403(rules.can_report_trigger(request.user, trigger))
    return _form_page(
        request,
        trigger.deal,
        TriggerForm(*_sent(request)),
        lambda **data: actions.report_trigger(trigger=trigger, **data),
        title=_("报告触发：%(event)s") % {"event": trigger.get_kind_display()},
        lead=_("触发期限 %(date)s。提交后由项目主管核实，核实后开始办理转股。") % {"date": trigger.by_date},
        clause=trigger.clause,
        done=_("已报告，等待项目主管核实。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hand_in(request, pk) -> HttpResponse:
    """The firm's periodic report."""
    rows = queries.with_deal(PeriodicReport.objects.visible_to(request.user))
    report = get_object_or_404(rows, pk=pk)
    _or_403(rules.can_submit_report(request.user, report))
    return _form_page(
        request,
        report.deal,
        ReportForm(*_sent(request)),
        lambda **data: actions.submit_report(report=report, **data),
        title=str(report),
        lead=_("报送期限 %(date)s。") % {"date": report.due_date},
        clause=queries.terms_of(report.deal.application.call).report_clause,
        done=_("报告已报送。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request, pk) -> HttpResponse:
    """The team buys the share back."""
    window = get_object_or_404(queries.with_deal(BuyBackWindow.objects.visible_to(request.user)), deal_id=pk)
    _or_403(rules.can_declare(request.user, window, today=local_date(timezone.now())))
    return _form_page(
        request,
        window.deal,
        BuyBackForm(*_sent(request)),
        lambda **data: actions.declare_buy_back(window=window, **data),
        title=_("提出回购"),
        lead=_("回购期 %(first)s 至 %(last)s。提出后由项目主管报局领导决定。")
        % {"first": window.from_date, "last": window.to_date},
        clause=queries.terms_of(window.deal.application.call).exit_clause,
        done=_("已提出回购。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def value(request, pk) -> HttpResponse:
    """The trustee records what the firm is worth."""
    found = get_object_or_404(queries.with_project(Deal.objects.visible_to(request.user)), pk=pk)
    _or_403(rules.can_value(request.user, found))
    return _form_page(
        request,
        found,
        ValuationForm(*_sent(request)),
        lambda **data: actions.record_valuation(deal=found, **data),
        title=_("登记估值"),
        clause=queries.terms_of(found.application.call).report_clause,
        done=_("估值已登记。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def restructure(request, pk) -> HttpResponse:
    """The trustee records that the firm's shares changed hands or number."""
    found = get_object_or_404(queries.with_project(Deal.objects.visible_to(request.user)), pk=pk)
    _or_403(rules.can_restructure(request.user, found))
    form = RestructureForm(*_sent(request))
    form.about(found)
    return _form_page(
        request,
        found,
        form,
        lambda **data: actions.restructure(deal=found, **data),
        title=_("登记股权变动"),
        lead=_("增资、转让等变更登记后，按登记通知书写明全部股东；以前的股权结构保留。"),
        clause=queries.terms_of(found.application.call).clause,
        done=_("股权变动已登记。"),
    )
