"""The score sheet, the buttons of panel and desk, and the demander's choice."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CreditCodeForm
from accounts.models import Organisation
from applications.fields import MoneyField, PlainNumberField
from reviews import queries, rules
from reviews.models import Assignment, ConflictKind, Expert, Recommendation, Review

LONG = 4000


class ScoreSheetForm(forms.Form):
    """One field per criterion, the words, the money. Nothing is required: a sheet is saved as it stands."""

    def __init__(self, *args, assignment: Assignment, **kwargs):
        self.assignment = assignment
        self.criteria = queries.criteria_of(assignment.application.call)
        kwargs.setdefault("initial", self._stored())
        super().__init__(*args, **kwargs)
        for criterion in self.criteria:
            self.fields[f"score_{criterion.pk}"] = PlainNumberField(
                label=criterion.name,
                required=False,
                min_value=0,
                max_value=criterion.max_score,
                max_digits=5,
                decimal_places=2,
                help_text=criterion.help,
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "autocomplete": "off",
                        "data-weight": f"{criterion.weight.normalize():f}",
                        "data-max": f"{criterion.max_score.normalize():f}",
                    }
                ),
            )
        self.fields["recommendation"] = forms.ChoiceField(
            label=_("结论"), required=False, choices=Recommendation.choices, widget=forms.RadioSelect
        )
        self.fields["suggested_amount"] = MoneyField(
            label=_("建议资助额（万元）"),
            required=False,
            min_value=Decimal(0),
            max_value=rules.amount_limit(assignment.application),
        )
        self.fields["comment"] = forms.CharField(
            label=_("评审意见"),
            required=False,
            max_length=LONG,
            widget=forms.Textarea(attrs={"rows": 8}),
        )

    def _stored(self) -> dict:
        review = Review.objects.filter(assignment=self.assignment).first()
        if review is None:
            return {}
        initial = {
            "recommendation": review.recommendation,
            "comment": review.comment,
            "suggested_amount": review.suggested_amount,
        }
        for score in review.scores.all():
            initial[f"score_{score.criterion_id}"] = f"{score.value.normalize():f}"
        return initial

    def score_rows(self):
        """(criterion, bound field) for the table of the sheet."""
        return [(criterion, self[f"score_{criterion.pk}"]) for criterion in self.criteria]

    def sheet(self) -> dict:
        """What the actions take, of the fields that could be read."""
        data = self.cleaned_data
        found = {criterion.pk: data.get(f"score_{criterion.pk}") for criterion in self.criteria}
        return {
            "scores": {pk: value for pk, value in found.items() if value is not None},
            "comment": data.get("comment", ""),
            "recommendation": data.get("recommendation", ""),
            "suggested_amount": data.get("suggested_amount"),
        }


class PledgeForm(forms.Form):
    pledge = forms.BooleanField(
        label=_("我承诺：对评审内容保密，不与项目有利益关系，独立客观评审。"), required=False
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))


class DeclareForm(forms.Form):
    note = forms.CharField(
        label=_("与项目或单位的关系"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class ConflictForm(forms.Form):
    """A conflict that cannot be computed."""

    expert = forms.ModelChoiceField(label=_("专家"), queryset=Expert.objects.none())
    kind = forms.ChoiceField(
        label=_("情形"),
        choices=[
            (ConflictKind.AVOID.value, ConflictKind.AVOID.label),
            (ConflictKind.DECLARED.value, ConflictKind.DECLARED.label),
            (ConflictKind.RELATED_UNIT.value, ConflictKind.RELATED_UNIT.label),
        ],
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["expert"].queryset = Expert.objects.select_related("user").order_by("user__name")


class RecordForm(forms.Form):
    """What the library holds of an expert; the unit is named by its code, for conflicts follow from it."""

    field = forms.CharField(label=_("专业领域"), max_length=120)
    title = forms.CharField(label=_("职称"), max_length=60, required=False)
    credit_code = forms.CharField(label=_("所在单位的统一社会信用代码"), max_length=40)

    def __init__(self, *args, expert: Expert, **kwargs):
        unit = expert.organisation
        kept = {"field": expert.field, "title": expert.title, "credit_code": unit.credit_code}
        super().__init__(*args, initial=kept, **kwargs)
        self.fields["credit_code"].help_text = _("现为 %(unit)s。换了单位的请改写，回避关系按此核对") % {
            "unit": unit.name
        }

    def clean_credit_code(self):
        code = CreditCodeForm.clean_credit_code(self)
        self.organisation = Organisation.objects.filter(credit_code=code).first()
        if self.organisation is None:
            raise forms.ValidationError(_("平台上没有这个代码的单位，请先由单位登记。"))
        return code

    def told(self) -> dict:
        """What the action takes."""
        data = self.cleaned_data
        return {"field": data["field"], "title": data["title"], "organisation": self.organisation}


class CandidateFilter(forms.Form):
    q = forms.CharField(label=_("姓名、领域或单位"), required=False, max_length=60)

    def chosen(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("q", "")


class ChoiceForm(forms.Form):
    """One bid or none, with the reason."""

    NONE = "none"

    choice = forms.ChoiceField(label=_("选择"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, bids, **kwargs):
        super().__init__(*args, **kwargs)
        self.bids = {str(bid.pk): bid for bid in bids}
        self.fields["choice"].choices = [
            *((pk, f"{bid.number} {bid.organisation}") for pk, bid in self.bids.items()),
            (self.NONE, _("均不选定")),
        ]

    def chosen(self):
        """The bid, or None for none of them."""
        return self.bids.get(self.cleaned_data["choice"])
