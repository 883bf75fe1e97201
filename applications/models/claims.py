"""Claims decided row by row (逐笔核定): each contract, invoice or loan accepted, reduced, refused. In 元."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.records import Submission
from applications.states import ApplicationState


class RowResult(models.TextChoices):
    ACCEPTED = "accepted", _("认可")
    REDUCED = "reduced", _("核减")
    REFUSED = "refused", _("不予认可")


SUMS = """
    SELECT COALESCE(SUM(claimed), 0), COALESCE(SUM(approved), 0),
           COUNT(*), COUNT(*) FILTER (WHERE result <> '')
      INTO NEW.claimed_total, NEW.approved_total, NEW.rows_total, NEW.judged_total
      FROM applications_claimline WHERE claim_id = NEW.id;
    RETURN NEW;
"""
TOUCH = """
    -- What followed from the rows as they were does not follow any more.
    UPDATE applications_claim SET amount = NULL WHERE id = NEW.claim_id;
    RETURN NULL;
"""
SETTLED = """
    IF EXISTS (
        SELECT 1 FROM applications_claim
        WHERE id = COALESCE(NEW.claim_id, OLD.claim_id) AND settled_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the claim is settled: its rows do not change' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


TOLD = (
    ApplicationState.PUBLICITY,
    ApplicationState.AGREEMENT,
    ApplicationState.AWARDED,
    ApplicationState.REJECTED,
)
"""When the decision is known to the applicant."""


class ClaimQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The bureau reads its own at any time; whoever reads the application, once its decision is known."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything:
            return self.all()
        readable = Application.objects.visible_to(user).order_by().values("pk")
        wanted = Q(settled_at__isnull=False, application__state__in=TOLD, application__in=readable)
        if departments := scope.departments | scope.headed:
            wanted |= Q(application__call__programme__department_id__in=departments)
        return self.filter(wanted)


class Claim(models.Model):
    """What the bureau made of the claim table of one submission. The sums are the database's own."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="claims", verbose_name=_("申报书")
    )
    submission = models.OneToOneField(
        Submission, models.PROTECT, related_name="+", verbose_name=_("提交版本")
    )
    share = models.DecimalField(_("不超过核定合计的比例"), max_digits=9, decimal_places=6)
    claimed_total = models.DecimalField(_("申领合计"), max_digits=16, decimal_places=2, default=0)
    approved_total = models.DecimalField(_("核定合计"), max_digits=16, decimal_places=2, default=0)
    rows_total = models.PositiveSmallIntegerField(_("行数"), default=0)
    judged_total = models.PositiveSmallIntegerField(_("已核定行数"), default=0)
    amount = models.DecimalField(_("核定资助额"), max_digits=14, decimal_places=2, null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("定案人"),
    )
    settled_at = models.DateTimeField(_("定案时间"), null=True, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("逐笔核定")
        verbose_name_plural = _("逐笔核定")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True)
                | Q(amount__gte=0, judged_total=F("rows_total"))
                & Q(amount__lte=F("approved_total") * F("share")),
                name="claim_amount_follows_rows",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True) | Q(settled_at__isnull=False),
                name="claim_settled_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sums",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=SUMS,
            ),
            pgtrigger.Protect(
                name="settled",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.settled_at IS NOT NULL"),
            ),
        ]

    def __str__(self):
        return str(self.application)

    @property
    def is_complete(self) -> bool:
        return self.rows_total == self.judged_total


@pghistory.track()
class ClaimLine(models.Model):
    """One row of the claim table: accepted whole, reduced to an amount, or refused, with a reason."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines", verbose_name=_("逐笔核定"))
    number = models.PositiveSmallIntegerField(_("行号"))
    claimed = models.DecimalField(_("申领金额"), max_digits=14, decimal_places=2)
    approved = models.DecimalField(_("核定金额"), max_digits=14, decimal_places=2, default=0)
    result = models.CharField(_("结论"), max_length=10, choices=RowResult, blank=True)
    reason = models.TextField(_("理由"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核定人"),
    )
    at = models.DateTimeField(_("核定时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("核定明细")
        verbose_name_plural = _("核定明细")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "number"], name="claim_line_once"),
            models.CheckConstraint(condition=Q(claimed__gte=0), name="claim_line_not_negative"),
            models.CheckConstraint(
                condition=Q(result="", approved=0)
                | Q(result="accepted", approved=F("claimed"))
                | Q(result="reduced", approved__gt=0, approved__lt=F("claimed")) & ~Q(reason="")
                | Q(result="refused", approved=0) & ~Q(reason=""),
                name="claim_line_result_in_order",
            ),
            models.CheckConstraint(
                condition=Q(result="", by__isnull=True, at__isnull=True)
                | ~Q(result="") & Q(by__isnull=False, at__isnull=False),
                name="claim_line_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="settled",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=SETTLED,
            ),
            pgtrigger.Trigger(
                name="sums", when=pgtrigger.After, operation=pgtrigger.Insert | pgtrigger.Update, func=TOUCH
            ),
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.number} {self.get_result_display()}"
