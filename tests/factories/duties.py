"""Duties of a notice as its rows say them, and a file to hand in."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from duties import actions, queries
from duties.models import AcceptedBy, Duty, Moment, OnePer, OwedBy

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def term(code="summary", **said) -> dict:
    """One row of `duties`: by the leader, for each application, ten working days behind handing in."""
    clock = {"moment": Moment.HANDING_IN, "days": 10}
    if said.keys() & {"until", "month_day", "moment"}:
        clock = {}
    given = {"title": "佐证材料", "clause": "第四条", "owed_by": OwedBy.LEADER, "per": OnePer.APPLICATION}
    return {"code": code, **given, **clock, **said}


def unchecked(**said) -> dict:
    return term(accepted_by=AcceptedBy.NOBODY, **said)


def paper(name="材料.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF)


def attach(duty: Duty, *, by, at=None) -> None:
    """The one file that a duty without questions of its own asks for."""
    files = queries.questions_of(duty)[0]
    actions.attach(duty=duty, question=files, file=paper(), name="材料.pdf", by=by, at=at or timezone.now())


def hand_in(duty: Duty, *, by, at=None) -> None:
    attach(duty, by=by, at=at)
    actions.hand_in(duty=duty, by=by, at=at or timezone.now())
