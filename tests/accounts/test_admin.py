"""Accounts in the admin: who sees what, buttons that obey the rules, constant queries."""

import re

import pytest
from django.contrib.messages import get_messages

from accounts.models import IntegrityRecord, JoinRequest, OrganisationFact, RoleAssignment, User
from accounts.roles import Role, UnitRole
from core.models import Event
from notifications.chasing import people_owing
from notifications.models import Deadline
from tests.factories.accounts import (
    IntegrityRecordFactory,
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactFactory,
    OrganisationFactory,
    RoleAssignmentFactory,
    UserFactory,
    member_of,
    officer,
)

USERS, UNITS, OFFICES, REQUESTS = (
    f"/admin/accounts/{name}/" for name in ("user", "organisation", "roleassignment", "joinrequest")
)
FACTS = "/admin/accounts/organisationfact/"


def as_(client, role, **kwargs):
    user = officer(role, **kwargs)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return user


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    ("url", "make", "queries"),
    [
        (UNITS, lambda: OrganisationFactory(parent=OrganisationFactory()), 6),
        (USERS, lambda: UserFactory(phone="13812345678"), 6),
        (OFFICES, lambda: RoleAssignmentFactory(organisation=OrganisationFactory()), 6),
        (REQUESTS, JoinRequestFactory, 8),
        (FACTS, OrganisationFactFactory, 6),
    ],
)
def test_lists_take_the_same_queries_for_any_number_of_rows(
    client, db, rows, url, make, queries, django_assert_num_queries
):
    for _n in range(rows):
        make()
    as_(client, Role.SYSADMIN)
    client.get(url)
    with django_assert_num_queries(queries):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("rows", [1, 15])
def test_a_units_page_takes_the_same_queries(client, db, rows, django_assert_num_queries):
    unit = OrganisationFactory()
    for _n in range(rows):
        MembershipFactory(organisation=unit)
        OrganisationFactFactory(organisation=unit)
        IntegrityRecordFactory(organisation=unit)
        Event.objects.create(subject=unit, verb="updated", by=UserFactory(), at="2026-11-22T00:00:00Z")
    as_(client, Role.SUPERVISION)
    client.get(f"{UNITS}{unit.pk}/change/")
    # session, user, offices, memberships, the unit, and for each of the four inlines a count and its rows
    with django_assert_num_queries(16):
        assert client.get(f"{UNITS}{unit.pk}/change/").status_code == 200


def test_who_holds_no_office_stays_outside(client, db):
    client.force_login(member_of(OrganisationFactory(), UnitRole.ADMIN))
    assert client.get(UNITS).status_code == 302


def test_an_expert_sees_no_accounts(client, db):
    as_(client, Role.EXPERT)
    assert client.get(UNITS).status_code == 403
    assert client.get(USERS).status_code == 403


@pytest.mark.parametrize(
    ("role", "shown"), [(Role.PROGRAMME_MANAGER, False), (Role.FINANCE, True), (Role.SYSADMIN, True)]
)
def test_phones_are_masked(client, db, role, shown):
    person = UserFactory(phone="13812345678")
    as_(client, role)
    page = client.get(f"{USERS}{person.pk}/change/").content.decode()
    assert ("13812345678" in page) is shown
    assert "13812345678" not in client.get(USERS).content.decode()


def test_a_manager_reads_units_and_writes_none(client, db):
    unit = OrganisationFactory(name="旧名")
    as_(client, Role.PROGRAMME_MANAGER)
    assert client.post(f"{UNITS}{unit.pk}/change/", {"name": "新名"}).status_code == 403
    assert client.get(f"{UNITS}add/").status_code == 403
    assert client.get(f"{UNITS}{unit.pk}/delete/").status_code == 403


@pytest.mark.parametrize("url", [USERS, UNITS])
def test_nothing_is_deleted(client, db, url):
    as_(client, Role.SYSADMIN)
    subject = UserFactory() if url == USERS else OrganisationFactory()
    assert client.post(f"{url}{subject.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_wrong_credit_code_names_its_field(client, db):
    as_(client, Role.SYSADMIN)
    data = {"name": "甲", "credit_code": "91370212MA3C4R5T6X", "kind": "enterprise", "region": "370212"}
    data["country"] = "CN"
    response = client.post(f"{UNITS}add/", data | inlines("memberships", "facts", "integrity_records"))
    assert list(response.context["adminform"].form.errors) == ["credit_code"]


def inlines(*prefixes):
    return {f"{p}-{n}": "0" for p in prefixes for n in ("TOTAL_FORMS", "INITIAL_FORMS")}


def test_a_person_is_added_with_a_password(client, db):
    as_(client, Role.SYSADMIN)
    data = {"username": "new", "name": "新人", "email": "new@example.com", "phone": ""}
    data |= {"password1": "a-long-password-7", "password2": "a-long-password-7"}
    data |= inlines("memberships", "role_assignments") | {"usable_password": "true"}
    response = client.post(f"{USERS}add/", data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert User.objects.get(username="new").check_password("a-long-password-7") is True


FACT = {"kind": "high_tech", "text": "GR1", "valid_from": "2025-01-01", "source": "认定办"}


def test_a_button_asks_first_and_then_calls_its_action(client, db):
    unit = OrganisationFactory()
    as_(client, Role.PROGRAMME_MANAGER)
    page = client.get(f"{UNITS}{unit.pk}/change/").content.decode()
    assert f'href="{UNITS}{unit.pk}/record_fact/"' in page
    assert f'href="{UNITS}{unit.pk}/record_integrity/"' not in page
    assert client.get(f"{UNITS}{unit.pk}/record_fact/").status_code == 200
    assert OrganisationFact.objects.count() == 0
    response = client.post(f"{UNITS}{unit.pk}/record_fact/", FACT, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["单位事实已登记。"]
    assert OrganisationFact.objects.get().source == "认定办"
    assert "登记单位事实" in response.content.decode()


def test_a_refusal_is_shown_in_the_form_and_nothing_typed_is_lost(client, db):
    unit = OrganisationFactory()
    as_(client, Role.PROGRAMME_MANAGER)
    response = client.post(f"{UNITS}{unit.pk}/record_fact/", {**FACT, "text": ""})
    assert response.status_code == 422
    assert response.context["form"].errors == {"text": ["请填写内容（证书编号等）或数值。"]}
    assert 'value="认定办"' in response.content.decode()


def test_a_hidden_button_cannot_be_pressed_by_its_address(client, db):
    unit = OrganisationFactory()
    as_(client, Role.PROGRAMME_MANAGER)
    data = {"reason": "x", "source": "x", "valid_from": "2025-01-01"}
    assert client.post(f"{UNITS}{unit.pk}/record_integrity/", data).status_code == 403
    assert client.post(f"{UNITS}999999/record_fact/", FACT).status_code == 404
    assert IntegrityRecord.objects.count() == 0


def test_supervision_records_dishonesty_of_a_unit_and_a_person(client, db):
    unit, person = OrganisationFactory(), UserFactory()
    as_(client, Role.SUPERVISION)
    data = {"reason": "逾期", "source": "监督处", "valid_from": "2025-01-01"}
    assert client.post(f"{UNITS}{unit.pk}/record_integrity/", data).status_code == 302
    assert client.post(f"{USERS}{person.pk}/record_integrity/", data).status_code == 302
    subjects = set(IntegrityRecord.objects.values_list("organisation_id", "user_id"))
    assert subjects == {(unit.pk, None), (None, person.pk)}


def test_offices_are_given_and_ended(client, db):
    person = UserFactory()
    as_(client, Role.SYSADMIN)
    assert client.post(f"{USERS}{person.pk}/assign_role/", {"role": Role.LEADER}).status_code == 302
    assignment = RoleAssignment.objects.get(user=person)
    person.refresh_from_db()
    assert (assignment.role, person.is_staff) == (Role.LEADER, True)
    assert client.post(f"{OFFICES}{assignment.pk}/end_role/").status_code == 302
    person.refresh_from_db()
    assert person.is_staff is False
    again = {"user": person.pk, "role": Role.LEADER, "organisation": "", "region": ""}
    assert client.post(f"{OFFICES}add/", again).status_code == 302
    person.refresh_from_db()
    assert person.is_staff is True
    assert RoleAssignment.objects.filter(user=person).count() == 1


def test_the_last_system_administrator_cannot_be_ended(client, db):
    sysadmin = as_(client, Role.SYSADMIN)
    assert client.post(f"{OFFICES}{sysadmin.role_assignments.get().pk}/end_role/").status_code == 403
    assert RoleAssignment.objects.get().is_active is True


def test_a_request_to_join_is_answered(client, db):
    first, second = JoinRequestFactory(), JoinRequestFactory()
    as_(client, Role.SYSADMIN)
    assert client.get(f"{REQUESTS}{first.pk}/change/").status_code == 200
    assert client.post(f"{REQUESTS}{first.pk}/approve/").status_code == 302
    assert client.post(f"{REQUESTS}{second.pk}/refuse/", {"note": "不符"}).status_code == 302
    assert dict(JoinRequest.objects.values_list("pk", "state")) == {
        first.pk: "approved",
        second.pk: "refused",
    }
    assert client.post(f"{REQUESTS}{first.pk}/refuse/", {"note": "x"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "heading"),
    [
        (UNITS, "Select Organisation to change"),
        (UNITS, "Organisations"),
        (OFFICES, "Select Office to view"),
        (OFFICES, "Offices"),
        (REQUESTS, "Requests to join an organisation"),
        ("/admin/applications/application/", "Applications"),
        ("/admin/finance/payment/", "Payments"),
        ("/admin/reviews/panel/", "Review panels"),
    ],
)
def test_english_names_say_one_or_many(client, page, heading):
    as_(client, Role.SYSADMIN)
    client.cookies["django_language"] = "en"
    text = re.sub(r"<[^>]+>", "\n", client.get(page).content.decode())
    assert re.search(rf"^\s*{heading}\b", text, re.MULTILINE)


def test_officers_confirm_facts_and_others_do_not(client, db):
    fact, other = OrganisationFactFactory(), OrganisationFactFactory()
    as_(client, Role.AUDITOR)
    assert client.post(f"{FACTS}{fact.pk}/confirm/").status_code == 403
    manager = as_(client, Role.PROGRAMME_MANAGER, organisation=OrganisationFactory())
    assert (
        f"/my/units/{fact.organisation_id}/record/"
        in client.get(f"{FACTS}{fact.pk}/change/").content.decode()
    )
    assert client.post(f"{FACTS}{fact.pk}/confirm/").status_code == 302
    fact.refresh_from_db()
    assert fact.confirmed_by == manager
    shown = {
        value: {row.pk for row in client.get(f"{FACTS}?confirmed={value}").context["cl"].result_list}
        for value in ("yes", "no", "perhaps")
    }
    assert shown == {"yes": {fact.pk}, "no": {other.pk}, "perhaps": {fact.pk, other.pk}}


def test_an_authority_that_an_officer_names_is_asked_like_any_other(client, db):
    unit, ministry, other = OrganisationFactory(), OrganisationFactory(name="省教育厅"), OrganisationFactory()
    recommender = officer(Role.RECOMMENDER, ministry)
    by = as_(client, Role.SYSADMIN)

    def save(**change):
        page = client.get(f"{UNITS}{unit.pk}/change/")
        fields = page.context["adminform"].form
        data = {name: fields[name].value() or "" for name in fields.fields}
        for formset in page.context["inline_admin_formsets"]:
            for field in formset.formset.management_form:
                data[field.html_name] = field.value() or 0
        answer = client.post(f"{UNITS}{unit.pk}/change/", data | change)
        assert (answer.status_code, answer.context and answer.context["errors"]) == (302, None)
        return [m.level_tag for m in get_messages(answer.wsgi_request)]

    assert "warning" not in save(authority=ministry.pk)
    asked = unit.subordinations.get()
    assert (asked.authority, asked.state, asked.named_by) == (ministry, "named", by)
    due = Deadline.objects.get(kind="subordination")
    assert (due.state, people_owing([due])) == ("open", {due.pk: [recommender]})
    save(address="海尔路 1 号")
    assert unit.subordinations.count() == 1
    # Nobody could answer for the other one: whoever names it is told.
    assert "warning" in save(authority=other.pk)
    assert [row.state for row in unit.subordinations.all()] == ["named", "ended"]
    save(authority="")
    assert not Deadline.objects.filter(kind="subordination", state="open").exists()


def test_a_choice_by_search_that_is_no_key_is_a_fault_of_the_field(client, db):
    client.force_login(officer(Role.SYSADMIN))
    page = client.post("/admin/accounts/roleassignment/add/", {"user": "x", "organisation": "9" * 5000})
    assert page.status_code == 200
    assert {"user", "organisation"} <= set(page.context["adminform"].form.errors)
