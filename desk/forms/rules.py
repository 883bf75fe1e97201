"""Eligibility rules: from a template with its parameters, or written freely; and trying one out."""

from decimal import Decimal
from types import SimpleNamespace

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.kinds import OrganisationKind
from accounts.models import Organisation
from applications.models import Application
from core import expressions
from desk import renaming
from desk.forms.base import CODE, PartForm, remembered
from desk.forms.widgets import Day, ParamsField, WordsField, formula, short_text
from desk.packs.context import known, known_of_demand
from desk.parts import next_code
from desk.rule_templates import Param, ParamKind, RuleTemplate
from desk.rule_templates.kind import default_of
from grants.models import Automation, Call, CheckMoment, EligibilityRule, check_rule_code
from grants.rules import DEMAND, LATER, later_faults


def question_codes(call: Call) -> list[str]:
    return remembered(call, "codes", lambda: list(call.questions.values_list("code", flat=True)))


def check_formula(form, name: str, *, codes, params=(), more=None) -> None:
    """Syntax, names and functions of a CEL field; the fault becomes the field's error.

    `more`: variables beside those of any rule.
    """
    text = (form.cleaned_data.get(name) or "").strip()
    if not text:
        return
    try:
        of_demand = isinstance(params, dict) and params.get("applies_to") == DEMAND
        names = (known_of_demand if of_demand else known)(codes, params) | (more or {})
        expression = expressions.check(text, names)
    except expressions.ExpressionError as fault:
        form.add_error(name, fault.message)
        return
    for path in sorted(expression.paths):
        if path[:2] == ("project", "answers") and path[2:] and path[2] not in codes:
            form.add_error(name, _("表单里没有代码为“%(code)s”的题目。") % {"code": path[2]})


class RuleForm(PartForm):
    """A clause as one row. What the machine cannot judge has no expression."""

    layout = (
        (("text", 12),),
        (("clause", 4), ("scope", 4), ("project_type", 4)),
        (("automation", 6), ("severity", 6)),
        (("moment", 6), ("is_certified", 6)),
        (("asks_file", 6), ("asks_file_en", 6)),
        (("expression", 12),),
        (("params", 6), ("applies_when", 6)),
        (("hint", 12),),
        (("as_of", 4), ("at_decision", 4), ("code", 4)),
        (("text_en", 12),),
        (("hint_en", 12),),
    )
    code_prefix = "R"
    params = ParamsField(
        label=gettext_lazy("参数"),
        widget=formula(3),
        help_text=gettext_lazy("每行一个“名称 = 值”，公式里写 params.名称；文字写在引号里"),
    )

    class Meta:
        model = EligibilityRule
        fields = (
            "text",
            "clause",
            "scope",
            "automation",
            "severity",
            "moment",
            "is_certified",
            "asks_file",
            "asks_file_en",
            "expression",
            "params",
            "applies_when",
            "hint",
            "project_type",
            "as_of",
            "at_decision",
            "code",
            "text_en",
            "hint_en",
        )
        widgets = {
            "text": short_text(2),
            "text_en": short_text(2),
            "hint_en": short_text(1),
            "hint": short_text(1),
            "expression": formula(3),
            "applies_when": formula(3),
            "as_of": Day(),
        }
        labels = {"expression": gettext_lazy("公式（CEL）：符合条件时为真")}
        help_texts = {
            "text": gettext_lazy("照通知原文"),
            "clause": gettext_lazy("例如：第三条"),
            "hint": gettext_lazy("申报人不符合时看到的话：哪里不符、怎么办"),
            "applies_when": gettext_lazy("只对部分申报适用时填写；留空对全部适用"),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["moment"].required = False

    def clean_moment(self):
        return self.cleaned_data["moment"] or CheckMoment.APPLICATION

    def clean_code(self):
        code = super().clean_code() or self._free_code()
        check_rule_code(code)
        return code

    def _free_code(self):
        others = self.call.rules.exclude(pk=self.instance.pk)
        return next_code(self.code_prefix, set(others.values_list("code", flat=True)))

    def clean(self):
        data = super().clean()
        codes, params = question_codes(self.call), data.get("params") or {}
        later = LATER if data.get("moment", CheckMoment.APPLICATION) != CheckMoment.APPLICATION else None
        for name in ("expression", "applies_when"):
            check_formula(self, name, codes=codes, params=params, more=later)
        self._check_later(data, params)
        if (
            data.get("automation") == Automation.AUTO
            and not data.get("expression")
            and not data.get("is_certified")
        ):
            self.add_error("expression", _("自动判断的条件必须有公式。"))
        if data.get("automation") and data["automation"] != Automation.AUTO and data.get("expression"):
            self.add_error("expression", _("只有“自动判断”的条件才写公式。"))
        same = self.call.rules.filter(code=data.get("code"), project_type=data.get("project_type"))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("code", _("代码“%(code)s”已经用过。") % {"code": data.get("code")})
        return data

    def _check_later(self, data, params) -> None:
        """Whether the step exists at which it is judged is asked of the whole notice."""
        said = SimpleNamespace(**{"severity": "", "automation": "", "moment": "", **data, "params": params})
        if said.moment:
            for field, message in later_faults(said, stages=None, gives_money=True):
                self.add_error(field, message)

    def store(self):
        if self.instance.pk and "code" in self.changed_data and self.initial.get("code"):
            renaming.check_rule(self.instance, self.initial["code"])
        super().store()


# ---- templates ----


def field_of(param: Param, call: Call) -> forms.Field:
    """The field that asks for a parameter, with its default for the call's year."""
    common = {"label": param.words(), "initial": default_of(param, call.year)}
    match param.kind:
        case ParamKind.DATE:
            return forms.DateField(widget=Day(), **common)
        case ParamKind.WHOLE:
            return forms.IntegerField(min_value=0, **common)
        case ParamKind.NUMBER | ParamKind.WAN:
            return forms.DecimalField(min_value=0, **common)
        case ParamKind.PERCENT:
            return forms.DecimalField(min_value=0, max_value=1000, **common)
        case ParamKind.TEXTS:
            return WordsField(required=True, **common)
        case ParamKind.KINDS:
            return forms.MultipleChoiceField(
                choices=OrganisationKind, widget=forms.CheckboxSelectMultiple, **common
            )
        case ParamKind.QUESTION:
            questions = remembered(call, "questions", lambda: list(call.questions.all()))
            wanted = [q for q in questions if not param.question_kinds or q.kind in param.question_kinds]
            return forms.ChoiceField(
                choices=[("", "—"), *((q.code, q.label) for q in wanted)],
                help_text="" if wanted else _("申报表里还没有这类题目，请先添加。"),
                **common,
            )
        case ParamKind.CATEGORY:
            categories = remembered(call, "categories", lambda: list(call.budget_categories.all()))
            return forms.ChoiceField(choices=[("", "—"), *((c.code, c.name) for c in categories)], **common)
    return forms.CharField(max_length=200, **common)


class TemplateForm(forms.Form):
    """What a template leaves open, the clause and for whom; `rule()` is the rule that comes of it."""

    clause = forms.CharField(
        label=gettext_lazy("条款"), max_length=60, help_text=gettext_lazy("例如：第三条")
    )
    project_type = forms.ModelChoiceField(
        label=gettext_lazy("项目类别"), queryset=None, required=False, empty_label=gettext_lazy("各类别共用")
    )
    code = forms.CharField(
        label=gettext_lazy("代码"), max_length=50, required=False, help_text=gettext_lazy("留空自动编号")
    )

    def __init__(self, *args, template: RuleTemplate, call: Call, **kwargs):
        self.template, self.call = template, call
        super().__init__(*args, **kwargs)
        own = dict(self.fields)
        self.fields.clear()
        for param in template.params:
            self.fields[f"p_{param.name}"] = field_of(param, call)
        self.fields.update(own)
        self.fields["project_type"].queryset = call.types.all()

    def clean_code(self):
        code = self.cleaned_data["code"]
        if code and not CODE.fullmatch(code):
            raise ValidationError(_("只用拉丁字母、数字和下划线，以字母开头。"))
        taken = set(self.call.rules.values_list("code", flat=True))
        if code in taken:
            raise ValidationError(_("代码“%(code)s”已经用过。") % {"code": code})
        check_rule_code(code)
        return code or next_code(RuleForm.code_prefix, taken)

    def values(self) -> dict:
        return {param.name: self.cleaned_data[f"p_{param.name}"] for param in self.template.params}

    def rule(self) -> EligibilityRule:
        """Unsaved, at the end of the call's rules."""
        labels = {
            q.code: q.label
            for q in remembered(self.call, "questions", lambda: list(self.call.questions.all()))
        }
        labels |= dict(self.call.budget_categories.values_list("code", "name"))
        last = self.call.rules.order_by("-order").first()
        return EligibilityRule(
            call=self.call,
            order=(last.order if last else 0) + 1,
            code=self.cleaned_data["code"],
            clause=self.cleaned_data["clause"],
            project_type=self.cleaned_data["project_type"],
            **self.template.fill(self.values(), labels),
        )


class TrialForm(forms.Form):
    """On whom to try a rule: a unit, and if wanted one of its applications."""

    organisation = forms.CharField(
        label=gettext_lazy("单位"),
        required=False,
        help_text=gettext_lazy("单位名称或统一社会信用代码"),
        widget=forms.TextInput(attrs={"list": "desk-units", "autocomplete": "off"}),
    )
    application = forms.CharField(
        label=gettext_lazy("或一份申报书"), required=False, help_text=gettext_lazy("受理编号，用它填写的内容")
    )

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)

    def clean(self):
        data = self.cleaned_data
        number, name = data.get("application", "").strip(), data.get("organisation", "").strip()
        if number:
            found = Application.objects.visible_to(self.user).filter(number=number).first()
            if not found:
                self.add_error("application", _("没有受理编号为“%(number)s”的申报书。") % {"number": number})
            data["application"] = found
            data["organisation"] = found.organisation if found else None
            return data
        data["application"] = None
        if not name:
            self.add_error("organisation", _("请填写单位或申报书。"))
            return data
        units = Organisation.objects.filter(credit_code=name.upper()) | Organisation.objects.filter(name=name)
        unit = units.first() or Organisation.objects.filter(name__contains=name).order_by("name").first()
        if not unit:
            self.add_error("organisation", _("没有找到“%(name)s”。") % {"name": name})
        data["organisation"] = unit
        return data


def decimal_text(value: Decimal) -> str:
    return f"{value.normalize():f}"
