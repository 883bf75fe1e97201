"""/api/v1/facilities/ and /api/v1/evaluations/: one's own platforms, one's department's or region's."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from facilities import queries
from facilities.models import AnnualEvaluation, Facility
from facilities.serializers import EvaluationSerializer, FacilitySerializer


class FacilityViewSet(ReadOnlyModelViewSet):
    """Who may read is `visible_to`."""

    queryset = Facility.objects.none()
    serializer_class = FacilitySerializer
    filterset_fields = ("state", "kind", "call", "organisation")

    def get_queryset(self):
        return queries.with_call(Facility.objects.visible_to(self.request.user))


class EvaluationViewSet(ReadOnlyModelViewSet):
    queryset = AnnualEvaluation.objects.none()
    serializer_class = EvaluationSerializer
    filterset_fields = ("state", "year", "facility")

    def get_queryset(self):
        return queries.with_facility(AnnualEvaluation.objects.visible_to(self.request.user))
