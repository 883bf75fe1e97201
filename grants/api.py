"""/api/v1/calls/ and /api/v1/topics/: published notices and the list; managers publish and close."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from grants import actions
from grants.models import Call, Topic
from grants.serializers import CallDetailSerializer, CallSerializer, RelistInput, TopicSerializer


class ReadsFreely(BasePermission):
    """Notices are public; whoever changes something has signed in, and the action's rule says the rest."""

    def has_permission(self, request, view):
        return request.method in SAFE_METHODS or request.user.is_authenticated


class CallViewSet(ReadOnlyModelViewSet):
    queryset = Call.objects.none()
    permission_classes = [ReadsFreely]
    filterset_fields = ("state", "sourcing", "instrument", "year", "programme__slug")

    def get_serializer_class(self):
        return CallSerializer if self.action == "list" else CallDetailSerializer

    def get_queryset(self):
        rows = Call.objects.visible_to(self.request.user).select_related("programme__department")
        return rows if self.action == "list" else rows.prefetch_related("stages", "rules")

    @extend_schema(request=None, responses=CallDetailSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request, pk=None):
        call = self.get_object()
        actions.publish_call(call=call, by=request.user, at=timezone.now())
        return Response(self.get_serializer(call).data)

    @extend_schema(request=None, responses=CallDetailSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request, pk=None):
        call = self.get_object()
        actions.close_call(call=call, by=request.user, at=timezone.now())
        return Response(self.get_serializer(call).data)


class TopicViewSet(ReadOnlyModelViewSet):
    queryset = Topic.objects.none()
    permission_classes = [ReadsFreely]
    serializer_class = TopicSerializer
    filterset_fields = ("state", "call", "field", "number")

    def get_queryset(self):
        return Topic.objects.visible_to(self.request.user).select_related("owner", "call")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def close(self, request, pk=None):
        topic = self.get_object()
        actions.close_topic(topic=topic, by=request.user, at=timezone.now())
        return Response(self.get_serializer(topic).data)

    @extend_schema(request=RelistInput, responses=TopicSerializer)
    @action(detail=True, methods=["post"])
    def relist(self, request, pk=None):
        topic = self.get_object()
        given = RelistInput(data=request.data)
        given.is_valid(raise_exception=True)
        actions.relist_topic(topic=topic, by=request.user, at=timezone.now(), **given.validated_data)
        return Response(self.get_serializer(topic).data)
