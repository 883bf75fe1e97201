"""A pack into the tables of a call."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.workflow import Refused
from desk.packs import reminding, schema, serving
from desk.packs.schema import Pack
from duties.models import DutyTerm
from equity.models import EquityTerms, PayeeTemplate, TriggerTemplate
from exchange.models import DemandScheme
from facilities.models import FacilityScheme
from finance.models import Appropriation, InstalmentTemplate
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
    IssuingBody,
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
from reviews.models import Criterion, ReviewScheme

CALL_FIELDS = {
    "registers_by": "registers_by_at",
    "max_megabytes": "max_megabytes",
    "topic_free": "is_topic_free",
    "unit_closes": "unit_closes_at",
    "recommender_closes": "recommender_closes_at",
    "invitation_only": "is_invitation_only",
    "abroad": "is_open_abroad",
    "teams": "is_open_to_teams",
    "team_months": "team_months",
    "team_clause": "team_clause",
    "max_submissions": "max_submissions",
    "partners_confirm": "requires_partner_confirmation",
    "members_consent": "requires_consents",
    "tells_reason": "tells_reason",
    "participants": "asks_participants",
    "milestones": "asks_milestones",
    "budget_by_year": "is_budget_by_year",
    "budget_by_unit": "is_budget_by_unit",
}
"""Names in the pack → names of the model, where they differ or not."""
INTAKE_FIELDS = {
    "opens": "opens_at",
    "closes": "closes_at",
    "unit_closes": "unit_closes_at",
    "recommender_closes": "recommender_closes_at",
}
"""The same of a batch."""


def write_call(call: Call | None, programme: Programme, pack: Pack) -> Call:
    fields = _call_fields(pack)
    if call:
        _clear(call)
        Call.objects.filter(pk=call.pk).update(**fields)
        call.refresh_from_db()
    else:
        call = Call.objects.create(
            programme=programme,
            year=pack.call.year,
            title=pack.call.title,
            version=pack.call.version,
            **fields,
        )
    types = _write_types(call, pack)
    _ordered(PaperKind, call, pack.paper.kinds)
    _write_form(call, pack, types)
    _write_rules_and_money(call, pack, types)
    _write_downstream(call, pack)
    reminding.write(call, pack.reminders)
    serving.write(call, pack.receipts)
    appropriate(programme, pack)
    return call


def _clear(call: Call) -> None:
    for model in (
        Topic,
        DutyTerm,
        ClaimScheme,
        DemandScheme,
        FacilityScheme,
        PayeeTemplate,
        TriggerTemplate,
        EquityTerms,
        InstalmentTemplate,
        AcceptanceScheme,
        AcceptanceCriterion,
        AcceptanceBonus,
        AcceptanceGrade,
        MilestoneTemplate,
        ChangeTerm,
        AwardGrade,
        Criterion,
        ReviewScheme,
        EligibilityRule,
        MoneyRule,
        FundingSource,
        BudgetCategory,
        Section,
        Stage,
        PaperKind,
        Quota,
        Intake,
        NominatorGroup,
        Entry,
        SanctionTerm,
        Replacement,
        Invitation,
        ListedRecommender,
        Contact,
        IssuingBody,
        ProjectType,
    ):
        model.objects.filter(call=call).delete()


def _call_fields(pack: Pack) -> dict:
    call, money = pack.call, pack.money
    return {
        "title_en": call.title_en,
        "number": call.number,
        "sourcing": call.sourcing,
        "instrument": call.instrument,
        "notice": call.notice,
        "opens_at": call.opens,
        "closes_at": call.closes,
        "bid_days": call.bid_days,
        **{model: getattr(call, part) for part, model in CALL_FIELDS.items()},
        "person_roles": [row.model_dump() for row in pack.roles],
        "cap": money.cap,
        "cap_clause": money.cap_clause,
        "own_per_fiscal": money.own_per_fiscal,
        "own_clause": money.own_clause,
        "publicity_days": pack.publicity.days,
        "publicity_day_kind": pack.publicity.day_kind,
        "publicity_clause": pack.publicity.clause,
        "signing_days": pack.signing.days,
        "signing_runs_from": pack.signing.runs_from,
        "signing_clause": pack.signing.clause,
        "appeal_days": pack.appeal.days,
        "appeal_day_kind": pack.appeal.day_kind,
        "appeal_decision_days": pack.appeal.decision_days,
        "appeal_clause": pack.appeal.clause,
        **{f"duplicate_{name}": value for name, value in _fields(pack.duplicate).items()},
        **{f"scan_{name}": value for name, value in _fields(pack.scan).items()},
        **{f"table_{name}": value for name, value in _fields(pack.table).items()},
        **{f"recommender_table_{name}": value for name, value in _fields(pack.recommender_table).items()},
        **{f"paper_{name}": value for name, value in _fields(pack.paper, "kinds").items()},
        **{f"extension_{name}": value for name, value in _fields(pack.extension).items()},
        **{f"termination_{name}": value for name, value in _fields(pack.termination).items()},
    }


def _write_types(call: Call, pack: Pack) -> dict[str, ProjectType | None]:
    """The project types by code; "" stands for all of them."""
    _ordered(ProjectType, call, pack.types, funded="is_funded")
    _ordered(Contact, call, pack.contacts)
    IssuingBody.objects.bulk_create(
        IssuingBody(call=call, name=name, order=order) for order, name in enumerate(pack.issued_by, start=1)
    )
    Invitation.objects.bulk_create(Invitation(call=call, **_fields(row)) for row in pack.invitations)
    ListedRecommender.objects.bulk_create(
        ListedRecommender(call=call, **_fields(row)) for row in pack.recommenders
    )
    types = {row.code: row for row in ProjectType.objects.filter(call=call)} | {"": None}
    _ordered(Intake, call, pack.intakes, types=types, **INTAKE_FIELDS)
    _ordered(Quota, call, pack.quotas, types=types)
    _ordered(NominatorGroup, call, pack.nominators, types=types)
    _ordered(Entry, call, pack.entries, required="is_required")
    _ordered(SanctionTerm, call, pack.sanctions, milestone="milestone_code", publish="is_public")
    _ordered(Replacement, call, pack.replaced_by)
    return types


def _write_form(call: Call, pack: Pack, types) -> None:
    for number, part in enumerate(pack.sections, start=1):
        fields = _fields(part, "questions", "type", "blind")
        section = Section.objects.create(
            call=call, order=number, project_type=types[part.type], is_blind=part.blind, **fields
        )
        Question.objects.bulk_create(
            Question(
                call=call,
                section=section,
                order=order,
                is_required=question.required,
                **_fields(question, "required"),
            )
            for order, question in enumerate(part.questions, start=1)
        )


def _fields(part, *without: str) -> dict:
    """The values of a part as they are; `model_dump` would write amounts as a person does."""
    return {name: getattr(part, name) for name in type(part).model_fields if name not in without}


def _ordered(model, call: Call, parts, *, types=None, **renamed) -> None:
    """One row per part, in the order of the pack; `renamed` maps fields of the part to those of the model."""
    rows = []
    for order, part in enumerate(parts, start=1):
        fields = {renamed.get(name, name): getattr(part, name) for name in type(part).model_fields}
        if types is not None:
            fields["project_type"] = types[fields.pop("type")]
        rows.append(model(call=call, order=order, **fields))
    model.objects.bulk_create(rows)


def _money_rule(part: schema.MoneyRulePart) -> dict:
    """The fields of a money rule; JSON holds numbers as texts, so that no rate loses a digit."""
    fields = _fields(part, "type", "marginal", "tiers", "matrix")
    tiers = [[None if tier.up_to is None else str(tier.up_to), str(tier.rate)] for tier in part.tiers]
    matrix = {
        row: {column: str(rate) for column, rate in rates.items()} for row, rates in part.matrix.items()
    }
    return fields | {"is_marginal": part.marginal, "tiers": tiers, "matrix": matrix}


def _write_rules_and_money(call: Call, pack: Pack, types) -> None:
    _ordered(Stage, call, pack.stages)
    _ordered(EligibilityRule, call, pack.rules, types=types, certified="is_certified")
    MoneyRule.objects.bulk_create(
        MoneyRule(call=call, order=order, project_type=types[part.type], **_money_rule(part))
        for order, part in enumerate(pack.money.rules, start=1)
    )
    _ordered(BudgetCategory, call, pack.money.categories, fiscal="is_fiscal_allowed")
    _ordered(FundingSource, call, pack.money.sources, fiscal="is_fiscal")
    Topic.objects.bulk_create(
        Topic(
            call=call,
            listed_at=call.opens_at,
            bids_close_at=call.closes_at,
            indicators=[_fields(row) for row in topic.indicators],
            **_fields(topic, "indicators"),
        )
        # The list shows the newest first: the pack's first topic is written last.
        for topic in reversed(pack.topics)
    )


def _write_downstream(call: Call, pack: Pack) -> None:
    if pack.claims:
        ClaimScheme.objects.create(call=call, **_fields(pack.claims))
    if pack.demands:
        DemandScheme.objects.create(call=call, **_fields(pack.demands))
    if pack.facilities:
        FacilityScheme.objects.create(call=call, **facility_terms(pack.facilities))
    if pack.review:
        fields = _fields(pack.review, "blind", "criteria")
        ReviewScheme.objects.create(call=call, is_blind=pack.review.blind, **fields)
        _ordered(Criterion, call, pack.review.criteria)
    _ordered(AwardGrade, call, pack.grades)
    _ordered(DutyTerm, call, pack.duties, before="is_before", section="section_code")
    _ordered(ChangeTerm, call, pack.changes)
    _ordered(MilestoneTemplate, call, pack.milestones, demander_opinion="needs_demander_opinion")
    if pack.acceptance:
        lists = {"criteria", "bonuses", "grades"}
        fields = _fields(pack.acceptance, "milestone", *lists)
        AcceptanceScheme.objects.create(call=call, milestone_code=pack.acceptance.milestone, **fields)
        _ordered(AcceptanceCriterion, call, pack.acceptance.criteria)
        _ordered(AcceptanceBonus, call, pack.acceptance.bonuses)
        _ordered(AcceptanceGrade, call, pack.acceptance.grades)
    _ordered(InstalmentTemplate, call, pack.instalments, milestone="milestone_code")
    if pack.equity:
        EquityTerms.objects.create(call=call, **_fields(pack.equity, "triggers", "payees"))
        _ordered(TriggerTemplate, call, pack.equity.triggers, milestone="milestone_code")
        _ordered(PayeeTemplate, call, pack.equity.payees, pool="is_pool")


def facility_terms(part: schema.FacilitiesPart) -> dict:
    """The fields of the scheme; JSON holds marks as texts, so that none loses a digit."""
    lists = {name: [_fields(row) for row in getattr(part, name)] for name in ("services", "indicators")}
    grades = [_fields(row) | {"mark": f"{row.mark:f}"} for row in part.grades]
    return _fields(part) | lists | {"grades": grades}


def appropriate(programme: Programme, pack: Pack) -> None:
    amount = pack.money.appropriation
    if amount is None:
        return
    try:
        with transaction.atomic():
            Appropriation.objects.update_or_create(
                programme=programme, year=pack.call.year, defaults={"amount": amount}
            )
    except IntegrityError:
        raise Refused(
            _("预算安排少于已经承诺的金额，不能调减到 %(amount)s 元。") % {"amount": amount},
            field="money.appropriation",
        ) from None
