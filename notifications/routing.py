"""Before anything is sent: which claimed deliveries still make sense, and which way each goes.

What has been overtaken is not sent: a reminder of a matter that is closed or whose date moved, one that a
later reminder of the same deadline follows on the same channel, one that a colleague in the same group
already heard. Each such row says so; none disappears.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Membership, RoleAssignment
from accounts.roles import STAFF_ROLES, Role
from notifications import channels, unsubscribing
from notifications.gateways import ROBOTS, Gateway, GatewayChannel
from notifications.models import Delivery
from notifications.queries import PROGRESS, topic
from notifications.states import DeadlineState, DeliveryState

OFFICERS = STAFF_ROLES - {Role.EXPERT}
"""Whose reminders a group hears; experts must not learn of each other."""

QUIET_FROM, QUIET_TO = time(21), time(8)
"""No SMS at night, whenever it was to be sent and however often it was tried."""

OVERTAKEN = """
    SELECT old.id, max(new.id)
    FROM notifications_delivery AS old
    JOIN notifications_reminder AS told ON told.message_id = old.message_id
    JOIN notifications_reminder AS later
      ON later.deadline_id = told.deadline_id AND later.recipient_id = told.recipient_id
     AND later.id > told.id
    JOIN notifications_delivery AS new
      ON new.message_id = later.message_id AND new.channel = old.channel AND new.state IN (%s, %s)
    WHERE old.id = ANY(%s)
    GROUP BY old.id
"""


@dataclass(frozen=True)
class Route:
    """A channel with the gateway that serves it; `name` is the unit of rate limits and circuits."""

    channel: str
    gateway: Gateway | None = None

    @property
    def name(self) -> str:
        return self.gateway.route if self.gateway else self.channel

    @property
    def per_minute(self) -> int | None:
        if self.channel == "email":
            return settings.EMAIL_PER_MINUTE or None
        return (self.gateway and self.gateway.per_minute) or channels.per_minute(self.channel)

    def connect(self):
        """The channel, not yet connected. Raises channels.Permanent for one that is none of ours."""
        return channels.channel(self.channel)(self.gateway)


def reminder_of(delivery: Delivery):
    return getattr(delivery.message, "reminder", None)


def plan(deliveries: list[Delivery], *, at: datetime) -> dict[Route, list[Delivery]]:
    """Settle what is not to be sent and sort the rest by route, each in the order given."""
    with override(settings.LANGUAGE_CODE):
        deliveries = _current(deliveries)
        deliveries = _wanted(deliveries)
        return _routed(deliveries, at=at)


def skip(delivery: Delivery, reason: str) -> None:
    """Note that this one is not sent, and why. If it spoke for a group, another member speaks instead."""
    _queued(delivery).update(state=DeliveryState.SKIPPED, error=reason, posting="")
    if delivery.posting:
        Delivery.objects.filter(merged_into=delivery, state=DeliveryState.MERGED).update(
            state=DeliveryState.QUEUED, merged_into=None, error=""
        )


def merge(delivery: Delivery, into_id: int, reason: str) -> None:
    _queued(delivery).update(state=DeliveryState.MERGED, merged_into_id=into_id, error=reason)


def _queued(delivery: Delivery):
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)


def _current(deliveries: list[Delivery]) -> list[Delivery]:
    """Without what is stale. One statement finds all that were overtaken."""
    reminders = [delivery.pk for delivery in deliveries if reminder_of(delivery)]
    overtaken = {}
    if reminders:
        with connection.cursor() as cursor:
            cursor.execute(OVERTAKEN, [DeliveryState.QUEUED.value, DeliveryState.SENT.value, reminders])
            overtaken = dict(cursor.fetchall())
    kept = []
    for delivery in deliveries:
        reminder = reminder_of(delivery)
        if not delivery.message.recipient.is_active:
            skip(delivery, _("账号已停用"))
        elif delivery.channel == "email" and not delivery.message.recipient.email:
            skip(delivery, _("收件人没有邮箱"))
        elif reminder and reminder.deadline.state != DeadlineState.OPEN:
            skip(delivery, _("发送前事项已办结或取消"))
        elif reminder and reminder.deadline.suspended_at:
            skip(delivery, _("发送前期限已中止计时"))
        elif reminder and reminder.deadline.due_at != reminder.due_at:
            skip(delivery, _("发送前期限已改到别的日期"))
        elif delivery.pk in overtaken:
            merge(delivery, overtaken[delivery.pk], _("同一期限有更新的提醒"))
        else:
            kept.append(delivery)
    return kept


def _wanted(deliveries: list[Delivery]) -> list[Delivery]:
    """Without the courtesies that their readers left. Of reminders the sweep asks, when it writes them."""
    courtesies = {d.pk for d in deliveries if topic(d.message, legal_kinds=()) == PROGRESS}
    if not courtesies:
        return deliveries
    left = unsubscribing.left_progress({d.message.recipient_id for d in deliveries if d.pk in courtesies})
    kept = []
    for delivery in deliveries:
        if delivery.pk in courtesies and delivery.message.recipient_id in left:
            skip(delivery, _("收件人已退订这类消息"))
        else:
            kept.append(delivery)
    return kept


def _routed(deliveries: Iterable[Delivery], *, at: datetime) -> dict[Route, list[Delivery]]:
    deliveries = list(deliveries)
    routes: dict[Route, list[Delivery]] = defaultdict(list)
    ways = Ways(deliveries)
    for delivery in deliveries:
        if delivery.channel not in GatewayChannel.values:
            routes[Route(delivery.channel)].append(delivery)
            continue
        gateway = ways.gateway(delivery)
        recipient = delivery.message.recipient
        if gateway is None:
            skip(delivery, _("收件人没有这种渠道的通道"))
        elif delivery.channel == GatewayChannel.SMS and not (recipient.phone and recipient.phone_verified_at):
            skip(delivery, _("收件人没有验证过的手机"))
        elif delivery.channel == GatewayChannel.SMS and is_quiet(at) and not _is_last_call(delivery, at):
            morning = morning_after(at)
            _queued(delivery).update(next_try_at=morning, held_until=morning, attempts=delivery.attempts - 1)
        elif delivery.channel not in ROBOTS or _posts(delivery, gateway):
            routes[Route(delivery.channel, gateway)].append(delivery)
    return routes


def _is_last_call(delivery: Delivery, at: datetime) -> bool:
    """In the morning it would be too late."""
    reminder = reminder_of(delivery)
    return bool(reminder) and at < reminder.due_at < morning_after(at)


def is_quiet(at: datetime) -> bool:
    hour = timezone.localtime(at).time()
    return hour >= QUIET_FROM or hour < QUIET_TO


def morning_after(at: datetime) -> datetime:
    """The next end of the quiet hours after `at`."""
    local = timezone.localtime(at)
    day = local.date() if local.time() < QUIET_TO else local.date() + timedelta(days=1)
    return datetime.combine(day, QUIET_TO, tzinfo=local.tzinfo)


def posting(delivery: Delivery) -> str:
    """What a group hears once: a reminder's deadline, due moment and lead; for the rest, the same words."""
    reminder = reminder_of(delivery)
    if reminder:
        return f"{reminder.deadline_id}.{reminder.due_at:%Y%m%d%H%M%S}.{reminder.lead}"
    message = delivery.message
    words = f"{message.template} {sorted(message.context.items())} {message.url} {message.created_at}"
    return sha256(words.encode()).hexdigest()


def _posts(delivery: Delivery, gateway: Gateway) -> bool:
    """Whether this delivery is the one that speaks for its group; otherwise it is merged into that one.

    The unique constraint on gateway and posting decides, so that two workers cannot both win.
    """
    name = posting(delivery)
    if (delivery.gateway_id, delivery.posting) == (gateway.pk, name):
        return True
    try:
        with transaction.atomic():
            _queued(delivery).update(gateway=gateway, posting=name)
    except IntegrityError:
        if _joins(delivery, gateway, name):
            return False
        return _posts(delivery, gateway)
    delivery.gateway, delivery.posting = gateway, name
    return True


@transaction.atomic
def _joins(delivery: Delivery, gateway: Gateway, name: str) -> bool:
    """Merge it into the one that speaks. False when that one was just skipped and speaks no more.

    The speaker is held: a worker that skips it meanwhile would not see who is about to rely on it.
    """
    speaker = Delivery.objects.select_for_update().filter(gateway=gateway, posting=name).first()
    if speaker:
        merge(delivery, speaker.pk, _("本群已由另一人的提醒告知"))
    return speaker is not None


class Ways:
    """Which gateway serves whom: read for a whole chunk at once."""

    def __init__(self, deliveries: list[Delivery]):
        wanted = {d.channel for d in deliveries} & set(GatewayChannel.values)
        self.gateways: dict[str, dict[int | None, Gateway]] = defaultdict(dict)
        self.places: dict[int, set[int]] = defaultdict(set)
        self.officers: set[int] = set()
        if not wanted:
            return
        for gateway in Gateway.objects.active().filter(channel__in=wanted):
            self.gateways[gateway.channel][gateway.organisation_id] = gateway
        people = {d.message.recipient_id for d in deliveries if d.channel in wanted}
        for rows in (
            RoleAssignment.objects.filter(user_id__in=people, is_active=True, role__in=OFFICERS),
            Membership.objects.filter(user_id__in=people, is_active=True),
        ):
            found = list(rows.values_list("user_id", "organisation_id"))
            for user_id, organisation_id in found:
                self.places[user_id].add(organisation_id)
            if rows.model is RoleAssignment:
                self.officers = {user_id for user_id, _place in found}

    def gateway(self, delivery: Delivery) -> Gateway | None:
        """The deadline's department if the recipient is of it, else their first place with a gateway, else
        the one for everybody: of a robot, everybody who holds an office."""
        found = self.gateways[delivery.channel]
        places = self.places[delivery.message.recipient_id]
        reminder = reminder_of(delivery)
        department = reminder.deadline.department_id if reminder else None
        for place in [department, *sorted(place for place in places if place)]:
            if place in places and place in found:
                return found[place]
        if delivery.channel in ROBOTS and delivery.message.recipient_id not in self.officers:
            return None
        return found.get(None)
