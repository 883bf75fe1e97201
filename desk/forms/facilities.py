"""What is filed by a call and how it is evaluated year by year, as one page of the desk."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.forms.base import CODE
from desk.forms.judging import OptionalForm
from desk.forms.widgets import LinesField, cells_of, decimal_or_none, plain
from facilities.models import UNQUALIFIED, FacilityScheme


class RowsField(LinesField):
    """One row a line, its cells between vertical bars; `keys` in their order, the first `needed` filled."""

    def __init__(self, *, keys: tuple[str, ...], needed: int, **kwargs):
        self.keys, self.needed = keys, needed
        super().__init__(**kwargs)

    def write(self, item):
        return " | ".join(str(item.get(key, "")) for key in self.keys).rstrip(" |")

    def read(self, line):
        pieces = [*cells_of(line, len(self.keys)), *[""] * len(self.keys)][: len(self.keys)]
        if not all(pieces[: self.needed]):
            raise ValidationError(_("缺少内容，请用竖线隔开各项。"))
        return dict(zip(self.keys, pieces, strict=True))


class CodedField(RowsField):
    """Rows whose first cell is a code of their own."""

    def read(self, line):
        row = super().read(line)
        if not CODE.fullmatch(row["code"]):
            raise ValidationError(_("代码只用拉丁字母、数字和下划线，以字母开头。"))
        return row

    def to_python(self, value):
        rows = super().to_python(value)
        codes = [row["code"] for row in rows]
        if len(set(codes)) < len(codes):
            raise ValidationError(_("代码不能重复。"))
        return rows


class GradesField(RowsField):
    def write(self, item):
        return super().write(item | {"mark": plain(item["mark"])})

    def read(self, line):
        row = super().read(line)
        mark = decimal_or_none(row["mark"])
        if mark is None or not mark.is_finite() or not 0 <= mark <= 100:
            raise ValidationError(_("起点分应为 0 至 100 的数字。"))
        if row["name"] == UNQUALIFIED:
            raise ValidationError(_("“不合格”由合格线决定，不用写。"))
        return row | {"mark": plain(mark)}


class FacilitiesForm(OptionalForm):
    layout = (
        (("kind", 6), ("clause", 6)),
        (("services", 12),),
        (("indicators", 12),),
        (("every_years", 6), ("valid_years", 6)),
        (("data_from", 3), ("data_to", 3), ("report_opens", 3), ("report_closes", 3)),
        (("pass_mark", 3), ("grades", 9)),
        (("district_check", 4), ("check_days", 4), ("return_days", 4)),
        (("score_days", 4), ("publicity_days", 4), ("removal_days", 4)),
        (("rectify_months", 6), ("failures_until_removal", 6)),
        (("remove", 12),),
    )
    services = CodedField(
        keys=("code", "name", "name_en"),
        needed=2,
        label=gettext_lazy("服务目录"),
        help_text=gettext_lazy("每行一项：代码 | 名称 | 英文名称；不备案平台的通知留空"),
    )
    indicators = CodedField(
        keys=("code", "name", "unit", "name_en", "unit_en"),
        needed=2,
        label=gettext_lazy("自评指标"),
        help_text=gettext_lazy("每行一项：代码 | 名称 | 单位 | 英文名称 | 英文单位"),
    )
    grades = GradesField(
        keys=("name", "mark", "name_en"),
        needed=2,
        label=gettext_lazy("等次"),
        help_text=gettext_lazy("每行一项：名称 | 起点分 | 英文名称；合格线以下为不合格"),
    )
    remove = forms.BooleanField(label=gettext_lazy("不备案平台（删除）"), required=False)

    class Meta:
        model = FacilityScheme
        fields = (
            "kind",
            "services",
            "indicators",
            "every_years",
            "valid_years",
            "data_from",
            "data_to",
            "report_opens",
            "report_closes",
            "district_check",
            "check_days",
            "return_days",
            "score_days",
            "pass_mark",
            "grades",
            "publicity_days",
            "rectify_months",
            "failures_until_removal",
            "removal_days",
            "clause",
        )

    def wanted(self):
        return bool(self.instance.pk) or bool(self.cleaned_data.get("services"))

    def clean(self):
        data = super().clean()
        if data.get("remove") or not (self.instance.pk or data.get("services") or data.get("grades")):
            return data
        for name, sentence in (
            ("services", _("请至少写一项服务；不备案平台时勾选删除。")),
            ("grades", _("请写明各等次的起点分。")),
        ):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        for name in ("check_days", "return_days", "score_days", "publicity_days", "removal_days"):
            if data.get(name) == 0:
                self.add_error(name, _("至少 1 天。"))
        for name in ("rectify_months", "failures_until_removal", "every_years"):
            if data.get(name) == 0:
                self.add_error(name, _("至少为 1。"))
        return data
