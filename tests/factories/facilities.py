"""Filed facilities: a call with yearly terms over the year's end of the data, and everybody around one."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.roles import Role, UnitRole
from facilities import actions
from facilities.models import AnnualEvaluation, Facility, FacilityScheme
from grants.models import Replacement
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.grants import in_order
from tests.factories.milestones import People
from tests.factories.reviews import CallFactory, publish

FILED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
OPENED = datetime(2026, 9, 10, 2, 0, tzinfo=UTC)
IN_WINDOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
SERVICES = [
    {"code": "assessment", "name": "科技成果评估", "name_en": "Assessment"},
    {"code": "testing", "name": "性能测试", "name_en": "Tests"},
]
INDICATORS = [{"code": "converted", "name": "落地转化项目数", "unit": "个", "name_en": "Put to use"}]
GRADES = [
    {"name": "优秀", "mark": "90", "name_en": "Excellent"},
    {"name": "合格", "mark": "60", "name_en": "Passed"},
]
TERMS = {
    "services": SERVICES,
    "indicators": INDICATORS,
    "grades": GRADES,
    "data_from": "10-01",
    "data_to": "09-30",
    "report_opens": "10-09 12:00",
    "report_closes": "10-15 17:00",
    "clause": "第十三条",
}
REPORT = {"value_converted": "3", "summary": "全年开放运行。", "green": "yes"}
CASE = {
    "client": "海大团队",
    "result": "深海密封件",
    "service": "testing",
    "trl_before": 4,
    "trl_after": 6,
    "served_date": date(2026, 2, 1),
    "fee": Decimal(80_000),
    "follow_on": "",
}


def filing_call(replaced_by=(), **terms):
    """A published call that files facilities."""
    call = CallFactory()
    in_order(Replacement, replaced_by, call=call)
    FacilityScheme.objects.create(call=call, **TERMS | terms)
    return publish(call)


def file(
    call=None, organisation=None, *, number="GN-001", at=FILED, name="海洋装备概念验证平台", filed_date=None
) -> Facility:
    return actions.file_facility(
        call=call or filing_call(),
        organisation=organisation or OrganisationFactory(region="370202"),
        name=name,
        number=number,
        services=["assessment", "testing"],
        filed_date=filed_date,
        by=None,
        at=at,
    )


def people_of(facility: Facility) -> People:
    unit, department = facility.organisation, facility.call.programme.department
    return People(
        {
            "member": lambda: member_of(unit),
            "unit_admin": lambda: member_of(unit, UnitRole.ADMIN),
            "district": lambda: officer(Role.RECOMMENDER, region=unit.region),
            "manager": lambda: officer(organisation=department),
            "head": lambda: officer(Role.DIVISION_HEAD, organisation=department),
            "leader": lambda: officer(Role.LEADER),
            "auditor": lambda: officer(Role.AUDITOR),
            "other_district": lambda: officer(Role.RECOMMENDER, region="370299"),
            "other_manager": lambda: officer(organisation=OrganisationFactory()),
            "stranger": lambda: member_of(OrganisationFactory(region="370203")),
        }
    )


def opened(facility: Facility, *, year=2026, at=OPENED) -> AnnualEvaluation:
    actions.open_year(call=facility.call, year=year, by=None, at=at)
    return AnnualEvaluation.objects.get(facility=facility, year=year, round=1)


def handed_in(evaluation: AnnualEvaluation, people, *, at=IN_WINDOW) -> AnnualEvaluation:
    by = people["member"]
    actions.save_report(evaluation=evaluation, report=REPORT, by=by, at=at)
    actions.submit_report(evaluation=evaluation, by=by, at=at)
    return evaluation


def graded(evaluation: AnnualEvaluation, people, score, *, at=IN_WINDOW) -> AnnualEvaluation:
    """From the district's check to the score; without opinions of note."""
    actions.check_green(evaluation=evaluation, is_green=True, opinion="符合。", by=people["district"], at=at)
    actions.score(
        evaluation=evaluation, score=Decimal(str(score)), opinion="见附表。", by=people["manager"], at=at
    )
    return evaluation


def concluded(evaluation: AnnualEvaluation, people, *, at=IN_WINDOW) -> datetime:
    """Publicity and what follows; returns when."""
    actions.publish(evaluation=evaluation, by=people["manager"], at=at)
    ends = evaluation.publicity_ends_date
    after = datetime(ends.year, ends.month, ends.day, 17, tzinfo=UTC)  # the next day in China
    assert actions.conclude_due(at=after) == 1
    evaluation.refresh_from_db()
    return after


@pytest.fixture(scope="module")
def filed(django_db_setup, django_db_blocker):
    """A facility in a transaction that is never committed; for modules without transactional tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield file()
        transaction.set_rollback(True)


@pytest.fixture
def platform(filed, db):
    """(facility, the people around it); what the test changes is rolled back."""
    found = Facility.objects.select_related("call__programme__department", "organisation").get(pk=filed.pk)
    return found, people_of(found)
