"""Money as the API shows it, in 元; accounts are whole only for who may see them."""

from rest_framework import serializers

from finance import rules
from finance.models import Appropriation, Instalment, Payment


class AppropriationSerializer(serializers.ModelSerializer):
    programme = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    left = serializers.DecimalField(max_digits=16, decimal_places=2, read_only=True)

    class Meta:
        model = Appropriation
        fields = ("id", "programme", "year", "amount", "committed", "left")
        read_only_fields = fields


class InstalmentSerializer(serializers.ModelSerializer):
    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)
    organisation = serializers.CharField(
        source="agreement.award.application.organisation.name", read_only=True
    )

    class Meta:
        model = Instalment
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "organisation",
            "order",
            "name",
            "amount",
            "paid",
            "condition",
            "milestone",
            "clause",
            "state",
            "due_at",
        )
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer):
    award_number = serializers.CharField(source="instalment.agreement.award.number", read_only=True)
    payee_account = serializers.SerializerMethodField()

    class Meta:
        model = Payment
        fields = (
            "id",
            "instalment",
            "award_number",
            "amount",
            "paid_date",
            "voucher",
            "payee_account",
            "payee_bank",
            "reverses",
            "note",
            "recorded_at",
        )
        read_only_fields = fields

    def get_payee_account(self, payment) -> str:
        may = rules.can_see_account(self.context["request"].user, payment)
        return payment.payee_account if may else payment.masked_account


class PaymentInput(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    paid_date = serializers.DateField()
    voucher = serializers.CharField(max_length=60)
    payee_account = serializers.CharField(max_length=40)
    payee_bank = serializers.CharField(max_length=120)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class ReversalInput(serializers.Serializer):
    reason = serializers.CharField(max_length=300, allow_blank=True)
