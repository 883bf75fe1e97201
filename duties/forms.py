"""A duty's form, its list's filters, and what whoever accepts it writes."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from applications import questions
from applications.fields import LimitedText
from applications.forms.asked import AskedForm
from core.filtering import Filter
from core.sent import number
from duties import actions, queries
from duties.models import Duty, HandIn
from duties.states import DutyState
from grants.models import QuestionKind

LONG = 2000
OWED = "owed"


class DutyFilter(Filter):
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[
            ("", _("全部状态")),
            (OWED, _("待办理")),
            *((value, label) for value, label in DutyState.choices if value != DutyState.CANCELLED),
        ],
    )


class DutyForm(AskedForm):
    """The questions of one duty."""

    def __init__(self, duty: Duty, data=None, *, files=None, only=None):
        self.duty, self.only = duty, only
        self.stored = duty.answers
        super().__init__(queries.questions_of(duty), self.stored, data, files)

    def save(self, *, by, at) -> dict[str, list[str]]:
        """{input name: [sentences]} for what is not right yet. Raises Refused."""
        faults = actions.save(duty=self.duty, answers=self.form.all_typed(self.only), by=by, at=at)
        for code, sentences in self.attach(by=by, at=at).items():
            faults.setdefault(code, []).extend(sentences)
        self.form.say(faults)
        self.refresh()
        return {self.form.add_prefix(code): words for code, words in faults.items()}

    def refresh(self) -> None:
        self.duty.refresh_from_db(fields=["answers", "saved_at"])
        self.stored = self.duty.answers

    def attachment(self, code: str):
        """The question of this code that takes files, or None."""
        wanted = (code, QuestionKind.ATTACHMENT)
        return next((q for q in self.questions if (q.code, q.kind) == wanted), None)

    def attach_one(self, question, file, *, by, at) -> None:
        actions.attach(duty=self.duty, question=question, file=file, name=file.name, by=by, at=at)

    def detach(self, sent: str, *, by, at) -> None:
        """Take the file "code:key" out of its answer; anything else changes nothing."""
        code, _colon, key = sent.partition(":")
        question = self.attachment(code)
        if question is not None and questions.files_of(self.stored.get(code)):
            document = number(key) or None
            actions.detach(duty=self.duty, question=question, document=document, by=by, at=at)

    def shown_codes(self) -> set[str]:
        return queries.shown_codes(self.duty, self.questions)

    def documents(self) -> dict:
        return queries.documents_of(self.duty)

    def upload_url(self, code: str) -> str:
        return reverse("duties:upload", args=[self.duty.pk, code])


class ConclusionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("审核结论"), choices=HandIn.Outcome.choices, widget=forms.RadioSelect)
    note = LimitedText(
        label=_("审核意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("退回补充时必须写明理由；办理人会看到。"),
    )


class WaiverForm(forms.Form):
    note = LimitedText(label=_("理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 4}))
