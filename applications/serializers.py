"""Applications as the API shows them; input has serializers of its own and never writes."""

from rest_framework import serializers

from applications import queries
from applications.models import Application, RuleResult
from applications.states import shown_alike


class ApplicationSerializer(serializers.ModelSerializer):
    """One row; amounts in 元."""

    organisation_name = serializers.CharField(source="organisation.name", read_only=True)
    credit_code = serializers.CharField(source="organisation.credit_code", read_only=True)
    topic_number = serializers.CharField(source="topic.number", read_only=True, default=None)
    state = serializers.SerializerMethodField(
        help_text="For applicants the stages of the bureau's deliberation read as one."
    )

    class Meta:
        model = Application
        fields = (
            "id",
            "number",
            "call",
            "topic",
            "topic_number",
            "organisation",
            "organisation_name",
            "credit_code",
            "title",
            "summary",
            "starts_date",
            "ends_date",
            "requested_amount",
            "own_amount",
            "state",
            "version",
            "saved_at",
            "submitted_at",
        )
        read_only_fields = fields

    def get_state(self, application) -> str:
        if queries.of_the_bureau(self.context["request"].user):
            return application.state
        return shown_alike(application.state)[0]


class RuleResultSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="rule.code", read_only=True)
    text = serializers.CharField(source="rule.text", read_only=True)
    clause = serializers.CharField(source="rule.clause", read_only=True)

    class Meta:
        model = RuleResult
        fields = (
            "code",
            "text",
            "clause",
            "status",
            "evidence",
            "officer_status",
            "officer_note",
            "checked_at",
        )
        read_only_fields = fields


class ApplicationDetailSerializer(ApplicationSerializer):
    """With what was last handed in (ID numbers masked) and one line per rule."""

    content = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    rule_results = serializers.SerializerMethodField()

    class Meta(ApplicationSerializer.Meta):
        fields = (*ApplicationSerializer.Meta.fields, "sha256", "content", "rule_results")
        read_only_fields = fields

    def get_content(self, application) -> dict | None:
        submission = queries.latest_submission(application)
        return queries.masked(submission.content) if submission else None

    def get_sha256(self, application) -> str | None:
        submission = queries.latest_submission(application)
        return submission.sha256 if submission else None

    def get_rule_results(self, application) -> list[dict]:
        return RuleResultSerializer(queries.rule_results(application), many=True).data


class StartInput(serializers.Serializer):
    call = serializers.IntegerField()
    topic = serializers.IntegerField(required=False, allow_null=True, default=None)
    organisation = serializers.IntegerField()


class AnswersInput(serializers.Serializer):
    answers = serializers.DictField(
        help_text="Question code → what a person would type: money in 万元, dates as 2026-03-01."
    )


class ReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class RejectInput(ReasonInput):
    clause = serializers.CharField(max_length=60, allow_blank=True, default="")


class AppealInput(serializers.Serializer):
    grounds = serializers.CharField(max_length=4000, allow_blank=True, default="")
