"""What the API says about units and about the caller."""

from rest_framework import serializers

from accounts.models import Membership, Organisation, OrganisationFact, RoleAssignment, User


class OrganisationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Organisation
        fields = ("id", "name", "credit_code", "kind", "region", "address", "registered_date", "parent")


class OrganisationFactSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrganisationFact
        fields = ("kind", "text", "number", "valid_from", "valid_to", "source")


class OrganisationDetailSerializer(OrganisationSerializer):
    facts = OrganisationFactSerializer(many=True)

    class Meta(OrganisationSerializer.Meta):
        fields = (*OrganisationSerializer.Meta.fields, "legal_representative", "facts")


class MyMembershipSerializer(serializers.ModelSerializer):
    organisation = OrganisationSerializer()

    class Meta:
        model = Membership
        fields = ("organisation", "role")


class MyRoleSerializer(serializers.ModelSerializer):
    class Meta:
        model = RoleAssignment
        fields = ("role", "organisation", "region")


class MeSerializer(serializers.ModelSerializer):
    memberships = MyMembershipSerializer(many=True)
    roles = MyRoleSerializer(many=True, source="role_assignments")

    class Meta:
        model = User
        fields = ("id", "username", "name", "email", "phone", "language", "memberships", "roles")
