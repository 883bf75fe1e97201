"""The desk of deals: what each waits for, its triggers, values, reports, share and way out."""

from django.contrib import messages
from django.contrib.admin import RelatedOnlyFieldListFilter, register
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from awards.project_lines import PROJECT, ProjectLines
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.calendar import local_date
from core.money import wan
from equity import actions, queries, rules
from equity.admin.lines import (
    TONES,
    ExitInline,
    ReportInline,
    StageFilter,
    TriggerInline,
    ValuationInline,
    exit_facts,
    exit_in,
    in_state,
    judges,
    lapsed,
    last_report,
    may_return_report,
    once,
    reported,
    trigger_facts,
    value_facts,
)
from equity.forms import (
    ApproveForm,
    BookForm,
    ExitForm,
    GiveUpForm,
    NoteForm,
    ReasonForm,
    RegisterForm,
    RenegotiateForm,
    RestructureForm,
    SettleForm,
    ValuationForm,
)
from equity.models import Deal
from equity.states import DealState, ExitState

TRUSTEES = ("trustee", RelatedOnlyFieldListFilter)
"""Those that hold something, not every unit there is."""


@register(Deal)
class DealAdmin(ProjectLines, ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Deals, the newest first; each move is a button for whoever may make it."""

    list_display = ("project", "unit", "amount_wan", "trustee", "held", "value", "condition")
    list_filter = (StageFilter, "state", f"{PROJECT}__call__programme", TRUSTEES)
    search_fields = (*ProjectLines.search_fields, "trustee__name")
    ordering = ("-id",)
    fields = (
        "project_link",
        "unit",
        "instrument",
        "amount_wan",
        "trustee",
        "state",
        "convert_by_date",
        "approved_percent",
        "held",
        "cap_table",
        "valuation_due_date",
        "window",
        "distribution",
        "ending",
    )
    inlines = (TriggerInline, ValuationInline, ReportInline, ExitInline)
    actions_list = ("export",)
    actions_detail = (
        "settle",
        "confirm_trigger",
        "return_trigger",
        "renegotiate",
        "demand_repayment",
        "confirm_repaid",
        "record_valuation",
        "approve_conversion",
        "return_valuation",
        "register",
        "restructure",
        "return_report",
        "propose_exit",
        "approve_exit",
        "refuse_exit",
        "book_exit",
        "distribute",
        "give_up",
    )

    def get_queryset(self, request):
        return queries.listed(super().get_queryset(request))

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    # ---- what is shown ----

    @display(description=_("项目"))
    def project_link(self, obj):
        return format_html('<a href="{}">{}</a>', reverse("equity:deal", args=[obj.pk]), self.project(obj))

    @display(description=_("企业"), ordering=f"{PROJECT}__organisation__name")
    def unit(self, obj):
        return obj.firm

    @display(description=_("投资额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("持股"))
    def held(self, obj):
        return "—" if obj.held_percent is None else f"{obj.held_percent:.2f}%"

    @display(description=_("最近估值"))
    def value(self, obj):
        return "—" if obj.last_value is None else wan(obj.last_value)

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @display(description=_("股东名册"))
    def cap_table(self, obj):
        holding = once(obj, queries.holding_of)
        if holding is None:
            return "—"
        parts = [(row.name, f"{(part * 100):.2f}%") for row, part in holding.table.parts()]
        now = format_html_join("；", "{} {}", parts)
        before = format_html_join("", "<br>{}：{}", ((table.as_of_date, table) for table in holding.earlier))
        if not before:
            return now
        return format_html("{} {}{}", now, _("（以前的财政持股）"), before)

    @display(description=_("回购期"))
    def window(self, obj):
        found = once(obj, queries.window_of)
        return f"{found}（{found.get_state_display()}）" if found else "—"

    @display(description=_("收益分配"))
    def distribution(self, obj):
        found = once(obj, queries.distribution_of)
        if found is None:
            return "—"
        return "；".join(f"{line.payee} {wan(line.amount)}" for line in found.lines.all())

    # ---- moves ----

    @button(
        _("确定受托管理机构"),
        form=SettleForm,
        may=in_state(rules.can_manage, DealState.AGREED),
        text=_("确定后触发期限和报送期限开始计算，企业和受托管理机构会收到通知。"),
        icon="handshake",
        variant=ActionVariant.PRIMARY,
    )
    def settle(self, request, deal, data, at):
        actions.settle(deal=deal, trustee=data["trustee"], by=request.user, at=at)
        return _("已确定：%(trustee)s。") % {"trustee": deal.trustee}

    @button(
        _("确认触发"),
        may=judges,
        text=_("核实证据后确认；确认后开始办理转股，其他触发条件不再需要。"),
        facts=trigger_facts,
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    )
    def confirm_trigger(self, request, deal, data, at):
        actions.confirm_trigger(trigger=self._trigger(deal), by=request.user, at=at)
        return _("已确认触发。")

    @button(_("不予确认"), form=ReasonForm, may=judges, facts=trigger_facts, icon="undo")
    def return_trigger(self, request, deal, data, at):
        actions.return_trigger(trigger=self._trigger(deal), reason=data["reason"], by=request.user, at=at)
        return _("已退回，继续等待触发。")

    def _trigger(self, deal):
        trigger = reported(deal)
        trigger.deal = deal
        return trigger

    @button(
        _("重新约定触发期限"),
        form=RenegotiateForm,
        may=lapsed,
        text=_("触发期限已过：原来的条件记为未达成，按新的期限继续等待。"),
        icon="update",
    )
    def renegotiate(self, request, deal, data, at):
        actions.renegotiate(deal=deal, **data, by=request.user, at=at)
        return _("已重新约定。")

    @button(
        _("要求退还"),
        form=ReasonForm,
        may=lapsed,
        text=_("触发期限已过：投入的资金应退还。随后在拨款页“要求退回”写明金额和期限。"),
        icon="assignment_return",
    )
    def demand_repayment(self, request, deal, data, at):
        actions.demand_repayment(deal=deal, reason=data["reason"], by=request.user, at=at)
        return _("已决定要求退还。")

    @button(
        _("确认已退还"),
        may=in_state(rules.can_book, DealState.REPAYING),
        text=_("要求退回的资金都已退清后确认，股权项目办结。"),
        icon="done_all",
    )
    def confirm_repaid(self, request, deal, data, at):
        actions.confirm_repaid(deal=deal, by=request.user, at=at)
        return _("已办结。")

    @button(_("登记估值"), form=ValuationForm, may=rules.can_value, icon="monitoring")
    def record_valuation(self, request, deal, data, at):
        valuation = actions.record_valuation(deal=deal, **data, by=request.user, at=at)
        return _("已登记估值 %(value)s。") % {"value": wan(valuation.post_money)}

    @button(
        _("批准转股"),
        form=ApproveForm,
        may=in_state(rules.can_decide, DealState.VALUED),
        facts=value_facts,
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def approve_conversion(self, request, deal, data, at):
        actions.approve_conversion(deal=deal, **data, by=request.user, at=at)
        return _("已批准转股。")

    @button(
        _("退回重新估值"),
        form=ReasonForm,
        may=in_state(rules.can_decide, DealState.VALUED),
        facts=value_facts,
        icon="undo",
    )
    def return_valuation(self, request, deal, data, at):
        actions.return_valuation(deal=deal, reason=data["reason"], by=request.user, at=at)
        return _("已退回。")

    @button(
        _("登记股权变更"),
        form=RegisterForm,
        may=in_state(rules.can_manage, DealState.APPROVED),
        text=_("按变更登记通知书填写。登记后不能修改；持股上限和“不为第一大股东”由系统核对。"),
        icon="pie_chart",
        variant=ActionVariant.PRIMARY,
    )
    def register(self, request, deal, data, at):
        holding = actions.register(deal=deal, **data, by=request.user, at=at)
        return _("已登记，持股 %(percent)s。") % {"percent": holding.table}

    @button(
        _("登记股权变动"),
        form=RestructureForm,
        may=rules.can_restructure,
        text=_("增资、转让等变更登记后，按登记通知书写明全部股东；以前的股权结构保留。"),
        icon="pie_chart",
    )
    def restructure(self, request, deal, data, at):
        table = actions.restructure(deal=deal, **data, by=request.user, at=at)
        return _("已登记，财政资金持股 %(percent)s。") % {"percent": table}

    @button(
        _("退回投后报告"),
        form=ReasonForm,
        may=may_return_report,
        text=_("最近一期报告退回补充，原来的期限不变。"),
        icon="undo",
    )
    def return_report(self, request, deal, data, at):
        report = last_report(deal)
        report.deal = deal
        actions.return_report(report=report, reason=data["reason"], by=request.user, at=at)
        return _("已退回。")

    @button(
        _("提出退出"),
        form=ExitForm,
        may=in_state(rules.can_manage, DealState.HOLDING),
        text=_("回购和转让不得低于约定的最低价格；回购期内团队优先。提出后由局领导决定。"),
        icon="logout",
    )
    def propose_exit(self, request, deal, data, at):
        actions.propose_exit(deal=deal, **data, by=request.user, at=at)
        return _("已提出，等待局领导决定。")

    @button(
        _("批准退出"),
        form=NoteForm,
        may=exit_in((ExitState.PROPOSED,), rules.can_decide),
        facts=exit_facts,
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def approve_exit(self, request, deal, data, at):
        actions.approve_exit(exit_=self._exit(deal), note=data["note"], by=request.user, at=at)
        return _("已批准退出。")

    @button(
        _("不予批准"),
        form=ReasonForm,
        may=exit_in((ExitState.PROPOSED, ExitState.APPROVED), rules.can_decide),
        facts=exit_facts,
        text=_("已批准而受让方没有付款的，也由此撤销；股权继续持有。"),
        icon="block",
    )
    def refuse_exit(self, request, deal, data, at):
        actions.refuse_exit(exit_=self._exit(deal), reason=data["reason"], by=request.user, at=at)
        return _("已记录：不予批准。")

    @button(
        _("登记退出收款"),
        form=BookForm,
        may=exit_in((ExitState.APPROVED,), rules.can_book),
        facts=exit_facts,
        text=_("登记后不能修改；回购和转让的到账金额应为批准的价格。"),
        icon="payments",
        variant=ActionVariant.PRIMARY,
    )
    def book_exit(self, request, deal, data, at):
        actions.book_exit(exit_=self._exit(deal), **data, by=request.user, at=at)
        return _("已登记收款。")

    def _exit(self, deal):
        found = queries.open_exit(deal)
        found.deal = deal
        return found

    @button(
        _("分配收益"),
        may=in_state(rules.can_book, DealState.EXITED),
        text=_("收益按通知约定的比例分配，本金和尾差归资金池。分配后股权项目办结。"),
        icon="call_split",
        variant=ActionVariant.PRIMARY,
    )
    def distribute(self, request, deal, data, at):
        actions.distribute(deal=deal, by=request.user, at=at)
        return _("已分配，股权项目办结。")

    @button(
        _("容亏免责或核销"),
        form=GiveUpForm,
        may=rules.can_give_up,
        text=_("不再转股或追回，期限和提醒同时结束；因投入资金未转为股权而要求退回、尚未到账的，一并核销。"),
        icon="money_off",
        variant=ActionVariant.DANGER,
    )
    def give_up(self, request, deal, data, at):
        actions.give_up(deal=deal, **data, by=request.user, at=at)
        return _("已办理：%(state)s。") % {"state": deal.get_state_display()}

    # ---- the whole list ----

    def export(self, request):
        """What the person sees, as a sheet; no more rows than a sheet is read for."""
        rows = list(self.get_queryset(request)[: EXPORTED + 1])
        if len(rows) > EXPORTED:
            messages.warning(request, _("只导出前 %(count)s 项。") % {"count": EXPORTED})
        response = HttpResponse(queries.sheet(rows[:EXPORTED]), content_type=XLSX)
        day = f"{local_date(timezone.now()):%Y%m%d}"
        response["Content-Disposition"] = f'attachment; filename="deals-{day}.xlsx"'
        return response

    export.short_description = _("导出 Excel")
    export.attrs = {}
    export.icon = "download"
    export.variant = ActionVariant.DEFAULT


EXPORTED = 5_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
