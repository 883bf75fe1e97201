from datetime import date
from decimal import Decimal

import pytest

from accounts import queries
from accounts.kinds import CERTIFICATES, NUMBERS, TEXTS
from accounts.models import FactKind
from accounts.queries import unit_context
from accounts.roles import Role
from seeds.codes import make_id_number
from tests.factories.accounts import (
    IntegrityRecordFactory,
    OrganisationFactFactory,
    OrganisationFactory,
    PersonRecordFactory,
    member_of,
    officer,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 6)


def test_a_unit_without_facts_has_no_certificates_and_no_data():
    unit = OrganisationFactory(name="甲公司", registered_date=date(2020, 1, 2), legal_representative="王五")

    assert unit_context(unit, TODAY) == {
        "name": "甲公司",
        "kind": "enterprise",
        "region": "370212",
        "credit_code": unit.credit_code,
        "country": "CN",
        "foreign": False,
        "registered_date": date(2020, 1, 2),
        "legal_representative": "王五",
        "parent_credit_code": "",
        "integrity_clean": True,
        "functional_area": None,
        "by_year": {},
        **dict.fromkeys(CERTIFICATES, False),
        **dict.fromkeys((*TEXTS, *NUMBERS), None),
    }


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (TODAY, TODAY, True),
        (date(2026, 1, 1), None, True),
        (date(2026, 1, 1), date(2026, 5, 5), False),
        (date(2026, 5, 7), None, False),
    ],
)
def test_a_certificate_counts_from_its_first_to_its_last_day(first, last, counts):
    unit = OrganisationFactory()
    OrganisationFactFactory(organisation=unit, kind=FactKind.TECH_SME, valid_from=first, valid_to=last)

    assert unit_context(unit, TODAY)["tech_sme"] is counts


def test_the_later_fact_of_a_kind_counts():
    unit = OrganisationFactory()
    for year, number in ((2025, 300), (2024, 200)):
        OrganisationFactFactory(
            organisation=unit, kind=FactKind.REVENUE, number=Decimal(number), valid_from=date(year, 1, 1)
        )
    OrganisationFactFactory(organisation=unit, kind=FactKind.PARK, text="青岛高新区")

    context = unit_context(unit, TODAY)

    assert (context["revenue"], context["park"]) == (Decimal(300), "青岛高新区")


def test_a_running_integrity_record_and_the_parent_are_said():
    parent = OrganisationFactory()
    unit = OrganisationFactory(parent=parent)
    IntegrityRecordFactory(organisation=unit)

    context = unit_context(unit, TODAY)

    assert (context["integrity_clean"], context["parent_credit_code"]) == (False, parent.credit_code)


def test_another_units_facts_do_not_count(django_assert_num_queries):
    unit = OrganisationFactory()
    OrganisationFactFactory(kind=FactKind.TECH_SME)
    IntegrityRecordFactory()

    with django_assert_num_queries(2):
        context = unit_context(unit, TODAY)

    assert (context["tech_sme"], context["integrity_clean"]) == (False, True)


def test_the_record_that_a_rule_reads_is_the_one_named():
    unit = OrganisationFactory()
    OrganisationFactFactory(organisation=unit, valid_from=date(2024, 1, 1), text="旧")
    newer = OrganisationFactFactory(organisation=unit, valid_from=date(2025, 1, 1), text="新")
    OrganisationFactFactory(organisation=unit, valid_from=date(2027, 1, 1), text="以后")
    OrganisationFactFactory(valid_from=date(2026, 1, 1), text="别人的")
    assert queries.facts_used(unit, {"high_tech", "staff"}, date(2026, 6, 1)) == {"high_tech": newer}


def test_colleagues_are_offered_when_they_agreed_and_oneself_first():
    unit = OrganisationFactory()
    person, colleague, shy = (member_of(unit, name=name) for name in ("周甲", "陈乙", "李丙"))
    own = PersonRecordFactory(user=person, organisation=unit, id_number=make_id_number(3, "19850102"))
    shared = PersonRecordFactory(user=colleague, organisation=unit, is_shared=True)
    PersonRecordFactory(user=shy, organisation=unit)
    elsewhere = OrganisationFactory()
    PersonRecordFactory(user=member_of(elsewhere), organisation=elsewhere, is_shared=True)
    assert list(queries.people_offered(person)) == [own, shared]
    assert list(queries.people_offered(person, elsewhere)) == []
    assert list(queries.people_offered(officer(Role.SYSADMIN))) == []
    assert queries.as_participant(own) == {
        "name": "周甲",
        "id_number": own.id_number,
        "birth_date": date(1985, 1, 2),
        "title": "教授",
        "organisation_name": unit.name,
        "credit_code": unit.credit_code,
    }
    own.id_number = "C0123456"
    passport = {"id_kind": "passport", "id_number": "C0123456", "birth_date": None}
    assert passport.items() <= queries.as_participant(own).items()
