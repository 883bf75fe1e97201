"""What a pack may say: one call (通知) as data. Field names are those that stand in the YAML file."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from desk.packs.accepting import AcceptancePart
from desk.packs.afterwards import (
    ChangePart,
    ExtensionPart,
    GradePart,
    InstalmentPart,
    MilestonePart,
    ReplacementPart,
    SanctionPart,
    TerminationPart,
)
from desk.packs.duties import DutyPart
from desk.packs.filed import FacilitiesPart
from desk.packs.papers import PaperPart, RecommenderTablePart, ScanPart, TablePart
from desk.packs.part import Days, Part
from desk.packs.shares import EquityPart
from desk.packs.telling import ReceiptPart, ReminderPart
from desk.packs.values import (
    Amount,
    Body,
    Clause,
    Code,
    Day,
    FixedMoment,
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
from desk.packs.who import EntryPart, InvitationPart, NominatorsPart, QuotaPart, RecommenderPart, TypeCode
from grants.models import (
    Automation,
    CheckMoment,
    ContactKind,
    DayKind,
    DemandKind,
    FormKind,
    Instrument,
    MoneyKind,
    QuestionKind,
    RecommendedBy,
    RuleScope,
    RunsFrom,
    Severity,
    Sourcing,
    StageKind,
)
from reviews.models import Aggregation, Recusal

Rate = Annotated[Number, Field(gt=0, le=1000)]
Percent = Annotated[Number, Field(gt=0, le=100)]


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
    registers_by: Moment | None = None
    """Until when an application must have been begun (意向登记)."""
    unit_closes: Moment | None = None
    recommender_closes: Moment | None = None
    bid_days: Days | None = None
    invitation_only: bool = False
    abroad: bool = False
    """Units abroad may lead: registered by their country's number, their proof confirmed by an officer."""
    teams: bool = False
    """Teams or persons without a registered unit may apply, without a review by a unit."""
    team_months: Annotated[int, Field(ge=1, le=60)] | None = None
    """Within how many months of the award a team registers as a unit, and before signing; left out: never."""
    team_clause: Clause = ""
    max_submissions: Annotated[int, Field(ge=1, le=99)] | None = None
    topic_free: bool = False
    """Topics are given and yet one may apply with a proposal of one's own (自由申报)."""
    max_megabytes: Annotated[int, Field(ge=1, le=2000)] | None = None
    """Of all files of one application together."""
    partners_confirm: bool = False
    members_consent: bool = False
    """Every participant agrees from an account of their own before the application is handed in."""
    tells_reason: bool = False
    """Why it is funded reaches the team and the unit."""
    participants: bool = True
    milestones: bool = True
    budget_by_year: bool = False
    budget_by_unit: bool = False
    notice: Body


class ContactPart(Part):
    kind: ContactKind
    name: Words120
    phone: Maybe60 = ""
    email: Maybe120 = ""


class TypePart(Part):
    """A project type of the call; what it leaves out is the call's."""

    code: Code
    name: Words120
    name_en: Maybe120 = ""
    summary: Text = ""
    summary_en: Text = ""
    funded: bool = True
    cap: Annotated[Amount, Field(gt=0)] | None = None
    cap_clause: Clause = ""
    own_per_fiscal: Annotated[Number, Field(ge=0, lt=1000)] | None = None
    own_clause: Clause = ""
    planned_number: Annotated[int, Field(ge=1, le=9999)] | None = None


class IntakePart(Part):
    """One batch (批次) of several; one for several types has a row of its code for each."""

    code: Code
    name: Words60
    name_en: Maybe60 = ""
    type: TypeCode = ""
    opens: Moment
    closes: Moment
    unit_closes: Moment | None = None
    recommender_closes: Moment | None = None
    planned_number: Annotated[int, Field(ge=1, le=9999)] | None = None
    clause: Clause = ""


class RolePart(Part):
    """A role of people as the notice names it; one of them leads. Without roles: a leader and members."""

    code: Code
    name: Words60
    name_en: Maybe60 = ""
    leads: bool = False
    least: Annotated[int, Field(ge=0, le=50)] = 0
    most: Annotated[int, Field(ge=1, le=50)] | None = None
    clause: Clause = ""


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


class TierPart(Part):
    """One tier: up to and including `up_to` (none: everything above) at `rate`."""

    up_to: Annotated[Amount, Field(gt=0)] | None = None
    rate: Annotated[Number, Field(ge=0, le=1000)]


class MoneyRulePart(Part):
    code: Code
    kind: MoneyKind
    type: TypeCode = ""
    text: Body
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]
    severity: Severity = Severity.BLOCKING
    amount: Annotated[Amount, Field(gt=0)] | None = None
    rate: Rate | None = None
    base: Text = ""
    tiers: list[TierPart] = Field(default_factory=list)
    marginal: bool = True
    matrix: dict[str, dict[str, Rate]] = Field(default_factory=dict)
    row: Text = ""
    column: Text = ""
    categories: list[Code] = Field(default_factory=list)
    sources: list[Code] = Field(default_factory=list)
    against: list[Code] = Field(default_factory=list)
    applies_when: Text = ""
    waived_when: Text = ""
    hint: Text = ""
    hint_en: Text = ""


class MoneyPart(Part):
    cap: Annotated[Amount, Field(gt=0)] | None = None
    cap_clause: Clause = ""
    own_per_fiscal: Annotated[Number, Field(ge=0, lt=1000)] | None = None
    own_clause: Clause = ""
    categories: list[CategoryPart] = Field(default_factory=list)
    sources: list[SourcePart] = Field(default_factory=list)
    rules: list[MoneyRulePart] = Field(default_factory=list)
    appropriation: Annotated[Amount, Field(gt=0)] | None = None


class ClaimsPart(Part):
    """The table of the form that is decided row by row, and its column that may be reduced."""

    question: Code
    column: Code
    share: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)
    """The most that may be granted, as a share of what is approved."""
    clause: Clause = ""


class PublicityPart(Part):
    days: Days = 5
    day_kind: DayKind = DayKind.WORKING
    clause: Clause = ""


class SigningPart(Part):
    days: Days = 30
    runs_from: RunsFrom = RunsFrom.APPLICATION
    clause: Clause = ""


class AppealPart(Part):
    """Appeals (复审) against a rejection at the formal check; `days: null` hears none."""

    days: Days | None = 21
    day_kind: DayKind = DayKind.CALENDAR
    decision_days: Days = 10
    clause: Clause = ""


class DuplicatePart(Part):
    """Duplicates: from so many percent of repeated words on an officer's opinion is needed; null: never."""

    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    clause: Clause = ""


class DemandsPart(Part):
    """What demands (企业出题) are of, what is public of them, how they are handled before they are listed."""

    kind: DemandKind = DemandKind.TECHNICAL
    public: list[Annotated[str, Field(min_length=1, max_length=50)]] | None = None
    """Fields of the kind and codes of questions of the demand form; left out: what is usual for the kind."""
    guide: Text = ""
    argument_days: Days = 10
    clause: Clause = ""


class StagePart(Part):
    kind: StageKind
    days: Days
    day_kind: DayKind = DayKind.WORKING
    until: FixedMoment | None = None
    """One moment for all, in place of the days, for what comes into the step before."""
    clause: Clause = ""
    instruction: Text = ""
    applies_when: Text = ""
    """For some applications only; not of the first step, nor of those of `FOR_ALL`."""
    recommended_by: RecommendedBy = RecommendedBy.REGION
    """Only of the stage `recommendation`; `chosen` needs the list `recommenders`."""
    authority_confirmed: bool = False
    """With `authority` only: handed in once the authority has confirmed that the unit stands under it."""
    slides_days: Days | None = None
    """Slides of the teams that come into `expert_review` or `panel_review`: within so many days …"""
    slides_until: FixedMoment | None = None
    """… or by one moment for all."""
    slides_pages: Annotated[int, Field(ge=1, le=500)] | None = None
    slides_megabytes: Annotated[int, Field(ge=1, le=500)] | None = None
    slides_blind: bool = False
    revision_days: Days | None = None
    """Of a step of the bureau behind experts, up to the decision: teams revise after what experts said,
    within so many calendar days, and come back to this step."""
    revises: list[Code] = Field(default_factory=list)
    """The questions that may change then; left out: the whole form."""
    pledge: Text = ""
    """Of `unit_review` and `recommendation`: what has to be ticked, shown inside, uploaded or written."""
    pledge_en: Text = ""
    shown_days: Annotated[int, Field(ge=1, le=60)] | None = None
    shown_day_kind: DayKind = DayKind.WORKING
    asks_file: Annotated[str, Field(max_length=120)] = ""
    asks_file_en: Annotated[str, Field(max_length=120)] = ""
    opinion_length: Annotated[int, Field(ge=1, le=2000)] | None = None


class QuestionPart(Part):
    code: Code
    kind: QuestionKind
    label: Words200
    label_en: Maybe200 = ""
    help: Text = ""
    help_en: Text = ""
    clause: Clause = ""
    required: bool = True
    visible_when: Text = ""
    required_when: Text = ""
    """With `required: false`: it has to be answered where this holds."""
    valid_when: Text = ""
    valid_message: Maybe200 = ""
    valid_message_en: Maybe200 = ""
    config: dict[str, Any] = Field(default_factory=dict)


class SectionPart(Part):
    code: Code
    form: FormKind = FormKind.APPLICATION
    type: TypeCode = ""
    title: Words120
    title_en: Maybe120 = ""
    help: Text = ""
    help_en: Text = ""
    blind: bool = False
    """Holds no name of a person or unit; the only part that blind experts read, if there is one."""
    questions: list[QuestionPart]


class RulePart(Part):
    code: Code
    type: TypeCode = ""
    text: Body
    text_en: Text = ""
    clause: Annotated[Clause, Field(min_length=1)]
    scope: RuleScope
    automation: Automation
    severity: Severity = Severity.BLOCKING
    expression: Text = ""
    applies_when: Text = ""
    as_of: Day | None = None
    """Facts about units count as of this day; left out: as of the day on which the call opens."""
    at_decision: bool = False
    """Judged once more when it is decided to fund."""
    hint: Text = ""
    hint_en: Text = ""
    moment: CheckMoment = CheckMoment.APPLICATION
    """Later: judged before the agreement is signed, or before each instalment is paid."""
    certified: bool = False
    """The unit says then that it holds, with `asks_file` where one is named."""
    asks_file: Annotated[str, Field(max_length=120)] = ""
    asks_file_en: Annotated[str, Field(max_length=120)] = ""
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
    recusal: Recusal = Recusal.APPLICATION
    recusal_clause: Clause = ""
    clause: Clause = ""
    criteria: Annotated[list[CriterionPart], Field(min_length=1)]


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
    issued_by: list[Words120] = Field(default_factory=list)
    contacts: list[ContactPart] = Field(default_factory=list)
    types: list[TypePart] = Field(default_factory=list)
    intakes: list[IntakePart] = Field(default_factory=list)
    roles: list[RolePart] = Field(default_factory=list)
    quotas: list[QuotaPart] = Field(default_factory=list)
    invitations: list[InvitationPart] = Field(default_factory=list)
    recommenders: list[RecommenderPart] = Field(default_factory=list)
    nominators: list[NominatorsPart] = Field(default_factory=list)
    entries: list[EntryPart] = Field(default_factory=list)
    money: MoneyPart = MoneyPart()
    claims: ClaimsPart | None = None
    grades: list[GradePart] = Field(default_factory=list)
    publicity: PublicityPart = PublicityPart()
    signing: SigningPart = SigningPart()
    appeal: AppealPart = AppealPart()
    duplicate: DuplicatePart = DuplicatePart()
    scan: ScanPart = ScanPart()
    table: TablePart = TablePart()
    recommender_table: RecommenderTablePart = RecommenderTablePart()
    paper: PaperPart = PaperPart()
    extension: ExtensionPart = ExtensionPart()
    termination: TerminationPart = TerminationPart()
    demands: DemandsPart | None = None
    facilities: FacilitiesPart | None = None
    stages: Annotated[list[StagePart], Field(min_length=1)]
    sections: Annotated[list[SectionPart], Field(min_length=1)]
    rules: Annotated[list[RulePart], Field(min_length=1)]
    review: ReviewPart | None = None
    milestones: list[MilestonePart] = Field(default_factory=list)
    acceptance: AcceptancePart | None = None
    sanctions: list[SanctionPart] = Field(default_factory=list)
    replaced_by: list[ReplacementPart] = Field(default_factory=list)
    duties: list[DutyPart] = Field(default_factory=list)
    changes: list[ChangePart] = Field(default_factory=list)
    instalments: list[InstalmentPart] = Field(default_factory=list)
    equity: EquityPart | None = None
    topics: list[TopicPart] = Field(default_factory=list)
    reminders: list[ReminderPart] = Field(default_factory=list)
    """No part of the notice: they may be changed after publication. Without any the general rules hold."""
    receipts: list[ReceiptPart] = Field(default_factory=list)
    """The same of how decisions are served (签收)."""


def questions_of(pack: Pack):
    """Every question of every form, with its place in the pack."""
    for number, section in enumerate(pack.sections):
        for index, question in enumerate(section.questions):
            yield ("sections", number, "questions", index), question
