"""/api/v1/: applications (reading, starting, handing in, the desks' moves), claims and nominations."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import BooleanFilter, ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Organisation
from applications import actions, queries, rules
from applications.actions import Verdict
from applications.models import Application, Claim, Nominator
from applications.serializers import (
    AnswersInput,
    AppealInput,
    ApplicationDetailSerializer,
    ApplicationSerializer,
    ClaimDetailSerializer,
    ClaimSerializer,
    NominationDetailSerializer,
    NominationSerializer,
    NominatorInput,
    NominatorOpinionInput,
    ReasonInput,
    RejectInput,
    SignInput,
    StartInput,
    VerdictsInput,
)
from applications.states import EDITABLE, ApplicationState, shown_alike
from core.workflow import Lost
from grants.models import Call, Topic

SIGNED = {"multipart/form-data": SignInput, "application/json": SignInput}


class ApplicationFilter(FilterSet):
    """By state as the reader tells states apart."""

    state = ChoiceFilter(choices=ApplicationState.choices, method="by_state")

    class Meta:
        model = Application
        fields = ("state", "call", "topic", "organisation", "recommender", "number")

    def by_state(self, rows, name, value):
        exact = queries.of_the_bureau(self.request.user)
        return rows.filter(state__in=[value] if exact else shown_alike(value))


class ApplicationViewSet(ReadOnlyModelViewSet):
    """Who may read is `visible_to`; who may move is the action's own rule. Strangers get 404."""

    queryset = Application.objects.none()
    filterset_class = ApplicationFilter

    def get_serializer_class(self):
        return ApplicationSerializer if self.action in ("list", "mine") else ApplicationDetailSerializer

    def get_queryset(self):
        rows = Application.objects.visible_to(self.request.user)
        return rows.select_related("organisation", "topic__owner", "call__programme__department")

    def _checked(self, request, form) -> dict:
        checked = form(data=request.data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def _moved(self, application):
        return Response(ApplicationDetailSerializer(application, context=self.get_serializer_context()).data)

    @extend_schema(request=StartInput, responses=ApplicationDetailSerializer)
    def create(self, request):
        data = self._checked(request, StartInput)
        call = get_object_or_404(Call.objects.visible_to(request.user), pk=data["call"])
        topic = None
        if data["topic"]:
            topic = get_object_or_404(Topic.objects.visible_to(request.user), pk=data["topic"])
        unit = get_object_or_404(Organisation, pk=data["organisation"], pk__in=request.user.scope.units)
        outline = None
        if data["outline"]:
            outline = get_object_or_404(Application.objects.visible_to(request.user), pk=data["outline"])
        application = actions.start(
            call=call, topic=topic, organisation=unit, outline=outline, by=request.user, at=timezone.now()
        )
        response = self._moved(application)
        response.status_code = status.HTTP_201_CREATED
        return response

    @extend_schema(responses=ApplicationSerializer(many=True))
    @action(detail=False)
    def drafts(self, request):
        """One's own that can still be written."""
        rows = queries.own_applications(request.user).filter(state__in=EDITABLE, team__user=request.user)
        page = self.paginate_queryset(rows)
        shown = ApplicationSerializer(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    @extend_schema(request=AnswersInput, responses={200: dict})
    @action(detail=True, methods=["patch"])
    def answers(self, request, pk=None):
        """Store answers; says which could not be read. Nothing is lost."""
        data = self._checked(request, AnswersInput)
        faults = actions.save_answers(
            application=self.get_object(), answers=data["answers"], by=request.user, at=timezone.now()
        )
        return Response({"faults": faults})

    @extend_schema(request=None, responses={200: ApplicationDetailSerializer, 422: dict})
    @action(detail=True, methods=["post"])
    def submit(self, request, pk=None):
        """Hand in; a refusal names every problem."""
        application = self.get_object()
        try:
            actions.submit(application=application, by=request.user, at=request.received_at)
        except rules.Incomplete as refused:
            return Response(_problems(refused), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return self._moved(application)

    @extend_schema(request=ReasonInput, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk=None):
        return self._with_reason(request, actions.withdraw)

    @extend_schema(request=SIGNED, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"], url_path="unit-approve")
    def unit_approve(self, request, pk=None):
        """The unit agrees, with what the step of the notice asks of it (`asked` of the application)."""
        return self._signed(request, actions.unit_approve, "note")

    @extend_schema(request=ReasonInput, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"], url_path="unit-return")
    def unit_return(self, request, pk=None):
        return self._with_reason(request, actions.unit_return)

    @extend_schema(request=SIGNED, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"])
    def recommend(self, request, pk=None):
        """The recommender's opinion, with what the step of the notice asks of it."""
        return self._signed(request, actions.recommend, "opinion")

    @extend_schema(request=None, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"], url_path="pass")
    def pass_check(self, request, pk=None):
        application = self.get_object()
        actions.pass_formal_check(application=application, by=request.user, at=timezone.now())
        return self._moved(application)

    @extend_schema(request=ReasonInput, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"], url_path="return")
    def give_back(self, request, pk=None):
        return self._with_reason(request, actions.return_for_supplement)

    @extend_schema(request=RejectInput, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk=None):
        application = self.get_object()
        data = self._checked(request, RejectInput)
        actions.reject(application=application, by=request.user, at=timezone.now(), **data)
        return self._moved(application)

    @extend_schema(request=AppealInput, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"])
    def appeal(self, request, pk=None):
        """Appeal (复审) against a rejection at the formal check; files are sent on the page."""
        application = self.get_object()
        grounds = self._checked(request, AppealInput)["grounds"]
        actions.appeal(application=application, grounds=grounds, by=request.user, at=timezone.now())
        return self._moved(application)

    @extend_schema(request=None, responses=ApplicationDetailSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request, pk=None):
        """Open for mending what was handed in, while the call is open."""
        application = self.get_object()
        actions.take_back(application=application, by=request.user, at=timezone.now())
        return self._moved(application)

    @extend_schema(request=None, responses=ClaimDetailSerializer)
    @action(detail=True, methods=["post"])
    def claim(self, request, pk=None):
        """Begin to decide its claim row by row, or go on: the lines of what was last handed in."""
        application = self.get_object()
        claim = actions.begin_claim(application=application, by=request.user, at=timezone.now())
        return Response(ClaimDetailSerializer(claim, context=self.get_serializer_context()).data)

    def _signed(self, request, move, opinion):
        application, data = self.get_object(), self._checked(request, SignInput)
        given = {opinion: data.pop("opinion"), "signed": rules.Signed(**data)}
        move(application=application, by=request.user, at=timezone.now(), **given)
        return self._moved(application)

    def _with_reason(self, request, move):
        application = self.get_object()
        reason = self._checked(request, ReasonInput)["reason"]
        move(application=application, reason=reason, by=request.user, at=timezone.now())
        return self._moved(application)


class ClaimViewSet(ReadOnlyModelViewSet):
    """Claims decided row by row (逐笔核定): the bureau's own, and decided ones of what one may read."""

    queryset = Claim.objects.none()
    filterset_fields = ("application", "application__call")

    def get_serializer_class(self):
        return ClaimSerializer if self.action == "list" else ClaimDetailSerializer

    def get_queryset(self):
        rows = Claim.objects.visible_to(self.request.user)
        return rows.select_related("application__call", "application__project_type", "submission")

    @extend_schema(request=VerdictsInput, responses=ClaimDetailSerializer)
    @action(detail=True, methods=["post"])
    def judge(self, request, pk=None):
        """Accept, reduce or refuse lines; all of them or, when one is refused, none."""
        claim = self.get_object()
        if queries.claim_of(claim.application) != claim:
            raise Lost(_("申报书重新提交过，请核定新的明细。"), code="lost")
        checked = VerdictsInput(data=request.data)
        checked.is_valid(raise_exception=True)
        lines = checked.validated_data["lines"]
        verdicts = {
            line["number"]: Verdict(line["result"], line["reason"], line["approved"]) for line in lines
        }
        actions.judge_claim(
            application=claim.application,
            verdicts=verdicts,
            seen={line["number"]: line["version"] for line in lines},
            by=request.user,
            at=timezone.now(),
        )
        return Response(self.get_serializer(self.get_object()).data)


class NominationFilter(FilterSet):
    mine = BooleanFilter(method="by_person", label="asked of the reader")
    call = NumberFilter(field_name="application__call")

    class Meta:
        model = Nominator
        fields = ("application", "call", "state", "mine")

    def by_person(self, rows, name, value):
        return rows.filter(user=self.request.user) if value else rows.exclude(user=self.request.user)


class NominationViewSet(ReadOnlyModelViewSet):
    """Nominations (专家提名): asked of the reader, or of applications that the reader may see."""

    queryset = Nominator.objects.none()
    filterset_class = NominationFilter

    def get_serializer_class(self):
        return NominationSerializer if self.action == "list" else NominationDetailSerializer

    def get_queryset(self):
        rows = Nominator.objects.visible_to(self.request.user)
        return rows.select_related("application__call__programme", "application__organisation", "user")

    def _shown(self, nominator, status=status.HTTP_200_OK):
        found = self.get_queryset().get(pk=nominator.pk)
        shown = NominationDetailSerializer(found, context=self.get_serializer_context())
        return Response(shown.data, status=status)

    def _checked(self, form) -> dict:
        checked = form(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    @extend_schema(request=NominatorInput, responses={201: NominationDetailSerializer})
    def create(self, request):
        """Ask a person, by the name and e-mail address of their account; the team's."""
        data = self._checked(NominatorInput)
        rows = Application.objects.visible_to(request.user)
        application = get_object_or_404(rows, pk=data["application"])
        nominator = actions.ask_nominator(
            application=application,
            user=queries.person_asked(data["email"], data["name"]),
            leads=data["leads"],
            by=request.user,
            at=timezone.now(),
        )
        return self._shown(nominator, status.HTTP_201_CREATED)

    @extend_schema(request=NominatorOpinionInput, responses=NominationDetailSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request, pk=None):
        """Nominate what was handed in; the person's alone."""
        nominator = self.get_object()
        opinion = self._checked(NominatorOpinionInput)["opinion"]
        actions.sign_nomination(nominator=nominator, opinion=opinion, by=request.user, at=timezone.now())
        return self._shown(nominator)

    @extend_schema(request=ReasonInput, responses=NominationDetailSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request, pk=None):
        """Not to nominate, or to take a signature back; the team reads the reason."""
        nominator = self.get_object()
        reason = self._checked(ReasonInput)["reason"]
        actions.decline_nomination(nominator=nominator, reason=reason, by=request.user, at=timezone.now())
        return self._shown(nominator)

    @extend_schema(request=None, responses=NominationDetailSerializer)
    @action(detail=True, methods=["post"])
    def lead(self, request, pk=None):
        """Who leads those that nominate; the team's, until the leader has signed."""
        nominator = self.get_object()
        actions.name_leader(nominator=nominator, by=request.user, at=timezone.now())
        return self._shown(nominator)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def drop(self, request, pk=None):
        """Ask the person no longer; the team's, while there is no signature."""
        actions.drop_nominator(nominator=self.get_object(), by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _problems(refused) -> dict:
    """The one shape of an error, with every problem beside the first."""
    return {
        "error": {
            "code": refused.code,
            "message": refused.message,
            "field": refused.field,
            "clause": refused.clause,
            "problems": [
                {"field": problem.field, "clause": problem.clause, "message": problem.message}
                for problem in refused.problems
            ],
        }
    }
