"""/api/v1/appropriations/, /instalments/ and /payments/."""

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from finance import actions, queries
from finance.models import Appropriation, Instalment, Payment
from finance.serializers import (
    AppropriationSerializer,
    InstalmentSerializer,
    PaymentInput,
    PaymentSerializer,
    ReversalInput,
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
