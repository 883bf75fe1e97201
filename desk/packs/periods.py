"""Batches (批次) of a pack that come by the calendar: one line instead of a row for each month or quarter."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

EVERY = {"month": 1, "quarter": 3, "half_year": 6}
"""Months of a period."""
KEYS = frozenset({"every", "unit_days", "recommender_days", "planned_number", "clause"})
MOST = 60


def batches(asked: dict, *, opens: datetime | None, closes: datetime | None) -> list[dict]:
    """`intakes: {every: quarter}` as one batch for each calendar period from the opening to the closing.

    Each closes on the last day of its period at the closing's time of day, the next opens behind it; units
    and recommenders have `unit_days` and `recommender_days` calendar days more. Raises ValueError with a
    sentence.
    """
    if unknown := sorted(set(asked) - KEYS):
        raise ValueError(_("不认识“%(key)s”，请检查拼写。") % {"key": unknown[0]})
    months = EVERY.get(asked["every"]) if isinstance(asked.get("every"), str) else None
    if months is None:
        raise ValueError(_("按周期受理的，every 写 month、quarter 或 half_year。"))
    if not isinstance(opens, datetime) or not isinstance(closes, datetime) or closes <= opens:
        raise ValueError(_("按周期受理的，通知须写明开始时间和最后一个周期的截止时间。"))
    for name in ("unit_days", "recommender_days"):
        days = asked.get(name)
        if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 365):
            raise ValueError(_("“%(name)s”应为 0 到 365 的天数。") % {"name": name})
    return list(_periods(asked, months, opens, closes))


def _periods(asked: dict, months: int, opens: datetime, closes: datetime) -> Iterator[dict]:
    starts = opens
    for _number in range(MOST):
        place = (starts.month - 1) // months
        following = date(starts.year + (place + 1) * months // 12, (place + 1) * months % 12 + 1, 1)
        last = datetime.combine(following - timedelta(days=1), closes.timetz())
        ends = min(last, closes)
        row = _named(months, starts.year, place) | {"opens": starts, "closes": ends}
        for name in ("unit", "recommender"):
            if asked.get(f"{name}_days") is not None:
                row[f"{name}_closes"] = ends + timedelta(days=asked[f"{name}_days"])
        yield row | {name: asked[name] for name in ("planned_number", "clause") if name in asked}
        if ends == closes:
            return
        starts = datetime.combine(following, time(0, 0), tzinfo=starts.tzinfo)
    raise ValueError(_("最多 %(most)s 个周期。") % {"most": MOST})


def _named(months: int, year: int, place: int) -> dict[str, str]:
    """Names stand in the notice in Chinese, whoever loads it."""
    number = place + 1
    half = "上半年" if number == 1 else "下半年"
    code, name, english = {
        1: (f"m{year}_{number:02}", f"{year}年{number}月", f"{year}-{number:02}"),
        3: (f"q{year}_{number}", f"{year}年第{number}季度", f"Q{number} {year}"),
        6: (f"h{year}_{number}", f"{year}年{half}", f"H{number} {year}"),
    }[months]
    return {"code": code, "name": name, "name_en": english}
