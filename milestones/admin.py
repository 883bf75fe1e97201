"""The milestone board (里程碑看板): what waits for the manager, what is overdue, what comes next."""

from datetime import timedelta

from django.contrib.admin import SimpleListFilter, register
from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from awards.project_lines import ProjectLines
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button, page
from core.calendar import local_date
from grants.admin import PartOfCallMixin
from milestones import accepting, actions, changing, extending, queries, rules, sanctions
from milestones.acceptance_admin import hearing_page
from milestones.change_admin import ChangeAdmin
from milestones.forms import ConclusionForm, OpinionOfOfficeForm, ReasonForm
from milestones.models import Extension, Indicator, Milestone, MilestoneTemplate, Report, Shift
from milestones.request_admin import RequestAdmin
from milestones.states import ExtensionState, MilestoneState
from milestones.termination_admin import TerminationAdmin

__all__ = [
    "ChangeAdmin",
    "ExtensionAdmin",
    "MilestoneAdmin",
    "MilestoneTemplateAdmin",
    "ReportAdmin",
    "TerminationAdmin",
]

OWED = [MilestoneState.PLANNED, MilestoneState.RETURNED]


def end_of_month(day):
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


class WhenFilter(SimpleListFilter):
    """Overdue, this month, later: by the planned day of what is still owed."""

    title = _("到期")
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return [
            ("check", _("待审核")),
            ("overdue", _("已逾期")),
            ("month", _("本月到期")),
            ("later", _("以后到期")),
        ]

    def queryset(self, request, queryset):
        today = local_date(timezone.now())
        wanted = {
            "check": Q(state=MilestoneState.SUBMITTED),
            "overdue": Q(state__in=OWED, due_date__lt=today),
            "month": Q(state__in=OWED, due_date__gte=today, due_date__lte=end_of_month(today)),
            "later": Q(state__in=OWED, due_date__gt=end_of_month(today)),
        }.get(self.value())
        return queryset.filter(wanted) if wanted else queryset


class IndicatorInline(ReadOnlyMixin, unfold.TabularInline):
    model = Indicator
    fields = ("name", "target", "unit")
    extra = 0


# What waits for the manager, then what waits for the team, then what is done; each by its planned day.
WAITING_FIRST = Case(
    When(state=MilestoneState.SUBMITTED, then=Value(0)),
    When(state__in=OWED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
).asc()
WHEN_TONES = {"check": "warning", "overdue": "danger", "month": "warning", "later": "info"}
STATE_TONES = {
    MilestoneState.PLANNED: "info",
    MilestoneState.SUBMITTED: "warning",
    MilestoneState.RETURNED: "warning",
    MilestoneState.ACCEPTED: "success",
    MilestoneState.FAILED: "danger",
    MilestoneState.WAIVED: "success",
    MilestoneState.CANCELLED: "danger",
}


@register(Milestone)
class MilestoneAdmin(ProjectLines, ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """A milestone with its evidence; concluding is the one thing done here."""

    list_display = ("milestone", "kind", "project", "unit", "due_date", "when", "condition")
    list_filter = (WhenFilter, "kind", "state", "agreement__award__application__call__programme")
    search_fields = ("name", *ProjectLines.search_fields)
    fields = (
        "agreement_link",
        "project",
        "unit",
        "name",
        "due_date",
        "deliverable",
        "changed",
        "check_days",
        "check_by_date",
        "unit_pledge",
        "needs_demander_opinion",
        "clause",
        "state",
    )
    readonly_fields = ("agreement_link", "project", "unit", "changed")
    inlines = (IndicatorInline,)
    change_form_before_template = "milestones/includes/_admin_hand_ins.html"
    actions_detail = ("hear", "conclude", "fail", "sanction")

    def get_queryset(self, request):
        return queries.with_project(super().get_queryset(request))

    def get_ordering(self, request):
        return (WAITING_FIRST, "due_date", "id")

    @display(description=_("里程碑"), ordering="name")
    def milestone(self, obj):
        return obj.name

    @display(description=_("到期"), label=WHEN_TONES)
    def when(self, obj):
        today = local_date(timezone.now())
        if obj.state == MilestoneState.SUBMITTED:
            return "check", _("待审核")
        if obj.state not in OWED:
            return "done", _("已办结")
        if obj.due_date < today:
            return "overdue", _("逾期 %(days)s 天") % {"days": (today - obj.due_date).days}
        if obj.due_date <= end_of_month(today):
            return "month", _("本月到期")
        return "later", _("以后到期")

    @display(description=_("状态"), ordering="state", label=STATE_TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @display(description=_("已生效的变更"))
    def changed(self, obj):
        """By which the evidence is judged, where it differs from the agreement."""
        lines = ((changing.sentence(row),) for row in changing.known_to_examiners(obj.agreement))
        return format_html_join("", "<p>{}</p>", lines) or "-"

    @display(description=_("任务书"))
    def agreement_link(self, obj):
        return format_html(
            '<a href="{}">{}</a>',
            reverse("portal:project", args=[obj.agreement_id]),
            obj.agreement.award.number,
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        milestone = self._subject(request, object_id)
        shown = {
            "hand_ins": queries.hand_ins(milestone, request.user),
            "repeats": queries.repeats(milestone, request.user),
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    @page(
        _("登记验收意见"),
        may=lambda user, milestone: accepting.can_book(user, queries.latest_report(milestone)),
        icon="groups",
    )
    def hear(self, request, milestone):
        return hearing_page(self, request, milestone)

    @button(
        _("审核"),
        form=ConclusionForm,
        may=lambda user, milestone: _latest(user, milestone) is not None,
        icon="fact_check",
    )
    def conclude(self, request, milestone, data, at):
        actions.conclude(report=queries.latest_report(milestone), **data, by=request.user, at=at)
        return _("审核结论已保存，项目单位会收到通知。")

    @button(
        _("判为不通过"),
        form=ReasonForm,
        may=rules.can_fail,
        text=_("退回补充的期限过后没有提交的，可以判为不通过；相关拨款不再拨付。"),
        icon="block",
    )
    def fail(self, request, milestone, data, at):
        actions.fail(milestone=milestone, note=data["note"], by=request.user, at=at)
        return _("已判为不通过，相关拨款不再拨付。")

    @button(
        _("提出处理"),
        form=ReasonForm,
        may=lambda user, milestone: sanctions.can_propose(user, milestone, at=timezone.now()),
        text=_("按通知规定的违约处理提出，局领导决定后生效。"),
        icon="gavel",
    )
    def sanction(self, request, milestone, data, at):
        sanctions.propose(milestone=milestone, reason=data["note"], by=request.user, at=at)
        return _("已提出，等待局领导决定。")


def _latest(user, milestone):
    report = queries.latest_report(milestone)
    return report if report and accepting.can_conclude(user, report) else None


@register(Report)
class ReportAdmin(ReadOnlyMixin, ModelAdmin):
    """Every hand-in, newest first; the milestone's page shows the evidence and concludes."""

    list_display_links = None
    list_display = ("report", "project", "number", "submitted_by", "submitted_at")
    list_filter = ("milestone__state", "milestone__agreement__award__application__call__programme")
    search_fields = ("milestone__name", "milestone__agreement__award__number")
    ordering = ("-submitted_at", "-id")
    fields = ("report", "project", "number", "text", "spent_amount", "submitted_by", "submitted_at")

    def get_queryset(self, request):
        return queries.with_milestone(super().get_queryset(request))

    @display(description=_("里程碑"), ordering="milestone__name")
    def report(self, obj):
        address = reverse("admin:milestones_milestone_change", args=[obj.milestone_id])
        return format_html('<a href="{}">{}</a>', address, obj.milestone.name)

    @display(description=_("项目"), ordering="milestone__agreement__award__number")
    def project(self, obj):
        return f"{obj.milestone.agreement.award.number} {obj.milestone.agreement.award.application}"


class ShiftInline(ReadOnlyMixin, unfold.TabularInline):
    model = Shift
    fields = ("milestone", "from_date", "to_date")
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("milestone")


EXTENSION_TONES = {
    ExtensionState.UNIT_REVIEW: "info",
    ExtensionState.RETURNED: "danger",
    ExtensionState.SUBMITTED: "warning",
    ExtensionState.APPROVED: "success",
    ExtensionState.REFUSED: "danger",
    ExtensionState.WITHDRAWN: "info",
}


@register(Extension)
class ExtensionAdmin(RequestAdmin):
    """Requests for more time."""

    list_display = ("project", "unit", "old_ends_date", "ends_date", "submitted_at", "condition")
    fields = (
        "project_link",
        "unit",
        "old_ends_date",
        "ends_date",
        "limits",
        "reason",
        "submitted_by",
        "submitted_at",
        ("unit_by", "unit_at"),
        "unit_opinion",
        "state",
        "opinion",
        "decided_by",
        "decided_at",
    )
    readonly_fields = ("project_link", "unit", "limits")
    inlines = (ShiftInline,)
    people = ("submitted_by", "unit_by", "decided_by")

    @display(description=_("延期规定"))
    def limits(self, obj):
        call = obj.agreement.award.application.call
        return _("最多 %(times)s 次，累计不超过 %(months)s 个月，最晚到 %(latest)s %(clause)s") % {
            "times": call.extension_times,
            "months": call.extension_months,
            "latest": extending.latest_end(obj.agreement),
            "clause": call.extension_clause,
        }

    @display(description=_("状态"), ordering="state", label=EXTENSION_TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("同意延期"),
        form=OpinionOfOfficeForm,
        may=extending.can_decide,
        text=_("同意后，项目结束日期和申请中的里程碑立即调整，期限和提醒随之改变。"),
        icon="event_available",
    )
    def approve(self, request, extension, data, at):
        actions.approve(extension=extension, opinion=data["opinion"], by=request.user, at=at)
        return _("已同意延期，项目单位会收到通知。")

    @button(_("不同意"), form=OpinionOfOfficeForm, may=extending.can_decide, icon="event_busy")
    def refuse(self, request, extension, data, at):
        actions.refuse(extension=extension, opinion=data["opinion"], by=request.user, at=at)
        return _("已登记不同意，项目单位会收到通知。")


@register(MilestoneTemplate)
class MilestoneTemplateAdmin(PartOfCallMixin, ModelAdmin):
    """Of published calls these can only be read: the database refuses changes."""

    list_display = (
        "call",
        "order",
        "code",
        "name",
        "kind",
        "moment",
        "needs_demander_opinion",
        "clause",
    )
    list_filter = ("call__programme",)
    list_select_related = ("call",)
    search_fields = ("name", "code", "call__title")

    @display(description=_("应完成"))
    def moment(self, template):
        return template.moment
