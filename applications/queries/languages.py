"""What was sealed, in the English that the notice has for it; the sealed words themselves are Chinese."""

from collections.abc import Callable, Iterable

from applications import questions
from applications.questions.base import reads_english
from grants.models import Call, Question, QuestionKind

SPOKEN = (
    QuestionKind.CHOICE,
    QuestionKind.CHOICES,
    QuestionKind.YES_NO,
    QuestionKind.COMMITMENT,
    QuestionKind.DICTIONARY,
)
"""Kinds whose answers read otherwise in another language."""


def in_readers_language(content: dict) -> dict:
    """The content for whoever reads English: headings, questions, choices, names of the notice's version.

    What the notice has no English for stays as it was sealed. No query for readers of Chinese.
    """
    if not reads_english():
        return content
    calls = Call.objects.select_related("programme").prefetch_related("types")
    call = calls.filter(pk=content["call"].get("id")).first()
    if call is None:
        return content
    asked = Question.objects.filter(call=call).select_related("section", "call")
    kinds = {row.code: row for row in call.types.all()}
    kind = content.get("project_type")
    return content | {
        "call": content["call"] | {"title": questions.localised(call, "title")},
        "answers": answers_in_readers_language(content["answers"], lambda: asked),
        "budget": _budget(content["budget"], call),
        "project_type": kind and kind | {"name": _name(kinds, kind)},
    }


def answers_in_readers_language(answers: list[dict], asked: Callable[[], Iterable[Question]]) -> list[dict]:
    """Sealed answers likewise: of an application, or of a report. `asked`: called where it is needed."""
    if not reads_english():
        return answers
    by_code = {question.code: question for question in asked()}
    return [_answer(answer, by_code.get(answer["code"])) for answer in answers]


def _answer(answer: dict, question: Question | None) -> dict:
    if question is None or question.kind != answer["kind"]:
        return answer
    said = {
        "section": questions.localised(question.section, "title"),
        "label": questions.localised(question, "label"),
    }
    if question.kind in SPOKEN:
        said["text"] = questions.text(question, answer["value"])
    if answer["rows"]:
        columns = questions.columns_of(question)
        said["columns"] = [{"code": column.code, "label": column.label} for column in columns]
        said["rows"] = questions.cells(question, answer["value"])
    return answer | said


def _budget(budget: dict, call: Call) -> dict:
    categories = {row.code: row for row in call.budget_categories.all()}
    sources = {row.code: row for row in call.funding_sources.all()}
    return budget | {
        "categories": [row | {"name": _name(categories, row)} for row in budget["categories"]],
        "sources": [row | {"name": _name(sources, row)} for row in budget["sources"]],
    }


def _name(rows: dict, sealed: dict) -> str:
    row = rows.get(sealed["code"])
    return questions.localised(row, "name") if row else sealed["name"]
