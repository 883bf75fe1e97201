"""Grades of an award (等次): first, second, third prize; each with its own money and number."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grants.models.call import Call
from grants.models.frozen import frozen_with_call


class AwardGrade(models.Model):
    """One grade; a call with grades decides one for every award. `amount` in 元 is what each of it gets.

    `when` is the rule by which it is given (CEL, `grants.rules.OF_GRADES`): of the grades in their order the
    first that holds is proposed; whoever decides another says why.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="grades", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("等次"), max_length=60)
    name_en = models.CharField(_("英文等次"), max_length=60, blank=True)
    amount = models.DecimalField(
        _("每项资助额（元）"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("写明的按此资助，申报人不填申请额；留空的由决定时写明"),
    )
    number = models.PositiveIntegerField(
        _("最多几项"), null=True, blank=True, help_text=_("留空不限；按通知合计")
    )
    when = models.TextField(
        _("给谁（公式）"),
        blank=True,
        help_text=_(
            "按名次和得分定等次，例如 review.rank <= 8、review.score >= 90.0；"
            "各等次由上到下取第一个成立的。留空由决定人选定"
        ),
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("等次")
        verbose_name_plural = pgettext_lazy("list", "等次")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="award_grade_code_once"),
            models.UniqueConstraint(fields=["call", "order"], name="award_grade_order_once"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="award_grade_amount"
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(number__gt=0), name="award_grade_number"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name
