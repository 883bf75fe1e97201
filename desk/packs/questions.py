"""What `config` may say for each kind of question: a slip is shown at its line, not at the first answer."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import NumberKind
from applications.questions import (
    CELLS,
    FIGURES,
    LISTS,
    MOST_DECIMALS,
    MOST_FILES,
    MOST_ROWS,
    SUMMED,
    fits,
)
from applications.questions.columns import ID_NUMBER
from desk.packs.source import Place
from grants.models import QuestionKind

Found = Iterator[tuple[Place, str]]

LIMITS = {
    QuestionKind.LINE: {"max_length", "from_record", "once"},
    QuestionKind.TEXT: {"max_length", "max_words"},
    QuestionKind.NUMBER: {"unit", "min", "max", "decimals", "from_record", "record_year"},
    QuestionKind.MONEY: {"min", "max", "from_record", "record_year"},
    QuestionKind.DATE: {"from_record"},
    QuestionKind.CHOICE: {"choices", "divisions"},
    QuestionKind.CHOICES: {"choices"},
    QuestionKind.DICTIONARY: {"dictionary", "level", "multiple", "max_rows"},
    QuestionKind.LIST: {"max_length", "min_rows", "max_rows", "once"},
    QuestionKind.TABLE: {"columns", "min_rows", "max_rows", "checks", "from_record"},
    QuestionKind.INDICATORS: {"years", "evidence", "min_rows", "max_rows", "checks"},
    QuestionKind.SUBPROJECTS: {"min_rows", "max_rows", "checks"},
    QuestionKind.ATTACHMENT: {"endings", "max_bytes", "max_count", "max_pages"},
    QuestionKind.COMPUTED: {"expression", "unit", "decimals"},
}
WHOLE_NUMBERS = {"max_length", "max_words", "decimals", "min_rows", "max_rows", "max_bytes"}
POSITIVE = {"max_length", "max_words", "max_rows", "max_bytes", "max_count", "max_pages", "level"}
MOST = {"max_rows": MOST_ROWS, "max_count": MOST_FILES, "decimals": MOST_DECIMALS, "level": 9}
TEXTS = {"unit", "dictionary", "expression"}
OF_CHOICE = {"value", "label", "label_en"}
OF_COLUMN = {"code", "label", "label_en", "kind", "required", "total", "record"}
OF_CHECK = {"when", "message", "message_en"}
COLUMNS = {
    **{kind: kind.label for kind in QuestionKind if kind in CELLS},
    ID_NUMBER: gettext_lazy("身份证号"),
}
"""What fits into one cell, in words: kinds of question, and the number of a person."""
CODE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
YEAR = re.compile(r"^\d{4}$")
MOST_YEARS = 15


def _label(kind: str) -> str:
    return COLUMNS.get(kind) or QuestionKind(kind).label


def faults(place: Place, kind: str, config: dict) -> Found:
    """Everything wrong with the settings of one question (or one column of a table)."""
    for key, value in config.items():
        if key not in LIMITS.get(kind, set()):
            yield (
                (*place, key),
                _("“%(kind)s”没有“%(key)s”这一设置。") % {"kind": _label(kind), "key": key},
            )
        else:
            yield from _setting((*place, key), key, value)
    if "from_record" in config and not fits(kind, str(config["from_record"])):
        yield (
            (*place, "from_record"),
            _("单位档案中没有可以回答“%(kind)s”的“%(name)s”。")
            % {"kind": _label(kind), "name": config["from_record"]},
        )
    yield from _order(place, config, "min", "max")
    yield from _order(place, config, "min_rows", "max_rows")
    for find in OF_KIND.get(kind, ()):
        yield from find(place, config)


def _setting(place: Place, key: str, value) -> Found:
    """One setting by itself."""
    if key in WHOLE_NUMBERS | POSITIVE:
        least, most = (1 if key in POSITIVE else 0), MOST.get(key)
        if not _is_whole(value) or value < least:
            yield place, _("应为不小于 %(least)s 的整数。") % {"least": least}
        elif most is not None and value > most:
            yield place, _("最大为 %(most)s。") % {"most": most}
    elif key in ("min", "max") and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield place, _("应为数字。")
    elif key in TEXTS and not isinstance(value, str):
        yield place, _("应为文字。")
    elif key in ("multiple", "divisions") and not isinstance(value, bool):
        yield place, _("应为 true 或 false。")
    elif key == "once" and value not in NumberKind.values:
        yield place, _("应为下列之一：%(kinds)s。") % {"kinds": "、".join(NumberKind.values)}
    elif key == "endings" and not _is_texts(value):
        yield place, _("应为文件扩展名的列表，例如 [pdf, docx]。")


def _dictionary(place: Place, config: dict) -> Found:
    code = config.get("dictionary")
    if not code or (isinstance(code, str) and not CODE.match(code)):
        yield (*place, "dictionary"), _("请写明字典的代码，例如 regions、industries、tech_fields。")


def _computed(place: Place, config: dict) -> Found:
    if not config.get("expression"):
        yield (*place, "expression"), _("自动计算的题目要有表达式（expression）。")


def _indicators(place: Place, config: dict) -> Found:
    years = config.get("years", [])
    if _is_whole(years):
        years = ["2000"] * years
    right = isinstance(years, list) and all(YEAR.match(str(year)) for year in years)
    if not right or len(years) > MOST_YEARS:
        yield (
            (*place, "years"),
            _("应为年份的列表，例如 [2026, 2027]，或年数，最多 %(most)s 年。") % {"most": MOST_YEARS},
        )
    if "evidence" in config:
        yield from _choices((*place, "evidence"), config["evidence"])


def _checks(place: Place, config: dict) -> Found:
    checks = config.get("checks", [])
    if not isinstance(checks, list):
        yield (*place, "checks"), _("应为列表，每一项有 when 和 message。")
        return
    for index, check in enumerate(checks):
        right = isinstance(check, dict) and OF_CHECK - {"message_en"} <= set(check) <= OF_CHECK
        if not right or not all(isinstance(text, str) and text.strip() for text in check.values()):
            yield (*place, "checks", index), _("每一项校验要有 when（表达式）和 message（提示）。")


def _options(place: Place, config: dict) -> Found:
    if config.get("divisions"):
        if config.get("choices"):
            yield (*place, "choices"), _("从申报单位的院系、部门中选择的，不另写选项。")
        return
    yield from _choices((*place, "choices"), config.get("choices"))


def _table(place: Place, config: dict) -> Found:
    yield from _columns((*place, "columns"), config.get("columns"))
    columns = config.get("columns")
    if isinstance(columns, list):
        yield from _recorded(
            place, config.get("from_record"), [row for row in columns if isinstance(row, dict)]
        )


def _recorded(place: Place, name, columns: list[dict]) -> Found:
    """A list of the record fills a table when its columns say what they take, each of the fitting kind."""
    known = LISTS.get(name, {}) if isinstance(name, str) else {}
    for index, column in enumerate(columns):
        if (field := column.get("record")) is None:
            continue
        if field not in known:
            yield (*place, "columns", index, "record"), _("档案的名册中没有“%(name)s”。") % {"name": field}
        elif column.get("kind", QuestionKind.LINE) != known[field]:
            kind = QuestionKind(known[field]).label
            yield (*place, "columns", index, "kind"), _("取自档案的这一列应为“%(kind)s”。") % {"kind": kind}
    if known and not any(column.get("record") for column in columns):
        yield (*place, "from_record"), _("没有一列写明取档案名册的哪一项（record）。")


def _record_year(place: Place, config: dict) -> Found:
    year = config.get("record_year")
    if year is None:
        return
    right = isinstance(year, int) and not isinstance(year, bool) and (-9 <= year <= 0 or 2000 <= year <= 2100)
    if not right:
        yield (*place, "record_year"), _("应为年份，例如 2025，或 -1（通知年度的上一年）。")
    elif config.get("from_record") not in FIGURES:
        yield (*place, "record_year"), _("只有取自档案的年度数据才写年份。")


OF_KIND = {
    QuestionKind.NUMBER: (_record_year,),
    QuestionKind.MONEY: (_record_year,),
    QuestionKind.CHOICE: (_options,),
    QuestionKind.CHOICES: (_options,),
    QuestionKind.DICTIONARY: (_dictionary,),
    QuestionKind.TABLE: (_table, _checks),
    QuestionKind.INDICATORS: (_indicators, _checks),
    QuestionKind.SUBPROJECTS: (_checks,),
    QuestionKind.COMPUTED: (_computed,),
}
"""What must be right of a kind's settings taken together."""


def _is_texts(value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


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
        if not CODE.match(str(column["code"])):
            yield (*here, "code"), _("代码由字母开头，只含字母、数字和下划线。")
        if str(column["code"]) in seen:
            yield (*here, "code"), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": column["code"]}
        seen.add(str(column["code"]))
        kind = str(column.get("kind", QuestionKind.LINE))
        if kind not in COLUMNS:
            yield (*here, "kind"), _("“%(kind)s”不能用作表格的列。") % {"kind": kind}
            continue
        if column.get("multiple"):
            yield (*here, "multiple"), _("表格的一格只能选一项。")
        if column.get("total") and kind not in SUMMED:
            yield (*here, "total"), _("只有数字和金额的列可以合计。")
        settings = {key: value for key, value in column.items() if key not in OF_COLUMN}
        yield from faults(here, kind, settings)
