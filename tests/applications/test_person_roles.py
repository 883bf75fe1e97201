"""Roles of people as the notice names them: in the form, the rules, the table, what is sealed and printed."""

from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone, translation

from applications import actions, completeness, eligibility, queries
from applications.forms.importing import PeopleSheet
from applications.forms.people import People
from desk.forms.settings import RolesField
from grants.models import Call
from grants.person_roles import roles_of
from seeds.codes import make_id_number
from tests.factories.applications import filled
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
LINES = """lead | 首席专家 | 1 | Chief expert
sub | 子课题负责人 | -2 | | 第三条
tutor | 指导教师 | 1-2 | Tutor | 第五条"""
ONE_TUTOR = {
    "code": "tutor",
    "text": "指导教师须为教授，且本批次指导不超过一项。",
    "clause": "第五条",
    "scope": "pi",
    "automation": "auto",
    "expression": "members.filter(m, m.position == 'tutor').all(m, m.title == '教授'"
    " && !m.records.exists(r, r.in_call && r.position == 'tutor'))",
}


@pytest.fixture
def call():
    return CallFactory(person_roles=RolesField().to_python(LINES), parts__rules=[ONE_TUTOR])


def person(number, role, **more):
    return {
        "role": role,
        "name": f"周明泽{number}",
        "id_number": make_id_number(number),
        "organisation_name": "某大学",
        "title": "教授",
    } | more


def sent(*people):
    rows = {f"participants-{n}-{name}": value for n, row in enumerate(people) for name, value in row.items()}
    count = {"participants-TOTAL_FORMS": str(len(people)), "participants-INITIAL_FORMS": "0"}
    return QueryDict(urlencode(rows | count))


def people_faults(application):
    return [(label, clause, text) for label, clause, text, *_where in completeness.participants(application)]


def test_people_are_chosen_and_counted_in_the_notices_own_roles(call, client):
    application = filled(call=call)
    unit = application.organisation
    home = {"organisation_name": unit.name, "credit_code": unit.credit_code}
    assert ("指导教师", "第五条", "应有1–2 人，现在是 0 人。") in people_faults(application)
    rows = (person(31, "lead", **home), person(32, "tutor", **home), person(33, "sub", **home))
    part = People(application, sent(*rows))
    assert part.save(by=application.created_by, at=timezone.now()) == {}
    kept = application.participants.order_by("order").values_list("role", "position")
    assert list(kept) == [("pi", "lead"), ("member", "tutor"), ("member", "sub")]
    assert people_faults(application) == []
    two = People(application, sent(rows[0], person(32, "lead", **home)))
    assert two.save(by=application.created_by, at=timezone.now())

    more = [person(number, "sub", **home) for number in (34, 35)]
    stored = [dict(row, role="member", position=row["role"]) for row in (*rows[1:], *more)]
    leader = dict(rows[0], role="pi")
    actions.set_participants(
        application=application, participants=[leader, *stored], by=application.created_by, at=timezone.now()
    )
    assert people_faults(application) == [("子课题负责人", "第三条", "应有最多 2 人，现在是 3 人。")]
    strange = dict(stored[0], position="dean")
    actions.set_participants(
        application=application, participants=[leader, strange], by=application.created_by, at=timezone.now()
    )
    assert [text for _who, _clause, text in people_faults(application)] == [
        "请选择角色。",
        "应有1–2 人，现在是 0 人。",
    ]
    client.force_login(application.created_by)
    page = client.get(reverse("applications:participants", args=[application.pk])).content.decode()
    assert "首席专家 1 人" in page
    assert '<option value="tutor">指导教师</option>' in page


def test_rules_what_is_sealed_and_the_table_to_import_speak_of_them(call):
    application = filled(call=call)
    home = {"organisation_name": application.organisation.name}
    home["credit_code"] = application.organisation.credit_code
    rows = [person(31, "pi", **home), person(32, "member", position="tutor", **home)]
    where = {"application": application, "by": application.created_by, "at": timezone.now()}
    actions.set_participants(participants=rows, **where)

    def tutor():
        return next(line.status for line in eligibility.evaluate(application) if line.code == "tutor")

    assert tutor() == "passed"
    actions.set_participants(participants=[rows[0], rows[1] | {"title": "讲师"}], **where)
    assert tutor() == "failed"
    actions.set_participants(participants=rows, **where)
    other = filled(call=call)
    there = {"application": other, "by": other.created_by, "at": timezone.now()}
    actions.set_participants(participants=[person(40, "pi", **home), rows[1]], **there)
    actions.submit(**there)
    assert tutor() == "failed"

    sealed = queries.snapshot(application)
    assert [row["position_name"] for row in sealed["participants"]] == ["首席专家", "指导教师"]
    read = queries.for_reading(sealed)["participants"]
    assert [row["role_label"] for row in read] == ["首席专家", "指导教师"]
    with translation.override("en"):
        assert queries.for_reading(sealed)["participants"][1]["role_label"] == "Tutor"
        assert application.participants.get(role="pi").role_name == "Chief expert"
    sheet = PeopleSheet(application)
    assert [row["role"] for row in sheet.rows()] == ["首席专家", "指导教师"]
    assert sheet.heads()[0].choices == ("首席专家", "子课题负责人", "指导教师")


def test_lines_of_roles_are_read_and_written_alike(call):
    assert RolesField().prepare_value(Call.objects.get(pk=call.pk).person_roles) == (
        "lead | 首席专家 | 1 | Chief expert\nsub | 子课题负责人 | -2 |  | 第三条\n"
        "tutor | 指导教师 | 1-2 | Tutor | 第五条"
    )
    assert [(role.number, role.leads) for role in roles_of(call)] == [
        ("1 人", True),
        ("最多 2 人", False),
        ("1–2 人", False),
    ]
    for line in ("lead | 首席", "1x | 首席", "lead | 首席 | 二", "lead | 首席 | 3-1", "lead | 首席 | 2"):
        if line == "lead | 首席":
            assert RolesField().to_python(line)[0]["most"] is None
            continue
        with pytest.raises(ValidationError):
            RolesField().to_python(line)
