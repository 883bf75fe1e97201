"""/api/v1/assignments/: an expert's own review tasks, what there is to read, the score sheet."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from reviews import actions, queries
from reviews.models import Assignment
from reviews.serializers import (
    AssignmentReasonInput,
    AssignmentSerializer,
    DossierSerializer,
    PledgeInput,
    SheetInput,
)
from reviews.states import AssignmentState


class AssignmentViewSet(ReadOnlyModelViewSet):
    """Only one's own, even for those who see every panel in the admin."""

    queryset = Assignment.objects.none()
    serializer_class = AssignmentSerializer
    filterset_fields = ("state",)

    def get_queryset(self):
        if not self.request.user.is_authenticated:
            return Assignment.objects.none()
        rows = Assignment.objects.visible_to(self.request.user).filter(expert__user=self.request.user)
        related = ("application__call__programme", "application__topic", "application__organisation")
        return rows.select_related(*related, "expert__user", "review")

    def _answer(self, assignment) -> Response:
        # Read afresh: the action has written, and the sheet may have been made just now.
        fresh = self.get_queryset().get(pk=assignment.pk)
        return Response(AssignmentSerializer(fresh, context=self.get_serializer_context()).data)

    @staticmethod
    def _checked(form, request):
        checked = form(data=request.data)
        checked.is_valid(raise_exception=True)
        return checked

    @extend_schema(responses=DossierSerializer)
    @action(detail=True)
    def dossier(self, request, pk=None):
        """The application as this expert may read it, once the task is accepted."""
        assignment = self.get_object()
        if assignment.state not in (AssignmentState.ACCEPTED, AssignmentState.SUBMITTED):
            raise PermissionDenied
        return Response(DossierSerializer(queries.dossier(assignment).view).data)

    @extend_schema(request=PledgeInput)
    @action(detail=True, methods=["post"])
    def accept(self, request, pk=None):
        assignment = self.get_object()
        data = self._checked(PledgeInput, request).validated_data
        actions.accept(assignment=assignment, by=request.user, at=timezone.now(), **data)
        return self._answer(assignment)

    @extend_schema(request=AssignmentReasonInput)
    @action(detail=True, methods=["post"])
    def decline(self, request, pk=None):
        assignment = self.get_object()
        data = self._checked(AssignmentReasonInput, request).validated_data
        actions.decline(assignment=assignment, by=request.user, at=timezone.now(), **data)
        return self._answer(assignment)

    @extend_schema(request=SheetInput)
    @action(detail=True, methods=["post"])
    def save(self, request, pk=None):
        assignment = self.get_object()
        sheet = self._checked(SheetInput, request).sheet()
        actions.save_review(assignment=assignment, by=request.user, at=timezone.now(), **sheet)
        return self._answer(assignment)

    @extend_schema(request=SheetInput)
    @action(detail=True, methods=["post"])
    def submit(self, request, pk=None):
        assignment = self.get_object()
        sheet = self._checked(SheetInput, request).sheet()
        actions.submit_review(assignment=assignment, by=request.user, at=timezone.now(), **sheet)
        return self._answer(assignment)
