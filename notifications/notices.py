"""Notices that must be acknowledged (签收): what was served on whom, and when it counts as received."""

import pgtrigger
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from core.calendar import DayKind
from notifications import states
from notifications.kinds import NoticeKind
from notifications.wording import SaidField

DEEMED_DAYS = 5
"""Days after which a notice is deemed served where no rule names others; no published rule names a number."""


class NoticeRuleQuerySet(models.QuerySet):
    def applying_to(self, *, kind: str, programme: str = "", series=None):
        """The rules that could hold, the most specific first."""
        wanted = Q(series=None, programme__in=["", programme])
        if series:
            wanted |= Q(series=series)
        return self.filter(wanted, kind=kind).order_by(
            models.F("series").desc(nulls_last=True), models.F("programme").desc()
        )


class NoticeRule(models.Model):
    """How a kind of notice is served: everywhere, of a programme, or of a call. The most specific holds."""

    DAYS = ((DayKind.WORKING.value, DayKind.WORKING.label), (DayKind.CALENDAR.value, DayKind.CALENDAR.label))

    kind = models.CharField(_("通知种类"), max_length=30, choices=NoticeKind)
    programme = models.CharField(
        _("计划代码"), max_length=60, blank=True, help_text=_("留空对所有计划有效；更具体的规则优先")
    )
    series = models.UUIDField(_("通知系列"), null=True, blank=True, help_text=_("留空对计划的所有通知有效"))
    needs_receipt = models.BooleanField(
        _("须签收"), default=True, help_text=_("不须签收的，送达站内信即视为收到")
    )
    deemed_days = models.PositiveSmallIntegerField(
        _("视为送达的天数"),
        default=DEEMED_DAYS,
        validators=[MaxValueValidator(365)],
        help_text=_("未签收的，送达满这些天视为收到，复审、异议等期限自此起算"),
    )
    day_kind = models.CharField(_("天数计算"), max_length=10, choices=DAYS, default=DayKind.WORKING)
    clause = models.CharField(_("依据条款"), max_length=200, blank=True)

    objects = NoticeRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("送达规则")
        verbose_name_plural = pgettext_lazy("list", "送达规则")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "programme", "series"], name="notice_rule_once", nulls_distinct=False
            )
        ]

    def __str__(self):
        return self.get_kind_display()


class NoticeQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(state=states.NoticeState.SERVED)

    def visible_to(self, user):
        """Those served on a person; staff additionally those of their departments."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        wanted = Q(pk__in=user.inbox.filter(notice__isnull=False).values("notice_id"))
        if watched := user.scope.departments | user.scope.headed:
            wanted |= Q(department_id__in=watched)
        return self.filter(wanted)


class Notice(models.Model):
    """One decision served on a team: each of them has a message, and the first who acknowledges it does so
    for all. Unacknowledged it is deemed served at `deemed_at`. Once received, the database keeps it as it is.
    """

    machine = states.NOTICE
    event_verbs = {"chased": _("催签")}

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    kind = models.CharField(_("通知种类"), max_length=30, choices=NoticeKind)
    title = SaidField(_("标题"))
    programme = models.CharField(_("计划代码"), max_length=60, blank=True)
    series = models.UUIDField(null=True, blank=True)
    department = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("主管处室")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=states.NoticeState, default=states.NoticeState.SERVED
    )
    served_at = models.DateTimeField(_("送达时间"))
    deemed_at = models.DateTimeField(_("视为送达时间"))
    explanation = SaidField(_("依据"))
    received_at = models.DateTimeField(_("收到时间"), null=True, blank=True)
    """From when a clock that depends on this notice runs."""
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("签收人"),
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("送达通知")
        verbose_name_plural = pgettext_lazy("list", "送达通知")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["content_type", "object_id"]),
            models.Index(fields=["deemed_at", "id"], name="notice_waiting", condition=Q(state="served")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="served", received_at__isnull=True, received_by__isnull=True)
                | Q(state="received", received_at__isnull=False, received_by__isnull=False)
                | Q(state="deemed", received_at__isnull=False, received_by__isnull=True),
                name="notice_received_has_time",
            ),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(received_at__gte=models.F("served_at")),
                name="notice_received_after_served",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="received_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__received_at__isnull=False),
            ),
            pgtrigger.ReadOnly(
                name="as_served", fields=["content_type", "object_id", "kind", "served_at", "deemed_at"]
            ),
        ]

    def __str__(self):
        return str(self.title)


class Acknowledgement(models.Model):
    """One person's acknowledgement of receipt; the database refuses edits and deletions."""

    notice = models.ForeignKey(
        Notice, models.PROTECT, related_name="acknowledgements", verbose_name=_("通知"), db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("签收人")
    )
    at = models.DateTimeField(_("签收时间"))

    class Meta:
        verbose_name = _("签收")
        verbose_name_plural = pgettext_lazy("list", "签收")
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="acknowledged_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.user_id} → {self.notice_id}"
