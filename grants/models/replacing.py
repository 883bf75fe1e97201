"""What ends because another notice awards: a higher office's award in place of this one's (被取代)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call


class ReplacedWhose(models.TextChoices):
    """Whose award elsewhere it takes."""

    PROJECT = "project", _("本项目（凭入选资格在那里立项）")
    LEADER = "leader", _("同一负责人")
    UNIT = "unit", _("同一单位")


class ReplacedEffect(models.TextChoices):
    ENDS = "ends", _("本项目终止，备案失效")
    STOPS_MONEY = "stops_money", _("未付的资金停止拨付")


class Replacement(models.Model):
    """One line, of the notice whose projects give way: an office decides so over its own, in advance.

    It happens by itself when the award elsewhere is made, behind its public notice.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="replacements", verbose_name=_("通知"))
    plan = models.SlugField(_("哪个计划立项"), help_text=_("计划代码，可以是其他处室的"))
    title = models.CharField(
        _("哪份通知"), max_length=200, blank=True, help_text=_("通知标题；留空为该计划的各份通知")
    )
    whose = models.CharField(_("谁获立项"), max_length=10, choices=ReplacedWhose, default=ReplacedWhose.UNIT)
    effect = models.CharField(_("后果"), max_length=20, choices=ReplacedEffect, default=ReplacedEffect.ENDS)
    text = models.TextField(_("条文"))
    text_en = models.TextField(_("英文条文"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("由其他立项取代")
        verbose_name_plural = _("由其他立项取代")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "plan", "title", "whose"], name="replacement_once")
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.plan}：{self.get_effect_display()}"
