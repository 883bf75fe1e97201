"""/api/v1/publicity/ (for everybody) and /api/v1/awards/ (one's own and one's department's)."""

from rest_framework.permissions import AllowAny
from rest_framework.viewsets import ReadOnlyModelViewSet

from awards.models import Award, Publicity
from awards.serializers import AwardSerializer, PublicitySerializer


class PublicityViewSet(ReadOnlyModelViewSet):
    """Notices are public: no sign-in is needed to read them."""

    queryset = Publicity.objects.none()
    serializer_class = PublicitySerializer
    permission_classes = (AllowAny,)
    filterset_fields = ("state", "call")

    def get_queryset(self):
        return Publicity.objects.visible_to(self.request.user).prefetch_related("items__grade")


class AwardViewSet(ReadOnlyModelViewSet):
    queryset = Award.objects.none()
    serializer_class = AwardSerializer
    filterset_fields = {"application__call": ["exact"], "number": ["exact"]}

    def get_queryset(self):
        return Award.objects.visible_to(self.request.user).select_related(
            "application__organisation", "grade"
        )
