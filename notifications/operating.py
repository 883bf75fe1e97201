"""What the system administrator does about deliveries: gateways, tests, dead letters, alarms."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import RoleAssignment, User
from accounts.roles import Role, allows
from core import calendar, workflow
from core.workflow import Refused
from notifications import actions, channels, outbox
from notifications.gateways import Circuit, Gateway, GatewayChannel, Pulse
from notifications.models import Delivery
from notifications.routing import Route
from notifications.states import DeliveryState

SWEEP = "sweep"
SILENT_AFTER = timedelta(minutes=15)
"""The clock asks every minute; after so long without a sweep something is broken."""

CALENDAR = "ask_for_calendar"
CALENDAR_AGAIN = timedelta(days=6, hours=12)
"""The clock of the morning mail asks every day: a week later it is told again."""

BULK = 2_000
"""Dead letters sent again in one go: each gets its line of history."""


def may_operate(user) -> bool:
    """Whether a person runs the system."""
    return any(allows(role, "notifications", "change") for role in user.scope.roles)


def _check(user) -> None:
    if not may_operate(user):
        raise Refused(_("只有系统管理员可以管理通道。"), code="forbidden")


@transaction.atomic
def save_gateway(*, gateway: Gateway, by: User, at: datetime) -> None:
    """Add or change a gateway. Its circuit starts afresh: the change may be the repair."""
    _check(by)
    verb = "changed" if gateway.pk else "added"
    gateway.save()
    Circuit.objects.filter(route=gateway.route).delete()
    workflow.record(gateway, verb, by=by, at=at, note=f"{gateway.host}")


def test_gateway(*, gateway: Gateway, to: str, by: User, at: datetime) -> None:
    """Send a word through this gateway now. Raises Refused with what the service said."""
    _check(by)
    try:
        with Route(gateway.channel, gateway).connect() as connected:
            connected.test(to)
    except channels.ChannelError as error:
        workflow.record(gateway, "tested", by=by, at=at, note=str(error)[:300])
        raise Refused(_("没有发出：%(error)s") % {"error": error}, field="to", code="not_sent") from error
    Circuit.objects.filter(route=gateway.route).delete()
    workflow.record(gateway, "tested", by=by, at=at)


@transaction.atomic
def resend_failed(*, deliveries, by: User, at: datetime) -> int:
    """Queue the dead letters among these again, BULK at most. Returns how many there were."""
    _check(by)
    chosen = list(
        deliveries.filter(state=DeliveryState.FAILED)
        .order_by("id")
        .select_for_update(skip_locked=True, of=("self",))[:BULK]
    )
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in chosen]).update(
        state=DeliveryState.QUEUED, next_try_at=at, attempts=0
    )
    for delivery in chosen:
        workflow.record(
            delivery,
            "resent",
            by=by,
            at=at,
            from_state=DeliveryState.FAILED,
            to_state=DeliveryState.QUEUED,
            note=delivery.error,
        )
    if chosen:
        outbox.poke_on_commit()
    return len(chosen)


def beat(*, name: str, at: datetime) -> None:
    """Note that something that runs by the clock has just finished."""
    Pulse.objects.bulk_create(
        [Pulse(name=name, at=at)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def silent_for(*, at: datetime) -> timedelta | None:
    """How long no sweep has run; None while that is no reason for alarm.

    An installation in which none has ever run is not silent yet: it has just been set up.
    """
    pulse = Pulse.objects.filter(name=SWEEP).first()
    silence = at - pulse.at if pulse else timedelta(0)
    return silence if silence >= SILENT_AFTER else None


@transaction.atomic
def alarm(*, at: datetime) -> bool:
    """Tell the system administrators once for each silence. Returns whether they were told now."""
    silent = Pulse.objects.filter(name=SWEEP, at__lte=at - SILENT_AFTER)
    if not silent.filter(Q(alarmed_at=None) | Q(alarmed_at__lt=F("at"))).update(alarmed_at=at):
        return False
    pulse = Pulse.objects.get(name=SWEEP)
    actions.tell(
        recipients=operators(),
        template="notifications/sweep_silent",
        context={"last": pulse.at.isoformat()},
        url="/admin/notifications/delivery/operations/",
        at=at,
    )
    return True


@transaction.atomic
def ask_for_calendar(*, at: datetime) -> bool:
    """Tell the system administrators every week that a year's working days are still worked out from the law.

    Returns whether they were told now.
    """
    beat(name=CALENDAR, at=at)
    year = calendar.awaited(calendar.local_date(at))
    quiet = Q(alarmed_at=None) | Q(alarmed_at__lt=at - CALENDAR_AGAIN)
    if year is None or not Pulse.objects.filter(quiet, name=CALENDAR).update(alarmed_at=at):
        return False
    actions.tell(
        recipients=operators(),
        template="notifications/calendar_missing",
        context={"year": str(year)},
        url=reverse("admin:core_calendarday_upload"),
        at=at,
    )
    return True


def operators():
    """Who runs the system."""
    officers = RoleAssignment.objects.filter(role=Role.SYSADMIN, is_active=True).values("user_id")
    return User.objects.filter(Q(pk__in=officers) | Q(is_superuser=True), is_active=True)


def needs_phone(gateway: Gateway) -> bool:
    """Whether a test asks for a number to send to."""
    return gateway.channel == GatewayChannel.SMS
