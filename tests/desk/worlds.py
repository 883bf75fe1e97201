"""A published pack with one application (or demand side) that keeps every rule."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import FactKind, Organisation, OrganisationKind, User
from accounts.roles import Role, UnitRole
from applications import actions
from applications.models import Application
from core.calendar import local_date
from desk import packs
from grants.actions import list_topic, publish_call
from grants.models import Call
from seeds.codes import make_id_number
from seeds.demo import writing
from tests.factories.accounts import OrganisationFactFactory, OrganisationFactory, member_of, officer

PARK = "高新区蓝湾仪器产业园"


@dataclass
class World:
    call: Call
    application: Application
    unit: Organisation
    by: User
    manager: User
    at: datetime


def published(slug: str, *, now=None) -> tuple[Call, User, datetime]:
    """The shipped pack, loaded today and published; its department's manager."""
    now = now or timezone.now()
    department = OrganisationFactory(kind=OrganisationKind.GOVERNMENT)
    manager = officer(Role.PROGRAMME_MANAGER, organisation=department)
    file = packs.PROGRAMMES / f"{slug}.yaml"
    call = packs.load(file, today=local_date(now), department=department).call
    publish_call(call=call, by=manager, at=call.opens_at - timedelta(hours=1))
    call.refresh_from_db()
    return call, manager, now


def demand_side(**changes) -> Organisation:
    """An enterprise that may post demands."""
    facts = {
        "region": "370214",
        "registered_date": date(2015, 4, 1),
        "legal_representative": "梁思齐",
    } | changes
    unit = OrganisationFactory(**facts)
    fact(unit, FactKind.TECH_SME, text="GR-KJ-1")
    return unit


def fact(unit: Organisation, kind: str, **value) -> None:
    OrganisationFactFactory(organisation=unit, kind=kind, valid_from=date(2020, 1, 1), **{"text": ""} | value)


def person(unit: Organisation, *, role="pi", n=1, birth="19800615", months=8) -> dict:
    return {
        "role": role,
        "name": f"周明泽{n}",
        "id_number": make_id_number(n, birth),
        "birth_date": date(int(birth[:4]), int(birth[4:6]), int(birth[6:])),
        "title": "教授",
        "organisation_name": unit.name,
        "credit_code": unit.credit_code,
        "months_per_year": Decimal(months),
        "task": "总体负责",
    }


def challenge(**changes) -> World:
    """A complete bid of a university for a list item of `jiebang-sme`."""
    call, manager, now = published("jiebang-sme")
    owner = demand_side()
    topic = list_topic(
        call=call,
        title="电喷雾离子源长期稳定性",
        content="抑制结晶",
        amount=Decimal(1_000_000),
        owner=owner,
        bids_close_at=now + timedelta(days=10),
        by=manager,
        at=now - timedelta(days=2),
    )
    unit = OrganisationFactory(
        **{"kind": OrganisationKind.UNIVERSITY, "legal_representative": "魏长河", "region": "370212"}
        | changes
    )
    money = {"fiscal": Decimal(80), "demander": Decimal(100), "own": Decimal(10)}
    return _complete(call, unit, manager, now, topic=topic, money=money, months=10)


def park(**changes) -> World:
    """A complete application of a park enterprise to `park-cultivation`."""
    call, manager, now = published("park-cultivation")
    facts = {
        "region": "370214",
        "registered_date": date(2012, 4, 1),
        "legal_representative": "沈知微",
    } | changes
    unit = OrganisationFactory(**facts)
    fact(unit, FactKind.HIGH_TECH, text="GR1")
    fact(unit, FactKind.PARK, text=PARK)
    fact(unit, FactKind.RD_SPEND, number=Decimal(9_000_000))
    money = {"fiscal": Decimal(300), "own": Decimal(400)}
    return _complete(call, unit, manager, now, money=money, months=24)


WORLDS = {"jiebang-sme": challenge, "park-cultivation": park}


def _complete(call, unit, manager, now, *, money, months, topic=None) -> World:
    by = member_of(unit, UnitRole.MEMBER)
    application = actions.start(call=call, topic=topic, organisation=unit, by=by, at=now)
    writing.fill(
        application,
        by=by,
        at=now,
        title="高盐样品电喷雾离子源",
        summary="抑制结晶，长期稳定。",
        people=[person(unit)],
        money=money,
        starts=local_date(now) + timedelta(days=60),
        months=months,
    )
    return World(call, application, unit, by, manager, now)
