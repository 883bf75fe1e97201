"""Words for the parts and fields of a pack, taken from the tables that hold them."""

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.packs.writing import CALL_FIELDS
from duties.models import DutyTerm
from equity.models import EquityTerms, PayeeTemplate, TriggerTemplate
from exchange.models import DemandScheme
from facilities.models import FacilityScheme
from finance.models import InstalmentTemplate
from grants.models import (
    AwardGrade,
    BudgetCategory,
    Call,
    ClaimScheme,
    Contact,
    EligibilityRule,
    Entry,
    FundingSource,
    Intake,
    Invitation,
    ListedRecommender,
    MoneyRule,
    NominatorGroup,
    PaperKind,
    Programme,
    ProjectType,
    Question,
    Quota,
    Replacement,
    SanctionTerm,
    Section,
    Stage,
    Topic,
)
from milestones.models import (
    AcceptanceBonus,
    AcceptanceCriterion,
    AcceptanceGrade,
    AcceptanceScheme,
    ChangeTerm,
    MilestoneTemplate,
)
from notifications.models import NoticeRule, ReminderPolicy, ReminderStep
from reviews.models import Criterion, ReviewScheme

MODELS = {
    "programme": Programme,
    "call": Call,
    "money": Call,
    "publicity": Call,
    "signing": Call,
    "appeal": Call,
    "duplicate": Call,
    "scan": Call,
    "table": Call,
    "recommender_table": Call,
    "paper": Call,
    "paper.kinds": PaperKind,
    "extension": Call,
    "termination": Call,
    "contacts": Contact,
    "types": ProjectType,
    "intakes": Intake,
    "quotas": Quota,
    "invitations": Invitation,
    "recommenders": ListedRecommender,
    "nominators": NominatorGroup,
    "entries": Entry,
    "money.categories": BudgetCategory,
    "money.sources": FundingSource,
    "money.rules": MoneyRule,
    "claims": ClaimScheme,
    "demands": DemandScheme,
    "facilities": FacilityScheme,
    "stages": Stage,
    "sections": Section,
    "sections.questions": Question,
    "rules": EligibilityRule,
    "review": ReviewScheme,
    "review.criteria": Criterion,
    "milestones": MilestoneTemplate,
    "acceptance": AcceptanceScheme,
    "acceptance.criteria": AcceptanceCriterion,
    "acceptance.bonuses": AcceptanceBonus,
    "acceptance.grades": AcceptanceGrade,
    "sanctions": SanctionTerm,
    "replaced_by": Replacement,
    "duties": DutyTerm,
    "changes": ChangeTerm,
    "grades": AwardGrade,
    "instalments": InstalmentTemplate,
    "equity": EquityTerms,
    "equity.triggers": TriggerTemplate,
    "equity.payees": PayeeTemplate,
    "topics": Topic,
    "reminders": ReminderPolicy,
    "receipts": NoticeRule,
    "reminders.steps": ReminderStep,
}
RENAMED = {
    **CALL_FIELDS,
    "opens": "opens_at",
    "closes": "closes_at",
    "fiscal": "is_fiscal",
    "funded": "is_funded",
    "required": "is_required",
    "type": "project_type",
    "marginal": "is_marginal",
    "blind": "is_blind",
    "legal": "is_legal",
    "quiet": "quiet_from",
    "lead": "amount",
    "tell": "audience",
    "by": "channels",
    "milestone": "milestone_code",
    "pool": "is_pool",
    "publish": "is_public",
    "before": "is_before",
    "section": "section_code",
}
PREFIXED = {
    name: f"{name}_"
    for name in (
        *("publicity", "signing", "appeal", "duplicate", "scan", "table", "recommender_table", "paper"),
        *("extension", "termination"),
    )
}


ROLE_FIELDS = {
    "code": gettext_lazy("代码"),
    "name": gettext_lazy("角色"),
    "name_en": gettext_lazy("英文名称"),
    "leads": gettext_lazy("项目负责人"),
    "least": gettext_lazy("至少几人"),
    "most": gettext_lazy("最多几人"),
    "clause": gettext_lazy("条款"),
}
"""Roles of people are kept with the call, not in a table."""


def of_part(part: str) -> str:
    """What a part is called: "rules" → 申报条件."""
    if part == "issued_by":
        return _("发文单位")
    if part == "roles":
        return _("人员角色")
    return str(MODELS[part]._meta.verbose_name) if part in MODELS else part


def of_field(part: str, field: str) -> str:
    """What a field is called: ("rules", "hint") → 不符合时的提示."""
    if field == "order":
        return _("顺序")
    if part == "roles":
        return str(ROLE_FIELDS.get(field, field))
    name = PREFIXED.get(part, "") + RENAMED.get(field, field)
    try:
        return str(MODELS[part]._meta.get_field(name).verbose_name)
    except (KeyError, FieldDoesNotExist):
        return field


def of_change(change: dict) -> str:
    """Part, row and field of one difference: 申报条件“于2025年…” 条文."""
    words = [of_part(change["part"])]
    if change["item"]:
        words.append(_("“%(item)s”") % {"item": change["item"]})
    if change["field"]:
        words.append(of_field(change["part"], change["field"]))
    return " ".join(words)
