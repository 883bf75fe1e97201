"""What decisions, notices and agreements read."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.kinds import CERTIFICATES
from accounts.models import OrganisationFact
from applications import eligibility
from applications.models import Application, Participant, ParticipantRole
from applications.queries import claim_of, claim_scheme, gives_money, passed_over
from applications.states import ApplicationState
from awards.models import Agreement, Award, Decision, Outcome, Publicity, PublicityItem
from awards.states import AgreementState, ObjectionState
from core import calendar
from grants.models import AwardGrade, Call, Intake, ProjectType, ReplacedWhose, Replacement, StageKind
from grants.queries import moment_ahead, stages_of
from grants.states import CallState
from reviews import queries as reviews
from reviews.models import DemanderChoice

ORDER = ("-id",)


def certificates():
    """Certificates with an end that a unit with a running project holds, the last of each kind."""
    running = Agreement.objects.filter(
        state=AgreementState.IN_FORCE, award__application__organisation_id=OuterRef("organisation_id")
    )
    same = OrganisationFact.objects.filter(organisation_id=OuterRef("organisation_id"), kind=OuterRef("kind"))
    later = same.filter(
        Q(valid_to__isnull=True, valid_from__gte=OuterRef("valid_from"))
        | Q(valid_to__gt=OuterRef("valid_to"))
        | Q(valid_to=OuterRef("valid_to"), pk__gt=OuterRef("pk"))
    )
    rows = OrganisationFact.objects.filter(
        Exists(running), ~Exists(later), kind__in=CERTIFICATES, valid_to__isnull=False
    )
    return rows.select_related("organisation")


def running_agreement(organisation_id: int) -> Agreement | None:
    """One running project of a unit, the newest: its department hears of expiring certificates."""
    rows = Agreement.objects.filter(
        state=AgreementState.IN_FORCE, award__application__organisation_id=organisation_id
    )
    return rows.select_related("award__application__call__programme__department").order_by("-id").first()


# ---- decisions ----


def final_decision(application: Application) -> Decision | None:
    """What was decided for good: to fund or to reject."""
    return Decision.objects.filter(application=application).exclude(outcome=Outcome.RESERVE).first()


def latest_decisions(applications: Iterable[Application]) -> dict[int, Decision]:
    """Application id → its latest decision; one query."""
    rows = Decision.objects.filter(application__in=[a.pk for a in applications]).select_related("grade")
    return {decision.application_id: decision for decision in rows.order_by("at", "id")}


def cap_of(application: Application) -> Decimal | None:
    """The lowest of the cap (of the type or the call) and the topic's amount; None when neither limits.

    A call without public money (撮合、场景等), and a type without (自筹类), has the cap 0.
    """
    if not gives_money(application):
        return Decimal(0)
    cap = eligibility.terms_of(application, application.call).cap
    limits = [cap, application.topic.amount if application.topic_id else None]
    return min((limit for limit in limits if limit is not None), default=None)


def limit_of(application: Application) -> Decimal:
    """The most that can be granted: what was asked for, within the cap."""
    cap = cap_of(application)
    requested = application.requested_amount
    return requested if cap is None else min(cap, requested)


def due_of(application: Application) -> Decimal:
    """The amount that follows where the rows of a claim are decided one by one, else the most allowed."""
    claim = claim_of(application) if claim_scheme(application.call) else None
    return limit_of(application) if claim is None or claim.amount is None else claim.amount


def graded(application: Application, grade: AwardGrade) -> QuerySet[Decision]:
    """The other awards of a grade in any version of the notice that have not fallen away."""
    fell_away = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)
    rows = Decision.objects.filter(
        application__call__series=application.call.series, grade__code=grade.code, outcome=Outcome.FUND
    )
    return rows.exclude(application__state__in=fell_away).exclude(application=application)


def choices_of(applications: Iterable[Application]) -> dict[int, DemanderChoice]:
    """Topic id → what its demand side chose; one query."""
    topics = {a.topic_id for a in applications} - {None}
    rows = DemanderChoice.objects.current().filter(topic__in=topics).select_related("application")
    return {choice.topic_id: choice for choice in rows}


def has_stage(call: Call, kind: str) -> bool:
    return any(stage.kind == kind for stage in stages_of(call))


@dataclass(frozen=True)
class Row:
    """One line of the decision desk: rank by score beside the demander's own choice."""

    ranked: reviews.Ranked
    choice: DemanderChoice | None
    decision: Decision | None
    limit: Decimal
    unranked: str = ""
    """Why it has no place: the notice passed the expert review over, by which clause."""

    @property
    def application(self) -> Application:
        return self.ranked.application

    @property
    def result(self) -> reviews.Result:
        return self.ranked.result

    @property
    def is_chosen(self) -> bool:
        return self.choice is not None and self.choice.application_id == self.application.pk

    @property
    def is_passed_over(self) -> bool:
        return self.choice is not None and self.choice.application_id != self.application.pk


def desk(applications: Iterable[Application]) -> list[Row]:
    """Best score first, for one call or topic; behind them whom the notice lets off the expert review.

    Six queries, however many rows; one more where the review is for some only.
    """
    applications = list(applications)
    let_off = passed_over(applications, StageKind.EXPERT_REVIEW)
    choices, decisions = choices_of(applications), latest_decisions(applications)
    return [
        Row(
            ranked=ranked,
            choice=choices.get(ranked.application.topic_id),
            decision=decisions.get(ranked.application.pk),
            limit=limit_of(ranked.application),
            unranked=let_off.get(ranked.application.pk, "") if ranked.result.total is None else "",
        )
        for ranked in reviews.ranking(applications)
    ]


def competitors(application: Application, states: Collection[str] = (ApplicationState.DECISION,)) -> QuerySet:
    """What it is ranked among: bids for its topic, or the call's of its batch, that stand for decision."""
    rows = Application.objects.filter(call_id=application.call_id, state__in=states)
    if application.topic_id:
        rows = rows.filter(topic_id=application.topic_id)
    if application.intake_id:
        rows = rows.filter(intake__code=application.intake.code)
    return rows.select_related("organisation", "call", "topic")


# ---- publicity ----


def publishable(call: Call) -> QuerySet:
    """Applications of a call decided for funding and not published yet."""
    funded = Decision.objects.filter(outcome=Outcome.FUND).values("application_id")
    return (
        Application.objects.filter(call=call, state=ApplicationState.DECISION, pk__in=funded)
        .select_related("organisation", "intake")
        .order_by("number", "id")
    )


def items_running(publicity: Publicity) -> list[PublicityItem]:
    """Lines whose application still stands proposed."""
    rows = publicity.items.filter(application__state=ApplicationState.PUBLICITY)
    return list(rows.select_related("application__call__programme", "application__organisation"))


def open_objections(publicity: Publicity) -> QuerySet:
    return publicity.objections.filter(state=ObjectionState.FILED)


def overdue_publicities(today: date) -> QuerySet:
    """Notices whose last day has passed, still open."""
    return Publicity.objects.filter(ends_date__lt=today, state="running").order_by("id")


# ---- agreements ----


def agreements(user, *, q: str = "", state: str = "") -> QuerySet:
    rows = Agreement.objects.visible_to(user).select_related(
        "award__application__organisation", "award__application__call__programme"
    )
    if q:
        rows = rows.filter(award__application__title__icontains=q) | rows.filter(award__number__icontains=q)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by(*ORDER)


def replacements_by(award: Award) -> QuerySet[Replacement]:
    """Lines of other notices that are about an award of this programme, or of this notice; one query."""
    call = award.application.call
    same = Call.objects.filter(series=call.series, title=OuterRef("title"))
    rows = Replacement.objects.filter(Q(title="") | Exists(same), plan=call.programme.slug)
    rows = rows.exclude(call__series=call.series).exclude(call__state=CallState.DRAFT)
    return rows.select_related("call").order_by("call_id", "order")


def giving_way(term: Replacement, award: Award) -> QuerySet[Application]:
    """Applications of the notice (of the version with the line) that the award is about."""
    winner = award.application
    rows = Application.objects.filter(call_id=term.call_id).exclude(pk=winner.pk)
    if term.whose == ReplacedWhose.UNIT:
        return rows.filter(organisation_id=winner.organisation_id)
    if term.whose == ReplacedWhose.PROJECT:
        return rows.filter(pk=winner.follows_id or 0)
    leads = Participant.objects.current().filter(role=ParticipantRole.PI)
    key = leads.filter(application=winner).exclude(person_key="").values("person_key")
    return rows.filter(pk__in=leads.filter(person_key__in=key).values("application_id"))


def replaced_by(term: Replacement, award: Award) -> QuerySet[Agreement]:
    """Awards of the notice that give way, held: signed or not, and not ended."""
    rows = Agreement.objects.select_for_update(of=("self",)).filter(
        award__application__in=giving_way(term, award),
        state__in=[AgreementState.DRAFT, AgreementState.UNIT_SIGNED, AgreementState.IN_FORCE],
    )
    related = ("award__application__call__programme__department", "award__application__organisation")
    return rows.select_related(*related).order_by("pk")


def award_facts(agreement: Agreement) -> dict:
    """What rules of later moments and forms of reports read of an award (`grants.rules.AWARD`)."""
    award = agreement.award
    return {
        "amount": award.amount,
        "number": award.number,
        "grade": award.grade.code if award.grade_id else "",
        "starts_date": agreement.starts_date,
        "ends_date": agreement.ends_date,
    }


def signing_until(call: Call, at: datetime) -> datetime:
    """The moment that the notice names for all, or its days from the award."""
    moment = moment_ahead(call, StageKind.AGREEMENT, at=at)
    return moment or calendar.due(at, call.signing_days, kind=calendar.DayKind.CALENDAR)


def losing_bids(application: Application) -> QuerySet:
    """The other bids for the same topic that are still in the race."""
    rest = (ApplicationState.EXPERT_REVIEW, ApplicationState.DEMANDER_CHOICE, ApplicationState.DECISION)
    rows = Application.objects.filter(topic_id=application.topic_id, state__in=rest)
    return rows.exclude(pk=application.pk).select_related("call__programme", "organisation")


def proposed_or_awarded(topic_id: int) -> int:
    """How many bids of a topic are proposed or awarded."""
    taken = (ApplicationState.PUBLICITY, ApplicationState.AGREEMENT, ApplicationState.AWARDED)
    return Application.objects.filter(topic_id=topic_id, state__in=taken).count()


def funded_in(call: Call, kind: ProjectType | None, batch: Intake | None = None):
    """What was decided to be funded in any version of a notice, of one type or of all; fallen away: not.

    With a batch (批次): of that one alone.
    """
    funded = Decision.objects.filter(application=OuterRef("pk"), outcome=Outcome.FUND)
    rows = Application.objects.filter(Exists(funded), call__series=call.series)
    if kind is not None:
        rows = rows.filter(project_type__code=kind.code)
    if batch is not None:
        rows = rows.filter(intake__code=batch.code)
    return rows.exclude(state__in=(ApplicationState.REJECTED, ApplicationState.WITHDRAWN))


def needs_publicity(call: Call) -> bool:
    return has_stage(call, StageKind.PUBLICITY)
