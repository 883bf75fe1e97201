"""People, organisations (单位), and what each is to the other."""

from functools import cached_property

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import MD5, Concat, Left, Lower, Replace
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import countries, states
from accounts.countries import HOME, validate_country
from accounts.identity import (
    CREDIT_CODE_FORM,
    KEY_OF_TEAM_FORM,
    validate_phone,
    validate_region,
    validate_unit_key,
)
from accounts.kinds import OrganisationKind
from accounts.roles import STAFF_ROLES, Role, Scope, UnitRole

KEY_ABROAD = Concat(F("country"), Value("-"), Left(MD5(Replace(Lower("name"), Value(" "))), 15))
"""As `Participant.unit_key` has it, so that limits, budgets and conflicts know the unit by either."""


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

    def managing(self, department: int):
        """The programme managers of a department of the bureau, by its id."""
        return self.filter(
            role_assignments__role=Role.PROGRAMME_MANAGER,
            role_assignments__organisation=department,
            role_assignments__is_active=True,
            is_active=True,
        )


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
        "phone_verified": _("验证手机"),
        "token_created": _("生成接口令牌"),
        "token_revoked": _("吊销接口令牌"),
        "record_kept": _("保存个人档案"),
        "record_dropped": _("删除个人档案"),
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
            headed=frozenset(
                o.organisation_id for o in offices if o.role == Role.DIVISION_HEAD and o.organisation_id
            ),
            regions=tuple(o.region for o in offices if o.role == Role.RECOMMENDER and o.region),
            offices=tuple(
                dict.fromkeys(
                    office
                    for o in offices
                    if o.role == Role.RECOMMENDER
                    for office in ((o.organisation_id, o.region), (o.organisation_id, ""))
                    if any(office)
                )
            ),
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
        appointed = user.scope.recommender_organisations
        wanted = Q(pk__in=user.scope.units | appointed) | Q(authority_id__in=appointed)
        for region in user.scope.regions:
            wanted |= Q(region__startswith=region)
        return self.filter(wanted)


@pghistory.track()
class Organisation(models.Model):
    """A unit (单位) known by its 统一社会信用代码.

    One abroad (境外单位) has a number of its country's register instead; in the place of the code stands its
    key, made of country and name as that of participants from units abroad (`Participant.unit_key`). A team
    that is not registered anywhere yet (or one person) has a key of its own until it is.
    """

    name = models.CharField(_("单位名称"), max_length=120)
    credit_code = models.CharField(
        _("统一社会信用代码"), max_length=18, unique=True, validators=[validate_unit_key]
    )
    kind = models.CharField(_("单位类型"), max_length=20, choices=OrganisationKind)
    country = models.CharField(_("国家或地区"), max_length=2, default=HOME, validators=[validate_country])
    registration_number = models.CharField(
        _("境外登记号"),
        max_length=40,
        blank=True,
        help_text=_("境外单位在所在国家或地区的登记号或注册号"),
    )
    region = models.CharField(
        _("所在区域代码"),
        max_length=6,
        blank=True,
        help_text=_("GB/T 2260 六位代码；境外单位没有"),
        validators=[validate_region],
    )
    address = models.CharField(_("地址"), max_length=200, blank=True)
    legal_representative = models.CharField(_("法定代表人"), max_length=60, blank=True)
    registered_date = models.DateField(_("成立日期"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("母公司")
    )
    authority = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subordinates",
        verbose_name=_("上级主管部门"),
        help_text=_("由上级主管部门推荐的通知，申报书会送到这里。没有的留空。"),
    )

    divisions = models.JSONField(
        _("院系、部门"),
        default=list,
        blank=True,
        help_text=_("每行一个；有的通知按院系限额，申报时从这里选择"),
    )

    objects = OrganisationQuerySet.as_manager()

    event_verbs = {
        "registered": _("登记单位"),
        "founded": _("团队登记为单位"),
        "updated": _("修改单位资料"),
        "member_granted": _("增加成员身份"),
        "member_ended": _("停用成员身份"),
        "fact_recorded": _("登记单位事实"),
        "fact_confirmed": _("核实单位事实"),
        "account_recorded": _("登记收款账户"),
        "shareholders_recorded": _("登记股东名册"),
        "integrity_recorded": _("登记诚信记录"),
    }

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = pgettext_lazy("list", "单位")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="team")
                & Q(country=HOME, credit_code__regex=CREDIT_CODE_FORM, registration_number="")
                | ~Q(kind="team") & ~Q(country=HOME) & ~Q(registration_number="") & Q(credit_code=KEY_ABROAD)
                | Q(kind="team", country=HOME, credit_code__regex=KEY_OF_TEAM_FORM, registration_number=""),
                name="organisation_credit_code_form",
                violation_error_message=_(
                    "国内单位须有统一社会信用代码；境外单位的名称和国家登记后不能修改。"
                ),
            ),
            models.CheckConstraint(
                condition=Q(country=HOME, region__regex=r"^[0-9]{6}$") | ~Q(country=HOME) & Q(region=""),
                name="organisation_region_form",
                violation_error_message=_("国内单位须有六位区域代码，境外单位没有。"),
            ),
            models.UniqueConstraint(
                fields=["country", "registration_number"],
                condition=~Q(registration_number=""),
                name="organisation_number_once_per_country",
            ),
            models.CheckConstraint(
                condition=Q(authority__isnull=True) | ~Q(authority=models.F("id")),
                name="organisation_not_its_own_authority",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_abroad(self) -> bool:
        return self.country != HOME

    @property
    def is_team(self) -> bool:
        """Whether it is registered nowhere yet."""
        return self.kind == OrganisationKind.TEAM

    @property
    def code_shown(self) -> str:
        """What people know it by: the credit code; abroad the country and its own number; a team has none."""
        if self.is_team:
            return str(OrganisationKind.TEAM.label)
        return (
            f"{countries.name_of(self.country)} {self.registration_number}"
            if self.is_abroad
            else self.credit_code
        )


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
