"""Public money that is to come back (退回财政资金): what is demanded, what came, what was written off."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from awards.models import Agreement, ProjectQuerySet
from core.money import wan
from finance import states


class RefundQuerySet(ProjectQuerySet):
    path = "agreement__award__"

    def open(self):
        return self.filter(state=states.RefundState.DEMANDED)


class Refund(models.Model):
    """A demand to pay public money back. `returned` is kept by the database and never exceeds `amount`."""

    machine = states.REFUND

    class Cause(models.TextChoices):
        ENDED = "ended", _("项目终止、撤销或里程碑未通过")
        SURPLUS = "surplus", _("结余资金")
        IMPROPER = "improper", _("不合规支出")
        OVERPAID = "overpaid", _("多拨付")
        REPAYMENT = "repayment", _("投入资金未转为股权，应退还")

    event_verbs = {"received": _("登记退款")}

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    amount = models.DecimalField(_("应退（元）"), max_digits=14, decimal_places=2)
    returned = models.DecimalField(
        _("已退（元）"), max_digits=14, decimal_places=2, default=0, editable=False
    )
    cause = models.CharField(_("退回原因"), max_length=20, choices=Cause)
    due_date = models.DateField(_("退回期限"))
    reason = models.TextField(_("退回理由"))
    clause = models.CharField(_("依据条款"), max_length=120)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.RefundState, default=states.RefundState.DEMANDED
    )
    demanded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人")
    )
    demanded_at = models.DateTimeField(_("发出时间"))
    ended_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    ending = models.TextField(_("核销理由"), blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("退回资金")
        verbose_name_plural = pgettext_lazy("list", "退回资金")
        ordering = ["-demanded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("amount")), name="refund_not_exceeded"
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(returned=F("amount")), name="refund_settled_is_whole"
            ),
            models.CheckConstraint(
                condition=Q(state="demanded", ended_at__isnull=True)
                | ~Q(state="demanded") & Q(ended_at__isnull=False),
                name="refund_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="written_off") | ~Q(ending=""), name="refund_written_off_has_reason"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="demand_fixed",
                operation=pgtrigger.UpdateOf(
                    "agreement_id",
                    "amount",
                    "cause",
                    "due_date",
                    "reason",
                    "clause",
                    "demanded_by_id",
                    "demanded_at",
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="demanded"),
            ),
            # Of what was written off only what came back counts: the rest may be demanded again.
            pgtrigger.Trigger(
                name="within_what_was_paid",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM awards_agreement WHERE id = NEW.agreement_id FOR UPDATE;
                    IF NEW.amount + (
                        SELECT COALESCE(sum(CASE WHEN state = 'written_off' THEN returned ELSE amount END), 0)
                        FROM finance_refund WHERE agreement_id = NEW.agreement_id
                    ) > (
                        SELECT COALESCE(sum(paid), 0) FROM finance_instalment
                        WHERE agreement_id = NEW.agreement_id
                    ) THEN
                        RAISE EXCEPTION 'more is demanded than was paid'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_within_paid';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.agreement.award.number} {wan(self.amount)}"

    @property
    def left(self):
        """What is still to come."""
        return self.amount - self.returned


class RefundReceiptQuerySet(ProjectQuerySet):
    path = "refund__agreement__award__"


class RefundReceipt(models.Model):
    """Money that came back. Never edited or deleted."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="receipts", verbose_name=_("退回资金"))
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    received_date = models.DateField(_("到账日期"))
    voucher = models.CharField(_("凭证号"), max_length=60, unique=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = RefundReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("退款到账")
        verbose_name_plural = pgettext_lazy("list", "退款到账")
        ordering = ["received_date", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_receipt_positive")]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="count_returned",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE finance_refund SET returned = returned + NEW.amount WHERE id = NEW.refund_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.voucher} {wan(self.amount)}"
