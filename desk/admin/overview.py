"""The first page of a call: its parts as cards, what is wrong, what can be done."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from core.models import Event
from desk import checks, summary
from desk.admin.pages import address
from desk.admin.places import Places
from desk.packs import dump
from desk.parts import PARTS, Part, parts_for
from grants.models import Call
from grants.states import CallState

EVENTS = 12


@dataclass(frozen=True)
class Card:
    """One part: what is there and what is wrong with it."""

    part: Part
    url: str
    lines: list[str]
    problems: list[dict]
    can_edit: bool

    @property
    def errors(self) -> int:
        return sum(problem["is_error"] for problem in self.problems)

    @property
    def state(self) -> str:
        if self.errors:
            return "bad"
        if self.problems:
            return "wait"
        return "good" if self.lines else "plain"

    @property
    def state_label(self) -> str:
        labels = {
            "bad": _("%(n)s 处要改") % {"n": self.errors},
            "wait": _("%(n)s 处提醒") % {"n": len(self.problems)},
            "good": _("已填写"),
            "plain": _("未填写"),
        }
        return labels[self.state]


def problems_of(call: Call, *, at: datetime) -> list[dict]:
    """Findings with the address of their place."""
    return _linked(call, checks.findings(call, at=at))


def _linked(call, findings) -> list[dict]:
    places = Places(call) if findings else None
    findings = sorted(findings, key=lambda finding: PARTS.index(finding.part))
    return [
        {
            "message": finding.message,
            "is_error": finding.is_error,
            "part": finding.part,
            "url": places.url(finding),
        }
        for finding in findings
    ]


def overview(call: Call, *, at: datetime, may_edit) -> dict[str, Any]:
    """Cards by group, problems, history. The number of queries does not depend on the call's size.

    `may_edit(part name)` says where the person may write.
    """
    pack = dump(call)
    is_draft = call.state == CallState.DRAFT
    problems = _linked(call, checks.findings_of(pack, at=at)) if is_draft else []
    cards = [
        Card(
            part,
            address("part", call.pk, part.name),
            summary.lines_of(part.name, pack),
            [problem for problem in problems if problem["part"] is part],
            may_edit(part.name),
        )
        for part in parts_for(call)
    ]
    groups = [(title, list(found)) for title, found in groupby(cards, lambda card: card.part.group)]
    return {
        "groups": groups,
        "is_draft": is_draft,
        "errors": [problem for problem in problems if problem["is_error"]],
        "warnings": [problem for problem in problems if not problem["is_error"]],
        "filled": sum(bool(card.lines) for card in cards),
        "total": len(cards),
        "events": _events(call),
    }


def _events(call: Call):
    kind = ContentType.objects.get_for_model(Call)
    rows = Event.objects.filter(content_type=kind, object_id=call.pk).select_related("by", "content_type")
    return rows.order_by("-at", "-id")[:EVENTS]


def buttons(call: Call, *, may_edit: bool, may_close: bool) -> list[dict]:
    """What can be done with the whole call; further steps of its life are added here."""
    found = [{"label": _("预览申报表"), "url": address("preview", call.pk)}]
    if may_edit and call.state == CallState.DRAFT:
        found.insert(0, {"label": _("检查并发布"), "url": address("publish", call.pk), "strong": True})
    if may_close:
        found.append({"label": _("结束申报"), "url": address("close", call.pk)})
    found.append({"label": _("导出数据包"), "url": address("export", call.pk)})
    if may_edit:
        found.append({"label": _("复制到新年度"), "url": address("copy", call.pk)})
    return found
