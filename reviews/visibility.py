"""What a reviewer may see of an application: pure functions over the sealed content, no queries.

Everything that shows an application to an expert (page, file, API) goes through `for_reviewer`.
Identity numbers and birth dates never reach a reviewer; where the review is blind no name does.
"""

import re
from dataclasses import dataclass, field

from applications.queries.blind import identities, spelt

HIDDEN = "〔已隐去〕"


@dataclass(frozen=True)
class Line:
    """One answer: its words, and the cells when it is a table."""

    label: str
    text: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class ReviewerView:
    """An application as one reviewer may read it; `organisation` and `people` are empty when blind."""

    number: str
    title: str
    summary: str
    starts_date: str
    ends_date: str
    requested: str
    own: str
    topic: str
    organisation: str
    people: list[dict]
    sections: list[tuple[str, list[Line]]]
    milestones: list[dict]
    is_blind: bool


def concealer(content: dict):
    """A function that strikes out every identity of `content` in a text, also with blanks between letters."""
    words = identities(content)
    if not words:
        return lambda text: text
    pattern = "|".join(map(spelt, words))
    found = re.compile(pattern, re.IGNORECASE)
    return lambda text: found.sub(HIDDEN, text) if text else text


def for_reviewer(content: dict, *, number: str, is_blind: bool) -> ReviewerView:
    """The sealed `content` of a submission as a reviewer may read it."""
    conceal = concealer(content) if is_blind else lambda text: text
    amounts = content.get("amounts", {})
    topic = content.get("topic") or {}
    return ReviewerView(
        number=number,
        title=conceal(content.get("title", "")),
        summary=conceal(content.get("summary", "")),
        starts_date=content.get("starts_date") or "",
        ends_date=content.get("ends_date") or "",
        requested=str(amounts.get("fiscal", "0")),
        own=str(amounts.get("own", "0")),
        topic=f"{topic['number']} {topic['title']}" if topic else "",
        organisation="" if is_blind else (content.get("organisation") or {}).get("name", ""),
        people=[] if is_blind else [_person(person) for person in content.get("participants", [])],
        sections=_sections(content, conceal, is_blind=is_blind),
        milestones=[_milestone(row, conceal) for row in content.get("milestones", [])],
        is_blind=is_blind,
    )


def _person(person: dict) -> dict:
    shown = ("role", "name", "title", "organisation_name", "months_per_year", "task")
    return {name: person.get(name) for name in shown}


def _milestone(row: dict, conceal) -> dict:
    return {
        "name": conceal(row.get("name", "")),
        "due_date": row.get("due_date", ""),
        "deliverable": conceal(row.get("deliverable", "")),
        "indicators": [
            {name: conceal(str(cell)) for name, cell in indicator.items()}
            for indicator in row.get("indicators") or []
        ],
    }


def _sections(content: dict, conceal, *, is_blind: bool) -> list[tuple[str, list[Line]]]:
    """By section; a blind reader of a form with blind parts (活页) reads only those."""
    sections: dict[str, list[Line]] = {}
    answers = content.get("answers", [])
    apart = is_blind and any(answer.get("blind") for answer in answers)
    for answer in answers:
        if apart and not answer.get("blind"):
            continue
        # A file cannot be struck out: blind reviewers get none, not even its name.
        if is_blind and answer.get("kind") == "attachment":
            continue
        line = Line(
            label=answer.get("label", ""),
            text=conceal(answer.get("text") or ""),
            columns=[column["label"] for column in answer.get("columns") or []],
            rows=[[conceal(cell) for cell in row] for row in answer.get("rows") or []],
        )
        sections.setdefault(answer.get("section", ""), []).append(line)
    return list(sections.items())
