"""The order in which a recommender (推荐单位) puts applications, and the letters (推荐函) that seal it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications.models.application import Application
from grants.models import Call


def for_offices(user, name: str) -> Q:
    """What belongs to an office of the person; `name`: the field that holds the office's organisation."""
    wanted = Q(pk__in=[])
    for organisation, region in user.scope.offices:
        wanted |= Q(**{name: organisation, "region": region})
    return wanted


class LetterQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The office that wrote it, the managers of the call and whoever sees everything."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        bureau = Q(call__programme__department_id__in=user.scope.departments)
        return self.filter(bureau | for_offices(user, "recommender"))

    def standing(self):
        return self.filter(voided_at__isnull=True)


class RecommendationLetter(models.Model):
    """A recommendation letter with its table (推荐函、推荐汇总表): what it lists never changes.

    The stamped scan is a `Document` of the letter. A mistake is voided with a reason, and a new one written.
    """

    event_verbs = {
        "issued": _("生成推荐函"),
        "voided": _("作废推荐函"),
        "scanned": _("上传盖章扫描件"),
    }

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    recommender = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("推荐单位")
    )
    region = models.CharField(_("管辖区域代码"), max_length=6)
    number = models.CharField(_("编号"), max_length=60, unique=True)
    own_number = models.CharField(_("发文字号"), max_length=60, blank=True)
    dated = models.DateField(_("日期"))
    content = models.JSONField(_("内容"))
    sha256 = models.CharField("SHA-256", max_length=64)
    count = models.PositiveSmallIntegerField(_("项目数"))
    requested_total = models.DecimalField(_("申请财政资金合计（元）"), max_digits=16, decimal_places=2)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("生成人")
    )
    at = models.DateTimeField(_("生成时间"))
    voided_at = models.DateTimeField(_("作废时间"), null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("作废人"),
    )
    void_reason = models.TextField(_("作废理由"), blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("推荐函")
        verbose_name_plural = _("推荐函")
        ordering = ["-id"]
        indexes = [models.Index(fields=["call", "-id"])]
        constraints = [
            models.CheckConstraint(condition=Q(count__gt=0), name="letter_lists_something"),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True, void_reason="")
                | Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""),
                name="letter_voided_at_by_why",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.UpdateOf(
                    "call_id",
                    "recommender_id",
                    "region",
                    "number",
                    "own_number",
                    "dated",
                    "content",
                    "sha256",
                    "count",
                    "requested_total",
                    "by_id",
                    "at",
                ),
            ),
            pgtrigger.Protect(
                name="voided_once",
                operation=pgtrigger.UpdateOf("voided_at", "voided_by_id", "void_reason"),
                condition=pgtrigger.Condition("OLD.voided_at IS NOT NULL"),
            ),
        ]

    def __str__(self):
        return self.number


class Nomination(models.Model):
    """The place of one application among those of one recommender and one call (推荐排序).

    A recommender is an office: an organisation and its region. Offices may overlap: each has an order of its
    own, one of them recommends. `series` is the call's, whatever version an application follows.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="nominations")
    series = models.UUIDField(_("通知系列"))
    recommender = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("推荐单位")
    )
    region = models.CharField(_("管辖区域代码"), max_length=6)
    rank = models.PositiveSmallIntegerField(_("推荐排序"))
    recommended_at = models.DateTimeField(_("推荐时间"), null=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("推荐人")
    )
    letter = models.ForeignKey(
        RecommendationLetter, models.PROTECT, null=True, related_name="lines", verbose_name=_("推荐函")
    )

    class Meta:
        verbose_name = _("推荐排序")
        verbose_name_plural = _("推荐排序")
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "recommender", "region", "rank"],
                name="nomination_rank_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["application", "recommender", "region"],
                name="nomination_application_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(recommended_at__isnull=False),
                name="nomination_recommended_once",
            ),
            models.CheckConstraint(condition=Q(rank__gt=0), name="nomination_rank_from_one"),
            models.CheckConstraint(
                condition=Q(recommended_at__isnull=True, recommended_by__isnull=True)
                | Q(recommended_at__isnull=False, recommended_by__isnull=False),
                name="nomination_recommended_at_by",
            ),
            models.CheckConstraint(
                condition=Q(letter__isnull=True) | Q(recommended_at__isnull=False),
                name="nomination_letter_of_recommended",
            ),
        ]
        triggers = [
            # What a letter lists keeps its place until the letter is void.
            pgtrigger.Protect(
                name="sealed_by_letter",
                operation=pgtrigger.UpdateOf("rank", "application_id", "series", "recommender_id", "region"),
                condition=pgtrigger.Condition("OLD.letter_id IS NOT NULL"),
            ),
            pgtrigger.Protect(
                name="letter_keeps",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.letter_id IS NOT NULL"),
            ),
        ]

    def __str__(self):
        return f"{self.rank}"
