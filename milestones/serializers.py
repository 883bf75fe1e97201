"""Milestones and hand-ins as the API shows them; input has serializers of its own and never writes."""

from rest_framework import serializers

from applications.queries import masked_answers
from core.api import JSONField
from milestones.models import Acceptance, Change, DemanderOpinion, Indicator, Milestone, Report, Termination


class IndicatorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Indicator
        fields = ("id", "name", "unit", "target")
        read_only_fields = fields


class ReportSerializer(serializers.ModelSerializer):
    """A hand-in with the form that was sealed with it; ID numbers are masked."""

    answers = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = ("id", "number", "text", "values", "answers", "spent_amount", "submitted_at")
        read_only_fields = fields

    def get_answers(self, report) -> list[dict]:
        return masked_answers(report.answers)


class MilestoneSerializer(serializers.ModelSerializer):
    """Amounts in 元."""

    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)
    organisation = serializers.CharField(
        source="agreement.award.application.organisation.name", read_only=True
    )
    indicators = IndicatorSerializer(many=True, read_only=True)
    reports = ReportSerializer(many=True, read_only=True)

    class Meta:
        model = Milestone
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "organisation",
            "kind",
            "order",
            "code",
            "name",
            "due_date",
            "deliverable",
            "check_days",
            "check_by_date",
            "unit_pledge",
            "needs_demander_opinion",
            "clause",
            "state",
            "accepted_at",
            "indicators",
            "reports",
        )
        read_only_fields = fields


class ChangeSerializer(serializers.ModelSerializer):
    """A change of a running project: what it was, what it becomes, what was decided."""

    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)

    class Meta:
        model = Change
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "kind",
            "way",
            "before",
            "after",
            "reason",
            "clause",
            "state",
            "submitted_at",
            "unit_opinion",
            "opinion",
            "decided_at",
        )
        read_only_fields = fields


class TerminationSerializer(serializers.ModelSerializer):
    """A request or proposal to end a project and what was decided."""

    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)

    class Meta:
        model = Termination
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "end",
            "ground",
            "reason",
            "state",
            "submitted_at",
            "opinion",
            "clause",
            "decided_at",
        )
        read_only_fields = fields


class HandInInput(serializers.Serializer):
    """Multipart: `values` as JSON text {indicator id: value}, `files` repeated. Amount in 元."""

    text = serializers.CharField(max_length=4000, allow_blank=True)
    values = JSONField(default=dict)
    spent_amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    files = serializers.ListField(child=serializers.FileField(), allow_empty=True, max_length=20)
    pledged = serializers.BooleanField(default=False)

    def validate_values(self, values):
        if not isinstance(values, dict):
            raise serializers.ValidationError("{indicator id: value}")
        return values


class OpinionInput(serializers.Serializer):
    opinion = serializers.ChoiceField(choices=DemanderOpinion.Choice.choices)
    text = serializers.CharField(max_length=4000, allow_blank=True, default="")


class ConclusionInput(serializers.Serializer):
    """`grade`: the code of a conclusion of the notice, where it has some; the outcome follows from it."""

    outcome = serializers.ChoiceField(choices=Acceptance.Outcome.choices, default="")
    grade = serializers.SlugField(default="", allow_blank=True)
    deviation = serializers.CharField(max_length=4000, allow_blank=True, default="")
    note = serializers.CharField(max_length=4000, allow_blank=True, default="")
