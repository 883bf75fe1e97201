"""Intake: an application (申报, 揭榜) to a call, its answers, budget, participants and sealed submissions."""

from applications.models.application import Application, ApplicationQuerySet, TeamMember
from applications.models.checking import Appeal, CheckDecision, CheckedLine, CheckOutcome, TakenBack
from applications.models.claims import Claim, ClaimLine, RowResult
from applications.models.consents import Consent
from applications.models.content import (
    Answer,
    BudgetLine,
    IdKind,
    Participant,
    ParticipantRole,
    ProposedMilestone,
)
from applications.models.joint import JointOpinion
from applications.models.nominators import Nominator
from applications.models.numbers import ListedPerson, NumberKind, UsedNumber
from applications.models.papers import PaperReceipt, copies_received, lacks_a_kind
from applications.models.past import PastProject
from applications.models.recommending import Nomination, RecommendationLetter
from applications.models.records import RuleResult, RuleStatus, StepConclusion, StepOutcome, Submission
from applications.models.sanctions import Sanction
from applications.models.sealed import sealed_after_submission
from applications.models.signing import SignOff
from applications.models.similarity import (
    ComparedText,
    SimilarityConclusion,
    SimilarityReport,
    SimilarSource,
)
from applications.models.tables import StampedTable, TableOf
from applications.models.team import Comment, Partner

__all__ = [
    "Answer",
    "Appeal",
    "Application",
    "ApplicationQuerySet",
    "BudgetLine",
    "CheckDecision",
    "CheckOutcome",
    "CheckedLine",
    "Claim",
    "ClaimLine",
    "Comment",
    "ComparedText",
    "Consent",
    "IdKind",
    "JointOpinion",
    "ListedPerson",
    "Nomination",
    "Nominator",
    "NumberKind",
    "PaperReceipt",
    "Participant",
    "ParticipantRole",
    "Partner",
    "PastProject",
    "ProposedMilestone",
    "RecommendationLetter",
    "RowResult",
    "RuleResult",
    "RuleStatus",
    "Sanction",
    "SignOff",
    "SimilarSource",
    "SimilarityConclusion",
    "SimilarityReport",
    "StampedTable",
    "StepConclusion",
    "StepOutcome",
    "Submission",
    "TableOf",
    "TakenBack",
    "TeamMember",
    "UsedNumber",
    "copies_received",
    "lacks_a_kind",
    "sealed_after_submission",
]
