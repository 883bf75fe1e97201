"""Applications as the API shows them; input has serializers of its own and never writes."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from applications import queries, rules
from applications.actions.claiming import version_of
from applications.models import (
    Application,
    Claim,
    ClaimLine,
    Nominator,
    RowResult,
    RuleResult,
    SignOff,
    SimilarityReport,
    SimilarSource,
)
from applications.states import NominatorState, shown_alike
from grants.models import RecommendedBy, Stage


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
    evidence = serializers.DictField(source="told", read_only=True)

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


class RecommendationSerializer(serializers.Serializer):
    """Who recommends, and what became of it."""

    kind = serializers.ChoiceField(choices=RecommendedBy.choices)
    name = serializers.CharField(help_text="Empty while a recommender by name is not chosen or not known.")
    state = serializers.ChoiceField(choices=["not_reached", "waiting", "recommended", "returned", "refused"])
    opinion = serializers.CharField(help_text="Empty for readers to whom it is not told.")
    at = serializers.DateTimeField(allow_null=True)


class SimilarSourceSerializer(serializers.ModelSerializer):
    number = serializers.CharField(source="application.number", default="")
    title = serializers.SerializerMethodField()

    class Meta:
        model = SimilarSource
        fields = ("number", "title", "covered", "title_percent", "is_same_head", "is_same_unit")

    def get_title(self, source) -> str:
        return str(source)


class SimilarityReportSerializer(serializers.ModelSerializer):
    """Duplicates (查重): words examined and repeated, and where; for the department alone."""

    sources = SimilarSourceSerializer(many=True)

    class Meta:
        model = SimilarityReport
        fields = ("version", "examined", "covered", "covered_by_others", "percent", "conclusion", "sources")


class AskedSerializer(serializers.ModelSerializer):
    """What the step that the application is in wants with the signature of unit or recommender."""

    step = serializers.CharField(source="kind")

    class Meta:
        model = Stage
        fields = ("step", "clause", "pledge", "shown_days", "shown_day_kind", "asks_file", "opinion_length")


class SignOffSerializer(serializers.ModelSerializer):
    """What unit or recommender signed of the version handed in last."""

    by = serializers.CharField(source="by.name", default="")

    class Meta:
        model = SignOff
        fields = ("step", "version", "pledge", "shown_from_date", "shown_to_date", "opinion", "by", "at")


class ApplicationDetailSerializer(ApplicationSerializer):
    """What was handed in last (ID numbers masked), its recommendation and signatures, rules, duplicates."""

    content = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    recommendation = serializers.SerializerMethodField()
    asked = serializers.SerializerMethodField()
    sign_offs = serializers.SerializerMethodField()
    rule_results = serializers.SerializerMethodField()
    similarity = serializers.SerializerMethodField()

    class Meta(ApplicationSerializer.Meta):
        fields = (
            *ApplicationSerializer.Meta.fields,
            *("sha256", "content", "recommendation", "asked", "sign_offs", "rule_results", "similarity"),
        )
        read_only_fields = fields

    def get_content(self, application) -> dict | None:
        submission = queries.latest_submission(application)
        return queries.masked(submission.content) if submission else None

    def get_sha256(self, application) -> str | None:
        submission = queries.latest_submission(application)
        return submission.sha256 if submission else None

    @extend_schema_field(RecommendationSerializer(allow_null=True))
    def get_recommendation(self, application):
        found = queries.recommendation_read_by(application, self.context["request"].user)
        return RecommendationSerializer(found).data if found else None

    @extend_schema_field(AskedSerializer(allow_null=True))
    def get_asked(self, application):
        stage = rules.signing_of(application)
        return AskedSerializer(stage).data if stage else None

    @extend_schema_field(SignOffSerializer(many=True))
    def get_sign_offs(self, application):
        return SignOffSerializer(queries.sign_offs(application), many=True).data

    def get_rule_results(self, application) -> list[dict]:
        return RuleResultSerializer(queries.rule_results(application), many=True).data

    @extend_schema_field(SimilarityReportSerializer(allow_null=True))
    def get_similarity(self, application):
        """Null for whoever may not read it, and until the comparison is done."""
        found = queries.report_read_by(application, self.context["request"].user)
        return SimilarityReportSerializer(found).data if found else None


class StartInput(serializers.Serializer):
    call = serializers.IntegerField()
    topic = serializers.IntegerField(required=False, allow_null=True, default=None)
    organisation = serializers.IntegerField()
    outline = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="A chosen project of an earlier notice of the unit that lets it in.",
    )


class AnswersInput(serializers.Serializer):
    answers = serializers.DictField(
        help_text="Question code → what a person would type: money in 万元, dates as 2026-03-01."
    )


class ReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class SignInput(serializers.Serializer):
    """The opinion and, where the step asks for it (`asked`), pledge, days inside and a file (multipart)."""

    opinion = serializers.CharField(max_length=2000, allow_blank=True, default="")
    pledged = serializers.BooleanField(default=False)
    shown_from = serializers.DateField(required=False, allow_null=True, default=None)
    shown_to = serializers.DateField(required=False, allow_null=True, default=None)
    file = serializers.FileField(required=False, allow_null=True, default=None)


class RejectInput(ReasonInput):
    clause = serializers.CharField(max_length=60, allow_blank=True, default="")


class AppealInput(serializers.Serializer):
    grounds = serializers.CharField(max_length=4000, allow_blank=True, default="")


class NominationSerializer(serializers.ModelSerializer):
    """One person whom a team asked to nominate its application."""

    number = serializers.CharField(source="application.number", read_only=True)
    title = serializers.CharField(source="application.title", read_only=True)
    call = serializers.IntegerField(source="application.call_id", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    is_mine = serializers.SerializerMethodField(help_text="Whether it is the reader who is asked.")

    class Meta:
        model = Nominator
        fields = (
            "id",
            "application",
            "number",
            "title",
            "call",
            "name",
            "is_mine",
            "leads",
            "state",
            "version",
            "invited_at",
            "answered_at",
        )
        read_only_fields = fields

    def get_is_mine(self, nominator) -> bool:
        return nominator.user_id == self.context["request"].user.pk


class WaySerializer(serializers.Serializer):
    """One way of the notice, and how far it has come."""

    name = serializers.CharField(source="group.name")
    clause = serializers.CharField(source="group.clause")
    least = serializers.IntegerField(source="group.least")
    signed = serializers.IntegerField()
    is_met = serializers.BooleanField()


class NominationDetailSerializer(NominationSerializer):
    """With what a signature says, the ways of the notice, and, for the person asked, what was handed in."""

    until = serializers.SerializerMethodField()
    opinion = serializers.SerializerMethodField(help_text="For the person and the bureau; else empty.")
    facts = serializers.SerializerMethodField(help_text="Title and unit as they were when it was signed.")
    ways = serializers.SerializerMethodField()
    content = serializers.SerializerMethodField(help_text="For the person asked; ID numbers masked.")

    class Meta(NominationSerializer.Meta):
        fields = (*NominationSerializer.Meta.fields, "until", "opinion", "facts", "ways", "content")
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_until(self, nominator):
        return queries.nominate_until(nominator.application)

    def get_opinion(self, nominator) -> str:
        may = self.get_is_mine(nominator) or queries.of_the_bureau(self.context["request"].user)
        return nominator.opinion if may else ""

    def get_facts(self, nominator) -> dict:
        signed = nominator.state == NominatorState.SIGNED
        return {name: nominator.facts.get(name) for name in ("title", "organisation_name")} if signed else {}

    @extend_schema_field(WaySerializer(many=True))
    def get_ways(self, nominator):
        return WaySerializer(queries.standing_of_nominators(nominator.application), many=True).data

    def get_content(self, nominator) -> dict | None:
        application = nominator.application
        if not self.get_is_mine(nominator) or application.state in queries.NOT_AWAITED_IN:
            return None
        return queries.masked(queries.latest_submission(application).content)


class NominatorInput(serializers.Serializer):
    application = serializers.IntegerField()
    name = serializers.CharField(max_length=60)
    email = serializers.EmailField(max_length=254)
    leads = serializers.BooleanField(default=False)


class NominatorOpinionInput(serializers.Serializer):
    opinion = serializers.CharField(max_length=4000, allow_blank=True, default="")


class ClaimSerializer(serializers.ModelSerializer):
    """A claim decided row by row; amounts in 元."""

    number = serializers.CharField(source="application.number", read_only=True)

    class Meta:
        model = Claim
        fields = (
            "id",
            "application",
            "number",
            "claimed_total",
            "approved_total",
            "rows_total",
            "judged_total",
            "amount",
            "settled_at",
        )
        read_only_fields = fields


class ClaimCellSerializer(serializers.Serializer):
    heading = serializers.CharField()
    text = serializers.CharField()


class RepeatSerializer(serializers.Serializer):
    """Where else a number of the row stands; of what the reader may not read, programme and year alone."""

    kind = serializers.CharField(source="mine.kind")
    number = serializers.CharField(source="mine.printed")
    is_own = serializers.BooleanField(help_text="In the same application.")
    application = serializers.SerializerMethodField()
    application_number = serializers.SerializerMethodField()
    programme = serializers.CharField(source="other.application.call.programme.name")
    year = serializers.IntegerField(source="other.application.call.year")
    place = serializers.CharField(source="other.place", help_text="The milestone, or empty.")
    row = serializers.IntegerField(source="other.row", help_text="0: not in a table.")

    def get_application(self, repeat) -> int | None:
        return repeat.other.application_id if repeat.is_readable else None

    def get_application_number(self, repeat) -> str:
        return repeat.other.application.number if repeat.is_readable else ""


class ClaimLineSerializer(serializers.ModelSerializer):
    version = serializers.SerializerMethodField(help_text="Sent back with a verdict: what was read.")
    cells = serializers.SerializerMethodField()
    repeats = serializers.SerializerMethodField(help_text="For the bureau; else empty.")

    class Meta:
        model = ClaimLine
        fields = ("number", "claimed", "result", "approved", "reason", "at", "version", "cells", "repeats")
        read_only_fields = fields

    def get_version(self, line) -> str:
        return version_of(line)

    @extend_schema_field(ClaimCellSerializer(many=True))
    def get_cells(self, line):
        pairs = self.context["cells"].get(line.number, ())
        return [{"heading": heading, "text": text} for heading, text in pairs]

    @extend_schema_field(RepeatSerializer(many=True))
    def get_repeats(self, line):
        return RepeatSerializer(self.context["repeats"].get(line.number, ()), many=True).data


class ClaimDetailSerializer(ClaimSerializer):
    """With every row: its cells as printed and what was made of it."""

    title = serializers.SerializerMethodField()
    clause = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()

    class Meta(ClaimSerializer.Meta):
        fields = (*ClaimSerializer.Meta.fields, "title", "clause", "lines")
        read_only_fields = fields

    def to_representation(self, claim):
        self.rows = list(claim.lines.order_by("number"))
        self.table = queries.claim_table(claim.application, claim, self.rows)
        reader = self.context["request"].user
        may = self.table and queries.of_the_bureau(reader)
        self.repeats = queries.repeats_by_row(claim.application, self.table.question, reader) if may else {}
        return super().to_representation(claim)

    def get_title(self, _claim) -> str:
        return self.table.title if self.table else ""

    def get_clause(self, _claim) -> str:
        return self.table.clause if self.table else ""

    @extend_schema_field(ClaimLineSerializer(many=True))
    def get_lines(self, _claim):
        cells = {row.line.number: row.pairs for row in self.table.rows} if self.table else {}
        told = {"cells": cells, "repeats": self.repeats}
        return ClaimLineSerializer(self.rows, many=True, context=told).data


class VerdictInput(serializers.Serializer):
    number = serializers.IntegerField(min_value=1)
    result = serializers.ChoiceField(choices=RowResult.choices)
    approved = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        required=False,
        allow_null=True,
        default=None,
        help_text="元; where reduced.",
    )
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")
    version = serializers.CharField(
        max_length=600,
        trim_whitespace=False,
        help_text="Of the line as it was read: nothing unseen is written over.",
    )


class VerdictsInput(serializers.Serializer):
    lines = VerdictInput(many=True, allow_empty=False, max_length=5000)
