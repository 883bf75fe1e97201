"""Packs into the database and out of it again."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core.workflow import Refused
from exchange.models import DemandScheme
from finance.models import Appropriation, InstalmentTemplate
from grants.models import (
    BudgetCategory,
    Call,
    EligibilityRule,
    FundingSource,
    Programme,
    Question,
    Section,
    Stage,
    Topic,
)
from grants.states import CallState
from milestones.models import MilestoneTemplate
from reviews.models import Criterion, ReviewScheme
from seeds.packs import schema
from seeds.packs.schema import Pack
from seeds.packs.source import Source

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
    fixed = {key: getattr(known.call, key) for key in ("opens", "closes") if source.relative(("call", key))}
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
    _write_form(call, pack)
    _write_rules_and_money(call, pack)
    _write_downstream(call, pack)
    _appropriate(programme, pack)
    return call


def _clear(call: Call) -> None:
    for model in (
        Topic,
        DemandScheme,
        InstalmentTemplate,
        MilestoneTemplate,
        Criterion,
        ReviewScheme,
        EligibilityRule,
        FundingSource,
        BudgetCategory,
        Section,
        Stage,
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
        "contact": call.contact,
        "cap": money.cap,
        "cap_clause": money.cap_clause,
        "own_per_fiscal": money.own_per_fiscal,
        "own_clause": money.own_clause,
        "publicity_days": pack.publicity.days,
        "publicity_day_kind": pack.publicity.day_kind,
        "publicity_clause": pack.publicity.clause,
        "signing_days": pack.signing.days,
        "signing_clause": pack.signing.clause,
    }


def _write_form(call: Call, pack: Pack) -> None:
    for number, part in enumerate(pack.sections, start=1):
        section = Section.objects.create(
            call=call, order=number, code=part.code, title=part.title, title_en=part.title_en, help=part.help
        )
        Question.objects.bulk_create(
            Question(
                call=call,
                section=section,
                order=order,
                is_required=question.required,
                **question.model_dump(exclude={"required"}),
            )
            for order, question in enumerate(part.questions, start=1)
        )


def _ordered(model, call: Call, parts, **renamed) -> None:
    """One row per part, in the order of the pack; `renamed` maps fields of the part to those of the model."""
    model.objects.bulk_create(
        model(
            call=call,
            order=order,
            **{renamed.get(name, name): getattr(part, name) for name in type(part).model_fields},
        )
        for order, part in enumerate(parts, start=1)
    )


def _write_rules_and_money(call: Call, pack: Pack) -> None:
    _ordered(Stage, call, pack.stages)
    _ordered(EligibilityRule, call, pack.rules)
    _ordered(BudgetCategory, call, pack.money.categories, fiscal="is_fiscal_allowed")
    _ordered(FundingSource, call, pack.money.sources, fiscal="is_fiscal")
    Topic.objects.bulk_create(
        Topic(
            call=call,
            listed_at=call.opens_at,
            bids_close_at=call.closes_at,
            indicators=[row.model_dump() for row in topic.indicators],
            **topic.model_dump(exclude={"indicators"}),
        )
        # The list shows the newest first: the pack's first topic is written last.
        for topic in reversed(pack.topics)
    )


def _write_downstream(call: Call, pack: Pack) -> None:
    if pack.demands:
        DemandScheme.objects.create(call=call, **pack.demands.model_dump())
    if pack.review:
        fields = pack.review.model_dump(exclude={"blind", "criteria"})
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
        call=_part(schema.CallPart, call, opens="opens_at", closes="closes_at"),
        money=schema.MoneyPart.model_construct(
            cap=call.cap,
            cap_clause=call.cap_clause,
            own_per_fiscal=call.own_per_fiscal,
            own_clause=call.own_clause,
            categories=_parts(schema.CategoryPart, BudgetCategory, call, fiscal="is_fiscal_allowed"),
            sources=_parts(schema.SourcePart, FundingSource, call, fiscal="is_fiscal"),
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
        demands=_demands(call),
        stages=_parts(schema.StagePart, Stage, call),
        sections=_sections(call),
        rules=_parts(schema.RulePart, EligibilityRule, call),
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


def _sections(call: Call) -> list:
    questions = {}
    for question in Question.objects.filter(call=call).order_by("order"):
        part = _part(schema.QuestionPart, question, required="is_required")
        questions.setdefault(question.section_id, []).append(part)
    sections = []
    for section in Section.objects.filter(call=call).order_by("order"):
        named = {name: getattr(section, name) for name in ("code", "title", "title_en", "help")}
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
