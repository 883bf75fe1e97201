"""Run the rules of a call on applications handed in before: a manager sees its effect before publishing."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from applications import eligibility, queries
from applications.models import Application, RuleStatus
from applications.states import ApplicationState
from core.workflow import Refused
from desk.models import Rehearsal
from grants.models import Call, StageKind
from grants.queries import stages_of
from grants.rules import check_manages

log = logging.getLogger(__name__)

TASK = "desk.tasks.rehearse"
CHUNK = 200
MOST = 5_000
LOST_AFTER = timedelta(minutes=5)
"""Beyond the time limit; the worker that had it is gone."""
STEP_WORDS = {True: "applies", False: "skipped", None: "unknown"}
"""What a run says of the condition of a step; what lacks data is let off nothing."""
SHOWN = 200
"""Failing applications that are listed one by one."""


def samples(call: Call, source: Call | None) -> QuerySet[Application]:
    """Applications handed in to `source`, or to any call of the same programme; the newest first."""
    rows = Application.objects.exclude(state__in=(ApplicationState.DRAFT, ApplicationState.WITHDRAWN))
    rows = rows.filter(call=source) if source else rows.filter(call__programme_id=call.programme_id)
    return rows.select_related("call__programme", "organisation", "topic__owner", "project_type").order_by(
        "-id"
    )


@transaction.atomic
def start(*, call: Call, by, at: datetime, source: Call | None = None) -> Rehearsal:
    """Begin a run; a worker does the rest. Raises Refused when there is nothing to run on."""
    check_manages(by, call)
    total = min(samples(call, source).count(), MOST)
    if not total:
        raise Refused(_("没有可用于试运行的往年申报，请选择另一份通知的申报作为样本。"), field="source")
    rehearsal = Rehearsal.objects.create(call=call, source=source, started_by=by, started_at=at, total=total)
    transaction.on_commit(partial(_ask, rehearsal.pk))
    return rehearsal


def _ask(pk: int) -> None:
    """Ask a worker. Without a broker the run waits for `desk.tasks.rehearse_pending`."""
    try:
        current_app.send_task(TASK, args=[pk], ignore_result=True)
    except (OperationalError, OSError) as fault:
        log.warning("no broker, rehearsal %s is left to the schedule: %s", pk, fault)


def claim(pk: int, *, at: datetime) -> Rehearsal | None:
    """The run, for the first who asks: a message delivered twice is run once."""
    if not Rehearsal.objects.filter(pk=pk, claimed_at=None).update(claimed_at=at):
        return None
    return Rehearsal.objects.select_related("call__programme", "source").get(pk=pk)


class Tally:
    """What the rules said of the applications judged so far."""

    def __init__(self):
        self.judged = self.passed = 0
        self.failing: list[dict] = []
        self.known: dict[str, dict] = {}
        self.counts: dict[str, Counter] = {}
        self.steps: dict[str, Counter] = {}

    def add(self, application: Application, lines, steps: dict[str, bool | None]) -> None:
        codes = []
        for kind, applies in steps.items():
            self.steps.setdefault(kind, Counter())[STEP_WORDS[applies]] += 1
        for line in lines:
            self.known.setdefault(line.code, {"code": line.code, "text": line.text, "clause": line.clause})
            self.counts.setdefault(line.code, Counter())[str(line.status)] += 1
            if line.blocks:
                codes.append(line.code)
        self.judged += 1
        self.passed += not codes
        if codes and len(self.failing) < SHOWN:
            self.failing.append(_row(application, codes))

    def result(self) -> dict:
        rules = [rule | {"statuses": dict(self.counts[code])} for code, rule in self.known.items()]
        steps = [{"kind": kind, **counts} for kind, counts in self.steps.items()]
        return {"passed": self.passed, "rules": rules, "failing": self.failing, "steps": steps}


def run(rehearsal: Rehearsal, *, now) -> None:
    """Judge chunk by chunk and say how far it is. `now`: a function, since a run takes its time.

    When the worker's time is over, what was judged until then is the result, and says so.
    """
    tally, is_cut = Tally(), False
    try:
        _judge(rehearsal, tally)
    except SoftTimeLimitExceeded:
        is_cut = True
        log.warning("rehearsal %s is stopped after %s of %s", rehearsal.pk, rehearsal.done, rehearsal.total)
        if not connection.in_atomic_block:
            # It may have been stopped in the middle of a query.
            connection.close()
    rehearsal.result = tally.result() | ({"cut": True} if is_cut else {})
    rehearsal.done, rehearsal.finished_at = tally.judged, now()
    rehearsal.save(update_fields=["result", "done", "finished_at"])


def _judge(rehearsal: Rehearsal, tally: Tally) -> None:
    rows = samples(rehearsal.call, rehearsal.source)
    for begin in range(0, rehearsal.total, CHUNK):
        applications = list(rows[begin : begin + CHUNK])
        judged = eligibility.evaluate_many(applications, call=rehearsal.call)
        steps = queries.steps_tried(applications, rehearsal.call)
        for application in applications:
            tally.add(application, judged[application.pk], steps.get(application.pk, {}))
        rehearsal.done = min(begin + len(applications), rehearsal.total)
        rehearsal.save(update_fields=["done"])


def give_up(*, at: datetime) -> int:
    """Say of runs whose worker was lost or stumbled that they will not end; returns how many."""
    lost = at - timedelta(seconds=settings.LONG_TASK_SECONDS) - LOST_AFTER
    rows = Rehearsal.objects.filter(finished_at=None, claimed_at__lt=lost)
    return rows.update(finished_at=at, result={"lost": True})


def _row(application: Application, codes: list[str]) -> dict:
    return {
        "application": application.pk,
        "number": application.number,
        "title": application.title,
        "unit": application.organisation.name,
        "codes": codes,
    }


def steps(rehearsal: Rehearsal) -> list[dict]:
    """One row per step with a condition: for how many it would be, and who would be let off."""
    clauses = {stage.kind: stage for stage in stages_of(rehearsal.call)}
    return [
        {"applies": 0, "skipped": 0, "unknown": 0}
        | row
        | {"name": StageKind(row["kind"]).label, "stage": clauses.get(row["kind"])}
        for row in rehearsal.result.get("steps", [])
    ]


def table(rehearsal: Rehearsal) -> list[dict]:
    """One row per rule: how many of each status, the most failures first."""
    rows = []
    for rule in rehearsal.result.get("rules", []):
        counts = rule["statuses"]
        rows.append(
            rule
            | {
                "failed": counts.get(RuleStatus.FAILED, 0),
                "passed": counts.get(RuleStatus.PASSED, 0),
                "warning": counts.get(RuleStatus.WARNING, 0),
                "unknown": counts.get(RuleStatus.REQUIRES_DATA, 0) + counts.get(RuleStatus.MANUAL, 0),
                "other": counts.get(RuleStatus.NOT_APPLICABLE, 0) + counts.get(RuleStatus.SYSTEM_MANAGED, 0),
            }
        )
    return sorted(rows, key=lambda row: -row["failed"])
