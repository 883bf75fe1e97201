"""What a pack says of who may apply, recommend and nominate, and how many."""

from typing import Annotated

from pydantic import Field

from desk.packs.part import Days, Part
from desk.packs.values import Body, Clause, Code, Maybe120, Maybe200, Number, Text, Words120
from grants.models import EntryOf, QuotaOf

TypeCode = Annotated[str, Field(max_length=50)]
"""The code of a project type of this pack; empty: all types."""


class QuotaPart(Part):
    of: QuotaOf
    type: TypeCode = ""
    region: Annotated[str, Field(pattern=r"^\d{0,6}$")] = ""
    credit_code: Annotated[str, Field(pattern=r"^([0-9A-HJ-NP-RTUW-Y]{18})?$")] = ""
    """The own row of one unit, or of one recommender, in place of the row for each."""
    name: Maybe120 = ""
    question: Annotated[str, Field(max_length=50)] = ""
    """A question with one choice: a unit's applications are counted apart for each answer, or for `value`."""
    value: Maybe120 = ""
    number: Annotated[int, Field(ge=0, le=99999)] | None = None
    formula: Text = ""
    applies_when: Text = ""
    """Of awards: what is counted are applications of which it holds …"""
    percent: Annotated[Number, Field(gt=0, le=100)] | None = None
    """… and instead of a number, their money as a share of the budget of the year."""
    per_intake: bool = False
    """In each batch so many; else in all of them together."""
    clause: Clause = ""


class InvitationPart(Part):
    credit_code: Annotated[str, Field(pattern=r"^[0-9A-HJ-NP-RTUW-Y]{18}$")]
    name: Words120


class RecommenderPart(Part):
    """One of those from which an applicant chooses who recommends (bank, fund, park, office)."""

    credit_code: Annotated[str, Field(pattern=r"^[0-9A-HJ-NP-RTUW-Y]{18}$")]
    name: Words120
    line: Annotated[str, Field(max_length=60)] = ""
    """What kind of office joins the recommendation (finance, industry): not chosen, but asked of everybody
    of its `region`; of each line one office."""
    region: Annotated[str, Field(pattern=r"^\d{0,6}$")] = ""
    clause: Clause = ""


class NominatorsPart(Part):
    """One way of being nominated by persons: at least so many of whom `who` (CEL) holds."""

    type: TypeCode = ""
    name: Words120
    name_en: Maybe120 = ""
    least: Annotated[int, Field(ge=1, le=30)] = 1
    who: Body
    hint: Text = ""
    applies_when: Text = ""
    per_year: Annotated[int, Field(ge=1, le=99)] | None = None
    of_units: Annotated[int, Field(ge=0, le=30)] | None = None
    required: bool = False
    leader_first: bool = False
    clause: Annotated[Clause, Field(min_length=1)]


class EntryPart(Part):
    """Projects of an earlier notice that may apply here; other programmes by their code."""

    code: Code
    name: Words120
    name_en: Maybe120 = ""
    plan: Annotated[str, Field(max_length=50)] = ""
    title: Maybe200 = ""
    years: Annotated[int, Field(ge=0, le=9)] = 0
    of: EntryOf = EntryOf.CHOSEN
    best: Annotated[int, Field(ge=1, le=999)] | None = None
    grades: list[Code] = Field(default_factory=list)
    required: bool = True
    """False: others may apply, too; those of this line only come in ahead."""
    beyond_quota: bool = False
    days: Days | None = None
    clause: Clause = ""
