"""The demand desk of the programme managers: argue, return, list."""

from django.contrib.admin import display, register
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.enums import ActionVariant

from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.money import wan
from exchange import actions, queries, rules
from exchange.forms import ArgumentForm, ListingForm, ReasonForm
from exchange.kinds import shape_of
from exchange.models import Demand, DemandScheme
from grants.admin import PartOfCallMixin
from reviews import actions as reviews

OWN_FACTS = ("amount", "deadline_date", "ip_ownership", "purpose", "term_months", "place", "conditions")


@register(DemandScheme)
class DemandSchemeAdmin(PartOfCallMixin, ModelAdmin):
    list_display = ("call", "kind", "argument_days", "clause")
    list_filter = ("kind",)


@register(Demand)
class DemandAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("title", "kind", "organisation", "call", "wan_amount", "state", "submitted_at")
    list_filter = ("state", "kind", "call")
    search_fields = ("title", "field", "organisation__name", "organisation__credit_code", "topic__number")
    list_select_related = ("organisation", "call")
    ordering = ("-id",)
    actions_detail = ("argue", "put_on_list", "give_back", "refuse_listing", "close_bids")
    fieldsets = (
        (None, {"fields": ("call", "kind", "organisation", "credit_code", "state", "topic_link", "clauses")}),
        (_("公开的内容"), {"fields": ("title", "field", "public_summary", "core_indicators")}),
        (_("公开的条件"), {"fields": ("wan_offered", "bidder_conditions", "name_is_public")}),
        (_("只给主管部门看的内容"), {"fields": ("problem", "own_facts", "own_answers", "own_files")}),
        (_("联系"), {"fields": ("contact_name", "contact_phone")}),
        (
            _("办理"),
            {"fields": ("submitted_by", "submitted_at", "argument_opinion", "argued_by", "argued_at")},
        ),
    )

    def get_readonly_fields(self, request, obj=None):
        return [name for _title, options in self.fieldsets for name in options["fields"]]

    @display(description=_("拟投入总额"), ordering="amount")
    def wan_amount(self, demand):
        return "—" if demand.amount is None else wan(demand.amount)

    @display(description=_("榜单金额"))
    def wan_offered(self, demand):
        amount = getattr(demand, shape_of(demand.kind).list_amount)
        return "—" if amount is None else wan(amount)

    @display(description=_("统一社会信用代码"))
    def credit_code(self, demand):
        return demand.organisation.credit_code

    @display(description=_("要点"))
    def own_facts(self, demand):
        """What demands of this kind are asked beside the texts that have rows of their own."""
        names = [name for name in shape_of(demand.kind).asked if name in OWN_FACTS]
        lines = [f"{queries.label_of(demand, name)}：{self._text(demand, name) or '—'}" for name in names]
        return "\n".join(lines) or "—"

    def _text(self, demand, name):
        value = getattr(demand, name)
        return wan(value) if name == "amount" and value is not None else queries.text_of(demand, name)

    @display(description=_("需求表答案"))
    def own_answers(self, demand):
        rows = [row for _title, rows in queries.read_answers(demand) for row in rows]
        return "\n".join(f"{row.label}：{row.text or '—'}" for row in rows) or "—"

    @display(description=_("附件"))
    def own_files(self, demand):
        files = [file for _title, rows in queries.read_answers(demand) for row in rows for file in row.files]
        links = [(reverse("documents:download", args=[file["document"]]), file["name"]) for file in files]
        return format_html_join(" · ", '<a href="{}">{}</a>', links) or "—"

    @display(description=_("核心指标"))
    def core_indicators(self, demand):
        lines = [f"{row['name']}：{row['target']} {row['unit']}".strip() for row in demand.indicators]
        return "\n".join(lines) or "—"

    @display(description=_("榜单"))
    def topic_link(self, demand):
        if not demand.topic_id:
            return "—"
        url = reverse("portal:topic", args=[demand.topic_id])
        return format_html('<a href="{}">{}</a>', url, demand.topic.number)

    @display(description=_("出题条件（提交之日）"))
    def clauses(self, demand):
        if not demand.submitted_at:
            return "—"
        lines = queries.eligibility(demand.call, demand.organisation, at=demand.submitted_at, demand=demand)
        verdicts = {True: _("符合"), False: _("不符合"), None: _("人工审查")}
        return "\n".join(f"{verdicts[line.holds]} · {line.text}（{line.clause}）" for line in lines) or "—"

    @button(
        _("论证"),
        form=ArgumentForm,
        may=rules.can_argue,
        text=_("写明论证意见和结论。同意后可以发榜；不予发榜的，需求方会收到意见。"),
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def argue(self, request, demand, data, at):
        actions.argue(demand=demand, opinion=data["opinion"], accept=data["accept"], by=request.user, at=at)
        return _("已记录论证结论：%(state)s。") % {"state": demand.get_state_display()}

    @button(
        _("发榜"),
        form=ListingForm,
        may=rules.can_list,
        text=_("公众只看到公开的内容；揭榜截止时间按通知的揭榜期计算。"),
        icon="campaign",
        variant=ActionVariant.PRIMARY,
    )
    def put_on_list(self, request, demand, data, at):
        topic = actions.list_demand(demand=demand, number=data["number"], by=request.user, at=at)
        return _("已发榜，编号 %(number)s。") % {"number": topic.number}

    @button(pgettext_lazy("button", "退回修改"), form=ReasonForm, may=rules.can_return, icon="undo")
    def give_back(self, request, demand, data, at):
        actions.return_demand(demand=demand, reason=data["reason"], by=request.user, at=at)
        return _("已退回需求方修改。")

    @button(_("不予发榜"), form=ReasonForm, may=rules.can_list, icon="block", variant=ActionVariant.DANGER)
    def refuse_listing(self, request, demand, data, at):
        actions.refuse_listing(demand=demand, reason=data["reason"], by=request.user, at=at)
        return _("已记录：不予发榜。")

    @button(
        _("截止揭榜"),
        may=rules.can_close_bids,
        text=_("揭榜期满后系统会自动截止；没有写明截止时间的榜单由项目主管截止。无人揭榜的作流榜处理。"),
        icon="event_busy",
    )
    def close_bids(self, request, demand, data, at):
        reviews.close_bids(topic=demand.topic, by=request.user, at=at)
        return _("揭榜已截止：%(state)s。") % {"state": demand.topic.get_state_display()}
