"""A section and a question of a form, the columns of a table included."""

import json

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import NumberKind
from applications.questions import COLUMN_NAMES, choices_of
from core import expressions
from core.sent import read_json
from desk import renaming
from desk.forms.base import PartForm
from desk.forms.settings import SettingsForm
from desk.forms.widgets import formula, short_text
from desk.packs import questions as kinds
from desk.packs.context import known_of_form
from desk.packs.expressions import ALWAYS
from desk.parts import next_code
from grants.models import FormKind, Question, QuestionKind, Section

CUSTOM = "custom"
SINGLE = (QuestionKind.CHOICE, QuestionKind.YES_NO)


class SectionForm(PartForm):
    layout = (
        (("title", 6), ("title_en", 6)),
        (("form", 4), ("project_type", 4), ("code", 4)),
        (("help", 6), ("help_en", 6)),
        (("is_blind", 12),),
    )
    code_prefix = "section"

    class Meta:
        model = Section
        fields = ("title", "title_en", "form", "project_type", "code", "help", "help_en", "is_blind")
        widgets = {"help": short_text(2), "help_en": short_text(2)}

    def clean_code(self):
        code = super().clean_code()
        others = self.call.sections.exclude(pk=self.instance.pk)
        if code and others.filter(code=code).exists():
            raise ValidationError(_("代码“%(code)s”已经用过。") % {"code": code})
        return code or next_code(self.code_prefix, set(others.values_list("code", flat=True)))

    def store(self):
        before = self.initial.get("code", "")
        super().store()
        renaming.carry(self.call, Section, {before: self.instance.code})


class ColumnForm(forms.Form):
    """One column of a table; what it says beyond these fields is kept as it is."""

    label = forms.CharField(label=gettext_lazy("列名"), max_length=60)
    kind = forms.ChoiceField(
        label=gettext_lazy("类型"), choices=[(str(kind), label) for kind, label in kinds.COLUMNS.items()]
    )
    required = forms.BooleanField(label=gettext_lazy("必填"), required=False)
    total = forms.BooleanField(label=gettext_lazy("合计"), required=False)
    unit = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=20)
    choices = forms.CharField(label=gettext_lazy("选项（单选列，用顿号隔开）"), required=False)
    code = forms.SlugField(label=gettext_lazy("代码"), required=False)
    label_en = forms.CharField(label=gettext_lazy("英文"), required=False, max_length=60)
    record = forms.ChoiceField(
        label=gettext_lazy("取自档案名册的"), required=False, choices=[("", "—"), *COLUMN_NAMES.items()]
    )
    once = forms.ChoiceField(
        label=gettext_lazy("只能使用一次的编号"), required=False, choices=[("", "—"), *NumberKind.choices]
    )
    rest = forms.CharField(required=False, widget=forms.HiddenInput)
    own = ("label", "kind", "required", "total", "unit", "code", "label_en", "record", "once")

    @classmethod
    def initial_of(cls, column: dict) -> dict:
        simple = column.get("choices") or []
        plain = all(not isinstance(choice, dict) for choice in simple)
        rest = {
            key: value
            for key, value in column.items()
            if key not in cls.own and (key != "choices" or not plain)
        }
        return {
            **{key: column.get(key) for key in cls.own if key in column},
            "choices": "、".join(map(str, simple)) if plain else "",
            "rest": json.dumps(rest, ensure_ascii=False) if rest else "",
        }

    def clean_rest(self):
        try:
            found = read_json(self.cleaned_data["rest"] or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def lines(self):
        lines = (
            (("label", 5), ("kind", 4), ("unit", 3)),
            (("choices", 6), ("required", 3), ("total", 3)),
            (("label_en", 3), ("code", 3), ("record", 3), ("once", 3)),
        )
        return [[(self[name], width) for name, width in line] for line in lines]

    def column(self) -> dict:
        found = {
            key: value for key in self.own if (value := self.cleaned_data.get(key)) not in (None, "", False)
        }
        words = [
            word.strip() for word in self.cleaned_data.get("choices", "").replace("，", "、").split("、")
        ]
        if words := [word for word in words if word]:
            found["choices"] = words
        return found | self.cleaned_data["rest"]


class BaseColumns(forms.BaseFormSet):
    title = gettext_lazy("表格的列")
    noun = gettext_lazy("列")

    def columns(self) -> list[dict]:
        """Columns in the order of the page; codes left out are given."""
        kept = [
            form
            for form in self.forms
            if form.has_changed() and not form.cleaned_data.get("DELETE") and form.cleaned_data.get("label")
        ]
        kept.sort(key=lambda form: form.cleaned_data.get("ORDER") or 10_000)
        found = [form.column() for form in kept]
        taken = {column["code"] for column in found if column.get("code")}
        for column in found:
            if not column.get("code"):
                column["code"] = next_code("c", taken)
                taken.add(column["code"])
        return found


Columns = forms.formset_factory(
    ColumnForm, formset=BaseColumns, extra=0, can_delete=True, can_order=True, max_num=40, absolute_max=41
)


def simple_conditions(call, question) -> list[tuple]:
    """Choices for "shown when": one per answer of each single choice before, as groups of the question."""
    groups = []
    for other in call.questions.select_related("section").order_by("section__order", "order"):
        if other.pk == question.pk:
            break
        if other.kind not in SINGLE:
            continue
        if other.kind == QuestionKind.YES_NO:
            pairs = [(f"answers.{other.code} == true", _("是")), (f"answers.{other.code} == false", _("否"))]
        else:
            pairs = [
                (f"answers.{other.code} == '{value}'", label) for value, label in choices_of(other.config)
            ]
        groups.append((other.label, [(source, f"{other.label} = {label}") for source, label in pairs]))
    return groups


class QuestionForm(PartForm):
    layout = (
        (("label", 8), ("kind", 4)),
        (("help", 12),),
        (("is_required", 4), ("clause", 4), ("section", 4)),
    )
    more = (
        (("label_en", 8), ("code", 4)),
        (("help_en", 12),),
        (("required_when", 12),),
        (("valid_when", 4), ("valid_message", 4), ("valid_message_en", 4)),
    )
    code_prefix = "q"
    shown_when = forms.ChoiceField(label=gettext_lazy("什么时候显示"), required=False)

    class Meta:
        model = Question
        fields = (
            "label",
            "kind",
            "help",
            "is_required",
            "clause",
            "section",
            "label_en",
            "help_en",
            "code",
            "visible_when",
            "required_when",
            "valid_when",
            "valid_message",
            "valid_message_en",
        )
        widgets = {
            "help": short_text(2),
            "help_en": short_text(2),
            "visible_when": formula(2),
            "required_when": formula(2),
            "valid_when": formula(2),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].queryset = self.call.sections.all()
        self.fields["section"].empty_label = None
        groups = simple_conditions(self.call, self.instance)
        known_now = {source for _label, pairs in groups for source, _words in pairs}
        now = self.instance.visible_when.strip()
        self.fields["shown_when"].choices = [("", _("总是显示")), *groups, (CUSTOM, _("按公式……"))]
        self.fields["shown_when"].initial = now if now in known_now or not now else CUSTOM
        sent = self.data.get(self.add_prefix("config-sent"))
        data = self.data if sent else None
        self.settings = SettingsForm(data, config=self.instance.config)
        columns = self.instance.config.get("columns") or []
        rows = [ColumnForm.initial_of(column) for column in columns if isinstance(column, dict)]
        # Compared with nothing, so that a column sent unchanged still counts.
        self.columns = Columns(data, initial=None if sent else rows, prefix="columns")

    def lines(self):
        shown = [*self.layout]
        return [[(self[name], width) for name, width in line] for line in shown]

    def more_lines(self):
        return [[(self[name], width) for name, width in line] for line in self.more]

    def clean_code(self):
        code = super().clean_code()
        others = self.call.questions.exclude(pk=self.instance.pk)
        if code and others.filter(code=code).exists():
            raise ValidationError(_("代码“%(code)s”已经用过。") % {"code": code})
        return code or next_code(self.code_prefix, set(others.values_list("code", flat=True)))

    def clean(self):
        data = super().clean()
        chosen = data.get("shown_when")
        if chosen != CUSTOM:
            data["visible_when"] = chosen or ""
        codes = set(self.call.questions.values_list("code", flat=True)) | {data.get("code") or ""}
        section = data.get("section")
        names = known_of_form(section.form if section is not None else FormKind.APPLICATION, codes)
        self._check("visible_when", names)
        self._check("required_when", names)
        if data.get("is_required") and data.get("required_when"):
            self.add_error("required_when", ALWAYS)
        self._check("valid_when", {**names, "value": frozenset()})
        self._clean_config(data)
        return data

    def _check(self, name, names):
        text = self.cleaned_data.get(name, "")
        if text.strip():
            try:
                expressions.check(text, names)
            except expressions.ExpressionError as fault:
                self.add_error(name, fault.message)

    def _clean_config(self, data):
        kind = data.get("kind")
        if not kind or not (self.settings.is_valid() and self.columns.is_valid()):
            if kind:
                self.add_error(None, _("题目的设置有误，见下面标出的地方。"))
            return
        config = self.settings.config_of(kind)
        if kind == QuestionKind.TABLE:
            config["columns"] = self.columns.columns()
        faults = list(kinds.faults((), kind, config))
        for place, message in faults:
            field = str(place[0]) if place else ""
            target = field if field in self.settings.fields else "rest"
            if field == "columns" or not field:
                self.add_error(None, message)
            else:
                self.settings.add_error(target, message)
        if faults and not self.errors:
            self.add_error(None, _("题目的设置有误，见下面标出的地方。"))
        self.instance.config = config

    def store(self):
        question = self.save(commit=False)
        question.call = self.call
        before = Question.objects.filter(pk=question.pk).first()
        if before is not None:
            self._check_columns(before, question)
        if not question.pk or "section" in self.changed_data:
            last = question.section.questions.exclude(pk=question.pk).order_by("-order").first()
            question.order = (last.order if last else 0) + 1
        question.save()
        if before is not None:
            renaming.carry(self.call, Question, {before.code: question.code})
        self.stored = question

    @staticmethod
    def _check_columns(before, question):
        """Codes of columns that are gone must not be read any more."""
        then, now = (
            {column.get("code") for column in row.config.get("columns") or [] if isinstance(column, dict)}
            for row in (before, question)
        )
        if then - now:
            renaming.check_columns(before, then - now)
