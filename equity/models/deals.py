"""The deal, what turns it into a share, what it is worth, what the firm reports."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from accounts.roles import Role
from applications.models import TeamMember
from awards.models import Agreement
from equity import states
from equity.models.terms import TriggerKind
from grants.models import Instrument
from milestones.models import Milestone


class OfDealQuerySet(models.QuerySet):
    """What belongs to a deal is for the firm, the trustee, the department, finance and who sees everything.

    Neither recommenders nor the demand side of the project: what a firm is worth is not their business.
    """

    path = "deal__"

    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything or Role.FINANCE in scope.roles:
            return self
        application = f"{self.path}agreement__award__application"
        own = TeamMember.objects.filter(user=user).values("application_id")
        return self.filter(
            Q(**{f"{application}_id__in": own})
            | Q(**{f"{application}__organisation_id__in": scope.admin_units | scope.finance_units})
            | Q(**{f"{application}__call__programme__department_id__in": scope.departments | scope.headed})
            | Q(**{f"{self.path}trustee_id__in": scope.units})
        )


class DealQuerySet(OfDealQuerySet):
    path = ""


class Deal(models.Model):
    """Money of a project that becomes a share, held by a trustee (受托管理机构). Amounts in 元."""

    machine = states.DEAL
    event_verbs = {
        "renegotiated": _("重新约定触发期限"),
        "valued": _("登记估值"),
        "restructured": _("登记股权变动"),
        "reported": _("报送经营情况"),
        "distributed": _("分配收益"),
        "exit_refused": _("不予批准退出"),
        "buy_back_declared": _("提出回购"),
        "trigger_reported": _("报告触发"),
        "trigger_returned": _("触发未予确认"),
        "report_returned": _("退回报告"),
    }

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    instrument = models.CharField(
        _("支持方式"),
        max_length=20,
        choices=[(kind.value, kind.label) for kind in (Instrument.EQUITY, Instrument.CONVERTIBLE)],
    )
    amount = models.DecimalField(_("投资额（元）"), max_digits=14, decimal_places=2)
    trustee = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("受托管理机构"),
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=states.DealState, default=states.DealState.AGREED
    )
    opened_at = models.DateTimeField(_("约定时间"))
    convert_by_date = models.DateField(_("转股办理期限"), null=True, blank=True)
    approved_percent = models.DecimalField(
        _("批准的持股比例（%）"), max_digits=7, decimal_places=4, null=True, blank=True
    )
    valuation_due_date = models.DateField(_("下次估值"), null=True, blank=True)
    ended_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    ending = models.TextField(_("处理理由"), blank=True)

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("股权项目")
        verbose_name_plural = pgettext_lazy("list", "股权项目")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deal_positive"),
            models.CheckConstraint(
                condition=Q(instrument__in=["equity", "convertible"]), name="deal_instrument"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["agreed", "exempted", "written_off"]) | Q(trustee__isnull=False),
                name="deal_has_trustee",
            ),
            models.CheckConstraint(
                condition=Q(state__in=states.CONVERTING, convert_by_date__isnull=False)
                | ~Q(state__in=states.CONVERTING) & Q(convert_by_date__isnull=True),
                name="deal_converting_has_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=states.HELD, valuation_due_date__isnull=False)
                | ~Q(state__in=states.HELD) & Q(valuation_due_date__isnull=True),
                name="deal_held_is_valued",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "holding", "exiting", "exited", "closed"])
                | Q(approved_percent__gt=0, approved_percent__lte=100),
                name="deal_held_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=states.ENDED, ended_at__isnull=False)
                | ~Q(state__in=states.ENDED) & Q(ended_at__isnull=True),
                name="deal_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["repaying", "repaid", "exempted", "written_off"]) | ~Q(ending=""),
                name="deal_given_up_has_reason",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="agreed_never_changes",
                operation=pgtrigger.UpdateOf("agreement_id", "instrument", "amount", "opened_at")
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=sorted(states.ENDED)),
            ),
        ]

    def __str__(self):
        return f"{self.agreement.award.number} {self.firm}"

    @property
    def application(self):
        return self.agreement.award.application

    @property
    def firm(self) -> Organisation:
        return self.application.organisation


class Trigger(models.Model):
    """One agreed event, until when it has to happen, and what came of it."""

    machine = states.TRIGGER

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="triggers", verbose_name=_("股权项目"))
    kind = models.CharField(_("触发事件"), max_length=20, choices=TriggerKind)
    amount = models.DecimalField(_("不少于（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    milestone = models.ForeignKey(
        Milestone, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("里程碑")
    )
    by_date = models.DateField(_("触发期限"))
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.TriggerState, default=states.TriggerState.WAITING
    )
    met_date = models.DateField(_("达成日期"), null=True, blank=True)
    evidence = models.TextField(_("证据说明"), blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("报告人"),
    )

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("触发条件")
        verbose_name_plural = pgettext_lazy("list", "触发条件")
        ordering = ["by_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["financing", "revenue"], amount__gt=0)
                | ~Q(kind__in=["financing", "revenue"]) & Q(amount__isnull=True),
                name="trigger_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind="milestone", milestone__isnull=False)
                | ~Q(kind="milestone") & Q(milestone__isnull=True),
                name="trigger_milestone",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["reported", "met"])
                | Q(met_date__isnull=False, reported_by__isnull=False) & ~Q(evidence=""),
                name="trigger_met_has_evidence",
            ),
            models.UniqueConstraint(fields=["deal"], condition=Q(state="met"), name="trigger_met_once"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="agreed_never_changes",
                operation=pgtrigger.UpdateOf("deal_id", "kind", "amount", "milestone_id", "by_date", "clause")
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="settled_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["met", "not_met", "dropped"]),
            ),
        ]

    def __str__(self):
        return self.get_kind_display()


class Valuation(models.Model):
    """What the firm is worth at a day, and by which document. Never edited."""

    class Basis(models.TextChoices):
        ROUND = "round", _("本轮融资价格")
        ASSESSED = "assessed", _("资产评估")
        NET_ASSETS = "net_assets", _("每股净资产")
        OTHER = "other", _("其他")

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="valuations", verbose_name=_("股权项目"))
    as_of_date = models.DateField(_("估值基准日"))
    post_money = models.DecimalField(_("投后估值（元）"), max_digits=16, decimal_places=2)
    basis = models.CharField(_("估值依据"), max_length=20, choices=Basis)
    filing_number = models.CharField(
        _("评估备案号"), max_length=60, blank=True, help_text=_("按国有资产规定评估备案的填写")
    )
    note = models.CharField(_("说明"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("估值")
        verbose_name_plural = pgettext_lazy("list", "估值")
        ordering = ["as_of_date", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(post_money__gt=0), name="valuation_positive"),
            # Of one day another value or its filing corrects the first; the same again is a second click.
            models.UniqueConstraint(
                fields=["deal", "as_of_date", "post_money", "filing_number"], name="valuation_once"
            ),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.as_of_date} {self.get_basis_display()}"


class PeriodicReport(models.Model):
    """What the firm reports every so many months; the next is planned when one is handed in."""

    machine = states.REPORT

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="reports", verbose_name=_("股权项目"))
    number = models.PositiveSmallIntegerField(_("期数"))
    due_date = models.DateField(_("报送期限"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ReportState, default=states.ReportState.DUE
    )
    revenue = models.DecimalField(_("营业收入（元）"), max_digits=16, decimal_places=2, null=True, blank=True)
    profit = models.DecimalField(_("净利润（元）"), max_digits=16, decimal_places=2, null=True, blank=True)
    staff = models.PositiveIntegerField(_("职工人数"), null=True, blank=True)
    text = models.TextField(_("经营情况"), blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("报送人"),
    )
    submitted_at = models.DateTimeField(_("报送时间"), null=True, blank=True)
    returned_reason = models.TextField(_("退回理由"), blank=True)

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("投后报告")
        verbose_name_plural = pgettext_lazy("list", "投后报告")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "number"], name="periodic_report_number_once"),
            models.CheckConstraint(
                condition=~Q(state="submitted")
                | Q(
                    revenue__isnull=False,
                    profit__isnull=False,
                    staff__isnull=False,
                    submitted_by__isnull=False,
                    submitted_at__isnull=False,
                )
                & ~Q(text=""),
                name="periodic_report_submitted_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="planned_never_changes",
                operation=pgtrigger.UpdateOf("deal_id", "number", "due_date") | pgtrigger.Delete,
            )
        ]

    def __str__(self):
        return str(_("第 %(number)s 期投后报告") % {"number": self.number})
