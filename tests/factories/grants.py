"""Programmes and calls for tests. `CallFactory` makes a small but whole call, published by default."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import OrganisationKind
from duties.models import DutyTerm
from grants.models import (
    Automation,
    BudgetCategory,
    Call,
    DayKind,
    EligibilityRule,
    FundingSource,
    Instrument,
    Programme,
    Question,
    QuestionKind,
    RuleScope,
    Section,
    Severity,
    Sourcing,
    Stage,
    StageKind,
    Topic,
)
from grants.states import CallState
from tests.factories.accounts import OrganisationFactory

STAGES = (
    StageKind.UNIT_REVIEW,
    StageKind.RECOMMENDATION,
    StageKind.FORMAL_CHECK,
    StageKind.EXPERT_REVIEW,
    StageKind.DECISION,
    StageKind.PUBLICITY,
    StageKind.AGREEMENT,
)
DEMAND_STAGES = (
    StageKind.FORMAL_CHECK,
    StageKind.EXPERT_REVIEW,
    StageKind.DEMANDER_CHOICE,
    StageKind.DECISION,
    StageKind.PUBLICITY,
    StageKind.AGREEMENT,
)
QUESTIONS = (
    {"code": "route", "kind": QuestionKind.TEXT, "label": "技术路线", "clause": "第六条"},
    {"code": "trl", "kind": QuestionKind.NUMBER, "label": "技术成熟度", "config": {"min": 1, "max": 9}},
    {
        "code": "plan",
        "kind": QuestionKind.ATTACHMENT,
        "label": "方案书",
        "is_required": False,
        "config": {"endings": ["pdf"]},
    },
)
RULES = (
    {
        "code": "U1",
        "text": "牵头单位应在青岛市注册。",
        "clause": "第三条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": "unit.region.startsWith('3702')",
        "hint": "单位所在区域不在青岛市。",
    },
    {
        "code": "P1",
        "text": "研究内容应符合指南方向。",
        "clause": "第五条",
        "scope": RuleScope.PROJECT,
        "automation": Automation.MANUAL,
    },
)


CATEGORIES = ({"code": "equipment", "name": "设备费"}, {"code": "operations", "name": "业务费"})
SOURCES = ({"code": "fiscal", "name": "财政资金", "is_fiscal": True}, {"code": "own", "name": "自筹"})

NOTICE = "第一条 为测试而发。" + "".join(f"第{number}条 略。" for number in "二三四五六七八九十")


def in_order(model, rows, **common) -> None:
    """Make the rows of one parent, numbered from 1."""
    model.objects.bulk_create(
        model(**{"order": order, **common, **row}) for order, row in enumerate(rows, start=1)
    )


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    slug = factory.Sequence(lambda n: f"test-programme{n}")
    name = factory.Sequence(lambda n: f"测试计划{n}")
    department = factory.SubFactory(
        OrganisationFactory,
        name=factory.Sequence(lambda n: f"科技局处室{n}"),
        kind=OrganisationKind.GOVERNMENT,
    )


class CallFactory(DjangoModelFactory):
    """A window call, open now: two questions and a file, two rules, 2 × 2 budget, every stage of its kind.

    `stages`, `questions`, `rules`: what to make, as keyword dictionaries (stages: kinds). `draft=True`
    leaves it unpublished; otherwise it is published without the checks of `grants.actions.publish_call`.
    """

    class Meta:
        model = Call
        skip_postgeneration_save = True

    class Params:
        demand = factory.Trait(
            sourcing=Sourcing.DEMAND, instrument=Instrument.EX_POST, bid_days=15, closes_at=None
        )

    programme = factory.SubFactory(ProgrammeFactory)
    title = factory.Sequence(lambda n: f"关于组织申报测试项目{n}的通知")
    number = factory.Sequence(lambda n: f"科资字〔2026〕{n}号")
    year = factory.LazyFunction(lambda: timezone.now().year)
    sourcing = Sourcing.WINDOW
    instrument = Instrument.GRANT
    notice = NOTICE
    opens_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=10))
    closes_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=20))
    cap = Decimal(1_000_000)
    cap_clause = "第五条"
    own_per_fiscal = Decimal(1)
    own_clause = "第七条"

    @factory.post_generation
    def parts(call, create, extracted, **kwargs):
        usual = DEMAND_STAGES if call.sourcing == Sourcing.DEMAND else STAGES
        stages = kwargs.get("stages", usual)
        questions = kwargs.get("questions", QUESTIONS)
        rules = kwargs.get("rules", RULES)
        steps = [
            {"kind": kind, "days": 5, "day_kind": DayKind.WORKING, "clause": "第九条"} for kind in stages
        ]
        in_order(Stage, steps, call=call)
        section = Section.objects.create(call=call, code="solution", title="方案", order=1)
        in_order(Question, questions, call=call, section=section)
        in_order(EligibilityRule, rules, call=call)
        in_order(DutyTerm, kwargs.get("duties", ()), call=call)
        if kwargs.get("budget", True):
            in_order(BudgetCategory, CATEGORIES, call=call)
            in_order(FundingSource, SOURCES, call=call)

    @factory.post_generation
    def draft(call, create, extracted, **kwargs):
        if not extracted:
            published_at = call.opens_at - timedelta(days=1)
            Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=published_at)
            call.state, call.published_at = CallState.PUBLISHED, published_at


class TopicFactory(DjangoModelFactory):
    """A topic on the list; `owner` is the demand side."""

    class Meta:
        model = Topic

    call = factory.SubFactory(CallFactory)
    number = factory.Sequence(lambda n: f"T-{n:04d}")
    title = factory.Sequence(lambda n: f"水下声学传感器{n}")
    field = "海洋仪器"
    content = "研制低功耗水听器。"
    indicators = [{"name": "灵敏度", "unit": "dB", "target": "≥ -170"}]
    amount = Decimal(800_000)
    listed_at = datetime(2026, 1, 5, 1, tzinfo=UTC)
    bids_close_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=15))


class EligibilityRuleFactory(DjangoModelFactory):
    """A rule; its call must be a draft."""

    class Meta:
        model = EligibilityRule

    call = factory.SubFactory(CallFactory, draft=True)
    code = factory.Sequence(lambda n: f"X{n}")
    text = "单位职工不少于十人。"
    clause = "第三条"
    scope = RuleScope.UNIT
    automation = Automation.AUTO
    severity = Severity.BLOCKING
    expression = "unit.staff >= 10.0"
    order = factory.Sequence(lambda n: 10 + n)
