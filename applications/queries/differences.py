"""Two contents of one application, field by field: what an officer reads after a correction (补正)."""

from decimal import Decimal
from difflib import SequenceMatcher
from typing import NamedTuple

from django.utils.translation import gettext as _

from applications.queries.content import for_reading
from core import money

LONGEST = 4_000
"""Longer texts are shown whole: marking letters in them would take seconds."""


class Difference(NamedTuple):
    """One field; `old` and `new` are pieces of text, each with whether the other side lacks it."""

    label: str
    old: list[tuple[str, bool]]
    new: list[tuple[str, bool]]


def differences(old: dict, new: dict) -> list[tuple[str, list[Difference]]]:
    """(part, its fields that differ) in the order of the form; nothing for parts that are the same."""
    before, after = _fields(for_reading(old)), _fields(for_reading(new))
    groups: dict[str, list[Difference]] = {}
    for place in [*after, *(place for place in before if place not in after)]:
        one, other = before.get(place, ""), after.get(place, "")
        if one != other:
            part, label, _number = place
            groups.setdefault(part, []).append(Difference(label, *marked(one, other)))
    return list(groups.items())


def marked(old: str, new: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in pieces, marked where the other one differs."""
    if max(len(old), len(new)) > LONGEST or not (old and new):
        return [(old, True)] if old else [], [(new, True)] if new else []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    left, right = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        if b > a:
            left.append((old[a:b], kind != "equal"))
        if d > c:
            right.append((new[c:d], kind != "equal"))
    return left, right


def _fields(content: dict) -> dict[tuple[str, str, str], str]:
    """(part, label, what tells equal labels apart) → text."""
    basics = {
        _("项目名称"): content["title"],
        _("项目简介"): content["summary"],
        _("榜单任务"): (content["topic"] or {}).get("title", ""),
        _("项目类别"): (content.get("project_type") or {}).get("name", ""),
        _("推荐单位"): content.get("recommender", ""),
        _("开始日期"): content["starts_date"] or "",
        _("结束日期"): content["ends_date"] or "",
        _("申请财政资金"): _wan(content["amounts"]["fiscal"]),
        _("自筹资金"): _wan(content["amounts"]["own"]),
    }
    found = {(_("基本信息"), label, ""): text for label, text in basics.items()}
    for answer in content["answers"]:
        rows = "\n".join(" | ".join(row) for row in answer["rows"])
        found[answer["section"], answer["label"], answer["code"]] = rows or answer["text"]
    for person in content["participants"]:
        words = [person["role_label"], person["title"], person["organisation_name"], person["credit_code"]]
        words += [person["id_number"], person["id_kind_label"], person["months_per_year"], person["task"]]
        text = "，".join(str(word) for word in words if word)
        found[_("参与人员"), person["name"], _next(found, _("参与人员"), person["name"])] = text
    for category in content["budget"]["categories"]:
        for source in content["budget"]["sources"]:
            label = f"{category['name']} × {source['name']}"
            place = f"{category['code']} {source['code']}"
            found[_("经费预算"), label, place] = _wan(category["amounts"].get(source["code"]))
    for milestone in content["milestones"]:
        indicators = "；".join(" ".join(row.values()) for row in milestone["indicators"])
        words = [milestone["due_date"], milestone["deliverable"], indicators, f"{milestone['share']} %"]
        place = _next(found, _("计划里程碑"), milestone["name"])
        found[_("计划里程碑"), milestone["name"], place] = "，".join(word for word in words if word)
    return found


def _next(found, part, label) -> str:
    """Tells people or milestones of one name apart by their order."""
    return str(sum(1 for place in found if place[:2] == (part, label)))


def _wan(amount) -> str:
    return money.wan(Decimal(amount)) if amount else ""
