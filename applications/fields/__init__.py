"""Form fields that read what people write: money in 万元, full-width figures, dates, tables, codes."""

from applications.fields.codes import CodeField, CodesField, CodeWidget
from applications.fields.dates import LAST_DAY, DayField, MonthField
from applications.fields.numbers import MoneyField, PlainNumberField
from applications.fields.parts import PartsField, PartsWidget
from applications.fields.tables import MANY_ROWS, LinesField, TableField, TableWidget
from applications.fields.texts import LimitedText, count_words

__all__ = [
    "LAST_DAY",
    "MANY_ROWS",
    "CodeField",
    "CodeWidget",
    "CodesField",
    "DayField",
    "LimitedText",
    "LinesField",
    "MoneyField",
    "MonthField",
    "PartsField",
    "PartsWidget",
    "PlainNumberField",
    "TableField",
    "TableWidget",
    "count_words",
]
