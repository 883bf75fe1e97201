"""From the decision to a signed agreement: 立项决定, 公示, 异议, 立项, 任务书. Amounts in 元."""

from awards.models.agreements import Agreement, Award, ProjectQuerySet
from awards.models.conditions import SIGNING, ConditionCheck
from awards.models.deciding import PROPOSED, Decision, Objection, Outcome, Proposal, Publicity, PublicityItem

__all__ = [
    "PROPOSED",
    "SIGNING",
    "Agreement",
    "Award",
    "ConditionCheck",
    "Decision",
    "Objection",
    "Outcome",
    "ProjectQuerySet",
    "Proposal",
    "Publicity",
    "PublicityItem",
]
