"""The desk on which the bureau's leaders decide the early end of projects."""

from django.contrib.admin import register
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from awards.project_lines import PROJECT
from core.admin import button
from documents.admin import file_links
from milestones import actions, terminating
from milestones.forms import TerminationDecisionForm, TerminationRefusalForm
from milestones.models import Termination
from milestones.request_admin import RequestAdmin
from milestones.states import TerminationState

TONES = {
    TerminationState.SUBMITTED: "warning",
    TerminationState.APPROVED: "danger",
    TerminationState.REFUSED: "success",
    TerminationState.WITHDRAWN: "info",
}


@register(Termination)
class TerminationAdmin(RequestAdmin):
    """Requests of projects, and proposals of officers, to end them."""

    list_display = ("project", "unit", "end", "ground", "submitted_at", "condition")
    list_filter = ("state", "end", "ground", f"{PROJECT}__call__programme")
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

    @display(description=_("说明材料"))
    def files(self, obj):
        return file_links(obj)

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
