"""A call's own questions about something beside an application (a demand, a milestone): shown, saved and
checked as those of an application are."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from applications.forms.answers import AnswersForm, completed, computed_texts, initial_of, rows_of, unreadable
from core.workflow import Refused
from grants.models import Question


class AskedForm(ABC):
    """What such forms share; each says which questions show, what files there are and where they go."""

    stored: dict
    """What is stored now, by the code of the question."""

    def __init__(self, asked: Sequence[Question], answers: dict, data=None, files=None):
        self.questions = asked
        self.form = AnswersForm(data, files, initial=initial_of(asked, answers), questions_=asked)
        if data is None:
            self.form.say(unreadable(asked, answers))

    @abstractmethod
    def shown_codes(self) -> set[str]:
        """Which questions show, by their conditions."""

    @abstractmethod
    def documents(self) -> dict:
        """Every file among the answers, by its key."""

    @abstractmethod
    def upload_url(self, code: str) -> str:
        """Where the script sends a file."""

    @abstractmethod
    def attach_one(self, question: Question, file, *, by, at: datetime) -> None:
        """Store a file as an answer. Raises Refused."""

    def attach(self, *, by, at: datetime) -> dict[str, list[str]]:
        """Store every file that was sent; {code: [sentences]} for those that cannot be."""
        faults = {}
        for question, file in self.form.sent_files():
            try:
                self.attach_one(question, file, by=by, at=at)
            except Refused as refused:
                faults.setdefault(question.code, []).append(refused.message)
        return faults

    def rows(self) -> list[dict]:
        return rows_of(self.form, self.stored, self.shown_codes(), self.documents(), self.upload_url)

    def sections(self) -> list[tuple]:
        """(section, its rows) in order."""
        found = {}
        for row in self.rows():
            found.setdefault(row["question"].section, []).append(row)
        return list(found.items())

    def fresh(self) -> dict:
        """What the page shows anew after saving: questions shown, computed texts, completed units."""
        shown = self.shown_codes()
        return {
            "shown": {question.code: question.code in shown for question in self.questions},
            "texts": computed_texts(self.questions, self.stored),
            "values": completed(self.form, self.stored),
        }
