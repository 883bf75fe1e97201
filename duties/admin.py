"""The desk of duties: what somebody owes, what waits for the officer; accepted, sent back, waived."""

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, register
from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from applications.questions import localised
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.calendar import local_date
from duties import actions, exporting, queries, rules
from duties.forms import ConclusionForm, WaiverForm
from duties.models import AcceptedBy, Duty
from duties.states import OWED, DutyState

EXPORTED = 5_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WAITING_FIRST = Case(
    When(state=DutyState.HANDED_IN, then=Value(0)),
    When(state__in=OWED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
).asc()
TONES = {
    DutyState.OPEN: "info",
    DutyState.HANDED_IN: "warning",
    DutyState.RETURNED: "warning",
    DutyState.DONE: "success",
    DutyState.WAIVED: "success",
    DutyState.CANCELLED: "danger",
    "overdue": "danger",
}


class WhenFilter(SimpleListFilter):
    """What waits for whom: to be accepted, overdue, still to come."""

    title = _("到期")
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return [("check", _("待审核")), ("overdue", _("已逾期")), ("later", _("未到期"))]

    def queryset(self, request, queryset):
        now = timezone.now()
        wanted = {
            "check": Q(state=DutyState.HANDED_IN),
            "overdue": Q(state__in=OWED, due_at__lt=now),
            "later": Q(state__in=OWED, due_at__gte=now),
        }.get(self.value())
        return queryset.filter(wanted) if wanted else queryset


def _by_office(user, duty: Duty) -> bool:
    return duty.term.accepted_by == AcceptedBy.OFFICE and rules.can_conclude(user, duty)


@register(Duty)
class DutyAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What waits for the officer first, then what is owed, each by its day."""

    list_display = ("what", "about", "owes", "due", "condition", "call")
    list_filter = (WhenFilter, "state", "term__owed_by", "term__blocks", "term__call__programme")
    search_fields = (
        "term__title",
        "term__call__title",
        "application__title",
        "application__number",
        "organisation__name",
    )
    fields = ("page", "about", "owes", "due", "when", "text", "blocks", "clause", "call", "state")
    readonly_fields = fields
    change_form_before_template = "duties/admin/_hand_ins.html"
    actions_list = ("export",)
    actions_detail = ("conclude", "waive")

    def get_queryset(self, request):
        return queries.with_subject(super().get_queryset(request))

    def get_ordering(self, request):
        return (WAITING_FIRST, "due_at", "id")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        shown = {"history": queries.history(self._subject(request, object_id))}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    # ---- what is shown ----

    @display(description=_("事项"), ordering="term__title")
    def what(self, obj):
        title = localised(obj.term, "title")
        return f"{title} {obj.year}" if obj.year else title

    @display(description=_("事项"))
    def page(self, obj):
        """Where it is filled in and read, also by the bureau for what it owes itself."""
        return format_html('<a href="{}">{}</a>', reverse("duties:duty", args=[obj.pk]), self.what(obj))

    @display(description=_("对象"))
    def about(self, obj):
        if not obj.application_id:
            return queries.about(obj)
        address = reverse("applications:detail", args=[obj.application_id])
        return format_html('<a href="{}">{} {}</a>', address, obj.application.number, obj.application)

    @display(description=_("由谁办理"), ordering="term__owed_by")
    def owes(self, obj):
        return obj.term.get_owed_by_display()

    @display(description=_("期限"), ordering="due_at")
    def due(self, obj):
        return local_date(obj.due_at)

    @display(description=_("通知规定"))
    def when(self, obj):
        return queries.when(obj.term)

    @display(description=_("要求"))
    def text(self, obj):
        return localised(obj.term, "text") or "—"

    @display(description=_("完成之前不得"))
    def blocks(self, obj):
        return obj.term.get_blocks_display() or _("不影响其他环节")

    @display(description=_("条款"))
    def clause(self, obj):
        return obj.term.clause

    @display(description=_("通知"), ordering="term__call__title")
    def call(self, obj):
        return obj.term.call.title

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        if obj.is_owed and obj.due_at < timezone.now():
            return "overdue", _("已逾期")
        return obj.state, obj.get_state_display()

    # ---- what is done ----

    @button(
        _("审核"),
        form=ConclusionForm,
        may=_by_office,
        icon="fact_check",
        variant=ActionVariant.PRIMARY,
    )
    def conclude(self, request, duty, data, at):
        actions.conclude(duty=duty, **data, by=request.user, at=at)
        return _("审核结论已保存。")

    @button(
        _("免于报送"),
        form=WaiverForm,
        may=rules.can_waive,
        text=_("不再要求这一份，理由记入办理记录；以它为前提的事项可以继续。"),
        icon="done_all",
    )
    def waive(self, request, duty, data, at):
        actions.waive(duty=duty, **data, by=request.user, at=at)
        return _("已免于报送。")

    def export(self, request):
        """What the person sees, as a sheet; no more rows than a sheet is read for."""
        rows = list(self.get_queryset(request).order_by(*queries.ORDER)[: EXPORTED + 1])
        if len(rows) > EXPORTED:
            messages.warning(request, _("只导出前 %(count)s 项。") % {"count": EXPORTED})
        response = HttpResponse(exporting.workbook(rows[:EXPORTED]), content_type=XLSX)
        day = f"{local_date(timezone.now()):%Y%m%d}"
        response["Content-Disposition"] = f'attachment; filename="duties-{day}.xlsx"'
        return response

    export.short_description = _("导出 Excel")
    export.attrs = {}
    export.icon = "download"
    export.variant = ActionVariant.DEFAULT
