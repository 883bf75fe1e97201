"""What is wrong or doubtful in a call, said as it would be said of its pack, each at its part of the desk."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from pydantic import ValidationError

from core.calendar import local_date
from core.workflow import Refused
from desk.packs import LISTS, checks, dump
from desk.packs.schema import Pack, questions_of
from desk.packs.source import dotted, sentence
from desk.parts import Part, Place, part_of
from grants.models import Call, Dictionary, Question


@dataclass(frozen=True)
class Finding:
    """One problem: where in the pack, a sentence, and whether it forbids publishing."""

    place: Place
    message: str
    is_error: bool

    @property
    def part(self) -> Part:
        return part_of(self.place)

    @property
    def where(self) -> str:
        return dotted(self.place)


def findings(call: Call, *, at: datetime) -> list[Finding]:
    """Errors, then warnings, in the order of the notice; the same number of queries for any call."""
    pack = dump(call)
    return findings_of(pack, at=at, also=_not_loaded(pack), doubts=_lists(pack, at=at))


def findings_of(
    pack: Pack,
    *,
    at: datetime,
    also: Iterable[tuple[Place, str]] = (),
    doubts: Iterable[tuple[Place, str]] = (),
) -> list[Finding]:
    """What a pack says of itself, wherever it is loaded; `also` and `doubts` is what only this installation
    knows: what forbids publishing, and what does not."""
    errors = [*_shape(pack), *checks.errors(pack), *also]
    warnings = [*checks.warnings(pack, at=at), *doubts]
    found, seen = [], set()
    for is_error, rows in ((True, errors), (False, warnings)):
        for place, message in rows:
            if (dotted(place), message) not in seen:
                seen.add((dotted(place), message))
                found.append(Finding(tuple(place), message, is_error))
    return found


def check_publishable(call: Call, *, at: datetime) -> None:
    """Raises Refused with every error of the call."""
    errors = [finding for finding in findings(call, at=at) if finding.is_error]
    if errors:
        sentences = "；".join(finding.message.rstrip("。") for finding in errors)
        raise Refused(f"{sentences}。", field=errors[0].where)


def _not_loaded(pack: Pack):
    """Questions and columns that choose from a dictionary that nobody has loaded here."""
    known = set(Dictionary.objects.values_list("code", flat=True))
    for place, code in _chosen_from(pack):
        if code not in known:
            yield place, _("代码表“%(code)s”还没有载入，请先在后台“代码表”中载入。") % {"code": code}


def _chosen_from(pack: Pack) -> list[tuple[Place, str]]:
    """(where, code of the dictionary) of every question and column that chooses from one."""
    return [
        ((*place, "config"), code)
        for place, question in questions_of(pack)
        for config in (question.config, *question.config.get("columns", []))
        if (code := config.get("dictionary"))
    ]


def _lists(pack: Pack, *, at: datetime):
    """Dictionaries without an entry on the closing day, and those of one's own that nothing uses anywhere."""
    asked = _chosen_from(pack)
    day = local_date(pack.call.closes or at)
    versions: dict[str, list[Dictionary]] = defaultdict(list)
    for row in Dictionary.objects.annotate(size=Count("entries")):
        versions[row.code].append(row)
    for place, code in asked:
        valid = [row for row in versions[code] if row.size and row.is_valid_on(day)]
        if versions[code] and not valid:
            text = _("代码表“%(name)s”在 %(day)s（申报截止之日）没有有效的条目，申报人无从选择。")
            yield place, text % {"name": versions[code][0].name, "day": day}
    # What comes with the product is there for whoever needs it; what somebody loaded was meant for a notice.
    own = set(versions) - {file.stem for file in LISTS.glob("*.csv")} - {code for _place, code in asked}
    for code in sorted(own - _used_elsewhere(own)):
        text = _("代码表“%(name)s”（%(code)s）已经载入，但没有题目或条件使用。")
        yield ("sections",), text % {"name": versions[code][0].name, "code": code}


def _used_elsewhere(codes: set[str]) -> set[str]:
    """Those of the dictionaries that a question of any notice chooses from; one query."""
    wanted = Q(pk__in=[])
    for code in codes:
        wanted |= Q(config__dictionary=code) | Q(config__columns__contains=[{"dictionary": code}])
    configs = Question.objects.filter(wanted).values_list("config", flat=True) if codes else []
    found = [row for config in configs for row in (config, *config.get("columns", []))]
    return codes & {row.get("dictionary") for row in found}


def _shape(pack: Pack):
    """What the schema of packs says: fields left empty, texts too long, numbers out of range."""
    tree = pack.model_dump(exclude_defaults=True, warnings=False)
    try:
        Pack.model_validate(tree)
    except ValidationError as fault:
        for error in fault.errors():
            place = _real_place(error["loc"], tree)
            message = _unfinished(place, error["type"]) or sentence(error)
            yield place, message


def _unfinished(place: Place, kind: str) -> str:
    """Parts that a new call simply does not have yet."""
    if kind not in ("too_short", "missing", "string_too_short") or not place:
        return ""
    words = {
        "stages": _("还没有环节。"),
        "sections": _("申报表还没有任何部分。"),
        "rules": _("还没有申报条件。"),
        "notice": _("通知正文是空的。"),
        "criteria": _("评审方案还没有指标。"),
    }
    return words.get(str(place[-1]), "")


def _real_place(loc: Place, tree: Any) -> list[str | int]:
    """Pydantic's location without the names of union members that it adds."""
    place, node = [], tree
    for step in loc:
        if isinstance(node, dict):
            place.append(step)
            node = node.get(step)
        elif isinstance(node, list):
            place.append(step)
            node = node[step] if isinstance(step, int) and step < len(node) else None
        else:
            break
    return place
