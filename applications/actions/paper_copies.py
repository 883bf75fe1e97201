"""Copies on paper: asked for with handing in or recommending, counted as they come, missed behind the end."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from applications import eligibility, paper_clocks, queries, rules
from applications.models import Application, PaperReceipt, RuleResult, RuleStatus
from applications.questions import localised
from applications.states import ApplicationState
from core import workflow
from core.workflow import Lost
from grants.models import PAPER_RULE, EligibilityRule, PaperAfter, PaperKind

JUST_NOW = timedelta(minutes=1)
"""The same once more within this time is a second click."""


def ask_papers(*, application: Application, at: datetime) -> None:
    """Called when an application was handed in, or recommended: the line waits and the clock runs."""
    call = application.call
    if call.paper_copies is None or _runs(application) or _lets_off(application, at=at):
        return
    if call.paper_after != PaperAfter.CLOSING:
        # Asked for already, they are wanted of the new version; else the check or the award asks for them.
        asked = queries.paper_lines().filter(application=application)
        if asked.update(status=RuleStatus.MANUAL):
            _wait(application, at=at)
        return
    if not queries.papers_owing().filter(pk=application.pk).exists():
        return
    _wait(application, at=at)


def _lets_off(application: Application, *, at: datetime) -> bool:
    """The notice wants copies of some only: of the others the line says so, and nobody owes any."""
    if queries.papers_apply(application):
        # A condition that lacks data lets nobody off.
        unsure = queries.paper_lines().filter(application=application, status=RuleStatus.REQUIRES_DATA)
        unsure.update(status=RuleStatus.MANUAL)
        return False
    _settle(application, RuleStatus.NOT_APPLICABLE, str, at=at)
    paper_clocks.dropped(application, by=None, at=at)
    return True


def ask_later(*, application: Application, old: str, at: datetime) -> None:
    """Called by each move, `old` being the state left, and at the end of a project: the line is made."""
    call, state = application.call, application.state
    passed = old == ApplicationState.FORMAL_CHECK and state not in queries.NO_PAPERS_IN
    awarded = state in queries.AWARDED_IN and old not in queries.AWARDED_IN
    accepted = application.ended in queries.WELL_ENDED
    begins = {
        PaperAfter.CHECK: passed,
        PaperAfter.AWARD: awarded,
        PaperAfter.ACCEPTANCE: accepted,
    }
    if call.paper_copies is None or not begins.get(call.paper_after):
        return
    rule = EligibilityRule.objects.filter(call_id=call.pk, code=PAPER_RULE).first()
    if rule is None:
        return
    waiting = {"status": RuleStatus.MANUAL, "evidence": {}, "checked_at": at}
    RuleResult.objects.get_or_create(application=application, rule=rule, defaults=waiting)
    if _lets_off(application, at=at):
        return
    if queries.papers_of(application).missing:
        _wait(application, at=at)


def _wait(application: Application, *, at: datetime) -> None:
    _settle(application, RuleStatus.MANUAL, partial(_waits, *_awaited(application)), at=at)
    paper_clocks.dropped(application, by=None, at=at)
    paper_clocks.opened(application, at=at)


def _awaited(application: Application) -> tuple[int, datetime]:
    return application.call.paper_copies, queries.paper_until(application)


def _waits(copies: int, until: datetime) -> str:
    return _("等待纸质材料 %(copies)s 份，截止 %(time)s。") % {
        "copies": copies,
        "time": queries.local_moment(until),
    }


def _settle(application: Application, status: str, hint: Callable[[], str], *, at: datetime) -> None:
    """What the line of the formal check says of the copies; an officer's word of it stays."""
    lines = queries.paper_lines().filter(application=application)
    lines.update(status=status, evidence=eligibility.kept(hint), checked_at=at)


@transaction.atomic
def receive_papers(
    *,
    application: Application,
    copies: int,
    received_date: date,
    posted_date: date | None = None,
    kind: PaperKind | None = None,
    note: str = "",
    by,
    at: datetime,
) -> PaperReceipt:
    """Record that copies came, in time or not. Raises Refused: who, which day, how many."""
    current = _held(application)
    rules.check_can_receive_papers(by, current)
    rules.check_paper_kind(current, kind)
    rules.check_papers(current, copies, received_date, posted_date, at=at)
    twice = PaperReceipt.objects.counted().filter(
        application=current,
        version=current.version,
        kind=kind,
        copies=copies,
        received_date=received_date,
        by=by,
    )
    if twice.filter(at__gt=at - JUST_NOW).exists():
        raise Lost(_("刚刚已由您登记过同样的收件。"), code="lost")
    receipt = PaperReceipt.objects.create(
        application=current,
        version=current.version,
        kind=kind,
        copies=copies,
        received_date=received_date,
        posted_date=posted_date,
        note=note.strip()[:200],
        by=by,
        at=at,
    )
    workflow.record(current, "paper_received", by=by, at=at, note=note, data={"copies": copies})
    _judge(current, by=by, at=at)
    return receipt


@transaction.atomic
def void_papers(*, receipt: PaperReceipt, by, at: datetime) -> None:
    """Take back what was recorded by mistake. Raises Refused; Lost when it has been taken back already."""
    current = _held(receipt.application)
    rules.check_can_receive_papers(by, current)
    changed = PaperReceipt.objects.counted().filter(pk=receipt.pk).update(void_by=by, void_at=at)
    if not changed:
        raise Lost(_("这次收件已经撤销。"), code="lost")
    workflow.record(current, "paper_voided", by=by, at=at, data={"copies": receipt.copies})
    _judge(current, by=by, at=at)


@transaction.atomic
def excuse_papers(*, application: Application, reason: str, by, at: datetime) -> None:
    """The officer goes on without copies that did not come, with a reason. Raises Refused."""
    current = _held(application)
    rules.check_can_excuse_papers(by, current)
    rules.check_reason(reason)
    lines = RuleResult.objects.filter(application=current, rule__code=PAPER_RULE)
    said = {"officer_status": RuleStatus.PASSED, "officer_note": reason.strip()}
    lines.update(**said, officer=by, officer_at=at)
    workflow.record(current, "paper_excused", by=by, at=at, note=reason.strip())
    paper_clocks.done(current, by=by, at=at)


def _held(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("call", "organisation")
    return rows.get(pk=application.pk)


def _judge(application: Application, *, by, at: datetime) -> None:
    """The line, the clock and the notice's own conditions follow what has come."""
    papers, call = queries.papers_of(application), application.call
    late = papers.late(by_postmark=call.paper_by_postmark)
    if papers.missing and papers.until and at <= papers.until:
        hint = partial(_lacks, papers, *_awaited(application))
        _settle(application, RuleStatus.MANUAL, hint, at=at)
        if not _runs(application) and queries.papers_owing().filter(pk=application.pk).exists():
            paper_clocks.opened(application, at=at)
    elif papers.missing:
        _settle(application, _failing(application), partial(_short, papers), at=at)
        paper_clocks.dropped(application, by=by, at=at)
    else:
        status = _failing(application) if late else RuleStatus.PASSED
        _settle(application, status, partial(_came_late, late, papers.until) if late else str, at=at)
        paper_clocks.done(application, by=by, at=at)
    _judge_conditions(application, at=at)


def _runs(application: Application) -> bool:
    clock = queries.paper_clock(application)
    return clock is not None and clock.state == "open"


def _failing(application: Application) -> str:
    return RuleStatus.WARNING if application.call.paper_warns else RuleStatus.FAILED


def _lacks(papers, copies: int, until: datetime) -> str:
    hint = _("已收到 %(copies)s 份，还缺 %(missing)s 份。")
    return hint % {"copies": papers.copies, "missing": _missing(papers)} + _waits(copies, until)


def _came_late(late, until: datetime) -> str:
    return _("%(date)s 收到的 %(copies)s 份晚于截止时间 %(time)s。") % {
        "date": late[-1].received_date,
        "copies": sum(row.copies for row in late),
        "time": queries.local_moment(until),
    }


def _short(papers) -> str:
    return _("到 %(time)s 收到纸质材料 %(copies)s 份，应为 %(asked)s 份。") % {
        "time": queries.local_moment(papers.until),
        "copies": papers.copies,
        "asked": papers.asked,
    }


def _missing(papers) -> str:
    """How many are missing; of kinds that are counted apart, of which."""
    lacking = [f"{localised(row.kind, 'name')} {row.missing}" for row in papers.kinds if row.missing]
    return "、".join(lacking) if lacking else str(papers.missing)


def _judge_conditions(application: Application, *, at: datetime) -> None:
    """Conditions that read the copies are judged anew; the others stay as they were handed in."""
    rows = application.rule_results.filter(officer_status="", rule__expression__contains="paper.")
    lines = {row.rule_id: row for row in rows}
    if not lines:
        return
    spoken = eligibility.evaluate_for_good(application, eligibility.seen_of(application))
    for line, english in zip(*spoken.values(), strict=True):
        row = lines.get(line.rule.pk) if line.rule else None
        if row is not None:
            row.status, row.checked_at = line.status, at
            row.evidence = eligibility.evidence_in_both(line, english)
    RuleResult.objects.bulk_update(lines.values(), ["status", "evidence", "checked_at"])


@transaction.atomic
def lapse_papers(*, application: Application, at: datetime) -> None:
    """Not all copies in time: the line says so, and what follows is the notice's (no, or a warning)."""
    _settle(application, _failing(application), partial(_short, queries.papers_of(application)), at=at)
    paper_clocks.dropped(application, by=None, at=at)
    workflow.record(application, "paper_missed", by=None, at=at)


def renew_papers(*, application: Application, by, at: datetime) -> None:
    """The notice names another moment: what was too late only by it may come."""
    until = queries.paper_until(application)
    waits = RuleResult.objects.filter(application=application, rule__code=PAPER_RULE, officer_status="")
    if until is None or until < at or not waits.exclude(status=RuleStatus.PASSED).exists():
        return
    _settle(application, RuleStatus.MANUAL, partial(_waits, *_awaited(application)), at=at)
    paper_clocks.dropped(application, by=by, at=at)
    paper_clocks.opened(application, at=at)
    if queries.papers_of(application).receipts:
        _judge(application, by=by, at=at)
