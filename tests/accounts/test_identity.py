"""Check digits and masks: published vectors."""

import pytest
from django.core.exceptions import ValidationError

from accounts import identity
from seeds.codes import make_credit_code, make_id_number, make_organisation_code


@pytest.mark.parametrize(
    "code",
    [
        "9144030071526726XG",
        "914403001922038216",
        "91330100799655058B",
        "91110000802100433B",
        "12100000400010078L",
        "91370212MA3C4R5T6D",
    ],
)
def test_right_credit_codes(code):
    assert identity.validate_credit_code(code) is None


@pytest.mark.parametrize(
    "code",
    [
        "12100000400010078P",
        "91370212MA3C4R5T6X",
        "91370212MA3C4R5T6",
        "91370212ma3c4r5t6d",
        " 9144030071526726XG",
        "9144030071526726IG",
        "91AB030071526726XG",
        "",
    ],
)
def test_wrong_credit_codes(code):
    with pytest.raises(ValidationError) as caught:
        identity.validate_credit_code(code)
    assert caught.value.messages == [
        f"统一社会信用代码“{code}”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。"
    ]


def test_a_pasted_code_is_cleaned():
    assert identity.clean_credit_code(" 9144 0300-7152\t6726xg ") == "9144030071526726XG"


@pytest.mark.parametrize("number", ["11010519491231002X", "830000199201300022"])
def test_right_id_numbers(number):
    assert identity.validate_id_number(number) is None


@pytest.mark.parametrize(
    "number", ["110105194912310021", "11010519491231002x", "1101051949123100", "", "110105194913310025"]
)
def test_wrong_id_numbers_are_not_repeated(number):
    with pytest.raises(ValidationError) as caught:
        identity.validate_id_number(number)
    assert caught.value.messages == ["身份证号不正确：应为 18 位，最后一位是校验码（GB 11643）。"]


@pytest.mark.parametrize("phone", ["13812345678", "0532-88881234", "053288881234", "+8613812345678"])
def test_right_phones(phone):
    assert identity.validate_phone(phone) is None


@pytest.mark.parametrize("phone", ["12812345678", "1381234567", "88881234", "call me"])
def test_wrong_phones(phone):
    with pytest.raises(ValidationError):
        identity.validate_phone(phone)


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (identity.mask_phone, "13812345678", "138****5678"),
        (identity.mask_phone, "1234567", "*******"),
        (identity.mask_phone, "", ""),
        (identity.mask_id_number, "11010519491231002X", "110***********002X"),
        (identity.mask_account, "6222 0238 0312 3456 789", "***************6789"),
        (identity.mask_id_number, "G12345678", "G******78"),
        (identity.mask_account, "123", "***"),
    ],
)
def test_masks(mask, value, shown):
    assert mask(value) == shown


def test_invented_codes_are_right_and_differ():
    codes = {make_credit_code(n) for n in range(500)}
    assert len(codes) == 500
    for code in codes:
        identity.validate_credit_code(code)
        assert code[2:8] == "370212"
    for n in range(100):
        identity.validate_id_number(make_id_number(n))


def test_organisation_codes_carry_their_check_character():
    assert make_organisation_code(1) == "MA0000015"
    assert len({make_organisation_code(n) for n in range(200)}) == 200
