"""Participants from units abroad: no credit code, passports, seen by rules, limits and conflicts."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts import countries
from accounts.models import Organisation
from applications import actions, completeness, eligibility, exporting, printing, queries
from applications.models import Participant, PastProject, RuleStatus
from core.workflow import Refused
from grants.models import Automation, Call, RuleScope
from reviews.models import ConflictKind
from reviews.queries import conflicts_of
from tests.factories.accounts import OrganisationFactFactory, OrganisationFactory, UserFactory, officer
from tests.factories.applications import ApplicationFactory, fill, filled, submitted
from tests.factories.grants import CallFactory
from tests.factories.reviews import ExpertFactory, publish

pytestmark = pytest.mark.django_db

ANNA = {
    "role": "member",
    "name": "Anna Weber",
    "id_kind": "passport",
    "id_number": "c01x 00017",
    "organisation_name": "Institut für Ozeantechnik",
    "country": "DE",
    "months_per_year": Decimal(3),
    "task": "联合研究",
}


def set_people(application, *more):
    people = list(application.participants.filter(country="CN").values(*completeness.PERSON_FIELDS))
    actions.set_participants(
        application=application, participants=[*people, *more], by=application.created_by, at=timezone.now()
    )
    return application


def rule(code, expression, **more):
    return {
        "code": code,
        "text": "条文",
        "clause": "第三条",
        "scope": RuleScope.PARTNER,
        "automation": Automation.AUTO,
        "expression": expression,
        **more,
    }


def test_countries_have_the_names_that_authorities_write():
    chinese, english = countries.names("zh"), countries.names("en")
    assert list(chinese)[:4] == ["CN", "HK", "MO", "TW"]
    assert (chinese["DE"], chinese["TW"], english["TW"]) == ("德国", "中国台湾", "Taiwan, China")
    assert chinese.keys() == english.keys()
    assert len(chinese) == 249
    assert countries.name_of("QQ") == "QQ"


def test_a_unit_abroad_needs_no_credit_code_and_is_told_apart_by_country_and_name():
    application = set_people(
        filled(),
        ANNA,
        {**ANNA, "name": "Jan", "id_number": "C01X00018", "organisation_name": "institut  für ozeantechnik"},
        {**ANNA, "name": "Li", "id_number": "H1234567", "country": "HK"},
    )
    assert [fault for fault in completeness.faults_of(application) if fault[3] == "participants"] == []
    keys = list(application.participants.values_list("unit_key", flat=True))
    assert keys[0] == application.organisation.credit_code
    assert keys[1] == keys[2] != keys[3]
    assert keys[1].startswith("DE-")
    partners = queries.context(application)["partners"]
    assert [(p["foreign"], p["country"], p["credit_code"]) for p in partners] == [
        (True, "DE", ""),
        (True, "HK", ""),
    ]
    assert application.participants.get(name="Anna Weber").id_number == "C01X00017"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"credit_code": "91370200163562681G"}, "credit_code"),
        ({"id_number": "护照"}, "id_number"),
        ({"id_number": "11010519491231002X"}, "id_number"),
        ({"id_kind": "id_card"}, "id_number"),
    ],
)
def test_what_cannot_be_of_a_unit_abroad_is_refused_and_nothing_changes(change, field):
    application = filled()
    with pytest.raises(Refused) as refused:
        set_people(application, {**ANNA, **change})
    assert refused.value.field == f"participants.1.{field}"
    assert application.participants.count() == 1


def test_the_database_refuses_a_code_abroad():
    application = set_people(filled(), ANNA)
    for change in ({"credit_code": "91370200163562681G"}, {"country": "de"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Participant.objects.filter(application=application, country="DE").update(**change)


def test_rules_ask_for_foreign_partners_or_refuse_them():
    call = CallFactory(
        parts__rules=(
            rule("F1", "partners.exists(p, p.foreign)"),
            rule("F2", "partners.all(p, !p.foreign)"),
            rule("F3", "partners.exists(p, p.country in ['KZ'])"),
        )
    )
    application = filled(call=call)

    def said():
        lines = {line.code: line.status for line in eligibility.evaluate(application)}
        return [lines[code] for code in ("F1", "F2", "F3")]

    assert said() == [RuleStatus.FAILED, RuleStatus.PASSED, RuleStatus.FAILED]
    set_people(application, ANNA)
    assert said() == [RuleStatus.PASSED, RuleStatus.FAILED, RuleStatus.FAILED]


def test_limits_count_a_unit_abroad_by_its_country_and_name():
    least = "partners.all(p, size(p.records) < 1)"
    call = CallFactory(parts__rules=(rule("L1", least),))
    first = set_people(filled(call=call), ANNA)
    actions.submit(application=first, by=first.created_by, at=timezone.now())
    second = set_people(filled(call=call), {**ANNA, "name": "Jan", "id_number": "C01X00018"})
    lines = {line.code: line.status for line in eligibility.evaluate(second)}
    assert lines["L1"] == RuleStatus.FAILED
    set_people(second, {**ANNA, "country": "AT"})
    lines = {line.code: line.status for line in eligibility.evaluate(second)}
    assert lines["L1"] == RuleStatus.PASSED


def test_the_same_passport_number_of_two_countries_is_two_people():
    call = CallFactory(parts__rules=(rule("L2", "members.all(p, size(p.records) < 1)"),))
    first = set_people(filled(call=call), ANNA)
    actions.submit(application=first, by=first.created_by, at=timezone.now())
    second = filled(call=call)
    past = PastProject.objects.create(plan="计划", title="甲", id_number="FR-C01X00017", status="running")
    said = []
    for country in ("DE", "FR", "IT"):
        set_people(second, {**ANNA, "name": "Jan", "country": "AT", "id_country": country})
        said += [line.status for line in eligibility.evaluate(second) if line.code == "L2"]
    assert said == [RuleStatus.FAILED, RuleStatus.FAILED, RuleStatus.PASSED]
    # Recorded without a country it counts for everybody with the number.
    PastProject.objects.filter(pk=past.pk).update(id_number="C01X00017")
    assert [line.status for line in eligibility.evaluate(second) if line.code == "L2"] == [RuleStatus.FAILED]


def test_an_expert_of_the_unit_abroad_has_a_conflict():
    application = set_people(filled(), ANNA)
    expert = ExpertFactory(organisation=OrganisationFactory(name="Institut für  Ozeantechnik"))
    other = ExpertFactory()
    found = conflicts_of([expert, other], application)
    assert [conflict.kind for conflict in found[expert.pk]] == [ConflictKind.SAME_UNIT]
    assert not found.get(other.pk)


def test_budgets_by_unit_name_the_unit_abroad():
    application = set_people(filled(), ANNA)
    units = queries.partner_units(application)
    assert list(units.values()) == [application.organisation.name, "Institut für Ozeantechnik"]


def test_sealed_shown_exported_and_printed_with_the_passport_masked(client):
    application = set_people(filled(), ANNA)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    sealed = queries.latest_submission(application).content["participants"][1]
    assert (sealed["country"], sealed["id_kind"], sealed["credit_code"]) == ("DE", "passport", "")
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "德国" in page
    assert "C******17" in page
    assert "C01X00017" not in page
    content = exporting.content_for(application, drafts=False)
    assert content["participants"][1]["id_number"] == "C******17"
    assert exporting.workbook(application, content)
    assert printing.sealed(queries.latest_submission(application)).startswith(b"%PDF")


def test_what_was_sealed_before_countries_reads_as_the_mainland():
    application = submitted()
    content = queries.latest_submission(application).content
    for person in content["participants"]:
        del person["country"], person["id_kind"]
    person = queries.for_reading(content)["participants"][0]
    assert (person["country_name"], person["id_kind_label"]) == ("", "")


def test_the_form_takes_a_unit_abroad_and_keeps_masked_passports_apart(client):
    application = filled()
    client.force_login(application.created_by)
    address = reverse("applications:participants", args=[application.pk])
    people = [
        {"name": "Anna", "id_number": "C01X00017"},
        {"name": "Jan", "id_number": "C99Y99917"},
    ]
    base = {"role": "member", "id_kind": "passport", "organisation_name": "IOT", "country": "DE"}

    def send(rows):
        data = {"participants-TOTAL_FORMS": len(rows), "participants-INITIAL_FORMS": 0}
        for index, row in enumerate(rows):
            data |= {f"participants-{index}-{name}": value for name, value in {**base, **row}.items()}
        return client.post(address, data)

    assert send(people).status_code == 302
    page = client.get(address).content.decode()
    assert page.count("C******17") == 2
    assert "DE 德国" in page
    assert send([{**person, "id_number": "C******17"} for person in reversed(people)]).status_code == 302
    assert dict(application.participants.values_list("name", "id_number")) == {
        "Anna": "C01X00017",
        "Jan": "C99Y99917",
    }


def test_the_team_sees_that_the_lead_unit_writes_for_a_unit_abroad(client):
    application = set_people(fill(filled()), ANNA)
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "境外单位（德国），由牵头单位填写" in page


# ---- a unit abroad that leads ----

HRB = {
    "country": "DE",
    "registration_number": " hrb 12345 ",
    "name": "Institut für  Ozeantechnik",
    "kind": "institute",
}


def lead_abroad(call, *, proven=True):
    """A draft of a registered unit abroad, whose head shows a passport."""
    by = UserFactory()
    unit = accounts.register_abroad(by=by, at=timezone.now(), **HRB)
    if proven:
        OrganisationFactFactory(
            organisation=unit, kind="licence", confirmed_at=timezone.now(), confirmed_by=officer()
        )
    application = fill(ApplicationFactory(call=call, organisation=unit, created_by=by))
    head = ANNA | {"role": "pi", "birth_date": date(1980, 6, 15)}
    actions.set_participants(application=application, participants=[head], by=by, at=timezone.now())
    return application


def test_a_unit_abroad_registers_by_its_countrys_number_once(client):
    person, other = UserFactory(), UserFactory()
    client.force_login(person)
    page = reverse("accounts:register_abroad")
    assert client.post(page, HRB | {"country": "CN"}).status_code == 422
    assert client.post(page, HRB).status_code == 302
    unit = Organisation.objects.get()
    assert (unit.registration_number, unit.region, unit.code_shown) == ("HRB 12345", "", "德国 HRB 12345")
    client.force_login(other)
    again = client.post(page, HRB | {"name": "Anders"})
    assert (again.status_code, "申请加入" in again.content.decode()) == (422, True)
    client.force_login(person)
    edit = reverse("accounts:edit_unit", args=[unit.pk])
    assert client.post(edit, {"kind": "university", "name": "Anders"}).status_code == 302
    unit.refresh_from_db()
    assert (unit.kind, unit.name) == ("university", "Institut für Ozeantechnik")
    for fields in ({"name": "Anders"}, {"region": "370212"}, {"registration_number": ""}, {"country": "CN"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.filter(pk=unit.pk).update(**fields)


def test_a_unit_abroad_leads_where_the_notice_lets_it_once_an_officer_has_seen_its_proof():
    rules = rule("C1", "unit.country in ['DE', 'FR']"), rule("C2", "pi.credit_code == unit.credit_code")
    closed, call = CallFactory(), CallFactory(parts__rules=rules, draft=True)
    Call.objects.filter(pk=call.pk).update(is_open_abroad=True)
    application = lead_abroad(publish(call), proven=False)
    said = {"application": application, "by": application.created_by, "at": timezone.now()}
    lines = {line.code: line.status for line in eligibility.evaluate(application)}
    assert (lines["C1"], lines["C2"]) == (RuleStatus.PASSED, RuleStatus.PASSED)
    assert queries.context(application)["partners"] == []
    with pytest.raises(Refused) as refused:
        actions.submit(**said)
    assert refused.value.code == "not_proven"
    unit = application.organisation
    OrganisationFactFactory(
        organisation=unit, kind="licence", confirmed_at=timezone.now(), confirmed_by=officer()
    )
    actions.submit(**said)
    assert queries.latest_submission(application).content["organisation"]["credit_code"] == "德国 HRB 12345"
    with pytest.raises(Refused) as refused:
        actions.start(call=closed, organisation=unit, by=application.created_by, at=timezone.now())
    assert refused.value.code == "abroad"
