"""From stage to stage: one move, the old clock met, the new one opened."""

from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from applications import notifications, queries, signals, team_clocks
from applications.actions import paper_copies, presenting
from applications.actions.joining import follow_joint
from applications.actions.nominating import follow_nominators, judge_nominators
from applications.actions.tabling import follow_tables
from applications.models import Application
from applications.queries import CHOSEN
from applications.states import OFFICE, ApplicationState
from core import workflow
from core.workflow import Refused
from grants.models import Stage
from grants.queries import stages_of
from notifications.models import NoticeKind

ENDS = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)
OUTCOMES = (
    ApplicationState.PUBLICITY,
    ApplicationState.AGREEMENT,
    ApplicationState.AWARDED,
    ApplicationState.RESERVED,
    ApplicationState.REJECTED,
    *OFFICE,
)


def stage_for(application: Application, state: str) -> Stage | None:
    return next((stage for stage in stages_of(application.call) if stage.kind == state), None)


def stage_behind(*, application: Application, state: str | None, by, at: datetime) -> Stage | None:
    """The step behind `state` (None: the first) that applies; what is passed over is written down.

    Raises ValueError when the call has no step `state`.
    """
    ahead = queries.ahead(application, state)
    for stage in ahead.skipped:
        # Kept as it was said to everybody, whatever language the person reads who moved it on.
        with translation.override(settings.LANGUAGE_CODE):
            words = {"stage": stage.get_kind_display(), "clause": stage.clause}
            if stage.clause:
                note = _("“%(stage)s”不适用：条件不成立（%(clause)s）") % words
            else:
                note = _("“%(stage)s”不适用：条件不成立") % words
        workflow.record(application, "skipped", by=by, at=at, note=note, data={"step": stage.kind})
    return ahead.stage


def office_behind(*, application: Application, state: str, by, at: datetime) -> str | None:
    """The step of the bureau that directly follows `state` behind the decision, if one does and applies."""
    try:
        stage = stage_behind(application=application, state=state, by=by, at=at)
    except ValueError:
        return None
    return stage.kind if stage and stage.kind in OFFICE else None


@transaction.atomic
def enter(*, application: Application, state: str, by, at: datetime, note: str = "", **fields) -> None:
    """Move to `state`, close the clock of the stage left and open that of the stage entered.

    Raises Refused when the table does not allow the move, Lost when somebody was faster.
    """
    old = application.state
    workflow.move(application, state, by=by, at=at, note=note, **fields)
    if state in ENDS:
        presenting.leave(application=application, state=old, by=by, at=at)
        notifications.all_cancelled(application, by=by, at=at)
        follow_tables(application=application, by=by, at=at)
        follow_nominators(application=application, by=by, at=at)
        follow_joint(application=application, old=old, by=by, at=at)
        signals.went_on.send(sender=Application, application=application, by=by, at=at)
        return
    notifications.stage_done(application, old, by=by, at=at)
    presenting.leave(application=application, state=old, by=by, at=at)
    if state in CHOSEN:
        notifications.open_second_step(application, at=at)
    if state == ApplicationState.FORMAL_CHECK:
        judge_nominators(application=application, by=by, at=at)
    stage = stage_for(application, state)
    if stage and not notifications.stage_goes_on(application, state, by=by, at=at):
        notifications.open_stage(application, stage, at=at)
        presenting.ask(application=application, stage=stage, at=at)
    paper_copies.ask_later(application=application, old=old, at=at)
    notifications.tell_next(application, at=at)
    team_clocks.opened(application, at=at)
    follow_joint(application=application, old=old, by=by, at=at)
    signals.went_on.send(sender=Application, application=application, by=by, at=at)


@transaction.atomic
def advance(*, application: Application, by, at: datetime, note: str = "") -> str:
    """On to the next stage of the call; returns the new state. Raises Refused when there is none."""
    try:
        stage = stage_behind(application=application, state=application.state, by=by, at=at)
    except ValueError:
        stage = None
    if stage is None:
        raise Refused(_("“%(state)s”之后没有下一个环节。") % {"state": application.get_state_display()})
    enter(application=application, state=stage.kind, by=by, at=at, note=note)
    return stage.kind


@transaction.atomic
def set_outcome(*, application: Application, state: str, by, at: datetime, note: str = "") -> None:
    """The outcome that awards decide, up to award, library or refusal. Tells the applicant."""
    if state not in OUTCOMES:
        raise ValueError(f"not an outcome: {state}")
    enter(application=application, state=state, by=by, at=at, note=note)
    if state == ApplicationState.REJECTED:
        notifications.serve_team(application, NoticeKind.NOT_AWARDED, "rejected", at=at, reason=note)
    else:
        label = str(application.machine.public_label(state))
        notifications.tell_team(application, "outcome", at=at, state=label)


def set_standing(
    *, application: Application, amount: Decimal | None, grade: str, score: Decimal | None
) -> None:
    """What was decided, for those who count it or come from it: 元 (None: no money, 备选), grade, score."""
    told = {"granted_amount": amount, "granted_grade": grade, "final_score": score}
    Application.objects.filter(pk=application.pk).update(**told)
    for name, value in told.items():
        setattr(application, name, value)


def set_acceptance(*, application: Application, code: str) -> None:
    """With which conclusion of its notice it was accepted: what rules read of records (`accepted_as`)."""
    Application.objects.filter(pk=application.pk).update(accepted_as=code)
    application.accepted_as = code


def set_finish(*, application: Application, finish_date: date) -> None:
    """By which day the agreement wants the funded project to be through; an extension moves it."""
    Application.objects.filter(pk=application.pk).update(finish_date=finish_date)
    application.finish_date = finish_date


@transaction.atomic
def end_project(*, application: Application, end: str, by, at: datetime) -> None:
    """How the funded project ended (`states.ProjectEnd`): from now on it is no parallel project any more."""
    changed = Application.objects.filter(pk=application.pk, ended="").update(ended=end, ended_at=at)
    if changed:
        application.ended, application.ended_at = end, at
        workflow.record(application, "ended", by=by, at=at, data={"end": end})
        paper_copies.ask_later(application=application, old=application.state, at=at)
        signals.went_on.send(sender=Application, application=application, by=by, at=at)
