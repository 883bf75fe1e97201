"""The pages of projects: an agreement with its parties, milestones and money on one page."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import rules as keep
from awards import conditions as later
from awards import rules as awards
from awards.models import Agreement
from awards.states import ENDED_EARLY, AgreementState
from core.calendar import end_of_day, local_date
from core.paging import paginate
from core.workflow import Refused
from equity.models import Deal
from finance import queries as money
from finance import rules as paying
from finance.models import Instalment
from finance.states import InstalmentState
from milestones import changing, extending, terminating
from milestones import queries as milestone_queries
from milestones import rules as handing_in
from milestones.models import Milestone
from milestones.states import MilestoneState
from portal import dates
from portal.navigation import Entry

PER_PAGE = 20
ORDER = ("-id",)
TABS = {
    "running": [AgreementState.DRAFT, AgreementState.UNIT_SIGNED, AgreementState.IN_FORCE],
    "ended": [AgreementState.COMPLETED, AgreementState.FORGONE, *ENDED_EARLY],
}
OWED = [MilestoneState.PLANNED, MilestoneState.SUBMITTED, MilestoneState.RETURNED]


def agreements(user) -> QuerySet:
    """Every project a person may see, with what comes next and what is paid: one query."""
    upcoming = Milestone.objects.filter(agreement=OuterRef("pk"), state__in=OWED).order_by("due_date")
    paid = (
        Instalment.objects.filter(agreement=OuterRef("pk"))
        .order_by()
        .values("agreement")
        .annotate(total=Sum("paid"))
        .values("total")
    )
    return (
        Agreement.objects.visible_to(user)
        .select_related("award__application__organisation", "award__application__call__programme")
        .annotate(
            next_name=Subquery(upcoming.values("name")[:1]),
            next_date=Subquery(upcoming.values("due_date")[:1]),
            paid=Coalesce(Subquery(paid), Decimal(0)),
            amount=F("award__amount"),
        )
    )


@login_required
@require_safe
def projects(request):
    """The list: running or ended."""
    labels = {"running": _("执行中"), "ended": _("已结束")}
    tab = request.GET.get("tab") if request.GET.get("tab") in labels else "running"
    rows = agreements(request.user).filter(state__in=TABS[tab])
    base = reverse("portal:projects")
    context = {
        "today": local_date(timezone.now()),
        "tab": tab,
        "tabs": [Entry(label, f"{base}?tab={code}", code == tab) for code, label in labels.items()],
        "listing": paginate(rows, ORDER, request.GET.get("cursor"), PER_PAGE),
    }
    return render(request, "portal/projects.html", context)


@dataclass(frozen=True)
class Line:
    """One milestone in the picture: positions are per cent of the project's time."""

    milestone: Milestone
    tone: str
    start: str
    width: str
    done: str
    is_late: bool
    url: str
    action: str


@dataclass(frozen=True)
class Chart:
    lines: list[Line]
    starts_date: date
    ends_date: date
    today: str | None
    """Where today stands, or None outside the project's time."""


def chart(agreement: Agreement, milestones: list[Milestone], *, acts: dict[int, str], at: datetime) -> Chart:
    """The plan as bars from one planned day to the next. No query."""
    last = max([agreement.ends_date, *(milestone.due_date for milestone in milestones)])
    days = max(1, (last - agreement.starts_date).days)

    def place(day: date) -> Decimal:
        share = Decimal((day - agreement.starts_date).days) / days * 100
        return min(Decimal(100), max(Decimal(0), share))

    lines, start = [], Decimal(0)
    for milestone in milestones:
        end = place(milestone.due_date)
        accepted = milestone.accepted_at and place(local_date(milestone.accepted_at))
        lines.append(
            Line(
                milestone=milestone,
                tone=milestone_queries.light(milestone, at=at),
                start=f"{start:.2f}",
                width=f"{max(end - start, Decimal(1)):.2f}",
                done="" if accepted is None else f"{min(accepted, Decimal(99)):.2f}",
                is_late=milestone_queries.is_overdue(milestone, at=at),
                url=reverse("milestones:milestone", args=[milestone.pk]),
                action=acts.get(milestone.pk, ""),
            )
        )
        start = end
    today = local_date(at)
    inside = agreement.starts_date <= today <= last
    return Chart(
        lines, agreement.starts_date, last, f"{min(place(today), Decimal(99)):.2f}" if inside else None
    )


def next_acts(user, agreement: Agreement, milestones: list[Milestone]) -> dict[int, str]:
    """What the reader has to do about which milestone: the roles are asked once, not for every row."""
    if agreement.state != AgreementState.IN_FORCE or not milestones:
        return {}
    some = milestones[0]
    acts = {}
    if handing_in.is_team(user, some):
        acts |= {m.pk: _("提交材料") for m in milestones if m.state in handing_in.HAND_IN}
    if handing_in.is_demander(user, some):
        waiting = [m for m in milestones if m.needs_demander_opinion and m.state == MilestoneState.SUBMITTED]
        acts |= {m.pk: _("填写意见") for m in waiting}
    if handing_in.is_manager(user, some):
        acts |= {m.pk: _("审核") for m in milestones if m.state == MilestoneState.SUBMITTED}
    return acts


def money_bars(totals: dict) -> list[dict]:
    """Paid and due against the award, for `_bars.html`."""
    whole = totals["amount"] or Decimal(1)
    return [
        {"label": _("已拨付"), "amount": totals["paid"], "share": totals["paid"] / whole, "tone": "good"},
        {"label": _("待拨付"), "amount": totals["due"], "share": totals["due"] / whole, "tone": "wait"},
    ]


def payment_rows(user, agreement: Agreement) -> list[dict]:
    """The payments with the account as this reader may see it."""
    return [
        {
            "payment": payment,
            "account": payment.payee_account
            if paying.can_see_account(user, payment)
            else payment.masked_account,
        }
        for payment in money.payments_of(agreement)
    ]


def payee_missing(user, agreement: Agreement, instalments: list[Instalment], *, on: date) -> str:
    """Why what is due cannot be paid yet, for those who can mend it. One query where money is due."""
    unit = agreement.award.application.organisation
    if not any(row.state == InstalmentState.DUE for row in instalments):
        return ""
    if not (paying.is_payer(user) or keep.can_keep_account(user, unit)):
        return ""
    try:
        paying.account_to_pay(unit, on=on)
    except Refused as missing:
        return missing.message
    return ""


@login_required
@require_safe
def project(request, pk):
    """One project. Twenty-one queries with the session's, whatever it holds."""
    now = timezone.now()
    visible = Agreement.objects.visible_to(request.user).select_related(
        "award__application__organisation",
        "award__application__topic__owner",
        "award__application__call__programme__department",
        "unit_signed_by",
        "bureau_signed_by",
    )
    agreement = get_object_or_404(visible, pk=pk)
    milestones = list(
        milestone_queries.with_project(Milestone.objects.filter(agreement=agreement))
        .prefetch_related("indicators")
        .order_by("due_date", "order")
    )
    instalments = list(
        Instalment.objects.filter(agreement=agreement).select_related("milestone").order_by("order")
    )
    extensions = extending.requests_of(agreement)
    terminations = terminating.terminations_of(agreement)
    changes = changing.changes_of(agreement)
    context = {
        "now": now,
        "agreement": agreement,
        "award": agreement.award,
        "application": agreement.award.application,
        "chart": chart(agreement, milestones, acts=next_acts(request.user, agreement, milestones), at=now),
        "instalments": instalments,
        "bars": money_bars(money.totals_of(instalments)),
        "refunds": money.refunds_of(agreement),
        "deal": Deal.objects.visible_to(request.user).filter(agreement=agreement).first(),
        "settlement": money.settlement_of(agreement),
        "payments": payment_rows(request.user, agreement),
        "may_sign": awards.can_sign_for_unit(request.user, agreement),
        "extensions": extensions,
        "may_extend": extending.can_ask(request.user, agreement, at=now, requests=extensions),
        "changes": changes,
        "may_change": agreement.state == AgreementState.IN_FORCE
        and handing_in.is_of_project(request.user, agreement.award.application),
        "terminations": terminations,
        "may_terminate": terminating.can_ask(request.user, agreement, requests=terminations),
        "by_office": terminating.is_office(request.user, agreement),
        "extend_until": end_of_day(extending.last_day(agreement)),
        "pays": paying.is_payer(request.user),
        "payee_missing": payee_missing(request.user, agreement, instalments, on=local_date(now)),
        "keeps_account": keep.can_keep_account(request.user, agreement.award.application.organisation),
        "due": InstalmentState.DUE,
        "feed_url": dates.address_of(request.user, agreement),
        "has_conditions": later.has_conditions(agreement),
    }
    return render(request, "portal/project.html", context)
