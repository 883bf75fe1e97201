"""What a call says of the facilities that are filed by it: services, the yearly windows, marks and grades."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from core.calendar import ONE_DAY, Calendar, DayKind
from grants.models import Call, frozen_with_call
from milestones.models import validate_month_day

UNQUALIFIED = gettext_noop("不合格")
"""The grade below the pass mark; the others are named by the call."""
MONTH_DAY_HOUR = r"^(\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d)$"


class FacilityKind(models.TextChoices):
    """The code of a project type of the same name tells the kind of what is filed by it."""

    CONCEPT = "concept_platform", _("概念验证平台")
    LAB = "lab", _("重点实验室")
    CENTRE = "centre", _("技术创新中心")
    NEW_RD = "new_rd", _("新型研发机构")
    INCUBATOR = "incubator", _("科技企业孵化器")
    SCIENCE_PARK = "science_park", _("大学科技园")
    PARK = "park", _("专业园区")


def validate_month_day_hour(value: str) -> None:
    """A minute that every year has, as "MM-DD HH:MM". Raises ValidationError."""
    found = re.fullmatch(MONTH_DAY_HOUR, value)
    if not found:
        raise ValidationError(_("请填写每年都有的时刻，例如 10-09 12:00。"), code="month_day_hour")
    validate_month_day(found[1])


@dataclass(frozen=True)
class Window:
    """One year's evaluation: the days whose figures count, and when the self-report is taken."""

    data_from: date
    data_to: date
    opens_at: datetime
    closes_at: datetime


def _last_before(month_day: str, day: date) -> date:
    """The latest such day of a year up to and including `day`."""
    found = date.fromisoformat(f"{day.year}-{month_day}")
    return found if found <= day else date.fromisoformat(f"{day.year - 1}-{month_day}")


def _moment(year: int, value: str) -> datetime:
    day, clock = value.split(" ")
    return datetime.combine(
        date.fromisoformat(f"{year}-{day}"),
        time.fromisoformat(clock),
        tzinfo=timezone.get_default_timezone(),
    )


class FacilityScheme(models.Model):
    """The yearly cycle of one call's facilities. A call without a scheme files none."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    kind = models.CharField(_("平台类别"), max_length=20, choices=FacilityKind, default=FacilityKind.CONCEPT)
    services = models.JSONField(_("服务目录"), default=list, help_text=_("每行一项：代码 | 名称 | 英文名称"))
    indicators = models.JSONField(
        _("自评指标"), default=list, blank=True, help_text=_("每行一项：代码 | 名称 | 单位 | 英文名称")
    )
    every_years = models.PositiveSmallIntegerField(
        _("几年评价一次"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("1 为每年；多于一年的，数据期相应加长，首次评价的年度为备案年度加上这个年数"),
    )
    valid_years = models.PositiveSmallIntegerField(
        _("备案有效期（年）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_("自备案之日起；留空为长期有效"),
    )
    data_from = models.CharField(
        _("数据期自"), max_length=5, default="01-01", validators=[validate_month_day], help_text=_("月-日")
    )
    data_to = models.CharField(
        _("数据期至"), max_length=5, default="12-31", validators=[validate_month_day], help_text=_("月-日")
    )
    report_opens = models.CharField(
        _("自评开始"),
        max_length=11,
        default="01-10 09:00",
        validators=[validate_month_day_hour],
        help_text=_("每年的月-日 时:分，例如 10-09 12:00"),
    )
    report_closes = models.CharField(
        _("自评截止"),
        max_length=11,
        default="01-31 17:00",
        validators=[validate_month_day_hour],
        help_text=_("早于开始的，算在下一年"),
    )
    district_check = models.BooleanField(_("须区级审查绿色门槛"), default=True)
    check_days = models.PositiveSmallIntegerField(_("区级审查期限（工作日）"), default=5)
    return_days = models.PositiveSmallIntegerField(_("退回补正期限（工作日）"), default=5)
    score_days = models.PositiveSmallIntegerField(_("评分并公示期限（工作日）"), default=20)
    pass_mark = models.DecimalField(
        _("合格线"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(60),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    grades = models.JSONField(
        _("等次"),
        default=list,
        help_text=_("由高到低每行一项：名称 | 起点分 | 英文名称；合格线以下为不合格"),
    )
    publicity_days = models.PositiveSmallIntegerField(_("等次公示期（工作日）"), default=5)
    rectify_months = models.PositiveSmallIntegerField(_("整改期（个月）"), default=12)
    failures_until_removal = models.PositiveSmallIntegerField(_("连续几次不合格取消备案"), default=2)
    removal_days = models.PositiveSmallIntegerField(_("取消备案决定期限（工作日）"), default=10)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("备案与年度评价方案")
        verbose_name_plural = pgettext_lazy("list", "备案与年度评价方案")
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__gte=1, pass_mark__lte=100), name="facility_scheme_pass_mark"
            ),
            models.CheckConstraint(condition=~Q(services=[]), name="facility_scheme_has_services"),
            models.CheckConstraint(condition=~Q(grades=[]), name="facility_scheme_has_grades"),
            models.CheckConstraint(
                condition=Q(
                    check_days__gte=1,
                    return_days__gte=1,
                    score_days__gte=1,
                    publicity_days__gte=1,
                    rectify_months__gte=1,
                    failures_until_removal__gte=1,
                    removal_days__gte=1,
                    every_years__gte=1,
                )
                & (Q(valid_years__isnull=True) | Q(valid_years__gte=1)),
                name="facility_scheme_periods_positive",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return str(self.call)

    def window(self, year: int) -> Window:
        """The evaluation whose self-report opens in `year`: the last whole data period before it, and with
        it those of the years since the evaluation before."""
        opens_at = _moment(year, self.report_opens)
        closes_at = _moment(year, self.report_closes)
        if closes_at <= opens_at:
            closes_at = _moment(year + 1, self.report_closes)
        data_to = _last_before(self.data_to, timezone.localtime(opens_at, opens_at.tzinfo).date() - ONE_DAY)
        data_from = _last_before(self.data_from, data_to)
        data_from = data_from.replace(year=data_from.year - self.every_years + 1)
        return Window(data_from, data_to, opens_at, closes_at)

    def valid_until(self, filed_date: date) -> date | None:
        """The last day of a filing; None for one that does not end."""
        if self.valid_years is None:
            return None
        return Calendar().add_days(filed_date, 12 * self.valid_years, kind=DayKind.MONTH, inclusive=True)

    def grade_of(self, score: Decimal) -> str:
        """The name of the grade that a score earns, by the marks of the call."""
        if score < self.pass_mark:
            return UNQUALIFIED
        by_mark = sorted(self.grades, key=lambda row: Decimal(str(row["mark"])), reverse=True)
        return next(
            (row["name"] for row in by_mark if score >= Decimal(str(row["mark"]))), by_mark[-1]["name"]
        )
