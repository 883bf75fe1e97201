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
NAMES = {**OF_UNIT, **{kind.value: kind.label for kind in FactKind}}
"""Every field of a unit's record that a question may take."""
FIGURES = frozenset(kind.value for kind in NUMBERS)
DATES = frozenset({"registered_date"})


def fits(kind: str, name: str) -> bool:
    """Whether the field can answer a question of this kind: figures as such, certificates by number."""
    if name in FIGURES:
        return kind in (QuestionKind.NUMBER, QuestionKind.MONEY)
    if name in OF_UNIT:
        return kind == (QuestionKind.DATE if name in DATES else QuestionKind.LINE)
    return name in NAMES and kind in (QuestionKind.LINE, QuestionKind.DATE)


def recorded_name(question) -> str:
    """The field of the record that a question takes, "" for none."""
    name = question.config.get("from_record", "")
    return name if isinstance(name, str) and fits(question.kind, name) else ""
