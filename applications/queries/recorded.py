"""Answers that the record of the lead unit (单位档案) holds already, each with its date and source."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.kinds import CERTIFICATES
from accounts.models import BankAccount, OrganisationFact, Shareholder
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
            "same": self.is_same(answer),
        }

    def is_same(self, answer) -> bool:
        """Whether an answer is what the record says; of a table the columns that the record fills."""
        if not isinstance(self.value, list):
            return self.value == answer
        if not isinstance(answer, list) or len(answer) != len(self.value):
            return False
        return all(
            isinstance(row, dict) and all(row.get(code) == cell for code, cell in said.items())
            for said, row in zip(self.value, answer, strict=True)
        )

    def taken_into(self, answer) -> object:
        """The answer with what the record says: of a table, other cells of a line that is known stay."""
        if not isinstance(self.value, list) or not isinstance(answer, list):
            return self.value
        key = next(iter(self.value[0]))
        typed = {row.get(key): row for row in answer if isinstance(row, dict)}
        return [{**typed.get(row[key], {}), **row} for row in self.value]


def recorded(
    application: Application, asked: Collection[Question], *, on: date | None = None
) -> dict[str, Recorded]:
    """{code: what the record says}, of those questions that take a field; one query, none without such, one
    more for the account and one for the shareholders.

    Of several records of one kind the latest counts, also when it has expired: it is offered with a warning.
    A question may name the year of its figure.
    """
    wanted = {question.code: name for question in asked if (name := questions.recorded_name(question))}
    if not wanted:
        return {}
    day = on or local_date(application.saved_at)
    unit = application.organisation
    rows = OrganisationFact.objects.filter(
        organisation=unit, kind__in=_kinds(wanted.values()), valid_from__lte=day
    )
    rows = list(rows.order_by("valid_from", "id"))
    facts = {fact.kind: fact for fact in rows}
    of_year = {(fact.kind, fact.valid_from.year): fact for fact in rows}
    by_code = {question.code: question for question in asked}
    found = {}
    for code, name in wanted.items():
        question = by_code[code]
        year = questions.record_year(question, application.call.year)
        fact = facts.get(name) if year is None else of_year.get((name, year))
        if name == questions.ACCOUNT:
            known = _account(unit, day)
        elif name in questions.LISTS:
            known = _list(question, name, unit, facts, day)
        else:
            known = _of_fact(question, fact, day) if fact else _of_unit(question, unit, name)
        if known is not None:
            found[code] = known
    return found


def _kinds(names) -> set[str]:
    certificates = CERTIFICATES if questions.CERTIFICATES in names else ()
    return {*names, *certificates}


def _account(unit, day: date) -> Recorded | None:
    """Holder, bank and the last four digits of the account that counts on the day."""
    rows = BankAccount.objects.filter(organisation=unit, valid_from__lte=day)
    account = rows.order_by("valid_from", "id").last()
    if account is None:
        return None
    text = f"{account.holder} {account.bank} ****{account.number[-4:]}"
    source, on = str(_("单位档案的收款账户")), local_date(account.recorded_at)
    return Recorded(questions.ACCOUNT, text, text, None, on, source, None, False, False)


def _list(question: Question, name: str, unit, facts: dict, day: date) -> Recorded | None:
    """The rows of a table, in the columns that say what they take."""
    columns = questions.record_columns(question)
    source, on, lines = (
        _shareholders(unit, day) if name == questions.SHAREHOLDERS else _certificates(facts, day)
    )
    value = [
        {code: line[field] for code, field in columns.items() if line[field] is not None} for line in lines
    ]
    if not columns or not lines:
        return None
    text = "；".join(" ".join(str(cell) for cell in row.values()) for row in value)
    return Recorded(name, value, text, None, on, source, None, False, False)


def _shareholders(unit, day: date):
    """The list of the latest day."""
    rows = Shareholder.objects.filter(organisation=unit, as_of_date__lte=day)
    latest = list(rows.order_by("-as_of_date", "-percent", "id"))
    latest = [row for row in latest if row.as_of_date == latest[0].as_of_date]
    lines = [
        {"name": row.name, "kind": row.get_kind_display(), "percent": _number(row.percent)} for row in latest
    ]
    on = latest[0].as_of_date if latest else None
    return str(_("单位档案的股东名册")), on, lines


def _certificates(facts: dict, day: date):
    """Those that hold on the day, in the order of their kinds."""
    held = [facts[kind] for kind in CERTIFICATES if kind in facts]
    held = [fact for fact in held if fact.valid_to is None or fact.valid_to >= day]
    lines = [
        {
            "kind": fact.get_kind_display(),
            "number": fact.text,
            "valid_from": fact.valid_from.isoformat(),
            "valid_to": fact.valid_to.isoformat() if fact.valid_to else None,
        }
        for fact in held
    ]
    return str(_("单位档案的资质与证书")), max((fact.valid_from for fact in held), default=None), lines


def _number(said) -> int | float:
    return int(said) if said == said.to_integral_value() else float(said)


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
        return _number(said)
    return str(said)
