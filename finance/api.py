"""/api/v1/appropriations/, /instalments/, /payments/, /refunds/, /refund-receipts/ and /settlements/."""

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from finance import actions, queries
from finance.models import Appropriation, Instalment, Payment, Refund, RefundReceipt, Settlement
from finance.serializers import (
    AppropriationSerializer,
    InstalmentSerializer,
    PaymentInput,
    PaymentSerializer,
    ReceiptInput,
    RefundReceiptSerializer,
    RefundSerializer,
    ReversalInput,
    SettlementSerializer,
)


class AppropriationViewSet(ReadOnlyModelViewSet):
    """For the bureau only: others get an empty list."""

    queryset = Appropriation.objects.none()
    serializer_class = AppropriationSerializer
    filterset_fields = ("year", "programme__slug")

    def get_queryset(self):
        return Appropriation.objects.visible_to(self.request.user).select_related("programme")


class InstalmentFilter(filters.FilterSet):
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    programme = filters.CharFilter(field_name="agreement__award__application__call__programme__slug")

    class Meta:
        model = Instalment
        fields = ("state", "agreement", "condition")


class InstalmentViewSet(ReadOnlyModelViewSet):
    queryset = Instalment.objects.none()
    serializer_class = InstalmentSerializer
    filterset_class = InstalmentFilter

    def get_queryset(self):
        return queries.with_project(Instalment.objects.visible_to(self.request.user))

    @extend_schema(request=PaymentInput, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"])
    def pay(self, request, pk=None):
        """Record a payment of this instalment."""
        instalment = self.get_object()
        checked = PaymentInput(data=request.data)
        checked.is_valid(raise_exception=True)
        payment = actions.record_payment(
            instalment=instalment, **checked.validated_data, by=request.user, at=timezone.now()
        )
        shown = PaymentSerializer(payment, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)


class PaymentFilter(filters.FilterSet):
    paid_from = filters.DateFilter(field_name="paid_date", lookup_expr="gte")
    paid_to = filters.DateFilter(field_name="paid_date", lookup_expr="lte")
    agreement = filters.NumberFilter(field_name="instalment__agreement")

    class Meta:
        model = Payment
        fields = ("instalment", "voucher")


class PaymentViewSet(ReadOnlyModelViewSet):
    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter

    def get_queryset(self):
        return Payment.objects.visible_to(self.request.user).select_related(
            "instalment__agreement__award__application"
        )

    @extend_schema(request=ReversalInput, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"])
    def reverse(self, request, pk=None):
        """Reverse a payment; the answer is the negative one."""
        payment = self.get_object()
        checked = ReversalInput(data=request.data)
        checked.is_valid(raise_exception=True)
        negative = actions.reverse_payment(
            payment=payment, **checked.validated_data, by=request.user, at=timezone.now()
        )
        shown = PaymentSerializer(negative, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)


class RefundFilter(filters.FilterSet):
    due_before = filters.DateFilter(field_name="due_date", lookup_expr="lt")
    programme = filters.CharFilter(field_name="agreement__award__application__call__programme__slug")

    class Meta:
        model = Refund
        fields = ("state", "cause", "agreement")


class RefundViewSet(ReadOnlyModelViewSet):
    """Public money demanded back, with what came of it."""

    queryset = Refund.objects.none()
    serializer_class = RefundSerializer
    filterset_class = RefundFilter

    def get_queryset(self):
        return Refund.objects.visible_to(self.request.user).select_related("agreement__award__application")

    @extend_schema(request=ReceiptInput, responses={201: RefundReceiptSerializer})
    @action(detail=True, methods=["post"])
    def receive(self, request, pk=None):
        """Record money that came back on this demand."""
        refund = self.get_object()
        checked = ReceiptInput(data=request.data)
        checked.is_valid(raise_exception=True)
        receipt = actions.receive_refund(
            refund=refund, **checked.validated_data, by=request.user, at=timezone.now()
        )
        shown = RefundReceiptSerializer(receipt, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)


class RefundReceiptFilter(filters.FilterSet):
    received_from = filters.DateFilter(field_name="received_date", lookup_expr="gte")
    received_to = filters.DateFilter(field_name="received_date", lookup_expr="lte")
    agreement = filters.NumberFilter(field_name="refund__agreement")

    class Meta:
        model = RefundReceipt
        fields = ("refund", "voucher")


class RefundReceiptViewSet(ReadOnlyModelViewSet):
    """Refunds received; amounts are positive, a refund is no negative payment."""

    queryset = RefundReceipt.objects.none()
    serializer_class = RefundReceiptSerializer
    filterset_class = RefundReceiptFilter

    def get_queryset(self):
        return RefundReceipt.objects.visible_to(self.request.user).select_related(
            "refund__agreement__award__application"
        )


class SettlementFilter(filters.FilterSet):
    settled_from = filters.IsoDateTimeFilter(field_name="settled_at", lookup_expr="gte")
    settled_to = filters.IsoDateTimeFilter(field_name="settled_at", lookup_expr="lte")
    programme = filters.CharFilter(field_name="agreement__award__application__call__programme__slug")

    class Meta:
        model = Settlement
        fields = ("agreement",)


class SettlementViewSet(ReadOnlyModelViewSet):
    """What the money of projects came to that were ended before their time."""

    queryset = Settlement.objects.none()
    serializer_class = SettlementSerializer
    filterset_class = SettlementFilter

    def get_queryset(self):
        return Settlement.objects.visible_to(self.request.user).select_related(
            "agreement__award__application"
        )
