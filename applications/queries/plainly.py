"""What a save of plain answers needs: questions that concern nothing else, and who may write a draft."""

from collections.abc import Collection
from copy import copy
from functools import lru_cache
from typing import NamedTuple

from django import forms
from django.db import connection
from django.utils.translation import get_language

from applications import questions
from applications.queries.answers import KEPT_FORMS, remembered
from applications.states import EDITABLE
from core import expressions
from grants.models import Call, FormKind, Question, QuestionKind
from grants.states import CallState

APART = (*questions.NOT_SAVED, QuestionKind.ORGANISATION)
"""Kinds whose answers come from elsewhere, or complete each other."""
STEADY = (
    QuestionKind.LINE,
    QuestionKind.TEXT,
    QuestionKind.NUMBER,
    QuestionKind.MONEY,
    QuestionKind.DATE,
    QuestionKind.MONTH,
    QuestionKind.YES_NO,
    QuestionKind.CHOICE,
    QuestionKind.CHOICES,
    QuestionKind.COMMITMENT,
)
"""Kinds whose field follows from the frozen definition alone; dictionaries have new versions."""


class Plain(NamedTuple):
    """A question whose answer is stored by itself, and its field in one language, if that can be kept."""

    question: Question
    kept: forms.Field | None

    @property
    def field(self) -> forms.Field:
        return self.kept or questions.field_of(copy(self.question))


def plain_questions(call_pk: int, project_type_pk: int | None) -> dict[str, Plain]:
    """Code → question of the application form of a published call whose answers can be stored one by one.

    Left out is what anything else follows from: an answer that a condition, a cross-check or a computed
    question names, and one with conditions of its own.
    """
    return _plain(call_pk, project_type_pk, get_language())


@lru_cache(maxsize=KEPT_FORMS)
def _plain(call_pk: int, project_type_pk: int | None, _language: str) -> dict[str, Plain]:
    call = Call.objects.get(pk=call_pk)
    if call.state == CallState.DRAFT:
        return {}
    asked = [copy(question) for question in remembered(call_pk, project_type_pk, FormKind.APPLICATION)]
    named = _named(questions.expressions_of(asked))
    if named is None:
        return {}
    found = {}
    for question in asked:
        question.call = call
        if question.kind in APART or question.code in named or questions.conditions_of(question):
            continue
        kept = questions.field_of(question) if question.kind in STEADY else None
        found[question.code] = Plain(question, kept)
    return found


def _named(sources: Collection[str]) -> set[str] | None:
    """The codes of answers that some expressions name; None where one reads them as a whole."""
    codes = set()
    for source in filter(str.strip, sources):
        try:
            paths = expressions.compile(source).paths
        except expressions.ExpressionError:
            return None
        for path in paths:
            if path == ("answers",):
                return None
            if path[0] == "answers":
                codes.add(path[1])
    return codes


class Workplace(NamedTuple):
    """A draft, a session and the team: who may write, in one reading. A `row` tells its states apart."""

    session: str
    row: str
    call: int
    project_type: int | None
    team: list[list]
    """[key, password hash, language, row] of everybody on the team who may sign in."""


OPEN = "a.state IN ({})".format(", ".join(f"'{state.value}'" for state in sorted(EDITABLE)))
"""That an application may be written: what `rules.check_can_edit` asks of its state."""
ROW = "{0}.xmin || '/' || {0}.ctid"
"""Another value after every change of the row."""
WORKPLACE = f"""
    SELECT s.session_data, {ROW.format("s")}, a.call_id, a.project_type_id,
        (SELECT json_agg(json_build_array(u.id, u.password, u.language, {ROW.format("u")}))
         FROM applications_teammember t JOIN accounts_user u ON u.id = t.user_id
         WHERE t.application_id = a.id AND u.is_active)
    FROM django_session s, applications_application a
    WHERE s.session_key = %s AND s.expire_date > %s AND a.id = %s AND {OPEN}
"""  # noqa: S608


def workplace(*, session_key: str, application_pk: int, at) -> Workplace | None:
    """One statement; None without such a session or such a draft. Whether the two belong together is not
    judged here: the session is opaque to the database."""
    with connection.cursor() as cursor:
        cursor.execute(WORKPLACE, [session_key, at, application_pk])
        row = cursor.fetchone()
    if row is None:
        return None
    *draft, team = row
    return Workplace(*draft, team or [])


class Seat(NamedTuple):
    """A member of a team at work on a draft, as the database said when it was last asked.

    Kept in the process for the next save, whose statement writes only if session and person are still those
    very rows and the draft still has this definition.
    """

    session: str
    session_row: str
    by: int
    by_row: str
    language: str
    application: int
    call: int
    project_type: int | None
