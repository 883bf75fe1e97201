"""What a pack says that somebody owes beside the steps of the system (报送事项)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from desk.packs.part import Part
from desk.packs.values import Clause, Code, FixedMoment, Text, Words120, month_day
from duties.models import AcceptedBy, Blocks, CountedIn, Moment, OnePer, OwedBy

MonthDay = Annotated[str, AfterValidator(lambda value: value and month_day(value))]


class DutyPart(Part):
    """One duty: who owes what, one for what, until when, who accepts it and what waits for it."""

    code: Code
    title: Words120
    title_en: Annotated[str, Field(max_length=240)] = ""
    text: Text = ""
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]
    owed_by: OwedBy
    per: OnePer = OnePer.APPLICATION
    applies_when: Text = ""
    until: FixedMoment | None = None
    """One of three: this moment, so many days behind (or before) a `moment`, or a day of every year."""
    moment: Moment = Moment.NONE
    days: Annotated[int, Field(ge=0, le=730)] | None = None
    day_kind: CountedIn = CountedIn.WORKING
    before: bool = False
    month_day: MonthDay = ""
    section: Annotated[str, Field(max_length=50)] = ""
    """A section of the form `duty`; left out: files and a few words."""
    accepted_by: AcceptedBy = AcceptedBy.OFFICE
    check_days: Annotated[int, Field(ge=1, le=366)] = 10
    blocks: Blocks = Blocks.NOTHING
