"""Rules of a notice as CEL expressions: compiled once, evaluated many times, at a bounded cost.

Values as rules meet them: `Decimal` and other numbers compare with each other; a date is a timestamp at
midnight UTC, so `pi.birth_date >= date('1990-01-01')` and `… >= timestamp('1990-01-01T00:00:00Z')` agree.
CEL does not mix whole numbers with decimals in arithmetic (write `budget.own * 2.0`); `times`, `sum` and
`covers` take either, and count exactly to the 分.

What is not known is neither true nor false: using it in any way, `==`, `!=` and `in` too, raises
`MissingData`, unless what is known decides alone: the other side of `&&` or `||`, another row of `all` or
`exists`. `has(a.b)`, `a.b == null` and `a.b != null` ask whether it is known: to the library a name without a
value is not there, so the last two are compiled as the first.
"""

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import cel
from celery.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext as _

from core import calendar, money

MAX_LENGTH = 2_000
MAX_STEPS = 5_000_000
"""About half a second: the library runs some ten million steps a second and cannot be interrupted."""

MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
ROWS = re.compile(r"([A-Za-z_][\w.]*)\s*\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
TOKEN = re.compile(
    r"""(?P<text>[rR]?(?:\"\"\".*?\"\"\"|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<comment>//[^\n]*)|(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?P<number>\d[\w.]*)|(?P<mark>\S)""",
    re.VERBOSE | re.DOTALL,
)
OPENING, CLOSING = "([", ")]"
RULED = ("all", "exists")
"""Macros that one row can decide."""
EQUATIONS = (["=", "="], ["!", "="])
PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
LIBRARY_FUNCTIONS = {"contains", "endsWith", "matches", "size", "startsWith", "type"}
LIBRARY_FUNCTIONS |= {"double", "duration", "int", "string", "timestamp", "uint"}
LIBRARY_FUNCTIONS |= {"getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getMonth"}
LIBRARY_FUNCTIONS |= {"getHours", "getMinutes", "getSeconds"}


class ExpressionError(Exception):
    """A rule cannot be read or evaluated. `message` is a sentence; `rule` and `variable` say where."""

    def __init__(self, message: str, *, rule: str = "", variable: str = ""):
        self.rule = rule
        self.variable = variable
        self.message = (
            _("规则 %(rule)s：%(message)s") % {"rule": rule, "message": message} if rule else message
        )
        super().__init__(self.message)


class MissingData(ExpressionError):
    """The rule needs something that is not known yet; `variable` names it."""


class Prepared(Mapping):
    """Data handed to the library once, for as many expressions as read them.

    Not for two threads at a time. `params` are a rule's own: `with_params` shares everything else.
    """

    def __init__(self, context: Mapping[str, Any], *, only: Collection[str] | None = None):
        self.context = context
        self.lengths: dict[str, int] = {}
        self.variables: dict[str, Any] = {}
        for name in context if only is None else only:
            if name in context:
                lengths = [1]
                self.variables[name] = _convert(context[name], lengths)
                self.lengths[name] = max(lengths)
        self._ready = None

    def with_params(self, params: Mapping[str, Any]) -> "Prepared":
        other = Prepared({})
        lengths = [1]
        other.context = {**self.context, "params": params}
        other.variables = {**self.variables, "params": _convert(params, lengths)}
        other.lengths = {**self.lengths, "params": max(lengths)}
        return other

    def ready_for(self, names: Collection[str]) -> tuple[cel.Context, list[int]]:
        """What the library takes, and the longest list of each variable named."""
        if self._ready is None:
            self._ready = cel.Context(variables=self.variables, functions=FUNCTIONS)
        return self._ready, [1, *(self.lengths[name] for name in names if name in self.lengths)]

    def __getitem__(self, name):
        return self.context[name]

    def __iter__(self):
        return iter(self.context)

    def __len__(self):
        return len(self.context)


@dataclass(frozen=True)
class Expression:
    source: str
    """As it was written."""
    program: cel.Program
    variables: frozenset[str]
    """Top-level names the expression reads, without those its macros bind."""
    paths: frozenset[tuple[str, ...]]
    """Dotted names read from those variables, e.g. ("unit", "region")."""
    tested: frozenset[tuple[str, ...]]
    """Those of which it asks whether they are known."""
    depth: int
    """How deep its list macros are nested."""
    size: int

    def evaluate(self, context: Mapping[str, Any], *, rule: str = "") -> Any:
        """The value in `context`. Raises MissingData or ExpressionError naming `rule` and the variable."""
        prepared = context if isinstance(context, Prepared) else Prepared(context, only=self.variables)
        ready, lengths = prepared.ready_for(self.variables)
        # No macro makes a list longer than those it reads; only `+` joins lists, at most once a token.
        steps = self.size * (max(lengths) * (self.source.count("+") + 1) + self.size) ** self.depth
        if steps > MAX_STEPS:
            raise ExpressionError(_("计算量过大：请减少嵌套的列表运算。"), rule=rule)
        try:
            return self.program.execute(ready)
        except SoftTimeLimitExceeded:
            # Said to the worker, and nothing about the expression.
            raise
        except Exception as fault:
            careful = _careful_program(self.source) if 0 < steps << self.depth <= MAX_STEPS else None
            if careful is not None:
                with contextlib.suppress(Exception):
                    return careful.execute(ready)
            raise self._explain(fault, context, rule) from fault

    def holds(self, context: Mapping[str, Any], *, rule: str = "") -> bool:
        """Like `evaluate` for an expression that must be true or false."""
        value = self.evaluate(context, rule=rule)
        if value is None:
            # An answer that is not given yet: said as missing, not as a fault of the rule.
            raise self._explain(KeyError(self.source), context, rule)
        if not isinstance(value, bool):
            raise ExpressionError(
                _("结果应为“是”或“否”，得到的是“%(value)s”。") % {"value": value}, rule=rule
            )
        return value

    def _explain(self, fault: Exception, context: Mapping[str, Any], rule: str) -> ExpressionError:
        absent = {path for path in self.paths if _lookup(context, path) is None}
        missing = sorted(".".join(path) for path in absent - self.tested or absent)
        if missing:
            return MissingData(
                _("缺少数据“%(name)s”。") % {"name": "、".join(missing)}, rule=rule, variable=missing[0]
            )
        if isinstance(fault, KeyError):
            name = self._of_row(str(fault.args[0]))
            return MissingData(_("缺少数据“%(name)s”。") % {"name": name}, rule=rule, variable=name)
        names = sorted(".".join(path) for path in self.paths)
        if isinstance(fault, TypeError):
            message = _(
                "“%(names)s”的类型不能这样运算：小数与整数相乘请写 2.0，日期请用 date('2025-01-01')。"
            )
        else:
            message = _("无法计算（%(names)s）：%(fault)s")
        return ExpressionError(
            message % {"names": "、".join(names), "fault": fault},
            rule=rule,
            variable=names[0] if names else "",
        )

    def _of_row(self, name: str) -> str:
        """`partners.kind` for a `kind` that a row of the partners lacks."""
        bare, paths = _read(self.source)
        lists = {row: rows for rows, row in reversed(ROWS.findall(bare))}
        row = next((row for row in lists if (row, name) in paths), "")
        while row in lists:
            rows = lists.pop(row)
            row, _dot, rest = rows.partition(".")
            name = f"{rows if row not in lists else rest}.{name}"
        return name


@lru_cache(maxsize=2_000)
def compile(source: str) -> Expression:
    """Compile and remember an expression. Raises ExpressionError with the place of the fault."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(_("表达式超过 %(max)s 个字符。") % {"max": MAX_LENGTH})
    if not source.strip():
        raise ExpressionError(_("表达式是空的。"))
    try:
        program = cel.compile(source)
    except ValueError as fault:
        raise ExpressionError(_("表达式写法有误：%(fault)s") % {"fault": _place(fault)}) from fault
    bare, tokens = _read(source)
    asking, tested = _asking(source)
    if asking != source:
        program = cel.compile(asking)
    bound = set(MACRO.findall(bare))
    variables = frozenset(program.variables()) - bound
    paths = frozenset(path for path in tokens if path[0] in variables)
    tests = frozenset(path for path in tested if path[0] in variables)
    return Expression(source, program, variables, paths, tests, _depth(bare), len(TOKEN.findall(source)))


@lru_cache(maxsize=500)
def _careful_program(source: str) -> cel.Program | None:
    """What is tried when a row lacked something; None where it would be the same."""
    asking = _asking(source)[0]
    careful = _careful(asking)
    return cel.compile(careful) if careful != asking else None


def check(source: str, known_variables: Collection[str] | Mapping[str, Collection[str]]) -> Expression:
    """Validate on save: syntax, names and functions. Raises ExpressionError naming what is unknown.

    With a mapping {"unit": {"region", …}} the fields of each variable are checked too.
    """
    expression = compile(source)
    unknown = sorted(expression.variables - set(known_variables))
    if isinstance(known_variables, Mapping) and not unknown:
        unknown = sorted(
            ".".join(path[:2])
            for path in expression.paths
            if path[1:] and path[1] not in known_variables[path[0]]
        )
    if unknown:
        raise ExpressionError(
            _("没有名为“%(name)s”的数据项；可用的有：%(known)s。")
            % {"name": unknown[0], "known": "、".join(sorted(known_variables))},
            variable=unknown[0],
        )
    named = {name for name in expression.program.functions() if name.isidentifier()}
    strange = sorted(named - LIBRARY_FUNCTIONS - set(FUNCTIONS))
    if strange:
        raise ExpressionError(_("没有名为“%(name)s”的函数。") % {"name": strange[0]}, variable=strange[0])
    return expression


def _read(source: str) -> tuple[str, set[tuple[str, ...]]]:
    """The source without texts and comments, and every dotted name in it (a method's own name left off)."""
    bare, paths = "", set()
    for match in TOKEN.finditer(source):
        if match["text"]:
            bare += '"" '
        elif not match["comment"]:
            bare += match[0] + " "
        if match["path"]:
            follows = source[match.end() :].lstrip()[:1]
            parts = match["path"].split(".")
            paths.add(tuple(parts[:-1] if follows == "(" and len(parts) > 1 else parts))
    return bare, paths


def _asking(source: str) -> tuple[str, set[tuple[str, ...]]]:
    """The source with `a.b == null` written as `!has(a.b)`, and every name of which it asks for presence."""
    found = [match for match in TOKEN.finditer(source) if not match["comment"]]
    words = [match[0] for match in found]
    tested = {
        tuple(name.split("."))
        for word, bracket, name in zip(words, words[1:], words[2:], strict=False)
        if (word, bracket) == ("has", "(")
    }
    asking, done = "", 0
    for null in (place for place, word in enumerate(words) if word == "null"):
        if words[max(null - 2, 0) : null] in EQUATIONS:
            begins, ends, sign = _operand(words, null - 3), null - 3, words[null - 2]
        elif words[null + 1 : null + 3] in EQUATIONS and _stands_alone(words, null + 3):
            begins, ends, sign = null + 3, null + 3, words[null + 1]
        else:
            continue
        if begins is None or found[min(begins, null)].start() < done:
            continue
        text = source[found[begins].start() : found[ends].end()]
        # A name alone (a row of a list) has nothing that could lack it.
        if "." in text:
            mark = "!" if sign == "=" else ""
            asking += f"{source[done : found[min(begins, null)].start()]}{mark}has({text})"
            done = found[max(ends, null)].end()
            tested.add(tuple(text.split(".")))
    return asking + source[done:], tested


def _operand(words: list[str], last: int) -> int | None:
    """Where the name begins that ends at `last`, `rows[0].amount` or `a.b`; None for anything else."""
    place = last
    while place >= 0 and PATH.fullmatch(words[place]):
        if place == 0 or words[place - 1] != ".":
            return place
        place -= 2
        while place >= 0 and words[place] in CLOSING:
            place = _opening(words, place) - 1
    return None


def _opening(words: list[str], closing: int) -> int:
    """The bracket that belongs to the one at `closing`."""
    depth = 0
    for place in range(closing, -1, -1):
        depth += (words[place] in CLOSING) - (words[place] in OPENING)
        if not depth:
            return place
    return 0


def _stands_alone(words: list[str], place: int) -> bool:
    """Whether a name stands alone at `place`, without a call or an index behind it."""
    follows = words[place + 1 : place + 2]
    return any(map(PATH.fullmatch, words[place : place + 1])) and follows not in (["("], ["["], ["."])


def _careful(source: str) -> str:
    """With `l.exists(x, P)` as "some row of which everything is known, or some row", and `all` likewise.

    The library stops at the first row of which something is missing; a later row may decide alone.
    """
    found = [match for match in TOKEN.finditer(source) if not match["comment"]]
    words = [match[0] for match in found]
    for place, word in enumerate(words):
        _receiver, _dot, macro = word.rpartition(".")
        begins = _operand(words, place) if macro in RULED and words[place + 1 : place + 2] == ["("] else None
        if begins is None or words[place + 3 : place + 4] != [","]:
            continue
        ends = next((end for end in range(place, len(words)) if _opening(words, end) == place + 1), None)
        if ends is None or ends == place:
            continue
        rows = source[found[begins].start() : found[place].end() - len(macro)]
        row, body = words[place + 2], _careful(source[found[place + 3].end() : found[ends].start()])
        known = " && ".join(f"has({row}.{name})" for name in _names_of(row, body)) or "true"
        guard, join = (f"{known} && ", "||") if macro == "exists" else (f"!({known}) || ", "&&")
        head = f"{rows}{macro}({row}, "
        careful = f"({head}{guard}({body})) {join} {head}{body}))"
        return source[: found[begins].start()] + careful + _careful(source[found[ends].end() :])
    return source


def _names_of(row: str, body: str) -> list[str]:
    """What an expression reads of a row, level by level."""
    names = {path[1:] for path in _read(body)[1] if path[0] == row}
    levels = {name[:depth] for name in names for depth in range(1, len(name) + 1)}
    return [".".join(level) for level in sorted(levels)]


def _depth(bare: str) -> int:
    """How deep list macros stand inside one another."""
    opens = {match.start() + match[0].index("(") for match in MACRO.finditer(bare)}
    depth, deepest, stack = 0, 0, []
    for position, mark in enumerate(bare):
        if mark == "(":
            stack.append(position in opens)
            depth += stack[-1]
            deepest = max(deepest, depth)
        elif mark == ")" and stack:
            depth -= stack.pop()
    return deepest


def _place(fault: ValueError) -> str:
    """The parser's own line and column, without its listing of the grammar."""
    found = re.search(r"<input>:(\d+):(\d+)", str(fault))
    if not found:
        return str(fault).splitlines()[0][:200]
    return _("第 %(line)s 行第 %(column)s 个字符处") % {"line": found[1], "column": found[2]}


def _lookup(context: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(context, Mapping):
            return context
        context = context.get(name)
    return context


def _convert(value: Any, lengths: list[int]) -> Any:
    """A Python value as CEL knows it; notes the length of every list on the way."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, tzinfo=UTC)
    if isinstance(value, timedelta):
        return value
    if isinstance(value, Mapping):
        lengths.append(len(value))
        return {str(key): _convert(item, lengths) for key, item in value.items() if item is not None}
    if isinstance(value, Collection):
        lengths.append(len(value))
        return [_convert(item, lengths) for item in value]
    return str(value)


def converted(context: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a context as the library takes them."""
    return {name: _convert(value, []) for name, value in context.items()}


def _exact(number: float | int) -> Decimal:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError("not a number")
    return Decimal(repr(number))


def _date(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC)


def _day(moment: datetime) -> datetime:
    return datetime.combine(calendar.local_date(moment), time.min, tzinfo=UTC)


def _months_after(moment: datetime, months: int | float) -> datetime:
    day = calendar.add_days(moment.date(), int(months), kind=calendar.DayKind.MONTH)
    return datetime.combine(day, time.min, tzinfo=UTC)


def _sum(numbers: list) -> float:
    return float(sum((_exact(number) for number in numbers), Decimal(0)))


def _times(amount: float, factor: float) -> float:
    return float(money.to_cents(_exact(amount) * _exact(factor)))


def _covers(own: float, fiscal: float, at_least: float) -> bool:
    return not money.own_money_missing(_exact(own), _exact(fiscal), _exact(at_least))


FUNCTIONS = {
    "date": _date,  # date('2025-01-01'): that day
    "day": _day,  # day(call.closes_at): the day of a moment in Asia/Shanghai
    # months_after(answers.degree_date, 24): the same day so many months later; a negative number: before.
    "months_after": _months_after,
    "sum": _sum,  # sum(partners.map(p, p.amount))
    "min": lambda *numbers: float(min(map(_exact, numbers))),
    "max": lambda *numbers: float(max(map(_exact, numbers))),
    "times": _times,  # times(budget.fiscal, 1.1), exact to the 分
    "covers": _covers,  # covers(budget.own, budget.fiscal, 2): own money ≥ 2 × fiscal
}
