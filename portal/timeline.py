"""Where an application stands and what comes next: its call's stages, its history, its deadlines."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.states import APPLICATION, ApplicationState
from core.calendar import end_of_day
from core.models import Event
from finance.models import Instalment
from finance.states import InstalmentState
from grants.models import Stage
from milestones.models import Milestone
from milestones.states import MilestoneState
from notifications.models import Deadline

S = ApplicationState

_WRITING = (S.DRAFT, S.RETURNED)
_TOLD = (S.RETURNED, S.REJECTED)
"""Moves whose note is written for the applicant."""


@dataclass(frozen=True)
class Step:
    """One step of `portal/includes/_timeline.html` or `_steps.html`."""

    title: str
    state: str
    at: datetime | None = None
    due: datetime | None = None
    by: str = ""
    note: str = ""
    clause: str = ""
    url: str = ""
    action: str = ""


def application_steps(application: Application, *, for_officer: bool, at: datetime) -> list[Step]:
    """The whole way from the form to the last payment. Three queries, five once there is an agreement."""
    reached = _reached(application)
    due = _open_deadlines(application)
    steps = [_writing_step(application, reached, due)]
    stages = _stages(application, for_officer=for_officer)
    steps += [_stage_step(application, stage, reached, due, stages=stages) for stage in stages]
    steps.append(_end_step(application, reached))
    if application.state in (S.AGREEMENT, S.AWARDED):
        steps += _project_steps(application, at=at)
    return steps


@dataclass(frozen=True)
class _StageView:
    """A stage as the reader sees it: applicants see the bureau's deliberation as one step.

    `inner` stages keep who acts and until when to the bureau: either would tell them apart again.
    """

    title: str
    states: tuple[str, ...]
    clause: str
    allowed: str
    inner: bool


def _stages(application, *, for_officer: bool) -> list[_StageView]:
    found: list[_StageView] = []
    for stage in Stage.objects.filter(call_id=application.call_id):
        label = str(S(stage.kind).label)
        title = label if for_officer else str(APPLICATION.public_label(stage.kind))
        inner = title != label
        allowed = _("%(days)s 个%(kind)s") % {"days": stage.days, "kind": stage.get_day_kind_display()}
        if found and found[-1].title == title:
            before = found.pop()
            states = (*before.states, stage.kind)
            found.append(_StageView(title, states, before.clause or stage.clause, "", inner))
        else:
            found.append(_StageView(title, (stage.kind,), stage.clause, "" if inner else allowed, inner))
    return found


def _reached(application) -> dict[str, Event]:
    """The last move into each state."""
    moves = Event.objects.about(application).exclude(to_state="").order_by("at", "id")
    return {event.to_state: event for event in moves}


def _open_deadlines(application) -> dict[str, Deadline]:
    """What is open about the application itself, by kind; the publicity and the milestones keep their own."""
    kind = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.open().filter(content_type=kind, object_id=application.pk)
    return {deadline.kind: deadline for deadline in rows}


def _who(state: str) -> str:
    labels = {**dict(Role.choices), **dict(UnitRole.choices)}
    names = [str(labels[owner]) for owner in sorted(APPLICATION.owners[state]) if owner in labels]
    return _("现在由%(who)s办理") % {"who": _("、").join(names)} if names else ""


def _writing_step(application, reached, due) -> Step:
    if application.state in _WRITING:
        event = reached.get(S.RETURNED)
        deadline = next((due[kind] for kind in ("supplement", "call_closes") if kind in due), None)
        returned = application.state == S.RETURNED
        return Step(
            title=_("补正") if returned else _("填写申报书"),
            state="current",
            at=event.at if event and returned else application.created_at,
            due=deadline.due_at if deadline else None,
            note=event.note if event and returned else "",
        )
    return Step(title=_("提交申报书"), state="done", at=application.submitted_at)


def _stage_step(application, stage: _StageView, reached, due, *, stages) -> Step:
    entered = [reached[state] for state in stage.states if state in reached]
    at = entered[0].at if entered else None
    if application.state in stage.states and stage.inner:
        return Step(title=stage.title, state="current", at=at, clause=stage.clause)
    if application.state in stage.states:
        deadline = next((due[state] for state in (*stage.states, "review_due") if state in due), None)
        return Step(
            title=stage.title,
            state="current",
            at=at,
            due=deadline.due_at if deadline else None,
            note=_who(application.state),
            clause=stage.clause,
        )
    if application.state == S.REJECTED:
        return Step(title=stage.title, state="done" if entered else "skipped", at=at)
    if _is_before(stage, application.state, stages):
        return Step(title=stage.title, state="done", at=at)
    return Step(title=stage.title, state="next", note=stage.allowed, clause=stage.clause)


def _is_before(stage: _StageView, state: str, stages: list[_StageView]) -> bool:
    """Whether the application, now in `state`, has left this stage behind."""
    if state == S.AWARDED:
        return True
    now = next((n for n, other in enumerate(stages) if state in other.states), -1)
    return stages.index(stage) < now


def _end_step(application, reached) -> Step:
    if application.state in (S.REJECTED, S.WITHDRAWN):
        event = reached.get(application.state)
        return Step(
            title=str(S(application.state).label),
            state="failed",
            at=event.at if event else None,
            note=event.note if event and application.state in _TOLD else "",
        )
    if application.state == S.AWARDED:
        event = reached.get(S.AWARDED)
        return Step(title=str(S.AWARDED.label), state="done", at=event.at if event else None)
    return Step(title=_("立项"), state="next")


_MILESTONE_STEP = {
    MilestoneState.ACCEPTED: "done",
    MilestoneState.SUBMITTED: "current",
    MilestoneState.RETURNED: "current",
    MilestoneState.FAILED: "failed",
}
_INSTALMENT_STEP = {
    InstalmentState.PAID: "done",
    InstalmentState.DUE: "current",
    InstalmentState.CANCELLED: "skipped",
}


def _project_steps(application, *, at: datetime) -> list[Step]:
    """Milestones and instalments of the agreement, each instalment after what it waits for."""
    paid_for: dict[int | None, list[Step]] = {}
    for instalment in Instalment.objects.filter(agreement__award__application=application):
        paid_for.setdefault(instalment.milestone_id, []).append(_instalment_step(instalment))
    steps = paid_for.get(None, [])
    for milestone in Milestone.objects.filter(agreement__award__application=application):
        steps.append(_milestone_step(milestone, at=at))
        steps += paid_for.get(milestone.pk, [])
    return steps


def _milestone_step(milestone: Milestone, *, at: datetime) -> Step:
    due = end_of_day(milestone.due_date)
    is_open = milestone.state in (MilestoneState.PLANNED, MilestoneState.RETURNED)
    state = _MILESTONE_STEP.get(milestone.state, "next")
    if is_open and due < at:
        state = "late"
    return Step(
        title=_("里程碑：%(name)s") % {"name": milestone.name},
        state=state,
        at=milestone.accepted_at,
        due=due if is_open else None,
        note=milestone.get_state_display(),
        clause=milestone.clause,
    )


def _instalment_step(instalment: Instalment) -> Step:
    state = _INSTALMENT_STEP.get(instalment.state, "next")
    return Step(
        title=_("拨付：%(name)s") % {"name": instalment.name},
        state=state,
        due=instalment.due_at if state == "current" else None,
        note=instalment.get_state_display(),
        clause=instalment.clause,
    )
