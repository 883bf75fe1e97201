"""Slides that a round asks of the teams it invites: until when, who owes them, what came."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from applications.models import Application, RuleResult, RuleStatus
from core import calendar
from documents.models import Document
from grants.models import SLIDES_RULES, Stage
from grants.queries import in_force
from grants.system_rules import slides_limits
from notifications.models import Deadline, DeadlineKind

DECKS = tuple(SLIDES_RULES.values())
"""Kinds of documents under which slides are kept: the codes of their lines."""


def deck_kind(stage: Stage) -> str:
    return SLIDES_RULES[stage.kind]


def slides_moment(stage: Stage) -> datetime | None:
    """The moment that the notice names for all teams, as it stands."""
    now = in_force(stage.call)
    if stage.slides_until is None or now.pk == stage.call_id:
        return stage.slides_until
    moments = (row.slides_until for row in now.stages.all() if row.kind == stage.kind)
    return next(moments, None) or stage.slides_until


def slides_until(stage: Stage, *, invited_at: datetime) -> datetime:
    """The moment that the notice names, or the end of its days from the invitation.

    Who is invited only after that moment has the days of the round.
    """
    named = slides_moment(stage)
    if named and named > invited_at:
        return named
    return calendar.due(invited_at, slides_days(stage), kind=stage.day_kind)


def slides_days(stage: Stage) -> int:
    return stage.slides_days or stage.days


def slides_clock(application: Application) -> Deadline | None:
    """The last clock of slides of an application, whether it runs or not."""
    about = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.filter(content_type=about, object_id=application.pk, kind=DeadlineKind.SLIDES)
    return rows.order_by("-pk").first()


def slides_lines() -> QuerySet[RuleResult]:
    """The lines of slides that are waited for: the round that asked is the one the application is in."""
    return RuleResult.objects.filter(
        rule__code__in=SLIDES_RULES.values(), status=RuleStatus.MANUAL, officer_status=""
    )


def slides_owing() -> QuerySet[Application]:
    """Applications whose slides are waited for."""
    return Application.objects.filter(pk__in=slides_lines().order_by().values("application_id"))


def slides_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of slides that ran out."""
    rows = Deadline.objects.open().filter(kind=DeadlineKind.SLIDES, due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")


class Deck(NamedTuple):
    """What one round asked of one team, and what came of it."""

    stage: Stage
    line: RuleResult
    clock: Deadline | None
    document: Document | None

    @property
    def is_missing(self) -> bool:
        return self.line.status == RuleStatus.FAILED

    @property
    def is_awaited(self) -> bool:
        return self.line.status == RuleStatus.MANUAL

    @property
    def limits(self) -> str:
        return slides_limits(self.stage)


def decks_of(application: Application, lines: Collection[RuleResult] | None = None) -> list[Deck]:
    """Every round that asked this team for slides, by the `lines` read already.

    One query where none did (none when there are lines), three more where one did.
    """
    codes = set(SLIDES_RULES.values())
    if lines is None:
        lines = application.rule_results.filter(rule__code__in=codes).select_related("rule")
    asked = {line.rule.code: line for line in lines if line.rule.code in codes}
    if not asked:
        return []
    clock = slides_clock(application)
    files = {}
    for file in Document.objects.about(application).filter(kind__in=DECKS).order_by("version"):
        files[file.kind] = file
    found = []
    for stage in application.call.stages.all():
        if (line := asked.get(SLIDES_RULES.get(stage.kind))) is not None:
            is_last = stage.kind == application.state or len(asked) == 1
            found.append(Deck(stage, line, clock if is_last else None, files.get(deck_kind(stage))))
    return found
