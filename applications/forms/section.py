"""A section of the call's own questions."""

from django import forms

from applications import actions, completeness, queries, questions
from applications.forms.part import Part
from core.workflow import Refused
from grants.models import QuestionKind


class SectionForm(forms.Form):
    """The questions of one section; each field is named for its question's code."""

    prefix = "a"

    def __init__(self, *args, questions_, **kwargs):
        super().__init__(*args, prefix=self.prefix, **kwargs)
        self.questions = {question.code: question for question in questions_}
        for code, question in self.questions.items():
            self.fields[code] = questions.field_of(question)

    def typed(self, code):
        return self.fields[code].widget.value_from_datadict(self.data, self.files, self.add_prefix(code))


class Section(Part):
    """Answers are stored one by one, so there is nothing to keep beside them."""

    template = "applications/parts/section.html"

    def __init__(self, application, data=None, *, section, **kwargs):
        self.section = section
        self.name = section.code
        self.questions = list(section.questions.order_by("order"))
        super().__init__(application, data, **kwargs)

    def build(self, data):
        self.stored = queries.stored_answers(self.application)
        initial = {q.code: questions.to_input(q, self.stored.get(q.code)) for q in self.questions}
        form = SectionForm(data, self.files, initial=initial, questions_=self.questions)
        if data is None:
            self.show_faults(form)
        return form

    def show_faults(self, form):
        """What was typed before and cannot be read is shown with its sentence."""
        found = {
            q.code: questions.faults(q, self.stored[q.code], required=False)
            for q in self.questions
            if q.code in self.stored and questions.is_typed(self.stored[q.code])
        }
        form._errors = forms.utils.ErrorDict({code: form.error_class(words) for code, words in found.items()})

    def save(self, *, by, at):
        typed = {}
        for question in self.questions:
            if question.kind == QuestionKind.ATTACHMENT:
                continue
            if self.only is None or question.code in self.only:
                typed[question.code] = self.form.typed(question.code)
        faults = actions.save_answers(application=self.application, answers=typed, by=by, at=at)
        faults |= self._attach(by=by, at=at)
        self.form._errors = forms.utils.ErrorDict(
            {code: self.form.error_class(words) for code, words in faults.items()}
        )
        self.stored = queries.stored_answers(self.application)
        return {self.form.add_prefix(code): words for code, words in faults.items()}

    def _attach(self, *, by, at):
        faults = {}
        for question in self.questions:
            file = (self.files or {}).get(self.form.add_prefix(question.code))
            if question.kind != QuestionKind.ATTACHMENT or not file:
                continue
            try:
                actions.attach(
                    application=self.application, question=question, file=file, name=file.name, by=by, at=at
                )
            except Refused as refused:
                faults[question.code] = [refused.message]
        return faults

    def shown_codes(self) -> set[str]:
        """Questions of this section whose condition holds now."""
        conditional = any(question.visible_when.strip() for question in self.questions)
        context = queries.context(self.application) if conditional else {}
        return completeness.visible_codes(self.application, self.questions, context)

    def context(self):
        shown, documents = self.shown_codes(), queries.latest_documents(self.application)
        rows = []
        for question in self.questions:
            answer = self.stored.get(question.code)
            attached = isinstance(answer, dict) and "document" in answer
            rows.append(
                {
                    "question": question,
                    "field": self.form[question.code],
                    "is_shown": question.code in shown,
                    "unit": question.config.get("unit", ""),
                    "limit": getattr(self.form.fields[question.code], "max_length", None),
                    "document": documents.get(question.code) if attached else None,
                    "endings": questions.endings_of(question),
                }
            )
        return {"section": self.section, "rows": rows}
