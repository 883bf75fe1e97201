"""Slides for a round (答辩材料): asked of each team that comes into it, replaced until the moment."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from applications import eligibility, queries, rules, slide_clocks
from applications.models import Application, RuleResult, RuleStatus
from core import workflow
from documents.actions import store
from documents.models import Document
from grants.models import SLIDES_RULES, EligibilityRule, Stage
from grants.queries import stages_of
from notifications.obligations import entered_at

ENDINGS = ("pdf", "pptx")
FIELD = "slides"
MEGABYTE = 1 << 20


def ask(*, application: Application, stage: Stage, at: datetime) -> None:
    """Called by the move into `stage`: where it asks for slides, the line waits and the clock runs."""
    if not stage.asks_slides:
        return
    until = queries.slides_until(stage, invited_at=at)
    rule = EligibilityRule.objects.filter(call_id=stage.call_id, code=SLIDES_RULES[stage.kind]).first()
    if rule is not None:
        evidence = eligibility.kept(partial(_waits, until))
        waiting = {"status": RuleStatus.MANUAL, "evidence": evidence, "checked_at": at}
        RuleResult.objects.update_or_create(application=application, rule=rule, defaults=waiting)
    slide_clocks.opened(application, stage, at=at)


def renew(*, application: Application, by, at: datetime) -> None:
    """The notice names another moment: the clock is set anew, what was too late only by it may come."""
    stage = next(row for row in stages_of(application.call) if row.kind == application.state)
    invited_at = entered_at(application, application.state, at)
    if not stage.asks_slides or (until := queries.slides_until(stage, invited_at=invited_at)) < at:
        return
    lines = RuleResult.objects.filter(
        application=application,
        rule__code=SLIDES_RULES[stage.kind],
        officer_status="",
        status__in=(RuleStatus.MANUAL, RuleStatus.FAILED),
    )
    if lines.exists():
        evidence = eligibility.kept(partial(_waits, until))
        lines.update(status=RuleStatus.MANUAL, evidence=evidence, checked_at=at)
        slide_clocks.dropped(application, by=by, at=at)
        slide_clocks.opened(application, stage, at=invited_at)


def _waits(until: datetime) -> str:
    return _("等待上传答辩材料，截止 %(time)s。") % {"time": queries.local_moment(until)}


def leave(*, application: Application, state: str, by, at: datetime) -> None:
    """Called by the move out of `state`: nobody waits any more; what did not come is no fault then."""
    if state in SLIDES_RULES:
        _settle(application, RuleStatus.NOT_APPLICABLE, hint=_ended, at=at)
        slide_clocks.dropped(application, by=by, at=at)


@transaction.atomic
def upload_slides(*, application: Application, file, name: str, by, at: datetime) -> Document:
    """Keep the slides of the round that the application is in. Raises Refused: who, when, type, size, pages.

    They are kept under a name that says whose they are by number alone: a blind reader sees it too.
    """
    current = (
        Application.objects.select_for_update(of=("self",)).select_related("call").get(pk=application.pk)
    )
    stage = next((row for row in stages_of(current.call) if row.kind == current.state), None)
    rules.check_can_present(by, current, stage, at=at)
    ending = name.rpartition(".")[2].lower()[:5]
    document = store(
        subject=current,
        kind=queries.deck_kind(stage),
        file=file,
        name=_("%(number)s-答辩材料.%(ending)s") % {"number": current.number, "ending": ending},
        by=by,
        at=at,
        endings=ENDINGS,
        max_bytes=stage.slides_megabytes and stage.slides_megabytes * MEGABYTE,
        max_pages=stage.slides_pages,
        field=FIELD,
        clause=stage.clause,
    )
    _settle(current, RuleStatus.PASSED, hint=str, at=at)
    slide_clocks.done(current, by=by, at=at)
    workflow.record(current, "presented", by=by, at=at, data={"version": document.version})
    return document


def _ended() -> str:
    return _("该环节在材料截止前已经结束。")


def _missed(until: datetime) -> str:
    return _("到 %(time)s 没有上传答辩材料。") % {"time": queries.local_moment(until)}


def _settle(application: Application, status: str, *, hint: Callable[[], str], at: datetime) -> None:
    lines = queries.slides_lines().filter(application=application)
    lines.update(status=status, evidence=eligibility.kept(hint), checked_at=at)


@transaction.atomic
def lapse_slides(*, application: Application, at: datetime) -> None:
    """No slides in time: the line says no, and the round goes on without them."""
    until = queries.slides_clock(application).due_at
    _settle(application, RuleStatus.FAILED, hint=partial(_missed, until), at=at)
    slide_clocks.dropped(application, by=None, at=at)
    workflow.record(application, "slides_missed", by=None, at=at)
