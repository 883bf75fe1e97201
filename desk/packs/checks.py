"""What a pack must satisfy beyond the shape of its fields: sums, names, printed clauses."""

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from applications.states import APPLICATION, ApplicationState
from core import expressions
from desk.packs import questions
from desk.packs.context import known
from desk.packs.schema import Pack
from desk.packs.source import Place, Problem, Source
from desk.packs.values import plain
from finance.models import Condition
from grants.models import Automation, Sourcing, StageKind

Found = Iterator[tuple[Place, str]]
WHOLE = 100
PROJECT_ANSWERS = ("project", "answers")
ARTICLE = re.compile(r"第[一二三四五六七八九十百零〇0-9]+条")


def problems(pack: Pack, source: Source) -> list[Problem]:
    """Everything wrong with a pack of the right shape, in the order of the file."""
    parts = (
        _duplicates(pack),
        _sums(pack),
        _window(pack),
        _stages(pack),
        _money(pack),
        _configs(pack),
        _expressions(pack),
        _clauses(pack),
    )
    return sorted(source.problem(place, message) for part in parts for place, message in part)


def _repeated(place: Place, names: Iterable[str], key: str) -> Found:
    seen = set()
    for index, name in enumerate(names):
        if name in seen:
            yield (*place, index, key), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": name}
        seen.add(name)


def _duplicates(pack: Pack) -> Found:
    yield from _repeated(("stages",), (stage.kind for stage in pack.stages), "kind")
    yield from _repeated(("sections",), (section.code for section in pack.sections), "code")
    yield from _repeated(("rules",), (rule.code for rule in pack.rules), "code")
    yield from _repeated(("money", "categories"), (row.code for row in pack.money.categories), "code")
    yield from _repeated(("money", "sources"), (row.code for row in pack.money.sources), "code")
    yield from _repeated(("milestones",), (row.code for row in pack.milestones), "code")
    yield from _repeated(("topics",), (row.number for row in pack.topics), "number")
    if pack.review:
        yield from _repeated(("review", "criteria"), (row.code for row in pack.review.criteria), "code")
    seen = set()
    for place, question in _questions(pack):
        if question.code in seen:
            yield (*place, "code"), _("题目代码“%(name)s”重复。") % {"name": question.code}
        seen.add(question.code)


def _questions(pack: Pack):
    for number, section in enumerate(pack.sections):
        for index, question in enumerate(section.questions):
            yield ("sections", number, "questions", index), question


def _sums(pack: Pack) -> Found:
    if pack.review:
        weight = sum(row.weight for row in pack.review.criteria)
        if weight != WHOLE:
            yield (
                ("review", "criteria"),
                _("评审指标的权重之和应为 100，现为 %(sum)s。") % {"sum": plain(weight)},
            )
    share = sum(row.share for row in pack.instalments)
    if share != WHOLE:
        yield ("instalments",), _("拨款比例之和应为 100，现为 %(sum)s。") % {"sum": plain(share)}


def _window(pack: Pack) -> Found:
    call = pack.call
    if call.closes and call.closes <= call.opens:
        yield ("call", "closes"), _("截止时间应晚于开始时间。")
    if call.sourcing == Sourcing.WINDOW and not call.closes:
        yield ("call", "closes"), _("集中申报必须写明截止时间。")
    if call.sourcing == Sourcing.DEMAND and not call.bid_days:
        yield ("call", "bid_days"), _("企业出题揭榜必须写明揭榜期（自然日）。")
    if call.sourcing != Sourcing.DEMAND and pack.demands:
        yield ("demands",), _("只有企业出题揭榜才征集需求。")
    if call.sourcing == Sourcing.DEMAND and pack.topics:
        yield ("topics",), _("企业出题揭榜的榜单由企业需求产生，数据包里不写。")


def _stages(pack: Pack) -> Found:
    before = ApplicationState.DRAFT
    for index, stage in enumerate(pack.stages):
        if not APPLICATION.allows(before, stage.kind):
            yield (
                ("stages", index, "kind"),
                _("“%(stage)s”不能排在“%(before)s”之后。")
                % {"stage": StageKind(stage.kind).label, "before": ApplicationState(before).label},
            )
        before = ApplicationState(stage.kind)
        if stage.kind == StageKind.DEMANDER_CHOICE and pack.call.sourcing != Sourcing.DEMAND:
            yield ("stages", index, "kind"), _("只有企业出题揭榜才有“发榜方选择”。")
    kinds = [stage.kind for stage in pack.stages]
    if StageKind.DECISION not in kinds:
        yield ("stages",), _("缺少环节“%(stage)s”。") % {"stage": StageKind.DECISION.label}
    if StageKind.EXPERT_REVIEW in kinds and not pack.review:
        yield (
            ("stages", kinds.index(StageKind.EXPERT_REVIEW)),
            _("有专家评审环节，但没有评审方案（review）。"),
        )
    if pack.review and StageKind.EXPERT_REVIEW not in kinds:
        yield ("review",), _("有评审方案，但环节里没有专家评审（expert_review）。")


def _money(pack: Pack) -> Found:
    sources = pack.money.sources
    if not any(row.fiscal for row in sources):
        yield ("money", "sources"), _("资金来源里至少要有一项财政资金（fiscal: true）。")
    if pack.money.own_per_fiscal and all(row.fiscal for row in sources):
        yield ("money", "own_per_fiscal"), _("规定了自筹比例，资金来源里就要有非财政资金。")
    milestones = {row.code for row in pack.milestones}
    for index, row in enumerate(pack.instalments):
        if row.condition == Condition.MILESTONE and row.milestone not in milestones:
            yield (
                ("instalments", index, "milestone"),
                _("没有代码为“%(code)s”的里程碑。") % {"code": row.milestone},
            )
        if row.condition == Condition.SIGNED and row.milestone:
            yield ("instalments", index, "milestone"), _("签订后拨付的一期不与里程碑挂钩。")


def _configs(pack: Pack) -> Found:
    for place, question in _questions(pack):
        yield from questions.faults((*place, "config"), question.kind, question.config)


def _expressions(pack: Pack) -> Found:
    codes = {question.code for _place, question in _questions(pack)}
    for place, question in _questions(pack):
        yield from _expression((*place, "visible_when"), question.visible_when, codes)
    for index, rule in enumerate(pack.rules):
        place = ("rules", index)
        yield from _expression((*place, "expression"), rule.expression, codes, rule.params)
        yield from _expression((*place, "applies_when"), rule.applies_when, codes, rule.params)
        if rule.automation == Automation.AUTO and not rule.expression:
            yield (*place, "automation"), _("自动判断的条件必须有表达式（expression）。")
        if rule.automation != Automation.AUTO and rule.expression:
            yield (*place, "expression"), _("只有自动判断（auto）的条件才写表达式。")


def _expression(place: Place, text: str, codes: set[str], params: Iterable[str] = ()) -> Found:
    if not text:
        return
    try:
        expression = expressions.check(text, known(codes, params))
    except expressions.ExpressionError as fault:
        yield place, fault.message
        return
    for path in sorted(expression.paths):
        if path[:2] == PROJECT_ANSWERS and path[2:] and path[2] not in codes:
            yield place, _("表单里没有代码为“%(code)s”的题目。") % {"code": path[2]}


def _clauses(pack: Pack) -> Found:
    """A clause that a rule or a clock names must stand in the notice."""
    printed = set(ARTICLE.findall(pack.call.notice))
    for place, clause in _named_clauses(pack):
        for article in ARTICLE.findall(clause):
            if article not in printed:
                yield place, _("通知正文里没有“%(article)s”。") % {"article": article}


def _named_clauses(pack: Pack):
    yield ("money", "cap_clause"), pack.money.cap_clause
    yield ("money", "own_clause"), pack.money.own_clause
    if pack.demands:
        yield ("demands", "clause"), pack.demands.clause
    for index, row in enumerate(pack.money.categories):
        yield ("money", "categories", index, "clause"), row.clause
    yield ("publicity", "clause"), pack.publicity.clause
    yield ("signing", "clause"), pack.signing.clause
    if pack.review:
        yield ("review", "clause"), pack.review.clause
    for key in ("stages", "rules", "milestones", "instalments"):
        for index, row in enumerate(getattr(pack, key)):
            yield (key, index, "clause"), row.clause
    for place, question in _questions(pack):
        yield (*place, "clause"), question.clause
