"""How long a project runs and from when; how the last day of a public notice was found, in words."""

from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

from applications.models import Application
from core.calendar import DayKind, local_date
from grants.models import Call, RunsFrom
from notifications.wording import Said, by_clause, said

DAY, YEAR = timedelta(days=1), timedelta(days=365)


def of_project(application: Application, *, at: datetime) -> dict[str, date]:
    """First and last day of a new agreement: as applied for, or as long from the day of the award."""
    today = local_date(at)
    starts = application.starts_date or today
    ends = application.ends_date or starts + YEAR
    if application.call.signing_runs_from == RunsFrom.AWARD:
        return moved(starts, ends, to=today)
    return {"starts_date": starts, "ends_date": ends}


def moved(starts: date, ends: date, *, to: date) -> dict[str, date]:
    """The same months and days from another first day; the last day belongs to them."""
    return {"starts_date": to, "ends_date": to + relativedelta(ends + DAY, starts) - DAY}


def period(call: Call, starts: date) -> Said:
    text = said(
        _("自 %(date)s 起 %(days)s 个%(kind)s（含首日）"),
        date=starts,
        days=call.publicity_days,
        kind=DayKind(call.publicity_day_kind).label,
    )
    return by_clause(text, call.publicity_clause)


def period_in(language: str, call: Call, starts: date) -> str:
    with override(language):
        return str(period(call, starts))


def explain_publicity(call: Call, starts: date) -> str:
    """In the language of the notice, for the notice itself: it is published and never changes."""
    return period_in(settings.LANGUAGE_CODE, call, starts)
