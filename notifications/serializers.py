"""Deadlines and messages as the API shows them."""

from django.utils.translation import get_language
from rest_framework import serializers

from notifications.models import Deadline, Message
from notifications.queries import absolute, rendered


class DeadlineSerializer(serializers.ModelSerializer):
    title = serializers.CharField(read_only=True)
    explanation = serializers.CharField(read_only=True)
    kind_name = serializers.CharField(source="get_kind_display", read_only=True)
    subject = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()
    department_name = serializers.CharField(source="department.name", read_only=True, default=None)

    class Meta:
        model = Deadline
        fields = (
            "id",
            "kind",
            "kind_name",
            "title",
            "due_at",
            "explanation",
            "state",
            "subject",
            "link",
            "department",
            "department_name",
            "opened_at",
            "closed_at",
        )
        read_only_fields = fields

    def get_subject(self, deadline) -> str:
        return f"{deadline.content_type.app_label}.{deadline.content_type.model}:{deadline.object_id}"

    def get_link(self, deadline) -> str:
        return absolute(deadline.url)


class MessageSerializer(serializers.ModelSerializer):
    """Subject and body in the caller's language."""

    subject = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()
    notice_state = serializers.CharField(source="notice.state", read_only=True, default=None)
    deemed_at = serializers.DateTimeField(source="notice.deemed_at", read_only=True, default=None)
    received_at = serializers.DateTimeField(source="notice.received_at", read_only=True, default=None)

    class Meta:
        model = Message
        fields = (
            "id",
            "subject",
            "body",
            "link",
            "created_at",
            "read_at",
            "notice_state",
            "deemed_at",
            "received_at",
        )
        read_only_fields = fields

    def _rendered(self, message) -> tuple[str, str]:
        found = self.context.setdefault("rendered", {})
        if message.pk not in found:
            found[message.pk] = rendered(message, get_language())
        return found[message.pk]

    def get_subject(self, message) -> str:
        return self._rendered(message)[0]

    def get_body(self, message) -> str:
        return self._rendered(message)[1]

    def get_link(self, message) -> str:
        return absolute(message.url)
