"""Answers that the record of the lead unit (单位档案) holds already, each with its date and source."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.models import OrganisationFact
from applications import questions
from applications.models import Application
from core.calendar import local_date
from grants.models import Question, QuestionKind


class Recorded(NamedTuple):
    """What the record says to one question."""

    name: str
    value: object
    """In the shape in which an answer is stored."""
    text: str
    year: int | None
    recorded: date | None
    source: str
    valid_to: date | None
    is_expired: bool
    is_confirmed: bool

    def origin(self) -> str:
        """Where it comes from, in words: year, day of recording, source."""
        parts = []
        if self.year:
            parts.append(_("%(year)s 年度") % {"year": self.year})
        if self.recorded:
            parts.append(_("登记于 %(date)s") % {"date": self.recorded.isoformat()})
        parts.append(_("来源 %(source)s") % {"source": self.source})
        if self.is_confirmed:
            parts.append(_("已核实"))
        return "，".join(parts)

    def sealed(self, answer) -> dict:
        """What is sealed beside an answer; `same`: the answer is what the record said at that time."""
        return {
            "field": self.name,
            "value": self.value,
            "year": self.year,
            "recorded": self.recorded.isoformat() if self.recorded else None,
            "source": self.source,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "expired": self.is_expired,
            "same": self.value == answer,
        }


def recorded(
    application: Application, asked: Collection[Question], *, on: date | None = None
) -> dict[str, Recorded]:
    """{code: what the record says}, of those questions that take a field; one query, none without such.

    Of several records of one kind the latest counts, also when it has expired: it is offered with a warning.
    """
    wanted = {question.code: name for question in asked if (name := questions.recorded_name(question))}
    if not wanted:
        return {}
    day = on or local_date(application.saved_at)
    unit = application.organisation
    rows = OrganisationFact.objects.filter(
        organisation=unit, kind__in=set(wanted.values()), valid_from__lte=day
    )
    facts = {fact.kind: fact for fact in rows.order_by("valid_from", "id")}
    by_code = {question.code: question for question in asked}
    found = {}
    for code, name in wanted.items():
        question = by_code[code]
        known = _of_fact(question, facts[name], day) if name in facts else _of_unit(question, unit, name)
        if known is not None:
            found[code] = known
    return found


def _of_fact(question: Question, fact: OrganisationFact, day: date) -> Recorded | None:
    value = _shaped(question, fact.number if fact.number is not None else fact.text, fact.valid_from)
    if value is None:
        return None
    return Recorded(
        name=fact.kind,
        value=value,
        text=questions.text(question, value),
        year=fact.valid_from.year if fact.number is not None else None,
        recorded=local_date(fact.recorded_at) if fact.recorded_at else fact.valid_from,
        source=fact.source,
        valid_to=fact.valid_to,
        # A figure of a year ends with it and stays true; a certificate does not.
        is_expired=fact.number is None and fact.valid_to is not None and fact.valid_to < day,
        is_confirmed=fact.confirmed_at is not None,
    )


def _of_unit(question: Question, unit, name: str) -> Recorded | None:
    said = getattr(unit, name, None) if name in questions.OF_UNIT else None
    value = _shaped(question, said, said) if said else None
    if value is None:
        return None
    source = str(_("单位登记资料"))
    return Recorded(name, value, questions.text(question, value), None, None, source, None, False, False)


def _shaped(question: Question, said, day) -> object:
    """The field as an answer of this kind is stored; None where it says nothing."""
    if question.kind == QuestionKind.DATE:
        return day.isoformat() if day else None
    if said in (None, ""):
        return None
    if question.kind == QuestionKind.MONEY:
        return f"{said:.2f}"
    if question.kind == QuestionKind.NUMBER:
        return int(said) if said == said.to_integral_value() else float(said)
    return str(said)
