"""Notices and awards as the API shows them."""

from rest_framework import serializers

from awards.models import Award, Publicity, PublicityItem


class PublicityItemSerializer(serializers.ModelSerializer):
    """A line as it was published: nothing of the application beyond it."""

    grade = serializers.CharField(source="grade.name", read_only=True, default="")

    class Meta:
        model = PublicityItem
        fields = ("id", "title", "organisation_name", "grade", "amount")
        read_only_fields = fields


class PublicitySerializer(serializers.ModelSerializer):
    items = PublicityItemSerializer(many=True, read_only=True)

    class Meta:
        model = Publicity
        fields = (
            "id",
            "call",
            "title",
            "body",
            "starts_date",
            "ends_date",
            "explanation",
            "contact",
            "state",
            "published_at",
            "items",
        )
        read_only_fields = fields


class AwardSerializer(serializers.ModelSerializer):
    grade = serializers.CharField(source="grade.name", read_only=True, default="")
    title = serializers.CharField(source="application.title", read_only=True)
    organisation = serializers.IntegerField(source="application.organisation_id", read_only=True)
    organisation_name = serializers.CharField(source="application.organisation.name", read_only=True)
    call = serializers.IntegerField(source="application.call_id", read_only=True)

    class Meta:
        model = Award
        fields = (
            "id",
            "number",
            "application",
            "call",
            "title",
            "organisation",
            "organisation_name",
            "grade",
            "reason",
            "amount",
            "awarded_at",
        )
        read_only_fields = fields
