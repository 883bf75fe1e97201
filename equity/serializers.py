"""Deals as the API shows them, amounts in 元."""

from rest_framework import serializers

from equity.models import Deal, PeriodicReport, Trigger, Valuation


class TriggerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Trigger
        fields = ("id", "kind", "amount", "milestone", "by_date", "clause", "state", "met_date")
        read_only_fields = fields


class ValuationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Valuation
        fields = ("id", "as_of_date", "post_money", "basis", "filing_number")
        read_only_fields = fields


class PeriodicReportSerializer(serializers.ModelSerializer):
    class Meta:
        model = PeriodicReport
        fields = ("id", "number", "due_date", "state", "revenue", "profit", "staff", "submitted_at")
        read_only_fields = fields


class DealSerializer(serializers.ModelSerializer):
    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)
    firm = serializers.CharField(source="agreement.award.application.organisation.name", read_only=True)
    trustee_name = serializers.CharField(source="trustee.name", read_only=True, default=None)
    held_percent = serializers.DecimalField(
        max_digits=7, decimal_places=4, read_only=True, allow_null=True, default=None
    )
    triggers = TriggerSerializer(many=True, read_only=True)
    valuations = ValuationSerializer(many=True, read_only=True)
    reports = PeriodicReportSerializer(many=True, read_only=True)

    class Meta:
        model = Deal
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "firm",
            "instrument",
            "amount",
            "trustee",
            "trustee_name",
            "state",
            "convert_by_date",
            "approved_percent",
            "held_percent",
            "valuation_due_date",
            "opened_at",
            "ended_at",
            "triggers",
            "valuations",
            "reports",
        )
        read_only_fields = fields
