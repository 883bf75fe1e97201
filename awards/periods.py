"""How the last day of a public notice was found, in words."""

from datetime import date

from django.conf import settings
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

from core.calendar import DayKind
from grants.models import Call
from notifications.wording import Said, by_clause, said


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
