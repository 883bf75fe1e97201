"""A published pack with one application that keeps every rule, built by the actions that people use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module

from django.utils import timezone

from accounts.models import Organisation, OrganisationKind, User
from accounts.roles import Role, UnitRole
from applications import actions, completeness, queries
from applications.models import Application
from core.calendar import add_days, local_date
from desk import packs
from grants.actions import list_topic, publish_call
from grants.models import Call, QuestionKind, Sourcing, Topic
from seeds.codes import make_id_number
from seeds.demo import paper
from tests.desk.packs import dictionaries, generate
from tests.factories.accounts import (
    OrganisationFactFactory,
    OrganisationFactory,
    member_of,
    officer,
)

SLUGS = [file.stem for file in packs.shipped()]
WAN = Decimal(10_000)
UNIT = {"region": "370214", "registered_date": date(2012, 4, 1), "legal_representative": "沈知微"}
OFFICE = {"kind": OrganisationKind.GOVERNMENT, "region": "370214"}
OWNER = {"region": "370214", "registered_date": date(2015, 4, 1), "legal_representative": "梁思齐"}


@dataclass(frozen=True)
class Person:
    """One participant; `unit` holds fields of a unit of their own (`facts` among them), None: the lead's."""

    months: float = 8
    birth: str | Callable = "19800615"
    """YYYYMMDD, or a function of the call."""
    title: str = "教授"
    unit: Mapping | None = None
    country: str = ""
    """Of a unit abroad, which has no credit code; its people show passports."""
    number: int = 0
    """Serial number of the ID number (odd: a man); 0: the place in the list."""


@dataclass(frozen=True)
class Case:
    """What makes an application to a pack pass, and what breaks each rule; see `tests.desk.packs`."""

    type: str = ""
    topic: str = ""
    unit: Mapping = field(default_factory=dict)
    facts: Mapping = field(default_factory=dict)
    people: list[Person] = field(default_factory=lambda: [Person()])
    answers: Mapping = field(default_factory=dict)
    money: Mapping = field(default_factory=dict)
    amount: float | str | None = None
    months: int = 24
    starts_in: int = 60
    """Days from today to the first day of the project."""
    breaks: Mapping[str, Callable] = field(default_factory=dict)
    holds: list[Callable] = field(default_factory=list)
    recommender: Mapping = field(default_factory=dict)
    """Fields of the one of the notice's list that the applicant chooses, by its `name`; usual: the first."""
    demander: Mapping = field(default_factory=dict)
    demander_facts: Mapping = field(default_factory=dict)
    demand_breaks: Mapping[str, Mapping] = field(default_factory=dict)


@dataclass
class World:
    case: Case
    call: Call
    application: Application
    unit: Organisation
    by: User
    manager: User
    at: datetime


@cache
def cases_of(slug: str) -> list[Case]:
    return import_module(f"tests.desk.packs.cases.{slug.replace('-', '_')}").CASES


@cache
def read(slug: str, today: date) -> tuple[packs.Pack, packs.Source]:
    """A shipped pack and its source; reading one takes longer than loading it."""
    return packs.read_file(packs.PROGRAMMES / f"{slug}.yaml", today=today)


def pack_of(slug: str) -> packs.Pack:
    return read(slug, local_date(timezone.now()))[0]


def published(slug: str, *, now=None) -> tuple[Call, User, datetime]:
    """The shipped pack, loaded today and published; its department's manager."""
    now = now or timezone.now()
    dictionaries.load()
    department = OrganisationFactory(kind=OrganisationKind.GOVERNMENT)
    manager = officer(Role.PROGRAMME_MANAGER, organisation=department)
    pack, source = read(slug, local_date(now))
    call = packs.store.load(pack, source=source, department=department).call
    publish_call(call=call, by=manager, at=call.opens_at - timedelta(hours=1))
    call.refresh_from_db()
    for listed in call.recommenders.all():
        OrganisationFactory(credit_code=listed.credit_code, name=listed.name, **OFFICE)
    return call, manager, now


def resolved(values: Mapping, subject) -> dict:
    """Values that are functions of the call or world (dates of a year, the unit's own code) worked out."""
    return {name: value(subject) if callable(value) else value for name, value in values.items()}


def make_unit(
    fields: Mapping, facts: Mapping | None = None, *, usual: Mapping = UNIT, year: int = 0
) -> Organisation:
    """A unit with facts: True for a certificate, a text, a number, or {year: number}, −1: the year before."""
    unit = OrganisationFactory(**{**usual, **fields})
    for kind, value in (facts or {}).items():
        add_fact(unit, kind, value, year=year)
    return unit


def add_fact(unit: Organisation, kind: str, value, *, year: int) -> None:
    if isinstance(value, Mapping):
        for of_year, number in value.items():
            of_year += year if of_year <= 0 else 0
            day = {"valid_from": date(of_year, 1, 1), "valid_to": date(of_year, 12, 31)}
            OrganisationFactFactory(organisation=unit, kind=kind, text="", number=Decimal(number), **day)
        return
    what = {"text": "登记"}
    if not isinstance(value, bool):
        is_text = isinstance(value, str)
        what = {"text": value} if is_text else {"text": "", "number": Decimal(value)}
    OrganisationFactFactory(organisation=unit, kind=kind, valid_from=date(2020, 1, 1), **what)


def demand_side(case: Case, **changes) -> Organisation:
    """The enterprise that posts the demand; `facts` among the changes replaces facts."""
    facts = {**case.demander_facts, **changes.pop("facts", {})}
    known = {kind: value for kind, value in facts.items() if value is not None}
    return make_unit({**case.demander, **changes}, known, usual=OWNER)


def build(slug: str, case: Case) -> World:
    """A complete application of the case, ready to be handed in."""
    call, manager, now = published(slug)
    unit = make_unit({**_invited(call), **resolved(case.unit, call)}, case.facts, year=call.year)
    by = member_of(unit, UnitRole.MEMBER)
    draft = {"call": call, "organisation": unit, "by": by, "at": now}
    draft["topic"] = _topic(call, case, manager, now)
    if case.type:
        draft["project_type"] = call.types.get(code=case.type)
    world = World(case, call, actions.start(**draft), unit, by, manager, now)
    fill(world)
    return world


def _invited(call: Call) -> dict:
    first = call.invitations.first()
    return {"credit_code": first.credit_code} if first else {}


def _topic(call: Call, case: Case, manager, now) -> Topic | None:
    if call.sourcing == Sourcing.DEMAND:
        return list_topic(
            call=call,
            title="电喷雾离子源长期稳定性",
            content="抑制结晶",
            amount=call.cap or 100 * WAN,
            owner=demand_side(case),
            bids_close_at=now + timedelta(days=10),
            by=manager,
            at=now - timedelta(days=2),
        )
    topics = call.topics.order_by("number")
    return topics.get(number=case.topic) if case.topic else topics.first()


def fill(world: World) -> None:
    """Every part of the form. Raises AssertionError where the generator's answer is not valid."""
    application, case = world.application, world.case
    where = {"application": application, "by": world.by, "at": world.at}
    starts = local_date(world.at) + timedelta(days=case.starts_in)
    basics = {"title": "高盐样品电喷雾离子源", "summary": "抑制结晶，长期稳定。", "starts_date": starts}
    basics["ends_date"] = add_days(starts, case.months, kind="month", inclusive=True)
    if recommender := chosen_of(world):
        basics["recommender"] = recommender
    if case.amount is not None:
        basics["requested_amount"] = Decimal(str(case.amount)) * WAN
    actions.update_basics(**basics, **where)
    if world.call.asks_participants:
        actions.set_participants(participants=people(world, case.people), **where)
    if case.money:
        actions.set_budget(amounts=amounts(world, case.money), **where)
    if world.call.asks_milestones:
        actions.set_milestones(milestones=generate.milestones(starts, case.months), **where)
    _answer(world, where)


def chosen_of(world: World) -> Organisation | None:
    """One of the notice's list, registered as the case has it."""
    fields = dict(world.case.recommender)
    listed = world.call.recommenders.filter(**{"name": fields["name"]} if fields else {}).order_by("pk")
    if (first := listed.first()) is None:
        return None
    Organisation.objects.filter(credit_code=first.credit_code).update(**fields)
    return Organisation.objects.get(credit_code=first.credit_code)


def _answer(world: World, where) -> None:
    asked = queries.questions_of(world.application)
    typed = [q for q in asked if q.kind not in (QuestionKind.ATTACHMENT, QuestionKind.COMPUTED)]
    given = {q.code: generate.answer(q) for q in typed} | resolved(world.case.answers, world)
    faults = actions.save_answers(answers=given, **where)
    assert not faults, faults
    for question in asked:
        if question.kind == QuestionKind.ATTACHMENT:
            file = paper.file(f"Attachment: {question.code}")
            actions.attach(question=question, file=file, name=f"{question.code}.pdf", **where)
    # What is not asked of this application is not answered either.
    context = queries.context(world.application)
    shown = completeness.visible_codes(asked, context)
    hidden = [q for q in asked if q.code not in shown]
    actions.save_answers(answers={q.code: None for q in hidden}, **where)
    for question in hidden:
        if question.kind == QuestionKind.ATTACHMENT:
            actions.detach(question=question, **where)


def people(world: World, wanted: list[Person]) -> list[dict]:
    """Participants as the action takes them; the first leads."""
    found = []
    for place, person in enumerate(wanted, start=1):
        birth = person.birth(world.call) if callable(person.birth) else person.birth
        if person.country:
            found.append(_abroad(place, person))
            continue
        fields = dict(person.unit or {})
        facts = fields.pop("facts", {})
        others = {"legal_representative": "", **resolved(fields, world.call)}
        unit = world.unit if person.unit is None else make_unit(others, facts, year=world.call.year)
        found.append(
            {
                "role": "pi" if place == 1 else "member",
                "name": f"周明泽{place}",
                "id_number": make_id_number(person.number or place, birth),
                "title": person.title,
                "organisation_name": unit.name,
                "credit_code": unit.credit_code,
                "months_per_year": Decimal(str(person.months)),
                "task": "总体负责",
            }
        )
    return found


def _abroad(place: int, person: Person) -> dict:
    return {
        "role": "member",
        "name": f"Anna Weber {place}",
        "id_kind": "passport",
        "id_number": f"C01X{place:05}",
        "birth_date": date(1980, 6, 15),
        "title": "Professor",
        "organisation_name": "Institut für Ozeantechnik 海洋技术研究所",
        "country": person.country,
        "months_per_year": Decimal(str(person.months)),
        "task": "联合研究",
    }


def amounts(world: World, money: Mapping) -> dict[tuple, Decimal]:
    """元 per cell from 万元 per source (spread over the categories) or per (category, source)."""
    cells: dict[tuple, Decimal] = {}
    for key, wan in money.items():
        if isinstance(key, tuple):
            cells[key] = Decimal(str(wan)) * WAN
        else:
            cells |= generate.spread(world.call, key, Decimal(str(wan)) * WAN)
    call = world.call
    if not (call.is_budget_by_year or call.is_budget_by_unit):
        return cells
    year = world.application.starts_date.year if call.is_budget_by_year else None
    of_unit = world.unit.credit_code if call.is_budget_by_unit else ""
    return {(*key, year, of_unit)[:4]: amount for key, amount in cells.items()}
