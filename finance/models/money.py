"""Public money: what is appropriated, committed, due and paid. Amounts in 元; the database holds the caps."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role
from applications.models import Application
from awards.models import Agreement, ProjectQuerySet
from core.money import wan
from finance import states
from grants.models import Call, Programme, frozen_with_call
from milestones.models import Milestone


class AppropriationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Budgets are the bureau's own: finance and who sees everything all, managers their department's."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything or Role.FINANCE in scope.roles:
            return self
        return self.filter(programme__department_id__in=scope.departments)


@pghistory.track(exclude=["committed"])
class Appropriation(models.Model):
    """The money of a programme in a budget year (预算安排). Nothing may be committed beyond it."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name=_("计划"))
    year = models.PositiveSmallIntegerField(_("预算年度"))
    amount = models.DecimalField(_("预算（元）"), max_digits=16, decimal_places=2)
    committed = models.DecimalField(
        _("已承诺（元）"), max_digits=16, decimal_places=2, default=0, editable=False
    )

    objects = AppropriationQuerySet.as_manager()

    class Meta:
        verbose_name = _("预算安排")
        verbose_name_plural = pgettext_lazy("list", "预算安排")
        ordering = ["-year", "programme"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "year"], name="appropriation_once"),
            models.CheckConstraint(
                condition=Q(committed__gte=0, committed__lte=F("amount")),
                name="appropriation_not_overcommitted",
            ),
        ]

    def __str__(self):
        return f"{self.programme} {self.year}"

    @property
    def left(self):
        """What can still be committed."""
        return self.amount - self.committed


class CommitmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(appropriation__in=Appropriation.objects.visible_to(user))

    def held(self):
        return self.filter(released_at__isnull=True)


class Commitment(models.Model):
    """Money set aside for a proposed award; the trigger keeps `Appropriation.committed` in step.

    Of a project that ended early only what it keeps of the money paid to it still counts.
    """

    appropriation = models.ForeignKey(Appropriation, models.PROTECT, related_name="commitments")
    application = models.OneToOneField(
        Application, models.PROTECT, related_name="+", verbose_name=_("申报书")
    )
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    committed_at = models.DateTimeField(_("承诺时间"))
    released_at = models.DateTimeField(_("释放时间"), null=True, blank=True)
    adjusted = models.DecimalField(
        _("按验收结论增减（元）"),
        max_digits=14,
        decimal_places=2,
        default=0,
        editable=False,
        help_text=_("另奖励的增加，不再拨付的减少。"),
    )
    kept = models.DecimalField(
        _("释放后仍占用（元）"),
        max_digits=14,
        decimal_places=2,
        default=0,
        editable=False,
        help_text=_("提前结束的项目已付且没有退回的金额。"),
    )

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("资金承诺")
        verbose_name_plural = _("资金承诺")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, adjusted__gte=-F("amount")), name="commitment_positive"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, kept=0)
                | Q(released_at__isnull=False, kept__gte=0, kept__lte=F("amount") + F("adjusted")),
                name="commitment_keeps_a_part",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="amount_fixed",
                operation=pgtrigger.UpdateOf("appropriation_id", "application_id", "amount", "committed_at")
                | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="count_committed",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("released_at", "kept", "adjusted"),
                func="""
                    UPDATE finance_appropriation
                    SET committed = committed
                        + CASE
                            WHEN NEW.released_at IS NULL THEN NEW.amount + NEW.adjusted
                            ELSE NEW.kept
                        END
                        - CASE
                            WHEN TG_OP = 'INSERT' THEN 0
                            WHEN OLD.released_at IS NULL THEN OLD.amount + OLD.adjusted
                            ELSE OLD.kept
                        END
                    WHERE id = NEW.appropriation_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.application} {self.amount}"


class Condition(models.TextChoices):
    SIGNED = "signed", _("任务书签订后")
    MILESTONE = "milestone", _("里程碑通过后")


class InstalmentTemplate(models.Model):
    """One instalment of a call's payment plan. Shares of a call add up to 100 (checked before publishing)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    name = models.CharField(_("名称"), max_length=60)
    share = models.DecimalField(_("比例（%）"), max_digits=5, decimal_places=2)
    condition = models.CharField(_("条件"), max_length=20, choices=Condition)
    milestone_code = models.SlugField(_("里程碑代码"), blank=True)
    formula = models.TextField(
        _("按绩效计算（公式，元）"),
        blank=True,
        help_text=_(
            "里程碑通过时按填报的数据算出这一笔付多少，不超过按比例的金额，其余不再拨付，"
            "例如 min(times(answers.sales, 0.05), 500000.0)"
        ),
    )
    pay_days = models.PositiveSmallIntegerField(_("拨付期限（工作日）"), default=20)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("拨款计划")
        verbose_name_plural = pgettext_lazy("list", "拨款计划")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "order"], name="instalment_template_order_once"),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=100), name="instalment_template_share_percent"
            ),
            models.CheckConstraint(
                condition=Q(condition="milestone") & ~Q(milestone_code="")
                | ~Q(condition="milestone") & Q(milestone_code=""),
                name="instalment_template_names_milestone",
            ),
            models.CheckConstraint(
                condition=Q(formula="") | Q(condition="milestone"),
                name="instalment_template_formula_of_milestone",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class InstalmentQuerySet(ProjectQuerySet):
    path = "agreement__award__"

    def due(self):
        return self.filter(state=states.InstalmentState.DUE)


class Instalment(models.Model):
    """One part of an award, or a premium beside it.

    `paid` is kept by the database from the payments and never exceeds `amount` less what the conclusion of
    the acceptance or the reported figures left unpaid for good (`withheld`).
    """

    machine = states.INSTALMENT
    event_verbs = {
        "paid": _("登记付款"),
        "payment_reversed": _("冲销付款"),
        "worked_out": _("按验收结论定金额"),
    }

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    name = models.CharField(_("名称"), max_length=60)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    paid = models.DecimalField(_("已付（元）"), max_digits=14, decimal_places=2, default=0, editable=False)
    withheld = models.DecimalField(
        _("不再拨付（元）"), max_digits=14, decimal_places=2, default=0, editable=False
    )
    withheld_reason = models.CharField(_("金额依据"), max_length=300, blank=True)
    is_premium = models.BooleanField(_("资助额以外的奖励"), default=False)
    formula = models.TextField(_("按绩效计算（公式，元）"), blank=True)
    condition = models.CharField(_("条件"), max_length=20, choices=Condition)
    milestone = models.ForeignKey(
        Milestone, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("里程碑")
    )
    pay_days = models.PositiveSmallIntegerField(_("拨付期限（工作日）"), default=20)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.InstalmentState, default=states.InstalmentState.PLANNED
    )
    due_at = models.DateTimeField(_("应付日期"), null=True, blank=True)

    objects = InstalmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("拨款")
        verbose_name_plural = pgettext_lazy("list", "拨款")
        ordering = ["agreement", "order"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "order"], name="instalment_order_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="instalment_positive"),
            models.CheckConstraint(
                condition=Q(withheld__gte=0, paid__gte=0, paid__lte=F("amount") - F("withheld")),
                name="instalment_not_overpaid",
            ),
            models.CheckConstraint(
                condition=Q(condition="milestone", milestone__isnull=False)
                | ~Q(condition="milestone") & Q(milestone__isnull=True),
                name="instalment_names_milestone",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["due", "paid"]) | Q(due_at__isnull=False),
                name="instalment_due_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid=F("amount") - F("withheld")),
                name="instalment_paid_in_full",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="plan_fixed",
                operation=pgtrigger.UpdateOf(
                    "agreement_id",
                    "order",
                    "amount",
                    "is_premium",
                    "formula",
                    "condition",
                    "milestone_id",
                    "pay_days",
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="sum_is_award",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF (
                        SELECT sum(amount) FROM finance_instalment
                        WHERE agreement_id = COALESCE(NEW.agreement_id, OLD.agreement_id)
                            AND NOT is_premium
                    ) <> (
                        SELECT award.amount FROM awards_agreement AS agreement
                        JOIN awards_award AS award ON award.id = agreement.award_id
                        WHERE agreement.id = COALESCE(NEW.agreement_id, OLD.agreement_id)
                    ) THEN
                        RAISE EXCEPTION 'the instalments do not add up to the award'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            # A reversal leaves as much paid as is demanded back.
            pgtrigger.Trigger(
                name="paid_covers_refunds",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("paid"),
                condition=pgtrigger.Q(new__paid__lt=pgtrigger.F("old__paid")),
                func="""
                    PERFORM FROM awards_agreement WHERE id = NEW.agreement_id FOR UPDATE;
                    IF (
                        SELECT COALESCE(sum(CASE WHEN state = 'written_off' THEN returned ELSE amount END), 0)
                        FROM finance_refund WHERE agreement_id = NEW.agreement_id
                    ) > (
                        SELECT sum(paid) FROM finance_instalment WHERE agreement_id = NEW.agreement_id
                    ) THEN
                        RAISE EXCEPTION 'less would be paid than is demanded back'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_within_paid';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def unpaid(self):
        return self.payable - self.paid

    @property
    def payable(self):
        """What of it is paid at all."""
        return self.amount - self.withheld


class PaymentQuerySet(ProjectQuerySet):
    path = "instalment__agreement__award__"


class Payment(models.Model):
    """Money paid (拨付). Never edited or deleted: a mistake is reversed by a negative payment."""

    instalment = models.ForeignKey(
        Instalment, models.PROTECT, related_name="payments", verbose_name=_("拨款")
    )
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    paid_date = models.DateField(_("拨付日期"))
    voucher = models.CharField(_("凭证号"), max_length=60)
    payee_account = models.CharField(_("收款账号"), max_length=40)
    payee_bank = models.CharField(_("开户行"), max_length=120)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("冲销的付款")
    )
    note = models.CharField(_("说明"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("付款")
        verbose_name_plural = pgettext_lazy("list", "付款")
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(reverses__isnull=True), name="payment_voucher_once"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="payment_sign",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            # Money goes out only on what is due, and only to an account of the unit that was confirmed.
            pgtrigger.Trigger(
                name="payable",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__reverses__isnull=True),
                func="""
                    PERFORM FROM finance_instalment WHERE id = NEW.instalment_id AND state = 'due' FOR UPDATE;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'the instalment is not due' USING ERRCODE = 'check_violation';
                    END IF;
                    PERFORM FROM finance_instalment AS instalment
                    JOIN awards_agreement AS agreement ON agreement.id = instalment.agreement_id
                    JOIN awards_award AS award ON award.id = agreement.award_id
                    JOIN applications_application AS application ON application.id = award.application_id
                    JOIN accounts_bankaccount AS account
                        ON account.organisation_id = application.organisation_id
                    WHERE instalment.id = NEW.instalment_id
                        AND account.state = 'confirmed'
                        AND account.number = NEW.payee_account;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'no confirmed account of the unit has this number'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="count_paid",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE finance_instalment SET paid = paid + NEW.amount WHERE id = NEW.instalment_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.voucher} {wan(self.amount)}"

    @property
    def masked_account(self) -> str:
        """The account with its middle hidden, for everybody who need not pay to it."""
        number = self.payee_account
        return f"{number[:4]}{'*' * max(len(number) - 8, 4)}{number[-4:]}" if len(number) > 8 else "****"
