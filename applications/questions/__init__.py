"""The kinds of question: the field a person fills, how its value stands as JSON, how it reads.

A stored answer has the shape of its kind: line, text, choice: a text; number: a number; money: 元 as a text
("1000000.00"); date: "2026-03-01"; month: "2026-03"; yes_no, commitment: true or false; choices, list: a
list; dictionary: a code, or a list of codes; person: {name, id_number, title, organisation}; organisation:
{name, credit_code}; table, subprojects: a list of rows {column: value}; indicators: rows {name, unit,
baseline, target or targets {year: …}, evidence}; attachment: {"document": id, "name": …}, or {"documents":
[…]} where there may be several; computed: a number or a text. What was typed and cannot be read yet is kept
as {"typed": …}, so that nothing is lost.

`config` by kind: max_length (line, text, list); max_words (text); unit, min, max, decimals (number); min, max
(money, in 万元); choices ["甲", …] or [{"value", "label", "label_en"}] (choice, choices); dictionary, level,
multiple (dictionary); columns [{"code", "label", "kind", "required", "total", …the config of that kind}],
min_rows, max_rows, checks [{"when", "message"}] (table; rows and checks also indicators, subprojects; rows
also list); years, evidence (indicators); endings, max_bytes, max_count, max_pages (attachment); expression,
unit, decimals (computed); from_record (line, number, money, date, table): the field of the unit's record that
answers it; record_year (number, money): of which year; a column's record: the field of the list it takes.
"""

from applications.questions.answers import (
    KINDS,
    NOT_SAVED,
    cells,
    clean,
    columns_of,
    conditions_of,
    expressions_of,
    faults,
    field_of,
    flat_rows,
    for_rules,
    is_conditional,
    is_empty,
    is_rows,
    is_typed,
    judged,
    masked,
    missing,
    storable,
    text,
    to_input,
    work_out,
)
from applications.questions.base import Kind, localised
from applications.questions.choosing import choices_of
from applications.questions.columns import CELLS, SUMMED, Column
from applications.questions.files import (
    MOST_FILES,
    endings_of,
    file_of,
    files_of,
    free_slot,
    limits_of,
    most_bytes,
    most_files,
    with_file,
    without_file,
)
from applications.questions.people import facts_of_number
from applications.questions.recorded import (
    ACCOUNT,
    CERTIFICATES,
    COLUMN_NAMES,
    FIGURES,
    LISTS,
    OF_UNIT,
    SHAREHOLDERS,
    fits,
    record_columns,
    record_year,
    recorded_name,
)
from applications.questions.recorded import NAMES as RECORD_FIELDS
from applications.questions.rows import MOST_ROWS, years_of
from applications.questions.simple import LINE_LENGTH, MOST_DECIMALS, TEXT_LENGTH

__all__ = [
    "ACCOUNT",
    "CELLS",
    "CERTIFICATES",
    "COLUMN_NAMES",
    "FIGURES",
    "KINDS",
    "LINE_LENGTH",
    "LISTS",
    "MOST_DECIMALS",
    "MOST_FILES",
    "MOST_ROWS",
    "NOT_SAVED",
    "OF_UNIT",
    "RECORD_FIELDS",
    "SHAREHOLDERS",
    "SUMMED",
    "TEXT_LENGTH",
    "Column",
    "Kind",
    "cells",
    "choices_of",
    "clean",
    "columns_of",
    "conditions_of",
    "endings_of",
    "expressions_of",
    "facts_of_number",
    "faults",
    "field_of",
    "file_of",
    "files_of",
    "fits",
    "flat_rows",
    "for_rules",
    "free_slot",
    "is_conditional",
    "is_empty",
    "is_rows",
    "is_typed",
    "judged",
    "limits_of",
    "localised",
    "masked",
    "missing",
    "most_bytes",
    "most_files",
    "record_columns",
    "record_year",
    "recorded_name",
    "storable",
    "text",
    "to_input",
    "with_file",
    "without_file",
    "work_out",
    "years_of",
]
