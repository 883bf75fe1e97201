"""Money: published vectors, exactness, and the sentence that a missing ratio gets."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core import money
from core.workflow import Refused

WAN = 10_000
RD_TIERS = [(500 * WAN, "0.30"), (1000 * WAN, "0.25"), (2000 * WAN, "0.20"), (None, "0.15")]
INDIRECT = [(500 * WAN, "0.30"), (1000 * WAN, "0.25"), (None, "0.20")]
OLD_INDIRECT = [(500 * WAN, "0.20"), (1000 * WAN, "0.15"), (None, "0.13")]
CENTS = st.integers(0, 10**13).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (1_000_000, "100 万元"),
        ("1234567.89", "123.456789 万元"),
        (5000, "0.50 万元"),
        ("623500", "62.35 万元"),
        ("0.01", "0.000001 万元"),
        (0, "0 万元"),
        (-20_000, "-2 万元"),
    ],
)
def test_amounts_are_shown_in_wan_with_their_unit(amount, shown):
    assert money.wan(amount) == shown


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("100", "1000000.00"),
        (" 1,234.56 万元", "12345600.00"),
        ("０．５", "5000.00"),
        ("0.000001", "0.01"),
        ("0", "0.00"),
    ],
)
def test_amounts_are_read(typed, amount):
    assert str(money.parse_wan(typed)) == amount


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("一百", "“一百”不是金额：请填数字，单位万元。"),
        ("", "“”不是金额：请填数字，单位万元。"),
        ("NaN", "“NaN”不是金额：请填数字，单位万元。"),
        ("Infinity", "“Infinity”不是金额：请填数字，单位万元。"),
        ("-1", "金额应大于等于 0 且小于一万亿万元。"),
        ("1e30", "金额应大于等于 0 且小于一万亿万元。"),
        ("0.0000001", "金额最多六位小数（精确到分）。"),
    ],
)
def test_amounts_that_are_refused(typed, message):
    with pytest.raises(ValidationError) as caught:
        money.parse_wan(typed)
    assert caught.value.messages == [message]


@given(CENTS)
def test_what_is_shown_reads_back(amount):
    assert money.parse_wan(money.wan(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1000000", "壹佰万元整"),
        ("1234567.89", "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        ("100000.05", "壹拾万元零伍分"),
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("10", "壹拾元整"),
        ("10010", "壹万零壹拾元整"),
        ("100000000", "壹亿元整"),
        ("160000001", "壹亿陆仟万零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("1200000000000", "壹万贰仟亿元整"),
        ("1000000010000.01", "壹万亿零壹万元零壹分"),
        ("2000000.10", "贰佰万元壹角整"),
        ("-3.20", "负叁元贰角整"),
    ],
)
def test_amounts_in_capital_figures(amount, written):
    assert money.uppercase(Decimal(amount)) == written


@pytest.mark.parametrize("amount", ["0.001", "10000000000000000"])
def test_amounts_that_cannot_be_written_out(amount):
    with pytest.raises(ValueError, match="written out"):
        money.uppercase(Decimal(amount))


@pytest.mark.parametrize(
    ("base", "tiers", "cap", "expected"),
    [
        (800, RD_TIERS, None, 225),
        (1000, RD_TIERS, None, 275),
        (1500, RD_TIERS, None, 375),
        (1500, RD_TIERS, 300 * WAN, 300),
        (500, RD_TIERS, None, 150),
        (0, RD_TIERS, None, 0),
        (1500, INDIRECT, None, 375),
        (1500, OLD_INDIRECT, None, 240),
    ],
)
def test_marginal_tiers(base, tiers, cap, expected):
    assert money.tiered(base * WAN, tiers, cap=cap) == expected * WAN


@pytest.mark.parametrize(("base", "expected"), [(500, 150), (800, 200), (3000, 450)])
def test_whole_amount_tiers(base, expected):
    assert money.tiered(base * WAN, RD_TIERS, marginal=False) == expected * WAN


@pytest.mark.parametrize(
    "tiers", [[], [(5, "0.1")], [(None, "0.1"), (5, "0.2")], [(9, "1"), (5, "1"), (None, "1")]]
)
def test_tiers_out_of_order_are_refused(tiers):
    with pytest.raises(ValueError, match="tiers must ascend"):
        money.tiered(1, tiers)


@pytest.mark.parametrize(("tiers", "expected"), [(INDIRECT, "923076.92"), (OLD_INDIRECT, "666666.66")])
def test_indirect_cost_that_a_total_of_500_with_100_equipment_can_hold(tiers, expected):
    assert str(money.tiered_within(400 * WAN, tiers)) == expected


@given(CENTS.filter(lambda total: total > 0))
def test_indirect_cost_just_fits(total):
    most = money.tiered_within(total, INDIRECT)
    assert most <= money.tiered(total - most, INDIRECT) + money.CENT
    assert most + money.CENT * 2 > money.tiered(total - most - money.CENT * 2, INDIRECT)


@pytest.mark.parametrize(("contract", "expected"), [(1000, 100), (2400, 380), (3000, 400), (100, 0)])
def test_ex_post_share_of_a_contract(contract, expected):
    assert (
        money.contract_share(contract * WAN, "0.20", cap=500 * WAN, already_paid=100 * WAN) == expected * WAN
    )


def test_a_share_without_a_cap():
    assert money.contract_share(100, "0.333") == Decimal("33.30")


def test_a_ratio_that_holds_says_nothing():
    assert money.check_ratio(100, 50, 2) is None


def test_a_ratio_that_does_not_hold_names_direction_and_gap():
    with pytest.raises(Refused) as caught:
        money.check_ratio(400_000, 1_000_000, "1.0", field="budget", clause="第五条")
    refused = caught.value
    assert refused.message == (
        "自筹资金与财政资金之比应不低于 1:1：自筹 40 万元，财政 100 万元，还差 60 万元。"
    )
    assert (refused.field, refused.clause, refused.code) == ("budget", "第五条", "ratio")


def test_ten_yuan_in_three():
    assert money.allocate(10, [1, 1, 1]) == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


@given(CENTS, st.lists(st.integers(0, 100), min_size=1, max_size=8).filter(any))
def test_parts_add_up_and_stray_less_than_a_cent(amount, shares):
    parts = money.allocate(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - amount * share / sum(shares)) < money.CENT


@pytest.mark.parametrize("shares", [[], [0, 0], [2, -1]])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(ValueError, match=r"shares|min\(\)"):
        money.allocate(10, shares)
