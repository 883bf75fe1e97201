"""Money as the API shows it, in 元; accounts are whole only for who may see them."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from finance import rules
from finance.models import Appropriation, Instalment, Payment, Refund, RefundReceipt, Settlement


class OfProject(serializers.ModelSerializer):
    """A line of a project, which it names."""

    award_number = serializers.CharField(source="agreement.award.number", read_only=True)
    project = serializers.CharField(source="agreement.award.application.title", read_only=True)


class AppropriationSerializer(serializers.ModelSerializer):
    programme = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    left = serializers.DecimalField(max_digits=16, decimal_places=2, read_only=True)

    class Meta:
        model = Appropriation
        fields = ("id", "programme", "year", "amount", "committed", "left")
        read_only_fields = fields


class InstalmentSerializer(OfProject):
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
            "withheld",
            "withheld_reason",
            "paid",
            "is_premium",
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


class RefundSerializer(OfProject):
    left = serializers.DecimalField(max_digits=14, decimal_places=2, read_only=True)

    class Meta:
        model = Refund
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "cause",
            "amount",
            "returned",
            "left",
            "due_date",
            "reason",
            "clause",
            "state",
            "demanded_at",
            "ended_at",
            "ending",
        )
        read_only_fields = fields


class RefundReceiptSerializer(serializers.ModelSerializer):
    agreement = serializers.IntegerField(source="refund.agreement_id", read_only=True)
    award_number = serializers.CharField(source="refund.agreement.award.number", read_only=True)

    class Meta:
        model = RefundReceipt
        fields = (
            "id",
            "refund",
            "agreement",
            "award_number",
            "amount",
            "received_date",
            "voucher",
            "note",
            "recorded_at",
        )
        read_only_fields = fields


class SettlementSerializer(OfProject):
    to_return = serializers.DecimalField(max_digits=14, decimal_places=2, read_only=True)

    class Meta:
        model = Settlement
        fields = (
            "id",
            "agreement",
            "award_number",
            "project",
            "paid",
            "recognised",
            "to_return",
            "note",
            "settled_at",
        )
        read_only_fields = fields


class PaymentInput(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    paid_date = serializers.DateField()
    voucher = serializers.CharField(max_length=60)
    payee_account = serializers.CharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text=_("银行回单上的收款账号，可不填；与单位已确认的收款账户不一致的不登记。"),
    )
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class ReversalInput(serializers.Serializer):
    reason = serializers.CharField(max_length=300, allow_blank=True)


class ReceiptInput(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    received_date = serializers.DateField()
    voucher = serializers.CharField(max_length=60)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")
