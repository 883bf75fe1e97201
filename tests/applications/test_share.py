"""A partner's own column of the budget, saved while it writes; people taken over from their records."""

import json
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import UnitRole
from applications import actions, completeness, queries
from applications.models import Partner
from core.workflow import Refused
from seeds.codes import make_id_number
from tests.factories.accounts import OrganisationFactory, PersonRecordFactory, UserFactory, member_of
from tests.factories.applications import ApplicationFactory, filled
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
WAN = Decimal(10_000)


@pytest.fixture
def unit():
    return OrganisationFactory(name="青岛合作研究所", kind="institute")


@pytest.fixture
def invited(unit):
    """A draft whose budget is split by unit, with a partner that may fill in 30 万元."""
    call = CallFactory(is_budget_by_unit=True, parts__rules=())
    application = ApplicationFactory(call=call)
    lead = application.organisation
    people = [
        {
            "role": "pi",
            "name": "周海声",
            "id_number": make_id_number(1),
            "organisation_name": lead.name,
            "credit_code": lead.credit_code,
            "months_per_year": 6,
        }
    ]
    people.append(
        {
            "role": "member",
            "name": "钱合作",
            "id_number": make_id_number(2),
            "organisation_name": unit.name,
            "credit_code": unit.credit_code,
            "months_per_year": 3,
        }
    )
    by, at = application.created_by, timezone.now()
    actions.set_participants(application=application, participants=people, by=by, at=at)
    partner = actions.invite_partner(application=application, organisation=unit, by=by, at=at)
    partner.application = application
    return partner


def amounts(fiscal) -> dict:
    return {("equipment", "fiscal", None): Decimal(fiscal) * WAN}


def fill(partner, by, fiscal, **more):
    people = partner.application.participants.filter(credit_code=partner.organisation.credit_code)
    actions.fill_partner(
        partner=partner,
        task="测试",
        people=list(people.values(*completeness.PERSON_FIELDS)),
        amounts=amounts(fiscal),
        by=by,
        at=timezone.now(),
        **more,
    )


def test_a_partner_fills_in_its_column_within_the_limit_and_confirms_again(invited, unit):
    admin = member_of(unit, UnitRole.ADMIN)
    application, lead = invited.application, invited.application.created_by
    with pytest.raises(Refused):
        fill(invited, admin, 10)
    with pytest.raises(Refused):
        actions.limit_partner(partner=invited, limit=30 * WAN, by=admin, at=timezone.now())
    actions.limit_partner(partner=invited, limit=30 * WAN, by=lead, at=timezone.now())
    with pytest.raises(Refused) as refused:
        fill(invited, admin, 31)
    assert refused.value.code == "over_limit"
    assert not application.budget_lines.filter(unit=unit.credit_code).exists()
    asked = application.requested_amount
    fill(invited, admin, 20)
    application.refresh_from_db(fields=["requested_amount"])
    assert application.requested_amount == asked + 20 * WAN
    seen = queries.part_versions(application)(invited)
    actions.confirm_partner(partner=invited, seen=seen, by=admin, at=timezone.now())
    fill(invited, admin, 25)
    (standing,) = queries.partners(application)
    assert (standing.is_confirmed, standing.is_stale) == (False, True)
    application.refresh_from_db(fields=["requested_amount"])
    assert application.requested_amount == asked + 25 * WAN
    # Rules on shares read what each unit has.
    facts = queries.context(application, wanted=())
    ((partner,), budget) = facts["partners"], facts["budget"]
    assert (partner["fiscal"], partner["total"]) == (25 * WAN, 25 * WAN)
    assert (budget["lead_fiscal"], budget["lead_total"]) == (0, 0)


def test_a_limit_needs_a_budget_by_unit_and_is_no_debt(invited):
    invited.application.call.is_budget_by_unit = False
    by = invited.application.created_by
    with pytest.raises(Refused):
        actions.limit_partner(partner=invited, limit=WAN, by=by, at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.filter(pk=invited.pk).update(budget_limit=-1)


def test_what_a_partner_types_is_saved_while_it_writes(client, invited, unit):
    application = invited.application
    address = reverse("applications:partner", args=[application.pk])

    def send(**values):
        sent = {
            "task": ["负责测试"],
            "people-TOTAL_FORMS": ["1"],
            "people-INITIAL_FORMS": ["0"],
            "people-0-name": ["钱合作"],
            "people-0-id_number": [make_id_number(2)],
            "people-0-months_per_year": ["3"],
        }
        body = json.dumps({"values": sent | values})
        return client.patch(address, body, content_type="application/json")

    assert send().status_code == 401
    client.force_login(UserFactory())
    assert send().status_code == 404
    client.force_login(member_of(unit))
    assert send().json()["faults"] == {}
    assert Partner.objects.get(pk=invited.pk).task == "负责测试"
    faulty = send(**{"people-0-months_per_year": ["很多"]}).json()["faults"]
    assert list(faulty) == ["people-0-months_per_year"]
    # What is wrong is kept beside what stands, and shown again.
    assert 'value="很多"' in client.get(address).content.decode()
    assert application.participants.get(name="钱合作").months_per_year == 3
    assert client.patch(address, "[]", content_type="application/json").status_code == 400
    send()
    assert 'value="很多"' not in client.get(address).content.decode()


def test_two_people_of_a_partner_do_not_write_over_each_other(client, invited, unit):
    application, lead = invited.application, invited.application.created_by
    actions.limit_partner(partner=invited, limit=30 * WAN, by=lead, at=timezone.now())
    address = reverse("applications:partner", args=[application.pk])
    client.force_login(member_of(unit))
    shown = client.get(address).context["form"]
    versions, (cell, other, *_rest) = shown.versions(), list(shown.share.form.fields)
    page = {name: texts[0] for name, texts in shown.inputs().items() if not name.endswith("DELETE")}

    def send(values, seen):
        body = json.dumps({"values": page | values, "versions": seen})
        return client.patch(address, body, content_type="application/json").json()

    person = {"people-1-name": "孙新人", "people-1-months_per_year": "2"}
    theirs = {"task": "同事的任务", cell: "7", **person}
    assert send(theirs, versions)["conflicts"] == {}
    # The second of them had opened the page before.
    answer = send({"task": "我的任务", other: "5", "people-0-months_per_year": "4"}, versions)
    assert answer["conflicts"]["task"]["text"] == "同事的任务"
    assert answer["others"][cell] == ["7"]
    assert "孙新人" in str(answer["others"])
    assert sorted(application.budget_lines.values_list("amount", flat=True)) == [5 * WAN, 7 * WAN]
    people = application.participants.filter(credit_code=unit.credit_code)
    assert list(people.values_list("name", "months_per_year")) == [("钱合作", 4), ("孙新人", 2)]
    invited.refresh_from_db()
    assert invited.task == "同事的任务"
    # Without scripts the page says so, and keeps what was typed.
    sent = page | {"task": "我的任务", "versions": json.dumps(versions), "do": "save"}
    response = client.post(address, sent)
    assert response.status_code == 409
    assert "其他成员刚刚改为“同事的任务”" in response.content.decode()
    assert ">\n我的任务</textarea>" in response.content.decode()
    # Having seen it, they decide.
    again = send({"task": "我的任务"}, versions | answer["conflicts"]["task"]["versions"])
    assert "task" not in again["conflicts"]
    invited.refresh_from_db()
    assert invited.task == "我的任务"


def test_people_are_taken_over_from_their_records_with_one_click(client):
    application = filled(call=CallFactory(parts__rules=()))
    unit, author = application.organisation, application.created_by
    shared = PersonRecordFactory(
        user=member_of(unit), organisation=unit, is_shared=True, title="研究员", id_number=make_id_number(5)
    )
    hidden = PersonRecordFactory(user=member_of(unit), organisation=unit, is_shared=False)
    client.force_login(author)
    address = reverse("applications:participants", args=[application.pk])
    page = client.get(address)
    assert [row.pk for row in page.context["offered"]] == [shared.pk]
    formset = page.context["form"]
    sent = {f"{formset.prefix}-TOTAL_FORMS": "1", f"{formset.prefix}-INITIAL_FORMS": "0"}
    for bound in formset.forms[0]:
        if bound.name != "DELETE":
            sent[bound.html_name] = bound.value() or ""
    assert client.post(address, sent | {"person": hidden.pk}).status_code == 404
    # Whom a fault elsewhere keeps from being stored stands in the form, and is not offered twice.
    months = next(name for name in sent if name.endswith("months_per_year"))
    kept = client.post(address, sent | {months: "很多", "person": shared.pk})
    assert (kept.status_code, kept.context["offered"]) == (422, [])
    assert [problem["field"] for problem in kept.context["problems"]] == ["第 1 行“每年投入（月）”"]
    assert client.post(address, sent | {"person": shared.pk}).status_code == 302
    added = application.participants.get(name=shared.user.name)
    assert (added.title, added.id_number, added.credit_code) == (
        "研究员",
        make_id_number(5),
        unit.credit_code,
    )
    assert application.participants.count() == 2
    assert client.get(address).context["offered"] == []
    # Two countries may give the same number to two people.
    person = application.participants.filter(pk=added.pk)
    for paper, named in (
        ({"id_number": "C0123456", "id_country": "DE"}, True),
        ({"id_number": "C0123456", "id_country": "FR"}, False),
        ({"id_number": "C0123457", "id_country": "DE"}, False),
        ({"id_number": "", "id_country": ""}, True),
        ({"id_number": "C0123456", "id_country": "DE", "name": "同号的人"}, False),
    ):
        person.update(**{"id_kind": "passport", **paper})
        type(shared).objects.filter(pk=shared.pk).update(id_number="C0123456", id_country="DE")
        assert (client.get(address).context["offered"] == []) is named
