"""What a pack says of the award and what comes after: grades, milestones, payments, changes, an end."""

from datetime import date
from typing import Annotated

from pydantic import Field

from desk.packs.part import Days, Part
from desk.packs.values import (
    Amount,
    Body,
    Clause,
    Code,
    Maybe60,
    Maybe200,
    Number,
    Slug,
    Text,
    Words60,
    Words120,
)
from finance.models import Condition
from grants.models import ReplacedEffect, ReplacedWhose, SanctionBars, SanctionWhen
from milestones.models import ChangeKind, ChangeWay, Kind

Percent = Annotated[Number, Field(gt=0, le=100)]


class GradePart(Part):
    """A grade of the award (等次); `amount` in 元 is what each project of it gets."""

    code: Code
    name: Words60
    name_en: Maybe60 = ""
    amount: Annotated[Amount, Field(gt=0)] | None = None
    number: Annotated[int, Field(ge=1, le=9999)] | None = None
    when: Text = ""
    clause: Clause = ""


class ExtensionPart(Part):
    """More time for a running project (延期); `times: 0` grants none."""

    notice_months: Annotated[int, Field(ge=0, le=36)] = 3
    times: Annotated[int, Field(ge=0, le=9)] = 1
    months: Annotated[int, Field(ge=1, le=60)] = 12
    unit_days: Annotated[int, Field(ge=0, le=60)] = 5
    decision_days: Days = 10
    clause: Clause = ""


class TerminationPart(Part):
    """The early end of a running project (终止、撤销) and the settlement of its money."""

    decision_days: Days = 10
    settlement_days: Days = 20
    clause: Clause = ""


class SanctionPart(Part):
    """What follows when a project does not keep its promises; proposed by a manager, decided by a leader."""

    when: SanctionWhen
    milestone: Annotated[str, Field(max_length=50)] = ""
    bars: SanctionBars = SanctionBars.LEADER
    joining_too: bool = False
    plans: list[Slug] = Field(default_factory=list)
    """Codes of the programmes that it bars from; left out: all of this system."""
    members_too: bool = False
    """The members of the project are barred as its leader is."""
    months: Annotated[int, Field(ge=1, le=240)] | None = 24
    """From the decision; null: for ever."""
    quota_cut: Annotated[int, Field(ge=0, le=9999)] = 0
    publish: bool = False
    text: Body
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]


class ReplacementPart(Part):
    """What ends once another notice has made an award; it happens by itself."""

    plan: Slug
    title: Maybe200 = ""
    whose: ReplacedWhose = ReplacedWhose.UNIT
    effect: ReplacedEffect = ReplacedEffect.ENDS
    text: Body
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]


class MilestonePart(Part):
    code: Code
    name: Words120
    kind: Kind = Kind.MILESTONE
    offset_months: Annotated[int, Field(ge=0, le=120)] = 0
    months_after_end: Annotated[int, Field(ge=0, le=60)] | None = None
    by_date: date | None = None
    month_day: Annotated[str, Field(max_length=5)] = ""
    deliverable: Body
    check_days: Days = 10
    check_by_date: date | None = None
    unit_pledge: Text = ""
    """With it the administrators of the unit check, pledge and hand in; else the team may."""
    demander_opinion: bool = False
    clause: Clause = ""


class InstalmentPart(Part):
    name: Words60
    share: Percent
    condition: Condition
    milestone: Annotated[str, Field(max_length=50)] = ""
    formula: Text = ""
    pay_days: Days = 20
    clause: Clause = ""


class ChangePart(Part):
    """One kind of change; what no row names is approved within the default days."""

    kind: ChangeKind
    way: ChangeWay = ChangeWay.APPROVAL
    unit_days: Annotated[int, Field(ge=0, le=365)] = 5
    decision_days: Days = 10
    times: Annotated[int, Field(ge=1, le=99)] | None = None
    months_before_end: Annotated[int, Field(ge=0, le=120)] | None = None
    asks_file: Annotated[str, Field(max_length=120)] = ""
    asks_file_en: Annotated[str, Field(max_length=240)] = ""
    clause: Clause = ""
