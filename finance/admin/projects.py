"""How a list in the admin names the project and its unit; what a demand is decided by."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.money import wan
from finance import queries, refund_rules


class ProjectLines:
    """Lists of what belongs to a project, searched by its number, title and unit."""

    search_fields = (
        "agreement__award__number",
        "agreement__award__application__title",
        "agreement__award__application__organisation__name",
    )

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

    @display(description=_("金额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)


def facts_of(agreement) -> list[tuple]:
    """What to decide by: the project, what was paid, what of it can still be demanded back."""
    return [
        (_("项目"), f"{agreement.award.number} {agreement.award.application}"),
        (_("任务书"), agreement.get_state_display()),
        (_("已付"), wan(queries.paid_to(agreement))),
        (_("已付且未要求退回"), wan(refund_rules.demandable(agreement))),
    ]
