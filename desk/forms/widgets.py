"""Fields and widgets of the desk: what people write in one box and the data that it stands for."""

import json
import re
from decimal import Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.fields import LAST_DAY, MoneyField
from core.sent import read_json

HUNDRED = Decimal(100)
PERCENT = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*[%％]?\s*$")
TIER = re.compile(
    r"^\s*(?:至|到|≤|<=)?\s*([0-9]+(?:\.[0-9]+)?)\s*万元?\s*[:：,，]?\s*([0-9]+(?:\.[0-9]+)?)\s*[%％]\s*$"
)
REST = re.compile(r"^\s*(?:以上|其余|超过部分)\s*[:：,，]?\s*([0-9]+(?:\.[0-9]+)?)\s*[%％]\s*$")
CELL = re.compile(r"^\s*(.+?)\s*[=＝:：]\s*([0-9]+(?:\.[0-9]+)?)\s*[%％]\s*$")


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, attrs=None):
        super().__init__({"max": f"{LAST_DAY}T23:59"} | (attrs or {}), format="%Y-%m-%dT%H:%M")


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__({"max": LAST_DAY} | (attrs or {}), format="%Y-%m-%d")


def short_text(rows: int = 2, **attrs) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def formula(rows: int = 1, **attrs) -> forms.Textarea:
    """A box for CEL: no spelling marks, letters of one width."""
    return forms.Textarea(
        attrs={"rows": rows, "class": "jd-code", "spellcheck": "false", "autocapitalize": "off", **attrs}
    )


class Wan(MoneyField):
    """元 in the database, 万元 on screen."""

    def __init__(self, **kwargs):
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)


def plain(number) -> str:
    """A decimal without exponent or trailing zeros."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class PercentField(forms.Field):
    """ "30" or "30%" ↔ Decimal("0.3")."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def prepare_value(self, value):
        return plain(value * HUNDRED) if isinstance(value, Decimal) else value

    def to_python(self, value):
        if value in self.empty_values or isinstance(value, Decimal):
            return value or None
        found = PERCENT.match(value)
        if not found:
            raise ValidationError(_("请填百分数，例如 30。"))
        return Decimal(found[1]) / HUNDRED

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != (data or None)


class LinesField(forms.Field):
    """One item a line; subclasses say how an item is written and read."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, **kwargs):
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def write(self, item) -> str:
        return str(item)

    def read(self, line: str):
        return line

    def prepare_value(self, value):
        return value if isinstance(value, str) else "\n".join(self.write(item) for item in value or [])

    def to_python(self, value):
        """Items of all lines. Raises ValidationError naming the line."""
        if not isinstance(value, str):
            return value or []
        items, faults = [], []
        for number, line in enumerate(value.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                items.append(self.read(line.strip()))
            except ValidationError as fault:
                faults.append(
                    _("第 %(line)s 行：%(message)s") % {"line": number, "message": fault.messages[0]}
                )
        if faults:
            raise ValidationError(faults)
        return items

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != (data or "").replace("\r\n", "\n")


def cells_of(line: str, most: int) -> list[str]:
    """Pieces between vertical bars, half or full width."""
    return [piece.strip() for piece in re.split(r"[|｜]", line, maxsplit=most - 1)]


class ChoicesField(LinesField):
    """选项: "甲", or "a | 甲", or "a | 甲 | A in English"."""

    def write(self, item):
        if not isinstance(item, dict):
            return str(item)
        pieces = [str(item.get("value", "")), str(item.get("label", "")), str(item.get("label_en", ""))]
        return " | ".join(pieces if pieces[2] else pieces[:2])

    def read(self, line):
        pieces = cells_of(line, 3)
        if len(pieces) == 1:
            return pieces[0]
        if not all(pieces[:2]):
            raise ValidationError(_("请写成“代码 | 选项”或只写选项。"))
        return dict(zip(("value", "label", "label_en"), pieces, strict=False))


class PairsField(LinesField):
    """Two expressions or texts a line, on both sides of "=>"; as dictionaries with the given keys.

    `english`: behind a vertical bar the second may stand in English too.
    """

    def __init__(self, *, keys: tuple[str, str], english: bool = False, **kwargs):
        self.keys, self.english = keys, english
        super().__init__(**kwargs)

    def write(self, item):
        line = " => ".join(str(item.get(key, "")) for key in self.keys)
        translated = item.get(f"{self.keys[1]}_en") if self.english else ""
        return f"{line} | {translated}" if translated else line

    def read(self, line):
        left, arrow, right = line.rpartition("=>")
        if not (arrow and left.strip() and right.strip()):
            raise ValidationError(_("请写成“表达式 => 提示”。"))
        pieces = [*cells_of(right, 2), ""] if self.english else [right.strip(), ""]
        found = dict(zip(self.keys, (left.strip(), pieces[0]), strict=True))
        return found | ({f"{self.keys[1]}_en": pieces[1]} if pieces[1] else {})


class IndicatorsField(LinesField):
    """考核指标: "名称 | 指标值 | 单位"."""

    def write(self, item):
        pieces = [item.get("name", ""), item.get("target", ""), item.get("unit", "")]
        return " | ".join(pieces if pieces[2] else pieces[:2])

    def read(self, line):
        pieces = [*cells_of(line, 3), ""]
        if len(pieces) < 3 or not all(pieces[:2]):
            raise ValidationError(_("请写成“名称 | 指标值 | 单位”。"))
        return {"name": pieces[0], "unit": pieces[2], "target": pieces[1]}


class WordsField(forms.Field):
    """A short list on one line, divided by commas or "、"."""

    def __init__(self, *, cast=str, **kwargs):
        kwargs.setdefault("required", False)
        self.cast = cast
        super().__init__(**kwargs)

    def prepare_value(self, value):
        if isinstance(value, list | tuple):
            return "、".join(map(str, value))
        return "" if value is None else str(value)

    def to_python(self, value):
        if not isinstance(value, str):
            return value or []
        try:
            return [self.cast(word) for word in re.split(r"[、,，;；\s]+", value) if word]
        except ValueError:
            raise ValidationError(_("应为数字，用顿号隔开。")) from None

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != (data or "")


class TiersField(LinesField):
    """分档: "至 500 万元：30%" … "以上：20%" ↔ [["5000000", "0.3"], [None, "0.2"]]."""

    def write(self, item):
        upper, rate = item
        percent = f"{plain(Decimal(rate) * HUNDRED)}%"
        if upper is None:
            return _("以上：%(rate)s") % {"rate": percent}
        return _("至 %(amount)s 万元：%(rate)s") % {"amount": plain(Decimal(upper) / 10_000), "rate": percent}

    def read(self, line):
        if found := REST.match(line):
            return [None, str(Decimal(found[1]) / HUNDRED)]
        if found := TIER.match(line):
            return [plain(Decimal(found[1]) * 10_000), str(Decimal(found[2]) / HUNDRED)]
        raise ValidationError(_("请写成“至 500 万元：30%”，最后一档写成“以上：20%”。"))

    def to_python(self, value):
        tiers = super().to_python(value)
        bounds = [Decimal(upper) for upper, _rate in tiers if upper is not None]
        open_ended = [index for index, (upper, _rate) in enumerate(tiers) if upper is None]
        if bounds != sorted(set(bounds)):
            raise ValidationError(_("各档的上限应由小到大。"))
        if open_ended and open_ended != [len(tiers) - 1]:
            raise ValidationError(_("“以上”只能写在最后一行。"))
        return tiers


class MatrixField(LinesField):
    """强度矩阵: "行 | 列 = 30%、列 = 20%" ↔ {row: {column: rate}}."""

    def prepare_value(self, value):
        if not isinstance(value, dict):
            return value
        return "\n".join(
            f"{row} | "
            + "、".join(f"{name} = {plain(Decimal(rate) * HUNDRED)}%" for name, rate in cells.items())
            for row, cells in value.items()
        )

    def read(self, line):
        row, cells = [*cells_of(line, 2), ""][:2]
        found = [CELL.match(cell) for cell in re.split(r"[、,，;；]", cells) if cell.strip()]
        if not (row and found and all(found)):
            raise ValidationError(_("请写成“行 | 列 = 30%、列 = 20%”。"))
        return row, {cell[1]: str(Decimal(cell[2]) / HUNDRED) for cell in found}

    def to_python(self, value):
        return value if isinstance(value, dict) else dict(super().to_python(value))


class ParamsField(LinesField):
    """参数: "名称 = 值" a line; a value is JSON (number, "text", ["list"]) or else a text."""

    def prepare_value(self, value):
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name} = {self._written(found)}" for name, found in value.items())

    @staticmethod
    def _written(value) -> str:
        if isinstance(value, str):
            try:
                read_json(value)
            except ValueError:
                return value
        return json.dumps(value, ensure_ascii=False)

    def read(self, line):
        name, equals, text = line.partition("=")
        name, text = name.strip(), text.strip()
        if not (equals and text and re.fullmatch(r"[A-Za-z_]\w*", name)):
            raise ValidationError(_("请写成“名称 = 值”，名称用拉丁字母。"))
        try:
            return name, read_json(text)
        except ValueError:
            return name, text

    def to_python(self, value):
        return value if isinstance(value, dict) else dict(super().to_python(value))


def decimal_or_none(text) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None
