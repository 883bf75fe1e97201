"""Atom feeds of what is public: calls, publicity, results, or all of them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.contrib.syndication.views import Feed
from django.http import Http404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from applications.questions import localised
from awards.states import PublicityState
from core.calendar import end_of_day
from grants.models import Call
from notifications.queries import absolute
from portal import queries

NEWEST = 50
NOBODY = AnonymousUser()
"""A feed is read by machines of anybody: it says what the public sees, whoever asks."""


@dataclass(frozen=True)
class Entry:
    title: str
    summary: str
    url: str
    at: datetime
    kind: str
    guid: str = ""


def _calls() -> list[Entry]:
    rows = Call.objects.visible_to(NOBODY).in_force().select_related("programme__department")
    return [
        Entry(
            localised(call, "title"),
            _closing(call),
            reverse("portal:call", args=[call.pk]),
            call.published_at,
            _("申报通知"),
        )
        for call in rows.order_by("-published_at", "-id")[:NEWEST]
    ]


def _closing(call: Call) -> str:
    if call.closes_at is None:
        return _("常年受理")
    return _("截止时间（北京时间）：%(moment)s") % {"moment": queries.beijing(call.closes_at)}


def _publicity() -> list[Entry]:
    rows = queries.publicity_notices(NOBODY).order_by(*queries.PUBLICITY_ORDER)
    return [
        Entry(
            localised(notice, "title"),
            _("公示期 %(starts)s 至 %(ends)s（含首尾两日）")
            % {"starts": notice.starts_date, "ends": notice.ends_date},
            reverse("portal:publicity_notice", args=[notice.pk]),
            notice.published_at,
            _("公示"),
        )
        for notice in rows[:NEWEST]
    ]


def _results() -> list[Entry]:
    rows = queries.publicity_notices(NOBODY).filter(state=PublicityState.CLOSED)
    return [
        Entry(
            _("立项结果：%(title)s") % {"title": localised(notice.call, "title")},
            localised(notice, "title"),
            f"{reverse('portal:results')}?programme={notice.call.programme_id}&year={notice.call.year}",
            end_of_day(notice.ends_date),
            _("结果"),
            guid=f"{reverse('portal:publicity_notice', args=[notice.pk])}#results",
        )
        for notice in rows.order_by("-ends_date", "-id")[:NEWEST]
    ]


KINDS = {"calls": [_calls], "publicity": [_publicity], "results": [_results]}
KINDS["all"] = [_calls, _publicity, _results]


class Notices(Feed):
    """`/feeds/<all|calls|publicity|results>.atom`, the newest first."""

    feed_type = Atom1Feed

    def get_object(self, request, kind):
        if kind not in KINDS:
            raise Http404
        return kind

    def title(self, kind):
        titles = {
            "calls": _("申报通知"),
            "publicity": _("公示"),
            "results": _("立项结果"),
            "all": _("通知、公示和结果"),
        }
        return f"{_('揭榜')} · {titles[kind]}"

    def link(self, kind):
        return absolute(reverse("portal:home"))

    def feed_url(self, kind):
        return absolute(reverse("portal:feed", args=[kind]))

    def items(self, kind):
        entries = [entry for source in KINDS[kind] for entry in source()]
        return sorted(entries, key=lambda entry: entry.at, reverse=True)[:NEWEST]

    def item_title(self, item):
        return item.title

    def item_description(self, item):
        return item.summary

    def item_link(self, item):
        return absolute(item.url)

    def item_guid(self, item):
        return absolute(item.guid or item.url)

    def item_pubdate(self, item):
        return item.at

    item_updateddate = item_pubdate

    def item_categories(self, item):
        return [item.kind]
