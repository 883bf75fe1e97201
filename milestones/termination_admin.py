"""The desk on which the bureau's leaders decide the early end of projects."""

from django.contrib.admin import register
from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from documents.models import Document
from milestones import actions, terminating
from milestones.forms import TerminationDecisionForm, TerminationRefusalForm
from milestones.models import Termination
from milestones.states import TerminationState

SUBMITTED_FIRST = Case(
    When(state=TerminationState.SUBMITTED, then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()
TONES = {
    TerminationState.SUBMITTED: "warning",
    TerminationState.APPROVED: "danger",
    TerminationState.REFUSED: "success",
    TerminationState.WITHDRAWN: "info",
}


@register(Termination)
class TerminationAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Requests and proposals to end projects: what waits first, the oldest on top."""

    list_display = ("project", "unit", "end", "ground", "submitted_at", "condition")
    list_filter = ("state", "end", "ground", "agreement__award__application__call__programme")
    search_fields = (
        "agreement__award__number",
        "agreement__award__application__title",
        "agreement__award__application__organisation__name",
    )
    fields = (
        "project_link",
        "unit",
        ("end", "ground"),
        "reason",
        "files",
        ("submitted_by", "submitted_at"),
        "state",
        "opinion",
        "clause",
        ("decided_by", "decided_at"),
    )
    readonly_fields = ("project_link", "unit", "files")
    actions_detail = ("approve", "refuse")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(
            "agreement__award__application__organisation",
            "agreement__award__application__call__programme",
            "submitted_by",
            "decided_by",
        )

    def get_ordering(self, request):
        return (SUBMITTED_FIRST, "submitted_at", "id")

    @display(description=_("项目"), ordering="agreement__award__number")
    def project(self, obj):
        return f"{obj.agreement.award.number} {obj.agreement.award.application}"

    @display(description=_("项目"))
    def project_link(self, obj):
        address = reverse("portal:project", args=[obj.agreement_id])
        return format_html('<a href="{}">{}</a>', address, self.project(obj))

    @display(description=_("承担单位"), ordering="agreement__award__application__organisation__name")
    def unit(self, obj):
        return obj.agreement.award.application.organisation

    @display(description=_("说明材料"))
    def files(self, obj):
        rows = Document.objects.about(obj).order_by("kind")
        links = ((reverse("documents:pages", args=[row.pk]), row.name) for row in rows)
        return format_html_join(" · ", '<a class="text-primary-600 underline" href="{}">{}</a>', links) or "—"

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("同意终止"),
        form=TerminationDecisionForm,
        may=terminating.can_decide,
        text=_(
            "同意后项目立即终止：未完成的里程碑、报告、延期申请和未付的拨款全部取消，期限和提醒同时结束，"
            "决定送达项目单位。决定不能撤回。"
        ),
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def approve(self, request, termination, data, at):
        actions.terminate(termination=termination, **data, by=request.user, at=at)
        return _("项目已终止，决定已送达项目单位。")

    @button(_("不同意"), form=TerminationRefusalForm, may=terminating.can_decide, icon="undo")
    def refuse(self, request, termination, data, at):
        actions.refuse_termination(termination=termination, opinion=data["opinion"], by=request.user, at=at)
        return _("已登记不同意，项目继续执行。")
