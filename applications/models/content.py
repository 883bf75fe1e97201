"""What a team writes: answers, people, budget, proposed milestones."""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import MD5, Concat, Left, Lower, Replace
from django.utils.translation import gettext_lazy as _

from accounts.countries import HOME, validate_country
from applications.models.application import Application
from applications.models.sealed import people_sealed_after_submission, sealed_after_submission
from grants import person_roles
from grants.models import BudgetCategory, FundingSource, Question


class Answer(models.Model):
    """The answer to one question, as JSON in the shape of the question's kind."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    value = models.JSONField(_("答案"), null=True)
    saved_at = models.DateTimeField(_("保存时间"))
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("答案")
        verbose_name_plural = _("答案")
        constraints = [models.UniqueConstraint(fields=["application", "question"], name="answer_once")]
        triggers = sealed_after_submission()

    def __str__(self):
        return str(self.value)


class ParticipantRole(models.TextChoices):
    PI = "pi", _("项目负责人")
    MEMBER = "member", _("项目成员")


class IdKind(models.TextChoices):
    ID_CARD = "id_card", _("身份证")
    PASSPORT = "passport", _("护照或通行证")


class ParticipantQuerySet(models.QuerySet):
    def current(self):
        """Who has not left the project."""
        return self.filter(left_date=None)


class Participant(models.Model):
    """A person of the project, with the unit they come from; partner units are those of participants.

    A unit abroad, or in Hong Kong, Macao or Taiwan (境外单位), has a country and no credit code.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="participants")
    role = models.CharField(_("角色"), max_length=10, choices=ParticipantRole)
    position = models.SlugField(
        _("通知规定的角色"), blank=True, help_text=_("通知的人员角色代码；通知没有规定的为空")
    )
    name = models.CharField(_("姓名"), max_length=60)
    id_kind = models.CharField(_("证件类型"), max_length=10, choices=IdKind, default=IdKind.ID_CARD)
    id_number = models.CharField(_("证件号码"), max_length=18, blank=True, db_index=True)
    id_country = models.CharField(
        _("证件签发国家或地区"), max_length=2, blank=True, validators=[validate_country]
    )
    # What tells a person apart in limits and consents: see `identity.person_key`.
    person_key = models.GeneratedField(
        expression=Case(
            When(
                ~Q(id_number="") & ~Q(id_country="") & Q(id_kind=IdKind.PASSPORT),
                then=Concat(F("id_country"), Value("-"), F("id_number")),
            ),
            default=F("id_number"),
        ),
        output_field=models.CharField(max_length=21),
        db_persist=True,
        db_index=True,
    )
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    title = models.CharField(_("职称"), max_length=60, blank=True)
    organisation_name = models.CharField(_("单位名称"), max_length=120)
    credit_code = models.CharField(_("单位统一社会信用代码"), max_length=18, blank=True, db_index=True)
    country = models.CharField(
        _("单位所在国家或地区"), max_length=2, default=HOME, validators=[validate_country]
    )
    # How the unit is recognised in budgets, limits and conflicts: its code, or its country and its name.
    unit_key = models.GeneratedField(
        expression=Case(
            When(~Q(credit_code=""), then=F("credit_code")),
            When(
                ~Q(country=HOME) & ~Q(organisation_name=""),
                then=Concat(
                    F("country"),
                    Value("-"),
                    Left(MD5(Replace(Lower("organisation_name"), Value(" "))), 15),
                ),
            ),
            default=Value(""),
        ),
        output_field=models.CharField(max_length=18),
        db_persist=True,
        db_index=True,
    )
    months_per_year = models.DecimalField(
        _("每年投入（月）"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    task = models.CharField(_("分工"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    # What was handed in stays; a running project changes its people by who joins and who leaves.
    joined_date = models.DateField(_("加入"), null=True, blank=True, editable=False)
    left_date = models.DateField(_("退出"), null=True, blank=True, editable=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("参与人员")
        verbose_name_plural = _("参与人员")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(role="pi", left_date__isnull=True),
                name="participant_one_pi",
            ),
            models.CheckConstraint(
                condition=Q(months_per_year__isnull=True) | Q(months_per_year__gt=0, months_per_year__lte=12),
                name="participant_months_in_year",
            ),
            models.CheckConstraint(
                condition=Q(country=HOME) | Q(credit_code="") & Q(country__regex=r"^[A-Z]{2}$"),
                name="participant_foreign_has_no_code",
            ),
            models.CheckConstraint(
                condition=Q(id_country="") | Q(id_country__regex=r"^[A-Z]{2}$"),
                name="participant_id_country_form",
            ),
            models.CheckConstraint(
                condition=Q(joined_date__isnull=True)
                | Q(left_date__isnull=True)
                | Q(left_date__gte=F("joined_date")),
                name="participant_joined_before_left",
            ),
        ]
        triggers = people_sealed_after_submission()

    def __str__(self):
        return self.name

    @property
    def role_name(self) -> str:
        """As the notice calls it."""
        role = person_roles.named(self.application.call, self.position) if self.position else None
        return role.label if role else self.get_role_display()


class BudgetLine(models.Model):
    """One cell of the budget: category × source, and × year and × unit where the call asks for them; 元."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="budget_lines")
    category = models.ForeignKey(BudgetCategory, models.PROTECT, related_name="+", verbose_name=_("科目"))
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name=_("来源"))
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)
    unit = models.CharField(_("单位（信用代码）"), max_length=18, blank=True)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("预算")
        verbose_name_plural = _("预算")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "category", "source", "year", "unit"],
                name="budget_line_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_line_not_negative"),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return f"{self.category} {self.amount}"


class ProposedMilestone(models.Model):
    """A milestone (里程碑) that the applicant proposes; the agreement takes it over."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="proposed_milestones")
    order = models.PositiveSmallIntegerField(_("顺序"))
    name = models.CharField(_("名称"), max_length=120)
    due_date = models.DateField(_("计划日期"))
    deliverable = models.TextField(_("交付物"))
    indicators = models.JSONField(
        _("考核指标"), default=list, blank=True, help_text=_("[{name, unit, target}]")
    )
    share = models.DecimalField(_("拨款比例（%）"), max_digits=5, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("计划里程碑")
        verbose_name_plural = _("计划里程碑")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["application", "order"], name="proposed_milestone_order_once"),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=100), name="proposed_milestone_share_percent"
            ),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return self.name
