"""Appeals (复审) against a rejection at the formal check: against what, until when, and what came of it."""

from datetime import datetime

from django.contrib.contenttypes.models import ContentType

from applications.models import Appeal, Application, CheckDecision, CheckOutcome
from applications.states import ApplicationState
from core import calendar
from notifications.models import Deadline, DeadlineKind, Notice, NoticeKind


def rejection(application: Application) -> CheckDecision | None:
    """The decision of the formal check by which a rejected application ended, if it was one."""
    if application.state != ApplicationState.REJECTED:
        return None
    last = application.check_decisions.select_related("by").order_by("-id").first()
    return last if last and last.outcome == CheckOutcome.REJECTED else None


def is_appealed(decision: CheckDecision) -> bool:
    return Appeal.objects.filter(decision=decision).exists()


def received_at(decision: CheckDecision) -> datetime | None:
    """When the rejection was received (签收), or deemed so; None as long as it is not."""
    notice = _notice(decision)
    return notice.received_at if notice else decision.at


def _notice(decision: CheckDecision) -> Notice | None:
    about = ContentType.objects.get_for_model(Application)
    rows = Notice.objects.filter(
        content_type=about,
        object_id=decision.application_id,
        kind=NoticeKind.REJECTED,
        served_at__gte=decision.at,
    )
    return rows.order_by("served_at", "id").first()


def appeal_until(decision: CheckDecision) -> datetime | None:
    """The last moment to appeal; None where the notice hears no appeals.

    It counts from the receipt; before that, from the moment at which it will be deemed received. The open
    clock may say otherwise (rest days) and then rules.
    """
    call = decision.application.call
    if call.appeal_days is None:
        return None
    clock = Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(Application),
        object_id=decision.application_id,
        kind=DeadlineKind.APPEAL,
    )
    found = clock.values_list("due_at", flat=True).first()
    if found:
        return found
    notice = _notice(decision)
    start = (notice.received_at or notice.deemed_at) if notice else decision.at
    return calendar.due(start, call.appeal_days, kind=call.appeal_day_kind)


def appeals_of(application: Application) -> list[Appeal]:
    """Newest first, with the people."""
    rows = application.appeals.select_related("filed_by", "decided_by", "decision")
    return list(rows.order_by("-id"))
