"""/api/v1/deals/: money that becomes a share, for whoever sees it; read only."""

from django_filters import rest_framework as filters
from rest_framework.viewsets import ReadOnlyModelViewSet

from equity import queries
from equity.models import Deal
from equity.serializers import DealSerializer


class DealFilterSet(filters.FilterSet):
    programme = filters.CharFilter(field_name="agreement__award__application__call__programme__slug")

    class Meta:
        model = Deal
        fields = ("state", "instrument", "trustee", "agreement")


class DealViewSet(ReadOnlyModelViewSet):
    queryset = Deal.objects.none()
    serializer_class = DealSerializer
    filterset_class = DealFilterSet

    def get_queryset(self):
        rows = queries.listed(Deal.objects.visible_to(self.request.user))
        return rows.prefetch_related("triggers", "valuations", "reports")
