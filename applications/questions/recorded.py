"""Questions whose answer a unit's record holds already (`config.from_record`): which field, which shape."""

from django.utils.translation import gettext_lazy as _

from accounts.kinds import NUMBERS, FactKind
from grants.models import QuestionKind

OF_UNIT = {
    "address": _("地址"),
    "legal_representative": _("法定代表人"),
    "registered_date": _("成立日期"),
}
"""What stands in the unit's registration itself."""
ACCOUNT = "account"
"""Holder, bank and the last four digits: the whole number stays in the record."""
SHAREHOLDERS, CERTIFICATES = "shareholders", "certificates"
LISTS = {
    SHAREHOLDERS: {"name": "line", "kind": "line", "percent": "number"},
    CERTIFICATES: {"kind": "line", "number": "line", "valid_from": "date", "valid_to": "date"},
}
"""Lists of the record that fill a table: what a column may take (`record`), and of which kind it then is."""
NAMES = {
    **OF_UNIT,
    **{kind.value: kind.label for kind in FactKind},
    ACCOUNT: _("收款账户（账号只显示后四位）"),
    SHAREHOLDERS: _("股东名册（填入表格）"),
    CERTIFICATES: _("资质与证书（填入表格）"),
}
"""Every field of a unit's record that a question may take."""
COLUMN_NAMES = {
    "name": _("股东"),
    "kind": _("股东类型或证书类型"),
    "percent": _("持股百分比"),
    "number": _("证书编号"),
    "valid_from": _("有效期起"),
    "valid_to": _("有效期止"),
}
FIGURES = frozenset(kind.value for kind in NUMBERS)
DATES = frozenset({"registered_date"})


def fits(kind: str, name: str) -> bool:
    """Whether the field can answer a question of this kind: figures as such, certificates by number."""
    if name in FIGURES:
        return kind in (QuestionKind.NUMBER, QuestionKind.MONEY)
    if name in LISTS or kind == QuestionKind.TABLE:
        return name in LISTS and kind == QuestionKind.TABLE
    if name == ACCOUNT:
        return kind == QuestionKind.LINE
    if name in OF_UNIT:
        return kind == (QuestionKind.DATE if name in DATES else QuestionKind.LINE)
    return name in NAMES and kind in (QuestionKind.LINE, QuestionKind.DATE)


def recorded_name(question) -> str:
    """The field of the record that a question takes, "" for none."""
    name = question.config.get("from_record", "")
    return name if isinstance(name, str) and fits(question.kind, name) else ""


def record_year(question, year: int) -> int | None:
    """Which year's figure (`record_year`: 2025, or -1, the year before the call's); None: the latest."""
    wanted = question.config.get("record_year")
    if wanted is None or recorded_name(question) not in FIGURES:
        return None
    return wanted if wanted > 0 else year + wanted


def record_columns(question) -> dict[str, str]:
    """{column: field of the list} of a table that a list of the record fills."""
    known = LISTS.get(recorded_name(question), {})
    columns = question.config.get("columns", [])
    return {column["code"]: name for column in columns if (name := column.get("record")) in known}
