"""Which changes of a running project need whose leave: rows on the page of milestones."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from milestones.models import ChangeTerm, ChangeWay


class ChangeForm(PartForm):
    layout = (
        (("kind", 4), ("way", 4), ("clause", 4)),
        (("unit_days", 3), ("decision_days", 3), ("times", 3), ("months_before_end", 3)),
        (("asks_file", 6), ("asks_file_en", 6)),
    )

    class Meta:
        model = ChangeTerm
        fields = (
            "kind",
            "way",
            "unit_days",
            "decision_days",
            "times",
            "months_before_end",
            "asks_file",
            "asks_file_en",
            "clause",
        )

    def clean(self):
        data = super().clean()
        if data.get("way") == ChangeWay.NEVER:
            for name in ("times", "months_before_end", "asks_file"):
                if data.get(name):
                    self.add_error(name, _("不得变更的事项不填写。"))
        return data


Changes = rows(
    ChangeForm,
    title=gettext_lazy("项目变更（没有写的事项经单位审核后报主管部门审批）"),
    noun=gettext_lazy("变更规定"),
    unique=("kind",),
    prefix="changes",
)
