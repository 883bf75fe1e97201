"""Duties as the API shows them."""

from rest_framework import serializers

from duties.models import Duty


class DutySerializer(serializers.ModelSerializer):
    title = serializers.CharField(source="term.title", read_only=True)
    clause = serializers.CharField(source="term.clause", read_only=True)
    owed_by = serializers.CharField(source="term.owed_by", read_only=True)
    per = serializers.CharField(source="term.per", read_only=True)
    blocks = serializers.CharField(source="term.blocks", read_only=True)
    accepted_by = serializers.CharField(source="term.accepted_by", read_only=True)
    call = serializers.PrimaryKeyRelatedField(source="term.call", read_only=True)

    class Meta:
        model = Duty
        fields = (
            "id",
            "code",
            "title",
            "clause",
            "owed_by",
            "per",
            "call",
            "application",
            "organisation",
            "region",
            "year",
            "due_at",
            "accepted_by",
            "blocks",
            "state",
        )
        read_only_fields = fields
