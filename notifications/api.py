"""/api/v1/deadlines/ and /api/v1/messages/."""

from django.http import Http404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from core.api import KeysetPagination
from notifications import actions, receipts
from notifications.models import Deadline, Message
from notifications.serializers import DeadlineSerializer, MessageSerializer


class DeadlineFilter(filters.FilterSet):
    """`mine=true`: what the caller owes; without it also what their department waits for."""

    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    due_after = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="gte")
    mine = filters.BooleanFilter(method="owed")

    class Meta:
        model = Deadline
        fields = ("kind", "state", "department")

    def owed(self, queryset, name, value):
        return queryset.owed_by(self.request.user) if value else queryset


class ByDue(KeysetPagination):
    ordering = ("due_at", "id")


class DeadlineViewSet(ReadOnlyModelViewSet):
    """Dated obligations, the next first."""

    queryset = Deadline.objects.none()
    serializer_class = DeadlineSerializer
    filterset_class = DeadlineFilter
    pagination_class = ByDue

    def get_queryset(self):
        return Deadline.objects.visible_to(self.request.user).select_related("department", "content_type")


class MessageFilter(filters.FilterSet):
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Message
        fields = ()


class MessageViewSet(ReadOnlyModelViewSet):
    """The caller's own inbox, newest first."""

    queryset = Message.objects.none()
    serializer_class = MessageSerializer
    filterset_class = MessageFilter

    def get_queryset(self):
        return Message.objects.visible_to(self.request.user).select_related("recipient", "notice")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def read(self, request, pk=None):
        """Mark as read; once read it stays so."""
        message = self.get_object()
        actions.read(message=message, by=request.user, at=timezone.now())
        return Response(self.get_serializer(message).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request, pk=None):
        """Acknowledge receipt of the decision that the message serves; 404 for a message that serves none."""
        message = self.get_object()
        if message.notice is None:
            raise Http404
        receipts.acknowledge(notice=message.notice, by=request.user, at=timezone.now())
        message.refresh_from_db()
        return Response(self.get_serializer(message).data)
