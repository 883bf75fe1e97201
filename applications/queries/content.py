"""The content of an application as it is sealed, hashed, printed and read."""

import hashlib
import json
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder

from accounts.identity import mask_id_number
from applications import questions
from applications.models import Application, ParticipantRole
from applications.queries.answers import budget_matrix, budget_totals, questions_of, stored_answers
from grants.models import QuestionKind


def snapshot(application: Application) -> dict:
    """The whole content of an application as plain JSON: what a submission seals and the PDF prints."""
    call = application.call
    stored = stored_answers(application)
    data = {
        "call": {"id": call.pk, "title": call.title, "number": call.number, "version": call.version},
        "topic": _sealed_topic(application),
        "organisation": {
            "name": application.organisation.name,
            "credit_code": application.organisation.credit_code,
            "region": application.organisation.region,
            "legal_representative": application.organisation.legal_representative,
        },
        "title": application.title,
        "summary": application.summary,
        "starts_date": application.starts_date,
        "ends_date": application.ends_date,
        "amounts": budget_totals(application),
        "answers": [
            {
                "section": question.section.title,
                "code": question.code,
                "kind": question.kind,
                "label": question.label,
                "value": stored.get(question.code),
                "text": questions.text(question, stored.get(question.code)),
                "columns": [
                    {"code": column.code, "label": column.label} for column in questions.columns_of(question)
                ],
                "rows": _printed_rows(question, stored.get(question.code)),
            }
            for question in questions_of(application)
        ],
        "participants": list(
            application.participants.values(
                "role",
                "name",
                "id_number",
                "birth_date",
                "title",
                "organisation_name",
                "credit_code",
                "months_per_year",
                "task",
            )
        ),
        "budget": _sealed_budget(application),
        "milestones": list(
            application.proposed_milestones.values(
                "order", "name", "due_date", "deliverable", "indicators", "share"
            )
        ),
    }
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder))


def _sealed_topic(application):
    topic = application.topic
    return {"id": topic.pk, "number": topic.number, "title": topic.title} if topic else None


def _printed_rows(question, stored) -> list[list[str]]:
    if not isinstance(stored, list) or question.kind != QuestionKind.TABLE:
        return []
    columns = questions.columns_of(question)
    return [[column.text(row.get(column.code)) for column in columns] for row in stored]


def _sealed_budget(application):
    cells = budget_matrix(application)
    return {
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
    return content | {"participants": people}


def for_reading(content: dict) -> dict:
    """A content as people read it: answers by section, sums of the budget, ID numbers masked."""
    sections: dict[str, list] = {}
    for answer in content["answers"]:
        sections.setdefault(answer["section"], []).append(answer)
    labels = dict(ParticipantRole.choices)
    content = masked(content)
    people = [person | {"role_label": labels.get(person["role"])} for person in content["participants"]]
    return content | {"sections": list(sections.items()), "participants": people, "table": _table(content)}


def _table(content) -> dict:
    """The budget with its sums, as Decimal 元."""
    sources = content["budget"]["sources"]
    rows = []
    for category in content["budget"]["categories"]:
        cells = [Decimal(category["amounts"].get(source["code"], 0)) for source in sources]
        rows.append({"name": category["name"], "cells": cells, "total": sum(cells, Decimal(0))})
    columns = [sum((row["cells"][i] for row in rows), Decimal(0)) for i in range(len(sources))]
    return {"sources": sources, "rows": rows, "columns": columns, "total": sum(columns, Decimal(0))}
