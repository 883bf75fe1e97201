"""The parts that every call shares: which of them a call asks for, and what they are called."""

from django.utils.translation import gettext_lazy as _

from applications import queries
from applications.forms.basics import Basics
from applications.forms.budget import Budget
from applications.forms.milestones import Milestones
from applications.forms.part import Part
from applications.forms.people import People
from grants.models import Call

FIXED_PARTS: dict[str, type[Part]] = {part.name: part for part in (Basics, People, Budget, Milestones)}
FIXED_TITLES = {
    "basics": _("基本信息"),
    "participants": _("参与人员"),
    "budget": _("经费预算"),
    "milestones": _("计划里程碑"),
}


def asks_for(call: Call, name: str) -> bool:
    """Whether the call has this fixed part at all."""
    return {
        "participants": call.asks_participants,
        "milestones": call.asks_milestones,
        "budget": name == "budget" and queries.has_budget(call),
    }.get(name, True)
