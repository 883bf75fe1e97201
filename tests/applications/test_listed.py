"""Tables of people: what rules read of each row, and where else the people stand."""

import json
from datetime import date

import pytest
from django.utils import timezone

from applications import actions, eligibility, queries
from applications.models import ListedPerson, RuleStatus
from applications.queries.listed import age_of
from grants.models import Automation, QuestionKind, RuleScope
from seeds.codes import make_id_number
from tests.factories.applications import ApplicationFactory, fill
from tests.factories.grants import QUESTIONS, CallFactory

pytestmark = pytest.mark.django_db
STUDENTS = {
    "code": "students",
    "kind": QuestionKind.TABLE,
    "label": "学生",
    "is_required": False,
    "config": {
        "columns": [
            {"code": "name", "label": "姓名"},
            {"code": "number", "label": "身份证号", "kind": "id_number"},
            {"code": "degree", "label": "学位"},
        ]
    },
}
MENTOR = {"code": "mentor", "kind": QuestionKind.PERSON, "label": "导师", "is_required": False}
YOUNG, OLD = make_id_number(11, birth="20010505"), make_id_number(12, birth="19601231")


def rule(code, expression):
    return {
        "code": code,
        "text": "条文",
        "clause": "第三条",
        "scope": RuleScope.PROJECT,
        "automation": Automation.AUTO,
        "expression": expression,
    }


RULES = (
    rule("AGE", "answers.students.all(s, s.age < 40)"),
    rule("RATIO", "size(answers.students.filter(s, s.degree == '博士')) * 2 >= size(answers.students)"),
    rule("ONCE", "answers.students.all(s, !s.records.exists(r, r.in_call))"),
    rule("MEMBERS", "participants.all(p, p.age >= 20)"),
)


def draft(call, *people, mentor=None):
    application = fill(ApplicationFactory(call=call))
    rows = [{"name": f"学生{n}", "number": number, "degree": "博士"} for n, number in enumerate(people)]
    answers = {"students": rows}
    if mentor:
        answers["mentor"] = {"name": "导师", "id_number": mentor}
    faults = actions.save_answers(
        application=application, answers=answers, by=application.created_by, at=timezone.now()
    )
    assert not faults
    return application


def statuses(application):
    return {line.code: line.status for line in eligibility.evaluate(application) if line.code in CODES}


CODES = {row["code"] for row in RULES}
P, F = RuleStatus.PASSED, RuleStatus.FAILED


@pytest.fixture
def call():
    return CallFactory(parts__questions=(*QUESTIONS, STUDENTS, MENTOR), parts__rules=RULES)


def test_rules_read_age_and_degree_of_people_in_a_table(call):
    assert statuses(draft(call, YOUNG)) == {"AGE": P, "RATIO": P, "ONCE": P, "MEMBERS": P}
    assert statuses(draft(call, YOUNG, OLD))["AGE"] == F
    row = queries.context(draft(call, YOUNG))["answers"]["students"][0]
    assert (str(row["birth_date"]), row["sex"] in ("male", "female"), row["records"]) == (
        "2001-05-05",
        True,
        [],
    )


@pytest.mark.parametrize(("day", "age"), [("2026-05-04", 24), ("2026-05-05", 25)])
def test_age_is_counted_in_full_years(day, age):
    assert age_of(date(2001, 5, 5), date.fromisoformat(day)) == age
    assert age_of(None, date.fromisoformat(day)) is None


def test_nobody_stands_in_two_applications_of_the_call(call):
    first = draft(call, YOUNG)
    second = draft(call, YOUNG)
    assert statuses(second)["ONCE"] == P
    actions.submit(application=first, by=first.created_by, at=timezone.now())
    assert ListedPerson.objects.get().key == YOUNG
    assert statuses(second)["ONCE"] == F
    assert statuses(first)["ONCE"] == P
    # Who is a member of another, or named there in another way, is found too.
    mentored = draft(call, mentor=YOUNG)
    assert [r["role"] for r in queries.context(mentored)["answers"]["mentor"]["records"]] == ["listed"]
    leader = draft(call, make_id_number(1))
    assert statuses(leader)["ONCE"] == F
    # Being listed somewhere is no project of one's own.
    assert {r["role"] for r in queries.context(second)["pi"]["records"]} == {"pi"}
    # Withdrawn, it counts no more.
    actions.withdraw(application=first, reason="不报了", by=first.created_by, at=timezone.now())
    assert statuses(second)["ONCE"] == P


def test_people_of_a_table_are_held_while_one_is_handed_in(call):
    assert queries.people_named(draft(call, YOUNG, mentor=OLD)) == {YOUNG, OLD}
    assert queries.people_named(ApplicationFactory()) == set()


def test_others_read_no_number_of_people_in_a_table(call):
    application = draft(call, YOUNG, mentor=OLD)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    told = json.dumps(queries.masked(application.submissions.get().content), default=str, ensure_ascii=False)
    assert "学生0" in told
    assert (OLD in told, YOUNG in told) == (False, False)
