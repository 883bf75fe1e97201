"""Numbers of invoices, contracts, papers, patents that count only once, as the last versions say them."""

import re
import unicodedata

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application


class NumberKind(models.TextChoices):
    INVOICE = "invoice", _("发票号码")
    CONTRACT = "contract", _("合同编号")
    PAPER = "paper", _("论文（DOI）")
    PATENT = "patent", _("专利号")
    CERTIFICATE = "certificate", _("证书、批件或标准编号")


LONGEST = 200
PREFIXES = {
    NumberKind.PAPER: re.compile(r"^(?:https?)?(?:dx)?(?:doiorg|doi)"),
    NumberKind.PATENT: re.compile(r"^(?:zl|cn)"),
}
"""What may stand before a number or not."""


def plain_number(kind: str, text: str) -> str:
    """The number as it is compared: "ZL 2023 1 0000001.X" and "202310000001x" are the same."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(sign for sign in folded if sign.isalnum())
    prefix = PREFIXES.get(kind)
    return (prefix.sub("", bare) if prefix else bare)[:LONGEST]


class UsedNumber(models.Model):
    """One number in the last version of an application, or of what was handed in for a milestone.

    An index of what is sealed elsewhere, written anew with each version.
    """

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="used_numbers", verbose_name=_("申报书")
    )
    milestone = models.PositiveBigIntegerField(_("里程碑编号"), null=True, blank=True)
    place = models.CharField(_("位置"), max_length=200, blank=True)
    kind = models.CharField(_("类型"), max_length=20, choices=NumberKind)
    value = models.CharField(_("比较用的编号"), max_length=LONGEST)
    printed = models.CharField(_("编号"), max_length=LONGEST)
    question = models.SlugField(_("题目代码"))
    column = models.CharField(_("列"), max_length=60, blank=True)
    row = models.PositiveSmallIntegerField(_("行号"), default=0)

    class Meta:
        verbose_name = _("只能使用一次的编号")
        verbose_name_plural = _("只能使用一次的编号")
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "value"], name="used_number_value")]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "milestone", "question", "column", "row"],
                name="used_number_place_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(value=""), name="used_number_says_something"),
        ]

    def __str__(self):
        return self.printed


class ListedPerson(models.Model):
    """One person whom the last version of an application names by ID number in a table or an answer.

    An index of what is sealed elsewhere, as `UsedNumber`: read by rules alone, shown to nobody.
    """

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="listed_people", verbose_name=_("申报书")
    )
    key = models.CharField(_("证件号码"), max_length=21, db_index=True)
    question = models.SlugField(_("题目代码"))
    row = models.PositiveSmallIntegerField(_("行号"), default=0)

    class Meta:
        verbose_name = _("表单所列人员")
        verbose_name_plural = _("表单所列人员")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "question", "row"], name="listed_person_place_once"
            )
        ]

    def __str__(self):
        return f"{self.application_id} {self.question} {self.row}"
