"""A section of the call's own questions."""

from django.urls import reverse
from django.utils import timezone

from applications import actions, completeness, queries, questions
from applications.forms.answers import AnswersForm, completed, computed_texts, initial_of, rows_of, unreadable
from applications.forms.part import Conflict, Part
from applications.questions import localised
from core.workflow import Refused


class Section(Part):
    """Answers are stored one by one, so there is nothing to keep beside them."""

    template = "applications/parts/section.html"

    def __init__(self, application, data=None, *, section, **kwargs):
        self.section = section
        self.name = section.code
        asked = queries.questions_of(application, section.form)
        self.questions = [question for question in asked if question.section_id == section.pk]
        super().__init__(application, data, **kwargs)

    def build(self, data):
        self.stored = queries.stored_answers(self.application)
        initial = initial_of(self.questions, self.stored)
        form = AnswersForm(data, self.files, initial=initial, questions_=self.questions)
        if data is None:
            form.say(unreadable(self.questions, self.stored))
        return form

    def save(self, *, by, at):
        typed = self.form.all_typed(self.only)
        written = actions.save_over(application=self.application, answers=typed, seen=self.seen, by=by, at=at)
        self.conflicts = {code: self._conflict(code, newer) for code, newer in written.conflicts.items()}
        self.stands = written.versions
        faults = written.faults | self._attach(by=by, at=at)
        self.form.say(faults)
        self.stored = queries.stored_answers(self.application)
        return {self.form.add_prefix(code): words for code, words in faults.items()}

    def store(self, *, by, at):
        """`save` has stored each answer by itself already."""

    def _conflict(self, code, newer) -> Conflict:
        question = self.form.questions[code]
        words = questions.text(question, newer.value)
        return Conflict(localised(question, "label"), words, {}, newer.by, newer.at)

    def theirs(self, code) -> dict:
        """The question as a page shows it with what stands there now."""
        asked = [self.form.questions[code]]
        form = AnswersForm(None, initial=initial_of(asked, self.stored), questions_=asked)
        documents = {row.pk: row for row in queries.latest_documents(self.application).values()}
        return rows_of(form, self.stored, {code}, documents, self._upload_url)[0]

    def versions(self):
        """Of what was sent, the versions that stand now; of a page, those of all its questions."""
        if self.is_sent:
            return self.stands
        return {
            question.code: queries.version_of(self.stored.get(question.code))
            for question in self.questions
            if question.kind not in questions.NOT_SAVED
        }

    def say_conflicts(self, sent):
        """The form shows what was sent already."""

    def _attach(self, *, by, at):
        faults = {}
        for question, file in self.form.sent_files():
            try:
                actions.attach(
                    application=self.application, question=question, file=file, name=file.name, by=by, at=at
                )
            except Refused as refused:
                faults.setdefault(question.code, []).append(refused.message)
        return faults

    def shown_codes(self, seen=None) -> set[str]:
        """Questions of this section whose condition holds now."""
        if seen is None and any(question.visible_when.strip() for question in self.questions):
            wanted = queries.counted_in(question.visible_when for question in self.questions)
            seen = queries.context(self.application, wanted=wanted)
        return completeness.visible_codes(self.questions, seen or {})

    def context(self, seen=None):
        documents = {row.pk: row for row in queries.latest_documents(self.application).values()}
        rows = rows_of(self.form, self.stored, self.shown_codes(seen), documents, self._upload_url)
        known = queries.recorded(self.application, self.questions, on=timezone.localdate())
        for row in rows:
            question = row["question"]
            if question.code in known:
                row["record"] = known[question.code]
                row["is_recorded"] = known[question.code].is_same(self.stored.get(question.code))
            if questions.is_rows(question) and questions.columns_of(question):
                row["import_url"] = reverse(
                    "applications:import_question", args=[self.application.pk, question.code]
                )
        return {"section": self.section, "rows": rows}

    def _upload_url(self, code) -> str:
        return reverse("applications:upload", args=[self.application.pk, code])

    def fresh(self) -> dict:
        """What autosave shows anew: which questions are shown, computed values, completed units."""
        shown = self.shown_codes()
        return {
            "shown": {question.code: question.code in shown for question in self.questions},
            "texts": computed_texts(self.questions, self.stored),
            "values": completed(self.form, self.stored),
        }
