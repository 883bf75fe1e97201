"""What a team fills in Excel: the rows of a question, the people, the budget."""

from decimal import Decimal
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import countries
from accounts.identity import mask_id_number
from applications import actions, completeness, queries, questions, sheets
from applications.fields import MoneyField
from applications.forms.part import PEOPLE_ROWS
from applications.forms.people import PersonForm
from applications.models import Application, IdKind, ParticipantRole
from applications.questions import localised
from applications.sheets import Head, Row
from core import money
from core.workflow import Lost
from grants.models import Question, QuestionKind
from grants.person_roles import roles_of


class TableSheet:
    """The rows of one question; they replace those that stand there."""

    most = sheets.MOST_ROWS

    def __init__(self, application: Application, question: Question):
        self.application, self.question = application, question
        self.title = localised(question, "label")
        self.columns = questions.columns_of(question)
        self.choices = {column.code: _choices(column.field) for column in self.columns}

    def heads(self) -> list[Head]:
        return [
            Head(
                column.code,
                column.label,
                tuple(self.choices[column.code].values()),
                _("单位：万元") if column.kind_name == QuestionKind.MONEY else "",
                column.required,
            )
            for column in self.columns
        ]

    def rows(self) -> list[dict[str, str]]:
        stored = queries.stored_answers(self.application).get(self.question.code)
        shown = questions.to_input(self.question, stored) if isinstance(stored, list) else []
        return [
            {code: self.choices.get(code, {}).get(value, value) for code, value in row.items()}
            for row in shown
        ]

    def version(self) -> str:
        return queries.version_of(queries.stored_answers(self.application).get(self.question.code))

    def store(self, rows: list[Row], *, seen: str, by, at) -> None:
        typed = []
        for row in rows:
            values = {}
            for column in self.columns:
                text = row.values.get(column.code, "")
                named = {label: value for value, label in self.choices[column.code].items()}
                values[column.code] = named.get(text.strip(), text)
                try:
                    column.clean(values[column.code])
                except ValidationError as error:
                    is_strange = text and named and values[column.code] not in named.values()
                    row.say(column.code, sheets.not_offered(text, named) if is_strange else error.messages[0])
            typed.append(values)
        sheets.refuse(rows)
        try:
            questions.clean(self.question, typed)
        except ValidationError as error:
            # What is wrong with all of them together, such as their number.
            sheets.refuse([], error.messages)
        code = self.question.code
        written = actions.save_over(
            application=self.application,
            answers={code: typed},
            seen={code: seen} if seen else {},
            by=by,
            at=at,
        )
        if written.conflicts:
            raise Lost(
                _("%(who)s 刚刚改过这个表格，没有覆盖；请刷新后再导入。")
                % {"who": written.conflicts[code].by},
                code="changed",
            )


class PeopleSheet:
    """The people of the project; they replace those that stand there."""

    CHOICES: ClassVar = {"role": ParticipantRole, "id_kind": IdKind}
    most = PEOPLE_ROWS

    def __init__(self, application: Application):
        self.application, self.title = application, _("参与人员")
        self.roles = roles_of(application.call)

    def heads(self) -> list[Head]:
        fields = PersonForm().fields
        choices = {name: tuple(self._words(name)) for name in self.CHOICES}
        hints = {
            "country": _("两位代码或名称，例如 DE 或德国；留空为中国内地"),
            "id_country": _("两位代码或名称；填身份证号的留空"),
            "credit_code": fields["credit_code"].help_text,
        }
        needed = ("role", "name", "organisation_name")
        return [
            Head(name, str(field.label), choices.get(name, ()), str(hints.get(name, "")), name in needed)
            for name, field in fields.items()
        ]

    def _words(self, name: str) -> dict[str, str]:
        """Words of a choice → its code; roles as the notice names them."""
        if name == "role" and self.roles:
            return {role.label: role.code for role in self.roles}
        return {str(label): value for value, label in self.CHOICES[name].choices}

    def _word(self, name: str, person: dict) -> str:
        code = person["position"] if name == "role" and self.roles else person[name]
        return next((word for word, value in self._words(name).items() if value == code), "")

    def _people(self):
        return list(self.application.participants.values(*completeness.PERSON_FIELDS))

    def rows(self):
        return [
            {name: str(value) for name, value in person.items() if value not in (None, "")}
            | {name: self._word(name, person) for name in self.CHOICES}
            | {"id_number": mask_id_number(person["id_number"])}
            | {name: countries.name_of(person[name]) for name in ("country", "id_country")}
            for person in self._people()
        ]

    def version(self) -> str:
        return queries.version_of(self._people())

    def store(self, rows, *, seen, by, at):
        words = {name: self._words(name) for name in self.CHOICES}
        words["country"] = {name: code for code, name in countries.choices()} | {
            countries.name_of(code): code for code, _label in countries.choices()
        }
        words["id_country"] = words["country"]
        known = [(person["name"], person["id_number"]) for person in self._people()]
        people, more = [], []
        for row in rows:
            typed = {name: row.values.get(name, "").strip() for name in words}
            chosen = {name: words[name].get(text, text) for name, text in typed.items()}
            form = PersonForm(row.values | chosen, known=known, roles=self.roles)
            if form.is_valid():
                people.append(form.cleaned_data)
            for name, sentences in form.errors.items():
                offered = words[name] if name in self.CHOICES else {}
                is_strange = offered and typed[name] and typed[name] not in offered
                row.say(name, sheets.not_offered(typed[name], offered) if is_strange else sentences[0])
        if sum(person["role"] == ParticipantRole.PI for person in people) > 1:
            more.append(_("项目负责人只能有一名。"))
        sheets.refuse(rows, more)
        _check_seen(self, seen)
        actions.set_participants(application=self.application, participants=people, by=by, at=at)


class BudgetSheet:
    """The cells of the budget, one a row; they replace those that stand there."""

    most = sheets.MOST_ROWS

    def __init__(self, application: Application):
        self.application, self.title = application, _("经费预算")
        call = application.call
        self.categories = {localised(row, "name"): row.code for row in call.budget_categories.all()}
        self.sources = {localised(row, "name"): row.code for row in call.funding_sources.all()}
        self.lines = queries.budget_lines(application)
        self.years = [year for year in queries.budget_years(application, self.lines) if year]
        self.units = {
            code: name for code, name in queries.budget_units(application, self.lines).items() if code
        }

    def heads(self):
        found = [
            Head("category", _("科目"), tuple(self.categories), "", True),
            Head("source", _("来源"), tuple(self.sources), "", True),
        ]
        if self.years:
            found.append(Head("year", _("年度"), tuple(str(year) for year in self.years), "", True))
        if self.units:
            found.append(Head("unit", _("单位信用代码"), tuple(self.units), "", True))
        return [*found, Head("amount", _("金额（万元）"))]

    def rows(self):
        amounts = {(line.category, line.source, line.year, line.unit): line.amount for line in self.lines}
        return [
            {
                "category": category,
                "source": source,
                "year": str(year or ""),
                "unit": unit,
                "amount": money.wan_number(amounts.get((code, origin, year, unit), Decimal(0))),
            }
            for unit in self.units or [""]
            for category, code in self.categories.items()
            for year in self.years or [None]
            for source, origin in self.sources.items()
        ]

    def version(self) -> str:
        return queries.version_of(sorted(str(tuple(line)) for line in queries.budget_lines(self.application)))

    def store(self, rows, *, seen, by, at):
        amounts = {}
        for row in rows:
            cell, amount = self._cell(row)
            if cell in amounts:
                row.say("category", _("同一科目和来源重复出现。"))
            amounts[cell] = amount
        sheets.refuse(rows)
        _check_seen(self, seen)
        actions.set_budget(application=self.application, amounts=amounts, by=by, at=at)

    def _cell(self, row: Row):
        """The place and the amount of one row; what is wrong is said in the row."""
        found = {}
        known = {
            "category": self.categories,
            "source": self.sources,
            "year": {str(year): year for year in self.years},
            "unit": {code: code for code in self.units},
        }
        for name, allowed in known.items():
            text = row.values.get(name, "").strip()
            found[name] = allowed.get(text, "" if name == "unit" else None)
            if allowed and text not in allowed:
                row.say(name, _("“%(text)s”不在预算表中。") % {"text": text[:60]})
        amount = None
        try:
            amount = MoneyField(required=False, min_value=Decimal(0)).clean(row.values.get("amount", ""))
        except ValidationError as error:
            row.say("amount", error.messages[0])
        return (found["category"], found["source"], found["year"], found["unit"]), amount


def _choices(field) -> dict[str, str]:
    """Value → words of what a cell may hold; nothing where anything may be typed."""
    if not isinstance(field, forms.ChoiceField):
        return {}
    return {str(value): str(label) for value, label in field.choices if value != ""}


def _check_seen(sheet, seen: str) -> None:
    if seen and sheet.version() != seen:
        raise Lost(_("其他成员刚刚改过这里，没有覆盖；请刷新后再导入。"), code="changed")


def sheet_of(application: Application, name: str, code: str = ""):
    """What is filled in Excel under a name of the address; None for anything else."""
    call = application.call
    if name == "participants" and call.asks_participants:
        return PeopleSheet(application)
    if name == "budget" and queries.has_budget(call):
        return BudgetSheet(application)
    asked = (q for q in queries.questions_of(application) if q.code == code)
    question = next(asked, None) if name == "question" else None
    if question is None or not questions.columns_of(question) or not questions.is_rows(question):
        return None
    return TableSheet(application, question)
