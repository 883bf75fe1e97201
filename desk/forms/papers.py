"""Kinds of paper that are counted apart: one row for each."""

from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from grants.models import PaperKind


class PaperKindForm(PartForm):
    layout = (
        (("name", 5), ("code", 2), ("copies", 2), ("name_en", 3)),
        (("of", 7), ("of_en", 5)),
    )
    code_prefix = "paper"

    class Meta:
        model = PaperKind
        fields = ("name", "code", "copies", "name_en", "of", "of_en")


PaperKinds = rows(
    PaperKindForm,
    title=gettext_lazy("纸质材料种类（分开计数的每种一行，合计等于纸质材料的份数；不分种类的不写）"),
    noun=gettext_lazy("材料"),
    prefix="paper_kinds",
)
