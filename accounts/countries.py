"""Countries and regions (ISO 3166-1, two letters) with their Chinese and English names."""

from functools import cache

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

HOME = "CN"
FIRST = (HOME, "HK", "MO", "TW")
NO_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())  # noqa: SIM905
"""What CLDR names beside ISO 3166-1: parts of countries, unions, codes for tests."""
OFFICIAL = {
    "zh": {"CN": "中国内地", "TW": "中国台湾"},
    "en": {
        "CN": "Chinese mainland",
        "HK": "Hong Kong, China",
        "MO": "Macao, China",
        "TW": "Taiwan, China",
    },
}
"""Names as Chinese authorities write them."""


@cache
def names(language: str) -> dict[str, str]:
    """{code: name} in "zh" or "en"; the mainland first, then Hong Kong, Macao and Taiwan, then by code."""
    known = {
        code: name
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY
    } | OFFICIAL[language]
    return {code: known[code] for code in (*FIRST, *sorted(known.keys() - set(FIRST)))}


def name_of(code: str, language: str | None = None) -> str:
    """The name in the language of the page; an unknown code stays as it is."""
    return names(language or _language()).get(code, code)


def choices() -> list[tuple[str, str]]:
    """For a select: whoever types the code in it finds the country."""
    return [(code, f"{code} {name}") for code, name in names(_language()).items()]


def validate_country(value: str) -> None:
    """Raises ValidationError."""
    if value not in names("zh"):
        raise ValidationError(
            _("“%(value)s”不是国家或地区的两位代码（ISO 3166），例如 DE。"),
            code="country",
            params={"value": value},
        )


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"
