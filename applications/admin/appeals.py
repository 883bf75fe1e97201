"""Appeals (复审) against rejections at the formal check; another officer decides."""

from django.contrib.admin import display, register
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from applications import actions, queries, rules
from applications.forms import AppealDecisionForm
from applications.models import Appeal
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from documents.admin import file_links


def may_decide(user, appeal) -> bool:
    return rules.allowed(rules.check_can_decide_appeal, user, appeal)


def rejection_of(appeal) -> str:
    return " ".join(filter(None, (appeal.decision.reason, appeal.decision.clause)))


def facts_of(appeal) -> list[tuple]:
    """What the officer decides by: why it was rejected, line by line, and what the applicant says to that."""
    lines = queries.unresolved(appeal.application)
    said = (f"{line.rule.text} — {line.officer_note or line.get_final_status_display()}" for line in lines)
    return [
        (_("申报书"), f"{appeal.application.number} {appeal.application.title}"),
        (_("不予受理的理由"), f"{rejection_of(appeal)}（{appeal.decision.by}）"),
        (_("未符合或未结论的各条"), "\n".join(said) or "—"),
        (_("复审的事实与理由"), appeal.grounds),
        (_("附件"), file_links(appeal)),
    ]


@register(Appeal)
class AppealAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("number", "title", "unit", "state", "filed_at", "rejected_by", "decided_by")
    list_filter = ("state", "application__call")
    search_fields = ("application__number", "application__title", "application__organisation__name")
    list_select_related = ("application__organisation", "rejected_by", "decided_by")
    ordering = ("-id",)
    actions_detail = ("decide",)
    fields = (
        ("number", "state"),
        "page",
        ("rejected_by", "rejected_at"),
        "rejection",
        ("filed_by", "filed_at"),
        "grounds",
        "files",
        ("decided_by", "decided_at"),
        "reason",
    )

    def get_queryset(self, request):
        related = ("application__call__programme", "application__organisation", "decision", "rejected_by")
        return super().get_queryset(request).select_related(*related, "filed_by", "decided_by")

    def get_readonly_fields(self, request, obj=None):
        return [name for entry in self.fields for name in ((entry,) if isinstance(entry, str) else entry)]

    @display(description=_("受理编号"), ordering="application__number")
    def number(self, appeal):
        return appeal.application.number

    @display(description=_("项目名称"))
    def title(self, appeal):
        return appeal.application.title

    @display(description=_("牵头单位"))
    def unit(self, appeal):
        return appeal.application.organisation

    @display(description=_("申报书"))
    def page(self, appeal):
        address = reverse("admin:applications_application_change", args=[appeal.application_id])
        return format_html(
            '<a class="text-primary-600 underline" href="{}">{}</a>', address, appeal.application
        )

    @display(description=_("不予受理的时间"))
    def rejected_at(self, appeal):
        return date_format(timezone.localtime(appeal.decision.at), "DATETIME_FORMAT")

    @display(description=_("不予受理的理由"))
    def rejection(self, appeal):
        return rejection_of(appeal)

    @display(description=_("附件"))
    def files(self, appeal):
        return file_links(appeal)

    @button(
        _("作出复审决定"),
        form=AppealDecisionForm,
        may=may_decide,
        text=_("复审成立的，撤销不予受理，申报书回到形式审查；维持的，决定是最终的。申请人会收到复审意见。"),
        facts=facts_of,
        icon="gavel",
        variant=ActionVariant.PRIMARY,
    )
    def decide(self, request, appeal, data, at):
        upheld = data["upheld"]
        failed = [line for line in queries.unresolved(appeal.application) if upheld and data["settles"]]
        actions.decide_appeal(
            appeal=appeal,
            upheld=upheld,
            reason=data["reason"],
            lines=failed,
            onward=upheld and data["onward"],
            by=request.user,
            at=at,
        )
        return _("已作出复审决定：%(state)s。") % {"state": appeal.get_state_display()}
