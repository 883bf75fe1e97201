"""Other applications and projects of the same units and people: what limits (限项) count."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, partial

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.identity import number_of
from applications.models import Application, ListedPerson, Participant, ParticipantRole, PastProject
from applications.queries import reports
from applications.states import ApplicationState, ProjectEnd, RecordStatus
from core.calendar import local_date
from grants.models import Call, Intake
from grants.queries import intake_ahead, intakes_of
from grants.rules import HISTORY

RUNNING = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)
NOT_COUNTED = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN, ApplicationState.REJECTED)
NO_RECORD = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)
MOST_RECORDS = 5_000
RELATED = ("call__programme", "project_type", "topic", "organisation", "intake")

ENDS = {
    ProjectEnd.COMPLETED: RecordStatus.COMPLETED,
    ProjectEnd.CONCLUDED: RecordStatus.COMPLETED,
    ProjectEnd.FAILED: RecordStatus.FAILED,
    ProjectEnd.TERMINATED: RecordStatus.TERMINATED,
    ProjectEnd.REVOKED: RecordStatus.REVOKED,
    ProjectEnd.REPLACED: RecordStatus.REPLACED,
}
ENDED = set(ENDS.values())
UNDER_WAY = (RecordStatus.RUNNING, RecordStatus.OVERDUE)


@dataclass
class Records:
    """Records by `Participant.unit_key` (the credit code, if there is one) and by `Participant.person_key`.

    See `of_application` for their shape.
    """

    of_units: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    of_people: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    of_listed: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    """By ID number: the forms that name a person otherwise than as a participant."""

    def unit(self, code: str, application: Application) -> list[dict]:
        return _seen_from(self.of_units.get(code, []), application)

    def person(self, number: str, application: Application) -> list[dict]:
        return _seen_from(self.of_people.get(number, []), application)

    def listed(self, number: str, application: Application) -> list[dict]:
        """As a participant, and as somebody whom a form names (role "listed", position: the question)."""
        return _seen_from([*self.of_people.get(number, []), *self.of_listed.get(number, [])], application)


def _seen_from(records: list[dict], application: Application) -> list[dict]:
    """Without the application itself; `in_call` says whether it is the same notice, whatever version."""
    others = [record for record in records if record["application"] != application.pk]
    batch = batch_of(application, application.call) if others else None
    code = batch.code if batch else ""
    return [
        {name: value for name, value in record.items() if name not in ("application", "series", "batch")}
        | {
            "in_call": record["series"] == application.call.series,
            "in_batch": record["series"] == application.call.series and record["batch"] == code,
        }
        for record in others
    ]


def batch_of(application: Application, call: Call) -> Intake | None:
    """Where it was handed in first; of a draft the batch that is open or comes next."""
    if application.intake_id:
        own = (row for row in intakes_of(call) if row.pk == application.intake_id)
        return next(own, None) or application.intake
    return intake_ahead(call, application.project_type, at=timezone.now())


def records(
    codes: Collection[str],
    numbers: Collection[str],
    *,
    as_of: date,
    with_proposed: bool = False,
    listed: Collection[str] = (),
) -> Records:
    """Every application handed in and every project, here or elsewhere; three queries, and one for `listed`:
    the numbers of people whom forms name.

    A project counts as overdue when it should have ended before `as_of` and no acceptance is recorded.
    `with_proposed`: see `status_of`.
    """
    found, of = Records(), partial(of_application, as_of=as_of, with_proposed=with_proposed)
    handed_in = Application.objects.exclude(state__in=NO_RECORD).order_by("-id")
    for row in handed_in.filter(organisation__credit_code__in=codes).select_related(*RELATED)[:MOST_RECORDS]:
        found.of_units[row.organisation.credit_code].append(of(row, "lead"))
    _participants(found, codes, numbers, of)
    _elsewhere(found, codes, numbers, as_of=as_of)
    if listed:
        _listed(found, listed, of)
    return found


def _listed(found: Records, numbers, of) -> None:
    rows = ListedPerson.objects.filter(key__in=set(numbers)).exclude(application__state__in=NO_RECORD)
    rows = rows.order_by("-application_id").select_related(*(f"application__{name}" for name in RELATED))
    for row in rows[:MOST_RECORDS]:
        found.of_listed[row.key].append(of(row.application, "listed") | {"position": row.question})


def _participants(found: Records, codes, numbers, of) -> None:
    wanted = Participant.objects.exclude(application__state__in=NO_RECORD).order_by("-application_id")
    wanted = wanted.filter(
        Q(person_key__in=set(numbers) - {""}) | Q(unit_key__in=set(codes) - {""})
    ).select_related(*(f"application__{name}" for name in RELATED))
    partners = set()
    for row in wanted[:MOST_RECORDS]:
        application = row.application
        if row.person_key in numbers and row.person_key:
            record = of(application, row.role, months=row.months_per_year)
            record["position"] = row.position
            if row.left_date is not None and record["status"] in UNDER_WAY:
                record |= {"status": str(RecordStatus.LEFT), "ended_date": row.left_date}
            found.of_people[row.person_key].append(record)
        unit = row.unit_key
        key = (application.pk, unit)
        is_partner = unit not in ("", application.organisation.credit_code) and row.left_date is None
        if unit in codes and is_partner:
            if key not in partners:
                found.of_units[unit].append(of(application, "partner"))
            partners.add(key)


def _elsewhere(found: Records, codes, numbers, *, as_of) -> None:
    # A passport that was recorded without its country is that of everybody with this number.
    people = defaultdict(set)
    for key in set(numbers) - {""}:
        people[key].add(key)
        people[number_of(key)].add(key)
    wanted = PastProject.objects.filter(Q(id_number__in=list(people)) | Q(credit_code__in=set(codes) - {""}))
    for row in wanted[:MOST_RECORDS]:
        for key in people.get(row.id_number, ()):
            found.of_people[key].append(_of_past(row, row.role, as_of=as_of))
        if row.credit_code in codes and row.credit_code:
            role = "lead" if row.role == ParticipantRole.PI else "partner"
            found.of_units[row.credit_code].append(_of_past(row, role, as_of=as_of))


def status_of(application: Application, *, as_of: date, with_proposed: bool = False) -> str:
    """How a rule sees an application; only an acceptance, a termination or a revocation ends a project.

    `with_proposed`: what was decided to be funded counts as running before its public notice is over.
    """
    if application.ended:
        return ENDS[application.ended]
    if application.state == ApplicationState.REJECTED:
        return RecordStatus.REJECTED
    if application.state not in RUNNING and not (with_proposed and _is_proposed(application)):
        return RecordStatus.APPLYING
    last = application.finish_date or application.ends_date
    late = last is not None and last < as_of
    return RecordStatus.OVERDUE if late else RecordStatus.RUNNING


PROPOSED = Q(granted_amount__isnull=False) & ~Q(state__in=NOT_COUNTED)
"""Decided to be funded, whether awarded yet or in publicity, under approval or not publicised at all."""


def _is_proposed(application: Application) -> bool:
    return application.granted_amount is not None and application.state not in NOT_COUNTED


def of_application(
    application: Application, role: str, *, as_of: date, months=None, with_proposed: bool = False
) -> dict:
    """One record: plan, title, topic, year, role, status, type, amount (元), months a year, dates.

    `granted` (元) and `grade` are what was awarded; None and "" before. `accepted_as` is the code of the
    conclusion of its acceptance, "" without one.

    `ended_date` is the day on which it was accepted, failed, terminated or revoked; None before.
    """
    return {
        "application": application.pk,
        "series": application.call.series,
        "batch": application.intake.code if application.intake_id else "",
        "plan": application.call.programme.slug,
        "title": application.title,
        "topic": application.topic.number if application.topic_id else "",
        "year": application.call.year,
        "role": str(role),
        "position": "",
        "status": str(status_of(application, as_of=as_of, with_proposed=with_proposed)),
        "type": application.project_type.code if application.project_type_id else "",
        "amount": application.requested_amount,
        "granted": application.granted_amount if application.state in RUNNING else None,
        "grade": application.granted_grade if application.state in RUNNING else "",
        "accepted_as": application.accepted_as,
        "months": months if months is not None else 0,
        "starts_date": application.starts_date,
        "ends_date": application.ends_date,
        "ended_date": local_date(application.ended_at) if application.ended else None,
    }


def _of_past(project: PastProject, role: str, *, as_of: date) -> dict:
    running = project.status == RecordStatus.RUNNING
    late = running and project.ends_date is not None and project.ends_date < as_of
    return {
        "application": None,
        "series": None,
        "batch": "",
        "plan": project.plan,
        "title": project.title,
        "topic": "",
        "year": project.starts_date.year if project.starts_date else None,
        "role": str(role),
        "position": "",
        "status": str(RecordStatus.OVERDUE if late else project.status),
        "type": "",
        "amount": project.amount,
        "granted": project.amount,
        "grade": "",
        "accepted_as": "",
        "months": project.months_per_year or 0,
        "starts_date": project.starts_date,
        "ends_date": project.ends_date,
        # Of a project elsewhere nothing is known but the day on which it was to end.
        "ended_date": project.ends_date if project.status in ENDED else None,
    }


# ---- counts ----


def counts(
    applications: Collection[Application],
    pi_numbers: dict[int, str],
    names: Collection[str],
    *,
    with_proposed: bool = False,
) -> dict[int, dict]:
    """The variable `history` per application: how many others there are, how late reports are.

    What is not among `names` is None and costs nothing; all of it takes eight queries. `pi_numbers`:
    application id → key of the PI, "" while it is not given (then the PI's are None).
    """
    others = _Others(applications, pi_numbers, with_proposed=with_proposed)
    return {
        application.pk: {
            name: getattr(others, name)(application) if name in names else None for name in HISTORY
        }
        for application in applications
    }


class _Others:
    """One method for each name of `history`; what several of them count is read when the first asks."""

    def __init__(self, applications, pi_numbers, *, with_proposed=False):
        self.pi_numbers, self.with_proposed = pi_numbers, with_proposed
        self.units = {application.organisation_id for application in applications}
        self.handed_in = Application.objects.exclude(state__in=NOT_COUNTED).order_by()
        self.people = (
            Participant.objects.current()
            .filter(role=ParticipantRole.PI, person_key__in=set(pi_numbers.values()) - {""})
            .exclude(application__state__in=NOT_COUNTED)
            .order_by()
        )

    def unit_in_call(self, application):
        number, _money = self._in_call
        return number[application.organisation_id, application.call.series] - _counts(application)

    def unit_in_year(self, application):
        number, _money = self._in_year
        return number[application.organisation_id, application.call.year] - _counts(application)

    def unit_money_in_call(self, application):
        _number, money = self._in_call
        return money[application.organisation_id, application.call.series] - _own(application)

    def unit_money_in_plan_year(self, application):
        call = application.call
        _number, money = self._in_plan_year
        return money[application.organisation_id, call.programme_id, call.year] - _own(application)

    def unit_money_in_year(self, application):
        _number, money = self._in_year
        return money[application.organisation_id, application.call.year] - _own(application)

    def unit_running(self, application):
        return self._unit_running[(application.organisation_id,)] - self._runs(application)

    def pi_in_call(self, application):
        number = self.pi_numbers.get(application.pk)
        return self._led[number, application.call.series] - _counts(application) if number else None

    def pi_running(self, application):
        number = self.pi_numbers.get(application.pk)
        return self._pi_running[(number,)] - self._runs(application) if number else None

    def unit_report_days_late(self, application):
        return self._late.of_units.get(application.organisation_id, 0)

    def pi_report_days_late(self, application):
        number = self.pi_numbers.get(application.pk)
        return self._late.of_people.get(number, 0) if number else None

    @cached_property
    def _in_call(self):
        return _summed(self.handed_in.filter(organisation__in=self.units), "call__series")

    @cached_property
    def _in_plan_year(self):
        rows = self.handed_in.filter(organisation__in=self.units)
        return _summed(rows, "call__programme_id", "call__year")

    @cached_property
    def _in_year(self):
        return _summed(self.handed_in.filter(organisation__in=self.units), "call__year")

    @cached_property
    def _unit_running(self):
        running = Application.objects.filter(self._running, organisation__in=self.units, ended="")
        return _counted(running.order_by(), "organisation_id")

    @cached_property
    def _led(self):
        return _counted(self.people, "person_key", "application__call__series")

    @cached_property
    def _pi_running(self):
        running = Application.objects.filter(self._running, ended="")
        return _counted(self.people.filter(application__in=running), "person_key")

    @property
    def _running(self) -> Q:
        return Q(state__in=RUNNING) | PROPOSED if self.with_proposed else Q(state__in=RUNNING)

    def _runs(self, application) -> bool:
        """Whether the application itself is among those that run."""
        proposed = self.with_proposed and _is_proposed(application)
        return (application.state in RUNNING or proposed) and not application.ended

    @cached_property
    def _late(self):
        return reports.late(self.units, self.pi_numbers.values())


def _counts(application) -> bool:
    """Whether the application itself is among those counted."""
    return application.state not in NOT_COUNTED


def _own(application) -> Decimal | int:
    """What the application itself adds to the money counted."""
    if not _counts(application):
        return 0
    granted = application.granted_amount
    return application.requested_amount if granted is None else granted


def _summed(rows, *by: str) -> tuple[Counter, dict]:
    """Per unit and `by`: how many, and their public money (元): what was decided, else what is asked."""
    amount = Sum(Coalesce("granted_amount", "requested_amount"))
    number, money = Counter(), defaultdict(Decimal)
    for *key, count, total in rows.values_list("organisation_id", *by).annotate(n=Count("pk"), total=amount):
        number[tuple(key)], money[tuple(key)] = count, total
    return number, money


def _counted(rows, *names) -> Counter:
    return Counter({tuple(row[:-1]): row[-1] for row in rows.values_list(*names).annotate(n=Count("pk"))})
