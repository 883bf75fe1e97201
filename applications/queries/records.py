"""Lists, history, clocks, files and rule results of applications."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application, JointOpinion, RuleResult, RuleStatus, Submission
from applications.states import ENDED, ApplicationState, shown_alike
from core.models import Event
from documents.models import Document
from grants.models import Call, EligibilityRule, Severity
from grants.queries import closing, stages_of
from notifications.models import Deadline, DeadlineKind

ORDER = ["-id"]


def of_the_bureau(user) -> bool:
    """Whether a person reads how far the bureau's own deliberation has come."""
    return user.scope.sees_everything or bool(user.scope.departments) or user.has_role(Role.FINANCE)


def applications(user, *, q: str = "", state: str = ""):
    """What a person may see, as list rows; a state stands for all that applicants read alike."""
    return _chosen(Application.objects.visible_to(user), q=q, state=state)


def _chosen(rows, *, q: str = "", state: str = "", call: Call | None = None):
    rows = rows.select_related("call__programme", "organisation", "topic", "intake")
    if q:
        rows = rows.filter(
            Q(title__icontains=q)
            | Q(number__icontains=q)
            | Q(call__title__icontains=q)
            | Q(organisation__name__icontains=q)
        )
    if state:
        rows = rows.filter(state__in=shown_alike(state))
    if call is not None:
        rows = rows.filter(call__series=call.series)
    return rows


def own_applications(user, **chosen):
    """Those of one's teams and of the units one administers."""
    return _chosen(Application.objects.own_to(user), **chosen)


ALL = "all"
"""At a desk: whatever the state; without a choice what waits there is shown."""
DESK_ORDERS = {
    "": ["-id"],
    "oldest": ["submitted_at"],
    "amount": ["-requested_amount"],
    "unit": ["organisation__name"],
}


def _at_desk(rows, waiting: str, *, state: str = "", **chosen):
    rows = _chosen(rows, state="" if state == ALL else state, **chosen)
    return rows if state else rows.filter(state=waiting)


def waiting_for_unit(user, **chosen):
    """What an administrator has handed in for the units: waiting ones unless a state is asked for."""
    rows = Application.objects.visible_to(user).filter(
        organisation_id__in=user.scope.admin_units, submitted_at__isnull=False
    )
    return _at_desk(rows, ApplicationState.UNIT_REVIEW, **chosen)


def of_regions(user, **chosen):
    """What a recommender has to do with, by name or by region: waiting ones unless a state is asked for."""
    own = Q(recommender_id__in=user.scope.recommender_organisations)
    joint = JointOpinion.objects.of_offices(user)
    joint = joint if chosen.get("state") else joint.waiting()
    own |= Q(pk__in=joint.order_by().values("application_id"))
    for prefix in user.scope.regions:
        own |= Q(recommender__isnull=True, organisation__region__startswith=prefix)
    rows = Application.objects.visible_to(user).filter(own)
    return _at_desk(rows, ApplicationState.RECOMMENDATION, **chosen)


def calls_among(rows):
    """The calls of these applications, newest first, each series once."""
    newest = Call.objects.filter(pk__in=rows.order_by().values("call_id")).order_by("series", "-version")
    return Call.objects.filter(pk__in=newest.distinct("series").values("pk")).order_by("-pk")


def latest_submission(application: Application) -> Submission | None:
    return application.submissions.select_related("by").order_by("-version").first()


def events(application: Application):
    return Event.objects.about(application)


TOLD = (
    ApplicationState.UNIT_REVIEW,
    ApplicationState.RECOMMENDATION,
    ApplicationState.RETURNED,
    ApplicationState.REJECTED,
    ApplicationState.WITHDRAWN,
)
"""Moves whose note is written for the applicant; what the bureau notes to itself stays inside."""


def history(application: Application) -> list[dict]:
    """Steps of the way as an applicant reads them, newest first: the bureau's deliberation is one step."""
    steps: list[dict] = []
    for event in events(application).exclude(to_state="").order_by("at", "id"):
        title = str(application.machine.public_label(event.to_state))
        if not steps or steps[-1]["title"] != title:
            note = event.note if event.to_state in TOLD else ""
            steps.append({"title": title, "state": "done", "at": event.at, "note": note})
    if steps:
        goes_on = application.machine.transitions.get(application.state) and application.state not in ENDED
        steps[-1]["state"] = "current" if goes_on else "done"
    return steps[::-1]


def returned_from(application: Application) -> str:
    """The stage that sent a returned application back; it goes there again."""
    last = _last_return(application)
    return last.from_state if last else ApplicationState.FORMAL_CHECK


def _last_return(application) -> Event | None:
    return events(application).filter(to_state=ApplicationState.RETURNED).order_by("-at", "-id").first()


def returns(application: Application, *, before: datetime | None = None) -> list[Event]:
    """Every time it was sent back, the newest first; `before` a version, what that version answers."""
    rows = events(application).filter(to_state=ApplicationState.RETURNED)
    rows = rows.filter(at__lte=before) if before else rows
    return list(rows.order_by("-at", "-id")[:10])


def copyable(application: Application, user):
    """Earlier applications of the same unit and programme that a person may copy from, newest first."""
    own = Application.objects.own_to(user).exclude(pk=application.pk)
    alike = own.filter(
        organisation_id=application.organisation_id, call__programme_id=application.call.programme_id
    )
    return alike.select_related("call").order_by("-pk")


def last_return(application: Application) -> Event | None:
    """Who returned a returned application, when and why; None in any other state."""
    return _last_return(application) if application.state == ApplicationState.RETURNED else None


def supplement_deadline(application: Application) -> Deadline | None:
    """Until when a returned application may be handed in again."""
    return _open_deadlines(application).filter(kind=DeadlineKind.SUPPLEMENT).first()


def _open_deadlines(application):
    return Deadline.objects.open().filter(
        content_type__app_label="applications", content_type__model="application", object_id=application.pk
    )


def due_of(application: Application, *, at: datetime):
    """Until when the team may hand in: the closing of the call or the end of a supplement, if any."""
    if application.state == ApplicationState.RETURNED:
        deadline = supplement_deadline(application)
        return deadline.due_at if deadline else None
    return closing(application.call, application.topic, project_type=application.project_type, at=at)


def lapsed_drafts(at):
    """Drafts whose closing moment has passed and whose clock still runs."""
    clocks = Deadline.objects.open().filter(
        content_type__app_label="applications",
        content_type__model="application",
        kind=DeadlineKind.CALL_CLOSES,
        due_at__lt=at,
    )
    return Application.objects.filter(pk__in=clocks.values("object_id"), state=ApplicationState.DRAFT)


PUBLIC_DEADLINES = (
    DeadlineKind.CALL_CLOSES,
    DeadlineKind.SUPPLEMENT,
    DeadlineKind.UNIT_REVIEW,
    DeadlineKind.RECOMMENDATION,
    DeadlineKind.FORMAL_CHECK,
    DeadlineKind.STAMPED_SCAN,
    DeadlineKind.PAPER_COPIES,
    DeadlineKind.SLIDES,
    DeadlineKind.APPEAL,
)


def public_deadlines(application: Application) -> list[Deadline]:
    """Open clocks that an applicant may know of."""
    return list(_open_deadlines(application).filter(kind__in=PUBLIC_DEADLINES).order_by("due_at"))


def documents_of(application: Application):
    return Document.objects.about(application).select_related("created_by")


def latest_documents(application: Application) -> dict[str, Document]:
    """Kind → the latest version; one query."""
    return {document.kind: document for document in documents_of(application).order_by("kind", "version")}


def unresolved(application: Application, lines: list[RuleResult] | None = None) -> list[RuleResult]:
    """Rule results that still need a person or say no; `lines` when they have been read already."""
    found = rule_results(application) if lines is None else lines
    return [line for line in found if line.final_status not in SETTLED]


SETTLED = ("passed", "warning", "not_applicable", "system_managed")


def rule_results(application: Application) -> list[RuleResult]:
    return list(application.rule_results.select_related("rule", "officer").order_by("rule__order"))


def local_moment(value) -> str:
    """A moment as people read it, in Beijing time."""
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S}"


def is_decided(call, state: str) -> bool:
    """Whether a step of the call stands behind the decision."""
    kinds = [stage.kind for stage in stages_of(call)]
    return ApplicationState.DECISION in kinds[: kinds.index(state)] if state in kinds else False


def preferences_of(applications: Collection[Application]) -> dict[int, tuple[EligibilityRule, ...]]:
    """Application id → the preferences of the notice that it has shown, as officers left them; one query."""
    lines = RuleResult.objects.filter(
        Q(officer_status=RuleStatus.PASSED) | Q(officer_status="", status=RuleStatus.PASSED),
        application__in=[a.pk for a in applications],
        rule__severity=Severity.PREFERENCE,
    )
    found: dict[int, tuple[EligibilityRule, ...]] = {}
    for line in lines.select_related("rule").order_by("rule__order"):
        found[line.application_id] = (*found.get(line.application_id, ()), line.rule)
    return found
