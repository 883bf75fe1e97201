"""Copies on paper that a notice wants besides: until when, how many came, whether they came in time."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from applications.models import (
    Application,
    CheckOutcome,
    Nomination,
    PaperReceipt,
    RuleResult,
    RuleStatus,
)
from applications.queries.scans import NOT_AWAITED_IN, scan_counts_from
from applications.states import ApplicationState, ProjectEnd
from core import calendar
from core.models import Event
from grants.models import PAPER_RULE, DayKind, PaperAfter, PaperKind, PaperSender
from grants.queries import in_force, moments_of
from notifications.models import Deadline, DeadlineKind

NO_PAPERS = dict.fromkeys(("copies", "received_at", "in_time"))
"""What rules read of copies before the first have come: nothing is known."""

NO_PAPERS_IN = (
    ApplicationState.DRAFT,
    ApplicationState.RETURNED,
    ApplicationState.WITHDRAWN,
    ApplicationState.REJECTED,
)
"""Nothing is sent of what is written anew or is over."""
AWARDED_IN = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)

WELL_ENDED = (ProjectEnd.COMPLETED, ProjectEnd.CONCLUDED)

AGAIN_DAYS = 5
"""Working days for the copies of what is handed in (again) when the moment of the notice has passed."""


def paper_until(application: Application) -> datetime | None:
    """The last moment for the copies of what was handed in; None where none are asked for (yet)."""
    call = application.call
    if call.paper_copies is None or application.submitted_at is None:
        return None
    began = _began(application)
    if began is None:
        return None
    if call.paper_until:
        until = in_force(call).paper_until or call.paper_until
        # What was recommended, examined or awarded behind the moment of the notice is not late by that.
        return until if began <= until else calendar.due(began, AGAIN_DAYS, kind=DayKind.WORKING)
    since = began
    if call.paper_after == PaperAfter.CLOSING:
        since = max(since, scan_counts_from(application))
        if call.paper_sender == PaperSender.RECOMMENDER:
            since = max(since, moments_of(call, application.intake).recommender_closes_at or since)
    return calendar.due(since, call.paper_days, kind=call.paper_day_kind)


def _began(application: Application) -> datetime | None:
    """From when they can be sent: handed in, recommended, examined or awarded, as the notice wants."""
    after = application.call.paper_after
    if after == PaperAfter.CHECK:
        passed = application.check_decisions.filter(outcome=CheckOutcome.PASSED).order_by("-id").first()
        began = passed and passed.at
    elif after == PaperAfter.ACCEPTANCE:
        began = application.ended_at if application.ended in WELL_ENDED else None
    elif after == PaperAfter.AWARD:
        moves = Event.objects.about(application).filter(to_state__in=AWARDED_IN).order_by("at")
        began = moves.values_list("at", flat=True).first()
    else:
        began = application.submitted_at
    if began and application.call.paper_sender == PaperSender.RECOMMENDER:
        places = Nomination.objects.filter(application=application, recommended_at__isnull=False)
        began = max([began, *places.values_list("recommended_at", flat=True)])
    # Handed in again later on (a supplement), they are copies of the new version.
    return began and max(began, application.submitted_at)


def paper_clock(application: Application) -> Deadline | None:
    """The last clock of the copies, whether it runs or not."""
    about = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.filter(
        content_type=about, object_id=application.pk, kind=DeadlineKind.PAPER_COPIES
    )
    return rows.order_by("-pk").first()


def paper_lines() -> QuerySet[RuleResult]:
    """The lines about copies on paper of which no officer has said anything."""
    return RuleResult.objects.filter(rule__code=PAPER_RULE, officer_status="")


def papers_asked() -> QuerySet[Application]:
    """Applications whose copies have not all come; an office sends only what it has recommended."""
    settled = (RuleStatus.PASSED, RuleStatus.NOT_APPLICABLE)
    open_lines = paper_lines().exclude(status__in=settled).order_by().values("application_id")
    later = ~Q(call__paper_after=PaperAfter.CLOSING)
    rows = Application.objects.filter(pk__in=open_lines).exclude(~later & Q(state__in=NOT_AWAITED_IN))
    rows = rows.exclude(later & Q(state__in=NO_PAPERS_IN))
    recommended = Nomination.objects.filter(application=OuterRef("pk"), recommended_at__isnull=False)
    by_office = rows.filter(call__paper_sender=PaperSender.RECOMMENDER)
    return rows.exclude(pk__in=by_office.exclude(Exists(recommended)).values("pk"))


def papers_owing() -> QuerySet[Application]:
    """Those of them whose copies are still waited for."""
    waiting = paper_lines().filter(status=RuleStatus.MANUAL).order_by().values("application_id")
    return papers_asked().filter(pk__in=waiting)


def papers_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of copies on paper that ran out."""
    rows = Deadline.objects.open().filter(kind=DeadlineKind.PAPER_COPIES, due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")


class KindOfPaper(NamedTuple):
    """One kind that is counted apart: how many are asked for, how many came."""

    kind: PaperKind
    copies: int

    @property
    def missing(self) -> int:
        return max(0, self.kind.copies - self.copies)


class Papers(NamedTuple):
    """What came on paper of the version that was handed in last, and until when it was to come."""

    asked: int
    receipts: list[PaperReceipt]
    until: datetime | None
    """None while nobody has to send anything yet."""
    kinds: list[KindOfPaper] = []
    """Where the notice counts kinds apart."""

    @property
    def copies(self) -> int:
        return sum(row.copies for row in self.receipts)

    @property
    def missing(self) -> int:
        if self.kinds:
            return sum(row.missing for row in self.kinds)
        return max(0, self.asked - self.copies)

    @property
    def received_at(self) -> date | None:
        """When the last of the copies came."""
        return max((row.received_date for row in self.receipts), default=None)

    @property
    def in_time(self) -> int:
        """Copies that did not come behind the moment by their day of arrival."""
        return self.copies - sum(row.copies for row in self.late(by_postmark=False))

    def late(self, *, by_postmark: bool) -> list[PaperReceipt]:
        """What came, or was posted, behind the moment; without a postmark the arrival counts."""
        if self.until is None:
            return []
        last = calendar.local_date(self.until)
        return [
            row
            for row in self.receipts
            if ((row.posted_date if by_postmark else None) or row.received_date) > last
        ]


def papers_of(application: Application) -> Papers | None:
    """None, without a query, where the notice wants none; at most five queries otherwise."""
    call = application.call
    if call.paper_copies is None or not application.version or papers_let_off(application):
        return None
    clock = paper_clock(application)
    rows = PaperReceipt.objects.counted().filter(application=application, version=application.version)
    receipts = list(rows.select_related("by", "kind"))
    until = clock.due_at if clock else paper_until(application)
    kinds = [
        KindOfPaper(kind, sum(row.copies for row in receipts if row.kind_id == kind.pk))
        for kind in call.paper_kinds.all()
    ]
    return Papers(call.paper_copies, receipts, until, kinds)


def came_by_kind(applications: Collection[Application]) -> dict[tuple[int, int], int]:
    """(application id, kind id) → copies that came of the versions handed in last; one query."""
    rows = PaperReceipt.objects.counted().filter(
        application__in=applications, version=F("application__version"), kind__isnull=False
    )
    sums = rows.order_by().values_list("application", "kind").annotate(total=Sum("copies"))
    return {(application, kind): total for application, kind, total in sums}


def papers_settled(application: Application) -> bool:
    """Whether the line about the copies says that all have come in time, or that none are wanted."""
    lines = RuleResult.objects.filter(application=application, rule__code=PAPER_RULE)
    settled = (RuleStatus.PASSED, RuleStatus.NOT_APPLICABLE)
    return any(line.final_status in settled for line in lines.select_related("rule"))


def let_off() -> QuerySet[RuleResult]:
    """The lines of those for whom the notice's condition on the copies does not hold."""
    return paper_lines().filter(status=RuleStatus.NOT_APPLICABLE)


def papers_let_off(application: Application) -> bool:
    """Whether the notice wants no copies of this one; no query where it wants them of all."""
    if not application.call.paper_applies_when.strip():
        return False
    return let_off().filter(application=application).exists()


def papers_asked_yet(application: Application) -> bool:
    """Whether the copies are due by now: some notices want them behind the check or the award."""
    return application.call.paper_after == PaperAfter.CLOSING or paper_until(application) is not None


def paper_facts(application: Application) -> dict:
    """What rules of a notice read of the copies."""
    papers = papers_of(application)
    if papers is None or not papers.receipts:
        return NO_PAPERS
    late = papers.late(by_postmark=application.call.paper_by_postmark)
    return {"copies": papers.copies, "received_at": papers.received_at, "in_time": not late}
