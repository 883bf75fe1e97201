"""The parts of an application as forms: made from the call's data, filled from what is stored or was typed.

A part is shown, checked and saved the same way by the page, by autosave and by a browser without scripts.
What is right goes into the tables; a part with something wrong keeps its typed text until it is mended.
"""

from applications.forms.checking import AppealDecisionForm, AppealForm, BatchForm, MarkForm, SimilarityForm
from applications.forms.fixed import FIXED_PARTS, FIXED_TITLES, asks_for
from applications.forms.part import Part
from applications.forms.section import Section
from applications.forms.small import (
    AskNominatorForm,
    ConclusionForm,
    DeskFilter,
    LetterForm,
    ListFilter,
    ReasonForm,
    RejectForm,
    ReturnForm,
    StartForm,
)

__all__ = [
    "FIXED_PARTS",
    "FIXED_TITLES",
    "AppealDecisionForm",
    "AppealForm",
    "AskNominatorForm",
    "BatchForm",
    "ConclusionForm",
    "DeskFilter",
    "LetterForm",
    "ListFilter",
    "MarkForm",
    "Part",
    "ReasonForm",
    "RejectForm",
    "ReturnForm",
    "Section",
    "SimilarityForm",
    "StartForm",
    "asks_for",
]
