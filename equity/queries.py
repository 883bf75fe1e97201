"""What pages and rules of deals read."""

import io
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel

from core.calendar import DayKind, add_days
from core.models import Event
from core.money import to_cents
from documents.models import Document
from equity.models import (
    BuyBackWindow,
    CapTable,
    Deal,
    Distribution,
    EquityTerms,
    Exit,
    Holding,
    PayeeTemplate,
    PeriodicReport,
    Trigger,
    TriggerTemplate,
    Valuation,
)
from equity.states import WATCHED, DealState, ExitState, ReportState
from finance.models import Refund
from grants.models import Call
from notifications.models import Deadline

YEAR = 365
DEMANDED_BACK = (Refund.Cause.REPAYMENT, Refund.Cause.ENDED)


def months_on(day, months: int):
    return add_days(day, months, kind=DayKind.MONTH)


def terms_of(call: Call) -> EquityTerms | None:
    return EquityTerms.objects.filter(call=call).first()


def triggers_of_call(call: Call) -> list[TriggerTemplate]:
    return list(TriggerTemplate.objects.filter(call=call).order_by("order"))


def payees_of_call(call: Call) -> list[PayeeTemplate]:
    return list(PayeeTemplate.objects.filter(call=call).order_by("order"))


def with_project(deals: QuerySet) -> QuerySet:
    """Everything a line about a deal names, in the same query."""
    return deals.select_related(
        "agreement__award__application__organisation",
        "agreement__award__application__call__programme__department",
        "trustee",
    )


def with_deal(rows: QuerySet) -> QuerySet:
    return rows.select_related(
        "deal__agreement__award__application__organisation",
        "deal__agreement__award__application__call__programme__department",
        "deal__trustee",
    )


def listed(deals: QuerySet) -> QuerySet:
    """With the last value of the firm and the share that is held: one query."""
    last = Valuation.objects.filter(deal=OuterRef("pk")).order_by("-as_of_date", "-id")
    held = CapTable.objects.filter(holding__deal=OuterRef("pk"))
    return with_project(deals).annotate(
        last_value=Subquery(last.values("post_money")[:1]),
        held_percent=Subquery(held.annotate(p=F("shares") * 100 / F("total_shares")).values("p")[:1]),
    )


def holding_of(deal: Deal) -> Holding | None:
    """The share with every cap table, the latest first: three queries."""
    return Holding.objects.filter(deal=deal).prefetch_related("tables__rows").first()


def window_of(deal: Deal) -> BuyBackWindow | None:
    return BuyBackWindow.objects.filter(deal=deal).first()


def watched(deal: Deal) -> QuerySet:
    return Trigger.objects.filter(deal=deal, state__in=WATCHED).order_by("by_date", "id")


def due_reports(deal: Deal) -> QuerySet:
    """One, and whatever was sent back while the next was owed already."""
    return PeriodicReport.objects.filter(deal=deal, state=ReportState.DUE)


def due_report(deal: Deal) -> PeriodicReport | None:
    return due_reports(deal).first()


def open_exit(deal: Deal) -> Exit | None:
    return Exit.objects.filter(deal=deal, state__in=[ExitState.PROPOSED, ExitState.APPROVED]).first()


def distribution_of(deal: Deal) -> Distribution | None:
    return Distribution.objects.filter(exit__deal=deal).prefetch_related("lines").first()


def last_valuation(deal: Deal) -> Valuation | None:
    return Valuation.objects.filter(deal=deal).order_by("-as_of_date", "-id").first()


def repayments(deal: Deal) -> QuerySet:
    """What was demanded back because the deal ended without a share; what is left of an ended project is
    the settlement's."""
    return Refund.objects.filter(agreement_id=deal.agreement_id, cause=Refund.Cause.REPAYMENT)


def demanded_back(agreement_id: int) -> QuerySet:
    """What of the money of a deal was demanded back, whichever way the project ended."""
    return Refund.objects.filter(agreement_id=agreement_id, cause__in=DEMANDED_BACK)


def to_demand_back() -> QuerySet:
    """Deals whose money is to come back, of which nothing demanded is on its way: the office's turn."""
    under_way = Refund.objects.open().filter(agreement_id=OuterRef("agreement_id"), cause__in=DEMANDED_BACK)
    return Deal.objects.filter(~Exists(under_way), state=DealState.REPAYING)


def with_interest(amount: Decimal, percent: Decimal, first, last) -> Decimal:
    """Simple interest by actual days."""
    days = max((last - first).days, 0)
    return amount + amount * percent * days / (100 * YEAR)


ORDER = ("-id",)


def deals(user, *, q: str = "", state: str = "") -> QuerySet:
    """What a person may see, newest first; searched by number, title, firm and trustee."""
    rows = listed(Deal.objects.visible_to(user)).order_by(*ORDER)
    award = "agreement__award"
    for word in q.split():
        rows = rows.filter(
            Q(**{f"{award}__number__icontains": word})
            | Q(**{f"{award}__application__title__icontains": word})
            | Q(**{f"{award}__application__organisation__name__icontains": word})
            | Q(trustee__name__icontains=word)
        )
    return rows.filter(state=state) if state else rows


@dataclass
class Dossier:
    """Everything that belongs to a deal: a dozen queries, whatever there is of each."""

    deal: Deal
    terms: EquityTerms
    triggers: list[Trigger]
    valuations: list[Valuation]
    reports: list[PeriodicReport]
    exits: list[Exit]
    holding: Holding | None
    window: BuyBackWindow | None
    distribution: Distribution | None
    payees: list[PayeeTemplate]
    clocks: list[Deadline]
    events: list[Event]

    @property
    def due_report(self) -> PeriodicReport | None:
        return next((row for row in self.reports if row.state == ReportState.DUE), None)

    @property
    def value(self) -> Decimal | None:
        """What the share is worth by the last valuation."""
        if self.holding is None or not self.valuations:
            return None
        return to_cents(self.holding.table.part_of(self.valuations[-1].post_money))


def dossier(deal: Deal) -> Dossier:
    call = deal.application.call
    found = Dossier(
        deal=deal,
        terms=terms_of(call),
        triggers=list(Trigger.objects.filter(deal=deal).select_related("milestone", "reported_by")),
        valuations=list(Valuation.objects.filter(deal=deal).select_related("recorded_by")),
        reports=list(PeriodicReport.objects.filter(deal=deal).select_related("submitted_by")),
        exits=list(Exit.objects.filter(deal=deal).select_related("proposed_by")),
        holding=holding_of(deal),
        window=window_of(deal),
        distribution=distribution_of(deal),
        payees=payees_of_call(call),
        clocks=[],
        events=list(Event.objects.about(deal).select_related("by", "content_type").order_by("-at", "-id")),
    )
    rows = [deal, *found.triggers, *found.valuations, *found.reports, *found.exits]
    rows += [row for row in (found.holding, found.window) if row]
    rows += found.holding.tables.all() if found.holding else []
    for row in rows:
        if row is not deal and hasattr(row, "deal_id"):
            row.deal = deal
    _with_files(rows)
    if deal.state == DealState.REPAYING:
        rows += demanded_back(deal.agreement_id)
    found.clocks = clocks(rows)
    return found


def _about(rows) -> Q:
    """Rows of a table with generic subjects that are about one of these."""
    keys: dict[int, list[int]] = {}
    for row in rows:
        keys.setdefault(ContentType.objects.get_for_model(row).pk, []).append(row.pk)
    wanted = Q()
    for kind, found in keys.items():
        wanted |= Q(content_type_id=kind, object_id__in=found)
    return wanted


def clocks(rows) -> list[Deadline]:
    """What is owed about these until when, by which clause: the next first."""
    return list(Deadline.objects.open().filter(_about(rows)).order_by("due_at", "id"))


def _with_files(rows) -> None:
    by_row = {(ContentType.objects.get_for_model(row).pk, row.pk): row for row in rows}
    for row in rows:
        row.files = []
    for document in Document.objects.filter(_about(rows)).order_by("created_at", "pk"):
        by_row[document.content_type_id, document.object_id].files.append(document)


def sheet(rows) -> bytes:
    """Deals as a workbook: one line each, amounts in 元."""
    lines = [
        {
            _("立项编号"): deal.agreement.award.number,
            _("项目"): deal.application.title,
            _("企业"): deal.firm.name,
            _("支持方式"): deal.get_instrument_display(),
            _("投资额（元）"): float(deal.amount),
            _("受托管理机构"): deal.trustee.name if deal.trustee else "",
            _("状态"): deal.get_state_display(),
            _("持股（%）"): "" if deal.held_percent is None else round(float(deal.held_percent), 4),
            _("最近估值（元）"): "" if deal.last_value is None else float(deal.last_value),
            _("下次估值"): str(deal.valuation_due_date or ""),
        }
        for deal in rows
    ]
    body = io.BytesIO()
    FastExcel(body, output_format="xlsx", autofit=True).sheet(_("股权项目"), lines).save()
    return body.getvalue()
