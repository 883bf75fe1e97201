"""Facilities and their evaluations as the API shows them; it never writes."""

from rest_framework import serializers

from facilities.models import AnnualEvaluation, Facility

READABLE = (
    "id",
    "facility",
    "year",
    "round",
    "data_from_date",
    "data_to_date",
    "report_opens_at",
    "report_due_at",
    "pass_mark",
    "clause",
    "state",
    "report",
    "facts",
    "submitted_at",
    "is_green",
    "check_opinion",
    "publicity_ends_date",
    "paid_amount",
    "paid_date",
)


class FacilitySerializer(serializers.ModelSerializer):
    """For the platform's unit and its officers."""

    organisation_name = serializers.CharField(source="organisation.name", read_only=True)
    credit_code = serializers.CharField(source="organisation.credit_code", read_only=True)

    class Meta:
        model = Facility
        fields = (
            "id",
            "call",
            "award",
            "organisation",
            "organisation_name",
            "credit_code",
            "kind",
            "number",
            "name",
            "services",
            "filed_date",
            "state",
            "failures",
            "rectify_due_date",
        )
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer):
    """Amounts in 元. Score and grade are null for the platform until they are public."""

    facility_name = serializers.CharField(source="facility.name", read_only=True)
    score = serializers.SerializerMethodField()
    grade = serializers.SerializerMethodField()

    class Meta:
        model = AnnualEvaluation
        fields = (*READABLE, "facility_name", "score", "grade")
        read_only_fields = READABLE

    def _shown(self, evaluation) -> bool:
        return evaluation.score_is_shown_to(self.context["request"].user)

    def get_score(self, evaluation) -> str | None:
        return str(evaluation.score) if evaluation.score is not None and self._shown(evaluation) else None

    def get_grade(self, evaluation) -> str | None:
        return evaluation.grade if evaluation.grade and self._shown(evaluation) else None
