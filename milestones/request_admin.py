"""What the desks share on which requests of projects are decided: more time (延期), an early end (终止)."""

from django.db.models import Case, IntegerField, Value, When

from awards.project_lines import PROJECT, ProjectLines
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin

SUBMITTED_FIRST = Case(
    When(state="submitted", then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()


class RequestAdmin(ProjectLines, ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What waits first, the oldest on top; `approve` and `refuse` are the buttons."""

    list_filter = ("state", f"{PROJECT}__call__programme")
    actions_detail = ("approve", "refuse")
    people = ("submitted_by", "decided_by")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(f"{PROJECT}__organisation", f"{PROJECT}__call__programme", *self.people)

    def get_ordering(self, request):
        return (SUBMITTED_FIRST, "submitted_at", "id")
