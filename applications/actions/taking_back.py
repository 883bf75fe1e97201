"""Before the call closes a team takes back what it handed in, mends it and hands it in again (撤回修改).

What stood there is kept. Handed in again, the next version counts; when the call closes without that, the
kept content is put back and the application stands where it was.
"""

import json
from datetime import datetime

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from applications import notifications, paper_clocks, rules, scan_clocks, signals
from applications.actions.amending import follow_amendment
from applications.actions.flow import stage_for
from applications.actions.joining import follow_joint
from applications.actions.nominating import follow_nominators
from applications.actions.paper_copies import ask_papers
from applications.actions.scanning import ask_scan
from applications.actions.tabling import follow_tables
from applications.models import (
    Answer,
    Application,
    BudgetLine,
    Participant,
    Partner,
    ProposedMilestone,
    TakenBack,
)
from applications.states import ApplicationState
from core import workflow
from grants.models import Amendment
from grants.queries import in_force

CONTENT = (Answer, Participant, BudgetLine, ProposedMilestone, Partner)
FIELDS = (
    "call_id",
    "topic_id",
    "project_type_id",
    "recommender_id",
    "title",
    "summary",
    "starts_date",
    "ends_date",
    "requested_amount",
    "own_amount",
)


@transaction.atomic
def take_back(*, application: Application, by, at: datetime) -> None:
    """Open what was handed in for mending. Raises Refused (who, when), Lost."""
    current = (
        Application.objects.select_for_update(of=("self",)).select_related("call").get(pk=application.pk)
    )
    rules.check_can_take_back(by, current, at=at)
    keep(application=current, by=by, at=at)
    old = current.state
    workflow.move(current, ApplicationState.DRAFT, by=by, at=at)
    notifications.stage_dropped(current, old, by=by, at=at)
    scan_clocks.dropped(current, by=by, at=at)
    paper_clocks.dropped(current, by=by, at=at)
    follow_tables(application=current, by=by, at=at)
    follow_nominators(application=current, by=by, at=at)
    follow_joint(application=current, old=old, by=by, at=at)
    notice = in_force(current.call)
    if notice.pk == current.call_id:
        notifications.open_draft(current, at=at)
    else:
        # The notice was amended since: what is handed in again is judged by it as it stands.
        summary = Amendment.objects.get(call=notice).summary
        follow_amendment(application=current, call=notice, summary=summary, by=by, at=at)
    application.state = current.state


def keep(*, application: Application, by, at: datetime) -> None:
    """What stands there now, to be put back when no new version comes."""
    rows = [row for model in CONTENT for row in model.objects.filter(application=application).order_by("pk")]
    fields = {name: getattr(application, name) for name in FIELDS}
    TakenBack.objects.create(
        application=application,
        from_state=application.state,
        rows=json.loads(serializers.serialize("json", rows)),
        fields=json.loads(json.dumps(fields, cls=DjangoJSONEncoder)),
        by=by,
        at=at,
    )


def put_back(*, application: Application, kept: TakenBack, at: datetime) -> None:
    """No new version came in time: the one before counts, in its step, with a new clock."""
    for model in reversed(CONTENT):
        model.objects.filter(application=application).delete()
    for row in serializers.deserialize("python", kept.rows):
        row.save()
    Application.objects.filter(pk=application.pk).update(**kept.fields)
    application.refresh_from_db()
    state = kept.from_state
    kept.delete()
    workflow.move(application, state, by=None, at=at)
    workflow.record(application, "restored", by=None, at=at)
    stage = stage_for(application, state)
    if stage:
        notifications.open_stage(application, stage, at=at)
    ask_scan(application=application, at=at)
    ask_papers(application=application, at=at)
    follow_tables(application=application, by=None, at=at)
    follow_nominators(application=application, by=None, at=at)
    follow_joint(application=application, old=ApplicationState.DRAFT, by=None, at=at)
    signals.went_on.send(sender=Application, application=application, by=None, at=at)
    notifications.tell_team(application, "restored", at=at, version=application.version)
