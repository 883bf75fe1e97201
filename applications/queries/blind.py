"""Names in the parts of a form that experts read without knowing whose it is (匿名部分)."""

import re
from collections.abc import Iterator

from applications import questions
from applications.models import Application
from applications.questions.files import files_of
from documents.words import words_of
from grants.models import QuestionKind

HAN = "\u3400-\u9fff"
BEFORE = "申请人|负责人|主持人|参与人|成员|作者|导师|团队|由|与|和|、"
AFTER = "教授|副教授|研究员|副研究员|讲师|博士|院士|老师|主任|同志|团队|课题组|等人|、"


def identities(content: dict) -> list[str]:
    """Every word of a sealed content that names a unit or a person, the longest first."""
    organisation = content.get("organisation") or {}
    words = {organisation.get(name) for name in ("name", "credit_code", "legal_representative")}
    for person in content.get("participants", []):
        words |= {person.get(name) for name in ("name", "organisation_name", "credit_code", "id_number")}
    return sorted(
        {word.strip() for word in words if word and len(word.strip()) > 1}, key=lambda w: (-len(w), w)
    )


def spelt(word: str) -> str:
    """A pattern that finds the word also with blanks between its letters."""
    return r"\s*".join(re.escape(letter) for letter in word if letter.strip())


def names_of(application: Application) -> list[str]:
    """Whom the blind parts of an application must not name; one query."""
    unit = application.organisation
    people = application.participants.values("name", "organisation_name", "credit_code", "id_number")
    return identities({"organisation": vars(unit), "participants": list(people)})


def _pattern(word: str) -> str:
    """Two characters may be any word (方程, 高山): they count where something says that a person is meant."""
    if re.fullmatch(f"[{HAN}]{{2}}", word):
        name = spelt(word)
        return f"(?<![{HAN}]){name}(?![{HAN}])|(?:{BEFORE}){name}(?![{HAN}])|{name}(?:{AFTER})"
    return spelt(word) if re.search(f"[{HAN}]", word) else rf"\b{spelt(word)}\b"


def named_in(texts: Iterator[str], words: list[str]) -> list[str]:
    """The words that stand in some of the texts, each once."""
    if not words:
        return []
    found = re.compile("|".join(f"({_pattern(word)})" for word in words), re.IGNORECASE)
    hits = {match.lastindex for text in texts for match in found.finditer(text)}
    return [words[index - 1] for index in sorted(hits)]


def texts_of(question, stored) -> Iterator[str]:
    """Everything that a reader of one answer sees; of files their names, and the words that can be read."""
    if question.kind == QuestionKind.ATTACHMENT:
        for file in files_of(stored):
            yield file.get("name", "")
            yield words_of(file)
        return
    yield questions.text(question, stored)
    for row in questions.cells(question, stored):
        yield from row


def unread_in(question, stored) -> list[str]:
    """Names of the files of an answer in which no words could be read: pictures, scans, what is locked."""
    if question.kind != QuestionKind.ATTACHMENT:
        return []
    return [file.get("name", "") for file in files_of(stored) if not words_of(file).strip()]
