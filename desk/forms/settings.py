"""What a question of each kind may be told, as fields that people understand; JSON only for what is rare."""

import json
import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import NumberKind
from applications.questions import RECORD_FIELDS
from core.sent import read_json
from desk.forms.base import CODE, PartForm
from desk.forms.widgets import ChoicesField, LinesField, PairsField, WordsField, cells_of, formula, short_text
from grants.models import Call, Dictionary, QuestionKind

K = QuestionKind
SETTINGS: dict[str, tuple[str, ...]] = {
    K.LINE: ("max_length", "from_record", "once"),
    K.TEXT: ("max_length", "max_words"),
    K.NUMBER: ("unit", "min", "max", "decimals", "from_record", "record_year"),
    K.MONEY: ("min", "max", "from_record", "record_year"),
    K.DATE: ("from_record",),
    K.CHOICE: ("choices", "divisions"),
    K.CHOICES: ("choices",),
    K.DICTIONARY: ("dictionary", "level", "multiple", "max_rows"),
    K.LIST: ("min_rows", "max_rows", "max_length", "once"),
    K.TABLE: ("columns", "min_rows", "max_rows", "checks", "from_record"),
    K.INDICATORS: ("min_rows", "max_rows", "years", "evidence", "checks"),
    K.SUBPROJECTS: ("min_rows", "max_rows", "checks"),
    K.ATTACHMENT: ("endings", "max_bytes", "max_count", "max_pages"),
    K.COMPUTED: ("expression", "unit", "decimals"),
}
"""Settings by kind, in the order in which they are asked; `columns` has a table of its own."""
del K
WIDTHS = {"choices": 12, "checks": 12, "expression": 12, "endings": 6, "dictionary": 4, "from_record": 6}
PER_MB = 1024 * 1024
FIRST_YEAR = 1000
"""A single number below is a count of years, not a year."""


def _whole(label, **kwargs):
    return forms.IntegerField(label=label, required=False, min_value=0, **kwargs)


def number(value: Decimal) -> int | float:
    """A decimal as JSON holds it."""
    return int(value) if value == value.to_integral_value() else float(value)


class SettingsForm(forms.Form):
    """All settings of all kinds; a script shows those of the chosen kind, and only those are read."""

    prefix = "c"
    max_length = _whole(gettext_lazy("最多字符数"))
    max_words = _whole(gettext_lazy("最多字数"), help_text=gettext_lazy("汉字、英文单词各算一个"))
    unit = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=20)
    min = forms.DecimalField(label=gettext_lazy("最小值"), required=False)
    max = forms.DecimalField(label=gettext_lazy("最大值"), required=False)
    decimals = _whole(gettext_lazy("小数位数"), max_value=6)
    choices = ChoicesField(
        label=gettext_lazy("选项"),
        widget=short_text(6),
        help_text=gettext_lazy("每行一个。公式要引用时写成“代码 | 选项”，还可再加“| English”"),
    )
    divisions = forms.BooleanField(
        label=gettext_lazy("从申报单位的院系、部门中选择"),
        required=False,
        help_text=gettext_lazy("单位管理员在单位资料里填写；限额可以按这道题分组，不另写选项"),
    )
    dictionary = forms.ChoiceField(label=gettext_lazy("字典"), required=False)
    level = _whole(gettext_lazy("选到第几级"), help_text=gettext_lazy("留空时任一级"))
    multiple = forms.BooleanField(label=gettext_lazy("可选多个"), required=False)
    min_rows = _whole(gettext_lazy("最少行数"))
    max_rows = _whole(gettext_lazy("最多行数"))
    checks = PairsField(
        label=gettext_lazy("表格校验"),
        keys=("when", "message"),
        english=True,
        widget=formula(2),
        help_text=gettext_lazy(
            "每行一条“公式 => 不符合时的提示”，例如 totals.amount <= 500.0 => 合计不得超过 500 万元；"
            "还可再加“| English”"
        ),
    )
    years = WordsField(
        label=gettext_lazy("分年度目标"),
        cast=int,
        help_text=gettext_lazy("例如 2026、2027，或只写年数 3；留空只填总目标"),
    )
    evidence = ChoicesField(
        label=gettext_lazy("证明方式的选项"),
        widget=short_text(3),
        help_text=gettext_lazy("每行一个，例如：检测报告；留空时自由填写"),
    )
    endings = WordsField(
        label=gettext_lazy("允许的文件类型"), help_text=gettext_lazy("例如 pdf、docx；留空为常用类型")
    )
    max_bytes = _whole(gettext_lazy("单个文件不超过（MB）"))
    max_count = _whole(gettext_lazy("最多几个文件"))
    max_pages = _whole(gettext_lazy("PDF 最多页数"))
    expression = forms.CharField(
        label=gettext_lazy("计算公式"),
        required=False,
        widget=formula(2),
        help_text=gettext_lazy("例如 answers.sales * 0.03"),
    )
    from_record = forms.ChoiceField(
        label=gettext_lazy("取自单位档案"),
        required=False,
        choices=[("", "—"), *RECORD_FIELDS.items()],
        help_text=gettext_lazy("申报时自动带入，并写明年度、登记日期和来源"),
    )
    record_year = forms.IntegerField(
        label=gettext_lazy("哪一年的数据"),
        required=False,
        min_value=-9,
        max_value=2100,
        help_text=gettext_lazy("例如 2025，或 -1（通知年度的上一年）；留空取最新的"),
    )
    once = forms.ChoiceField(
        label=gettext_lazy("只能使用一次的编号"),
        required=False,
        choices=[("", "—"), *NumberKind.choices],
        help_text=gettext_lazy("在别处用过的，经办人员看到出处；不自动退回"),
    )
    rest = forms.CharField(
        label=gettext_lazy("其他设置（JSON）"),
        required=False,
        widget=formula(2),
        help_text=gettext_lazy("一般不用填；只放上面没有的设置"),
    )

    def __init__(self, *args, config: dict | None = None, **kwargs):
        self.config = config or {}
        super().__init__(*args, initial=self._initial(), **kwargs)
        self.fields["dictionary"].choices = self._dictionaries()

    def _initial(self) -> dict:
        known = {name: self.config[name] for name in self.base_fields if name in self.config}
        if isinstance(known.get("max_bytes"), int):
            known["max_bytes"] = max(1, round(known["max_bytes"] / PER_MB))
        rest = {
            name: value for name, value in self.config.items() if name not in (*self.base_fields, "columns")
        }
        return known | {"rest": json.dumps(rest, ensure_ascii=False) if rest else ""}

    def _dictionaries(self):
        known = Dictionary.objects.order_by("code").values_list("code", "name")
        choices = dict(known)
        now = self.config.get("dictionary")
        if now and now not in choices:
            choices[now] = now
        return [("", "—"), *choices.items()]

    def clean_rest(self):
        text = self.cleaned_data["rest"].strip()
        try:
            found = read_json(text) if text else {}
        except ValueError as fault:
            raise ValidationError(_("不是有效的 JSON：%(fault)s") % {"fault": fault}) from None
        if not isinstance(found, dict):
            raise ValidationError(_("应为 {键: 值}。"))
        return found

    def config_of(self, kind: str) -> dict:
        """What the cleaned fields say for this kind; what is empty is left out."""
        found = {}
        for name in SETTINGS.get(kind, ()):
            value = self.cleaned_data.get(name)
            if value in (None, "", [], False) and not (name == "record_year" and value == 0):
                continue
            if name == "max_bytes":
                value *= PER_MB
            if name == "years" and len(value) == 1 and value[0] < FIRST_YEAR:
                value = value[0]
            found[name] = number(value) if isinstance(value, Decimal) else value
        return found | self.cleaned_data["rest"]

    def lines(self) -> list[dict]:
        """Bound fields, with the kinds that each is for."""
        kinds = {
            name: " ".join(kind for kind, names in SETTINGS.items() if name in names) for name in self.fields
        }
        return [
            {"field": self[name], "width": WIDTHS.get(name, 3), "kinds": kinds[name]}
            for name in self.fields
            if name != "rest"
        ]


NUMBER = re.compile(r"(\d*)\s*([-–—~至]?)\s*(\d*)\s*人?")
MOST_PEOPLE = 50


class RolesField(LinesField):
    """Roles of people: "code | name | number | name in English | clause"; the first leads the project."""

    def write(self, item):
        least, most = item.get("least") or 0, item.get("most")
        if most is not None:
            number = str(most) if most == least else f"{least or ''}-{most}"
        else:
            number = f"{least}-" if least else ""
        cells = (item["code"], item["name"], number, item.get("name_en", ""), item.get("clause", ""))
        return " | ".join(cells).rstrip(" |")

    def read(self, line):
        code, name, number, name_en, clause = [*cells_of(line, 5), *[""] * 5][:5]
        if not CODE.fullmatch(code) or not name:
            raise ValidationError(_("请写成“代码 | 角色 | 人数”，代码只用拉丁字母、数字和下划线。"))
        found = NUMBER.fullmatch(number)
        if found is None or (number and not (found[1] or found[3])):
            raise ValidationError(_("人数请写成 2、1-3、-3 或 1-。"))
        least = int(found[1] or 0)
        most = int(found[3]) if found[3] else None if found[2] or not number else least
        if max(least, most or 0) > MOST_PEOPLE or most == 0:
            raise ValidationError(_("人数请写成 2、1-3、-3 或 1-。"))
        if most is not None and most < least:
            raise ValidationError(_("最多几人不能少于至少几人。"))
        row = {"code": code, "name": name, "name_en": name_en, "leads": False}
        return row | {"least": least, "most": most, "clause": clause}

    def to_python(self, value):
        if not isinstance(value, str):
            return value or []
        rows = super().to_python(value)
        if len({row["code"] for row in rows}) < len(rows):
            raise ValidationError(_("代码不能重复。"))
        if rows and (rows[0]["least"] > 1 or (rows[0]["most"] or 1) > 1):
            raise ValidationError(_("第一行是项目负责人，只有一名。"))
        return [row | {"leads": not place} for place, row in enumerate(rows)]


class FormSettings(PartForm):
    """Which fixed parts the application form has besides the call's own sections."""

    layout = ((("asks_participants", 6), ("asks_milestones", 6)), (("person_roles", 12),))
    person_roles = RolesField(
        label=gettext_lazy("人员角色"),
        help_text=gettext_lazy(
            "通知对人员有自己的称呼时填写，每行“代码 | 角色 | 人数 | 英文名称 | 条款”，第一行为项目负责人；"
            "人数写 2、1-3、-3（最多）或 1-（至少），留空不限。例如 lead | 首席专家 | 1、"
            "tutor | 指导教师 | 1-2。留空为项目负责人和项目成员"
        ),
    )

    class Meta:
        model = Call
        fields = ("asks_participants", "asks_milestones", "person_roles")

    def clean(self):
        data = super().clean()
        if data.get("person_roles") and not data.get("asks_participants"):
            self.add_error("person_roles", _("规定了人员角色，就要填写参与人员。"))
        return data
