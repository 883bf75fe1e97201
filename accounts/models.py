"""People, organisations (单位), what each is to the other, and dated facts that rules read."""

from functools import cached_property

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import states
from accounts.identity import CREDIT_CODE_FORM, validate_credit_code, validate_phone, validate_region
from accounts.kinds import FactKind, OrganisationKind
from accounts.roles import STAFF_ROLES, Role, Scope, UnitRole


def sees_accounts(user) -> bool:
    """Whether a person reads every account and unit: managers, finance and whoever sees everything."""
    return user.scope.sees_everything or user.has_role(Role.PROGRAMME_MANAGER, Role.FINANCE)


class OfUnitQuerySet(models.QuerySet):
    """Rows that belong to one unit; visible to its members, to its region's recommender and to the bureau."""

    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        if sees_accounts(user):
            return self
        return self.filter(organisation__in=Organisation.objects.visible_to(user))


class UserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Oneself and one's colleagues; the bureau's staff everybody."""
        if not user.is_authenticated:
            return self.none()
        if sees_accounts(user):
            return self
        colleagues = Membership.objects.filter(organisation_id__in=user.scope.units, is_active=True)
        return self.filter(Q(pk=user.pk) | Q(pk__in=colleagues.values("user_id")))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    use_in_migrations = False


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractUser):
    """A person who signs in. `name` is the full name; Chinese names have no first and last field."""

    first_name = None
    last_name = None
    name = models.CharField(_("姓名"), max_length=60)
    phone = models.CharField(_("手机"), max_length=20, blank=True, validators=[validate_phone])
    phone_verified_at = models.DateTimeField(_("手机验证时间"), null=True, blank=True, editable=False)
    """When a code sent to `phone` came back; the database forgets it when the number changes."""
    email = models.EmailField(_("邮箱"), unique=True)
    language = models.CharField(_("语言"), max_length=10, default="zh-hans", choices=settings.LANGUAGES)

    objects = UserManager()

    event_verbs = {
        "role_assigned": _("任职"),
        "role_ended": _("结束任职"),
        "integrity_recorded": _("登记诚信记录"),
        "token_created": _("生成接口令牌"),
        "token_revoked": _("吊销接口令牌"),
    }
    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = pgettext_lazy("list", "用户")
        triggers = [
            pgtrigger.Trigger(
                name="phone_unverified",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("phone"),
                condition=pgtrigger.Q(old__phone__df=pgtrigger.F("new__phone")),
                func="NEW.phone_verified_at = NULL; RETURN NEW;",
            )
        ]

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
            roles=frozenset(o.role for o in offices)
            | ({Role.SYSADMIN} if self.is_superuser else frozenset()),
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


class OrganisationQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        if sees_accounts(user):
            return self
        wanted = Q(pk__in=user.scope.units | user.scope.recommender_organisations)
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
    region = models.CharField(
        _("所在区域代码"), max_length=6, help_text=_("GB/T 2260 六位代码"), validators=[validate_region]
    )
    address = models.CharField(_("地址"), max_length=200, blank=True)
    legal_representative = models.CharField(_("法定代表人"), max_length=60, blank=True)
    registered_date = models.DateField(_("成立日期"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("母公司")
    )

    objects = OrganisationQuerySet.as_manager()

    event_verbs = {
        "registered": _("登记单位"),
        "updated": _("修改单位资料"),
        "member_granted": _("增加成员身份"),
        "member_ended": _("停用成员身份"),
        "fact_recorded": _("登记单位事实"),
        "integrity_recorded": _("登记诚信记录"),
    }

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = pgettext_lazy("list", "单位")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_code__regex=CREDIT_CODE_FORM), name="organisation_credit_code_form"
            ),
            models.CheckConstraint(condition=Q(region__regex=r"^[0-9]{6}$"), name="organisation_region_form"),
        ]

    def __str__(self):
        return self.name


@pghistory.track()
class Membership(models.Model):
    """What a person is in an organisation; the same person may hold several roles."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("用户"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("单位")
    )
    role = models.CharField(_("身份"), max_length=20, choices=UnitRole)
    is_active = models.BooleanField(_("有效"), default=True)

    objects = OfUnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位成员")
        verbose_name_plural = pgettext_lazy("list", "单位成员")
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_once")
        ]

    def __str__(self):
        return f"{self.user} · {self.organisation}"


class JoinRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own; those to units one administers; the bureau's staff all."""
        if not user.is_authenticated:
            return self.none()
        if sees_accounts(user):
            return self
        return self.filter(Q(user=user) | Q(organisation_id__in=user.scope.admin_units))

    def waiting(self):
        return self.filter(state=states.JoinState.REQUESTED)


class JoinRequest(models.Model):
    """A person asks to become something in a unit that is registered already; its administrator answers."""

    machine = states.JOIN_REQUEST

    user = models.ForeignKey(User, models.PROTECT, related_name="join_requests", verbose_name=_("申请人"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="join_requests", verbose_name=_("单位")
    )
    role = models.CharField(_("身份"), max_length=20, choices=UnitRole, default=UnitRole.MEMBER)
    message = models.CharField(_("说明"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=12, choices=states.JoinState, default=states.JoinState.REQUESTED
    )
    requested_at = models.DateTimeField(_("申请时间"))
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("处理人")
    )

    objects = JoinRequestQuerySet.as_manager()

    event_verbs = {"requested": _("申请加入")}

    class Meta:
        verbose_name = pgettext_lazy("one", "加入单位申请")
        verbose_name_plural = pgettext_lazy("list", "加入单位申请")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], name="join_request_one_open", condition=Q(state="requested")
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="requested") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="join_request_decided_by_someone",
            ),
        ]

    def __str__(self):
        return f"{self.user} → {self.organisation}"


class RoleAssignmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        return self if sees_accounts(user) else self.filter(user=user)


@pghistory.track()
class RoleAssignment(models.Model):
    """An office of the funding side (任职), limited to a department or a region."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments", verbose_name=_("用户"))
    role = models.CharField(_("角色"), max_length=30, choices=Role)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处室或推荐单位"),
    )
    region = models.CharField(
        _("管辖区域代码"), max_length=6, blank=True, help_text=_("区域代码的前几位，例如 370212 或 3702")
    )
    is_active = models.BooleanField(_("有效"), default=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "任职")
        verbose_name_plural = pgettext_lazy("list", "任职")
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


class OrganisationFactQuerySet(OfUnitQuerySet):
    def as_of(self, date):
        """Facts in force on `date`, both ends inclusive."""
        return self.filter(Q(valid_from__lte=date), Q(valid_to__isnull=True) | Q(valid_to__gte=date))


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
        verbose_name_plural = pgettext_lazy("list", "单位事实")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="organisation_fact_dates_in_order",
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.text or self.number}"


class IntegrityRecordQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own and one's units'; managers and whoever sees everything all. Finance sees none."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything or user.has_role(Role.PROGRAMME_MANAGER):
            return self
        return self.filter(Q(user=user) | Q(organisation_id__in=user.scope.units))

    def as_of(self, date):
        """Records that count on `date`, both ends inclusive."""
        return self.filter(Q(valid_from__lte=date), Q(valid_to__isnull=True) | Q(valid_to__gte=date))


@pghistory.track()
class IntegrityRecord(models.Model):
    """A dishonesty record (失信) of a unit or a person, with the period in which it counts."""

    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="integrity_records",
        verbose_name=_("单位"),
    )
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="integrity_records", verbose_name=_("人员")
    )
    reason = models.CharField(_("事由"), max_length=300)
    source = models.CharField(_("来源"), max_length=200)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)

    objects = IntegrityRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("诚信记录")
        verbose_name_plural = pgettext_lazy("list", "诚信记录")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="integrity_record_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, user__isnull=True)
                | Q(organisation__isnull=True, user__isnull=False),
                name="integrity_record_names_one",
            ),
        ]

    def __str__(self):
        return self.reason
