"""The content of an application as it is sealed, hashed, printed and read."""

import hashlib
import json
from decimal import Decimal

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language, override

from accounts.countries import HOME, name_of
from accounts.identity import mask_id_number
from applications import questions
from applications.models import Application, IdKind, ParticipantRole
from applications.queries.answers import questions_of, stored_answers
from applications.queries.budget import (
    budget_lines,
    budget_matrix,
    budget_totals,
    budget_units,
    budget_years,
)
from applications.queries.context import context
from applications.queries.languages import in_readers_language
from applications.queries.recorded import recorded
from applications.questions.columns import ID_NUMBER
from applications.questions.shown import visible_codes
from grants import person_roles


def snapshot(application: Application) -> dict:
    """The whole content of an application as plain JSON: what a submission seals and the PDF prints.

    In the language of officers, whoever hands it in; `in_readers_language` says it in another.
    """
    with override(settings.LANGUAGE_CODE):
        return _snapshot(application)


def _snapshot(application: Application) -> dict:
    call = application.call
    asked, stored = questions_of(application), stored_answers(application)
    conditional = any(question.visible_when.strip() for question in asked)
    # What was never asked is neither sealed nor printed.
    shown = visible_codes(asked, context(application, wanted=()) if conditional else {})
    data = {
        "call": {"id": call.pk, "title": call.title, "number": call.number, "version": call.version},
        "topic": _sealed_topic(application),
        "project_type": _sealed_type(application),
        "organisation": {
            "name": application.organisation.name,
            "credit_code": application.organisation.code_shown,
            "region": application.organisation.region,
            "legal_representative": application.organisation.legal_representative,
        },
        "recommender": application.recommender.name if application.recommender_id else "",
        "title": application.title,
        "summary": application.summary,
        "starts_date": application.starts_date,
        "ends_date": application.ends_date,
        "amounts": budget_totals(application),
        "answers": _answers(application, [question for question in asked if question.code in shown], stored),
        "participants": _sealed_people(
            application,
            application.participants.values(
                "position",
                "role",
                "name",
                "id_kind",
                "id_number",
                "id_country",
                "birth_date",
                "title",
                "organisation_name",
                "country",
                "credit_code",
                "months_per_year",
                "task",
            ),
        ),
        "budget": _sealed_budget(application),
        "milestones": list(
            application.proposed_milestones.values(
                "order", "name", "due_date", "deliverable", "indicators", "share"
            )
        ),
    }
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder))


def _sealed_people(application: Application, people) -> list[dict]:
    """With the names that the notice has for roles; without any, a leader and members stay what they are."""
    found = []
    for person in people:
        role = person_roles.named(application.call, person.pop("position"))
        names = (
            {"position": role.code, "position_name": role.name, "position_name_en": role.name_en}
            if role
            else {}
        )
        found.append(person | names)
    return found


def _answers(application: Application, asked, stored: dict) -> list[dict]:
    """The answers; beside those that the unit's record holds, what it says with its date and source."""
    known = recorded(application, asked)
    return [
        answer | {"record": known[answer["code"]].sealed(answer["value"])}
        if answer["code"] in known
        else answer
        for answer in sealed_answers(asked, stored)
    ]


def sealed_answers(asked, stored: dict) -> list[dict]:
    """Questions and answers as they are sealed, read and printed: of an application or of a report."""
    with override(settings.LANGUAGE_CODE):
        return [_sealed_answer(question, stored.get(question.code)) for question in asked]


def _sealed_answer(question, value) -> dict:
    columns = [
        {"code": column.code, "label": column.label}
        | ({"kind": ID_NUMBER} if column.kind_name == ID_NUMBER else {})
        for column in questions.columns_of(question)
    ]
    return {
        "section": question.section.title,
        "code": question.code,
        "kind": question.kind,
        "unit": question.config.get("unit", ""),
        "label": question.label,
        "value": value,
        "text": questions.text(question, value),
        "columns": columns,
        "rows": questions.cells(question, value),
    } | ({"blind": True} if question.section.is_blind else {})


def masked_answers(answers: list[dict]) -> list[dict]:
    """Sealed answers with ID numbers hidden."""
    return [answer | {"value": _masked_value(answer)} for answer in answers]


def _masked_value(answer: dict):
    value = answer["value"]
    hidden = [column["code"] for column in answer["columns"] if column.get("kind") == ID_NUMBER]
    if hidden and isinstance(value, list):
        return [row | {code: mask_id_number(row.get(code) or "") for code in hidden} for row in value]
    return questions.masked(answer["kind"], value)


def by_section(answers: list[dict]) -> list[tuple[str, list[dict]]]:
    """(section title, its sealed answers) in order."""
    sections: dict[str, list] = {}
    for answer in answers:
        sections.setdefault(answer["section"], []).append(answer)
    return list(sections.items())


def _sealed_type(application):
    kind = application.project_type
    return {"code": kind.code, "name": kind.name} if kind else None


def _sealed_topic(application):
    topic = application.topic
    return {"id": topic.pk, "number": topic.number, "title": topic.title} if topic else None


def _sealed_budget(application):
    """The cells summed over years and units, and the lines as they stand where the call asks for more."""
    cells, lines = budget_matrix(application), budget_lines(application)
    call = application.call
    split = call.is_budget_by_year or call.is_budget_by_unit
    return {
        "years": [year for year in budget_years(application, lines) if year],
        "units": [
            {"code": code, "name": name} for code, name in budget_units(application, lines).items() if code
        ],
        "lines": [line._asdict() for line in lines if split],
        "sources": list(application.call.funding_sources.values("code", "name", "is_fiscal")),
        "categories": [
            {
                "code": category.code,
                "name": category.name,
                "amounts": {
                    source: amount for (code, source), amount in cells.items() if code == category.code
                },
            }
            for category in application.call.budget_categories.all()
        ],
    }


def canonical(content: dict) -> bytes:
    """The one way to write a content, so that its hash can be checked by anybody."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_of(content: dict) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def masked(content: dict) -> dict:
    """A content with the ID numbers of people hidden."""
    people = [
        person | {"id_number": mask_id_number(person["id_number"] or "")}
        for person in content["participants"]
    ]
    return content | {"participants": people, "answers": masked_answers(content["answers"])}


def for_reading(content: dict) -> dict:
    """A content as people read it: answers by section, sums of the budget, ID numbers masked."""
    labels = dict(ParticipantRole.choices)
    content = masked(in_readers_language(content))
    people = [
        person
        | {
            "role_label": _position(person) or labels.get(person["role"]),
            "id_kind_label": "" if is_card(person) else _passport(person),
            "country_name": abroad(person),
        }
        for person in content["participants"]
    ]
    sections = by_section(content["answers"])
    return content | {"sections": sections, "participants": people, "table": _table(content)}


def _position(person: dict) -> str:
    english = (get_language() or "").startswith("en") and person.get("position_name_en")
    return english or person.get("position_name", "")


def _passport(person: dict) -> str:
    words = (IdKind.PASSPORT.label, name_of(person.get("id_country") or ""))
    return " · ".join(str(word) for word in words if word)


def is_card(person: dict) -> bool:
    """Whether a sealed number is that of an ID card; versions sealed before there were others say nothing."""
    return person.get("id_kind", IdKind.ID_CARD) == IdKind.ID_CARD


def abroad(person: dict) -> str:
    """The name of the country or region of a unit abroad (境外单位), "" of one on the mainland."""
    country = person.get("country", HOME)
    return "" if country == HOME else name_of(country)


def _table(content) -> dict:
    """The budget with its sums, as Decimal 元; `parts` are its tables by unit and year, if it has any."""
    budget = content["budget"]
    amounts = {
        (category["code"], source): Decimal(amount)
        for category in budget["categories"]
        for source, amount in category["amounts"].items()
    }
    return _summed(budget, amounts) | {"parts": _parts(budget)}


def _parts(budget) -> list[dict]:
    """One table for each unit and year that holds an amount, titled by both."""
    names = {unit["code"]: unit["name"] for unit in budget.get("units", [])}
    cells: dict[tuple, dict] = {}
    for line in budget.get("lines", []):
        place = cells.setdefault((line["unit"], line["year"]), {})
        place[line["category"], line["source"]] = Decimal(line["amount"])
    units = list(names) or [""]
    ordered = sorted(cells, key=lambda place: (units.index(place[0]), place[1] or 0))
    return [
        {"title": " · ".join(filter(None, (names.get(unit, unit), str(year or ""))))}
        | _summed(budget, cells[unit, year])
        for unit, year in ordered
    ]


def _summed(budget, amounts: dict) -> dict:
    sources, rows = budget["sources"], []
    for category in budget["categories"]:
        cells = [amounts.get((category["code"], source["code"]), Decimal(0)) for source in sources]
        rows.append({"name": category["name"], "cells": cells, "total": sum(cells, Decimal(0))})
    columns = [sum((row["cells"][i] for row in rows), Decimal(0)) for i in range(len(sources))]
    return {"sources": sources, "rows": rows, "columns": columns, "total": sum(columns, Decimal(0))}
