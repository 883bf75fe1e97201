"""The bureau's table of a claim: a verdict for each row."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.actions import Verdict
from applications.actions.claiming import version_of
from applications.fields import MoneyField
from applications.models import ClaimLine, RowResult
from core.money import wan_number


class LineForm(forms.Form):
    """One row. Nothing chosen: not decided yet."""

    result = forms.ChoiceField(
        label=_("结论"), choices=[("", _("待核定")), *RowResult.choices], required=False
    )
    approved = MoneyField(label=_("核定金额（万元）"), required=False)
    reason = forms.CharField(label=_("理由"), required=False, max_length=500)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def __init__(self, *args, line: ClaimLine, **kwargs):
        self.line = line
        initial = {"result": line.result, "reason": line.reason, "seen": version_of(line)}
        if line.result == RowResult.REDUCED:
            initial["approved"] = wan_number(line.approved)
        super().__init__(*args, prefix=str(line.number), initial=initial, **kwargs)

    def verdict(self) -> Verdict:
        data = self.cleaned_data
        return Verdict(data["result"], data["reason"], data["approved"])


class ClaimForm:
    """All rows of a claim; only those with a conclusion are sent on."""

    def __init__(self, lines: list[ClaimLine], data=None):
        self.lines = [LineForm(data, line=line) for line in lines]

    def is_valid(self) -> bool:
        # Every row is asked, so that all faults are shown at once.
        return all([line.is_valid() for line in self.lines])  # noqa: C419

    def verdicts(self) -> dict[int, Verdict]:
        return {row.line.number: row.verdict() for row in self.lines if row.cleaned_data["result"]}

    def seen(self) -> dict[int, str]:
        return {row.line.number: row.cleaned_data["seen"] for row in self.lines}

    def add_error(self, name: str, message: str) -> bool:
        """Show a refusal at its row ("3-reason"); whether there is such a place."""
        number, _dash, field = name.partition("-")
        for row in self.lines:
            if str(row.line.number) == number and field in row.fields:
                row.add_error(field, message)
                return True
        return False
