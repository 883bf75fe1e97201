"""Decisions, public notices and objections: 立项决定, 公示, 异议. Amounts in 元."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from applications.models import Application
from awards import states
from awards.periods import explain_publicity, period_in
from grants.models import AwardGrade, Call


class Outcome(models.TextChoices):
    FUND = "fund", _("拟立项")
    RESERVE = "reserve", _("备选")
    REJECT = "reject", _("不予立项")


class DecisionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The bureau's own deliberation: its officers, its leaders, finance."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything or Role.FINANCE in user.scope.roles:
            return self
        return self.filter(application__call__programme__department_id__in=user.scope.departments)


class Decision(models.Model):
    """What the bureau decided on one application. Never edited; a reserve may be decided once more."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("申报书"))
    outcome = models.CharField(_("决定"), max_length=20, choices=Outcome)
    amount = models.DecimalField(_("拟资助额（元）"), max_digits=14, decimal_places=2, default=0)
    grade = models.ForeignKey(
        AwardGrade, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("等次")
    )
    deviation = models.TextField(
        _("另定等次的理由"), blank=True, help_text=_("等次与通知的规则不同的，必须写明。")
    )
    cap = models.DecimalField(_("当时的上限（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    score = models.DecimalField(_("评审得分"), max_digits=6, decimal_places=2, null=True, blank=True)
    reason = models.TextField(_("理由"))
    meeting = models.CharField(_("会议"), max_length=120, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("决定人")
    )
    at = models.DateTimeField(_("时间"))

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("立项决定")
        verbose_name_plural = pgettext_lazy("list", "立项决定")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=~Q(outcome="reserve"), name="decision_final_once"
            ),
            models.UniqueConstraint(
                fields=["application"], condition=Q(outcome="reserve"), name="decision_reserve_once"
            ),
            models.CheckConstraint(
                condition=Q(grade__isnull=True) | Q(outcome="fund"), name="decision_grade_of_awards"
            ),
            models.CheckConstraint(
                condition=Q(deviation="") | Q(grade__isnull=False), name="decision_deviation_of_grades"
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(amount__lte=F("cap")), name="decision_within_cap"
            ),
            models.CheckConstraint(
                # A call without public money has the cap 0.
                condition=Q(amount__gt=0)
                | Q(amount=0, cap__isnull=False, cap=0)
                | ~Q(outcome="fund") & Q(amount=0),
                name="decision_fund_has_amount",
            ),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.application} {self.get_outcome_display()}"


class PublicityQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Notices are public."""
        return self


ENGLISH = "en"
PROPOSED = gettext_noop("关于%(programme)s拟立项项目的公示")
"""The title that the system writes where nobody writes another."""


class Publicity(models.Model):
    """A public notice of proposed awards (拟立项公示), both days inclusive."""

    machine = states.PUBLICITY

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"), blank=True)
    starts_date = models.DateField(_("开始"))
    ends_date = models.DateField(_("结束（含）"))
    explanation = models.CharField(_("期限依据"), max_length=300)
    contact = models.CharField(_("异议受理"), max_length=200)
    objection_days = models.PositiveSmallIntegerField(_("异议处理期限（工作日）"), default=10)
    items_total = models.PositiveSmallIntegerField(_("项目数"), default=0)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.PublicityState, default=states.PublicityState.RUNNING
    )
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("发布时间"))

    objects = PublicityQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示")
        verbose_name_plural = pgettext_lazy("list", "公示")
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_date__gte=F("starts_date")), name="publicity_dates_in_order"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_never_changes",
                operation=pgtrigger.UpdateOf(
                    "call_id",
                    "title",
                    "body",
                    "starts_date",
                    "ends_date",
                    "explanation",
                    "contact",
                    "objection_days",
                    "items_total",
                    "published_by_id",
                    "published_at",
                )
                | pgtrigger.Delete,
            )
        ]

    def __str__(self):
        return self.title

    @property
    def title_en(self) -> str:
        """The English of the title that the system writes; "" where an officer wrote another."""
        programme = self.call.programme
        if self.title != PROPOSED % {"programme": programme.name}:
            return ""
        with override(ENGLISH):
            return gettext(PROPOSED) % {"programme": programme.name_en or programme.name}

    @property
    def explanation_en(self) -> str:
        """The English of how its last day was found; "" where the notice says it in other words."""
        if self.explanation != explain_publicity(self.call, self.starts_date):
            return ""
        return period_in(ENGLISH, self.call, self.starts_date)


class PublicityItemQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Lines of notices are public."""
        return self


class PublicityItem(models.Model):
    """One line of the list: title, unit and proposed amount as they were published."""

    publicity = models.ForeignKey(Publicity, models.PROTECT, related_name="items")
    application = models.OneToOneField(
        Application, models.PROTECT, related_name="+", verbose_name=_("申报书")
    )
    title = models.CharField(_("项目名称"), max_length=120)
    organisation_name = models.CharField(_("承担单位"), max_length=120)
    amount = models.DecimalField(_("拟资助额（元）"), max_digits=14, decimal_places=2)
    grade = models.ForeignKey(
        AwardGrade, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("等次")
    )

    objects = PublicityItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示项目")
        verbose_name_plural = pgettext_lazy("list", "公示项目")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="published_never_changes", operation=pgtrigger.Update | pgtrigger.Delete),
            # The notice says how many lines it has; nothing is added to it afterwards.
            pgtrigger.Trigger(
                name="list_is_complete",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF (
                        SELECT count(*) FROM awards_publicityitem WHERE publicity_id = NEW.publicity_id
                    ) >= (
                        SELECT items_total FROM awards_publicity WHERE id = NEW.publicity_id
                    ) THEN
                        RAISE EXCEPTION 'the notice is published: nothing is added'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return self.title


class ObjectionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Objections are for the department and the supervision officers."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        return self.filter(publicity__call__programme__department_id__in=user.scope.departments)


class Objection(models.Model):
    """A written objection (异议) under a real name, within the publicity period."""

    machine = states.OBJECTION

    publicity = models.ForeignKey(
        Publicity, models.PROTECT, related_name="objections", verbose_name=_("公示")
    )
    item = models.ForeignKey(
        PublicityItem, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("针对的项目")
    )
    name = models.CharField(_("异议人姓名或单位"), max_length=120)
    phone = models.CharField(_("联系电话"), max_length=20)
    text = models.TextField(_("事实与理由"))
    filed_at = models.DateTimeField(_("提出时间"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ObjectionState, default=states.ObjectionState.FILED
    )
    finding = models.TextField(_("处理意见"), blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处理人"),
    )
    resolved_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = pgettext_lazy("list", "异议")
        ordering = ["-filed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="filed", resolved_at__isnull=True, resolved_by__isnull=True)
                | ~Q(state="filed")
                & Q(resolved_at__isnull=False, resolved_by__isnull=False)
                & ~Q(finding=""),
                name="objection_resolved_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="filed_never_changes",
                operation=pgtrigger.UpdateOf("publicity_id", "name", "phone", "text", "filed_at")
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="resolved_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["upheld", "dismissed"]),
            ),
        ]

    def __str__(self):
        return f"{self.name}：{self.text[:30]}"


class Proposal(Application):
    """An application on the decision desk of the admin; no table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("待决定项目")
        verbose_name_plural = _("立项会商")
