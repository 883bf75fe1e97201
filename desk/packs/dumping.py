"""A call as a pack: loading it elsewhere makes the same call."""

from decimal import Decimal

from desk.packs import accepting, filed, papers, reminding, schema, serving, shares, who
from desk.packs.schema import Pack
from desk.packs.writing import CALL_FIELDS, INTAKE_FIELDS
from duties.models import DutyTerm
from equity.models import EquityTerms, PayeeTemplate, TriggerTemplate
from exchange.models import DemandScheme
from facilities.models import FacilityScheme
from finance.models import Appropriation, InstalmentTemplate
from grants.models import (
    SYSTEM_RULES,
    AwardGrade,
    BudgetCategory,
    Call,
    ClaimScheme,
    Contact,
    EligibilityRule,
    Entry,
    FundingSource,
    Intake,
    MoneyRule,
    NominatorGroup,
    PaperKind,
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
from reviews.models import Criterion, ReviewScheme


def dump(call: Call) -> Pack:
    """The whole call as a pack: loading it elsewhere makes the same call."""
    programme = call.programme
    appropriation = Appropriation.objects.filter(programme=programme, year=call.year).first()
    return Pack.model_construct(
        programme=_part(schema.ProgrammePart, programme),
        call=_call(call),
        issued_by=[body.name for body in call.issuing_bodies.all()],
        contacts=_parts(schema.ContactPart, Contact, call),
        types=_parts(schema.TypePart, ProjectType, call, funded="is_funded"),
        intakes=_typed(schema.IntakePart, Intake, call, **INTAKE_FIELDS),
        roles=[schema.RolePart.model_construct(**row) for row in call.person_roles],
        quotas=_typed(schema.QuotaPart, Quota, call),
        invitations=[_part(schema.InvitationPart, row) for row in call.invitations.all()],
        recommenders=[_part(schema.RecommenderPart, row) for row in call.recommenders.all()],
        nominators=_typed(schema.NominatorsPart, NominatorGroup, call),
        entries=_parts(who.EntryPart, Entry, call, required="is_required"),
        money=schema.MoneyPart.model_construct(
            cap=call.cap,
            cap_clause=call.cap_clause,
            own_per_fiscal=call.own_per_fiscal,
            own_clause=call.own_clause,
            categories=_parts(schema.CategoryPart, BudgetCategory, call, fiscal="is_fiscal_allowed"),
            sources=_parts(schema.SourcePart, FundingSource, call, fiscal="is_fiscal"),
            rules=[_money_part(row) for row in call.money_rules.select_related("project_type")],
            appropriation=appropriation.amount if appropriation else None,
        ),
        claims=_only(schema.ClaimsPart, ClaimScheme, call),
        grades=_parts(schema.GradePart, AwardGrade, call),
        publicity=_part(
            schema.PublicityPart,
            call,
            days="publicity_days",
            day_kind="publicity_day_kind",
            clause="publicity_clause",
        ),
        signing=_part(
            schema.SigningPart,
            call,
            days="signing_days",
            runs_from="signing_runs_from",
            clause="signing_clause",
        ),
        appeal=_part(
            schema.AppealPart,
            call,
            days="appeal_days",
            day_kind="appeal_day_kind",
            decision_days="appeal_decision_days",
            clause="appeal_clause",
        ),
        duplicate=_part(schema.DuplicatePart, call, percent="duplicate_percent", clause="duplicate_clause"),
        scan=_part(schema.ScanPart, call, days="scan_days", day_kind="scan_day_kind", clause="scan_clause"),
        table=_part(
            schema.TablePart, call, days="table_days", day_kind="table_day_kind", clause="table_clause"
        ),
        recommender_table=_part(
            schema.RecommenderTablePart,
            call,
            **{name: f"recommender_table_{name}" for name in schema.RecommenderTablePart.model_fields},
        ),
        paper=_paper(call),
        extension=_part(
            schema.ExtensionPart,
            call,
            **{name: f"extension_{name}" for name in schema.ExtensionPart.model_fields},
        ),
        termination=_part(
            schema.TerminationPart,
            call,
            **{name: f"termination_{name}" for name in schema.TerminationPart.model_fields},
        ),
        demands=_only(schema.DemandsPart, DemandScheme, call),
        facilities=_facilities(call),
        stages=_parts(schema.StagePart, Stage, call),
        sections=_sections(call),
        rules=[
            row
            for row in _typed(schema.RulePart, EligibilityRule, call, certified="is_certified")
            if row.code not in SYSTEM_RULES
        ],
        review=_review(call),
        sanctions=_parts(
            schema.SanctionPart, SanctionTerm, call, milestone="milestone_code", publish="is_public"
        ),
        replaced_by=_parts(schema.ReplacementPart, Replacement, call),
        duties=_parts(schema.DutyPart, DutyTerm, call, before="is_before", section="section_code"),
        milestones=_parts(
            schema.MilestonePart, MilestoneTemplate, call, demander_opinion="needs_demander_opinion"
        ),
        acceptance=_acceptance(call),
        changes=_parts(schema.ChangePart, ChangeTerm, call),
        instalments=_parts(schema.InstalmentPart, InstalmentTemplate, call, milestone="milestone_code"),
        equity=_equity(call),
        topics=_topics(call),
        reminders=reminding.dump(call),
        receipts=serving.dump(call),
    )


def _part(kind, row, **renamed):
    """A row as a part, taken as it is: an unfinished draft can be written out too."""
    return kind.model_construct(**{name: getattr(row, renamed.get(name, name)) for name in kind.model_fields})


def _parts(kind, model, call: Call, **renamed) -> list:
    return [_part(kind, row, **renamed) for row in model.objects.filter(call=call).order_by("order")]


def _type_code(row) -> str:
    return row.project_type.code if row.project_type_id else ""


def _typed(kind, model, call: Call, **renamed) -> list:
    """Like `_parts` for rows that may belong to one project type."""
    parts = []
    for row in model.objects.filter(call=call).select_related("project_type").order_by("order"):
        row.type = _type_code(row)
        parts.append(_part(kind, row, **renamed))
    return parts


def _call(call: Call):
    named = CALL_FIELDS | {"opens": "opens_at", "closes": "closes_at"}
    fields = {name: getattr(call, named.get(name, name)) for name in schema.CallPart.model_fields}
    return schema.CallPart.model_construct(**fields)


def _paper(call: Call):
    fields = {
        name: getattr(call, f"paper_{name}") for name in schema.PaperPart.model_fields if name != "kinds"
    }
    kinds = _parts(papers.PaperKindPart, PaperKind, call)
    return schema.PaperPart.model_construct(**fields, kinds=kinds)


def _money_part(row: MoneyRule):
    tiers = [
        schema.TierPart(up_to=None if upper is None else f"{upper} 元", rate=rate)
        for upper, rate in row.tiers
    ]
    matrix = {key: {name: Decimal(rate) for name, rate in rates.items()} for key, rates in row.matrix.items()}
    renamed = {"marginal": "is_marginal"}
    fields = {
        name: getattr(row, renamed.get(name, name))
        for name in schema.MoneyRulePart.model_fields
        if name not in ("type", "tiers", "matrix")
    }
    return schema.MoneyRulePart.model_construct(**fields, type=_type_code(row), tiers=tiers, matrix=matrix)


TEXTS_OF_SECTION = ("code", "form", "title", "title_en", "help", "help_en")


def _sections(call: Call) -> list:
    questions = {}
    for question in Question.objects.filter(call=call).order_by("order"):
        part = _part(schema.QuestionPart, question, required="is_required")
        questions.setdefault(question.section_id, []).append(part)
    sections = []
    for section in Section.objects.filter(call=call).select_related("project_type").order_by("order"):
        named = {name: getattr(section, name) for name in TEXTS_OF_SECTION}
        named |= {"type": _type_code(section), "blind": section.is_blind}
        sections.append(schema.SectionPart.model_construct(**named, questions=questions.get(section.pk, [])))
    return sections


def _only(kind, model, call: Call):
    """The one row that a call may have of a table."""
    row = model.objects.filter(call=call).first()
    return _part(kind, row) if row else None


def _facilities(call: Call):
    part = _only(schema.FacilitiesPart, FacilityScheme, call)
    if part is None:
        return None
    return part.model_copy(
        update={
            "services": [filed.ServicePart.model_construct(**row) for row in part.services],
            "indicators": [filed.ReportLinePart.model_construct(**row) for row in part.indicators],
            "grades": [
                filed.GradePart.model_construct(**row | {"mark": Decimal(row["mark"])}) for row in part.grades
            ],
        }
    )


def _review(call: Call):
    scheme = ReviewScheme.objects.filter(call=call).first()
    if not scheme:
        return None
    scheme.criteria = _parts(schema.CriterionPart, Criterion, call)
    return _part(schema.ReviewPart, scheme, blind="is_blind")


def _acceptance(call: Call):
    scheme = AcceptanceScheme.objects.filter(call=call).first()
    if not scheme:
        return None
    scheme.criteria = _parts(accepting.AcceptanceCriterionPart, AcceptanceCriterion, call)
    scheme.bonuses = _parts(accepting.AcceptanceBonusPart, AcceptanceBonus, call)
    scheme.grades = _parts(accepting.AcceptanceGradePart, AcceptanceGrade, call)
    return _part(accepting.AcceptancePart, scheme, milestone="milestone_code")


def _equity(call: Call):
    terms = EquityTerms.objects.filter(call=call).first()
    if not terms:
        return None
    lists = {
        "triggers": _parts(shares.TriggerPart, TriggerTemplate, call, milestone="milestone_code"),
        "payees": _parts(shares.PayeePart, PayeeTemplate, call, pool="is_pool"),
    }
    fields = {name: getattr(terms, name) for name in shares.EquityPart.model_fields if name not in lists}
    return shares.EquityPart.model_construct(**fields, **lists)


def _topics(call: Call) -> list:
    """Topics of the notice itself; list items that came from demands belong to the demands."""
    topics = []
    for topic in Topic.objects.filter(call=call, owner__isnull=True).order_by("-id"):
        indicators = [schema.IndicatorPart.model_construct(**row) for row in topic.indicators]
        topics.append(_part(schema.TopicPart, topic).model_copy(update={"indicators": indicators}))
    return topics
