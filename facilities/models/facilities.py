"""The facility itself and what it did for whom."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from awards.models import Award
from facilities import states
from facilities.models.schemes import FacilityKind
from grants.models import Call


class OfFacilityQuerySet(models.QuerySet):
    """Shared by facilities and what hangs on them: the platform's people and their officers."""

    path = ""

    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything:
            return self
        unit = f"{self.path}organisation"
        wanted = Q(**{f"{unit}_id__in": scope.units | scope.recommender_organisations})
        watched = scope.departments | scope.headed
        wanted |= Q(**{f"{self.path}call__programme__department_id__in": watched})
        for region in scope.regions:
            wanted |= Q(**{f"{unit}__region__startswith": region})
        return self.filter(wanted)


@pghistory.track()
class Facility(models.Model):
    """A filed facility. `rectify_due_date` runs while it rectifies, `removal_due_at` once it failed for good.
    `valid_until` is the last day of the filing where the call gives it a term.

    Name, unit, kind, services and state are public.
    """

    machine = states.FACILITY
    event_verbs = {
        "filed": _("备案"),
        "failed_again": _("再次不合格"),
        "prolonged": _("延长整改"),
        "renewed": _("续期"),
    }

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    award = models.OneToOneField(
        Award, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("立项")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("依托单位")
    )
    kind = models.CharField(_("平台类别"), max_length=20, choices=FacilityKind)
    number = models.CharField(_("备案编号"), max_length=60, unique=True)
    name = models.CharField(_("平台名称"), max_length=120)
    services = models.JSONField(_("服务"), default=list, help_text=_("服务目录的代码"))
    filed_date = models.DateField(_("备案日期"))
    valid_until = models.DateField(_("备案有效期至"), null=True, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("经办人"),
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=states.FacilityState, default=states.FacilityState.OPERATING
    )
    failures = models.PositiveSmallIntegerField(_("连续不合格次数"), default=0)
    rectify_due_date = models.DateField(_("整改期限"), null=True, blank=True)
    removal_due_at = models.DateTimeField(_("取消备案决定期限"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("结束经办人"),
    )

    objects = OfFacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("备案平台")
        verbose_name_plural = pgettext_lazy("list", "备案平台")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["state", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(services=[]), name="facility_has_services"),
            models.CheckConstraint(
                condition=Q(state="operating", rectify_due_date__isnull=True, failures=0)
                | Q(state="rectifying", rectify_due_date__isnull=False, failures__gte=1)
                | Q(state__in=["removed", "closed", "expired", "replaced"], rectify_due_date__isnull=True),
                name="facility_rectifies_by_a_day",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("filed_date")),
                name="facility_valid_from_filing",
            ),
            models.CheckConstraint(
                condition=Q(removal_due_at__isnull=True) | Q(state="rectifying"),
                name="facility_removal_owed_while_rectifying",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["removed", "closed"], ended_at__isnull=False, ended_by__isnull=False)
                | Q(state="expired", ended_at__isnull=False, ended_by__isnull=True, valid_until__isnull=False)
                | Q(state="replaced", ended_at__isnull=False)
                | Q(state__in=["operating", "rectifying"], ended_at__isnull=True, ended_by__isnull=True),
                name="facility_ended_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="filed_never_changes",
                operation=pgtrigger.UpdateOf("call_id", "award_id", "organisation_id", "number", "filed_date")
                | pgtrigger.Delete,
            )
        ]

    def __str__(self):
        return self.name


class ServiceCaseQuerySet(OfFacilityQuerySet):
    path = "facility__"


@pghistory.track()
class ServiceCase(models.Model):
    """One service (服务案例): for whom, which result, how far it came. Fees in 元."""

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="cases", verbose_name=_("平台"))
    client = models.CharField(_("服务对象"), max_length=120)
    result = models.CharField(_("所服务的成果"), max_length=200)
    service = models.CharField(_("服务类别"), max_length=50)
    trl_before = models.PositiveSmallIntegerField(_("服务前成熟度"))
    trl_after = models.PositiveSmallIntegerField(_("服务后成熟度"))
    served_date = models.DateField(_("完成日期"))
    fee = models.DecimalField(_("服务收费（元）"), max_digits=14, decimal_places=2, default=0)
    follow_on = models.TextField(_("后续转化"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    created_at = models.DateTimeField(_("登记时间"))

    objects = ServiceCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("服务案例")
        verbose_name_plural = pgettext_lazy("list", "服务案例")
        ordering = ["-served_date", "-id"]
        indexes = [models.Index(fields=["facility", "-served_date", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(trl_before__gte=1, trl_after__lte=9, trl_after__gte=F("trl_before")),
                name="service_case_trl_in_order",
            ),
            models.CheckConstraint(condition=Q(fee__gte=0), name="service_case_fee_not_negative"),
            models.CheckConstraint(
                condition=~Q(client="") & ~Q(result="") & ~Q(service=""), name="service_case_complete"
            ),
        ]

    def __str__(self):
        return f"{self.client} {self.result}"
