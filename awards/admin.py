"""The bureau's desks: decide, publish, hear objections, sign."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.admin import display, register
from django.db.models import Exists, OuterRef
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.enums import ActionVariant

from accounts.roles import Role
from applications.admin.intakes import IntakeFilter, IntakeOfDecisionFilter
from applications.models import Application
from applications.states import ApplicationState
from awards import actions, grading, queries, rules
from awards.forms import DecisionForm, PublicityForm, ReasonForm, ResolveForm, TermsForm
from awards.models import (
    Agreement,
    Award,
    Decision,
    Objection,
    Outcome,
    Proposal,
    Publicity,
    PublicityItem,
)
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button, dress, page
from core.money import wan
from core.sent import numbers
from core.workflow import Refused
from documents.admin import file_links
from grants.models import Call


def publishes(user, application: Application) -> bool:
    """Whether this person can put the application into a notice now."""
    decision = queries.final_decision(application)
    return (
        application.state == ApplicationState.DECISION
        and decision is not None
        and decision.outcome == Outcome.FUND
        and (
            application.call.programme.department_id in user.scope.departments or user.has_role(Role.SYSADMIN)
        )
    )


@register(Proposal)
class ProposalAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    """What stands for decision: rank by score, the demander's choice, the amount."""

    list_display = ("number", "title", "organisation", "call", "topic", "requested", "decided")
    list_filter = ("call", IntakeFilter)
    search_fields = ("number", "title", "organisation__name", "topic__number")
    list_select_related = ("organisation", "call", "topic")
    ordering = ("call", "-id")
    fields = ("number", "title", "organisation", "call", "intake", "topic", "requested", "state")
    readonly_fields = fields
    actions_detail = ("decide", "publish")
    actions = ("publish_selected",)
    change_form_outer_before_template = "awards/admin/proposal.html"

    def get_queryset(self, request):
        rows = super().get_queryset(request).filter(state=ApplicationState.DECISION)
        funded = Decision.objects.filter(application=OuterRef("pk"), outcome=Outcome.FUND)
        related = ("organisation", "call__programme__department", "topic", "intake")
        return rows.select_related(*related).annotate(is_funded=Exists(funded))

    @display(description=_("申请财政资金"), ordering="requested_amount")
    def requested(self, application):
        return wan(application.requested_amount)

    @display(description=_("已决定立项"), boolean=True)
    def decided(self, application):
        return application.is_funded

    def change_view(self, request, object_id, form_url="", extra_context=None):
        application = self._subject(request, object_id)
        rows = queries.desk(queries.competitors(application)[:200])
        grades = grading.ruled(application.call)
        given = grading.proposed(grading.ranked_among(application), grades) if grades else {}
        extra = {
            "given": given,
            "columns": 10 if given else 9,
            "rows": [row for row in rows if not row.unranked],
            "unranked": [row for row in rows if row.unranked],
            "limit": queries.due_of(application),
            "cap": queries.cap_of(application),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    @button(
        _("决定"),
        form=DecisionForm,
        may=rules.can_decide,
        text=_("决定写下后不能修改。拟立项的随后公示；不予立项的，申报人会收到理由。"),
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def decide(self, request, application, data, at):
        data["amount"] = data["amount"] or Decimal(0)
        decision = actions.decide(application=application, by=request.user, at=at, **data)
        return _("已决定：%(outcome)s。") % {"outcome": decision.get_outcome_display()}

    @page(_("公示"), may=publishes, icon="campaign", variant=ActionVariant.PRIMARY)
    def publish(self, request, application):
        """The notice for this application and the others of its call that are decided."""
        return self._publish_page(request, application.call, {application.pk})

    def publish_selected(self, request, queryset):
        """From the list: one notice for the chosen lines of one call."""
        chosen = list(queryset.values_list("pk", "call_id"))
        calls = {call for _pk, call in chosen}
        if len(calls) != 1:
            messages.error(request, _("一份公示只能包含同一个通知的项目。"))
            return None
        address = reverse("admin:awards_proposal_publish", args=[chosen[0][0]])
        return redirect(f"{address}?chosen={'-'.join(str(pk) for pk, _call in chosen)}")

    publish_selected.short_description = _("公示所选项目")
    publish_selected.allowed_permissions = ["view"]

    def _publish_page(self, request, call: Call, chosen: set[int]):
        wanted = request.GET.get("chosen", "")
        chosen |= set(numbers(wanted.split("-")))
        candidates = list(queries.publishable(call))
        form = dress(PublicityForm(request.POST or None))
        if request.method == "POST":
            chosen = set(numbers(request.POST.getlist("application")))
            if form.is_valid():
                picked = [application for application in candidates if application.pk in chosen]
                try:
                    notice = actions.publicise(
                        call=call,
                        applications=picked,
                        by=request.user,
                        at=timezone.now(),
                        **form.cleaned_data,
                    )
                except Refused as refused:
                    known = refused.field in form.fields
                    form.add_error(refused.field if known else None, refused.message)
                else:
                    messages.success(
                        request, _("已发布公示，到 %(date)s 期满。") % {"date": notice.ends_date}
                    )
                    return redirect("admin:awards_publicity_change", notice.pk)
        amounts = queries.latest_decisions(candidates)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("发布公示"),
            "call": call,
            "form": form,
            "media": self.media + form.media,
            "candidates": [(a, amounts[a.pk], a.pk in chosen) for a in candidates],
            "back": reverse("admin:awards_proposal_changelist"),
        }
        status = 422 if form.errors else 200
        return render(request, "awards/admin/publish.html", context, status=status)


@register(Decision)
class DecisionAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("application", "outcome", "grade", "wan_amount", "score", "meeting", "by", "at")
    list_filter = ("outcome", "application__call", IntakeOfDecisionFilter)
    search_fields = ("application__number", "application__title")
    list_select_related = ("application", "grade", "by")
    ordering = ("-id",)

    @display(description=_("拟资助额"), ordering="amount")
    def wan_amount(self, decision):
        return wan(decision.amount)


class ItemInline(ReadOnlyMixin, TabularInline):
    model = PublicityItem
    fields = ("title", "organisation_name", "grade", "amount", "state")
    readonly_fields = fields
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("application")

    @display(description=_("现在的状态"))
    def state(self, item):
        return item.application.get_state_display()


@register(Publicity)
class PublicityAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("title", "call", "starts_date", "ends_date", "items_total", "state")
    list_filter = ("state",)
    search_fields = ("title",)
    list_select_related = ("call",)
    ordering = ("-id",)
    inlines = (ItemInline,)
    actions_detail = ("close",)

    def get_queryset(self, request):
        """Notices are public, but the desk shows those that one works on or supervises."""
        rows = super().get_queryset(request).select_related("call__programme__department")
        scope = request.user.scope
        if scope.sees_everything or Role.FINANCE in scope.roles:
            return rows
        return rows.filter(call__programme__department_id__in=scope.departments)

    @button(
        _("结束公示"),
        may=rules.can_close,
        text=_("期满且没有未处理的异议时，名单上的项目全部立项，并生成任务书。期满次日系统也会自动办理。"),
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    )
    def close(self, request, publicity, data, at):
        awards = actions.close_publicity(publicity=publicity, by=request.user, at=at)
        return _("公示已结束，立项 %(n)s 个。") % {"n": len(awards)}


@register(Objection)
class ObjectionAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("publicity", "item", "name", "state", "filed_at")
    list_filter = ("state",)
    search_fields = ("name", "publicity__title")
    list_select_related = ("publicity", "item")
    ordering = ("-id",)
    actions_detail = ("resolve",)
    fields = (
        ("publicity", "item"),
        ("name", "phone"),
        "text",
        "files",
        ("state", "filed_at"),
        "finding",
        ("resolved_by", "resolved_at"),
    )
    readonly_fields = ("files",)

    @display(description=_("证明材料"))
    def files(self, objection):
        return file_links(objection)

    @button(
        _("处理异议"),
        form=ResolveForm,
        may=rules.can_resolve,
        facts=lambda objection: [(_("事实与理由"), objection.text)],
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def resolve(self, request, objection, data, at):
        actions.resolve_objection(objection=objection, by=request.user, at=at, **data)
        return _("已处理：%(state)s。") % {"state": objection.get_state_display()}


@register(Award)
class AwardAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("number", "application", "unit", "grade", "wan_amount", "awarded_at")
    list_filter = ("application__call",)
    search_fields = ("number", "application__title", "application__organisation__name")
    list_select_related = ("application__organisation", "grade")
    ordering = ("-id",)

    @display(description=_("承担单位"))
    def unit(self, award):
        return award.application.organisation.name

    @display(description=_("资助额"), ordering="amount")
    def wan_amount(self, award):
        return wan(award.amount)


@register(Agreement)
class AgreementAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("number", "title", "unit", "wan_amount", "starts_date", "ends_date", "state")
    list_filter = ("state", "award__application__call")
    search_fields = ("award__number", "award__application__title")
    ordering = ("-id",)
    fields = (
        "number",
        "title",
        "unit",
        "wan_amount",
        "own_amount",
        "starts_date",
        "ends_date",
        "state",
        "unit_signed_by",
        "unit_signed_at",
        "bureau_signed_by",
        "bureau_signed_at",
    )
    readonly_fields = fields
    actions_detail = ("sign", "correct", "send_back", "lapse")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(
            "award__application__organisation", "award__application__call__programme__department"
        )

    @display(description=_("立项编号"), ordering="award__number")
    def number(self, agreement):
        return agreement.award.number

    @display(description=_("项目名称"))
    def title(self, agreement):
        return agreement.award.application.title

    @display(description=_("承担单位"))
    def unit(self, agreement):
        return agreement.award.application.organisation.name

    @display(description=_("资助额"))
    def wan_amount(self, agreement):
        return wan(agreement.award.amount)

    @button(
        _("主管部门签订"),
        may=rules.can_sign_for_bureau,
        text=_("签订后任务书生效：里程碑和拨款开始计时，榜单任务中榜，其余揭榜书不予立项。"),
        icon="draw",
        variant=ActionVariant.PRIMARY,
    )
    def sign(self, request, agreement, data, at):
        actions.bureau_sign(agreement=agreement, by=request.user, at=at)
        return _("已签订，任务书生效。")

    @button(_("更正条款"), form=TermsForm, may=rules.can_correct, icon="edit")
    def correct(self, request, agreement, data, at):
        actions.correct(agreement=agreement, by=request.user, at=at, **data)
        return _("条款已更正。")

    @button(_("退回重签"), form=ReasonForm, may=rules.can_send_back, icon="undo")
    def send_back(self, request, agreement, data, at):
        actions.send_back(agreement=agreement, reason=data["reason"], by=request.user, at=at)
        return _("已退回承担单位。")

    @button(
        _("视为放弃"),
        form=ReasonForm,
        may=rules.can_manage_agreement,
        text=_("签订期限已过而承担单位没有签订的，或者不符合签订条件的，视为放弃立项，资金释放。"),
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def lapse(self, request, agreement, data, at):
        actions.lapse(agreement=agreement, reason=data["reason"], by=request.user, at=at)
        return _("已作放弃立项处理。")
