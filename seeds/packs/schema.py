"""What a pack may say: one call (通知) as data. Field names are those that stand in the YAML file."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from finance.models import Condition
from grants.models import (
    Automation,
    DayKind,
    Instrument,
    QuestionKind,
    RuleScope,
    Severity,
    Sourcing,
    StageKind,
)
from reviews.models import Aggregation
from seeds.packs.values import (
    Amount,
    Body,
    Clause,
    Code,
    Maybe60,
    Maybe120,
    Maybe200,
    Moment,
    Number,
    Slug,
    Text,
    Words60,
    Words120,
    Words200,
)

Days = Annotated[int, Field(ge=1, le=730)]
Percent = Annotated[Number, Field(gt=0, le=100)]


class Part(BaseModel):
    """A part of a pack: unknown keys are mistakes, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProgrammePart(Part):
    slug: Slug
    name: Words120
    name_en: Maybe120 = ""
    summary: Text = ""


class CallPart(Part):
    title: Words200
    title_en: Maybe200 = ""
    number: Maybe60 = ""
    year: Annotated[int, Field(ge=2000, le=2100)]
    version: Annotated[int, Field(ge=1, le=99)] = 1
    sourcing: Sourcing
    instrument: Instrument
    opens: Moment
    closes: Moment | None = None
    bid_days: Days | None = None
    contact: Maybe200 = ""
    notice: Body


class CategoryPart(Part):
    code: Code
    name: Words60
    name_en: Maybe60 = ""
    fiscal: bool = True
    """False where the notice forbids public money (不得列支)."""
    clause: Clause = ""


class SourcePart(Part):
    code: Code
    name: Words60
    name_en: Maybe60 = ""
    fiscal: bool = False


class MoneyPart(Part):
    cap: Annotated[Amount, Field(gt=0)] | None = None
    cap_clause: Clause = ""
    own_per_fiscal: Annotated[Number, Field(ge=0, lt=1000)] | None = None
    own_clause: Clause = ""
    categories: Annotated[list[CategoryPart], Field(min_length=1)]
    sources: Annotated[list[SourcePart], Field(min_length=1)]
    appropriation: Annotated[Amount, Field(gt=0)] | None = None


class PublicityPart(Part):
    days: Days = 5
    day_kind: DayKind = DayKind.WORKING
    clause: Clause = ""


class SigningPart(Part):
    days: Days = 30
    clause: Clause = ""


class DemandsPart(Part):
    """How demands (企业出题) are handled before they are listed."""

    argument_days: Days = 10
    clause: Clause = ""


class StagePart(Part):
    kind: StageKind
    days: Days
    day_kind: DayKind = DayKind.WORKING
    clause: Clause = ""


class QuestionPart(Part):
    code: Code
    kind: QuestionKind
    label: Words200
    label_en: Maybe200 = ""
    help: Text = ""
    clause: Clause = ""
    required: bool = True
    visible_when: Text = ""
    config: dict[str, Any] = Field(default_factory=dict)


class SectionPart(Part):
    code: Code
    title: Words120
    title_en: Maybe120 = ""
    help: Text = ""
    questions: list[QuestionPart]


class RulePart(Part):
    code: Code
    text: Body
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]
    scope: RuleScope
    automation: Automation
    severity: Severity = Severity.BLOCKING
    expression: Text = ""
    applies_when: Text = ""
    hint: Text = ""
    params: dict[str, Any] = Field(default_factory=dict)


class CriterionPart(Part):
    code: Code
    name: Words120
    name_en: Maybe120 = ""
    help: Text = ""
    weight: Percent
    max_score: Annotated[Number, Field(gt=0, lt=1000)] = Decimal(100)


class ReviewPart(Part):
    panel_size: Annotated[int, Field(ge=1, le=50)] = 3
    blind: bool = False
    aggregation: Aggregation = Aggregation.MEAN
    threshold: Annotated[Number, Field(ge=0, le=100)] = Decimal(60)
    max_spread: Annotated[Number, Field(gt=0, le=100)] | None = None
    answer_days: Days = 1
    review_days: Days = 10
    clause: Clause = ""
    criteria: Annotated[list[CriterionPart], Field(min_length=1)]


class MilestonePart(Part):
    code: Code
    name: Words120
    offset_months: Annotated[int, Field(ge=0, le=120)]
    deliverable: Body
    check_days: Days = 10
    demander_opinion: bool = False
    clause: Clause = ""


class InstalmentPart(Part):
    name: Words60
    share: Percent
    condition: Condition
    milestone: Annotated[str, Field(max_length=50)] = ""
    pay_days: Days = 20
    clause: Clause = ""


class IndicatorPart(Part):
    name: Words120
    unit: Maybe60 = ""
    target: Words120


class TopicPart(Part):
    number: Annotated[str, Field(min_length=1, max_length=40)]
    title: Words200
    field: Maybe60 = ""
    content: Body
    indicators: list[IndicatorPart] = Field(default_factory=list)
    bidder_conditions: Text = ""
    amount: Annotated[Amount, Field(gt=0)] | None = None
    planned_number: Annotated[int, Field(ge=1, le=999)] = 1


class Pack(Part):
    """One call, whole."""

    programme: ProgrammePart
    call: CallPart
    money: MoneyPart
    publicity: PublicityPart = PublicityPart()
    signing: SigningPart = SigningPart()
    demands: DemandsPart | None = None
    stages: Annotated[list[StagePart], Field(min_length=1)]
    sections: Annotated[list[SectionPart], Field(min_length=1)]
    rules: Annotated[list[RulePart], Field(min_length=1)]
    review: ReviewPart | None = None
    milestones: list[MilestonePart] = Field(default_factory=list)
    instalments: Annotated[list[InstalmentPart], Field(min_length=1)]
    topics: list[TopicPart] = Field(default_factory=list)
