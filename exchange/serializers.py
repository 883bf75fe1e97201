"""Demands as the API shows them; input has serializers of its own and never writes."""

from rest_framework import serializers

from exchange.models import Demand


class DemandSerializer(serializers.ModelSerializer):
    """For the demand's unit and its officers; amounts in 元."""

    organisation_name = serializers.CharField(source="organisation.name", read_only=True)
    credit_code = serializers.CharField(source="organisation.credit_code", read_only=True)
    topic_number = serializers.CharField(source="topic.number", read_only=True, default=None)

    class Meta:
        model = Demand
        fields = (
            "id",
            "call",
            "organisation",
            "organisation_name",
            "credit_code",
            "kind",
            "title",
            "field",
            "problem",
            "public_summary",
            "indicators",
            "amount",
            "offered_amount",
            "deadline_date",
            "ip_ownership",
            "purpose",
            "term_months",
            "place",
            "conditions",
            "bidder_conditions",
            "answers",
            "name_is_public",
            "state",
            "topic",
            "topic_number",
            "submitted_at",
            "argued_at",
        )
        read_only_fields = fields


class DemandReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class ArgumentInput(serializers.Serializer):
    accept = serializers.BooleanField()
    opinion = serializers.CharField(max_length=4000)


class ListingInput(serializers.Serializer):
    number = serializers.CharField(max_length=40, allow_blank=True, default="")
