"""/api/v1/milestones/: lists and the moves of a milestone; /api/v1/changes/, /api/v1/terminations/."""

from django.http import Http404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from core.api import KeysetPagination
from core.parsers import SoundJSONParser
from milestones import actions, queries
from milestones.models import Change, Milestone, Termination
from milestones.serializers import (
    ChangeSerializer,
    ConclusionInput,
    HandInInput,
    MilestoneSerializer,
    OpinionInput,
    TerminationSerializer,
)


class MilestoneFilter(filters.FilterSet):
    due_before = filters.DateFilter(field_name="due_date", lookup_expr="lt")
    due_after = filters.DateFilter(field_name="due_date", lookup_expr="gte")
    programme = filters.CharFilter(field_name="agreement__award__application__call__programme__slug")

    class Meta:
        model = Milestone
        fields = ("state", "kind", "agreement", "code")


class ByDue(KeysetPagination):
    ordering = ("due_date", "id")


class MilestoneViewSet(ReadOnlyModelViewSet):
    """Who may read is `visible_to`; who may move is the action's own rule."""

    queryset = Milestone.objects.none()
    serializer_class = MilestoneSerializer
    filterset_class = MilestoneFilter
    pagination_class = ByDue

    def get_queryset(self):
        rows = Milestone.objects.visible_to(self.request.user)
        return queries.with_project(rows).prefetch_related("indicators", "reports")

    def _checked(self, form) -> dict:
        checked = form(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def _answer(self, milestone):
        return Response(self.get_serializer(self.get_queryset().get(pk=milestone.pk)).data)

    def _report(self, milestone):
        report = queries.latest_report(milestone)
        if report is None:
            raise Http404
        return report

    @extend_schema(request={"multipart/form-data": HandInInput})
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, FormParser, SoundJSONParser])
    def hand_in(self, request, pk=None):
        """The team hands its evidence in."""
        milestone = self.get_object()
        actions.hand_in(milestone=milestone, **self._checked(HandInInput), by=request.user, at=timezone.now())
        return self._answer(milestone)

    @extend_schema(request=OpinionInput)
    @action(detail=True, methods=["post"])
    def give_opinion(self, request, pk=None):
        """The demand side's opinion on the latest hand-in."""
        milestone = self.get_object()
        actions.give_opinion(
            report=self._report(milestone),
            **self._checked(OpinionInput),
            by=request.user,
            at=timezone.now(),
        )
        return self._answer(milestone)

    @extend_schema(request=ConclusionInput)
    @action(detail=True, methods=["post"])
    def conclude(self, request, pk=None):
        """The manager's conclusion on the latest hand-in."""
        milestone = self.get_object()
        actions.conclude(
            report=self._report(milestone),
            **self._checked(ConclusionInput),
            by=request.user,
            at=timezone.now(),
        )
        return self._answer(milestone)


class ChangeViewSet(ReadOnlyModelViewSet):
    """What projects ask to change and what became of it; asked on the portal, decided in the admin."""

    queryset = Change.objects.none()
    serializer_class = ChangeSerializer
    filterset_fields = ("state", "kind", "way", "agreement")

    def get_queryset(self):
        return Change.objects.visible_to(self.request.user).select_related("agreement__award__application")


class TerminationViewSet(ReadOnlyModelViewSet):
    """Projects ended before their time, and what is asked or proposed; decided in the admin."""

    queryset = Termination.objects.none()
    serializer_class = TerminationSerializer
    filterset_fields = ("state", "end", "ground", "agreement")

    def get_queryset(self):
        return Termination.objects.visible_to(self.request.user).select_related(
            "agreement__award__application"
        )
