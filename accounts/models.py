"""People, organisations (单位), what each is to the other, and dated facts that rules read."""

from dataclasses import dataclass
from functools import cached_property

import pghistory
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc

from accounts.roles import SEES_EVERYTHING, STAFF_ROLES, Role, UnitRole


def validate_credit_code(value: str) -> None:
    """统一社会信用代码, GB 32100-2015: 18 characters with a check character. Raises ValidationError."""
    if not uscc.is_valid(value) or value != uscc.compact(value):
        raise ValidationError(
            _("统一社会信用代码“%(value)s”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。"),
            code="credit_code",
            params={"value": value},
        )


@dataclass(frozen=True)
class Scope:
    """What a person holds, read once per request in two queries."""

    roles: frozenset[str]
    departments: frozenset[int]
    """Organisations for which the person is a programme manager."""
    regions: tuple[str, ...]
    """Region code prefixes (GB/T 2260) of a recommender."""
    recommender_organisations: frozenset[int]
    units: frozenset[int]
    admin_units: frozenset[int]
    finance_units: frozenset[int]

    @property
    def sees_everything(self) -> bool:
        return bool(self.roles & SEES_EVERYTHING)


class User(AbstractUser):
    """A person who signs in. `name` is the full name; Chinese names have no first and last field."""

    first_name = None
    last_name = None
    name = models.CharField(_("姓名"), max_length=60)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    email = models.EmailField(_("邮箱"), unique=True)
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")

    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def __str__(self):
        return self.name or self.username

    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name

    @cached_property
    def scope(self) -> Scope:
        offices = list(self.role_assignments.filter(is_active=True))
        memberships = list(self.memberships.filter(is_active=True))
        return Scope(
            roles=frozenset(o.role for o in offices) | ({Role.SYSADMIN} if self.is_superuser else frozenset()),
            departments=frozenset(
                o.organisation_id for o in offices if o.role == Role.PROGRAMME_MANAGER and o.organisation_id
            ),
            regions=tuple(o.region for o in offices if o.role == Role.RECOMMENDER and o.region),
            recommender_organisations=frozenset(
                o.organisation_id for o in offices if o.role == Role.RECOMMENDER and o.organisation_id
            ),
            units=frozenset(m.organisation_id for m in memberships),
            admin_units=frozenset(m.organisation_id for m in memberships if m.role == UnitRole.ADMIN),
            finance_units=frozenset(m.organisation_id for m in memberships if m.role == UnitRole.FINANCE),
        )

    def has_role(self, *wanted: str) -> bool:
        return bool(self.scope.roles & set(wanted))


class OrganisationKind(models.TextChoices):
    ENTERPRISE = "enterprise", _("企业")
    UNIVERSITY = "university", _("高等院校")
    INSTITUTE = "institute", _("科研院所")
    HOSPITAL = "hospital", _("医疗卫生机构")
    NEW_RD = "new_rd", _("新型研发机构")
    SOCIAL = "social", _("社会组织")
    PARK = "park", _("园区")
    GOVERNMENT = "government", _("行政机关")
    BANK = "bank", _("金融机构")


class OrganisationQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything or user.has_role(Role.PROGRAMME_MANAGER, Role.FINANCE):
            return self
        wanted = Q(pk__in=user.scope.units)
        for region in user.scope.regions:
            wanted |= Q(region__startswith=region)
        return self.filter(wanted)


@pghistory.track()
class Organisation(models.Model):
    """A unit (单位) known by its 统一社会信用代码."""

    name = models.CharField(_("单位名称"), max_length=120)
    credit_code = models.CharField(
        _("统一社会信用代码"), max_length=18, unique=True, validators=[validate_credit_code]
    )
    kind = models.CharField(_("单位类型"), max_length=20, choices=OrganisationKind)
    region = models.CharField(_("所在区域代码"), max_length=6, help_text=_("GB/T 2260 六位代码"))
    address = models.CharField(_("地址"), max_length=200, blank=True)
    legal_representative = models.CharField(_("法定代表人"), max_length=60, blank=True)
    registered_date = models.DateField(_("成立日期"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("母公司")
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_code__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"), name="organisation_credit_code_form"
            ),
        ]

    def __str__(self):
        return self.name


class Membership(models.Model):
    """What a person is in an organisation; the same person may hold several roles."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("用户"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("单位")
    )
    role = models.CharField(_("身份"), max_length=20, choices=UnitRole)
    is_active = models.BooleanField(_("有效"), default=True)

    class Meta:
        verbose_name = _("单位成员")
        verbose_name_plural = _("单位成员")
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_once")]

    def __str__(self):
        return f"{self.user} · {self.organisation}"


class RoleAssignment(models.Model):
    """An office of the funding side (任职), limited to a department or a region."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments", verbose_name=_("用户"))
    role = models.CharField(_("角色"), max_length=30, choices=Role)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("处室或推荐单位")
    )
    region = models.CharField(_("管辖区域代码"), max_length=6, blank=True)
    is_active = models.BooleanField(_("有效"), default=True)

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "organisation", "region"],
                name="role_assignment_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"

    def works_in_admin(self) -> bool:
        return self.role in STAFF_ROLES


class FactKind(models.TextChoices):
    """What can be said of a unit at a date. Codes are the names that rules use (`unit.<code>`)."""

    HIGH_TECH = "high_tech", _("高新技术企业")
    TECH_SME = "tech_sme", _("科技型中小企业")
    LISTING_CANDIDATE = "listing_candidate", _("拟上市高企")
    SPECIALISED = "specialised", _("专精特新")
    PARK = "park", _("所在园区")
    STAFF = "staff", _("职工人数")
    RD_SPEND = "rd_spend", _("研发投入（元）")
    REVENUE = "revenue", _("营业收入（元）")
    TOTAL_ASSETS = "total_assets", _("资产总额（元）")


class OrganisationFactQuerySet(models.QuerySet):
    def as_of(self, date):
        """Facts in force on `date`, both ends inclusive."""
        return self.filter(
            Q(valid_from__lte=date), Q(valid_to__isnull=True) | Q(valid_to__gte=date)
        )


@pghistory.track()
class OrganisationFact(models.Model):
    """A dated fact with its source; rules test it *as of* a stated date."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="facts", verbose_name=_("单位")
    )
    kind = models.CharField(_("事项"), max_length=30, choices=FactKind)
    text = models.CharField(_("内容或证书编号"), max_length=120, blank=True)
    number = models.DecimalField(_("数值"), max_digits=18, decimal_places=2, null=True, blank=True)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200)

    objects = OrganisationFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位事实")
        verbose_name_plural = _("单位事实")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="organisation_fact_dates_in_order",
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.text or self.number}"


@pghistory.track()
class IntegrityRecord(models.Model):
    """A dishonesty record (失信) of a unit or a person, with the period in which it counts."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="integrity_records", verbose_name=_("单位")
    )
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="integrity_records", verbose_name=_("人员")
    )
    reason = models.CharField(_("事由"), max_length=300)
    source = models.CharField(_("来源"), max_length=200)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)

    class Meta:
        verbose_name = _("诚信记录")
        verbose_name_plural = _("诚信记录")
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, user__isnull=True)
                | Q(organisation__isnull=True, user__isnull=False),
                name="integrity_record_names_one",
            )
        ]

    def __str__(self):
        return self.reason
