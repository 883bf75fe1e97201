"""The desk on which leaders decide what follows when a project did not keep its promises."""

from django import forms
from django.contrib.admin import register
from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from applications import actions
from applications.models import Sanction
from applications.rules import sanctioning
from applications.states import SanctionState
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button

TONES = {
    SanctionState.PROPOSED: "warning",
    SanctionState.IN_FORCE: "danger",
    SanctionState.REFUSED: "info",
    SanctionState.LIFTED: "success",
}
WAITING_FIRST = Case(
    When(state=SanctionState.PROPOSED, then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()


class OpinionForm(forms.Form):
    opinion = forms.CharField(
        label=_("理由"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("项目团队和承担单位会看到。"),
    )


@register(Sanction)
class SanctionAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What managers proposed for projects: the oldest that waits stands on top."""

    list_display = ("project", "organisation", "term", "proposed_at", "to_date", "condition")
    list_filter = ("state", "term__when", "application__call__programme")
    search_fields = ("application__number", "application__title", "organisation__name", "person_name")
    fields = (
        "project",
        ("organisation", "person_name", "member_names"),
        "term",
        "follows",
        "occasion",
        "reason",
        ("proposed_by", "proposed_at"),
        "state",
        "opinion",
        ("decided_by", "decided_at"),
        ("from_date", "to_date"),
    )
    readonly_fields = ("project", "follows")
    actions_detail = ("decide", "refuse", "lift")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related("application", "organisation", "term", "proposed_by", "decided_by")

    def get_ordering(self, request):
        return (WAITING_FIRST, "proposed_at", "id")

    @display(description=_("项目"), ordering="application__number")
    def project(self, obj):
        return f"{obj.application.number} {obj.application}"

    @display(description=_("条文"))
    def follows(self, obj):
        return f"{obj.term.clause} {obj.term.text}"

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("同意处理"),
        form=OpinionForm,
        may=sanctioning.can_decide_sanction,
        text=_("自今天起按通知规定的期限限制申报、核减限额或公开通报；项目团队和承担单位收到消息。"),
        icon="gavel",
        variant=ActionVariant.DANGER,
    )
    def decide(self, request, sanction, data, at):
        actions.decide_sanction(sanction=sanction, opinion=data["opinion"], by=request.user, at=at)
        return _("处理已生效，项目团队和承担单位会收到消息。")

    @button(_("不予处理"), form=OpinionForm, may=sanctioning.can_decide_sanction, icon="undo")
    def refuse(self, request, sanction, data, at):
        actions.refuse_sanction(sanction=sanction, opinion=data["opinion"], by=request.user, at=at)
        return _("已登记不予处理。")

    @button(_("解除处理"), form=OpinionForm, may=sanctioning.can_lift_sanction, icon="lock_open")
    def lift(self, request, sanction, data, at):
        actions.lift_sanction(sanction=sanction, opinion=data["opinion"], by=request.user, at=at)
        return _("处理已解除，项目团队和承担单位会收到消息。")
