"""Nomination by persons: which ways hold for an application, who has signed, what a signature counts for."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity import person_key
from accounts.models import PersonRecord, User
from accounts.queries import as_participant, own_record
from applications.models import Application, Nominator, RuleResult, RuleStatus
from applications.queries import limits
from applications.queries.context import context, counted_in
from applications.queries.scans import NOT_AWAITED_IN
from applications.states import ApplicationState, NominatorState
from core import expressions
from core.calendar import local_date
from core.expressions import Prepared
from core.workflow import Refused
from grants.models import NOMINATORS_RULE, Call, NominatorGroup
from grants.queries import moments_of
from notifications.models import Deadline, DeadlineKind

MOST = 100
NOT_PASSED = (
    ApplicationState.UNIT_REVIEW,
    ApplicationState.RECOMMENDATION,
    ApplicationState.FORMAL_CHECK,
)
"""Handed in, and not through the formal check."""
AWAITED = Q(status=RuleStatus.MANUAL, officer_status="") & ~Q(application__state__in=NOT_AWAITED_IN)


def nominate_until(application: Application) -> datetime | None:
    """The last moment for a signature: the closing of recommending in the notice as it stands.

    With batches that of its own; of a draft that of the batch which it would come into.
    """
    now = moments_of(application.call, limits.batch_of(application, application.call))
    return now.recommender_closes_at or now.closes_at


def asks_nominators(call: Call) -> bool:
    """Whether people may nominate in this call; what publishing wrote says so."""
    return any(rule.code == NOMINATORS_RULE for rule in call.rules.all())


def ways_of(application: Application) -> list[NominatorGroup]:
    """The ways that hold for an application; one query for the groups where the notice has any."""
    if not asks_nominators(application.call):
        return []
    kinds = (None, application.project_type_id)
    rows = [row for row in application.call.nominator_groups.all() if row.project_type_id in kinds]
    sources = [row.applies_when for row in rows]
    if not any(source.strip() for source in sources):
        return rows
    known = Prepared(context(application, wanted=counted_in(sources)))
    return [row for row in rows if not row.applies_when.strip() or _holds(row.applies_when, known)]


def _holds(source: str, known: Prepared) -> bool:
    try:
        return expressions.compile(source).holds(known)
    except expressions.ExpressionError:
        # What nobody has filled in yet does not hold yet.
        return False


class Way(NamedTuple):
    """One way of being nominated, how far it has come, and whether it waits for the one who leads."""

    group: NominatorGroup
    signed: int
    waits_for_leader: bool = False

    @property
    def missing(self) -> int:
        return max(self.group.least - self.signed, 0)

    @property
    def is_met(self) -> bool:
        return not self.missing and not self.waits_for_leader


def standing(application: Application) -> list[Way]:
    """Every way that holds, and how many signatures count for it."""
    groups = ways_of(application)
    if not groups:
        return []
    signed = application.nominators.filter(state=NominatorState.SIGNED)
    fits = [pk for row in signed for pk in row.fits]
    led = any(row.leads for row in signed)
    return [Way(group, fits.count(group.pk), group.leader_first and not led) for group in groups]


def are_met(ways: list[Way]) -> bool:
    """Whether every way that the notice requires has its signatures, and one of those to choose from."""
    others = [way.is_met for way in ways if not way.group.required]
    return all(way.is_met for way in ways if way.group.required) and (not others or any(others))


def replaces_office(groups: list[NominatorGroup]) -> bool:
    """Whether people nominate in place of the office; references alone come beside its recommendation."""
    return any(not group.required for group in groups)


def person_asked(email: str, name: str) -> User:
    """The account of this e-mail address and name. Raises Refused, the same whichever of the two is wrong."""
    user = User.objects.filter(email__iexact=email, name=name, is_active=True).first()
    if user is None:
        raise Refused(
            _("没有用这个邮箱和姓名注册的账号：请对方先注册并填写个人档案，再邀请。"), field="email"
        )
    return user


# ---- what a signature counts for ----


def about(user, application: Application) -> dict:
    """What the ways of a notice read of a person (`grants.rules.NOMINATOR`), from their own record."""
    record = own_record(user)
    if record is None:
        return dict.fromkeys(FACTS) | {
            "name": user.name,
            "records": [],
            "of_units": False,
            "is_candidate": False,
        }
    known = as_participant(record)
    unit = record.organisation
    key = person_key(record.id_number, record.id_country)
    rows = application.participants.values_list("person_key", "credit_code")
    units = {application.organisation.credit_code, *(code for _key, code in rows)}
    day = local_date(application.call.opens_at)
    found = limits.records((), {key} - {""}, as_of=day)
    return {
        "name": user.name,
        "title": record.title or None,
        "degree": record.degree or None,
        "speciality": record.speciality or None,
        "birth_date": known.get("birth_date"),
        "organisation_name": unit.name if unit else None,
        "credit_code": unit.credit_code if unit else None,
        "kind": unit.kind if unit else None,
        "region": unit.region or None if unit else None,
        "records": found.person(key, application),
        "of_units": unit is not None and unit.credit_code in units,
        "is_candidate": bool(key) and key in {row[0] for row in rows},
    }


class Fit(NamedTuple):
    """Whether a person's signature counts for a way; `reason`: why not."""

    group: NominatorGroup
    reason: str


def fits_of(nominator: Nominator, person: dict) -> list[Fit]:
    """Each way that holds, with the reason for which the person's signature would not count for it."""
    application = nominator.application
    groups = ways_of(application)
    known = context(application, wanted=counted_in(row.who for row in groups)) | {"nominator": person}
    prepared = Prepared(known)
    already = _signed_this_year(nominator)
    others = application.nominators.filter(state=NominatorState.SIGNED).exclude(pk=nominator.pk)
    of_units = sum(bool(row.facts.get("of_units")) for row in others)
    return [Fit(group, _against(group, prepared, person, already, of_units)) for group in groups]


def judged_again(application: Application) -> list[tuple[Nominator, list[Fit]]]:
    """Those who have signed, and what each signature counts for by what is known of them now.

    What their own record said when they signed stands; what others wrote since (applications that name them,
    projects, the people of this one) is read anew.
    """
    signed = application.nominators.filter(state=NominatorState.SIGNED).select_related("user")
    found = []
    for row in signed:
        row.application = application
        found.append((row, fits_of(row, about(row.user, application) | row.facts)))
    return found


def fallen_signatures(application: Application) -> list[tuple[Nominator, list[Fit]]]:
    """Those whose signature counts for no way any more, with the reasons way by way."""
    if not application.nominators.filter(state=NominatorState.SIGNED, fits=[]).exists():
        return []
    return [(row, fits) for row, fits in judged_again(application) if all(fit.reason for fit in fits)]


def signatures_of(application: Application) -> QuerySet[Nominator]:
    """What people of an application have signed for others in the call that no formal check has passed."""
    keys = application.participants.exclude(id_number="").values("id_number")
    people = PersonRecord.objects.filter(id_number__in=keys).values("user")
    rows = Nominator.objects.filter(
        state=NominatorState.SIGNED, user__in=people, application__call__series=application.call.series
    )
    return rows.exclude(application=application).filter(application__state__in=NOT_PASSED)


def _against(group, prepared, person, already: int, of_units: int) -> str:
    if person["is_candidate"]:
        return _("是本项目的参与人员，不能提名。")
    try:
        may = expressions.compile(group.who).holds(prepared)
    except expressions.MissingData as missing:
        name = missing.variable.rpartition(".")[2]
        return _("个人档案里缺少“%(name)s”。") % {"name": str(FACTS.get(name, name))}
    except expressions.ExpressionError as fault:
        return fault.message
    if not may:
        return group.hint or _("不符合“%(group)s”的条件。") % {"group": group.name}
    if group.per_year is not None and already >= group.per_year:
        return _("本年度已经提名 %(now)s 项，每人最多 %(most)s 项。") % {
            "now": already,
            "most": group.per_year,
        }
    if group.of_units is not None and person["of_units"] and of_units >= group.of_units:
        return _("与完成单位同一单位的提名人最多 %(most)s 人。") % {"most": group.of_units}
    return ""


def _signed_this_year(nominator: Nominator) -> int:
    """How many others of the same programme and year the person has nominated."""
    call = nominator.application.call
    rows = Nominator.objects.filter(
        user=nominator.user_id,
        state=NominatorState.SIGNED,
        application__call__programme=call.programme_id,
        application__call__year=call.year,
    )
    return rows.exclude(application=nominator.application_id).exclude(application__state="withdrawn").count()


FACTS = {
    "title": gettext_lazy("职称"),
    "degree": gettext_lazy("学位"),
    "speciality": gettext_lazy("专业"),
    "birth_date": gettext_lazy("身份证号"),
    "organisation_name": gettext_lazy("所在单位"),
    "credit_code": gettext_lazy("所在单位"),
    "kind": gettext_lazy("所在单位"),
    "region": gettext_lazy("所在单位"),
}
"""What the personal record lacks where a way reads it, in its own words."""


# ---- pages, clocks ----


def nominations_of(user) -> QuerySet[Nominator]:
    """What a person was asked to nominate, the latest first."""
    rows = Nominator.objects.filter(user=user).select_related(
        "application__call", "application__organisation", "invited_by"
    )
    return rows.order_by("-id")[:MOST]


def leader_of(application: Application) -> Nominator | None:
    """Who leads those that nominate; nobody who declined."""
    leading = application.nominators.filter(leads=True).exclude(state=NominatorState.DECLINED)
    return leading.select_related("user").first()


def nominators_for(application: Application) -> list[Nominator]:
    return list(application.nominators.select_related("user"))


def nominator_lines(application: Application) -> QuerySet[RuleResult]:
    return RuleResult.objects.filter(application=application, rule__code=NOMINATORS_RULE)


def nominators_awaited(application: Application) -> bool:
    return nominator_lines(application).filter(AWAITED).exists()


def _awaited(application: str) -> Exists:
    return Exists(
        RuleResult.objects.filter(AWAITED, rule__code=NOMINATORS_RULE, application=OuterRef(application))
    )


def nominated() -> QuerySet[Application]:
    """Applications whose line an officer has not settled: handed in, and not out of it."""
    lines = RuleResult.objects.filter(rule__code=NOMINATORS_RULE, officer_status="")
    rows = Application.objects.filter(pk__in=lines.order_by().values("application"))
    return rows.exclude(state__in=NOT_AWAITED_IN)


def nominators_owing() -> QuerySet[Application]:
    """Applications that wait for people to nominate them."""
    return Application.objects.filter(_awaited("pk"))


def signatures_owing() -> QuerySet[Nominator]:
    """People who have not answered, as long as their application waits."""
    return Nominator.objects.filter(_awaited("application"), state=NominatorState.ASKED)


def nominators_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of nominations that ran out."""
    rows = Deadline.objects.open().filter(kind=DeadlineKind.NOMINATORS, due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")
