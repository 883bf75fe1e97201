"""The parts of an application as forms: made from the call's data, filled from what is stored or was typed.

A part is shown, checked and saved the same way by the page, by autosave and by a browser without scripts.
What is right goes into the tables; a part with something wrong keeps its typed text until it is mended.
"""

from applications.forms.basics import Basics
from applications.forms.budget import Budget
from applications.forms.milestones import Milestones
from applications.forms.part import Part
from applications.forms.people import People
from applications.forms.section import Section
from applications.forms.small import ConclusionForm, ListFilter, ReasonForm, ReturnForm, StartForm

FIXED_PARTS: dict[str, type[Part]] = {part.name: part for part in (Basics, People, Budget, Milestones)}

__all__ = [
    "FIXED_PARTS",
    "ConclusionForm",
    "ListFilter",
    "Part",
    "ReasonForm",
    "ReturnForm",
    "Section",
    "StartForm",
]
