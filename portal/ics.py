"""The public deadlines as a calendar (RFC 5545): calls, bids for challenges, ends of publicity."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from applications.models import TableOf
from applications.queries import table_moment
from applications.questions import localised
from grants.models import Call, Intake
from grants.queries import intakes_of, share_intakes
from notifications.queries import absolute
from portal import queries

NOBODY = AnonymousUser()
KEPT = timedelta(days=30)
"""What has passed stays in the calendar for a month."""
MOST = 500


@require_safe
def deadlines(request, pk=None):
    """Everything the public may know of, or the dates of one call."""
    now = timezone.now()
    if pk is None:
        found = [*_calls(now), *_bids(now), *_publicity(now)]
    else:
        call = get_object_or_404(Call.objects.visible_to(NOBODY).in_force(), pk=pk)
        found = list(_of_call(call))
    calendar = Calendar()
    calendar.add("prodid", "-//Jiebang//public deadlines//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("揭榜公开期限"))
    calendar.add("method", "PUBLISH")
    for event in found:
        calendar.add_component(event)
    response = HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return response


def _event(key: str, title: str, at: datetime, url: str, stamp: datetime) -> Event:
    """A moment: it begins and ends when the time is up."""
    event = Event()
    event.add("uid", f"{key}@jiebang")
    event.add("summary", title)
    event.add("dtstart", at.astimezone(timezone.get_default_timezone()))
    event.add("dtstamp", stamp)
    event.add("url", absolute(url))
    event.add("description", absolute(url))
    event.add("transp", "TRANSPARENT")
    return event


def _of_call(call: Call) -> Iterator[Event]:
    url, title = reverse("portal:call", args=[call.pk]), localised(call, "title")
    dates = [("registers", _("意向登记截止：%(title)s"), title, call.registers_by_at)]
    batches = intakes_of(call)
    for code, name in {row.code: localised(row, "name") for row in batches}.items() or [("", "")]:
        more, title_of = (f"-{code}", f"{title} · {name}") if code else ("", title)
        dates += [
            (
                f"unit-table{more}",
                _("上传盖章的单位申报汇总表截止：%(title)s"),
                title_of,
                table_moment(call, call, TableOf.UNIT, code),
            ),
            (
                f"recommender-table{more}",
                _("上传盖章的推荐汇总表截止：%(title)s"),
                title_of,
                table_moment(call, call, TableOf.RECOMMENDER, code),
            ),
        ]
    dates += [date for row in batches or [call] for date in _of_window(row, title)]
    for code, words, name, at in dates:
        if at:
            key = f"{code}-{call.series}"
            yield _event(key, words % {"title": name}, at, url, call.published_at)


def _of_window(row: Call | Intake, title: str) -> Iterator[tuple]:
    """When applying begins and ends: of a call, or of each of its batches, whose codes stay over versions."""
    more = ""
    if isinstance(row, Intake):
        more = f"-{row.code}-{row.type_code}"
        kind = localised(row.project_type, "name") if row.project_type_id else ""
        title = " · ".join(filter(None, (title, localised(row, "name"), kind)))
    yield f"opens{more}", _("开始受理：%(title)s"), title, row.opens_at
    yield f"closes{more}", _("申报截止：%(title)s"), title, row.closes_at
    yield f"unit{more}", _("单位审核截止：%(title)s"), title, row.unit_closes_at
    yield f"recommender{more}", _("推荐截止：%(title)s"), title, row.recommender_closes_at


def _calls(now: datetime) -> Iterator[Event]:
    rows = Call.objects.visible_to(NOBODY).in_force()
    found = list(rows.filter(closes_at__gte=now - KEPT).order_by("closes_at", "id")[:MOST])
    share_intakes(found)
    for call in found:
        yield from _of_call(call)


def _bids(now: datetime) -> Iterator[Event]:
    rows = queries.board(NOBODY).filter(bids_close_at__gte=now - KEPT).order_by("bids_close_at", "id")
    for topic in rows[:MOST]:
        words = _("揭榜截止：%(title)s") % {"title": topic.title}
        url = reverse("portal:topic", args=[topic.pk])
        yield _event(f"bids-{topic.pk}", words, topic.bids_close_at, url, topic.listed_at)


def _publicity(now: datetime) -> Iterator[Event]:
    rows = queries.publicity_notices(NOBODY).filter(ends_date__gte=(now - KEPT).date())
    for notice in rows.order_by("ends_date", "id")[:MOST]:
        words = _("公示结束：%(title)s") % {"title": localised(notice, "title")}
        url = reverse("portal:publicity_notice", args=[notice.pk])
        end = queries.objections_end(notice)
        yield _event(f"publicity-{notice.pk}", words, end, url, notice.published_at)
