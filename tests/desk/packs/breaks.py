"""What breaks one rule and nothing else: functions that make a function of a `World`."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import Organisation, OrganisationFact
from accounts.roles import UnitRole
from applications import actions, completeness
from applications.models import Application, ParticipantRole, PastProject
from applications.states import ApplicationState
from core.calendar import add_days
from milestones.models import Kind, Milestone
from notifications.models import Deadline, DeadlineKind
from tests.desk.packs import world as worlds
from tests.desk.packs.world import WAN, Person, World
from tests.factories import milestones as projects
from tests.factories.accounts import IntegrityRecordFactory, OrganisationFactory, member_of


@dataclass(frozen=True)
class Also:
    """A break that rightly moves other lines too."""

    codes: tuple[str, ...]
    change: object

    def __call__(self, world: World) -> None:
        self.change(world)


def also(*codes_and_change) -> Also:
    """`also("cooperation", team(…))`: the line `cooperation` changes too."""
    *codes, change = codes_and_change
    return Also(tuple(codes), change)


def both(*changes):
    def change(world):
        for one in changes:
            one(world)

    return change


# ---- the unit ----


def unit(**fields):
    """Fields of the lead organisation, or functions of the call; `parent` may be a dictionary of fields."""

    def change(world):
        for name, value in worlds.resolved(fields, world.call).items():
            setattr(world.unit, name, worlds.make_unit(value) if isinstance(value, dict) else value)
        world.unit.save()
        world.application.organisation = world.unit

    return change


def recommender(**fields):
    """Fields of the organisation that the applicant chose to recommend."""

    def change(world):
        Organisation.objects.filter(pk=world.application.recommender_id).update(**fields)

    return change


def fact(kind: str, value):
    """Replace what is said of the lead organisation; None: nothing is said."""

    def change(world):
        OrganisationFact.objects.filter(organisation=world.unit, kind=kind).delete()
        if value is not None:
            worlds.add_fact(world.unit, kind, value, year=world.call.year)

    return change


def late_report(days: int = 31):
    """Another project of the lead organisation owes its annual report since so many days."""

    def change(world):
        found = projects.agreement(
            call=projects.project_call(templates=(projects.ANNUAL,), plan=()),
            organisation=world.unit,
            proposed=(),
        )
        report = Milestone.objects.filter(agreement=found, kind=Kind.ANNUAL).first()
        due = Deadline.objects.open().filter(kind=DeadlineKind.MILESTONE, object_id=report.pk)
        due.update(due_at=world.at - timedelta(days=days))

    return change


def record(world: World) -> None:
    """A dishonesty record of the lead organisation."""
    IntegrityRecordFactory(organisation=world.unit, valid_from=date(2024, 1, 1))


# ---- people ----


def team(*people: Person):
    """Replace the participants; the first leads."""

    def change(world):
        actions.set_participants(participants=worlds.people(world, list(people)), **_where(world))

    return change


def lead(**fields):
    """The case's people with another leader: months, birth, title, unit, number."""

    def change(world):
        first, *others = world.case.people
        team(Person(**{**vars(first), **fields}), *others)(world)

    return change


def partners(number: int, **fields):
    """The case's people and so many more, each of a unit of its own with these fields."""
    more = [Person(unit={"region": "110108", **fields}) for _number in range(number)]
    return lambda world: team(*world.case.people, *more)(world)


def partner_record(world: World) -> None:
    """A dishonesty record of every partner that has an account here."""
    codes = world.application.participants.values_list("credit_code", flat=True)
    found = worlds.Organisation.objects.filter(credit_code__in=list(codes)).exclude(pk=world.unit.pk)
    assert found, "the case has no partner"
    for partner in found:
        IntegrityRecordFactory(organisation=partner, valid_from=date(2024, 1, 1))


# ---- the project ----


def answer(**values):
    """Answers as typed (money in 万元), or functions of the world."""

    def change(world):
        faults = actions.save_answers(answers=worlds.resolved(values, world), **_where(world))
        assert not faults, faults

    return change


def lasts(months: int):
    """One day longer than so many months."""

    def change(world):
        ends = add_days(world.application.starts_date, months, kind="month")
        actions.update_basics(ends_date=ends, **_where(world))

    return change


def topic(number: str):
    """Another topic of the call."""

    def change(world):
        actions.update_basics(topic=world.call.topics.get(number=number), **_where(world))

    return change


def budget(cells=None, **wan):
    """万元 per source (spread over the categories) or {(category, source): 万元}; replaces the budget."""

    def change(world):
        actions.set_budget(amounts=worlds.amounts(world, {**(cells or {}), **wan}), **_where(world))

    return change


def amount(wan):
    """The amount asked for, 万元, in a call without a budget table."""

    def change(world):
        actions.update_basics(requested_amount=Decimal(str(wan)) * WAN, **_where(world))

    return change


# ---- other applications and projects ----


def another(
    number=1,
    *,
    same_unit=True,
    same_lead=False,
    type="",
    state=ApplicationState.FORMAL_CHECK,
    **fields,
):
    """So many other applications to the same call, handed in, of the same unit or led by the same person."""

    def change(world):
        other = world.unit if same_unit else OrganisationFactory(region=world.unit.region)
        by = world.by if same_unit else member_of(other, UnitRole.MEMBER)
        for _number in range(number):
            kind = _kind(world) | ({"project_type": world.call.types.get(code=type)} if type else {})
            row = actions.start(call=world.call, organisation=other, by=by, at=world.at, **kind)
            if same_lead:
                first = worlds.people(world, world.case.people[:1])
                actions.set_participants(application=row, participants=first, by=by, at=world.at)
            _handed_in(row, by, world, state=state, **fields)

    return change


def _kind(world: World) -> dict:
    """Topic and project type of another application: those of this one."""
    found = {"topic": world.application.topic}
    if world.application.project_type_id:
        found["project_type"] = world.application.project_type
    return found


def _handed_in(row: Application, by, world: World, *, state=ApplicationState.FORMAL_CHECK, **fields) -> None:
    changes = {"state": state, "submitted_at": world.at, "submitted_by": by, **fields}
    Application.objects.filter(pk=row.pk).update(**changes)


def in_another_team(who: str):
    """A person ("lead", "member") or a partner unit ("partner") of this one is in another application too."""

    def change(world):
        rows = {person["role"]: person for person in _people_of(world)}
        own = rows["pi" if who == "lead" else "member"]
        other = OrganisationFactory()
        by = member_of(other, UnitRole.MEMBER)
        row = actions.start(call=world.call, organisation=other, by=by, at=world.at, **_kind(world))
        home = {"organisation_name": other.name, "credit_code": other.credit_code}
        person = {**own, **home} if who != "partner" else {**own, "id_number": ""}
        actions.set_participants(application=row, participants=[person], by=by, at=world.at)
        _handed_in(row, by, world)

    return change


def _people_of(world: World) -> list[dict]:
    return list(world.application.participants.values(*completeness.PERSON_FIELDS))


def project_elsewhere(number=1, *, of="pi", status="running", role=ParticipantRole.PI, months=None, plan=""):
    """So many projects that ran or run outside this system, of the leader ("pi") or of the unit ("unit")."""

    def change(world):
        leader = world.application.participants.get(role=ParticipantRole.PI)
        whose = {"pi": {"id_number": leader.id_number}, "unit": {"credit_code": world.unit.credit_code}}[of]
        for n in range(number):
            PastProject.objects.create(
                plan=plan or "市关键技术攻关",
                title=f"外部项目{n}",
                role=role,
                status=status,
                months_per_year=months,
                starts_date=date(2025, 1, 1),
                ends_date=date(2099, 12, 31),
                source="测试",
                **whose,
            )

    return change


def _where(world: World) -> dict:
    return {"application": world.application, "by": world.by, "at": world.at}
