"""What a pack must satisfy beyond the shape of its fields: sums, names, printed clauses."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.states import APPLICATION, ApplicationState
from desk.packs import duty_checks, english, entering, expressions, outcome, questions, reach, sense
from desk.packs.schema import Pack, questions_of
from desk.packs.source import Place, Problem, Source
from desk.packs.values import plain
from exchange.kinds import shape_of
from facilities.models import UNQUALIFIED
from finance.models import Condition
from grants.models import (
    OF_MILESTONES,
    OF_PEOPLE,
    FormKind,
    Instrument,
    QuestionKind,
    RunsFrom,
    SanctionBars,
    Sourcing,
    StageKind,
    check_rule_code,
)
from grants.rules import ORDERED, later_faults, why_for_all
from milestones.models import Kind, validate_month_day
from notifications.models import DeadlineKind
from reviews.models import Recusal

Found = Iterator[tuple[Place, str]]
WHOLE = 100
ARTICLE = re.compile(r"第[一二三四五六七八九十百零〇0-9]+条")


def problems(pack: Pack, source: Source) -> list[Problem]:
    """Everything wrong with a pack of the right shape, in the order of the file."""
    return sorted(source.problem(place, message) for place, message in errors(pack))


def errors(pack: Pack) -> Found:
    """Everything wrong, each with its place; the desk shows the same of a draft."""
    yield from _duplicates(pack)
    yield from _system_rules(pack)
    yield from _later_rules(pack)
    yield from _term(pack)
    yield from _types(pack)
    yield from _sums(pack)
    yield from _window(pack)
    yield from _stages(pack)
    yield from _money(pack)
    yield from _money_rules(pack)
    yield from _annual_reports(pack)
    yield from _sanctions(pack)
    yield from duty_checks.errors(pack)
    yield from _roles(pack)
    yield from _demand_form(pack)
    yield from _claims(pack)
    yield from _facilities(pack)
    yield from _configs(pack)
    yield from expressions.found(pack)
    yield from _clauses(pack)
    yield from reach.errors(pack)
    yield from sense.errors(pack)
    yield from entering.errors(pack)
    yield from outcome.errors(pack)


def warnings(pack: Pack, *, at: datetime) -> Found:
    """What is allowed and probably not meant."""
    yield from reach.warnings(pack)
    yield from sense.warnings(pack, at=at)
    yield from english.warnings(pack)


def _repeated(place: Place, names: Iterable[str | tuple[str, str]], key: str) -> Found:
    """Names written twice; of a pair (type, code) each type may use the code once."""
    seen = set()
    for index, name in enumerate(names):
        if name in seen:
            shown = name if isinstance(name, str) else name[-1]
            yield (*place, index, key), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": shown}
        seen.add(name)


def _reminders(pack: Pack) -> Found:
    yield from _repeated(("reminders",), (row.kind for row in pack.reminders), "kind")
    yield from _repeated(("receipts",), (row.kind for row in pack.receipts), "kind")
    for index, row in enumerate(pack.reminders):
        yield from _repeated(
            ("reminders", index, "steps"), (step.lead.partition("/")[0] for step in row.steps), "lead"
        )
        if row.kind == DeadlineKind.RECEIPT and not row.legal:
            yield ("reminders", index, "legal"), _("须签收的通知是法定通知，收件人不能关闭。")


def _duplicates(pack: Pack) -> Found:
    yield from _repeated(("grades",), (row.code for row in pack.grades), "code")
    yield from _repeated(("changes",), (row.kind for row in pack.changes), "kind")
    yield from _repeated(("stages",), (stage.kind for stage in pack.stages), "kind")
    yield from _repeated(("sections",), (section.code for section in pack.sections), "code")
    yield from _repeated(("types",), (row.code for row in pack.types), "code")
    yield from _repeated(("rules",), ((rule.type, rule.code) for rule in pack.rules), "code")
    yield from _repeated(("money", "rules"), ((row.type, row.code) for row in pack.money.rules), "code")
    yield from _repeated(("money", "categories"), (row.code for row in pack.money.categories), "code")
    yield from _repeated(("money", "sources"), (row.code for row in pack.money.sources), "code")
    yield from _repeated(("duties",), (row.code for row in pack.duties), "code")
    yield from _repeated(("milestones",), (row.code for row in pack.milestones), "code")
    yield from _repeated(("paper", "kinds"), (row.code for row in pack.paper.kinds), "code")
    yield from _repeated(("topics",), (row.number for row in pack.topics), "number")
    yield from _reminders(pack)
    if pack.review:
        yield from _repeated(("review", "criteria"), (row.code for row in pack.review.criteria), "code")
    seen = set()
    for place, question in questions_of(pack):
        if question.code in seen:
            yield (*place, "code"), _("题目代码“%(name)s”重复。") % {"name": question.code}
        seen.add(question.code)


def _system_rules(pack: Pack) -> Found:
    """Publishing writes some rules from other fields; a clause of the same code would be lost."""
    for index, rule in enumerate(pack.rules):
        try:
            check_rule_code(rule.code)
        except ValidationError as fault:
            yield ("rules", index, "code"), fault.messages[0]


def _later_rules(pack: Pack) -> Found:
    """What holds at signing or before a payment needs a signature, or a payment."""
    stages = {stage.kind for stage in pack.stages}
    gives_money = pack.call.instrument != Instrument.NONE
    for index, rule in enumerate(pack.rules):
        for field, message in later_faults(rule, stages=stages, gives_money=gives_money):
            yield ("rules", index, field), message


def _term(pack: Pack) -> Found:
    """Where nobody signs, no project runs from the day of signing."""
    signs = any(stage.kind == StageKind.AGREEMENT for stage in pack.stages)
    if pack.signing.runs_from == RunsFrom.SIGNING and not signs:
        yield ("signing", "runs_from"), _("执行期自签订之日起算，但没有“签订任务书”环节。")


def _types(pack: Pack) -> Found:
    """Whatever is said of a project type must be said of one that the pack names."""
    for index, row in enumerate(pack.types):
        if not row.funded and (row.cap is not None or row.own_per_fiscal is not None):
            yield ("types", index, "funded"), _("不安排财政资金的类别没有资助上限和自筹比例。")
    codes = {"", *(row.code for row in pack.types)}
    parts = (("quotas",), pack.quotas), (("sections",), pack.sections), (("rules",), pack.rules)
    parts = (*parts, (("nominators",), pack.nominators), (("intakes",), pack.intakes))
    for place, rows in (*parts, (("money", "rules"), pack.money.rules)):
        for index, row in enumerate(rows):
            if row.type not in codes:
                yield (*place, index, "type"), _("没有代码为“%(code)s”的项目类别。") % {"code": row.type}


def _sums(pack: Pack) -> Found:
    if pack.review:
        weight = sum(row.weight for row in pack.review.criteria)
        if weight != WHOLE:
            yield (
                ("review", "criteria"),
                _("评审指标的权重之和应为 100，现为 %(sum)s。") % {"sum": plain(weight)},
            )
    share = sum(row.share for row in pack.instalments)
    if share != WHOLE and (pack.instalments or _is_paid_by_agreement(pack)):
        yield ("instalments",), _("拨款比例之和应为 100，现为 %(sum)s。") % {"sum": plain(share)}


def _is_paid_by_agreement(pack: Pack) -> bool:
    """Whether public money is promised in agreements, and so needs a plan of instalments."""
    agreed = any(stage.kind == StageKind.AGREEMENT for stage in pack.stages)
    return agreed and pack.call.instrument != Instrument.NONE


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
        if stage.applies_when.strip() and (why := why_for_all(stage.kind, index)):
            yield ("stages", index, "applies_when"), why
    kinds = [stage.kind for stage in pack.stages]
    for first, then in ORDERED:
        if first in kinds and then in kinds and kinds.index(first) > kinds.index(then):
            yield (
                ("stages", kinds.index(then), "kind"),
                _("环节“%(after)s”应排在“%(before)s”之后。") % {"after": then.label, "before": first.label},
            )
    if StageKind.DECISION not in kinds:
        yield ("stages",), _("缺少环节“%(stage)s”。") % {"stage": StageKind.DECISION.label}
    if StageKind.EXPERT_REVIEW in kinds and not pack.review:
        yield (
            ("stages", kinds.index(StageKind.EXPERT_REVIEW)),
            _("有专家评审环节，但没有评审方案（review）。"),
        )
    if pack.review and StageKind.EXPERT_REVIEW not in kinds:
        yield ("review",), _("有评审方案，但环节里没有专家评审（expert_review）。")
    if pack.review and pack.review.recusal == Recusal.TYPE and not pack.types:
        yield ("review", "recusal"), _("按项目类别回避，但没有项目类别。")


def _money(pack: Pack) -> Found:
    money = pack.money
    if bool(money.categories) != bool(money.sources):
        key = "categories" if money.categories else "sources"
        yield ("money", key), _("预算科目和资金来源须同时给出，或都不给出。")
    spends = pack.call.instrument != Instrument.NONE
    if money.sources and spends and not any(row.fiscal for row in money.sources):
        yield ("money", "sources"), _("资金来源里至少要有一项财政资金（fiscal: true）。")
    if money.own_per_fiscal and all(row.fiscal for row in money.sources):
        yield ("money", "own_per_fiscal"), _("规定了自筹比例，资金来源里就要有非财政资金。")
    milestones = {row.code for row in pack.milestones if row.kind == Kind.MILESTONE}
    for index, row in enumerate(pack.instalments):
        if row.condition == Condition.MILESTONE and row.milestone not in milestones:
            yield (
                ("instalments", index, "milestone"),
                _("没有代码为“%(code)s”的里程碑。") % {"code": row.milestone},
            )
        if row.condition == Condition.SIGNED and row.milestone:
            yield ("instalments", index, "milestone"), _("签订后拨付的一期不与里程碑挂钩。")


ONE_LEADS = gettext_lazy("人员角色中须有且只有一个是项目负责人，只有一名。")
MORE_THAN_MOST = gettext_lazy("最多几人不能少于至少几人。")


def _roles(pack: Pack) -> Found:
    """One role leads, by one person; the others are of so many people."""
    if not pack.roles:
        return
    if not pack.call.participants:
        yield ("roles",), _("规定了人员角色，就要填写参与人员。")
    yield from _repeated(("roles",), (row.code for row in pack.roles), "code")
    leads = [index for index, row in enumerate(pack.roles) if row.leads]
    first = pack.roles[leads[0]] if leads else None
    if len(leads) != 1 or first.least > 1 or (first.most or 1) > 1:
        yield ("roles",), str(ONE_LEADS)
    for index, row in enumerate(pack.roles):
        if row.most is not None and row.most < row.least:
            yield ("roles", index, "most"), str(MORE_THAN_MOST)


NOTHING_FOLLOWS = gettext_lazy("不限制申报的，须核减限额或公开通报；“也不得参与”只用于限制申报的。")
OF_A_MILESTONE = gettext_lazy("只有里程碑逾期或未通过才写里程碑代码。")


def _sanctions(pack: Pack) -> Found:
    """A consequence names a milestone that there is, and does something."""
    codes = {row.code for row in pack.milestones}
    for index, row in enumerate(pack.sanctions):
        place = ("sanctions", index)
        if row.milestone and row.when not in OF_MILESTONES:
            yield (*place, "milestone"), str(OF_A_MILESTONE)
        elif row.milestone and row.milestone not in codes:
            yield (*place, "milestone"), _("没有代码为“%(code)s”的里程碑。") % {"code": row.milestone}
        bars = row.bars != SanctionBars.NOBODY
        if not bars and (row.joining_too or not (row.quota_cut or row.publish)):
            yield (*place, "bars"), str(NOTHING_FOLLOWS)
        if row.members_too and row.bars not in OF_PEOPLE:
            yield (*place, "members_too"), str(AS_THE_LEADER)


AS_THE_LEADER = gettext_lazy("限制负责人的，才能写“成员也受限”。")

ONE_WAY = gettext_lazy("自开始起、自结束起、统一日期只填一种，年度报告都不填。")

CHECKED_AFTER = gettext_lazy("审核截止日期不早于统一日期；年度报告只按工作日审核，不填。")


def _annual_reports(pack: Pack) -> Found:
    """An annual report has its day of the year, a milestone its month or one day for everybody."""
    for index, row in enumerate(pack.milestones):
        place = ("milestones", index, "month_day")
        given = [name for name in ("months_after_end", "by_date") if getattr(row, name) is not None]
        if given and (len(given) > 1 or row.offset_months or row.kind == Kind.ANNUAL):
            yield ("milestones", index, given[0]), str(ONE_WAY)
        if row.check_by_date and (
            row.kind == Kind.ANNUAL or (row.by_date and row.check_by_date < row.by_date)
        ):
            yield ("milestones", index, "check_by_date"), str(CHECKED_AFTER)
        if row.kind == Kind.MILESTONE and row.month_day:
            yield place, _("只有年度报告有每年的到期日。")
        if row.kind == Kind.ANNUAL:
            try:
                validate_month_day(row.month_day)
            except ValidationError as error:
                yield place, error.messages[0]
            if row.offset_months:
                yield ("milestones", index, "offset_months"), _("年度报告按每年的到期日计算，不填月数。")


def _money_rules(pack: Pack) -> Found:
    """A money clause names rows and columns of the budget table that exist."""
    rows = {row.code for row in pack.money.categories}
    columns = {row.code for row in pack.money.sources}
    for number, rule in enumerate(pack.money.rules):
        for key, known in (("categories", rows), ("sources", columns), ("against", columns)):
            for index, code in enumerate(getattr(rule, key)):
                if code not in known:
                    place = ("money", "rules", number, key, index)
                    yield place, _("预算表里没有代码为“%(code)s”的科目或来源。") % {"code": code}


def _demand_form(pack: Pack) -> Found:
    """The form of demands: only where demands are asked for, for all alike, and public only what there is."""
    codes = set()
    for number, section in enumerate(pack.sections):
        if section.form != FormKind.DEMAND:
            continue
        place = ("sections", number)
        if pack.call.sourcing != Sourcing.DEMAND:
            yield (*place, "form"), _("只有企业出题揭榜才有需求表。")
        if section.type:
            yield (*place, "type"), _("需求表不分项目类别。")
        codes |= {question.code for question in section.questions}
    if pack.demands and pack.demands.public is not None:
        known = codes | set(shape_of(pack.demands.kind).may_be_public)
        for index, name in enumerate(pack.demands.public):
            if name not in known:
                yield (
                    ("demands", "public", index),
                    _("“%(name)s”不是这类需求的栏目，也不是需求表的题目，不能公开。") % {"name": name},
                )


def _claims(pack: Pack) -> Found:
    """What is decided row by row is a table of the application form and a column of money in it."""
    if not pack.claims:
        return
    if pack.call.instrument == Instrument.NONE:
        yield ("claims",), _("不安排财政资金的通知没有逐笔核定。")
    asked = {q.code: q for part in pack.sections if part.form == FormKind.APPLICATION for q in part.questions}
    question = asked.get(pack.claims.question)
    if question is None or question.kind != QuestionKind.TABLE:
        yield (
            ("claims", "question"),
            _("申报表里没有代码为“%(code)s”的表格。") % {"code": pack.claims.question},
        )
        return
    kinds = {column.get("code"): column.get("kind") for column in question.config.get("columns", [])}
    if kinds.get(pack.claims.column) != QuestionKind.MONEY:
        yield (
            ("claims", "column"),
            _("“%(table)s”里没有代码为“%(code)s”的金额列。")
            % {
                "table": question.label,
                "code": pack.claims.column,
            },
        )


def _configs(pack: Pack) -> Found:
    for place, question in questions_of(pack):
        yield from questions.faults((*place, "config"), question.kind, question.config)


def _facilities(pack: Pack) -> Found:
    """Codes once each, grades that can be told apart and none below the pass mark."""
    part = pack.facilities
    if not part:
        return
    yield from _repeated(("facilities", "services"), (row.code for row in part.services), "code")
    yield from _repeated(("facilities", "indicators"), (row.code for row in part.indicators), "code")
    yield from _repeated(("facilities", "grades"), (row.name for row in part.grades), "name")
    marks = [row.mark for row in part.grades]
    if len(set(marks)) < len(marks):
        yield ("facilities", "grades"), _("两个等次的起点分相同。")
    if min(marks) != part.pass_mark:
        yield (
            ("facilities", "grades"),
            _("最低等次的起点分应等于合格线 %(mark)s。") % {"mark": plain(part.pass_mark)},
        )
    if any(row.name == UNQUALIFIED for row in part.grades):
        yield ("facilities", "grades"), _("“不合格”由合格线决定，不用写。")


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
    if pack.facilities:
        yield ("facilities", "clause"), pack.facilities.clause
    for key in ("categories", "rules"):
        for index, row in enumerate(getattr(pack.money, key)):
            yield ("money", key, index, "clause"), row.clause
    for index, row in enumerate(pack.types):
        yield ("types", index, "cap_clause"), row.cap_clause
        yield ("types", index, "own_clause"), row.own_clause
    if pack.claims:
        yield ("claims", "clause"), pack.claims.clause
    yield ("publicity", "clause"), pack.publicity.clause
    yield ("signing", "clause"), pack.signing.clause
    yield ("appeal", "clause"), pack.appeal.clause
    yield ("duplicate", "clause"), pack.duplicate.clause
    yield ("scan", "clause"), pack.scan.clause
    yield ("table", "clause"), pack.table.clause
    yield ("recommender_table", "clause"), pack.recommender_table.clause
    yield ("paper", "clause"), pack.paper.clause
    yield ("extension", "clause"), pack.extension.clause
    yield ("termination", "clause"), pack.termination.clause
    if pack.review:
        yield ("review", "clause"), pack.review.clause
        yield ("review", "recusal_clause"), pack.review.recusal_clause
    if pack.acceptance:
        yield ("acceptance", "clause"), pack.acceptance.clause
        for key in ("bonuses", "grades"):
            for index, row in enumerate(getattr(pack.acceptance, key)):
                yield ("acceptance", key, index, "clause"), row.clause
    if pack.equity:
        for name in ("clause", "report_clause", "exit_clause", "split_clause"):
            yield ("equity", name), getattr(pack.equity, name)
        for index, row in enumerate(pack.equity.triggers):
            yield ("equity", "triggers", index, "clause"), row.clause
    for key in (
        "intakes",
        "roles",
        "quotas",
        "stages",
        "rules",
        "milestones",
        "sanctions",
        "duties",
        "instalments",
    ):
        for index, row in enumerate(getattr(pack, key)):
            yield (key, index, "clause"), row.clause
    for place, question in questions_of(pack):
        yield (*place, "clause"), question.clause
