"""What `config` may say for each kind of question: a slip is shown at its line, not at the first answer."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from desk.packs.source import Place
from grants.models import QuestionKind

Found = Iterator[tuple[Place, str]]

LIMITS = {
    QuestionKind.LINE: {"max_length"},
    QuestionKind.TEXT: {"max_length"},
    QuestionKind.NUMBER: {"unit", "min", "max", "decimals"},
    QuestionKind.MONEY: {"min", "max"},
    QuestionKind.CHOICE: {"choices"},
    QuestionKind.CHOICES: {"choices"},
    QuestionKind.TABLE: {"columns", "min_rows", "max_rows"},
    QuestionKind.ATTACHMENT: {"endings", "max_bytes"},
}
WHOLE_NUMBERS = {"max_length", "decimals", "min_rows", "max_rows", "max_bytes"}
OF_CHOICE = {"value", "label", "label_en"}
OF_COLUMN = {"code", "label", "label_en", "kind", "required"}
IN_TABLES = {
    QuestionKind.LINE,
    QuestionKind.TEXT,
    QuestionKind.NUMBER,
    QuestionKind.MONEY,
    QuestionKind.DATE,
    QuestionKind.YES_NO,
    QuestionKind.CHOICE,
}


def faults(place: Place, kind: str, config: dict) -> Found:
    """Everything wrong with the settings of one question (or one column of a table)."""
    for key, value in config.items():
        if key not in LIMITS.get(kind, set()):
            yield (
                (*place, key),
                _("“%(kind)s”没有“%(key)s”这一设置。") % {"kind": QuestionKind(kind).label, "key": key},
            )
        elif key in WHOLE_NUMBERS and not _is_whole(value):
            yield (*place, key), _("应为不小于 0 的整数。")
        elif key in ("min", "max") and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield (*place, key), _("应为数字。")
    yield from _order(place, config, "min", "max")
    yield from _order(place, config, "min_rows", "max_rows")
    if kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
        yield from _choices((*place, "choices"), config.get("choices"))
    if kind == QuestionKind.TABLE:
        yield from _columns((*place, "columns"), config.get("columns"))
    if kind == QuestionKind.ATTACHMENT and "endings" in config:
        endings = config["endings"]
        if not isinstance(endings, list) or not endings or not all(isinstance(item, str) for item in endings):
            yield (*place, "endings"), _("应为文件扩展名的列表，例如 [pdf, docx]。")


def _is_whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _order(place: Place, config: dict, low: str, high: str) -> Found:
    lowest, highest = config.get(low), config.get(high)
    numbers = all(isinstance(value, int | float) for value in (lowest, highest))
    if numbers and lowest > highest:
        yield (*place, high), _("最大值小于最小值。")


def _choices(place: Place, choices) -> Found:
    if not isinstance(choices, list) or not choices:
        yield place, _("选择题至少要有一个选项。")
        return
    seen = set()
    for index, choice in enumerate(choices):
        if isinstance(choice, dict):
            for key in set(choice) - OF_CHOICE:
                yield (*place, index, key), _("不认识“%(key)s”，请检查拼写。") % {"key": key}
            value = choice.get("value")
            if not value or not choice.get("label"):
                yield (*place, index), _("选项要有 value 和 label。")
        else:
            value = choice
        if str(value) in seen:
            yield (*place, index), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": value}
        seen.add(str(value))


def _columns(place: Place, columns) -> Found:
    if not isinstance(columns, list) or not columns:
        yield place, _("表格至少要有一列。")
        return
    seen = set()
    for index, column in enumerate(columns):
        here = (*place, index)
        if not isinstance(column, dict) or not column.get("code") or not column.get("label"):
            yield here, _("每一列要有 code 和 label。")
            continue
        if str(column["code"]) in seen:
            yield (*here, "code"), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": column["code"]}
        seen.add(str(column["code"]))
        kind = str(column.get("kind", QuestionKind.LINE))
        if kind not in IN_TABLES:
            yield (*here, "kind"), _("“%(kind)s”不能用作表格的列。") % {"kind": kind}
            continue
        settings = {key: value for key, value in column.items() if key not in OF_COLUMN}
        yield from faults(here, kind, settings)
