"""Whose projects of an earlier notice may apply here, or come in ahead (入选、推荐、晋级)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.words import in_readers_language


class EntryOf(models.TextChoices):
    """What has become of the earlier project."""

    CHOSEN = "chosen", _("立项或入库备选")
    AWARDED = "awarded", _("立项")
    RESERVED = "reserved", _("入库备选")


class Entry(models.Model):
    """One kind of earlier projects, found by the system and not proven by papers.

    It names programme and notice by their words: the office, the year and the version may be others'.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="entries", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    plan = models.SlugField(
        _("来自哪个计划"), blank=True, help_text=_("计划代码，可以是其他处室的；留空为本计划")
    )
    title = models.CharField(
        _("来自哪份通知"), max_length=200, blank=True, help_text=_("通知标题；留空为该计划的各份通知")
    )
    years = models.PositiveSmallIntegerField(
        _("往前几年"), default=0, help_text=_("0 为本年度的通知，1 为本年度和上一年度")
    )
    of = models.CharField(_("结果"), max_length=10, choices=EntryOf, default=EntryOf.CHOSEN)
    best = models.PositiveSmallIntegerField(
        _("前几名"), null=True, blank=True, help_text=_("按评审得分在该通知中的名次；同分同名次；留空不限")
    )
    grades = models.JSONField(
        _("等次"), default=list, blank=True, help_text=_("那份通知的等次代码；留空不限")
    )
    is_required = models.BooleanField(
        _("只有入选的可以申报"), default=True, help_text=_("有一行勾选的，只有各行所写的项目可以申报")
    )
    beyond_quota = models.BooleanField(
        _("不占限额"), default=False, help_text=_("不计入单位和推荐单位的限额")
    )
    days = models.PositiveSmallIntegerField(
        _("入选后须在几日内申报"), null=True, blank=True, help_text=_("自然日；过期资格失效，留空到申报截止")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("入选资格")
        verbose_name_plural = pgettext_lazy("list", "入选资格")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="entry_code_once"),
            models.CheckConstraint(condition=Q(best__isnull=True) | Q(best__gte=1), name="entry_best"),
            models.CheckConstraint(condition=Q(years__lte=9), name="entry_years"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return in_readers_language(self, "name")

    @property
    def plan_slug(self) -> str:
        return self.plan or self.call.programme.slug

    @property
    def words(self) -> str:
        """What it asks of the earlier project and what it gives, as a sentence in the reader's language."""
        known = getattr(self, "programme", None)
        said = [self.title or known or self.plan, self.get_of_display()]
        if self.best:
            said.append(_now("前 %(n)s 名") % {"n": self.best})
        if self.grades:
            said.append(_now("等次：%(codes)s") % {"codes": "、".join(self.grades)})
        if self.beyond_quota:
            said.append(_now("不占限额"))
        if self.days:
            said.append(_now("入选后 %(days)s 日内申报") % {"days": self.days})
        return _now("；").join(str(word) for word in said if word)
