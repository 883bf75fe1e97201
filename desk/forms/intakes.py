"""Several closings of one notice: one row for each batch."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from grants.models import Intake


class IntakeForm(PartForm):
    """One batch; the page's check says what does not fit together."""

    layout = (
        (("name", 4), ("code", 2), ("project_type", 3), ("clause", 3)),
        (("opens_at", 6), ("closes_at", 6)),
        (("unit_closes_at", 6), ("recommender_closes_at", 6)),
        (("planned_number", 3), ("name_en", 9)),
    )
    code_prefix = "batch"

    class Meta:
        model = Intake
        fields = (
            "name",
            "code",
            "project_type",
            "clause",
            "opens_at",
            "closes_at",
            "unit_closes_at",
            "recommender_closes_at",
            "planned_number",
            "name_en",
        )

    def clean(self):
        data = super().clean()
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("截止时间应晚于开始时间。"))
        for name in ("unit_closes_at", "recommender_closes_at"):
            if closes and data.get(name) and data[name] < closes:
                self.add_error(name, _("不能早于本批的申报截止。"))
        return data


Intakes = rows(
    IntakeForm,
    title=gettext_lazy("批次（一年受理几次的，每批一行；只受理一次的不写）"),
    noun=gettext_lazy("批次"),
    unique=("code", "project_type"),
    prefix="intakes",
)
