"""How a call is judged, and where the panel of an application stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from django.db.models import Count

from applications.models import Application
from applications.queries import preferences_of
from grants.models import Call, EligibilityRule
from reviews.models import (
    Aggregation,
    Assignment,
    Criterion,
    Review,
    ReviewScheme,
)
from reviews.states import AssignmentState

CENT = Decimal("0.01")
TRIM_FROM = 5
"""Highest and lowest are dropped from this many scores on; with fewer the plain mean counts."""


def scheme_of(call: Call) -> ReviewScheme:
    """How the call is judged; the defaults when it says nothing."""
    return ReviewScheme.objects.filter(call=call).first() or ReviewScheme(call=call)


def criteria_of(call: Call) -> list[Criterion]:
    return list(Criterion.objects.filter(call=call))


def panel_of(application: Application) -> list[Assignment]:
    """Everybody ever asked, with expert and score sheet; one query."""
    rows = Assignment.objects.filter(application=application)
    return list(rows.select_related("expert__user", "expert__organisation", "review").order_by("id"))


@dataclass(frozen=True)
class Result:
    """Where the panel of one application stands. `total` counts sealed score sheets only."""

    scores: list[Decimal]
    active: int
    panel_size: int
    needs_one_more: bool
    total: Decimal | None
    spread: Decimal | None
    threshold: Decimal

    @property
    def submitted(self) -> int:
        return len(self.scores)

    @property
    def required(self) -> int:
        return self.panel_size + (1 if self.needs_one_more else 0)

    @property
    def is_complete(self) -> bool:
        """Enough score sheets, and nobody asked who has not answered."""
        return self.submitted >= self.required and self.submitted == self.active

    @property
    def is_below_threshold(self) -> bool:
        return self.total is not None and self.total < self.threshold


def aggregate(scores: Sequence[Decimal], how: str) -> Decimal | None:
    """One number out of a panel's totals, rounded half up to 0.01; None without scores."""
    if not scores:
        return None
    ordered = sorted(scores)
    if how == Aggregation.MEDIAN:
        return Decimal(median(ordered)).quantize(CENT, ROUND_HALF_UP)
    if how == Aggregation.TRIMMED and len(ordered) >= TRIM_FROM:
        ordered = ordered[1:-1]
    return (sum(ordered, Decimal(0)) / len(ordered)).quantize(CENT, ROUND_HALF_UP)


def results(applications: Iterable[Application]) -> dict[int, Result]:
    """Application id → result, three queries however many there are."""
    applications = list(applications)
    schemes = {
        scheme.call_id: scheme
        for scheme in ReviewScheme.objects.filter(call__in={a.call_id for a in applications})
    }
    scores: dict[int, list[Decimal]] = {a.pk: [] for a in applications}
    sealed = Review.objects.filter(
        assignment__application__in=scores, assignment__state=AssignmentState.SUBMITTED
    ).order_by("submitted_at", "id")
    for pk, total in sealed.values_list("assignment__application_id", "total"):
        scores[pk].append(total)
    counts = Assignment.objects.active().filter(application__in=scores).order_by()
    active = dict(counts.values_list("application_id").annotate(Count("pk")))
    return {
        a.pk: _result(schemes.get(a.call_id) or ReviewScheme(), scores[a.pk], active.get(a.pk, 0))
        for a in applications
    }


def _result(scheme: ReviewScheme, scores: list[Decimal], active: int) -> Result:
    spread = max(scores) - min(scores) if scores else None
    # The panel as it was first composed decides whether it is asked again; the extra score settles it.
    first = scores[: scheme.panel_size]
    too_far = scheme.max_spread is not None and len(first) == scheme.panel_size
    return Result(
        scores=scores,
        active=active,
        panel_size=scheme.panel_size,
        needs_one_more=bool(too_far and max(first) - min(first) > scheme.max_spread),
        total=aggregate(scores, scheme.aggregation),
        spread=spread,
        threshold=Decimal(scheme.threshold),
    )


def result(application: Application) -> Result:
    return results([application])[application.pk]


@dataclass(frozen=True)
class Ranked:
    application: Application
    result: Result
    rank: int | None
    preferences: tuple[EligibilityRule, ...] = ()
    """What of the notice's preferences it has shown (优先条件)."""


def ranking(applications: Iterable[Application]) -> list[Ranked]:
    """Best first; of equal totals whoever has more of the notice's preferences; then they share a rank.

    Without a total at the end, unranked. Four queries.
    """
    applications = list(applications)
    found, preferred = results(applications), preferences_of(applications)
    ordered = sorted(
        applications,
        key=lambda a: (-(found[a.pk].total or Decimal(-1)), -len(preferred.get(a.pk, ())), a.pk),
    )
    ranked: list[Ranked] = []
    for place, application in enumerate(ordered, start=1):
        now = found[application.pk]
        before = ranked[-1] if ranked else None
        shown = preferred.get(application.pk, ())
        tied = before and (before.result.total, len(before.preferences)) == (now.total, len(shown))
        rank = None if now.total is None else (before.rank if tied else place)
        ranked.append(Ranked(application, now, rank, shown))
    return ranked


def total_of(criteria: Sequence[Criterion], scores: dict[int, Decimal]) -> Decimal | None:
    """The weighted total 0–100 of a score sheet; None while a criterion has no score."""
    if any(criterion.pk not in scores for criterion in criteria) or not criteria:
        return None
    total = sum(
        (scores[c.pk] / c.max_score * c.weight for c in criteria),
        Decimal(0),
    )
    return total.quantize(CENT, ROUND_HALF_UP)
