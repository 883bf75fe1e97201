"""The rows and filters of the desk of deals, and who sees which of its buttons."""

from django.contrib.admin import SimpleListFilter
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from core.admin import PagedRows, ReadOnlyMixin
from core.money import wan
from equity import queries, rules
from equity.models import Exit, PeriodicReport, Trigger, Valuation
from equity.states import CONVERTING, HELD, DealState, TriggerState

TONES = {
    DealState.AGREED: "info",
    DealState.WATCHING: "info",
    DealState.TRIGGERED: "warning",
    DealState.VALUED: "warning",
    DealState.APPROVED: "warning",
    DealState.HOLDING: "success",
    DealState.EXITING: "warning",
    DealState.EXITED: "warning",
    DealState.REPAYING: "warning",
    DealState.CLOSED: "success",
    DealState.REPAID: "success",
    DealState.EXEMPTED: "danger",
    DealState.WRITTEN_OFF: "danger",
}


class StageFilter(SimpleListFilter):
    title = _("阶段")
    parameter_name = "stage"
    stages = {
        "waiting": (_("等待触发"), (DealState.AGREED, DealState.WATCHING)),
        "converting": (_("办理转股"), CONVERTING),
        "held": (_("持股"), HELD),
        "ended": (
            _("已了结"),
            (DealState.CLOSED, DealState.REPAID, DealState.EXEMPTED, DealState.WRITTEN_OFF),
        ),
    }

    def lookups(self, request, model_admin):
        return [(code, label) for code, (label, _states) in self.stages.items()]

    def queryset(self, request, queryset):
        chosen = self.stages.get(self.value())
        return queryset.filter(state__in=chosen[1]) if chosen else queryset


class Lines(ReadOnlyMixin, unfold.TabularInline):
    extra = 0
    formset = PagedRows
    per_page = 20
    tab = True

    def get_readonly_fields(self, request, obj=None):
        return self.fields


class TriggerInline(Lines):
    model = Trigger
    fields = ("kind", "threshold", "by_date", "clause", "state", "met_date", "evidence", "reported_by")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("milestone", "reported_by")

    @display(description=_("条件"))
    def threshold(self, obj):
        return wan(obj.amount) if obj.amount else obj.milestone or "—"


class ValuationInline(Lines):
    model = Valuation
    fields = ("as_of_date", "value", "basis", "filing_number", "note", "recorded_by")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recorded_by")

    @display(description=_("投后估值"))
    def value(self, obj):
        return wan(obj.post_money)


class ReportInline(Lines):
    model = PeriodicReport
    fields = ("number", "due_date", "state", "income", "result", "staff", "text", "submitted_at")

    @display(description=_("营业收入"))
    def income(self, obj):
        return "—" if obj.revenue is None else wan(obj.revenue)

    @display(description=_("净利润"))
    def result(self, obj):
        return "—" if obj.profit is None else wan(obj.profit)


class ExitInline(Lines):
    model = Exit
    fields = ("kind", "asked", "floor", "counterparty", "reason", "state", "came", "received_date", "voucher")

    @display(description=_("价格"))
    def asked(self, obj):
        return wan(obj.price)

    @display(description=_("最低价格"))
    def floor(self, obj):
        return wan(obj.least)

    @display(description=_("到账"))
    def came(self, obj):
        return "—" if obj.received is None else wan(obj.received)


def once(deal, read):
    """What is read of a deal, kept with it: a page asks for every field several times."""
    known = deal.__dict__.setdefault("_known", {})
    if read not in known:
        known[read] = read(deal)
    return known[read]


def in_state(check, *states):
    return lambda user, deal: check(user, deal, *states)


def reported(deal) -> Trigger | None:
    return Trigger.objects.filter(deal=deal, state=TriggerState.REPORTED).order_by("by_date", "id").first()


def judges(user, deal) -> bool:
    return rules.can_manage(user, deal, DealState.WATCHING) and reported(deal) is not None


def last_report(deal) -> PeriodicReport | None:
    return PeriodicReport.objects.filter(deal=deal, submitted_at__isnull=False).order_by("-number").first()


def may_return_report(user, deal) -> bool:
    report = rules.is_manager(user, deal) and last_report(deal)
    return bool(report) and rules.can_return_report(user, report)


def lapsed(user, deal) -> bool:
    return rules.can_lapse(user, deal, at=timezone.now())


def exit_in(states, can):
    def may(user, deal) -> bool:
        found = can(user, deal, DealState.EXITING) and queries.open_exit(deal)
        return bool(found) and found.state in states

    return may


def trigger_facts(deal):
    trigger = reported(deal)
    return [
        (_("触发事件"), str(trigger)),
        (_("达成日期"), f"{trigger.met_date}"),
        (_("证据说明"), trigger.evidence),
    ]


def value_facts(deal):
    last = queries.last_valuation(deal)
    facts = [(_("投资额"), wan(deal.amount))]
    if last is not None:
        percent = f"{(deal.amount * 100 / last.post_money):.4f}%"
        facts += [
            (_("投后估值"), f"{wan(last.post_money)}（{last.get_basis_display()}，{last.as_of_date}）"),
            (_("投资额占投后估值"), percent),
        ]
    return facts


def exit_facts(deal):
    found = queries.open_exit(deal)
    return [
        (_("退出方式"), found.get_kind_display()),
        (_("价格"), wan(found.price)),
        (_("最低价格"), f"{wan(found.least)}（{found.get_price_formula_display()}）"),
        (_("受让方"), found.counterparty),
        (_("理由"), found.reason),
    ]
