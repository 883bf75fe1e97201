"""What a pack says of stamped scans, stamped tables and copies on paper."""

from typing import Annotated

from pydantic import Field

from desk.packs.part import Days, Part
from desk.packs.values import Clause, Code, FixedMoment, Maybe120, Maybe200, Text, Words120
from grants.models import DayKind, PaperAfter, PaperSender


class ScanPart(Part):
    """The stamped scan of the sealed PDF, due after the closing; `days: null` asks for none."""

    days: Days | None = None
    day_kind: DayKind = DayKind.WORKING
    clause: Clause = ""


class TablePart(Part):
    """The stamped summary table of each unit: days after the closing, 0 for "with the unit's review"."""

    days: Annotated[int, Field(ge=0, le=366)] | None = None
    day_kind: DayKind = DayKind.WORKING
    clause: Clause = ""


class RecommenderTablePart(Part):
    """The stamped table of each recommender: days after its closing (0: by that closing), or one moment."""

    days: Annotated[int, Field(ge=0, le=366)] | None = None
    day_kind: DayKind = DayKind.WORKING
    until: FixedMoment | None = None
    clause: Clause = ""


class PaperKindPart(Part):
    """One kind of paper that is counted apart."""

    code: Code
    name: Words120
    name_en: Maybe120 = ""
    copies: Annotated[int, Field(ge=1, le=99)]
    of: Maybe200 = ""
    of_en: Maybe200 = ""


class PaperPart(Part):
    """The copies on paper that each applicant, unit or recommender sends; `copies: null` asks for none."""

    copies: Annotated[int, Field(ge=1, le=99)] | None = None
    of: Annotated[str, Field(max_length=300)] = ""
    of_en: Annotated[str, Field(max_length=300)] = ""
    applies_when: Text = ""
    """For some applications only."""
    sender: PaperSender = PaperSender.APPLICANT
    at_recommender: bool = False
    address: Annotated[str, Field(max_length=300)] = ""
    after: PaperAfter = PaperAfter.CLOSING
    days: Days | None = None
    day_kind: DayKind = DayKind.WORKING
    until: FixedMoment | None = None
    by_postmark: bool = False
    warns: bool = False
    clause: Clause = ""
    kinds: list[PaperKindPart] = Field(default_factory=list)
    """Their copies together are `copies`."""
