"""The check says which record of the unit a rule compared."""

from datetime import date

import pytest
from django.utils import timezone

from applications import eligibility
from grants.models import Automation, RuleScope
from tests.factories.accounts import OrganisationFactFactory, UserFactory
from tests.factories.applications import ApplicationFactory
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def rule(code, expression, **values):
    return {
        "code": code,
        "text": f"条件 {code}",
        "clause": "第三条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": expression,
        **values,
    }


def sources(application) -> dict[str, tuple]:
    lines = eligibility.with_sources(application, eligibility.evaluate(application))
    return {line.code: line.sources for line in lines if line.rule is not None}


def test_the_record_of_the_day_is_named_with_its_source_and_its_confirmation():
    call = CallFactory(
        parts__rules=[
            rule("A", "unit.high_tech"),
            rule("B", "unit.high_tech", as_of=date(2023, 6, 1)),
            rule("C", "unit.region.startsWith('3702')"),
        ]
    )
    application = ApplicationFactory(call=call)
    facts = {"organisation": application.organisation, "kind": "high_tech", "source": "科技部公告"}
    OrganisationFactFactory(**facts, text="旧证", valid_from=date(2022, 1, 1), valid_to=date(2024, 12, 31))
    OrganisationFactFactory(
        **facts,
        text="新证",
        valid_from=date(2025, 1, 1),
        confirmed_at=timezone.now(),
        confirmed_by=UserFactory(),
    )
    assert sources(application) == {
        "A": ("高新技术企业 新证：单位档案 2025-01-01 起的记录，来源“科技部公告”，已核实",),
        "B": ("高新技术企业 旧证：单位档案 2022-01-01 起的记录，来源“科技部公告”",),
        "C": (),
    }


def test_the_check_page_shows_it(client):
    call = CallFactory(parts__rules=[rule("A", "unit.high_tech")])
    application = ApplicationFactory(call=call)
    OrganisationFactFactory(organisation=application.organisation, text="GR1", valid_from=date(2025, 1, 1))
    client.force_login(application.created_by)
    page = client.get(f"/applications/{application.pk}/check/").content.decode()
    assert "高新技术企业 GR1：单位档案 2025-01-01 起的记录" in page


@pytest.mark.parametrize("rows", [1, 30])
def test_naming_them_costs_one_query_for_each_day(rows, django_assert_num_queries):
    call = CallFactory(
        parts__rules=[rule(f"R{n}", "unit.high_tech && unit.staff > 3.0") for n in range(rows)]
    )
    application = ApplicationFactory(call=call)
    lines = eligibility.evaluate(application)
    with django_assert_num_queries(1):
        eligibility.with_sources(application, lines)
