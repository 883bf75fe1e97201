"""The order in which a recommender puts applications (推荐排序), and the letters that it writes (推荐函)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from applications import letters, queries, quotas, ranking
from applications.actions.tabling import ask_recommender, take_letter
from applications.models import Application, Nomination, RecommendationLetter
from applications.queries import Office
from core import calendar, workflow
from core.sent import number
from core.workflow import Lost, Refused
from documents.actions import store
from documents.models import Document
from grants.actions import next_number
from grants.models import Call
from grants.queries import number_prefix

ENDINGS = ("pdf", "jpg", "jpeg", "png")
SCAN = "sealed"
FIELD = "scan"
ASIDE = 10_000
"""More than a recommender ever has of one call."""


def _hold(series, office: Office) -> None:
    """One change of an order at a time."""
    quotas.hold(f"order:{series}:{office.organisation_id}:{office.region}")


def _write(series, office: Office, order: Sequence[Application | int]) -> None:
    """Give the applications these places, behind those that letters have sealed.

    Places of applications that wait no longer are given up.
    """
    rows = Nomination.objects.filter(series=series, **office.as_fields())
    rows.exclude(pk__in=queries.places(series, office).values("pk")).delete()
    sealed = rows.filter(letter__isnull=False).order_by("-rank").first()
    first = sealed.rank + 1 if sealed else 1
    movable = rows.filter(letter__isnull=True)
    # Out of the way first: two rows may pass each other, and no rank stands twice at any moment.
    movable.update(rank=F("rank") + ASIDE)
    known = {row.application_id: row for row in movable}
    fresh = []
    for rank, pk in enumerate(order, start=first):
        if pk in known:
            known[pk].rank = rank
        else:
            place = Nomination(application_id=pk, series=series, rank=rank, **office.as_fields())
            fresh.append(place)
    Nomination.objects.bulk_update([known[pk] for pk in order if pk in known], ["rank"])
    Nomination.objects.bulk_create(fresh)


@transaction.atomic
def set_order(
    *,
    call: Call,
    office: Office,
    order: Sequence[int],
    start: int = 0,
    length: int | None = None,
    by,
    at: datetime,
) -> None:
    """Put what no letter has sealed into this order (ids of applications, each once).

    With `start` and `length` only what stands on that page. Raises Refused (who, when); Lost when the list,
    or the page, holds others by now.
    """
    ranking.check_can_rank(by, call, office, at=at)
    _hold(call.series, office)
    lines = queries.order_of(by, call, office)
    stop = len(lines) if length is None else start + length
    before, page, after = (
        [line.application.pk for line in part if line.may_move]
        for part in (lines[:start], lines[start:stop], lines[stop:])
    )
    if sorted(order) != sorted(page):
        raise Lost(_("列表刚刚有变化，请按现在的列表重新排序。"), code="lost")
    _write(call.series, office, [*before, *order, *after])


@transaction.atomic
def move_in_order(*, call: Call, office: Office, application: Application, to: str, by, at: datetime) -> None:
    """One place up or down, to the top, or to a place of the whole list: "up", "down", "top", "17".

    Raises Refused, Lost.
    """
    ranking.check_can_rank(by, call, office, at=at)
    _hold(call.series, office)
    lines = queries.order_of(by, call, office)
    order = [line.application.pk for line in lines if line.may_move]
    if application.pk not in order:
        raise Lost(_("列表刚刚有变化，请按现在的列表重新排序。"), code="lost")
    old = order.index(application.pk)
    # What letters have sealed stands first and keeps its places.
    asked = number(to) - 1 - (len(lines) - len(order)) if to.isdecimal() else old
    new = {"up": old - 1, "down": old + 1, "top": 0}.get(to, asked)
    order.insert(min(max(new, 0), len(order) - 1), order.pop(old))
    _write(call.series, office, order)


def keep_place(*, application: Application, by, at: datetime) -> None:
    """What was recommended has its place in the office's order: the one it had, or the last."""
    office = queries.office_for(by, application) if by is not None else None
    if office is None:
        return
    series = application.call.series
    _hold(series, office)
    rows = Nomination.objects.filter(series=series, **office.as_fields())
    last = rows.order_by("-rank").values_list("rank", flat=True).first() or 0
    Nomination.objects.update_or_create(
        application=application,
        **office.as_fields(),
        defaults={"recommended_at": at, "recommended_by": by},
        create_defaults={"series": series, "rank": last + 1, "recommended_at": at, "recommended_by": by},
    )


@transaction.atomic
def issue_letter(
    *, call: Call, office: Office, dated: date | None = None, own_number: str = "", by, at: datetime
) -> RecommendationLetter:
    """Write the letter about everything recommended that stands in none: it keeps its places from now on.

    Raises Refused when there is nothing to list.
    """
    ranking.check_is_of_office(by, office)
    _hold(call.series, office)
    order = queries.order_of(by, call, office)
    ready = [line for line in order if line.may_move and line.recommended_at]
    if not ready:
        raise Refused(_("没有已推荐而未列入推荐函的申报书。"), code="empty")
    dated = dated or calendar.local_date(at)
    if dated > calendar.local_date(at):
        raise Refused(_("推荐函的日期不能在今天之后。"), field="dated")
    # Recommended ones come first, in their order; what waits follows.
    rest = [line for line in order if line.may_move and not line.recommended_at]
    _write(call.series, office, [line.application.pk for line in (*ready, *rest)])
    lines = list(queries.without_letter(call, office))
    number = next_number(f"{number_prefix(call)}-TJ")
    content = letters.content_of(call, office, lines, number=number)
    letter = RecommendationLetter.objects.create(
        call=call,
        number=number,
        own_number=own_number.strip(),
        dated=dated,
        content=content,
        sha256=queries.sha256_of(content),
        count=len(lines),
        requested_total=sum(line.application.requested_amount for line in lines),
        by=by,
        at=at,
        **office.as_fields(),
    )
    Nomination.objects.filter(pk__in=[line.pk for line in lines]).update(letter=letter)
    workflow.record(letter, "issued", by=by, at=at, data={"count": letter.count})
    return letter


@transaction.atomic
def void_letter(*, letter: RecommendationLetter, reason: str, by, at: datetime) -> None:
    """Take a letter back: what it listed can be ordered again. Raises Refused, Lost."""
    current = RecommendationLetter.objects.select_for_update(of=("self",)).select_related("call")
    current = current.get(pk=letter.pk)
    ranking.check_can_void(by, current, at=at)
    if not reason.strip():
        raise Refused(_("请写明作废的理由。"), field="reason")
    _hold(current.call.series, Office(current.recommender_id, current.region))
    listed = Application.objects.filter(nominations__letter=current).select_related("call")
    stale = list(listed) if queries.is_scanned(current.pk) else []
    current.lines.update(letter=None)
    RecommendationLetter.objects.filter(pk=current.pk).update(
        voided_at=at, voided_by=by, void_reason=reason.strip()
    )
    workflow.record(current, "voided", by=by, at=at, note=reason)
    for application in stale:
        ask_recommender(application=application, at=at)


@transaction.atomic
def upload_letter_scan(*, letter: RecommendationLetter, file, name: str, by, at: datetime) -> Document:
    """Keep the stamped scan of a letter. Raises Refused when its QR code names another paper, or none."""
    ranking.check_is_of_office(by, Office(letter.recommender_id, letter.region))
    if letter.voided_at is not None:
        raise Refused(_("推荐函已经作废，不再接收扫描件。"), field=FIELD, code="voided")
    letters.check_scan(letter, file, name, endings=ENDINGS, field=FIELD)
    document = store(
        subject=letter, kind=SCAN, file=file, name=name, by=by, at=at, endings=ENDINGS, field=FIELD
    )
    workflow.record(letter, "scanned", by=by, at=at)
    take_letter(letter=letter, by=by, at=at)
    return document
