"""Changes of a running project (变更): what the notice says of each kind, what is asked, what was decided."""

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grants.models import Call, frozen_with_call
from milestones import states
from milestones.models.requests import (
    RequestQuerySet,
    ReviewedRequest,
    decided_by_whom,
    reviewed_by_unit,
)


class ChangeKind(models.TextChoices):
    LEADER = "leader", _("项目负责人")
    MEMBERS = "members", _("项目成员")
    UNIT = "unit", _("承担单位、合作单位")
    TITLE = "title", _("项目名称")
    CONTENT = "content", _("研究内容、技术路线")
    INDICATORS = "indicators", _("考核指标")
    BUDGET = "budget", _("预算调剂")
    OTHER = "other", _("其他事项")


class ChangeWay(models.TextChoices):
    APPROVAL = "approval", _("报主管部门审批")
    FILING = "filing", _("报主管部门备案")
    NEVER = "never", _("不得变更")


class ChangeTerm(models.Model):
    """How one kind of change is made. A kind without a row is approved, within the default days."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("变更事项"), max_length=12, choices=ChangeKind)
    way = models.CharField(
        _("办理方式"),
        max_length=10,
        choices=ChangeWay,
        default=ChangeWay.APPROVAL,
        help_text=_("备案的经单位审核即生效，主管部门留存"),
    )
    unit_days = models.PositiveSmallIntegerField(_("单位审核（工作日，0 为不审核）"), default=5)
    decision_days = models.PositiveSmallIntegerField(_("审批期限（工作日）"), default=10)
    times = models.PositiveSmallIntegerField(
        _("最多几次"), null=True, blank=True, help_text=_("留空不限；不予同意和撤回的不计")
    )
    months_before_end = models.PositiveSmallIntegerField(
        _("最迟在结束前几个月提出"), null=True, blank=True, help_text=_("留空为结束前随时可以提出")
    )
    asks_file = models.CharField(
        _("须附的材料"), max_length=120, blank=True, help_text=_("如“学术委员会意见”；留空可以不附")
    )
    asks_file_en = models.CharField(_("须附的材料（英文）"), max_length=240, blank=True)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("变更规定")
        verbose_name_plural = pgettext_lazy("list", "变更规定")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "kind"], name="change_term_once"),
            models.UniqueConstraint(fields=["call", "order"], name="change_term_order_once"),
            models.CheckConstraint(condition=Q(decision_days__gt=0), name="change_term_decided_in_time"),
            models.CheckConstraint(
                condition=Q(times__isnull=True) | Q(times__gt=0), name="change_term_times"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.get_kind_display()


class ChangeQuerySet(RequestQuerySet):
    def open(self):
        return self.filter(state__in=[states.ChangeState.UNIT_REVIEW, states.ChangeState.SUBMITTED])

    def in_force(self):
        return self.filter(state__in=[states.ChangeState.APPROVED, states.ChangeState.FILED])


class ChangeConsent(models.Model):
    """Whoever would join a running project agrees, from their own account, by the number of their record."""

    change = models.ForeignKey("Change", models.CASCADE, related_name="consents")
    person_key = models.CharField(_("证件号码"), max_length=21)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("本人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("加入项目的同意")
        verbose_name_plural = _("加入项目的同意")
        constraints = [
            models.UniqueConstraint(fields=["change", "person_key"], name="change_consent_once"),
            models.CheckConstraint(condition=~Q(person_key=""), name="change_consent_of_somebody"),
        ]

    def __str__(self):
        return str(self.by)


class Change(ReviewedRequest):
    """One change, asked for by the project. What was asked never changes.

    `people`: {"leave": [Participant ids], "join": [{field of a participant: value}]} of a change of people.
    """

    machine = states.CHANGE
    event_verbs = {"consented": _("加入的人员同意")}

    kind = models.CharField(_("变更事项"), max_length=12, choices=ChangeKind)
    way = models.CharField(_("办理方式"), max_length=10, choices=ChangeWay)
    before = models.TextField(_("变更前"))
    after = models.TextField(_("变更后"))
    people = models.JSONField(_("人员"), default=dict, blank=True, editable=False, encoder=DjangoJSONEncoder)
    clause = models.CharField(_("依据条款"), max_length=60, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ChangeState, default=states.ChangeState.UNIT_REVIEW
    )

    objects = ChangeQuerySet.as_manager()

    class Meta(ReviewedRequest.Meta):
        verbose_name = _("变更申请")
        verbose_name_plural = pgettext_lazy("list", "变更申请")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind"],
                condition=Q(state__in=["unit_review", "submitted"]),
                name="change_one_open",
            ),
            models.CheckConstraint(condition=~Q(before="") & ~Q(after=""), name="change_says_what"),
            models.CheckConstraint(condition=~Q(way="never"), name="change_is_allowed"),
            models.CheckConstraint(
                condition=~Q(state="filed") | Q(way="filing"), name="change_filed_by_notice"
            ),
            decided_by_whom("change_decided_at_by"),
            *reviewed_by_unit("change"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="asked_never_changes",
                operation=pgtrigger.UpdateOf(
                    "agreement_id",
                    "kind",
                    "way",
                    "before",
                    "after",
                    "people",
                    "reason",
                    "clause",
                    "submitted_by_id",
                    "submitted_at",
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state__in=["unit_review", "submitted"]),
            ),
        ]

    def __str__(self):
        return f"{self.agreement.award.number} {self.get_kind_display()}"
