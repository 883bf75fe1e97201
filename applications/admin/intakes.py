"""Batches (批次) on the desks of the bureau."""

from django.contrib.admin import SimpleListFilter
from django.utils.translation import gettext_lazy as _

from core.sent import number
from grants.models import Intake


class IntakeFilter(SimpleListFilter):
    """Within a call that takes applications in batches, those of one; without a call nothing is asked."""

    title = _("批次")
    parameter_name = "batch"
    call = "call__id__exact"
    field = "intake"

    def lookups(self, request, model_admin):
        call = number(request.GET.get(self.call, ""))
        rows = Intake.objects.filter(call=call).order_by("closes_at") if call else ()
        return list({row.code: row.name for row in rows}.items())

    def queryset(self, request, queryset):
        return queryset.filter(**{f"{self.field}__code": self.value()}) if self.value() else queryset


class IntakeOfDecisionFilter(IntakeFilter):
    """The same for what is about an application."""

    call = "application__call__id__exact"
    field = "application__intake"
