"""/api/v1/duties/: what somebody owes under a notice, for whoever sees it; read only."""

from django_filters import rest_framework as filters
from rest_framework.viewsets import ReadOnlyModelViewSet

from duties import queries
from duties.models import Duty
from duties.serializers import DutySerializer


class DutyFilterSet(filters.FilterSet):
    call = filters.NumberFilter(field_name="term__call")
    owed_by = filters.CharFilter(field_name="term__owed_by")
    due_before = filters.DateTimeFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = Duty
        fields = ("state", "code", "application", "organisation", "year")


class DutyViewSet(ReadOnlyModelViewSet):
    queryset = Duty.objects.none()
    serializer_class = DutySerializer
    filterset_class = DutyFilterSet

    def get_queryset(self):
        return queries.with_subject(Duty.objects.visible_to(self.request.user))
