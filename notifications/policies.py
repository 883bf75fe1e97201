"""Reminder rules as data: when who is told of a kind of deadline, in which words; and what people want."""

import re
import secrets
from datetime import time
from string import Formatter

import pgtrigger
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from core.calendar import RestDay
from notifications.kinds import DeadlineKind

PLACEHOLDERS = {
    "name": _("收件人姓名"),
    "kind": _("事项"),
    "title": _("内容"),
    "due": _("到期时间（北京时间）"),
    "explanation": _("期限依据和条款"),
    "link": _("办理地址"),
}
"""All that a text may ask for."""


def check_text(text: str) -> None:
    """Raises ValidationError for anything but plain words and `{placeholder}`s of the list."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValidationError(_("花括号没有成对：要写花括号本身，请写两次。")) from None
    for _words, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise ValidationError(
                _("没有叫“{%(name)s}”的占位符，可用：%(names)s。"),
                params={"name": name, "names": " ".join(f"{{{known}}}" for known in PLACEHOLDERS)},
            )


class ReminderPolicyQuerySet(models.QuerySet):
    def applying_to(self, *, kind: str, programme: str = "", series=None):
        """The rules that could hold, the most specific first; `sweep.DUE` says the same."""
        wanted = Q(series=None, programme__in=["", programme])
        if series:
            wanted |= Q(series=series)
        return self.filter(wanted, kind=kind).order_by(
            models.F("series").desc(nulls_last=True), models.F("programme").desc()
        )


class ReminderPolicy(models.Model):
    """When to remind whom of a kind of deadline: everywhere, of one programme, or of one notice.

    The most specific rule holds alone. Without steps the kind is silent.
    """

    kind = models.CharField(_("事项"), max_length=30, choices=DeadlineKind)
    programme = models.CharField(
        _("计划代码"), max_length=60, blank=True, help_text=_("留空对所有计划有效；更具体的规则优先")
    )
    series = models.UUIDField(_("通知系列"), null=True, blank=True, help_text=_("留空对计划的所有通知有效"))
    hour = models.PositiveSmallIntegerField(
        _("按天提醒的时刻（点）"), default=9, validators=[MaxValueValidator(23)]
    )
    on_rest_day = models.CharField(
        _("到期日为休息日时"),
        max_length=10,
        choices=RestDay,
        default=RestDay.STAYS,
        help_text=_("只用于按自然日或月计算的期限；文件写明的日期不变"),
    )
    is_legal = models.BooleanField(
        _("法定通知"), default=False, help_text=_("收件人不能关闭，也不并入每日汇总")
    )
    quiet_from = models.TimeField(_("免打扰开始"), null=True, blank=True, default=time(21))
    quiet_to = models.TimeField(
        _("免打扰结束"), null=True, blank=True, default=time(8), help_text=_("短信在休息日也顺延")
    )
    subject = models.CharField(
        _("标题"), max_length=200, blank=True, validators=[check_text], help_text=_("留空用系统文本")
    )
    body = models.TextField(_("正文"), blank=True, validators=[check_text])
    subject_en = models.CharField(_("英文标题"), max_length=200, blank=True, validators=[check_text])
    body_en = models.TextField(_("英文正文"), blank=True, validators=[check_text])
    late_subject = models.CharField(
        _("逾期标题"),
        max_length=200,
        blank=True,
        validators=[check_text],
        help_text=_("逾期后的提醒用；留空与到期前相同"),
    )
    late_body = models.TextField(_("逾期正文"), blank=True, validators=[check_text])
    late_subject_en = models.CharField(_("逾期英文标题"), max_length=200, blank=True, validators=[check_text])
    late_body_en = models.TextField(_("逾期英文正文"), blank=True, validators=[check_text])
    is_applied = models.BooleanField(default=False, editable=False)
    """False after a change, until the sweep has looked at the deadlines of the kind afresh."""

    objects = ReminderPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("提醒规则")
        verbose_name_plural = pgettext_lazy("list", "提醒规则")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "programme", "series"], name="reminder_policy_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="reminder_policy_quiet_both",
            ),
            models.CheckConstraint(
                condition=~Q(kind=DeadlineKind.RECEIPT) | Q(is_legal=True),
                name="reminder_policy_receipt_is_legal",
                violation_error_message=_("须签收的通知是法定通知，收件人不能关闭。"),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="look_afresh",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("kind", "programme", "series", "hour"),
                func="NEW.is_applied = false; RETURN NEW;",
            ),
            # The rule that holds instead has to be applied to what this one covered.
            pgtrigger.Trigger(
                name="leave_to_others",
                when=pgtrigger.After,
                operation=pgtrigger.Delete | pgtrigger.UpdateOf("kind"),
                func="""
                    UPDATE notifications_reminderpolicy SET is_applied = false
                    WHERE kind = OLD.kind AND is_applied;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return self.get_kind_display()


class LeadUnit(models.TextChoices):
    WORKING = "w", _("工作日")
    DAY = "d", _("天")
    HOUR = "h", _("小时")
    OPENED = "open", _("期限产生时")


class Audience(models.TextChoices):
    """Who is told; whoever owes the deadline, or an office that watches over it."""

    OWNERS = "owners", _("办理人")
    MANAGERS = "managers", _("项目主管")
    HEADS = "heads", _("处室负责人")
    LEADERS = "leaders", _("局领导")
    SUPERVISION = "supervision", _("监督")
    FINANCE = "finance", _("经费管理")


CODE = re.compile(r"(open)|([wdh])(-?\d{1,4})|d(-\d{1,4}|0)/([1-9]\d{0,2})")


def default_audience() -> list[str]:
    return [Audience.OWNERS.value]


def default_channels() -> list[str]:
    return ["email"]


class ReminderStep(models.Model):
    """One moment of a rule: so long before the due moment, or (negative) behind it."""

    policy = models.ForeignKey(ReminderPolicy, models.CASCADE, related_name="steps")
    amount = models.SmallIntegerField(_("提前量"), default=0, help_text=_("负数为逾期之后，0 为到期当天"))
    unit = models.CharField(
        pgettext_lazy("time", "单位"), max_length=4, choices=LeadUnit, default=LeadUnit.DAY
    )
    every = models.PositiveSmallIntegerField(
        _("此后每隔几天"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(999)],
        help_text=_("只用于逾期之后按天的时点：办结前一直重复；留空只提醒一次"),
    )
    audience = ArrayField(
        models.CharField(max_length=20, choices=Audience), verbose_name=_("告知"), default=default_audience
    )
    channels = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("渠道"),
        default=default_channels,
        blank=True,
        help_text=_("站内信总会发送"),
    )

    class Meta:
        verbose_name = _("提醒时点")
        verbose_name_plural = pgettext_lazy("list", "提醒时点")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "unit", "amount"], name="reminder_step_once"),
            models.CheckConstraint(
                condition=~Q(unit="open") | Q(amount=0), name="reminder_step_opened_has_no_lead"
            ),
            models.CheckConstraint(
                condition=Q(every__isnull=True) | Q(every__range=(1, 999), unit="d", amount__lte=0),
                name="reminder_step_repeats_overdue",
                violation_error_message=_("只有逾期之后（负数或 0）按天的时点可以重复。"),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="look_afresh",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    UPDATE notifications_reminderpolicy SET is_applied = false
                    WHERE id IN (NEW.policy_id, OLD.policy_id) AND is_applied;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self):
        return self.in_words()

    @property
    def code(self) -> str:
        """`w3`, `d-7`, `h4`, `open`, `d-7/7` (then every 7 days): how packs write it.

        The ledger remembers each occurrence as if it were a step of its own: `d-7`, `d-14`, …
        """
        code = "open" if self.unit == LeadUnit.OPENED else f"{self.unit}{self.amount}"
        return f"{code}/{self.every}" if self.every else code

    @classmethod
    def reading(cls, code: str, *audience: str, **fields) -> "ReminderStep":
        """The unsaved step of a code. Raises ValueError for one that says nothing."""
        found = CODE.fullmatch(code)
        if not found:
            raise ValueError(f"no lead: {code}")
        told = {"audience": list(audience)} if audience else {}
        if found[1]:
            return cls(unit=LeadUnit.OPENED, **told, **fields)
        if found[5]:
            return cls(unit=LeadUnit.DAY, amount=int(found[4]), every=int(found[5]), **told, **fields)
        return cls(unit=found[2], amount=int(found[3]), **told, **fields)

    def in_words(self) -> str:
        """A lead as a person says it: 提前 7 天, 逾期 1 天, 逾期 7 天起每 7 天."""
        if not self.every:
            return self._first_in_words()
        text = ngettext("%(first)s起每 %(n)s 天", "%(first)s起每 %(n)s 天", self.every)
        return text % {"first": self._first_in_words(), "n": self.every}

    def _first_in_words(self) -> str:
        if self.unit == LeadUnit.OPENED:
            return str(LeadUnit.OPENED.label)
        if self.amount == 0:
            return str(_("到期当天"))
        n = abs(self.amount)
        text = _before(self.unit, n) if self.amount > 0 else _behind(self.unit, n)
        return text % {"n": n}


def _before(unit: str, n: int) -> str:
    if unit == LeadUnit.WORKING:
        return ngettext("提前 %(n)s 个工作日", "提前 %(n)s 个工作日", n)
    if unit == LeadUnit.HOUR:
        return ngettext("提前 %(n)s 小时", "提前 %(n)s 小时", n)
    return ngettext("提前 %(n)s 天", "提前 %(n)s 天", n)


def _behind(unit: str, n: int) -> str:
    if unit == LeadUnit.WORKING:
        return ngettext("逾期 %(n)s 个工作日", "逾期 %(n)s 个工作日", n)
    if unit == LeadUnit.HOUR:
        return ngettext("逾期 %(n)s 小时", "逾期 %(n)s 小时", n)
    return ngettext("逾期 %(n)s 天", "逾期 %(n)s 天", n)


class Preference(models.Model):
    """How a person wants to be reminded at all. Legal notices do not ask."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    wants_digest = models.BooleanField(_("每天只发一封汇总邮件"), default=False)
    quiet_from = models.TimeField(_("免打扰开始"), null=True, blank=True)
    quiet_to = models.TimeField(_("免打扰结束"), null=True, blank=True)

    class Meta:
        verbose_name = _("提醒偏好")
        verbose_name_plural = _("提醒偏好")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="preference_quiet_both",
            )
        ]

    def __str__(self):
        return str(self.user)


class Subscription(models.Model):
    """By which channels a person wants to hear of a kind; without a row by those of the rule."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("事项"), max_length=30, choices=DeadlineKind)
    channels = ArrayField(models.CharField(max_length=20), verbose_name=_("渠道"), blank=True, default=list)

    class Meta:
        verbose_name = _("提醒订阅")
        verbose_name_plural = _("提醒订阅")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="subscription_once")]

    def __str__(self):
        return self.get_kind_display()


def new_token() -> str:
    return secrets.token_urlsafe(32)


class CalendarFeed(models.Model):
    """The secret address of a calendar: everything a person owes, or the dates of one subject (a project).

    Whoever knows the address reads the calendar; a new token makes the old address worthless.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    content_type = models.ForeignKey(ContentType, models.CASCADE, null=True, blank=True, related_name="+")
    object_id = models.BigIntegerField(null=True, blank=True)
    subject = GenericForeignKey("content_type", "object_id")
    token = models.CharField(max_length=60, unique=True, default=new_token)
    renewed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("日历地址")
        verbose_name_plural = _("日历地址")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "content_type", "object_id"], name="calendar_feed_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(content_type__isnull=True, object_id__isnull=True)
                | Q(content_type__isnull=False, object_id__isnull=False),
                name="calendar_feed_subject_whole",
            ),
        ]

    def __str__(self):
        return f"{self.user} {self.subject or ''}".strip()
