"""The stamped scan that a notice asks for: until when, who owes it, whether it came too late."""

from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from applications.models import Application, RuleResult, RuleStatus
from applications.states import ApplicationState
from core import calendar
from grants.models import SCAN_RULE
from grants.queries import closing, in_force, moments_of, topic_in
from notifications.models import Deadline, DeadlineKind

S = ApplicationState
NOT_AWAITED_IN = (
    S.DRAFT,
    S.RETURNED,
    S.REJECTED,
    S.WITHDRAWN,
    S.RESERVED,
    S.PUBLICITY,
    S.AGREEMENT,
    S.AWARDED,
)
"""What is written anew has no scan yet; behind the decision none is waited for."""


def scan_kind(version: int) -> str:
    """The kind of document under which the stamped scan of a version is kept."""
    return f"sealed_v{version}"


def scan_counts_from(application: Application) -> datetime:
    """The closing of the notice as it stands, or the moment of handing in where later, or nothing closes."""
    call = in_force(application.call)
    closes_at = closing(call, topic_in(call, application.topic))
    if application.intake_id:
        closes_at = moments_of(application.call, application.intake).closes_at
    moments = [closes_at, application.submitted_at]
    return max(moment for moment in moments if moment)


def scan_until(application: Application) -> datetime | None:
    """The last moment for the stamped scan of what was handed in; None where none is asked for."""
    call = application.call
    if call.scan_days is None or application.submitted_at is None:
        return None
    return calendar.due(scan_counts_from(application), call.scan_days, kind=call.scan_day_kind)


def scan_closed_at(application: Application) -> datetime | None:
    """When the clock of the scan ends or ended, as it was set for this version (moved off a rest day)."""
    about = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.filter(
        content_type=about, object_id=application.pk, kind=DeadlineKind.STAMPED_SCAN
    )
    return rows.order_by("-pk").values_list("due_at", flat=True).first()


def scan_lines() -> QuerySet[RuleResult]:
    """The lines about a stamped scan that nobody has settled: it is waited for."""
    return RuleResult.objects.filter(
        rule__code=SCAN_RULE, rule__call__scan_days__isnull=False, status=RuleStatus.MANUAL, officer_status=""
    )


def scans_owing() -> QuerySet[Application]:
    """Applications whose stamped scan is waited for."""
    waiting = scan_lines().order_by().values("application_id")
    return Application.objects.filter(pk__in=waiting).exclude(state__in=NOT_AWAITED_IN)


def scans_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of stamped scans that ran out; no longer than a page of work at once."""
    rows = Deadline.objects.open().filter(kind=DeadlineKind.STAMPED_SCAN, due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")
