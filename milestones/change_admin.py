"""The desk on which changes of running projects are decided."""

from django.contrib.admin import register
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from awards.project_lines import PROJECT
from core.admin import button
from documents.admin import file_links
from milestones import actions, changing
from milestones.forms import OpinionOfOfficeForm
from milestones.models import Change
from milestones.request_admin import RequestAdmin
from milestones.states import ChangeState

TONES = {
    ChangeState.UNIT_REVIEW: "info",
    ChangeState.SUBMITTED: "warning",
    ChangeState.APPROVED: "success",
    ChangeState.FILED: "success",
    ChangeState.REFUSED: "danger",
    ChangeState.RETURNED: "danger",
    ChangeState.WITHDRAWN: "info",
}


@register(Change)
class ChangeAdmin(RequestAdmin):
    """Requests of projects to change people, title, content, indicators or budget; and what was filed."""

    list_display = ("project", "unit", "kind", "way", "submitted_at", "condition")
    list_filter = ("state", "kind", "way", f"{PROJECT}__call__programme")
    fields = (
        "project_link",
        "unit",
        ("kind", "way", "clause"),
        "before",
        "after",
        "aftermath",
        "reason",
        "files",
        ("submitted_by", "submitted_at"),
        ("unit_by", "unit_at"),
        "unit_opinion",
        "state",
        "opinion",
        ("decided_by", "decided_at"),
    )
    readonly_fields = ("project_link", "unit", "files", "aftermath")
    people = ("submitted_by", "unit_by", "decided_by")

    @display(description=_("证明材料"))
    def files(self, obj):
        return file_links(obj)

    @display(description=_("生效以后"))
    def aftermath(self, obj):
        return changing.aftermath(obj.kind)

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("同意变更"),
        form=OpinionOfOfficeForm,
        may=changing.can_decide,
        text=_("同意后立即生效：人员和名称随之改变，其他事项记入项目变更记录。人员变更按申报条件重新核对。"),
        icon="published_with_changes",
    )
    def approve(self, request, change, data, at):
        actions.approve_change(change=change, opinion=data["opinion"], by=request.user, at=at)
        return _("已同意变更，项目单位会收到通知。")

    @button(_("不同意"), form=OpinionOfOfficeForm, may=changing.can_decide, icon="block")
    def refuse(self, request, change, data, at):
        actions.refuse_change(change=change, opinion=data["opinion"], by=request.user, at=at)
        return _("已登记不同意，项目单位会收到通知。")
