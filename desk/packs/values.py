"""Kinds of value a pack is written in: amounts with their unit, moments relative to the day of loading."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, PlainSerializer, StringConstraints

from facilities.models import validate_month_day_hour
from milestones.models import validate_month_day
from notifications import channels
from notifications.policies import CODE as LEAD
from notifications.policies import check_text

YUAN_PER = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
AMOUNT = re.compile(r"^([0-9][0-9,]*(?:\.[0-9]+)?)\s*(亿元|万元|元)$")
MOMENT = re.compile(
    r"^(?:(?P<today>today)(?:(?P<days>[+-][0-9]+)d)?|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}))"
    r"(?:\s+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}))?$"
)
YEAR = re.compile(r"\{year(?:([+-])([0-9]+))?\}")


def read_amount(value: Any) -> Decimal:
    """'100 万元' → 1000000 元. A bare number is refused: 元 and 万元 are too easily taken for each other."""
    found = AMOUNT.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(_("金额须写明单位，例如“100 万元”或“500000 元”。"))
    amount = Decimal(found[1].replace(",", "")) * YUAN_PER[found[2]]
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError(_("金额精确到分。"))
    return amount.quantize(Decimal("0.01"))


def write_amount(amount: Decimal) -> str:
    """1000000 元 → '100 万元', in the fewest digits that lose nothing."""
    return f"{plain(amount / YUAN_PER['万元'])} 万元"


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError(_("应为数字。"))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(_("应为数字。")) from None
    if not number.is_finite():
        raise ValueError(_("应为数字。"))
    return number.normalize()


def write_decimal(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def read_moment(value: Any, today: date) -> datetime:
    """'2026-03-01 09:00', 'today', 'today-10d', 'today+45d 17:00' → an aware moment in the default zone."""
    found = MOMENT.match(value.strip()) if isinstance(value, str) else None
    try:
        if not found:
            raise ValueError
        day = date.fromisoformat(found["date"]) if found["date"] else today
        clock = time(int(found["hour"] or 0), int(found["minute"] or 0))
    except ValueError:
        raise ValueError(
            _("应为“2026-03-01 17:00”，或相对于导入当天的“today-10d 09:00”“today+45d 17:00”。")
        ) from None
    day += timedelta(days=int(found["days"] or 0))
    return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


def read_fixed(value: Any) -> datetime:
    """'2026-03-01 09:00' → that moment; nothing relative, for no load fixes it."""
    if isinstance(value, datetime):
        return value
    try:
        if is_relative(value):
            raise ValueError
        return read_moment(value, date.min)
    except ValueError:
        raise ValueError(_("应为时间，例如 2026-03-01 17:00。")) from None


def read_day(value: Any) -> date:
    """'2025-01-01' → that day."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(_("应为日期，例如 2025-01-01。")) from None


def write_moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"


def is_relative(value: Any) -> bool:
    return isinstance(value, str) and value.strip().startswith("today")


def fill_year(value: Any, year: int) -> Any:
    """Put the call's year into every text, expressions too: '{year}', '{year-60}'."""
    if isinstance(value, str):
        return YEAR.sub(lambda found: str(year + int(f"{found[1]}{found[2]}" if found[1] else 0)), value)
    if isinstance(value, dict):
        return {key: fill_year(item, year) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_year(item, year) for item in value]
    return value


def _text(longest: int, shortest: int = 0) -> Any:
    return Annotated[str, StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)]


def _number(read: Callable[[Any], Decimal], write: Callable[[Decimal], Any]) -> Any:
    return Annotated[Decimal, BeforeValidator(read), PlainSerializer(write)]


Amount = _number(read_amount, write_amount)
Number = _number(read_decimal, write_decimal)
Moment = Annotated[datetime, PlainSerializer(write_moment)]
FixedMoment = Annotated[datetime, BeforeValidator(read_fixed), PlainSerializer(write_moment)]
Day = Annotated[date, BeforeValidator(read_day), PlainSerializer(date.isoformat)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=50)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=50)]
Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Clause = _text(60)
Words60 = _text(60, 1)
Words120 = _text(120, 1)
Words200 = _text(200, 1)
Maybe60 = _text(60)
Maybe120 = _text(120)
Maybe200 = _text(200)


def _checked(validator: Callable[[str], None]) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            validator(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from None
        return value

    return check


month_day = _checked(validate_month_day)
month_day_hour = _checked(validate_month_day_hour)


def read_lead(value: Any) -> str:
    """'w3', 'd60', 'd-7', 'd-7/7', 'h4', 'open': how long before the due moment, or (negative) behind it."""
    if isinstance(value, str) and LEAD.fullmatch(value):
        return value
    raise ValueError(
        _(
            "应为“open”，或 w、d、h 加数字：w3 提前 3 个工作日，d-7 逾期 7 天，h4 提前 4 小时，"
            "d-7/7 逾期 7 天起每 7 天。"
        )
    )


def read_quiet(value: Any) -> str:
    """'21:00-08:00', or '' for none."""
    try:
        if value:
            start, end = (time.fromisoformat(part) for part in value.split("-"))
            return f"{start:%H:%M}-{end:%H:%M}"
    except (AttributeError, TypeError, ValueError):
        raise ValueError(_("应为“21:00-08:00”；留空表示没有免打扰时间。")) from None
    return ""


def read_wording(value: Any) -> str:
    """Plain words and the placeholders of reminders."""
    text = value.strip() if isinstance(value, str) else value
    if not isinstance(text, str):
        raise ValueError(_("应为文字。"))
    try:
        check_text(text)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from None
    return text


def read_channel(value: Any) -> str:
    known = channels.names()
    if value not in known:
        raise ValueError(_("没有这种渠道，可用：%(names)s。") % {"names": " ".join(known)})
    return value


Lead = Annotated[str, BeforeValidator(read_lead)]
Quiet = Annotated[str, BeforeValidator(read_quiet)]
Wording = Annotated[str, BeforeValidator(read_wording)]
Channel = Annotated[str, BeforeValidator(read_channel)]
