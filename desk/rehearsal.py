"""Run the rules of a call on applications handed in before: a manager sees its effect before publishing."""

import logging
from collections import Counter
from datetime import datetime
from functools import partial

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from applications import eligibility
from applications.models import Application, RuleStatus
from applications.states import ApplicationState
from core.workflow import Refused
from desk.models import Rehearsal
from grants.models import Call
from grants.rules import check_manages

log = logging.getLogger(__name__)

TASK = "desk.tasks.rehearse"
CHUNK = 200
MOST = 5_000
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


def run(rehearsal: Rehearsal, *, now) -> None:
    """Judge chunk by chunk and say how far it is. `now`: a function, since a run takes its time."""
    call = rehearsal.call
    rows = samples(call, rehearsal.source)
    tally: dict[str, Counter] = {}
    known: dict[str, dict] = {}
    failing: list[dict] = []
    passed = 0
    for begin in range(0, rehearsal.total, CHUNK):
        applications = list(rows[begin : begin + CHUNK])
        judged = eligibility.evaluate_many(applications, call=call)
        for application in applications:
            codes = []
            for line in judged[application.pk]:
                known.setdefault(line.code, {"code": line.code, "text": line.text, "clause": line.clause})
                tally.setdefault(line.code, Counter())[str(line.status)] += 1
                if line.blocks:
                    codes.append(line.code)
            passed += not codes
            if codes and len(failing) < SHOWN:
                failing.append(_row(application, codes))
        rehearsal.done = min(begin + len(applications), rehearsal.total)
        rehearsal.save(update_fields=["done"])
    rules = [known[code] | {"statuses": dict(tally[code])} for code in known]
    rehearsal.result = {"passed": passed, "rules": rules, "failing": failing}
    rehearsal.finished_at = now()
    rehearsal.save(update_fields=["result", "finished_at"])


def _row(application: Application, codes: list[str]) -> dict:
    return {
        "application": application.pk,
        "number": application.number,
        "title": application.title,
        "unit": application.organisation.name,
        "codes": codes,
    }


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
