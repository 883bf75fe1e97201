"""How lists in the admin name the project that a row belongs to, and its unit."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

PROJECT = "agreement__award__application"


class ProjectLines:
    """For rows with an `agreement`: searched by number, title and unit of the project."""

    search_fields = ("agreement__award__number", f"{PROJECT}__title", f"{PROJECT}__organisation__name")

    @display(description=_("项目"), ordering="agreement__award__number")
    def project(self, obj):
        return f"{obj.agreement.award.number} {obj.agreement.award.application}"

    @display(description=_("项目"))
    def project_link(self, obj):
        address = reverse("portal:project", args=[obj.agreement_id])
        return format_html('<a href="{}">{}</a>', address, self.project(obj))

    @display(description=_("承担单位"), ordering=f"{PROJECT}__organisation__name")
    def unit(self, obj):
        return obj.agreement.award.application.organisation
