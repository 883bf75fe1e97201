"""People whom answers name by ID number: rows of tables (students, trainees, a team) and single persons."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from applications.models import Application
from applications.questions import facts_of_number
from applications.questions.columns import ID_NUMBER
from grants.models import Question, QuestionKind


class Listed(NamedTuple):
    """One person in the answers; `row`: from 1 on in a table, else 0."""

    key: str
    """The ID number, as `Participant.person_key` has it."""
    question: str
    row: int = 0


def number_column(question: Question) -> str:
    """Where the rows of a question have ID numbers; "" where they have none."""
    columns = question.config.get("columns") or []
    return next((column["code"] for column in columns if column.get("kind") == ID_NUMBER), "")


def listed_in(asked: Iterable[Question], stored: Mapping[str, object]) -> Iterator[Listed]:
    """The people whom answers (code → stored JSON) name by number."""
    for question in asked:
        value = stored.get(question.code)
        if question.kind == QuestionKind.PERSON and isinstance(value, dict):
            if key := value.get("id_number"):
                yield Listed(key, question.code)
        elif isinstance(value, list) and (column := number_column(question)):
            for number, row in enumerate(value, start=1):
                if key := row.get(column):
                    yield Listed(key, question.code, number)


def unit_columns(question: Question) -> list[str]:
    """Where the rows of a question have units."""
    columns = question.config.get("columns") or []
    return [column["code"] for column in columns if column.get("kind") == QuestionKind.ORGANISATION]


def units_in(asked: Iterable[Question], stored: Mapping[str, object]) -> set[str]:
    """Credit codes of the units in the tables of answers (code → stored JSON)."""
    found = set()
    for question in asked:
        value = stored.get(question.code)
        if isinstance(value, list) and (columns := unit_columns(question)):
            found |= {row[column] for row in value for column in columns if row.get(column)}
    return found


def asks_for_people(asked: Iterable[Question]) -> bool:
    return any(question.kind == QuestionKind.PERSON or number_column(question) for question in asked)


def people_named(application: Application) -> set[str]:
    """The numbers of the people whom the answers name now; no query where the form asks for none."""
    asked = [q for q in application.call.questions.all() if asks_for_people([q])]
    if not asked:
        return set()
    stored = dict(application.answers.filter(question__in=asked).values_list("question__code", "value"))
    return {one.key for one in listed_in(asked, stored)}


def age_of(born: date | None, day: date) -> int | None:
    """Full years on a day; None where nobody knows."""
    return born and day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def row_of_person(row: dict, number: str | None, day: date) -> dict:
    """A row for rules with what its number says: birth date, sex, age; a column of such a name stays."""
    facts = facts_of_number(number)
    return facts | {"age": age_of(facts["birth_date"], day)} | row
