"""The grades of an award: rows on the page of money."""

from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import Wan, formula
from grants.models import AwardGrade
from grants.rules import REVIEW


class GradeForm(PartForm):
    layout = (
        (("name", 4), ("amount", 3), ("number", 2), ("clause", 3)),
        (("when", 12),),
        (("name_en", 6), ("code", 6)),
    )
    code_prefix = "g"
    amount = Wan(
        label=gettext_lazy("每项资助额（万元）"),
        help_text=gettext_lazy("写明的按此资助，申报人不填申请额；留空的由决定时写明"),
    )

    class Meta:
        model = AwardGrade
        fields = ("name", "name_en", "amount", "number", "when", "clause", "code")
        widgets = {"when": formula(2)}

    def clean(self):
        data = super().clean()
        check_formula(self, "when", codes=question_codes(self.call), more={"review": REVIEW})
        return data


Grades = rows(
    GradeForm,
    title=gettext_lazy("等次（一等奖、二等奖、重点、一般等；立项时每项定一个）"),
    noun=gettext_lazy("等次"),
    prefix="grades",
)
