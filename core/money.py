"""Money: `Decimal` 元 in the database, 万元 on screen, 大写 in print; tiers, ratios, exact splits."""

import unicodedata
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.workflow import Refused

CENT = Decimal("0.01")
TEN_THOUSAND = Decimal(10_000)
ZERO = Decimal(0)

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")
LARGEST = Decimal(10) ** 16
LARGEST_SUM = Decimal(10) ** 12
"""Below this an amount of the database's tables (14 digits, two of them 分) can add up."""

Tiers = Sequence[tuple[Decimal | int | None, Decimal | str]]
"""(upper bound included, rate), ascending; the last bound None for "and above"."""


def to_cents(amount) -> Decimal:
    """Round to the 分, half up."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def wan_number(amount) -> str:
    """元 → 万元 without the unit: whole, or with two to six decimals; nothing is rounded away."""
    value = to_cents(amount) / TEN_THOUSAND
    if value == value.to_integral_value():
        return f"{value:.0f}"
    whole, decimals = f"{value:.6f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def wan(amount) -> str:
    """元 → "100 万元"; 1234567.89 → "123.456789 万元"."""
    return _("%(number)s 万元") % {"number": wan_number(amount)}


def parse_wan(text: str) -> Decimal:
    """What a person typed in 万元 → 元, exact to the 分. Raises ValidationError."""
    written = unicodedata.normalize("NFKC", str(text)).replace(",", "").replace(" ", "").removesuffix("万元")
    try:
        amount = Decimal(written) * TEN_THOUSAND
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValidationError(
            _("“%(text)s”不是金额：请填数字，单位万元。"), params={"text": text}, code="money"
        )
    if not 0 <= amount < LARGEST:
        raise ValidationError(_("金额应大于等于 0 且小于一万亿万元。"), code="money")
    if amount != amount.quantize(CENT):
        raise ValidationError(_("金额最多六位小数（精确到分）。"), code="money")
    return amount.quantize(CENT)


def uppercase(amount) -> str:
    """人民币大写: 100000.05 → 壹拾万元零伍分. Raises ValueError beyond the 分 or beyond 10¹⁶ 元."""
    amount = Decimal(amount)
    if abs(amount) >= LARGEST or amount != amount.quantize(CENT):
        raise ValueError(f"not an amount that can be written out: {amount}")
    yuan, cents = divmod(int(abs(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    words = "负" if amount < 0 else ""
    if yuan:
        words += _whole(yuan) + "元"
    elif not cents:
        words += "零元"
    if not cents:
        return words + "整"
    if jiao:
        words += DIGITS[jiao] + "角"
    elif yuan:
        words += "零"
    return words + (DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    """A whole number in capital figures; one 零 stands for any run of zeros inside it."""
    words, gap = "", False
    digits = str(number)
    for position, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        group, place = divmod(position, 4)
        if digit == "0":
            gap = True
        else:
            words += ("零" if gap and words else "") + DIGITS[int(digit)] + PLACES[place]
            gap = False
        if not place and group and (number // 10**position) % 10_000:
            words += _group_name(group, number)
    return words


def _group_name(group: int, number: int) -> str:
    # 万亿 is written 万…亿 when the 亿 group has figures of its own: 壹万贰仟亿, not 壹万亿贰仟亿.
    if group == 3 and (number // 10**8) % 10_000:
        return "万"
    return GROUPS[group]


def tiered(base, tiers: Tiers, *, marginal: bool = True, cap=None) -> Decimal:
    """Amount by tiers. Marginal: each slice at its own rate; otherwise all of `base` at its tier's rate."""
    base = Decimal(base)
    _check_tiers(tiers)
    if marginal:
        total = sum((part * rate for part, rate in _slices(base, tiers)), ZERO)
    else:
        total = base * next(Decimal(rate) for upper, rate in tiers if upper is None or base <= upper)
    return to_cents(total if cap is None else min(total, Decimal(cap)))


def _slices(base: Decimal, tiers: Tiers):
    lower = ZERO
    for upper, rate in tiers:
        end = base if upper is None else min(base, Decimal(upper))
        if end > lower:
            yield end - lower, Decimal(rate)
            lower = end


def _check_tiers(tiers: Tiers) -> None:
    bounds = [upper for upper, rate in tiers]
    if not bounds or bounds[-1] is not None or None in bounds[:-1] or bounds[:-1] != sorted(set(bounds[:-1])):
        raise ValueError("tiers must ascend and the last must have no upper bound")


def tiered_within(total, tiers: Tiers) -> Decimal:
    """The largest x with x ≤ tiered(total − x): how much indirect cost (间接费用) a total can hold.

    `total` excludes what the rate does not count (equipment). Rounded down to the 分.
    """
    total, lower, spent = Decimal(total), ZERO, ZERO
    _check_tiers(tiers)
    for upper, rate in tiers:
        rate = Decimal(rate)
        base = lower + (total - lower - spent) / (1 + rate)
        if upper is None or base <= upper:
            return (spent + (base - lower) * rate).quantize(CENT, ROUND_DOWN)
        spent += (Decimal(upper) - lower) * rate
        lower = Decimal(upper)
    raise AssertionError("the last tier is open")


def contract_share(contract, rate, *, cap=None, already_paid=0) -> Decimal:
    """Ex-post support by contract value: min(cap, rate × contract) less what was paid, never below 0."""
    total = Decimal(contract) * Decimal(rate)
    if cap is not None:
        total = min(total, Decimal(cap))
    return max(ZERO, to_cents(total - Decimal(already_paid)))


def own_money_missing(own, fiscal, at_least) -> Decimal:
    """What own money lacks for own ≥ `at_least` × fiscal; 0 when the ratio holds."""
    return max(ZERO, to_cents(Decimal(fiscal) * Decimal(at_least) - Decimal(own)))


def check_ratio(own, fiscal, at_least, *, field: str = "", clause: str = "") -> None:
    """自筹 : 财政 ≥ `at_least` : 1, said with its direction. Raises Refused naming what is missing."""
    missing = own_money_missing(own, fiscal, at_least)
    if missing:
        raise Refused(
            _("自筹资金与财政资金之比应不低于 %(ratio)s:1：自筹 %(own)s，财政 %(fiscal)s，还差 %(missing)s。")
            % {
                "ratio": f"{Decimal(at_least).normalize():f}",
                "own": wan(own),
                "fiscal": wan(fiscal),
                "missing": wan(missing),
            },
            field=field,
            clause=clause,
            code="ratio",
        )


def allocate(amount, shares: Sequence) -> list[Decimal]:
    """Split `amount` by `shares` so that the parts add up to the 分; largest remainders get the odd 分.

    Raises ValueError for shares that are negative or all zero.
    """
    weights = [Decimal(share) for share in shares]
    total = sum(weights, ZERO)
    if total <= 0 or min(weights) < 0:
        raise ValueError("shares must not be negative and not all zero")
    cents = int(to_cents(amount) * 100)
    exact = [cents * weight / total for weight in weights]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    return [Decimal(part) / 100 for part in parts]
