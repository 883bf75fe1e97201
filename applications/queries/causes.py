"""Why applications were returned or rejected at the formal check: rule by rule, over a whole call."""

from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from accounts.models import RoleAssignment
from accounts.roles import Role
from applications.models import Application, CheckDecision, CheckedLine, CheckOutcome
from applications.queries.recommending import Office, of_office
from applications.questions import localised
from grants.models import Call

NO, YES = "failed", ("passed", "not_applicable")


class Chosen(NamedTuple):
    """Which decisions are counted."""

    call: Call
    kind: str = ""
    region: str = ""
    recommender: Office | None = None


class Cause(NamedTuple):
    """One rule: how often it stood behind a decision, and how machine and officer differed."""

    code: str
    clause: str
    text: str
    returned: int
    rejected: int
    failed: int
    """Decisions in which the line said no in the end."""
    machine: int
    """Decisions in which the machine had said no."""
    overruled: int
    """The machine said no, the officer yes."""
    found_by_officer: int
    """The machine did not say no, the officer did."""


def decisions(chosen: Chosen) -> QuerySet[CheckDecision]:
    rows = CheckDecision.objects.filter(application__call__series=chosen.call.series)
    if chosen.kind:
        rows = rows.filter(application__organisation__kind=chosen.kind)
    if chosen.region:
        rows = rows.filter(application__organisation__region__startswith=chosen.region)
    if chosen.recommender:
        applications = of_office(Application.objects.order_by(), chosen.recommender)
        rows = rows.filter(application__in=applications.values("pk"))
    return rows


def totals(chosen: Chosen) -> dict[str, int]:
    """{outcome: decisions}, and how many returns and rejections no rule stands behind."""
    failed = CheckedLine.objects.filter(final=NO).order_by().values("decision_id")
    rows = decisions(chosen).order_by()
    counted = {outcome: Count("pk", filter=Q(outcome=outcome)) for outcome in CheckOutcome.values}
    other = Q(outcome__in=(CheckOutcome.RETURNED, CheckOutcome.REJECTED)) & ~Q(pk__in=failed)
    return rows.aggregate(**counted, other=Count("pk", filter=other))


def causes(chosen: Chosen) -> list[Cause]:
    """The rules that ever said no, the most frequent first; one query, whatever it counts."""
    lines = CheckedLine.objects.filter(decision__in=decisions(chosen).order_by().values("pk")).order_by()
    no = Q(final=NO)
    rows = lines.values("rule__code").annotate(
        returned=Count("pk", filter=no & Q(decision__outcome=CheckOutcome.RETURNED)),
        rejected=Count("pk", filter=no & Q(decision__outcome=CheckOutcome.REJECTED)),
        failed=Count("pk", filter=no),
        machine=Count("pk", filter=Q(by_machine=NO)),
        overruled=Count("pk", filter=Q(by_machine=NO, by_officer__in=YES)),
        found_by_officer=Count("pk", filter=~Q(by_machine=NO) & Q(by_officer=NO)),
    )
    said = {rule.code: rule for rule in chosen.call.rules.order_by("-order")}
    found = []
    for row in rows.filter(Q(failed__gt=0) | Q(machine__gt=0)):
        code = row.pop("rule__code")
        rule = said.get(code)
        found.append(
            Cause(code, rule.clause if rule else "", localised(rule, "text") if rule else code, **row)
        )
    return sorted(found, key=lambda cause: (-cause.returned - cause.rejected, -cause.machine, cause.code))


def clauses(chosen: Chosen) -> list[dict]:
    """The clauses that officers named in rejections: [{clause, n}]."""
    rows = decisions(chosen).filter(outcome=CheckOutcome.REJECTED).exclude(clause="").order_by()
    return list(rows.values("clause").annotate(n=Count("pk")).order_by("-n", "clause")[:50])


def calls_of(user) -> QuerySet[Call]:
    """Calls in force whose causes a person may read, those with decisions."""
    rows = Call.objects.in_force()
    if not user.scope.sees_everything:
        rows = rows.filter(programme__department_id__in=user.scope.departments | user.scope.headed)
    decided = CheckDecision.objects.order_by().values("application__call__series")
    return rows.filter(series__in=decided).order_by("-opens_at", "-id")


def regions_of(call: Call) -> list[str]:
    """The regions of the units of a call's decisions."""
    rows = decisions(Chosen(call)).order_by().values_list("application__organisation__region", flat=True)
    return sorted(region for region in rows.distinct() if region)


def recommenders(call: Call) -> list[tuple[Office, str]]:
    """(office, name) of whoever may recommend for a region, then of every authority or chosen organisation to
    which an application of the call's decisions went; two queries."""
    rows = RoleAssignment.objects.filter(role=Role.RECOMMENDER, is_active=True).exclude(region="")
    named = rows.filter(organisation__isnull=False).values_list("region", "organisation__name")
    by_region = [(Office(None, region), name) for region, name in sorted(dict(named.order_by("pk")).items())]
    went = decisions(Chosen(call)).filter(application__recommender__isnull=False).order_by()
    found = went.values_list("application__recommender", "application__recommender__name").distinct()
    return by_region + [(Office(pk, ""), name) for pk, name in sorted(found, key=lambda row: row[1])]
