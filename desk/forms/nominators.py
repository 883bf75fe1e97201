"""Nomination by persons: one row for each way."""

from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import formula, short_text
from grants.models import NominatorGroup
from grants.rules import NOMINATOR


class NominatorForm(PartForm):
    """One way of being nominated by persons."""

    layout = (
        (("name", 5), ("least", 2), ("project_type", 3), ("clause", 2)),
        (("who", 12),),
        (("hint", 6), ("applies_when", 6)),
        (("per_year", 3), ("of_units", 3), ("required", 3), ("leader_first", 3)),
        (("name_en", 12),),
    )

    class Meta:
        model = NominatorGroup
        fields = (
            "name",
            "least",
            "project_type",
            "clause",
            "who",
            "hint",
            "applies_when",
            "per_year",
            "of_units",
            "required",
            "leader_first",
            "name_en",
        )
        widgets = {"who": formula(2), "applies_when": formula(2), "hint": short_text(2)}

    def clean(self):
        data = super().clean()
        codes = question_codes(self.call)
        check_formula(self, "who", codes=codes, more={"nominator": NOMINATOR})
        check_formula(self, "applies_when", codes=codes)
        return data


Nominators = rows(
    NominatorForm,
    title=gettext_lazy(
        "专家提名和推荐信（“必须达到”的都要达到，其余任一方式即可；由专家提名的不再经推荐审核）"
    ),
    noun=gettext_lazy("提名方式"),
    unique=(),
    prefix="nominators",
)
