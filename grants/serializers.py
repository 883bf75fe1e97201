"""Calls and topics as the API shows them: what the public notice says."""

from rest_framework import serializers

from core.api import DateTimeField
from grants.models import Call, Contact, EligibilityRule, Stage, Topic


class StageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Stage
        fields = ("order", "kind", "days", "day_kind", "clause")
        read_only_fields = fields


class RuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = EligibilityRule
        fields = ("code", "text", "text_en", "clause", "scope", "automation", "severity", "moment")
        read_only_fields = fields


class ContactSerializer(serializers.ModelSerializer):
    class Meta:
        model = Contact
        fields = ("kind", "name", "phone", "email")
        read_only_fields = fields


class CallSerializer(serializers.ModelSerializer):
    """One row of the list; amounts in 元."""

    programme = serializers.CharField(source="programme.slug", read_only=True)
    programme_name = serializers.CharField(source="programme.name", read_only=True)

    class Meta:
        model = Call
        fields = (
            "id",
            "programme",
            "programme_name",
            "title",
            "title_en",
            "number",
            "year",
            "version",
            "state",
            "sourcing",
            "instrument",
            "opens_at",
            "closes_at",
            "cap",
            "own_per_fiscal",
            "published_at",
        )
        read_only_fields = fields


class CallDetailSerializer(CallSerializer):
    """The notice with its stages and rules."""

    contacts = ContactSerializer(many=True, read_only=True)
    stages = StageSerializer(many=True, read_only=True)
    rules = RuleSerializer(many=True, read_only=True)

    class Meta(CallSerializer.Meta):
        fields = (*CallSerializer.Meta.fields, "notice", "bid_days", "contacts", "stages", "rules")
        read_only_fields = fields


class TopicSerializer(serializers.ModelSerializer):
    """A topic as the public reads it: the demand side only where it agreed to be named."""

    owner_name = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = (
            "id",
            "call",
            "number",
            "title",
            "field",
            "content",
            "indicators",
            "bidder_conditions",
            "demand_kind",
            "facts",
            "amount",
            "planned_number",
            "owner_name",
            "listed_at",
            "bids_close_at",
            "state",
        )
        read_only_fields = fields

    def get_owner_name(self, topic) -> str | None:
        return topic.owner.name if topic.owner_id and topic.owner_is_public else None


class RelistInput(serializers.Serializer):
    """When the bids for a task on the list again close, and why it is there again."""

    bids_close_at = DateTimeField()
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")
