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

AWARDED = "agreement__award__application"


class MoneyViewSet(ReadOnlyModelViewSet):
    """Who may read is `visible_to`; who may record something is the action's own rule."""

    related = (AWARDED,)
    """What a line names, in the same query."""

    def get_queryset(self):
        rows = self.serializer_class.Meta.model.objects.visible_to(self.request.user)
        return rows.select_related(*self.related)

    def record(self, act, sent, shown, **subject) -> Response:
        """Check what was sent by the serializer `sent`, `act`, and answer with what came of it."""
        checked = sent(data=self.request.data)
        checked.is_valid(raise_exception=True)
        made = act(**subject, **checked.validated_data, by=self.request.user, at=timezone.now())
        answer = shown(made, context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED)


class AppropriationViewSet(MoneyViewSet):
    """For the bureau only: others get an empty list."""

    queryset = Appropriation.objects.none()
    serializer_class = AppropriationSerializer
    filterset_fields = ("year", "programme__slug")
    related = ("programme",)


class OfProject(filters.FilterSet):
    programme = filters.CharFilter(field_name=f"{AWARDED}__call__programme__slug")


class InstalmentFilter(OfProject):
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = Instalment
        fields = ("state", "agreement", "condition")


class InstalmentViewSet(MoneyViewSet):
    """The parts of awards: planned, due, paid."""

    queryset = Instalment.objects.none()
    serializer_class = InstalmentSerializer
    filterset_class = InstalmentFilter

    def get_queryset(self):
        return queries.with_project(super().get_queryset())

    @extend_schema(request=PaymentInput, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"])
    def pay(self, request, pk=None):
        """Record a payment of this instalment."""
        subject = {"instalment": self.get_object()}
        return self.record(actions.record_payment, PaymentInput, PaymentSerializer, **subject)


class PaymentFilter(filters.FilterSet):
    paid_from = filters.DateFilter(field_name="paid_date", lookup_expr="gte")
    paid_to = filters.DateFilter(field_name="paid_date", lookup_expr="lte")
    agreement = filters.NumberFilter(field_name="instalment__agreement")

    class Meta:
        model = Payment
        fields = ("instalment", "voucher")


class PaymentViewSet(MoneyViewSet):
    """Payments; a reversal is a negative one."""

    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    related = (f"instalment__{AWARDED}",)

    @extend_schema(request=ReversalInput, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"])
    def reverse(self, request, pk=None):
        """Reverse a payment; the answer is the negative one."""
        subject = {"payment": self.get_object()}
        return self.record(actions.reverse_payment, ReversalInput, PaymentSerializer, **subject)


class RefundFilter(OfProject):
    due_before = filters.DateFilter(field_name="due_date", lookup_expr="lt")

    class Meta:
        model = Refund
        fields = ("state", "cause", "agreement")


class RefundViewSet(MoneyViewSet):
    """Public money demanded back, with what came of it."""

    queryset = Refund.objects.none()
    serializer_class = RefundSerializer
    filterset_class = RefundFilter

    @extend_schema(request=ReceiptInput, responses={201: RefundReceiptSerializer})
    @action(detail=True, methods=["post"])
    def receive(self, request, pk=None):
        """Record money that came back on this demand."""
        subject = {"refund": self.get_object()}
        return self.record(actions.receive_refund, ReceiptInput, RefundReceiptSerializer, **subject)


class RefundReceiptFilter(filters.FilterSet):
    received_from = filters.DateFilter(field_name="received_date", lookup_expr="gte")
    received_to = filters.DateFilter(field_name="received_date", lookup_expr="lte")
    agreement = filters.NumberFilter(field_name="refund__agreement")

    class Meta:
        model = RefundReceipt
        fields = ("refund", "voucher")


class RefundReceiptViewSet(MoneyViewSet):
    """Refunds received; amounts are positive, a refund is no negative payment."""

    queryset = RefundReceipt.objects.none()
    serializer_class = RefundReceiptSerializer
    filterset_class = RefundReceiptFilter
    related = (f"refund__{AWARDED}",)


class SettlementFilter(OfProject):
    settled_from = filters.IsoDateTimeFilter(field_name="settled_at", lookup_expr="gte")
    settled_to = filters.IsoDateTimeFilter(field_name="settled_at", lookup_expr="lte")

    class Meta:
        model = Settlement
        fields = ("agreement",)


class SettlementViewSet(MoneyViewSet):
    """What the money of projects came to that were ended before their time."""

    queryset = Settlement.objects.none()
    serializer_class = SettlementSerializer
    filterset_class = SettlementFilter
