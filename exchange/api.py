"""/api/v1/demands/: one's own demands, the department's, and their moves."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from exchange import actions
from exchange.models import Demand
from exchange.serializers import ArgumentInput, DemandReasonInput, DemandSerializer, ListingInput


class DemandViewSet(ReadOnlyModelViewSet):
    """Who may read is `visible_to`; who may move is the action's own rule."""

    queryset = Demand.objects.none()
    serializer_class = DemandSerializer
    filterset_fields = ("state", "kind", "call", "organisation")

    def get_queryset(self):
        rows = Demand.objects.visible_to(self.request.user)
        return rows.select_related("organisation", "topic", "call__programme")

    def _move(self, request, run, form=None):
        demand = self.get_object()
        data = {}
        if form:
            checked = form(data=request.data)
            checked.is_valid(raise_exception=True)
            data = checked.validated_data
        run(demand=demand, by=request.user, at=timezone.now(), **data)
        return Response(DemandSerializer(demand, context=self.get_serializer_context()).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def submit(self, request, pk=None):
        return self._move(request, actions.submit)

    @extend_schema(request=DemandReasonInput)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk=None):
        return self._move(request, actions.withdraw, DemandReasonInput)

    @extend_schema(request=DemandReasonInput)
    @action(detail=True, methods=["post"], url_path="return")
    def return_demand(self, request, pk=None):
        return self._move(request, actions.return_demand, DemandReasonInput)

    @extend_schema(request=ArgumentInput)
    @action(detail=True, methods=["post"])
    def argue(self, request, pk=None):
        return self._move(request, actions.argue, ArgumentInput)

    @extend_schema(request=ListingInput)
    @action(detail=True, methods=["post"], url_path="list")
    def list_demand(self, request, pk=None):
        return self._move(request, actions.list_demand, ListingInput)
