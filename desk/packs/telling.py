"""What a pack says of reminders and of how decisions are served: no part of the notice."""

from typing import Annotated, Literal

from pydantic import Field

from core.calendar import RestDay
from desk.packs.part import Part
from desk.packs.values import Channel, Lead, Maybe200, Quiet, Wording
from grants.models import DayKind
from notifications.models import DeadlineKind, NoticeKind
from notifications.notices import DEEMED_DAYS
from notifications.policies import Audience


class ReminderStepPart(Part):
    lead: Lead
    tell: Annotated[list[Audience], Field(min_length=1)] = [Audience.OWNERS]
    by: list[Channel] = ["email"]
    """Beside the inbox, which always has it."""


class ReminderPart(Part):
    """When to remind whom of one kind of deadline of this call; the general rule then does not hold."""

    kind: DeadlineKind
    hour: Annotated[int, Field(ge=0, le=23)] = 9
    on_rest_day: RestDay = RestDay.STAYS
    quiet: Quiet = "21:00-08:00"
    legal: bool = False
    subject: Annotated[Wording, Field(max_length=200)] = ""
    body: Wording = ""
    subject_en: Annotated[Wording, Field(max_length=200)] = ""
    body_en: Wording = ""
    late_subject: Annotated[Wording, Field(max_length=200)] = ""
    late_body: Wording = ""
    late_subject_en: Annotated[Wording, Field(max_length=200)] = ""
    late_body_en: Wording = ""
    """What is said once it is overdue; left out: the same."""
    steps: list[ReminderStepPart] = Field(default_factory=list)


class ReceiptPart(Part):
    """How a kind of notice of this call is served: acknowledged or not, deemed served after so many days."""

    kind: NoticeKind
    needs_receipt: bool = True
    deemed_days: Annotated[int, Field(ge=0, le=365)] = DEEMED_DAYS
    day_kind: Literal[DayKind.WORKING, DayKind.CALENDAR] = DayKind.WORKING
    clause: Maybe200 = ""
