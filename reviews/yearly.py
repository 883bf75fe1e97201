"""The yearly update of the expert library (每年集中更新) as data: by which day, and when it begins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import calendar


@dataclass(frozen=True)
class Round:
    """The update of one year: whoever has looked at their record since `opens_at` is up to date."""

    opens_at: datetime
    due_date: date

    @property
    def due_at(self) -> datetime:
        return calendar.end_of_day(self.due_date)


class LibraryRule(models.Model):
    """The one rule of the library. Without a row nobody is asked."""

    id = models.PositiveSmallIntegerField(primary_key=True, editable=False)
    month = models.PositiveSmallIntegerField(
        _("截止月"), validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    day = models.PositiveSmallIntegerField(
        _("截止日"), validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    open_days = models.PositiveSmallIntegerField(
        _("提前多少天开始更新"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(300)],
        help_text=_("从这一天起更新或确认过资料的，算本年已更新"),
    )
    from_year = models.PositiveSmallIntegerField(
        _("自哪一年起"), validators=[MinValueValidator(2000), MaxValueValidator(2200)]
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("专家库年度更新")
        verbose_name_plural = _("专家库年度更新")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="library_rule_is_one"),
            models.CheckConstraint(
                condition=Q(month__in=[1, 3, 5, 7, 8, 10, 12], day__range=(1, 31))
                | Q(month__in=[4, 6, 9, 11], day__range=(1, 30))
                | Q(month=2, day__range=(1, 28)),
                name="library_rule_day_of_every_year",
                violation_error_message=_("不是每年都有这一天，请另选月和日。"),
            ),
            models.CheckConstraint(
                condition=Q(open_days__range=(1, 300), from_year__range=(2000, 2200)),
                name="library_rule_in_bounds",
            ),
        ]

    def __str__(self):
        return _("每年 %(month)s 月 %(day)s 日前") % {"month": self.month, "day": self.day}

    def _round(self, year: int) -> Round | None:
        if year < self.from_year:
            return None
        due = date(year, self.month, self.day)
        begins = due - timedelta(days=self.open_days)
        return Round(calendar.end_of_day(begins - timedelta(days=1)), due)

    def _next_year(self, at: datetime) -> int:
        today = calendar.local_date(at)
        return today.year + (date(today.year, self.month, self.day) < today)

    def running(self, at: datetime) -> Round | None:
        """The round in which `at` lies; rounds of two years never meet."""
        found = self._round(self._next_year(at))
        return found if found and found.opens_at < at <= found.due_at else None

    def ended(self, at: datetime) -> Round | None:
        """The last round whose day has passed."""
        return self._round(self._next_year(at) - 1)
