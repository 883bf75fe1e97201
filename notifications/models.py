"""Every dated obligation in one table, and what was told to whom about it."""

from datetime import UTC, datetime

import pgtrigger
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from accounts.roles import Role, UnitRole
from core.calendar import DayKind
from notifications import states
from notifications.gateways import Circuit, Gateway, Pulse, Unsubscription
from notifications.kinds import DeadlineKind, NoticeKind
from notifications.notices import Acknowledgement, Notice, NoticeRule
from notifications.policies import CalendarFeed, Preference, ReminderPolicy, ReminderStep, Subscription
from notifications.wording import SaidField

__all__ = [
    "Acknowledgement",
    "CalendarFeed",
    "Circuit",
    "Deadline",
    "DeadlineKind",
    "Delivery",
    "Gateway",
    "Message",
    "Notice",
    "NoticeKind",
    "NoticeRule",
    "Obligor",
    "Preference",
    "Pulse",
    "Reminder",
    "ReminderPolicy",
    "ReminderStep",
    "Subscription",
    "Unsubscription",
]

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class DeadlineQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=states.DeadlineState.OPEN)

    def owed_by(self, user):
        """Open or closed deadlines that `user` owes, in person or through a unit or an office."""
        return self.filter(pk__in=Obligor.objects.covering(user).values("deadline_id"))

    def visible_to(self, user):
        """What a person owes; staff additionally what they supervise."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        wanted = Q(pk__in=Obligor.objects.covering(user).values("deadline_id"))
        if watched := user.scope.departments | user.scope.headed:
            wanted |= Q(department_id__in=watched)
        return self.filter(wanted)


class Deadline(models.Model):
    """One dated obligation: subject, who owes it, due moment, the clause that set it, met or not.

    Opened, moved and closed by the action that causes it, in the same transaction.
    """

    machine = states.DEADLINE
    event_verbs = {
        "suspended": _("中止计时"),
        "resumed": _("恢复计时"),
        "chased": _("催办"),
        "mended": _("核对更正"),
        "recounted": _("按新的工作日历重新计算"),
    }

    # Foreign keys that begin another index of their table have none of their own: sweeps write many rows.
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    kind = models.CharField(_("事项"), max_length=30, choices=DeadlineKind)
    title = SaidField(_("标题"))
    url = models.CharField(_("下一步"), max_length=300)
    due_at = models.DateTimeField(_("到期"))
    explanation = SaidField(_("期限依据"), help_text=_("期限如何算出，依据哪一条"))
    clock = models.CharField(
        _("计时方式"),
        max_length=10,
        choices=DayKind,
        blank=True,
        help_text=_("空表示日期由文件写明，不是算出的"),
    )
    period_ends_date = models.DateField(
        _("原到期日"), null=True, blank=True, help_text=_("到期日为休息日而改到工作日的，改之前的日期")
    )
    programme = models.CharField(_("计划代码"), max_length=60, blank=True)
    series = models.UUIDField(_("通知系列"), null=True, blank=True)
    """The programme and the notice that caused it: reminder rules may be theirs."""
    department = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("主管处室")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=states.DeadlineState, default=states.DeadlineState.OPEN
    )
    opened_at = models.DateTimeField(_("产生时间"))
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)
    suspended_at = models.DateTimeField(_("中止计时"), null=True, blank=True)
    look_at = models.DateTimeField(db_default=Value(LONG_AGO), editable=False)
    """When the sweep has to look at this deadline again; long ago for one that it has not seen as it is."""

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("期限")
        verbose_name_plural = pgettext_lazy("list", "期限")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="deadline_open_by_due", condition=Q(state="open")),
            models.Index(fields=["look_at", "id"], name="deadline_open_to_look", condition=Q(state="open")),
            models.Index(fields=["content_type", "object_id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "kind"],
                name="deadline_one_open",
                condition=Q(state="open"),
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="deadline_closed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True) | Q(state="open"), name="deadline_suspended_is_open"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="look_afresh",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("due_at"),
                condition=pgtrigger.Q(old__due_at__df=pgtrigger.F("new__due_at")),
                func="NEW.look_at = 'epoch'; RETURN NEW;",
            )
        ]

    def __str__(self):
        return str(self.title)


class ObligorQuerySet(models.QuerySet):
    def covering(self, user):
        """Rows by which `user` owes something. `sweep.RECIPIENTS` says the same the other way round."""
        scope = user.scope
        unit, office = Q(role=""), Q(unit_role="")
        wanted = unit & Q(user=user)
        wanted |= unit & Q(organisation_id__in=scope.units, unit_role__in=["", UnitRole.MEMBER])
        wanted |= unit & Q(organisation_id__in=scope.admin_units, unit_role=UnitRole.ADMIN)
        wanted |= unit & Q(organisation_id__in=scope.finance_units, unit_role=UnitRole.FINANCE)
        everywhere = scope.roles - {Role.PROGRAMME_MANAGER, Role.RECOMMENDER}
        wanted |= office & Q(role__in=everywhere)
        wanted |= office & Q(role__in=scope.roles, organisation=None)
        wanted |= office & Q(role=Role.PROGRAMME_MANAGER, organisation_id__in=scope.departments)
        of_recommender = Q(organisation_id__in=scope.recommender_organisations)
        for region in scope.regions:
            of_recommender |= Q(organisation__region__startswith=region, is_named=False)
        wanted |= office & Q(role=Role.RECOMMENDER) & of_recommender
        return self.filter(wanted)


class Obligor(models.Model):
    """Who owes a deadline: a person, the members of a unit (perhaps in one role), or an office.

    An office with an organisation: managers of that department; recommenders who stand for that
    unit or, unless `is_named`, for its region. Other offices are held for the whole bureau,
    whatever organisation is named.
    """

    deadline = models.ForeignKey(Deadline, models.CASCADE, related_name="obligors")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True, related_name="+")
    unit_role = models.CharField(max_length=20, choices=UnitRole, blank=True)
    role = models.CharField(max_length=30, choices=Role, blank=True)
    is_named = models.BooleanField(default=False)

    objects = ObligorQuerySet.as_manager()

    class Meta:
        verbose_name = _("义务人")
        verbose_name_plural = _("义务人")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(organisation__isnull=False) | ~Q(role=""),
                name="obligor_names_someone",
            ),
            models.CheckConstraint(
                condition=Q(unit_role="") | Q(role="", organisation__isnull=False),
                name="obligor_unit_role_of_unit",
            ),
        ]

    def __str__(self):
        return str(self.user or self.organisation or self.get_role_display())


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(recipient=user) if user.is_authenticated else self.none()

    def unread(self):
        return self.filter(read_at__isnull=True)


class Message(models.Model):
    """What a person was told: one row in their inbox.

    Rendered from `template` and `context` when shown or sent (`queries.rendered`).
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="inbox", db_index=False
    )
    template = models.CharField(max_length=60)
    context = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    notice = models.ForeignKey(
        Notice, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    """The decision that this message serves; its reader acknowledges it."""

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("站内信")
        verbose_name_plural = pgettext_lazy("list", "站内信")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"]),
            models.Index(fields=["recipient"], name="message_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["notice", "recipient"],
                name="message_of_notice",
                condition=Q(notice__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.template} → {self.recipient_id}"


class Reminder(models.Model):
    """The ledger that makes a reminder unique: deadline × due moment × lead × recipient."""

    deadline = models.ForeignKey(Deadline, models.CASCADE, related_name="reminders", db_index=False)
    due_at = models.DateTimeField()
    lead = models.CharField(max_length=8)
    """The code of the step of the rule (`policies.ReminderStep.code`): it outlives the step."""
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    message = models.OneToOneField(Message, models.CASCADE, null=True, related_name="reminder")
    in_digest = models.BooleanField(default=False)
    """Waits for the one mail a day of a person who wants no more (`digest`)."""
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("提醒")
        verbose_name_plural = _("提醒")
        constraints = [
            models.UniqueConstraint(fields=["deadline", "due_at", "lead", "recipient"], name="reminder_once")
        ]
        indexes = [
            models.Index(fields=["recipient"], name="reminder_for_digest", condition=Q(in_digest=True))
        ]

    def __str__(self):
        return f"{self.deadline_id} {self.lead} → {self.recipient_id}"


class DeliveryQuerySet(models.QuerySet):
    def visible_to(self, user):
        """What was sent to whom is for those who see everything; others see their own inbox."""
        if not user.is_authenticated:
            return self.none()
        return self if user.scope.sees_everything else self.filter(message__recipient=user)


class Delivery(models.Model):
    """One message on one channel: the outbox. Claimed with SKIP LOCKED, sent once.

    `posting` names what a group hears once: the delivery that holds it posts, those of the other members
    of the group are merged into it. A reminder that a later one overtook is merged into that one.
    `posts` is counted before a robot is asked and taken back when it said no: above 1 the group may have
    read it twice.
    """

    event_verbs = {"resent": _("重新发送")}

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(_("渠道"), max_length=20)
    state = models.CharField(
        _("状态"), max_length=10, choices=states.DeliveryState, default=states.DeliveryState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_try_at = models.DateTimeField(_("下次发送"))
    held_until = models.DateTimeField(_("免打扰至"), null=True, blank=True)
    """Quiet hours or a rest day: before this moment it is not wanted, and what waits is not late."""
    sent_at = models.DateTimeField(_("送达"), null=True, blank=True)
    error = models.TextField(_("错误"), blank=True)
    gateway = models.ForeignKey(
        Gateway,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("通道"),
        db_index=False,
    )
    posting = models.CharField(max_length=80, blank=True, default="", db_default="")
    posts = models.PositiveSmallIntegerField(_("发到群里的次数"), default=0, db_default=0)
    """How often it may have reached a group: a robot knows no key by which a repetition could be told."""
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("并入"),
        db_index=False,
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("发送")
        verbose_name_plural = _("发送记录")
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="delivery_queue", condition=Q(state="queued")),
            models.Index(fields=["sent_at", "channel"], name="delivery_sent", condition=Q(state="sent")),
            models.Index(fields=["channel"], name="delivery_dead", condition=Q(state="failed")),
            models.Index(fields=["sent_at"], name="delivery_repeated", condition=Q(posts__gt=1)),
            models.Index(
                fields=["merged_into"], name="delivery_merged", condition=Q(merged_into__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once"),
            models.UniqueConstraint(
                fields=["gateway", "posting"], name="delivery_posted_once", condition=~Q(posting="")
            ),
            models.CheckConstraint(
                condition=(Q(state="sent") & Q(sent_at__isnull=False))
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="delivery_sent_has_time",
            ),
        ]

    def __str__(self):
        return f"{self.channel} {self.message_id}"
