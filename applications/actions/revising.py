"""Experts suggest, the team revises the same application, and the step goes on (修改后再评审)."""

from datetime import datetime

from django.db import transaction

from applications import notifications, queries, rules
from applications.actions import presenting
from applications.actions.taking_back import keep, put_back
from applications.models import Application, TakenBack
from applications.queries.revising import revisable_items
from applications.rules import revising
from applications.states import ApplicationState
from core import calendar, workflow
from core.calendar import DayKind
from notifications.models import NoticeKind


def _locked(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",))
    return rows.select_related("call__programme__department", "organisation").get(pk=application.pk)


@transaction.atomic
def ask_revision(
    *, application: Application, suggestions: str, by, at: datetime, due_at: datetime | None = None
) -> None:
    """Send the team what experts suggest, without names: what the step names may change until `due_at`.

    The version before is kept, and read until the next one comes. Raises Refused, Lost.
    """
    current = _locked(application)
    stage = revising.check_can_ask_revision(by, current)
    rules.check_reason(suggestions, field="suggestions")
    due_at = due_at or calendar.due(at, stage.revision_days, kind=DayKind.CALENDAR)
    revising.check_due(due_at, at=at)
    keep(application=current, by=by, at=at)
    items = revisable_items(current, stage)
    data = {"items": items, "revises": stage.revises}
    workflow.move(current, ApplicationState.RETURNED, by=by, at=at, note=suggestions.strip(), data=data)
    notifications.stage_done(current, stage.kind, by=by, at=at)
    presenting.leave(application=current, state=stage.kind, by=by, at=at)
    notifications.open_supplement(current, due_at=due_at, reason=suggestions.strip(), at=at)
    words = {"reason": suggestions.strip(), "items": items, "until": queries.local_moment(due_at)}
    notifications.serve_team(current, NoticeKind.RETURNED, "returned", at=at, **words)
    application.state = current.state


@transaction.atomic
def go_on_unrevised(*, application: Application, by, at: datetime) -> None:
    """Nothing came in time: the version before goes on, as it was. Raises Refused, Lost."""
    current = _locked(application)
    revising.check_can_go_on(by, current, at=at)
    kept = TakenBack.objects.get(application=current)
    notifications.draft_done(current, by=by, at=at)
    notifications.acted_on(current, NoticeKind.RETURNED, by=by, at=at)
    workflow.record(current, "revision_given_up", by=by, at=at)
    put_back(application=current, kept=kept, at=at)
    application.state = current.state
