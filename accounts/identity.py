"""Codes that name organisations and people, their check digits, and how they are masked."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidComponent

CREDIT_CODE_FORM = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
"""Registering department and entity type (letters are allowed by GB 32100), region, organisation, check."""

validate_region = RegexValidator(
    r"^[0-9]{6}$", _("区域代码应为 6 位数字（GB/T 2260），例如 370212。"), code="region"
)
validate_phone = RegexValidator(
    r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}|\+[0-9]{6,18})$",
    _("电话号码不正确：请填 11 位手机号、带区号的座机号，或以 + 开头的国际号码。"),
    code="phone",
)

ACCOUNT_FORM = r"^([0-9]{6,30}|[A-Z]{2}[0-9]{2}[A-Z0-9]{10,26})$"
"""An account of a Chinese bank, or an IBAN."""
validate_account = RegexValidator(
    ACCOUNT_FORM, _("账号应为 6 至 30 位数字，或国际银行账号（IBAN）。"), code="account"
)


def clean_credit_code(value: str) -> str:
    """Bring what a person typed into the written form: no blanks or dashes, capital letters."""
    return re.sub(r"[\s\-]", "", value or "").upper()


def validate_credit_code(value: str) -> None:
    """统一社会信用代码, GB 32100-2015: 18 characters with a check character. Raises ValidationError."""
    if not re.fullmatch(CREDIT_CODE_FORM, value) or value[-1] != uscc.calc_check_digit(value):
        raise ValidationError(
            _("统一社会信用代码“%(value)s”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。"),
            code="credit_code",
            params={"value": value},
        )


KEY_ABROAD_FORM = r"^[A-Z]{2}-[0-9a-f]{15}$"
KEY_OF_TEAM_FORM = r"^CN-[0-9a-f]{15}$"


def validate_unit_key(value: str) -> None:
    """A credit code, or the key of a unit abroad or of a team. Raises ValidationError."""
    if not re.fullmatch(KEY_ABROAD_FORM, value):
        validate_credit_code(value)


def validate_id_number(value: str) -> None:
    """公民身份号码, GB 11643: birth date and check digit. Raises ValidationError without repeating it."""
    if not _is_id_number(value):
        raise ValidationError(
            _("身份证号不正确：应为 18 位，最后一位是校验码（GB 11643）。"), code="id_number"
        )


LONGEST_PASSPORT = 15
validate_passport = RegexValidator(
    rf"^[A-Z0-9]{{5,{LONGEST_PASSPORT}}}$",
    _("护照或通行证号码不正确：应为 5 至 15 位字母和数字。"),
    code="passport",
)


def validate_identity(value: str) -> None:
    """An ID number; anything shorter is a passport. Raises ValidationError."""
    (validate_id_number if is_card_number(value) else validate_passport)(value)


def is_card_number(value: str) -> bool:
    """Whether a number can only be that of an ID card: a passport has fewer characters."""
    return len(value) > LONGEST_PASSPORT


KEY_OF_PASSPORT = re.compile(rf"^([A-Z]{{2}})-([A-Z0-9]{{5,{LONGEST_PASSPORT}}})$")
"""Two countries may give the same number: a person is told by "DE-C0123456", or by the number of a card."""


def person_key(number: str, country: str) -> str:
    """What tells the holder of a paper apart, whoever issued it; without a country the number alone."""
    return f"{country}-{number}" if number and country and not is_card_number(number) else number


def number_of(key: str) -> str:
    return key.rpartition("-")[2]


def _is_id_number(value: str) -> bool:
    # The library's own `is_valid` also looks up the birth place and so refuses residence permits (81…, 9…).
    if not re.fullmatch(r"[0-9]{17}[0-9X]", value) or value[-1] != ric.calc_check_digit(value):
        return False
    try:
        ric.get_birth_date(value)
    except InvalidComponent:
        return False
    return True


def mask_phone(value: str) -> str:
    """13812345678 → 138****5678; anything shorter than seven characters is hidden entirely."""
    return _mask(value, head=3, tail=4)


def mask_id_number(value: str) -> str:
    """11010519491231002X → 110***********002X: neither birth date nor sex can be read.

    Of a passport (G12345678 → G******78), being shorter, less is shown.
    """
    return _mask(value, head=3, tail=4) if is_card_number(value) else _mask(value, head=1, tail=2)


def mask_account(value: str) -> str:
    """A bank account shows its last four digits alone."""
    return _mask(value.replace(" ", ""), head=0, tail=4)


def _mask(value: str, *, head: int, tail: int) -> str:
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
