"""Packs into the database and out of it again."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core.workflow import Refused
from desk.packs import schema
from desk.packs.schema import Pack
from desk.packs.source import MOMENTS, Source
from exchange.models import DemandScheme
from finance.models import Appropriation, InstalmentTemplate
from grants.models import (
    BudgetCategory,
    Call,
    Contact,
    EligibilityRule,
    FundingSource,
    Invitation,
    IssuingBody,
    MoneyRule,
    Programme,
    ProjectType,
    Question,
    Quota,
    Section,
    Stage,
    Topic,
)
from grants.states import CallState
from milestones.models import MilestoneTemplate
from reviews.models import Criterion, ReviewScheme

NEW, UNCHANGED, REPLACED = "new", "unchanged", "replaced"


@dataclass(frozen=True)
class Loaded:
    call: Call
    what: str
    """One of NEW, UNCHANGED, REPLACED."""


@transaction.atomic
def load(pack: Pack, *, source: Source | None = None, department: Organisation | None = None) -> Loaded:
    """Bring the database to what the pack says; the call stays a draft.

    The same pack again changes nothing; a changed pack replaces a draft. Dates written relative to the day
    of loading are fixed by the first load. Raises Refused when the call is published and the pack differs,
    or when a new programme names no department.
    """
    programme = _programme(pack, department)
    call = _existing(pack, programme)
    if call:
        known = dump(call)
        if _settled(pack, source, known) == known:
            return Loaded(call, UNCHANGED)
        _check_replaceable(call, pack, source, known)
    if call and call.state != CallState.DRAFT:
        _appropriate(programme, pack)
        return Loaded(call, REPLACED)
    return Loaded(_write(call, programme, pack), REPLACED if call else NEW)


def _programme(pack: Pack, department: Organisation | None) -> Programme:
    fields = {
        "name": pack.programme.name,
        "name_en": pack.programme.name_en,
        "summary": pack.programme.summary,
    }
    programme = Programme.objects.filter(slug=pack.programme.slug).first()
    if not programme:
        if not department:
            raise Refused(
                _("计划“%(slug)s”还不存在：请用 --department 写明主管处室的统一社会信用代码。")
                % {"slug": pack.programme.slug},
                field="department",
            )
        return Programme.objects.create(slug=pack.programme.slug, department=department, **fields)
    if any(getattr(programme, name) != value for name, value in fields.items()):
        Programme.objects.filter(pk=programme.pk).update(**fields)
        programme.refresh_from_db()
    return programme


def _existing(pack: Pack, programme: Programme) -> Call | None:
    return (
        Call.objects.select_for_update()
        .filter(programme=programme, year=pack.call.year, title=pack.call.title, version=pack.call.version)
        .first()
    )


def _settled(pack: Pack, source: Source | None, known: Pack) -> Pack:
    """The pack with its relative moments as the first load fixed them."""
    if not source:
        return pack
    fixed = {key: getattr(known.call, key) for key in MOMENTS if source.relative(("call", key))}
    return pack.model_copy(update={"call": pack.call.model_copy(update=fixed)})


def _check_replaceable(call: Call, pack: Pack, source: Source | None, known: Pack) -> None:
    if call.state == CallState.DRAFT:
        return
    # The year's budget is no part of the notice: it may be raised after publication.
    money = pack.money.model_copy(update={"appropriation": known.money.appropriation})
    if _settled(pack, source, known).model_copy(update={"money": money}) != known:
        raise Refused(
            _("“%(title)s”已发布，不能再改：请把数据包的 version 加一，作为新版本导入。")
            % {"title": call.title},
            field="call.version",
            code="published",
        )


def _write(call: Call | None, programme: Programme, pack: Pack) -> Call:
    fields = _call_fields(pack) | {"follows": _followed(pack, programme)}
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
    _write_form(call, pack, types)
    _write_rules_and_money(call, pack, types)
    _write_downstream(call, pack)
    _appropriate(programme, pack)
    return call


@transaction.atomic
def copy(call: Call, *, version: int | None = None, title: str = "", year: int | None = None) -> Call:
    """A draft that says the same as `call`, as another version, title or year."""
    pack = dump(call)
    changed = {"version": version or 1, "title": title or call.title, "year": year or call.year}
    new = pack.call.model_copy(update=changed)
    # The year's budget is no part of the notice and stays as it is.
    money = pack.money.model_copy(update={"appropriation": None})
    return _write(None, call.programme, pack.model_copy(update={"call": new, "money": money}))


def _clear(call: Call) -> None:
    for model in (
        Topic,
        DemandScheme,
        InstalmentTemplate,
        MilestoneTemplate,
        Criterion,
        ReviewScheme,
        EligibilityRule,
        MoneyRule,
        FundingSource,
        BudgetCategory,
        Section,
        Stage,
        Quota,
        Invitation,
        Contact,
        IssuingBody,
        ProjectType,
    ):
        model.objects.filter(call=call).delete()


CALL_FIELDS = {
    "unit_closes": "unit_closes_at",
    "recommender_closes": "recommender_closes_at",
    "invitation_only": "is_invitation_only",
    "max_submissions": "max_submissions",
    "partners_confirm": "requires_partner_confirmation",
    "entry_days": "entry_days",
    "participants": "asks_participants",
    "milestones": "asks_milestones",
    "budget_by_year": "is_budget_by_year",
    "budget_by_unit": "is_budget_by_unit",
}
"""Names in the pack → names of the model, where they differ or not."""


def _followed(pack: Pack, programme: Programme) -> Call | None:
    """The outline call that this one follows, its newest version. Raises Refused when it is not there."""
    if not pack.call.follows:
        return None
    calls = Call.objects.filter(programme=programme, year=pack.call.year, title=pack.call.follows)
    call = calls.order_by("-version").first()
    if call is None:
        raise Refused(
            _("前一步通知“%(title)s”还不存在，请先导入它。") % {"title": pack.call.follows},
            field="call.follows",
        )
    return call


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
        "cap": money.cap,
        "cap_clause": money.cap_clause,
        "own_per_fiscal": money.own_per_fiscal,
        "own_clause": money.own_clause,
        "publicity_days": pack.publicity.days,
        "publicity_day_kind": pack.publicity.day_kind,
        "publicity_clause": pack.publicity.clause,
        "signing_days": pack.signing.days,
        "signing_clause": pack.signing.clause,
        "appeal_days": pack.appeal.days,
        "appeal_day_kind": pack.appeal.day_kind,
        "appeal_decision_days": pack.appeal.decision_days,
        "appeal_clause": pack.appeal.clause,
    }


def _write_types(call: Call, pack: Pack) -> dict[str, ProjectType | None]:
    """The project types by code; "" stands for all of them."""
    _ordered(ProjectType, call, pack.types)
    _ordered(Contact, call, pack.contacts)
    IssuingBody.objects.bulk_create(
        IssuingBody(call=call, name=name, order=order) for order, name in enumerate(pack.issued_by, start=1)
    )
    Invitation.objects.bulk_create(Invitation(call=call, **_fields(row)) for row in pack.invitations)
    types = {row.code: row for row in ProjectType.objects.filter(call=call)} | {"": None}
    _ordered(Quota, call, pack.quotas, types=types)
    return types


def _write_form(call: Call, pack: Pack, types) -> None:
    for number, part in enumerate(pack.sections, start=1):
        fields = _fields(part, "questions", "type")
        section = Section.objects.create(call=call, order=number, project_type=types[part.type], **fields)
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
    _ordered(EligibilityRule, call, pack.rules, types=types)
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
    if pack.demands:
        DemandScheme.objects.create(call=call, **_fields(pack.demands))
    if pack.review:
        fields = _fields(pack.review, "blind", "criteria")
        ReviewScheme.objects.create(call=call, is_blind=pack.review.blind, **fields)
        _ordered(Criterion, call, pack.review.criteria)
    _ordered(MilestoneTemplate, call, pack.milestones, demander_opinion="needs_demander_opinion")
    _ordered(InstalmentTemplate, call, pack.instalments, milestone="milestone_code")


def _appropriate(programme: Programme, pack: Pack) -> None:
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


def dump(call: Call) -> Pack:
    """The whole call as a pack: loading it elsewhere makes the same call."""
    programme = call.programme
    appropriation = Appropriation.objects.filter(programme=programme, year=call.year).first()
    return Pack.model_construct(
        programme=_part(schema.ProgrammePart, programme),
        call=_call(call),
        issued_by=[body.name for body in call.issuing_bodies.all()],
        contacts=_parts(schema.ContactPart, Contact, call),
        types=_parts(schema.TypePart, ProjectType, call),
        quotas=_typed(schema.QuotaPart, Quota, call),
        invitations=[_part(schema.InvitationPart, row) for row in call.invitations.all()],
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
        publicity=_part(
            schema.PublicityPart,
            call,
            days="publicity_days",
            day_kind="publicity_day_kind",
            clause="publicity_clause",
        ),
        signing=_part(schema.SigningPart, call, days="signing_days", clause="signing_clause"),
        appeal=_part(
            schema.AppealPart,
            call,
            days="appeal_days",
            day_kind="appeal_day_kind",
            decision_days="appeal_decision_days",
            clause="appeal_clause",
        ),
        demands=_demands(call),
        stages=_parts(schema.StagePart, Stage, call),
        sections=_sections(call),
        rules=_typed(schema.RulePart, EligibilityRule, call),
        review=_review(call),
        milestones=_parts(
            schema.MilestonePart, MilestoneTemplate, call, demander_opinion="needs_demander_opinion"
        ),
        instalments=_parts(schema.InstalmentPart, InstalmentTemplate, call, milestone="milestone_code"),
        topics=_topics(call),
    )


def _part(kind, row, **renamed):
    """A row as a part, taken as it is: an unfinished draft can be written out too."""
    return kind.model_construct(**{name: getattr(row, renamed.get(name, name)) for name in kind.model_fields})


def _parts(kind, model, call: Call, **renamed) -> list:
    return [_part(kind, row, **renamed) for row in model.objects.filter(call=call).order_by("order")]


def _type_code(row) -> str:
    return row.project_type.code if row.project_type_id else ""


def _typed(kind, model, call: Call) -> list:
    """Like `_parts` for rows that may belong to one project type."""
    parts = []
    for row in model.objects.filter(call=call).select_related("project_type").order_by("order"):
        row.type = _type_code(row)
        parts.append(_part(kind, row))
    return parts


def _call(call: Call):
    call_title = call.follows.title if call.follows_id else ""
    named = CALL_FIELDS | {"opens": "opens_at", "closes": "closes_at"}
    fields = {name: getattr(call, named.get(name, name)) for name in schema.CallPart.model_fields}
    return schema.CallPart.model_construct(**fields | {"follows": call_title})


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


def _sections(call: Call) -> list:
    questions = {}
    for question in Question.objects.filter(call=call).order_by("order"):
        part = _part(schema.QuestionPart, question, required="is_required")
        questions.setdefault(question.section_id, []).append(part)
    sections = []
    for section in Section.objects.filter(call=call).select_related("project_type").order_by("order"):
        named = {name: getattr(section, name) for name in ("code", "form", "title", "title_en", "help")}
        named["type"] = _type_code(section)
        sections.append(schema.SectionPart.model_construct(**named, questions=questions.get(section.pk, [])))
    return sections


def _demands(call: Call):
    scheme = DemandScheme.objects.filter(call=call).first()
    return _part(schema.DemandsPart, scheme) if scheme else None


def _review(call: Call):
    scheme = ReviewScheme.objects.filter(call=call).first()
    if not scheme:
        return None
    scheme.criteria = _parts(schema.CriterionPart, Criterion, call)
    return _part(schema.ReviewPart, scheme, blind="is_blind")


def _topics(call: Call) -> list:
    """Topics of the notice itself; list items that came from demands belong to the demands."""
    topics = []
    for topic in Topic.objects.filter(call=call, owner__isnull=True).order_by("-id"):
        indicators = [schema.IndicatorPart.model_construct(**row) for row in topic.indicators]
        topics.append(_part(schema.TopicPart, topic).model_copy(update={"indicators": indicators}))
    return topics
