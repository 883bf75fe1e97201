"""Copies on paper (纸质材料) that came for an application, as somebody counted them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from grants.models import PaperKind


class PaperReceiptQuerySet(models.QuerySet):
    def counted(self):
        """Those that were not taken back."""
        return self.filter(void_at=None)


class PaperReceipt(models.Model):
    """One parcel: how many copies of which version came when. Never edited; a mistake is voided.

    Whoever reads the application reads it.
    """

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="paper_receipts", verbose_name=_("申报书")
    )
    version = models.PositiveSmallIntegerField(_("版本"))
    kind = models.ForeignKey(
        PaperKind,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("材料"),
        help_text=_("通知分种类计数的填写"),
    )
    copies = models.PositiveSmallIntegerField(_("收到（份）"))
    received_date = models.DateField(_("收到日期"))
    posted_date = models.DateField(_("寄出日期（邮戳）"), null=True, blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("登记人"),
    )
    at = models.DateTimeField(_("登记时间"))
    void_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("撤销人"),
    )
    void_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = PaperReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("纸质材料收件")
        verbose_name_plural = _("纸质材料收件")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(copies__gte=1, copies__lte=999), name="paper_receipt_copies"),
            models.CheckConstraint(
                condition=Q(posted_date=None) | Q(posted_date__lte=F("received_date")),
                name="paper_receipt_posted_before_it_came",
            ),
            models.CheckConstraint(
                condition=Q(void_by=None) | Q(void_at__isnull=False), name="paper_receipt_void_has_time"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_edited",
                operation=pgtrigger.UpdateOf(
                    *(
                        "application_id",
                        "version",
                        "kind_id",
                        "copies",
                        "received_date",
                        "posted_date",
                        "note",
                    ),
                    *("by_id", "at"),
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="void_stays",
                operation=pgtrigger.UpdateOf("void_by_id", "void_at"),
                condition=pgtrigger.Q(old__void_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.application} × {self.copies}"


def copies_received() -> Coalesce:
    """Annotation of applications: copies that came of the version handed in last; in the same query."""
    rows = PaperReceipt.objects.counted().filter(application=OuterRef("pk"), version=OuterRef("version"))
    total = rows.order_by().values("application").annotate(total=Sum("copies")).values("total")
    return Coalesce(Subquery(total), 0)


def lacks_a_kind() -> Exists:
    """Whether of a kind that is counted apart fewer copies came than the notice wants; in the same query."""
    rows = PaperReceipt.objects.counted().filter(
        application=OuterRef(OuterRef("pk")), version=OuterRef(OuterRef("version")), kind=OuterRef("pk")
    )
    came = rows.order_by().values("kind").annotate(total=Sum("copies")).values("total")
    kinds = PaperKind.objects.filter(call=OuterRef("call_id"))
    return Exists(kinds.alias(came=Coalesce(Subquery(came), 0)).filter(came__lt=F("copies")))
