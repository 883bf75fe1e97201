"""Which duties are owed for an application, a unit, a recommender or a call, and by when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache

from accounts.models import Organisation, RoleAssignment
from accounts.roles import Role
from applications import queries as applications
from applications.models import Application
from applications.states import ApplicationState, ProjectEnd
from awards.models import Agreement, Award
from awards.states import ENDED_EARLY, AgreementState
from core import calendar, expressions
from duties.models import Blocks, DutyTerm, Moment, OnePer
from grants.models import Call
from grants.queries import closing, in_force, moments_of
from grants.states import CallState

KEPT_CALLS = 256
OVER = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)
WELL_ENDED = (ProjectEnd.COMPLETED, ProjectEnd.CONCLUDED)
OF_CALL = (OnePer.CALL, OnePer.RECOMMENDER)
FIXED_MOMENTS = (Moment.OPENING, Moment.CLOSING)


def terms_of(call: Call) -> tuple[DutyTerm, ...]:
    """What a call says is owed; a process remembers it of a published one, which never changes."""
    return _read(call.pk) if call.state == CallState.DRAFT else _remembered(call.pk)


def _read(call_pk: int) -> tuple[DutyTerm, ...]:
    return tuple(DutyTerm.objects.filter(call_id=call_pk).order_by("order"))


_remembered = lru_cache(maxsize=KEPT_CALLS)(_read)


@dataclass(frozen=True)
class Wanted:
    """One duty that is owed by now: of which term, about what, for which year, until when."""

    term: DutyTerm
    due_at: datetime
    application: Application | None = None
    organisation: Organisation | None = None
    region: str = ""
    year: int | None = None

    @property
    def key(self) -> tuple:
        """As the table tells them apart within one series."""
        return (
            self.term.code,
            self.application.pk if self.application else None,
            self.organisation.pk if self.organisation else None,
            self.region,
            self.year,
        )


class Project:
    """An application with what became of it: everything a duty's day is counted from."""

    def __init__(self, application: Application):
        self.application = application
        self.call = application.call

    @cached_property
    def award(self) -> Award | None:
        return Award.objects.filter(application=self.application).first()

    @cached_property
    def agreement(self) -> Agreement | None:
        if self.award is None:
            return None
        return Agreement.objects.filter(award=self.award).first()

    @property
    def is_handed_in(self) -> bool:
        return self.application.version > 0

    @property
    def is_over(self) -> bool:
        return self.application.state in OVER

    def moment(self, moment: str) -> datetime | None:
        """When it was or will be; None while that is open."""
        return _MOMENTS[moment](self)

    def _opening(self) -> datetime:
        return moments_of(self.call, self.application.intake).opens_at

    def _closing(self) -> datetime | None:
        application = self.application
        if application.intake_id:
            return moments_of(self.call, application.intake).closes_at
        at = application.submitted_at or application.saved_at
        return closing(in_force(self.call), application.topic, project_type=application.project_type, at=at)

    def _awarded(self) -> datetime | None:
        return self.award and self.award.awarded_at

    def _signed(self) -> datetime | None:
        if self.agreement is None or self.agreement.state in (
            AgreementState.DRAFT,
            AgreementState.UNIT_SIGNED,
        ):
            return None
        return self.agreement.bureau_signed_at or self.award.awarded_at

    def _ends(self) -> datetime | None:
        return self.agreement and calendar.end_of_day(self.agreement.ends_date)

    def _accepted(self) -> datetime | None:
        return self.application.ended_at if self.application.ended in WELL_ENDED else None

    @cached_property
    def years(self) -> tuple[date, date] | None:
        """From when to when the project runs; None before it does, or when it was ended early."""
        if self._signed() is None or self.agreement.state in ENDED_EARLY:
            return None
        return self.agreement.starts_date, self.agreement.ends_date

    @cached_property
    def known(self) -> expressions.Prepared:
        award = {"amount": self.award.amount if self.award else None}
        return expressions.Prepared(applications.context(self.application) | {"award": award})


_MOMENTS = {
    Moment.OPENING: Project._opening,
    Moment.CLOSING: Project._closing,
    Moment.HANDING_IN: lambda project: project.application.submitted_at,
    Moment.AWARD: Project._awarded,
    Moment.SIGNING: Project._signed,
    Moment.PROJECT_END: Project._ends,
    Moment.ACCEPTANCE: Project._accepted,
}


def wanted_for(application: Application) -> list[Wanted]:
    """What is owed for one application or its project by now; no query where the call says nothing."""
    terms = [term for term in terms_of(application.call) if term.per in (OnePer.APPLICATION, OnePer.AWARD)]
    if not terms or application.state in OVER:
        return []
    project = Project(application)
    return [
        Wanted(term, due_at, application=application, year=year)
        for term in terms
        if _has_come(term, project) and _applies(term, project)
        for due_at, year in _days(term, project)
    ]


def wanted_of_unit(call: Call, unit: Organisation) -> list[Wanted]:
    """What a unit owes once for a call, whatever number of applications it has there."""
    terms = [term for term in terms_of(call) if term.per == OnePer.UNIT]
    if not terms:
        return []
    rows = Application.objects.filter(call__series=call.series, organisation=unit).exclude(state__in=OVER)
    rows = rows.select_related("call", "topic", "intake", "project_type").order_by("pk")
    projects = [Project(row) for row in rows]
    found = {}
    for term in terms:
        for project in projects:
            if not _has_come(term, project):
                continue
            for due_at, year in _days(term, project):
                one = Wanted(term, due_at, organisation=unit, year=year)
                # The earliest of several: with batches, or with projects that begin one after the other.
                if one.key not in found or due_at < found[one.key].due_at:
                    found[one.key] = one
    return list(found.values())


def wanted_of_call(call: Call) -> list[Wanted]:
    """What the bureau owes once for a call, and what each of its recommenders owes."""
    found = []
    for term in terms_of(call):
        if term.per not in OF_CALL or (due_at := _fixed_day(term, call)) is None:
            continue
        if term.per == OnePer.CALL:
            found.append(Wanted(term, due_at))
        else:
            found += [
                Wanted(term, due_at, organisation=unit, region=region) for unit, region in offices(call)
            ]
    return found


def offices(call: Call) -> Iterable[tuple[Organisation | None, str]]:
    """The recommenders of a call: those on its list, else every office that recommends."""
    rows = RoleAssignment.objects.filter(role=Role.RECOMMENDER, is_active=True)
    rows = rows.filter(user__is_active=True).select_related("organisation").order_by("pk")
    codes = [row.credit_code for row in call.recommenders.all()]
    if codes:
        listed = Organisation.objects.filter(credit_code__in=codes).order_by("pk")
        return [(unit, "") for unit in listed]
    return list({(row.organisation_id, row.region): (row.organisation, row.region) for row in rows}.values())


def _has_come(term: DutyTerm, project: Project) -> bool:
    """Whether the thing exists for which it is owed."""
    if project.is_over:
        return False
    if term.per == OnePer.AWARD:
        return project.agreement is not None and project.agreement.state not in ENDED_EARLY
    return project.is_handed_in or term.blocks == Blocks.HANDING_IN


def _applies(term: DutyTerm, project: Project) -> bool:
    """What lacks data is asked for all the same."""
    if not term.applies_when.strip():
        return True
    try:
        return expressions.compile(term.applies_when).holds(project.known)
    except expressions.ExpressionError:
        return True


def _days(term: DutyTerm, project: Project) -> Iterator[tuple[datetime, int | None]]:
    """(until when, which year) of each that is owed; nothing while its moment is open."""
    if term.month_day:
        if project.years:
            yield from _yearly(term.month_day, *project.years)
    elif term.until:
        yield _moved(term, project.call), None
    elif (since := project.moment(term.moment)) is not None:
        yield counted(term, since), None


def _yearly(month_day: str, starts: date, ends: date) -> Iterator[tuple[datetime, int]]:
    month, day = map(int, month_day.split("-"))
    for year in range(starts.year, ends.year + 1):
        due = date(year, month, day)
        if starts <= due <= ends:
            yield calendar.end_of_day(due), year


def _fixed_day(term: DutyTerm, call: Call) -> datetime | None:
    if term.until:
        return _moved(term, call)
    now = in_force(call)
    since = {Moment.OPENING: now.opens_at, Moment.CLOSING: now.closes_at}.get(term.moment)
    return since and counted(term, since)


def _moved(term: DutyTerm, call: Call) -> datetime:
    """The moment of the notice as it stands: what an amendment postpones holds for everybody."""
    now = in_force(call)
    if now.pk == term.call_id:
        return term.until
    return next((row.until for row in terms_of(now) if row.code == term.code), None) or term.until


def counted(term: DutyTerm, since: datetime) -> datetime:
    """So many days behind a moment or before it; none: the moment itself."""
    if not term.days:
        return since
    return calendar.due(since, -term.days if term.is_before else term.days, kind=term.day_kind)
