"""What is offered: programmes, calls (通知) and everything a notice says, as data."""

from grants.models.amendments import Amendment
from grants.models.bodies import (
    Contact,
    ContactKind,
    Invitation,
    IssuingBody,
    ListedRecommender,
)
from grants.models.call import (
    Call,
    CallQuerySet,
    DayKind,
    Instrument,
    PaperAfter,
    PaperSender,
    RunsFrom,
    Sourcing,
)
from grants.models.eligibility import (
    NOMINATORS_RULE,
    PAPER_RULE,
    RECOMMENDER_TABLE_RULE,
    ROUND,
    SCAN_RULE,
    SLIDES_RULES,
    SYSTEM_RULES,
    TABLE_RULE,
    Automation,
    CheckMoment,
    EligibilityRule,
    RuleScope,
    Severity,
    check_rule_code,
)
from grants.models.entries import Entry, EntryOf
from grants.models.form import Dictionary, DictionaryEntry, FormKind, Question, QuestionKind, Section
from grants.models.frozen import frozen_with_call
from grants.models.grades import AwardGrade
from grants.models.intakes import Intake
from grants.models.money import BudgetCategory, ClaimScheme, FundingSource, MoneyKind, MoneyRule
from grants.models.nominators import NominatorGroup
from grants.models.papers import PaperKind
from grants.models.programme import NumberSequence, Programme
from grants.models.quotas import Quota, QuotaOf
from grants.models.replacing import ReplacedEffect, ReplacedWhose, Replacement
from grants.models.sanctions import OF_MILESTONES, OF_PEOPLE, SanctionBars, SanctionTerm, SanctionWhen
from grants.models.stages import FOR_ALL, OWN_CLOCKS, REVISABLE, RecommendedBy, Stage, StageKind
from grants.models.topics import DemandKind, Topic
from grants.models.types import ProjectType

__all__ = [
    "FOR_ALL",
    "NOMINATORS_RULE",
    "OF_MILESTONES",
    "OF_PEOPLE",
    "OWN_CLOCKS",
    "PAPER_RULE",
    "RECOMMENDER_TABLE_RULE",
    "REVISABLE",
    "ROUND",
    "SCAN_RULE",
    "SLIDES_RULES",
    "SYSTEM_RULES",
    "TABLE_RULE",
    "Amendment",
    "Automation",
    "AwardGrade",
    "BudgetCategory",
    "Call",
    "CallQuerySet",
    "CheckMoment",
    "ClaimScheme",
    "Contact",
    "ContactKind",
    "DayKind",
    "DemandKind",
    "Dictionary",
    "DictionaryEntry",
    "EligibilityRule",
    "Entry",
    "EntryOf",
    "FormKind",
    "FundingSource",
    "Instrument",
    "Intake",
    "Invitation",
    "IssuingBody",
    "ListedRecommender",
    "MoneyKind",
    "MoneyRule",
    "NominatorGroup",
    "NumberSequence",
    "PaperAfter",
    "PaperKind",
    "PaperSender",
    "Programme",
    "ProjectType",
    "Question",
    "QuestionKind",
    "Quota",
    "QuotaOf",
    "RecommendedBy",
    "ReplacedEffect",
    "ReplacedWhose",
    "Replacement",
    "RuleScope",
    "RunsFrom",
    "SanctionBars",
    "SanctionTerm",
    "SanctionWhen",
    "Section",
    "Severity",
    "Sourcing",
    "Stage",
    "StageKind",
    "Topic",
    "check_rule_code",
    "frozen_with_call",
]
