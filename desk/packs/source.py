"""Read a pack file so that whatever is wrong with it can be shown at its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError

from core import plain_yaml
from desk.packs import periods
from desk.packs.schema import Pack
from desk.packs.values import fill_year, is_relative, read_moment

Place = Sequence[str | int]
LARGEST = 2 * 1024 * 1024
MOMENTS = ("opens", "closes", "registers_by", "unit_closes", "recommender_closes")
"""Keys of `call` that may be written relative to the day of loading."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: its line (1 is the first), where in the pack, and a sentence."""

    line: int
    place: str
    message: str

    def __str__(self):
        return f"{self.line}: {self.place}: {self.message}" if self.place else f"{self.line}: {self.message}"


class BadPack(Exception):
    """The file is no valid pack; `problems` are in the order of the file."""

    def __init__(self, name: str, problems: Sequence[Problem]):
        self.name = name
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{name}:{problem}" for problem in self.problems))


class Source:
    """A YAML text and the line of everything in it."""

    def __init__(self, text: str, *, name: str):
        self.name = name
        if len(text) > LARGEST:
            raise BadPack(name, [Problem(1, "", _("文件超过 2 MB，不是申报通知的数据包。"))])
        self.tree = self._parse(text)
        if not isinstance(self.tree, CommentedMap):
            raise BadPack(name, [Problem(1, "", _("数据包应从 programme、call 等键开始。"))])

    def _parse(self, text: str):
        try:
            return plain_yaml.load(text)
        except DuplicateKeyError as fault:
            line = fault.problem_mark.line + 1
            key = fault.problem.partition('"')[2].partition('"')[0]
            message = _("“%(key)s”写了两次。") % {"key": key}
        except plain_yaml.MarkedYAMLError as fault:
            mark = fault.problem_mark or fault.context_mark
            line = mark.line + 1 if mark else 1
            message = _("YAML 格式错误：%(problem)s。") % {"problem": fault.problem or fault.context}
        except (plain_yaml.YAMLError, ValueError) as fault:
            line, message = 1, _("YAML 格式错误：%(problem)s。") % {"problem": str(fault).splitlines()[0]}
        raise BadPack(self.name, [Problem(line, "", message)])

    def line(self, place: Place) -> int:
        """The line of a place in the pack; of its nearest container when the place itself is missing."""
        node, line = self.tree, 1
        for step in place:
            if isinstance(node, CommentedMap) and step in node:
                line = node.lc.key(step)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0] + 1
            else:
                break
            node = node[step]
        return line

    def problem(self, place: Place, message: str) -> Problem:
        return Problem(self.line(place), dotted(place), message)

    def relative(self, place: Place) -> bool:
        """Whether the moment at `place` is written relative to the day of loading."""
        node = self.tree
        for step in place:
            node = node.get(step) if isinstance(node, CommentedMap) else None
        return is_relative(node)


def dotted(place: Place) -> str:
    """('rules', 2, 'clause') → 'rules[3].clause': people count from one."""
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def parse(text: str, *, today: date, name: str = "pack.yaml") -> tuple[Pack, Source]:
    """Read a pack; dates relative to `today` and `{year}` are resolved. Raises BadPack.

    The year is that of the opening day when the pack does not say another.
    """
    source = Source(text, name=name)
    tree = _plain(source.tree)
    problems = _resolve(tree, source, today=today)
    try:
        pack = Pack.model_validate(tree)
    except ValidationError as fault:
        for error in fault.errors():
            place = _real_place(error["loc"], source)
            if not any(known.place == dotted(place) for known in problems):
                problems.append(source.problem(place, sentence(error)))
        raise BadPack(name, problems) from None
    if problems:
        raise BadPack(name, problems)
    return pack, source


def _plain(node: Any) -> Any:
    """Ruamel's tree as plain Python values."""
    if isinstance(node, CommentedMap):
        return {str(key): _plain(item) for key, item in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(item) for item in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, datetime):
        return f"{node:%Y-%m-%d %H:%M}"
    if isinstance(node, date):
        return node.isoformat()
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _resolve(tree: dict, source: Source, *, today: date) -> list[Problem]:
    """Fix moments and the year in place; returns what could not be."""
    call, problems = tree.get("call"), []
    if not isinstance(call, dict):
        return problems
    problems += _read_moments(call, ("call",), source, today=today)
    if "year" not in call:
        call["year"] = call["opens"].year if isinstance(call.get("opens"), datetime) else today.year
    if isinstance(call["year"], int):
        filled = fill_year(tree, call["year"])
        tree.clear()
        tree.update(filled)
    batches = tree.get("intakes")
    for index, row in enumerate(batches if isinstance(batches, list) else ()):
        if isinstance(row, dict):
            problems += _read_moments(row, ("intakes", index), source, today=today)
    if isinstance(batches, dict):
        try:
            moments = {name: call.get(name) for name in ("opens", "closes")}
            tree["intakes"] = periods.batches(batches, **moments)
        except ValueError as fault:
            problems.append(source.problem(("intakes",), str(fault)))
            tree["intakes"] = []
    return problems


def _read_moments(row: dict, place: tuple, source: Source, *, today: date) -> list[Problem]:
    """Fix the moments of a call, or of one of its batches, in place; returns what could not be."""
    problems = []
    for key in MOMENTS:
        if row.get(key) is None:
            continue
        try:
            row[key] = read_moment(row[key], today)
        except ValueError as fault:
            problems.append(source.problem((*place, key), str(fault)))
    return problems


def _real_place(loc: Place, source: Source) -> list[str | int]:
    """Pydantic's location without the names of union members it adds."""
    place, node = [], source.tree
    for step in loc:
        if not isinstance(node, CommentedMap | CommentedSeq):
            break
        place.append(step)
        if isinstance(node, CommentedMap):
            node = node.get(step)
        else:
            node = node[step] if isinstance(step, int) and step < len(node) else None
    return place


def sentence(error: dict) -> str:
    """Pydantic's finding as a sentence a programme manager understands."""
    kind, context = error["type"], error.get("ctx", {})
    key = error["loc"][-1] if error["loc"] else ""
    if kind == "value_error":
        return str(context["error"])
    sentences = {
        "missing": _("缺少“%(key)s”。"),
        "extra_forbidden": _("不认识“%(key)s”，请检查拼写。"),
        "enum": _("“%(input)s”不在可选值之中：%(expected)s。"),
        "string_too_short": _("不能为空。"),
        "string_too_long": _("超过 %(max_length)s 个字。"),
        "string_pattern_mismatch": _("“%(input)s”只能用拉丁字母、数字和连接符，以字母开头。"),
        "string_type": _("应为文字。"),
        "bool_type": _("应为 true 或 false。"),
        "bool_parsing": _("应为 true 或 false。"),
        "int_type": _("应为整数。"),
        "int_parsing": _("应为整数。"),
        "int_from_float": _("应为整数。"),
        "list_type": _("应为列表（每项以“-”开头）。"),
        "dict_type": _("应为若干“键: 值”。"),
        "model_type": _("应为若干“键: 值”。"),
        "too_short": _("至少要有一项。"),
        "greater_than": _("应大于 %(gt)s。"),
        "greater_than_equal": _("不能小于 %(ge)s。"),
        "less_than": _("应小于 %(lt)s。"),
        "less_than_equal": _("不能大于 %(le)s。"),
    }
    template = sentences.get(kind, _("“%(input)s”的写法不正确。"))
    return template % {"key": key, "input": error.get("input", ""), **context}
