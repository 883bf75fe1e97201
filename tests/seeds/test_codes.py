"""Invented codes pass the same checks as real ones."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from accounts.identity import validate_credit_code, validate_id_number
from seeds.codes import make_credit_code, make_id_number, make_organisation_code


@given(
    st.integers(0, 999_999), st.sampled_from(["370212", "370200", "110108"]), st.sampled_from(["91", "12"])
)
def test_every_credit_code_is_valid(n, region, entity):
    code = make_credit_code(n, region, entity)
    validate_credit_code(code)
    assert code[:8] == entity + region


def test_no_two_numbers_share_a_code():
    assert len({make_credit_code(n) for n in range(5_000)}) == 5_000


def test_the_organisation_code_keeps_its_own_check_character():
    assert re.fullmatch(r"MA[0-9]{6}[0-9X]", make_organisation_code(7))
    # GB 11714's own example form: eight characters and a check that may be X.
    assert {make_organisation_code(n)[-1] for n in range(200)} == set("0123456789X")


@given(
    st.integers(0, 999),
    st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 1, 1)).map(lambda d: f"{d:%Y%m%d}"),
)
def test_every_id_number_is_valid_and_tells_its_birth_date(n, birth):
    number = make_id_number(n, birth)
    validate_id_number(number)
    assert f"{ric.get_birth_date(number):%Y%m%d}" == birth


@pytest.mark.parametrize("n", [1, 2])
def test_odd_numbers_are_men(n):
    assert (int(make_id_number(n)[16]) % 2 == 1) == (n == 1)
