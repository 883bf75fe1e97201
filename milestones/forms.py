"""Handing evidence in, the demand side's opinion, the officer's conclusion."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from applications import completeness, questions
from applications.fields import DayField, LimitedText, MoneyField
from applications.forms.asked import AskedForm
from applications.questions import localised
from core.money import ZERO
from core.sent import number
from milestones import accepting, actions, queries
from milestones.models import Acceptance, DemanderOpinion, Kind, Termination
from milestones.rules import LONGEST_VALUE, MAX_SPENT

LONG = 4000
GRADE = "grade-"
"""Before the code of a conclusion of the notice, among the plain outcomes."""
MANY_FILES = 20


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, as a list. What they hold is checked when they are stored."""

    widget = FilesInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"})

    def clean(self, data, initial=None):
        files = data if isinstance(data, (list, tuple)) else [data]
        if not self.required and not any(files):
            return []
        files = [super(FilesField, self).clean(file, initial) for file in files]
        if len(files) > MANY_FILES:
            raise forms.ValidationError(_("一次最多上传 %(limit)s 个文件。"), params={"limit": MANY_FILES})
        return files


class HandInForm(forms.Form):
    text = LimitedText(
        label=_("完成情况"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("对照计划交付物逐项说明，不超过 4000 字。"),
    )
    spent_amount = MoneyField(
        label=_("已支出（万元）"),
        min_value=ZERO,
        max_value=MAX_SPENT - 1,
        help_text=_("自项目开始累计支出，含自筹，最多六位小数。"),
    )
    files = FilesField(
        label=_("证明材料"),
        help_text=_("PDF、Word、Excel、PNG 或 JPEG，可多选；检测报告、用户证明、照片等。"),
        error_messages={"required": _("请至少上传一份证明材料。")},
    )

    def __init__(self, *args, indicators, needs_files=True, pledge="", **kwargs):
        """`pledge`: what the unit's administrator ticks, where the notice asks for the unit's check."""
        super().__init__(*args, **kwargs)
        self.indicators = indicators
        self.fields["files"].required = needs_files
        if not needs_files:
            self.fields["text"].help_text = _("本年度工作的总体情况，不超过 4000 字；其余在材料表单中填写。")
        tail = {name: self.fields.pop(name) for name in ("spent_amount", "files")}
        for indicator in indicators:
            self.fields[f"value_{indicator.pk}"] = LimitedText(
                label=indicator.name, max_length=LONGEST_VALUE, help_text=self.target_of(indicator)
            )
        self.fields.update(tail)
        if pledge:
            missing = {"required": _("请勾选单位审核承诺。")}
            self.fields["pledged"] = forms.BooleanField(label=pledge, error_messages=missing)

    @staticmethod
    def target_of(indicator) -> str:
        return _("目标：%(target)s %(unit)s") % {"target": indicator.target, "unit": indicator.unit}

    def handed_in(self) -> dict:
        """What `actions.hand_in` takes."""
        data = self.cleaned_data
        return {
            "text": data["text"],
            "values": {str(i.pk): data[f"value_{i.pk}"] for i in self.indicators},
            "spent_amount": data["spent_amount"],
            "files": data["files"],
            "pledged": data.get("pledged", False),
        }


class OpinionForm(forms.Form):
    opinion = forms.ChoiceField(
        label=_("意见"), choices=DemanderOpinion.Choice.choices, widget=forms.RadioSelect
    )
    text = LimitedText(
        label=_("说明"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("有条件同意或不同意时必须写明条件或理由。意见提交后不能修改。"),
    )


class ConclusionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=Acceptance.Outcome.choices, widget=forms.RadioSelect)
    deviation = LimitedText(
        label=_("另定结论的理由"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("结论与通知的规则不同的，必须写明。"),
    )
    note = LimitedText(
        label=_("意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("退回或不通过时必须写明理由；项目单位会看到。"),
    )

    def about(self, milestone) -> None:
        """Only the conclusions that the rules allow for this kind of milestone, or those of the notice."""
        self.grades = {}
        report, scheme = queries.latest_report(milestone), accepting.scheme_of(milestone)
        if scheme is not None and report is not None:
            self._of_notice(scheme, accepting.proposed(scheme, report))
            return
        del self.fields["deviation"]
        if milestone.kind == Kind.ANNUAL:
            failed = Acceptance.Outcome.FAILED
            allowed = [choice for choice in Acceptance.Outcome.choices if choice[0] != failed]
            self.fields["outcome"].choices = allowed

    def _of_notice(self, scheme, found) -> None:
        grades = accepting.grades_of(scheme)
        self.grades = {f"{GRADE}{row.code}": row.code for row in grades}
        said = _("%(grade)s（%(follows)s）")
        named = [
            (
                f"{GRADE}{row.code}",
                said % {"grade": localised(row, "name"), "follows": accepting.follows(row)},
            )
            for row in grades
        ]
        returned = Acceptance.Outcome.RETURNED
        self.fields["outcome"].choices = [*named, (returned.value, returned.label)]
        self.fields["outcome"].help_text = found.sentence
        if found.grade:
            self.initial |= {"outcome": f"{GRADE}{found.grade.code}"}

    def clean(self):
        """A conclusion of the notice is its code; what comes of it follows from the notice."""
        data = super().clean()
        if code := self.grades.get(data.get("outcome")):
            data |= {"outcome": "", "grade": code}
        return data


class HearingForm(forms.Form):
    """What a panel made of a hand-in; its people stand in rows below (`PanellistForm`)."""

    held_date = DayField(label=_("验收日期"))
    opinion = LimitedText(
        label=_("验收意见"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("项目单位会看到；专家各自的评分不给项目单位看。"),
    )
    file = forms.FileField(
        label=_("专家签字的验收意见"),
        help_text=_("扫描件，PDF 或图片。"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        error_messages={"required": _("请上传专家签字的验收意见。")},
    )


class PanellistForm(forms.Form):
    """One expert: a column for each criterion, or one score where the notice names none."""

    name = LimitedText(label=_("姓名"), max_length=60, required=False)
    organisation_name = LimitedText(label=_("单位"), max_length=120, required=False)
    title = LimitedText(label=_("职称"), max_length=60, required=False)

    def __init__(self, *args, marks, **kwargs):
        """`marks`: {criterion code ("" for the one score): (label, most)}."""
        super().__init__(*args, **kwargs)
        self.marks = {f"score_{code}": code for code in marks}
        for code, (label, most) in marks.items():
            self.fields[f"score_{code}"] = forms.DecimalField(
                label=label, min_value=0, max_value=most, max_digits=6, decimal_places=2, required=False
            )
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label

    def clean(self):
        data = super().clean()
        if any(value not in (None, "") for value in data.values()):
            for name in ("name", "organisation_name"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("必填。"))
        return data

    def person(self) -> dict | None:
        """What `actions.book` takes; None for a row left empty."""
        data = self.cleaned_data
        if not data.get("name"):
            return None
        scores = {code: data[name] for name, code in self.marks.items() if data[name] is not None}
        return {name: data[name] for name in ("name", "organisation_name", "title")} | {"scores": scores}


class ReasonForm(forms.Form):
    note = LimitedText(label=_("理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 5}))


class ExtensionForm(forms.Form):
    """A later end, why, and which milestones move with it."""

    ends_date = DayField(label=_("新的结束日期"))
    reason = LimitedText(
        label=_("延期理由"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("写明不能按期完成的原因、已完成的工作和后续安排，不超过 4000 字。"),
    )

    def __init__(self, *args, agreement, milestones, latest, **kwargs):
        super().__init__(*args, **kwargs)
        self.milestones = milestones
        self.fields["ends_date"].help_text = _("现在是 %(old)s，最晚可延至 %(latest)s。") % {
            "old": agreement.ends_date,
            "latest": latest,
        }
        for milestone in milestones:
            self.fields[f"shift_{milestone.pk}"] = DayField(
                label=_("“%(name)s”调整为") % {"name": milestone.name},
                required=False,
                help_text=_("现在是 %(date)s；不调整请留空。") % {"date": milestone.due_date},
            )

    def asked(self) -> dict:
        """What `actions.ask` takes; a day left as it is moves nothing."""
        data = self.cleaned_data
        days = {m.pk: data[f"shift_{m.pk}"] for m in self.milestones}
        planned = {m.pk: m.due_date for m in self.milestones}
        return {
            "ends_date": data["ends_date"],
            "reason": data["reason"],
            "shifts": {pk: day for pk, day in days.items() if day and day != planned[pk]},
        }


class TerminationForm(forms.Form):
    """Why a project should end before its time. Its officers also say how and on which ground."""

    end = forms.ChoiceField(
        label=_("方式"),
        choices=Termination.End.choices,
        widget=forms.RadioSelect,
        initial=Termination.End.TERMINATED,
        help_text=_("撤销用于项目单位有过错的；申报条件对两者可以规定不同的限制期。"),
    )
    ground = forms.ChoiceField(label=_("事由"), widget=forms.RadioSelect)
    reason = LimitedText(label=_("终止理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 6}))
    files = FilesField(
        label=_("说明材料"), help_text=_("PDF、Word、Excel、PNG 或 JPEG，可多选；经费使用情况、会议纪要等。")
    )

    def __init__(self, *args, by_office, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["files"].required = not by_office
        if by_office:
            asked = Termination.Ground.REQUEST
            self.fields["ground"].choices = [c for c in Termination.Ground.choices if c[0] != asked]
            return
        del self.fields["end"], self.fields["ground"]
        self.fields["reason"].help_text = _(
            "写明不能继续的原因、已完成的工作和经费使用情况，不超过 4000 字。"
        )

    def asked(self) -> dict:
        """What `actions.ask_termination` takes; a project can only ask for one thing."""
        fixed = {"end": Termination.End.TERMINATED, "ground": Termination.Ground.REQUEST}
        return fixed | self.cleaned_data


class TerminationDecisionForm(forms.Form):
    opinion = LimitedText(
        label=_("决定理由"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写入送达项目单位的决定。"),
    )
    clause = forms.CharField(label=_("依据条款"), max_length=120, help_text=_("例如：任务书第十条。"))

    def about(self, termination) -> None:
        self.fields["clause"].initial = termination.agreement.award.application.call.termination_clause


class TerminationRefusalForm(forms.Form):
    opinion = LimitedText(
        label=_("不同意的理由"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("提出的一方会看到。"),
    )


class UnitReviewForm(forms.Form):
    opinion = LimitedText(
        label=_("单位审核意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("退回时必须写明理由；团队和主管处室会看到。"),
    )


class OpinionOfOfficeForm(forms.Form):
    opinion = LimitedText(
        label=_("审批意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("不同意时必须写明理由；项目单位会看到。"),
    )


class ReportForm(AskedForm):
    """The call's own questions about a milestone."""

    def __init__(self, milestone, data=None, *, files=None, only=None):
        self.milestone, self.only = milestone, only
        self.stored = queries.form_answers(milestone)
        super().__init__(queries.form_questions(milestone), self.stored, data, files)

    def save(self, *, by, at) -> dict[str, list[str]]:
        """{input name: [sentences]} for what is not right yet. Raises Refused."""
        typed = self.form.all_typed(self.only)
        faults = actions.save_form(milestone=self.milestone, answers=typed, by=by, at=at)
        for code, sentences in self.attach(by=by, at=at).items():
            faults.setdefault(code, []).extend(sentences)
        self.form.say(faults)
        self.stored = queries.form_answers(self.milestone)
        return {self.form.add_prefix(code): words for code, words in faults.items()}

    def attach_one(self, question, file, *, by, at) -> None:
        actions.attach(milestone=self.milestone, question=question, file=file, name=file.name, by=by, at=at)

    def detach(self, sent: str, *, by, at) -> None:
        """Take the file "code:key" out of its answer; anything else changes nothing."""
        code, _colon, key = sent.partition(":")
        question = next((q for q in self.questions if q.code == code), None)
        if question is not None and questions.files_of(self.stored.get(code)):
            document = number(key) or None
            actions.detach(milestone=self.milestone, question=question, document=document, by=by, at=at)

    def shown_codes(self) -> set[str]:
        conditional = any(question.visible_when.strip() for question in self.questions)
        context = queries.form_context(self.milestone, self.stored) if conditional else {}
        return completeness.visible_codes(self.questions, context)

    def documents(self) -> dict:
        return queries.form_documents(self.milestone)

    def upload_url(self, code: str) -> str:
        return reverse("milestones:upload", args=[self.milestone.pk, code])
