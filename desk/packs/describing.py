"""Every field of a pack in one table for each part, Chinese and English, made from what reads the files."""

import enum
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation
from pydantic_core import PydanticUndefined

from desk.packs.labels import MODELS, PREFIXED, RENAMED, of_field, of_part
from desk.packs.part import Part
from desk.packs.schema import Pack
from desk.packs.values import write_moment

HEAD = """# 数据包的全部字段 · Every field of a pack

由 `python manage.py pack fields` 从程序本身写出，请勿手改。不写“必填”的都可以不写，值如末列。
用法见[项目主管指南](programme-managers.md)。

Written by `python manage.py pack fields` from what reads the files; do not edit. What is not “required” may
be left out and is then as the last column says. How it is used: [guide](programme-managers.en.md).
"""
FILE = Path(settings.BASE_DIR) / "docs" / "programme-managers-fields.md"
COLUMNS = "| 字段 Field | 名称 Name | 写什么 Value | 不写时 Left out |\n|---|---|---|---|"
AMOUNTS = ("amount", "cap", "appropriation", "up_to", "premium")
NAMES = {
    "money": "经费 Money",
    "publicity": "公示 Publicity",
    "signing": "签订任务书 Signing",
    "appeal": "形式审查复审 Appeals",
    "duplicate": "查重 Duplicates",
    "scan": "盖章扫描件 Stamped scan",
    "table": "盖章的单位申报汇总表 Stamped table of the unit",
    "recommender_table": "盖章的推荐汇总表 Stamped table of the recommender",
    "paper": "纸质材料 Copies on paper",
    "extension": "延期 Extension",
    "termination": "终止 Termination",
    "money.rules.tiers": "分档 Tiers",
    "facilities.services": "服务目录 Services",
    "facilities.indicators": "自评指标 Figures of the self-report",
    "facilities.grades": "等次 Grades",
    "topics.indicators": "考核指标 Indicators",
    "appropriation": "年度预算 Budget of the year",
    "fiscal": "可列支财政资金 Public money allowed",
    "up_to": "至（含） Up to",
    "rate": "比例 Rate",
    "code": "代码 Code",
    "name": "名称 Name",
    "name_en": "英文名称 English name",
    "unit": "计量单位 Unit",
    "unit_en": "英文计量单位 Unit in English",
    "target": "目标值 Target",
    "mark": "起始分 From this score",
    "demander_opinion": "须发榜方意见 Needs the demander's opinion",
}
"""What has no table of its own, or stands in that of calls."""
KINDS = {
    bool: "true / false",
    int: "整数 whole number",
    Decimal: "数字 number",
    datetime: "时间 moment",
    date: "日期 day",
    str: "文字 text",
    dict: "设置 settings",
}


def reference() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_parts(Pack, ""), ""])


def _parts(part: type[Part], path: str):
    """The table of one part, then those of the parts in it."""
    if path:
        yield f"## `{path}` {_part_name(path)}\n"
        yield COLUMNS
        for name, field in part.model_fields.items():
            yield _row(path, name, field)
        yield ""
    else:
        yield "\n".join(f"- `{name}` {_part_name(name)}" for name in part.model_fields)
        yield ""
    for name, field in part.model_fields.items():
        for inner in _inner(field.annotation):
            yield from _parts(inner, f"{path}.{name}".strip("."))


def _inner(annotation) -> list[type[Part]]:
    return [one for one in _types(annotation) if isinstance(one, type) and issubclass(one, Part)]


def _types(annotation) -> list:
    """The plain types in an annotation, without lists, None and limits."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _types(typing.get_args(annotation)[0])
    if origin in (list, types.UnionType, typing.Union):
        return [found for one in typing.get_args(annotation) for found in _types(one)]
    return [] if annotation is type(None) else [origin or annotation]


def _row(path: str, name: str, field) -> str:
    inner = _inner(field.annotation)
    is_list = typing.get_origin(field.annotation) is list
    if inner:
        value = f"{'若干行 rows: ' if is_list else ''}`{path}.{name}`"
        label = _part_name(f"{path}.{name}")
    else:
        (kind, *_others) = _types(field.annotation)
        value = "金额，写明单位 amount with its unit" if name in AMOUNTS else _value(kind)
        label = _both(lambda: of_field(path, name))
    if is_list and not inner:
        value = f"若干个 several: {value}"
    help_text = _help(path, name)
    label = NAMES.get(name, "") if label == name else label
    words = "：".join(filter(None, (label, help_text)))
    return f"| `{name}` | {words} | {value} | {_default(field)} |"


def _part_name(path: str) -> str:
    return NAMES.get(path) or _both(lambda: of_part(path))


def _value(kind) -> str:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "；".join(f"`{one.value}` {_both(lambda one=one: one.label)}" for one in kind)
    if not isinstance(kind, type):
        return "; ".join(f"`{one}`" for one in typing.get_args(kind)) or "任意 anything"
    return next(words for base, words in KINDS.items() if issubclass(kind, base))


def _help(path: str, name: str) -> str:
    column = PREFIXED.get(path, "") + RENAMED.get(name, name)
    try:
        found = getattr(MODELS[path]._meta.get_field(column), "help_text", "")
    except (KeyError, FieldDoesNotExist):
        return ""
    return _both(lambda: found).replace("|", "\\|").replace("\n", " ") if found else ""


def _default(field) -> str:
    if field.is_required():
        return "必填 required"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value in (None, "", []) or isinstance(value, (Part, dict)):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, datetime):
        return f"`{write_moment(value)}`"
    return f"`{value.value if isinstance(value, enum.Enum) else value}`"


def _both(words) -> str:
    """Chinese and, where it differs, English."""
    said = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said.append(str(words()))
    return " ".join(dict.fromkeys(said))
