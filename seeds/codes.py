"""Invented codes with right check digits, for sample data and tests."""

from stdnum.cn import ric, uscc

ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def make_organisation_code(n: int) -> str:
    """The nine characters of GB 11714: eight and a check character."""
    body = f"MA{n:06d}"
    total = sum(ORGANISATION_ALPHABET.index(c) * w for c, w in zip(body, ORGANISATION_WEIGHTS, strict=True))
    check = (11 - total % 11) % 11
    return body + ("X" if check == 10 else str(check))


def make_credit_code(n: int, region: str = "370212", entity: str = "91") -> str:
    """A valid 统一社会信用代码, one for each `n` below a million (entity 91: firm, 12: institution)."""
    head = f"{entity}{region}{make_organisation_code(n)}"
    return head + uscc.calc_check_digit(head)


def make_id_number(n: int, birth: str = "19850101", region: str = "370212") -> str:
    """A valid 公民身份号码 for each `n` below a thousand; odd `n` are men. `birth` is written YYYYMMDD."""
    head = f"{region}{birth}{n:03d}"
    return head + ric.calc_check_digit(head + "0")
