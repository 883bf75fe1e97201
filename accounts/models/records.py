"""What is known of units and people, entered once: what rules read as of a day, and what fills forms."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import states
from accounts.countries import validate_country
from accounts.identity import ACCOUNT_FORM, validate_account, validate_identity
from accounts.kinds import Degree, FactKind, ShareholderKind
from accounts.models.people import OfUnitQuerySet, Organisation, User
from accounts.roles import Role


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
    recorded_at = models.DateTimeField(_("登记时间"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("登记人")
    )
    confirmed_at = models.DateTimeField(_("核实时间"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("核实人")
    )
    warned_at = models.DateTimeField(_("到期提醒时间"), null=True, blank=True)

    objects = OrganisationFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位事实")
        verbose_name_plural = pgettext_lazy("list", "单位事实")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="organisation_fact_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="organisation_fact_confirmed_by_someone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_to"],
                name="organisation_fact_expiring",
                condition=Q(valid_to__isnull=False, warned_at__isnull=True),
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


class OfUnitFinanceQuerySet(models.QuerySet):
    """Rows about a unit's money: its administrators and finance staff, the bureau's finance."""

    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything or user.has_role(Role.FINANCE):
            return self
        return self.filter(organisation_id__in=user.scope.admin_units | user.scope.finance_units)


class BankAccountQuerySet(OfUnitFinanceQuerySet):
    def waiting(self):
        return self.filter(state=states.AccountState.REGISTERED)

    def standing(self):
        """What a unit registered and was not sent back."""
        return self.exclude(state__in=[states.AccountState.RETURNED, states.AccountState.SUPERSEDED])


class BankAccount(models.Model):
    """Where a unit is paid. Added, never overwritten: the latest `valid_from` counts. Finance confirms it."""

    machine = states.BANK_ACCOUNT

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="bank_accounts", verbose_name=_("单位")
    )
    holder = models.CharField(_("户名"), max_length=120)
    bank = models.CharField(_("开户行"), max_length=120)
    number = models.CharField(_("账号"), max_length=30, validators=[validate_account])
    valid_from = models.DateField(_("自"))
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.AccountState, default=states.AccountState.REGISTERED
    )
    reason = models.CharField(_("退回理由"), max_length=300, blank=True)
    checked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("核对人")
    )
    checked_at = models.DateTimeField(_("核对时间"), null=True, blank=True)

    objects = BankAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("收款账户")
        verbose_name_plural = pgettext_lazy("list", "收款账户")
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=ACCOUNT_FORM), name="bank_account_digits"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["confirmed", "returned"], checked_by__isnull=False, checked_at__isnull=False
                )
                | ~Q(state__in=["confirmed", "returned"])
                & Q(checked_by__isnull=True, checked_at__isnull=True),
                name="bank_account_checked_at_by",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(reason=""), name="bank_account_returned_has_reason"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="registered_never_changes",
                operation=pgtrigger.UpdateOf("organisation_id", "holder", "bank", "number", "valid_from"),
            ),
            pgtrigger.Protect(
                name="checked_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="registered"),
            ),
        ]

    def __str__(self):
        return f"{self.bank} {self.number[-4:]}"


class Shareholder(models.Model):
    """One line of a unit's list of shareholders on a day; the list of the latest day counts."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="shareholders", verbose_name=_("单位")
    )
    as_of_date = models.DateField(_("名册日期"))
    name = models.CharField(_("股东"), max_length=120)
    kind = models.CharField(_("股东类型"), max_length=20, choices=ShareholderKind)
    percent = models.DecimalField(_("持股百分比"), max_digits=5, decimal_places=2)
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    objects = OfUnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("股东")
        verbose_name_plural = pgettext_lazy("list", "股东")
        ordering = ["-as_of_date", "-percent", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "as_of_date", "name"], name="shareholder_once"),
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100), name="shareholder_percent_in_range"
            ),
        ]

    def __str__(self):
        return f"{self.name} {self.percent} %"


class PersonRecordQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, and those of colleagues who let their unit use theirs; the bureau sees none."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user) | Q(is_shared=True, organisation_id__in=user.scope.units))


class PersonRecord(models.Model):
    """What a person says of themselves for the participants' part of forms, kept once and by themselves.

    No field history: who removes their record has removed it.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="+", verbose_name=_("用户"))
    id_number = models.CharField(
        _("身份证号或护照号码"), max_length=18, blank=True, validators=[validate_identity]
    )
    id_country = models.CharField(
        _("护照签发国家或地区"), max_length=2, blank=True, validators=[validate_country]
    )
    title = models.CharField(_("职称"), max_length=60, blank=True)
    degree = models.CharField(_("学位"), max_length=20, choices=Degree, blank=True)
    speciality = models.CharField(_("专业"), max_length=60, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("所在单位")
    )
    is_shared = models.BooleanField(_("允许本单位同事在申报书中选用"), default=False)
    updated_at = models.DateTimeField(_("更新时间"))

    objects = PersonRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("个人档案")
        verbose_name_plural = pgettext_lazy("list", "个人档案")
        constraints = [
            models.CheckConstraint(
                condition=Q(id_number="") | Q(id_number__regex=r"^([0-9]{17}[0-9X]|[A-Z0-9]{5,15})$"),
                name="person_record_id_number_form",
            ),
            models.CheckConstraint(
                condition=Q(id_country="") | Q(id_country__regex=r"^[A-Z]{2}$"),
                name="person_record_id_country_form",
            ),
            models.CheckConstraint(
                condition=Q(is_shared=False) | Q(organisation__isnull=False),
                name="person_record_shared_with_a_unit",
            ),
        ]

    def __str__(self):
        return str(self.user)

    def holds(self, number: str, country: str) -> bool:
        """Whether this is the person of a paper; a country that is not said on one side decides nothing."""
        alike = not (self.id_country and country) or self.id_country == country
        return bool(number) and self.id_number == number and alike
