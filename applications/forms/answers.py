"""The questions of a form as fields, and what a page shows of each: for applications and reports alike."""

from django import forms

from applications import questions
from grants.models import QuestionKind


class AnswersForm(forms.Form):
    """Some questions; each field is named for its question's code, and none is ever required."""

    prefix = "a"

    def __init__(self, *args, questions_, **kwargs):
        super().__init__(*args, prefix=self.prefix, **kwargs)
        self.questions = {question.code: question for question in questions_}
        for code, question in self.questions.items():
            self.fields[code] = questions.field_of(question)

    def typed(self, code):
        return self.fields[code].widget.value_from_datadict(self.data, self.files, self.add_prefix(code))

    def all_typed(self, only=None) -> dict:
        """Code → what was typed, of the questions that a form's fields answer."""
        return {
            code: self.typed(code)
            for code, question in self.questions.items()
            if question.kind not in questions.NOT_SAVED and (only is None or code in only)
        }

    def sent_files(self) -> list[tuple]:
        """(question, file) for everything that was uploaded."""
        found = []
        for code, question in self.questions.items():
            if question.kind == QuestionKind.ATTACHMENT and self.files:
                found += [(question, file) for file in self.files.getlist(self.add_prefix(code)) if file]
        return found

    def say(self, faults: dict[str, list[str]]) -> None:
        """Show these sentences at their fields, whatever the fields themselves would say."""
        self._errors = forms.utils.ErrorDict(
            {code: self.error_class(words) for code, words in faults.items() if code in self.fields}
        )


def initial_of(asked, stored: dict) -> dict:
    return {question.code: questions.to_input(question, stored.get(question.code)) for question in asked}


def unreadable(asked, stored: dict) -> dict[str, list[str]]:
    """What was typed before and cannot be read, with its sentences."""
    return {
        question.code: questions.faults(question, stored[question.code], required=False)
        for question in asked
        if question.code in stored and questions.is_typed(stored[question.code])
    }


IN_FIELDSET = (
    QuestionKind.TABLE,
    QuestionKind.LIST,
    QuestionKind.INDICATORS,
    QuestionKind.SUBPROJECTS,
    QuestionKind.PERSON,
    QuestionKind.ORGANISATION,
)


def rows_of(form: AnswersForm, stored: dict, shown: set[str], documents: dict, upload_url) -> list[dict]:
    """One row of a page for each question.

    `documents` are those of the answers' files, by key; `upload_url(code)` is where a script sends one.
    """
    return [
        _row(form, question, stored.get(code), documents)
        | {"is_shown": code in shown, "upload_url": upload_url(code)}
        for code, question in form.questions.items()
    ]


ONE_INPUT = (forms.TextInput, forms.Textarea, forms.Select)
"""What a page shows as a label above one input."""


def _input(bound) -> str:
    """The input of a field in the classes of Bootstrap, "" of one that is made of several."""
    widget = bound.field.widget
    if not isinstance(widget, ONE_INPUT):
        return ""
    look = "form-select" if isinstance(widget, forms.Select) else "form-control"
    return bound.as_widget(attrs={"class": f"{look} is-invalid" if bound.errors else look})


def _row(form, question, answer, documents) -> dict:
    field, config = form.fields[question.code], question.config
    files, bound = questions.files_of(answer), form[question.code]
    return {
        "question": question,
        "field": bound,
        "input": _input(bound) if question.kind not in questions.NOT_SAVED else "",
        "is_grouped": question.kind in IN_FIELDSET or bool(config.get("multiple")),
        "unit": config.get("unit", "") if question.kind == QuestionKind.NUMBER else "",
        "limit": getattr(field, "max_words", None) or getattr(field, "max_length", None),
        "counts_words": bool(getattr(field, "max_words", None)),
        "text": questions.text(question, answer) if question.kind == QuestionKind.COMPUTED else "",
        "files": [{**file, "stored": documents.get(file["document"])} for file in files],
        "takes_many": questions.most_files(question) > 1,
        "endings": ",".join(f".{ending}" for ending in questions.endings_of(question)),
        "most_bytes": questions.most_bytes(question),
        "limits": questions.limits_of(question) if question.kind == QuestionKind.ATTACHMENT else "",
    }


def computed_texts(asked, stored: dict) -> dict[str, str]:
    """Element id → what a computed question shows now."""
    return {
        f"computed-{question.code}": questions.text(question, stored.get(question.code))
        for question in asked
        if question.kind == QuestionKind.COMPUTED
    }


def completed(form: AnswersForm, stored: dict) -> dict[str, str]:
    """Input name → text of the parts of units that were found in the register."""
    found = {}
    for code, question in form.questions.items():
        answer = stored.get(code)
        if question.kind == QuestionKind.ORGANISATION and isinstance(answer, dict):
            parts = {part: text for part, text in answer.items() if part != "typed"}
            found |= {f"{form.add_prefix(code)}-{part}": text for part, text in parts.items()}
    return found
