"""Awards and agreements: 立项, 任务书. Amounts in 元."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role
from applications.models import Application, TeamMember
from awards import states
from grants.models import AwardGrade


class ProjectQuerySet(models.QuerySet):
    """Shared by awards and agreements: parties, their officers, finance, and who sees everything."""

    path = ""

    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything or Role.FINANCE in scope.roles:
            return self
        application = f"{self.path}application"
        wanted = Q(**{f"{application}__organisation_id__in": scope.admin_units | scope.finance_units})
        own = TeamMember.objects.filter(user=user).values("application_id")
        wanted |= Q(**{f"{application}_id__in": own})
        wanted |= Q(**{f"{application}__topic__owner_id__in": scope.units})
        if scope.departments:
            wanted |= Q(**{f"{application}__call__programme__department_id__in": scope.departments})
        wanted |= Q(**{f"{application}__recommender_id__in": scope.recommender_organisations})
        for region in scope.regions:
            by_region = {f"{application}__recommender": None}
            wanted |= Q(**by_region, **{f"{application}__organisation__region__startswith": region})
        return self.filter(wanted)


class AwardQuerySet(ProjectQuerySet):
    path = ""


class Award(models.Model):
    """立项: the amount granted, never above the cap that held."""

    application = models.OneToOneField(
        Application, models.PROTECT, related_name="+", verbose_name=_("申报书")
    )
    number = models.CharField(_("立项编号"), max_length=60, unique=True)
    amount = models.DecimalField(_("资助额（元）"), max_digits=14, decimal_places=2)
    grade = models.ForeignKey(
        AwardGrade, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("等次")
    )
    reason = models.TextField(
        _("立项理由"), blank=True, help_text=_("通知写明告知申报人的才有，与决定的理由相同")
    )
    cap = models.DecimalField(_("上限（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    awarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("经办人"),
        help_text=_("公示期满由系统立项时为空"),
    )
    awarded_at = models.DateTimeField(_("立项时间"))

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("立项")
        verbose_name_plural = pgettext_lazy("list", "立项")
        ordering = ["-awarded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(amount=0, cap__isnull=False, cap=0), name="award_positive"
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(amount__lte=F("cap")), name="award_within_cap"
            ),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.number


class AgreementQuerySet(ProjectQuerySet):
    path = "award__"


_COMES_INTO_FORCE = (
    "OLD.state = 'unit_signed' AND NEW.state = 'in_force' AND NEW.own_amount = OLD.own_amount"
    " AND NEW.award_id = OLD.award_id AND NEW.signed_ends_date IS NULL"
)
"""The bureau signs: where the notice counts from that day (`RunsFrom.SIGNING`) both dates move to it."""


@pghistory.track()
class Agreement(models.Model):
    """任务书: what is owed by when. Milestones (milestones app) and instalments (finance app) hang on it."""

    machine = states.AGREEMENT
    event_verbs = {
        "extended": _("延期"),
        "changed": _("变更"),
        "money_stopped": _("因其他立项停止拨付"),
        "certified": _("单位确认条件"),
        "condition_marked": _("审查条件"),
    }

    award = models.OneToOneField(Award, models.PROTECT, related_name="+", verbose_name=_("立项"))
    starts_date = models.DateField(_("开始"))
    ends_date = models.DateField(_("结束"))
    signed_ends_date = models.DateField(
        _("签订时的结束日期"), null=True, blank=True, editable=False, help_text=_("延期后填写")
    )
    own_amount = models.DecimalField(_("自筹（元）"), max_digits=14, decimal_places=2, default=0)
    is_by_decision = models.BooleanField(_("以立项文件代替任务书"), default=False)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.AgreementState, default=states.AgreementState.DRAFT
    )
    unit_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("承担单位签订人"),
    )
    unit_signed_at = models.DateTimeField(_("承担单位签订时间"), null=True, blank=True)
    bureau_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("主管部门签订人"),
    )
    bureau_signed_at = models.DateTimeField(_("主管部门签订时间"), null=True, blank=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("任务书")
        verbose_name_plural = pgettext_lazy("list", "任务书")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_date__gt=F("starts_date")), name="agreement_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(signed_ends_date__isnull=True) | Q(ends_date__gt=F("signed_ends_date")),
                name="agreement_extended_is_later",
            ),
            models.CheckConstraint(
                condition=Q(unit_signed_at__isnull=True, unit_signed_by__isnull=True)
                | Q(unit_signed_at__isnull=False, unit_signed_by__isnull=False),
                name="agreement_unit_signed_at_by",
            ),
            models.CheckConstraint(
                condition=Q(bureau_signed_at__isnull=True, bureau_signed_by__isnull=True)
                | Q(bureau_signed_at__isnull=False, bureau_signed_by__isnull=False),
                name="agreement_bureau_signed_at_by",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_force", "completed", "terminated", "revoked", "replaced"])
                | Q(is_by_decision=True)
                | Q(unit_signed_at__isnull=False, bureau_signed_at__isnull=False),
                name="agreement_in_force_is_signed",
            ),
        ]
        triggers = [
            # Drafted terms may be corrected until the first signature; from then on they stand.
            pgtrigger.Protect(
                name="signed_never_changes",
                operation=pgtrigger.UpdateOf("award_id", "starts_date", "own_amount"),
                condition=pgtrigger.Condition(f"OLD.state <> 'draft' AND NOT ({_COMES_INTO_FORCE})"),
            ),
            # Only an extension (延期) of a running project moves its end, and only to a later day.
            pgtrigger.Protect(
                name="end_moves_by_extension",
                operation=pgtrigger.UpdateOf("ends_date", "signed_ends_date"),
                condition=pgtrigger.Condition(
                    f"OLD.state <> 'draft' AND NOT ({_COMES_INTO_FORCE}) AND NOT"
                    " (NEW.state = 'in_force' AND NEW.ends_date > OLD.ends_date"
                    " AND NEW.signed_ends_date IS NOT DISTINCT FROM"
                    " COALESCE(OLD.signed_ends_date, OLD.ends_date))"
                ),
            ),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.award.number}"
