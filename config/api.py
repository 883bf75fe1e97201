"""The API's addresses. Apps register their viewsets on `router`."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from accounts.api import MeView, OrganisationViewSet
from applications.api import ApplicationViewSet, ClaimViewSet, NominationViewSet
from awards.api import AwardViewSet, PublicityViewSet
from duties.api import DutyViewSet
from equity.api import DealViewSet
from exchange.api import DemandViewSet
from facilities.api import EvaluationViewSet, FacilityViewSet
from finance.api import (
    AppropriationViewSet,
    InstalmentViewSet,
    PaymentViewSet,
    RefundReceiptViewSet,
    RefundViewSet,
    SettlementViewSet,
)
from grants.api import CallViewSet, TopicViewSet
from milestones.api import ChangeViewSet, MilestoneViewSet, TerminationViewSet
from notifications.api import DeadlineViewSet, MessageViewSet
from reviews.api import AssignmentViewSet

app_name = "api"

router = DefaultRouter()
router.include_root_view = False
router.register("organisations", OrganisationViewSet)
router.register("calls", CallViewSet)
router.register("topics", TopicViewSet)
router.register("demands", DemandViewSet)
router.register("applications", ApplicationViewSet)
router.register("claims", ClaimViewSet)
router.register("nominations", NominationViewSet)
router.register("assignments", AssignmentViewSet)
router.register("publicity", PublicityViewSet)
router.register("awards", AwardViewSet)
router.register("milestones", MilestoneViewSet)
router.register("changes", ChangeViewSet)
router.register("terminations", TerminationViewSet)
router.register("deals", DealViewSet)
router.register("appropriations", AppropriationViewSet)
router.register("instalments", InstalmentViewSet)
router.register("payments", PaymentViewSet)
router.register("refunds", RefundViewSet)
router.register("refund-receipts", RefundReceiptViewSet)
router.register("settlements", SettlementViewSet)
router.register("facilities", FacilityViewSet)
router.register("evaluations", EvaluationViewSet)
router.register("duties", DutyViewSet)
router.register("deadlines", DeadlineViewSet)
router.register("messages", MessageViewSet)

urlpatterns = [
    path("v1/me/", MeView.as_view(), name="me"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
