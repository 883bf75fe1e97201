"""Several people write one application: nobody's answer is written over unseen."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.roles import UnitRole
from applications import actions, queries
from applications.forms.merging import merge
from applications.models import TeamMember
from applications.queries import version_of
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.applications import ApplicationFactory, filled

pytestmark = pytest.mark.django_db


def page(application, name="basics", *args):
    return reverse(f"applications:{name}", args=[application.pk, *args])


def patch(client, address, values, versions=None, questions=None):
    body = {"values": values, "versions": versions or {}} | ({"questions": questions} if questions else {})
    return client.patch(address, json.dumps(body), content_type="application/json")


def seen(client, address) -> dict:
    found = re.search(r'name="versions" value="([^"]*)"', client.get(address).content.decode())
    return json.loads(found[1].replace("&quot;", '"'))


@pytest.fixture
def colleague():
    return UserFactory(name="陈同事")


@pytest.fixture
def shared(client, colleague):
    """A filled draft, its author at the page and a colleague on the team."""
    application = filled()
    MembershipFactory(user=colleague, organisation=application.organisation, role=UnitRole.MEMBER)
    TeamMember.objects.create(application=application, user=colleague)
    client.force_login(application.created_by)
    return application


@pytest.fixture
def theirs(client, colleague):
    """The colleague saves, in a browser of their own."""

    def save(address, values, questions=None):
        other = type(client)()
        other.force_login(colleague)
        assert patch(other, address, values, None, questions).status_code == 200

    return save


def test_a_version_is_equal_for_equal_texts():
    assert version_of("一\r\n二 ") == version_of("一\n二")
    assert version_of(None) == version_of("") == version_of([]) == version_of({})
    assert version_of([{"a": "1", "b": None}]) == version_of([{"b": "", "a": "1"}])
    assert len({version_of(value) for value in ("", "0", 0, False, [""], {"typed": ""})}) == 6


def test_an_answer_that_somebody_else_changed_is_not_written_over(client, shared, theirs):
    address = page(shared, "section", "solution")
    versions = seen(client, address)
    theirs(address, {"a-route": "同事写的"}, ["route"])

    sent = {"a-route": "我写的", "a-trl": "5"}
    answer = patch(client, address, sent, versions, ["route", "trl"]).json()

    assert queries.stored_answers(shared) == {"route": "同事写的", "trl": 5}
    conflict = answer["conflicts"].pop("route")
    assert (answer["conflicts"], list(answer["versions"])) == ({}, ["trl"])
    assert (conflict["by"], conflict["text"]) == ("陈同事", "同事写的")
    assert "同事写的" in conflict["html"]

    again = patch(client, address, sent, versions | {"route": conflict["version"]}, ["route"]).json()
    assert again["conflicts"] == {}
    assert queries.stored_answers(shared)["route"] == "我写的"


def test_a_version_that_never_was_is_no_conflict_where_nothing_stands(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    address = page(application, "section", "solution")
    assert patch(client, address, {"a-route": "x"}, {"route": "made up"}, ["route"]).status_code == 200
    assert queries.stored_answers(application) == {"route": "x"}


def test_the_same_change_by_both_is_no_conflict(client, shared, theirs):
    address = page(shared, "section", "solution")
    versions = seen(client, address)
    theirs(address, {"a-route": "一样"}, ["route"])
    assert patch(client, address, {"a-route": "一样"}, versions, ["route"]).json()["conflicts"] == {}


def test_a_whole_form_without_scripts_touches_only_what_was_changed(client, shared, theirs):
    address = page(shared, "section", "solution")
    versions = json.dumps(seen(client, address))
    theirs(address, {"a-route": "同事写的"}, ["route"])
    sent = {"a-route": "先仿真后试制。", "a-trl": "7", "versions": versions}
    assert client.post(address, sent).status_code == 302
    assert queries.stored_answers(shared) == {"route": "同事写的", "trl": 7}

    response = client.post(address, sent | {"a-route": "我改的"})
    assert response.status_code == 409
    shown = response.content.decode()
    assert "其他成员刚刚改为“同事写的”，没有被覆盖。" in shown
    assert ">\n我改的</textarea>" in shown
    assert queries.stored_answers(shared)["route"] == "同事写的"
    shown_versions = re.search(r'name="versions" value="([^"]*)"', shown)[1].replace("&quot;", '"')
    assert client.post(address, sent | {"a-route": "我改的", "versions": shown_versions}).status_code == 302
    assert queries.stored_answers(shared)["route"] == "我改的"


def test_fields_of_the_basics_are_merged_one_by_one(client, shared, theirs):
    address = page(shared)
    versions = seen(client, address)
    form = {"title": shared.title, "summary": "面向近海观测。"}
    dates = {name: getattr(shared, name).isoformat() for name in ("starts_date", "ends_date")}
    theirs(address, form | dates | {"summary": "同事的简介", "title": "同事的名称"})

    answer = patch(client, address, form | dates | {"title": "我的名称"}, versions).json()

    shared.refresh_from_db()
    assert (shared.title, shared.summary) == ("同事的名称", "同事的简介")
    assert answer["others"] == {"summary": ["同事的简介"]}
    assert answer["conflicts"]["title"]["values"] == {"title": ["同事的名称"]}
    assert "title" not in answer["versions"]

    response = client.post(address, form | dates | {"title": "我的名称", "versions": json.dumps(versions)})
    assert response.status_code == 409
    assert 'value="我的名称"' in response.content.decode()


def test_a_cell_of_the_budget_is_merged_with_others(client, shared, theirs):
    address = page(shared, "budget")
    versions = seen(client, address)
    first, second = list(versions)[:2]
    whole = dict.fromkeys(versions, "")
    theirs(address, whole | {first: "11"})
    before = {first: "50", second: "22"}
    patch(client, address, whole | before, versions)
    amounts = sorted(shared.budget_lines.values_list("amount", flat=True))
    assert amounts == [110_000, 220_000]


def test_people_added_by_both_stay(client, shared, theirs):
    address = page(shared, "participants")
    versions = seen(client, address)
    rows = {name: "" for name in versions if not name.endswith("DELETE")}
    person = shared.participants.get()
    rows |= {
        "participants-TOTAL_FORMS": "2",
        "participants-INITIAL_FORMS": "1",
        "participants-0-role": "pi",
        "participants-0-name": person.name,
        "participants-0-title": "教授",
        "participants-0-organisation_name": person.organisation_name,
        "participants-0-credit_code": person.credit_code,
        "participants-0-months_per_year": "6.0",
        "participants-0-task": "总体",
        "participants-1-role": "member",
    }
    theirs(address, rows | {"participants-1-name": "同事加的"})
    answer = patch(client, address, rows | {"participants-0-task": "总体与集成"}, versions).json()
    assert answer["faults"] == {}
    assert list(shared.participants.values_list("name", "task")) == [
        ("周海声", "总体与集成"),
        ("同事加的", ""),
    ]


def test_a_spare_row_that_the_page_has_not_drawn_yet_is_not_filled(client, shared):
    address = page(shared, "participants")
    versions = seen(client, address)
    assert "participants-1-role" in versions
    person = shared.participants.get()
    row = {
        "participants-TOTAL_FORMS": "1",
        "participants-INITIAL_FORMS": "1",
        "participants-0-role": "pi",
        "participants-0-name": person.name,
        "participants-0-organisation_name": person.organisation_name,
        "participants-0-credit_code": person.credit_code,
        "participants-0-task": "总体与集成",
    }
    assert patch(client, address, row, versions).json()["faults"] == {}
    assert list(shared.participants.values_list("task", flat=True)) == ["总体与集成"]


def test_who_removes_a_row_removes_what_they_saw_in_it():
    row = {"p-0-name": ["甲"], "p-0-DELETE": ["甲"]}
    versions = {name: version_of(texts) for name, texts in row.items()}
    changed = {"p-0-name": ["乙"], "p-0-DELETE": ["乙"]}
    sent = {"p-0-name": ["甲"], "p-0-DELETE": ["on"]}
    merged = merge(row, _sent(sent), versions)
    assert (merged.data["p-0-DELETE"], merged.conflicts) == ("on", {})
    merged = merge(changed, _sent(sent), versions)
    assert "p-0-DELETE" not in merged.data
    assert merged.conflicts == {"p-0-DELETE": ["乙"]}


@pytest.fixture
def three(shared):
    """The address of a page with three people, what it sends of some rows, and the rows that it shows."""
    unit = {"organisation_name": "山海大学", "credit_code": shared.organisation.credit_code}
    people = [{"role": "member", "name": name, "task": "测试", **unit} for name in ("甲", "乙", "丙")]
    actions.set_participants(application=shared, participants=people, by=None, at=timezone.now())

    def rows(*people):
        counts = {"TOTAL": len(people), "INITIAL": 0, "MIN_NUM": 0, "MAX_NUM": 50}
        sent = {f"participants-{name}_FORMS": str(number) for name, number in counts.items()}
        for number, person in enumerate(people):
            sent |= {f"participants-{number}-{name}": text for name, text in person.items()}
        return sent

    spare = {"role": "member", "id_kind": "id_card", "country": "CN"}
    shown = [spare | person for person in people]
    return page(shared, "participants"), rows, [*shown, spare]


def _names(application):
    return list(application.participants.values_list("name", "task"))


def test_a_change_follows_its_row_when_another_row_was_removed(client, shared, theirs, three):
    address, rows, (one, two, last, spare) = three
    versions = seen(client, address)
    theirs(address, rows(one, two | {"DELETE": "on"}, last, spare))
    assert _names(shared) == [("甲", "测试"), ("丙", "测试")]
    answer = patch(client, address, rows(one, two, last | {"task": "试制"}, spare), versions).json()
    assert (answer["conflicts"], answer["faults"]) == ({}, {})
    assert answer["others"] == {"participants-1-DELETE": ["on"]}
    assert _names(shared) == [("甲", "测试"), ("丙", "试制")]
    # The versions speak of the rows as this page numbers them, the removed one included.
    versions |= answer["versions"]
    answer = patch(client, address, rows(one, two | {"DELETE": "on"}, last, spare), versions).json()
    assert (answer["conflicts"], answer["others"]) == ({}, {})
    assert _names(shared) == [("甲", "测试"), ("丙", "测试")]


@pytest.mark.parametrize("mine", [True, False])
def test_who_changed_a_row_that_was_removed_decides(client, shared, theirs, three, mine):
    address, rows, (one, two, last, spare) = three
    versions = seen(client, address)
    theirs(address, rows(one, two | {"DELETE": "on"}, last, spare))
    changed = rows(one, two | {"task": "我改的"}, last, spare)
    answer = patch(client, address, changed, versions).json()
    conflict = answer["conflicts"]["participants-1-DELETE"]
    assert (conflict["text"], conflict["values"]) == ("（已删除）", {"participants-1-DELETE": ["on"]})
    versions |= answer["versions"]
    # Until it is decided every save asks again, and nothing comes back by itself.
    again = patch(client, address, changed, versions).json()
    assert list(again["conflicts"]) == ["participants-1-DELETE"]
    assert _names(shared) == [("甲", "测试"), ("丙", "测试")]
    versions |= conflict["versions"]
    if mine:
        answer = patch(client, address, changed, versions).json()
        assert _names(shared) == [("甲", "测试"), ("乙", "我改的"), ("丙", "测试")]
    else:
        answer = patch(client, address, changed | {"participants-1-DELETE": "on"}, versions).json()
        assert _names(shared) == [("甲", "测试"), ("丙", "测试")]
    assert answer["conflicts"] == {}


def test_rows_that_two_people_add_at_the_same_place_both_stay(client, shared, theirs, three):
    address, rows, (one, two, last, _spare) = three
    versions = seen(client, address)
    theirs(address, rows(one, two, last, one | {"name": "同事加的"}))
    answer = patch(client, address, rows(one, two, last, one | {"name": "我加的"}), versions).json()
    assert (answer["conflicts"], answer["faults"]) == ({}, {})
    assert [name for name, _task in _names(shared)] == ["甲", "乙", "丙", "同事加的", "我加的"]
    # The page is told where its rows stand among those of others.
    assert answer["order"] == {"participants": [0, 1, 2, 4, 3]}


def test_a_row_that_somebody_else_put_between_others_stays_there(client, shared, theirs, three):
    address, rows, (one, two, last, spare) = three
    versions = seen(client, address)
    theirs(address, rows(one, one | {"name": "新人"}, two, last))
    answer = patch(client, address, rows(one, two, last | {"task": "试制"}, spare), versions).json()
    assert _names(shared) == [("甲", "测试"), ("新人", "测试"), ("乙", "测试"), ("丙", "试制")]
    assert answer["order"] == {"participants": [0, 4, 1, 2, 3]}
    assert answer["others"]["participants-4-name"] == ["新人"]
    # What this page says next is understood under its own numbers.
    changed = rows(one, two | {"task": "集成"}, last | {"task": "试制"}, spare, one | {"name": "新人"})
    answer = patch(client, address, changed, versions | answer["versions"]).json()
    assert (answer["conflicts"], answer["others"]) == ({}, {})
    assert [task for _name, task in _names(shared)] == ["测试", "测试", "集成", "试制"]


def _sent(values):
    return MultiValueDict(values)


@pytest.mark.parametrize("versions", ["", "[]", "3", '{"a": 1}', "{"])
def test_nonsense_for_versions_counts_as_none(client, shared, versions):
    sent = {"title": "x", "versions": versions}
    assert client.post(page(shared), sent).status_code == 302


def test_versions_that_are_no_texts_are_refused(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    assert patch(client, page(application), {"title": "x"}, {"title": 3}).status_code == 400
