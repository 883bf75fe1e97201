"""Review tasks as the API shows them: an expert's own, the application masked like on the desk."""

from rest_framework import serializers

from reviews.models import Assignment


class AssignmentSerializer(serializers.ModelSerializer):
    """No title, unit or person: those come with the dossier, which knows what is blind."""

    number = serializers.CharField(source="application.number", read_only=True)
    call = serializers.IntegerField(source="application.call_id", read_only=True)
    total = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = ("id", "number", "call", "state", "invited_at", "due_at", "pledged_at", "total")
        read_only_fields = fields

    def get_total(self, assignment) -> str | None:
        review = getattr(assignment, "review", None)
        return None if review is None or review.total is None else str(review.total)


class LineSerializer(serializers.Serializer):
    label = serializers.CharField()
    text = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class DossierSerializer(serializers.Serializer):
    """What the expert may read of the application: `reviews.visibility.for_reviewer`."""

    number = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    starts_date = serializers.CharField()
    ends_date = serializers.CharField()
    requested = serializers.CharField()
    own = serializers.CharField()
    topic = serializers.CharField()
    organisation = serializers.CharField()
    people = serializers.ListField(child=serializers.DictField())
    milestones = serializers.ListField(child=serializers.DictField())
    sections = serializers.SerializerMethodField()
    is_blind = serializers.BooleanField()

    def get_sections(self, view) -> list[dict]:
        return [
            {"title": title, "lines": LineSerializer(lines, many=True).data} for title, lines in view.sections
        ]


class ScoreInput(serializers.Serializer):
    criterion = serializers.IntegerField()
    value = serializers.DecimalField(max_digits=5, decimal_places=2)


class SheetInput(serializers.Serializer):
    """A score sheet, complete or not; amounts in 元."""

    scores = ScoreInput(many=True)
    comment = serializers.CharField(max_length=4000, allow_blank=True, default="")
    recommendation = serializers.CharField(max_length=20, allow_blank=True, default="")
    suggested_amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, allow_null=True, default=None
    )

    def sheet(self) -> dict:
        data = dict(self.validated_data)
        data["scores"] = {row["criterion"]: row["value"] for row in data["scores"]}
        return data


class PledgeInput(serializers.Serializer):
    pledge = serializers.BooleanField()


class AssignmentReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)
