"""Working on one application together: what the team says to each other, and the partner units (合作单位)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications.models.application import Application
from applications.models.sealed import sealed_after_submission


class Comment(models.Model):
    """What somebody of the team says about a question or a part; never part of what is handed in."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="comments")
    section = models.SlugField(_("部分"), max_length=60)
    question = models.CharField(_("题目"), max_length=60, blank=True)
    text = models.TextField(_("批注"), max_length=2000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("批注人")
    )
    at = models.DateTimeField(_("时间"))
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处理人"),
    )
    resolved_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("批注")
        verbose_name_plural = _("批注")
        ordering = ["id"]
        indexes = [models.Index(fields=["application", "section", "id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="comment_resolved_at_by",
            )
        ]

    def __str__(self):
        return self.text


class Partner(models.Model):
    """A unit that was invited to fill in its own part; its administrator confirms what stands there.

    `confirmed` is the version of the part (`queries.version_of`) that was confirmed: another text is not.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="partners")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("合作单位")
    )
    task = models.TextField(_("承担的任务与承诺"), max_length=2000, blank=True)
    budget_limit = models.DecimalField(
        _("可填经费上限（元）"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("牵头单位给出的总额；留空时经费由牵头单位填写"),
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("邀请人")
    )
    invited_at = models.DateTimeField(_("邀请时间"))
    confirmed = models.CharField(_("确认的版本"), max_length=16, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("确认人"),
    )
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    changed_at = models.DateTimeField(_("确认后改动"), null=True, blank=True, editable=False)
    """Since when another text stands there than the one confirmed: it is to be confirmed again."""

    class Meta:
        verbose_name = _("合作单位")
        verbose_name_plural = _("合作单位")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "organisation"], name="partner_once"),
            models.CheckConstraint(
                condition=Q(budget_limit__isnull=True) | Q(budget_limit__gte=0),
                name="partner_budget_limit_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(confirmed="", confirmed_at__isnull=True, confirmed_by__isnull=True)
                | ~Q(confirmed="") & Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="partner_confirmed_at_by",
            ),
            models.CheckConstraint(
                condition=Q(changed_at__isnull=True) | ~Q(confirmed=""), name="partner_changed_was_confirmed"
            ),
        ]
        # What a unit confirmed is sealed with everything else.
        triggers = sealed_after_submission()

    def __str__(self):
        return str(self.organisation)
