"""What pages and rules read about demands."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Membership, Organisation, User
from accounts.queries import unit_context
from accounts.roles import UnitRole
from core.calendar import local_date
from core.expressions import ExpressionError, MissingData, compile
from core.models import Event
from exchange.models import Demand, DemandScheme
from exchange.states import DemandState
from grants.models import Automation, Call, Severity

ORDER = ("-id",)


def demands(user, *, q: str = "", state: str = "", call=None) -> QuerySet:
    """Demands of the user's own units, newest first."""
    rows = Demand.objects.visible_to(user).filter(organisation_id__in=user.scope.units)
    rows = rows.select_related("call", "organisation", "topic").order_by(*ORDER)
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(field__icontains=q) | Q(topic__number__icontains=q))
    if state:
        rows = rows.filter(state=state)
    if call:
        rows = rows.filter(call=call)
    return rows


def scheme_of(call: Call) -> DemandScheme:
    """How the call handles demands; the defaults when it says nothing."""
    return DemandScheme.objects.filter(call=call).first() or DemandScheme(call=call)


def units_of(user) -> QuerySet:
    """The units for which a person may post a demand."""
    return Organisation.objects.filter(pk__in=user.scope.units).order_by("name")


def people_of(demand: Demand) -> list[User]:
    """Who hears of a demand: who wrote it and the unit's administrators."""
    admins = Membership.objects.filter(
        organisation_id=demand.organisation_id, role=UnitRole.ADMIN, is_active=True, user__is_active=True
    )
    wanted = Q(pk__in=admins.values("user_id")) | Q(pk=demand.created_by_id)
    return list(User.objects.filter(wanted, is_active=True).order_by("pk"))


@dataclass(frozen=True)
class PublicView:
    """What the public reads of a demand once it is listed: nothing else leaves the unit and the bureau."""

    title: str
    field: str
    content: str
    indicators: list
    bidder_conditions: str
    amount: object
    owner_name: str


def public_view(demand: Demand) -> PublicView:
    return PublicView(
        title=demand.title,
        field=demand.field,
        content=demand.public_summary,
        indicators=demand.indicators,
        bidder_conditions=demand.bidder_conditions,
        amount=demand.offered_amount,
        owner_name=demand.organisation.name if demand.name_is_public else "",
    )


@dataclass(frozen=True)
class RuleLine:
    """One clause about who may post: `holds` is None when nobody but a person can tell."""

    code: str
    text: str
    clause: str
    holds: bool | None
    is_blocking: bool
    message: str = ""


def eligibility(call: Call, organisation: Organisation, *, at) -> list[RuleLine]:
    """Whether a unit may post demands, one line per clause that the call applies to demands.

    Those are its rules of scope `unit` whose `params` say {"applies_to": "demand"}; certificates count as
    of the day of `at`. One query for the rules, and those of `unit_context` when there are any.
    """
    rules = list(call.rules.filter(params__applies_to="demand"))
    if not rules:
        return []
    unit = unit_context(organisation, local_date(at))
    facts = {"slug": call.programme.slug, "year": call.year, "cap": call.cap}
    facts |= {"opens_at": call.opens_at, "closes_at": call.closes_at}
    return [_line(rule, {"unit": unit, "call": facts, "params": rule.params}) for rule in rules]


def _line(rule, context) -> RuleLine:
    holds, message = None, ""
    if rule.automation == Automation.AUTO:
        try:
            applies = not rule.applies_when or compile(rule.applies_when).holds(context, rule=rule.code)
            holds = not applies or compile(rule.expression).holds(context, rule=rule.code)
        except MissingData as missing:
            holds, message = False, missing.message
        except ExpressionError as error:
            message = error.message
    if holds is False:
        message = rule.hint or message
    return RuleLine(
        code=rule.code,
        text=rule.text,
        clause=rule.clause,
        holds=holds,
        is_blocking=rule.severity == Severity.BLOCKING,
        message=message,
    )


def history(demand: Demand) -> list[dict]:
    """The moves of a demand, newest first, as steps of the portal's timeline. One query."""
    events = Event.objects.about(demand).exclude(to_state="").order_by("-at", "-id")
    return [
        {"title": DemandState(event.to_state).label, "state": "done", "at": event.at, "note": event.note}
        for event in events
    ]
