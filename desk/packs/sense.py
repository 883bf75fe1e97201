"""Whether the parts of a notice fit one another: windows, lists, plans, money clauses."""

import re
from collections.abc import Iterator
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity import validate_credit_code
from core import calendar
from desk.packs import batches, recommenders, revisions
from desk.packs.reach import grouped
from desk.packs.schema import Pack
from desk.packs.source import Place
from desk.packs.values import plain
from equity.models import WITH_AMOUNT, PriceFormula, TriggerKind
from grants.models import (
    OWN_CLOCKS,
    SLIDES_RULES,
    FormKind,
    Instrument,
    MoneyKind,
    MoneyRule,
    PaperAfter,
    PaperSender,
    QuestionKind,
    QuotaOf,
    RecommendedBy,
    Severity,
    Sourcing,
    StageKind,
)
from grants.money_rules import NEEDS
from milestones.models import ChangeWay, Kind

SIGNED = (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION)
"""Steps in which an office signs what it passes on."""
Found = Iterator[tuple[Place, str]]
LONGEST = re.compile(r"project\.months\s*<=?\s*(?:params\.(\w+)|(\d+))")


def errors(pack: Pack) -> Found:
    """What would stop the call from working as written."""
    yield from _windows(pack)
    yield from batches.errors(pack)
    yield from _lists(pack)
    yield from _clauses(pack)
    yield from _equity(pack)


def warnings(pack: Pack, *, at: datetime) -> Found:
    """What is allowed, and probably not meant."""
    yield from _rest_days(pack, at)
    yield from _plans(pack)
    yield from _loose_ends(pack)
    yield from _unused_forms(pack)
    yield from _unused_types(pack)
    yield from _blind_parts(pack)


def _windows(pack: Pack) -> Found:
    call = pack.call
    kinds = {stage.kind for stage in pack.stages}
    if call.unit_closes and call.closes and call.unit_closes < call.closes:
        yield ("call", "unit_closes"), _("单位审核截止不能早于申报截止。")
    before = call.unit_closes or call.closes
    if call.recommender_closes and before and call.recommender_closes < before:
        yield ("call", "recommender_closes"), _("推荐截止不能早于申报截止和单位审核截止。")
    for name, kind in (
        ("unit_closes", StageKind.UNIT_REVIEW),
        ("recommender_closes", StageKind.RECOMMENDATION),
    ):
        if name == "recommender_closes" and pack.nominators:
            continue
        if getattr(call, name) and kind not in kinds:
            yield ("call", name), _("写了截止时间，但环节里没有“%(stage)s”。") % {"stage": kind.label}
    if call.registers_by and not (
        call.opens < call.registers_by and (call.closes is None or call.registers_by <= call.closes)
    ):
        yield ("call", "registers_by"), _("意向登记截止应在开始时间之后、申报截止之前。")
    if call.abroad:
        regional = [
            index
            for index, stage in enumerate(pack.stages)
            if stage.kind == StageKind.RECOMMENDATION and stage.recommended_by == RecommendedBy.REGION
        ]
        for index in regional:
            yield (
                ("stages", index, "recommended_by"),
                _("境外单位没有所在区域：境外单位可以牵头的，推荐单位由申报人选择。"),
            )
    yield from recommenders.teams(pack)
    if call.members_consent and not call.participants:
        yield ("call", "members_consent"), _("要求参与人员同意，就要填写参与人员。")
    if pack.duplicate.percent and not kinds & {StageKind.FORMAL_CHECK, StageKind.CREDIT_CHECK}:
        yield ("duplicate", "percent"), _("查重意见在形式审查或查重环节填写，但环节里两者都没有。")
    if pack.scan.days and StageKind.FORMAL_CHECK not in kinds:
        yield ("scan", "days"), _("盖章扫描件由形式审查核对，但环节里没有形式审查。")
    if pack.scan.days and not pack.scan.clause:
        yield ("scan", "clause"), _("请写明要求盖章扫描件的条款。")
    yield from _table(pack, kinds)
    yield from _recommender_table(pack, kinds)
    yield from _paper(pack, kinds)
    yield from _slides(pack)
    yield from _nominators(pack, kinds)


def _closes_recommending(pack: Pack) -> bool:
    """Whether the notice, or each of its batches, says when recommending ends."""
    rows = pack.intakes or [pack.call]
    return all(row.recommender_closes for row in rows)


def _table(pack: Pack, kinds: set) -> Found:
    """Who looks at the stamped tables of units, and from when their days count."""
    if pack.table.days is None:
        return
    if StageKind.FORMAL_CHECK not in kinds:
        yield ("table", "days"), _("盖章的汇总表由形式审查核对，但环节里没有形式审查。")
    if pack.call.closes is None:
        yield ("table", "days"), _("没有申报截止时间，汇总表的期限无从计算。")
    if pack.table.days == 0 and StageKind.UNIT_REVIEW not in kinds:
        yield ("table", "days"), _("汇总表随单位审核上传，但环节里没有单位审核。")
    if not pack.table.clause:
        yield ("table", "clause"), _("请写明要求盖章汇总表的条款。")


def _recommender_table(pack: Pack, kinds: set) -> Found:
    """Who sends the stamped tables of recommenders, who looks at them, and from when their days count."""
    asked, call = pack.recommender_table, pack.call
    if asked.days is None and asked.until is None:
        return
    name = "until" if asked.days is None else "days"
    place = ("recommender_table", name)
    if StageKind.RECOMMENDATION not in kinds:
        yield place, _("盖章的推荐汇总表由推荐单位上传，但环节里没有推荐审核。")
    if StageKind.FORMAL_CHECK not in kinds:
        yield place, _("盖章的推荐汇总表由形式审查核对，但环节里没有形式审查。")
    if asked.days is not None and asked.until is not None:
        yield ("recommender_table", "until"), _("推荐汇总表的期限和截止时间只写一个。")
    if asked.days is not None and not _closes_recommending(pack):
        yield place, _("没有推荐截止时间，推荐汇总表的期限无从计算；请填写推荐截止或推荐汇总表的截止时间。")
    before = call.recommender_closes or call.closes
    if asked.until and before and asked.until < before and not pack.intakes:
        yield place, _("推荐汇总表的截止时间不能早于推荐截止和申报截止。")
    if not asked.clause:
        yield ("recommender_table", "clause"), _("请写明要求盖章推荐汇总表的条款。")


def _paper(pack: Pack, kinds: set) -> Found:
    """Who sends the copies on paper, who counts them, and from when their days count."""
    asked, call = pack.paper, pack.call
    if asked.copies is None:
        if asked.days is not None or asked.until is not None or asked.kinds or asked.applies_when:
            yield ("paper", "copies"), _("写了纸质材料的期限、种类或适用条件，但没有写几份。")
        return
    if (asked.days is None) == (asked.until is None):
        yield ("paper", "until"), _("要求纸质材料的，期限和截止时间写一个；不要求的都不写。")
    by_recommender = asked.sender == PaperSender.RECOMMENDER
    if by_recommender and asked.at_recommender:
        yield ("paper", "at_recommender"), _("推荐单位报送的纸质材料，由主管部门登记。")
    if (by_recommender or asked.at_recommender) and StageKind.RECOMMENDATION not in kinds:
        yield ("paper", "sender"), _("纸质材料经推荐单位，但环节里没有推荐审核。")
    if StageKind.FORMAL_CHECK not in kinds and asked.after in (PaperAfter.CLOSING, PaperAfter.CHECK):
        yield ("paper", "copies"), _("纸质材料由形式审查核对，但环节里没有形式审查。")
    at_closing = asked.after == PaperAfter.CLOSING
    if at_closing and by_recommender and asked.days is not None and not _closes_recommending(pack):
        yield ("paper", "days"), _("没有推荐截止时间，纸质材料的期限无从计算；请填写推荐截止或截止时间。")
    if asked.until and call.closes and asked.until < call.closes:
        yield ("paper", "until"), _("纸质材料的截止时间不能早于申报截止。")
    total = sum(kind.copies for kind in asked.kinds)
    if asked.kinds and total != asked.copies:
        yield (
            ("paper", "copies"),
            _("各种材料合计 %(total)s 份，与纸质材料的份数不一致。") % {"total": total},
        )
    if asked.after == PaperAfter.AWARD and StageKind.AGREEMENT not in kinds and not asked.warns:
        yield (
            ("paper", "after"),
            _("获立项后报送的，收齐之前不能签订任务书，但环节里没有签订任务书；只作提示的请勾选。"),
        )
    if asked.after == PaperAfter.ACCEPTANCE and not pack.milestones:
        yield ("paper", "after"), _("通过验收后才报送纸质材料，但通知没有里程碑，没有验收。")
    if not asked.address:
        yield ("paper", "address"), _("请写明纸质材料报送到哪里、交给谁。")
    if not asked.clause:
        yield ("paper", "clause"), _("请写明要求纸质材料的条款。")


def _nominators(pack: Pack, kinds: set) -> Found:
    """Until when people sign, and who looks whether enough have."""
    if not pack.nominators:
        return
    if not _closes_recommending(pack):
        yield ("call", "recommender_closes"), _("由专家提名的，提名专家在推荐截止前签署：请填写推荐截止。")
    if StageKind.FORMAL_CHECK not in kinds:
        yield ("nominators",), _("提名人数由形式审查核对，但环节里没有形式审查。")


def _slides(pack: Pack) -> Found:
    """Moments of steps; which rounds may ask for slides, by one clock, and what must be said of it."""
    for index, stage in enumerate(pack.stages):
        place = ("stages", index)
        if stage.until and stage.kind in OWN_CLOCKS:
            yield (*place, "until"), _("这个环节的时间另有规定，不写统一截止时间。")
        if stage.until and pack.call.closes and stage.until <= pack.call.closes:
            yield (*place, "until"), _("环节的统一截止时间应在申报截止之后。")
        if stage.kind not in SIGNED:
            for name in ("pledge", "shown_days", "asks_file", "opinion_length"):
                if getattr(stage, name):
                    yield (*place, name), _("只有单位审核和推荐审核环节可以要求承诺、公示、材料和意见字数。")
        asks = stage.slides_days is not None or stage.slides_until is not None
        limits = ("slides_pages", "slides_megabytes", "slides_blind")
        if not asks:
            for name in limits:
                if getattr(stage, name):
                    yield (*place, name), _("没有写答辩材料的期限，这一项不起作用。")
            continue
        if stage.kind not in SLIDES_RULES:
            yield (*place, "slides_days"), _("只有专家评审和会议评审（答辩）环节可以收答辩材料。")
        if stage.slides_days is not None and stage.slides_until is not None:
            yield (*place, "slides_until"), _("答辩材料的期限和截止时间只写一个。")
        if stage.slides_until and pack.call.closes and stage.slides_until <= pack.call.closes:
            yield (*place, "slides_until"), _("答辩材料的截止时间应在申报截止之后。")
        if not stage.clause:
            yield (*place, "clause"), _("请写明要求答辩材料的条款。")
        if pack.review and pack.review.blind and not stage.slides_blind:
            yield (
                (*place, "slides_blind"),
                _("评审是匿名的，“%(stage)s”却收答辩材料：请勾选“匿名评审也收答辩材料”，或不收。")
                % {"stage": StageKind(stage.kind).label},
            )


def _grades(pack: Pack) -> Found:
    """What a grade gets is within the cap; a call without public money gives none."""
    for index, row in enumerate(pack.grades):
        if row.amount is None:
            continue
        if pack.call.instrument == Instrument.NONE:
            yield ("grades", index, "amount"), _("通知不安排财政资金，等次不写资助额。")
        elif pack.money.cap is not None and row.amount > pack.money.cap:
            yield ("grades", index, "amount"), _("“%(name)s”的资助额超过上限。") % {"name": row.name}


def _changes(pack: Pack) -> Found:
    """What may not change is asked for in no way."""
    for index, row in enumerate(pack.changes):
        if row.way == ChangeWay.NEVER and (row.times or row.months_before_end or row.asks_file):
            yield ("changes", index, "way"), _("不得变更的事项不写次数、时间和材料。")


def _lists(pack: Pack) -> Found:
    if pack.call.invitation_only and not pack.invitations:
        yield ("invitations",), _("只限名单内的单位申报，但名单是空的。")
    for part in ("invitations", "recommenders", "quotas"):
        for index, row in enumerate(getattr(pack, part)):
            if not row.credit_code:
                continue
            try:
                validate_credit_code(row.credit_code)
            except ValidationError as fault:
                yield (part, index, "credit_code"), fault.messages[0]
    yield from recommenders.problems(pack)
    yield from revisions.problems(pack)
    yield from _changes(pack)
    yield from _grades(pack)
    seen = set()
    for index, quota in enumerate(pack.quotas):
        key = (str(quota.of), quota.type, quota.region, quota.credit_code, quota.per_intake)
        key = (*key, quota.question, quota.value, quota.applies_when)
        if key in seen:
            yield ("quotas", index), _("同样对象的限额写了两次。")
        seen.add(key)
        if sum((quota.number is not None, bool(quota.formula), quota.percent is not None)) != 1:
            yield ("quotas", index), _("限额数字、公式和资金占比填一个。")
        if quota.of != QuotaOf.AWARD and (quota.applies_when or quota.percent is not None):
            yield ("quotas", index, "of"), _("只有立项数可以写适用条件和资金占比。")
        if quota.percent is not None and pack.call.instrument == Instrument.NONE:
            yield ("quotas", index, "percent"), _("不安排财政资金的通知没有资金占比。")
        if quota.percent is not None and quota.per_intake:
            yield ("quotas", index, "per_intake"), _("资金占比按年度预算计算，不分批次。")
        if quota.of == QuotaOf.AWARD and quota.formula:
            yield ("quotas", index, "formula"), _("立项数只能是数字。")
        if quota.per_intake and not pack.intakes:
            yield ("quotas", index, "per_intake"), _("没有批次，限额不能按批次计算。")
        if quota.region and quota.of != QuotaOf.RECOMMENDER:
            yield ("quotas", index, "region"), _("只有推荐单位的限额才按区域。")
        if quota.credit_code and quota.of == QuotaOf.AWARD:
            yield ("quotas", index, "credit_code"), _("立项数不写单位。")
        if quota.credit_code and quota.region:
            yield ("quotas", index, "region"), _("写明推荐单位的限额不再写区域。")
        yield from grouped(pack, index, quota)


def _clauses(pack: Pack) -> Found:
    """A money clause has what its kind needs, and no source on both sides of a ratio."""
    for number, rule in enumerate(pack.money.rules):
        place = ("money", "rules", number)
        for name in NEEDS[rule.kind]:
            if getattr(rule, name) in (None, "", [], {}):
                words = MoneyRule._meta.get_field(name).verbose_name
                yield (
                    (*place, name),
                    _("“%(kind)s”须填写“%(name)s”。") % {"kind": MoneyKind(rule.kind).label, "name": words},
                )
        if rule.severity == Severity.PREFERENCE:
            yield (*place, "severity"), _("经费条款没有优先条件：请写成申报条件。")
        if set(rule.sources) & set(rule.against):
            yield (*place, "against"), _("同一来源不能既在分子又在分母。")


def _equity(pack: Pack) -> Found:
    """Money that becomes a share: triggers that are whole, shares of the income that add up, one pool."""
    terms, place = pack.equity, ("equity",)
    if terms is None:
        return
    if pack.call.instrument not in (Instrument.EQUITY, Instrument.CONVERTIBLE):
        yield place, _("支持方式不是股权投资或先投后股，不能写股权条件。")
    if pack.call.instrument == Instrument.CONVERTIBLE and not terms.triggers:
        yield (*place, "triggers"), _("先投后股须至少写一个触发条件。")
    total = sum(row.share for row in terms.payees)
    if total != 100:
        yield (
            (*place, "payees"),
            _("收益分配各方比例之和应为 100%%，现在是 %(total)s%%。") % {"total": plain(total)},
        )
    if sum(row.pool for row in terms.payees) != 1:
        yield (*place, "payees"), _("收益分配须有且只有一行是资金池。")
    if (terms.buy_back_after_months is None) != (terms.buy_back_months is None):
        yield (*place, "buy_back_months"), _("回购期的开始和长度要一起写。")
    if (terms.price_formula == PriceFormula.ORIGINAL_INTEREST) != (terms.interest_percent is not None):
        yield (*place, "interest_percent"), _("年利率只在按原始投资额加利息时填写。")
    yield from _triggers(pack)


def _triggers(pack: Pack) -> Found:
    codes = {row.code for row in pack.milestones if row.kind == Kind.MILESTONE}
    for index, row in enumerate(pack.equity.triggers):
        place = ("equity", "triggers", index)
        if (row.kind in WITH_AMOUNT) != (row.amount is not None):
            yield (*place, "amount"), _("融资和营业收入的触发条件要写金额，其他不写。")
        if (row.kind == TriggerKind.MILESTONE) != bool(row.milestone):
            yield (*place, "milestone"), _("里程碑的触发条件要写里程碑，其他不写。")
        elif row.milestone and row.milestone not in codes:
            words = {"code": row.milestone}
            yield (
                (*place, "milestone"),
                _("触发条件所依据的里程碑“%(code)s”不在里程碑模板中。") % words,
            )


# ---- warnings ----


def _rest_days(pack: Pack, at: datetime) -> Found:
    call = pack.call
    for name in ("registers_by", "closes", "unit_closes", "recommender_closes"):
        moment = getattr(call, name)
        if moment and not calendar.is_working(calendar.local_date(moment)):
            yield ("call", name), _("截止时间在休息日，请确认。")
    if call.closes and call.closes <= at:
        yield ("call", "closes"), _("截止时间已经过去。")


def longest(pack: Pack) -> int | None:
    """The longest execution period that the rules allow, in months; None without such a rule."""
    found = []
    for rule in pack.rules:
        for name, number in LONGEST.findall(rule.expression):
            value = rule.params.get(name) if name else int(number)
            if isinstance(value, int):
                found.append(value)
    return max(found, default=None)


def _plans(pack: Pack) -> Found:
    months, before = longest(pack), -1
    for index, row in enumerate(pack.milestones):
        if row.by_date and pack.call.closes and row.by_date <= pack.call.closes.date():
            yield ("milestones", index, "by_date"), _("统一日期不晚于申报截止。")
        if row.kind == Kind.ANNUAL or row.by_date or row.months_after_end is not None:
            continue
        place = ("milestones", index, "offset_months")
        if months is not None and row.offset_months > months:
            yield (
                place,
                _("在开始后第 %(offset)s 个月，超过最长执行期 %(months)s 个月。")
                % {"offset": row.offset_months, "months": months},
            )
        if row.offset_months < before:
            yield place, _("比前一个里程碑还早。")
        before = row.offset_months
    capped = pack.money.cap is not None or (bool(pack.types) and all(row.cap for row in pack.types))
    unlimited = not capped and pack.call.instrument != Instrument.NONE
    for index, topic in enumerate(pack.topics):
        if topic.amount is None and unlimited:
            yield ("topics", index, "amount"), _("没有写额度，通知也没有资助上限：申请多少都可以。")


FILLED_BY = {
    FormKind.ANNUAL: (
        Kind.ANNUAL,
        gettext_lazy("有年度报告的表单，但没有年度报告：没有人会填写。"),
    ),
    FormKind.MILESTONE: (Kind.MILESTONE, gettext_lazy("有里程碑材料的表单，但没有里程碑：没有人会填写。")),
    FormKind.ACCEPTANCE: (Kind.MILESTONE, gettext_lazy("有验收申请的表单，但没有里程碑：没有人会填写。")),
}
"""Forms of reports: which kind of milestone asks for each, and what to say when none does."""


def _unused_forms(pack: Pack) -> Found:
    """A form that nobody is ever asked to fill, and yearly reports without a form."""
    kinds = {row.kind for row in pack.milestones}
    for index, section in enumerate(pack.sections):
        kind, sentence = FILLED_BY.get(section.form, (None, ""))
        if kind is not None and kind not in kinds and not (pack.call.milestones and kind == Kind.MILESTONE):
            yield ("sections", index, "form"), str(sentence)
    if Kind.ANNUAL in kinds and not any(section.form == FormKind.ANNUAL for section in pack.sections):
        yield ("milestones",), _("有年度报告，但没有年度报告的表单：只收总体说明和附件。")


def _unused_types(pack: Pack) -> Found:
    """Types that nothing tells apart; one of them may stand for whatever the others are not."""
    rows = (*pack.sections, *pack.rules, *pack.quotas, *pack.money.rules)
    told = {row.type for row in rows} | {
        part.code for part in pack.types if part.cap is not None or part.own_per_fiscal is not None
    }
    sources = [rule.expression + rule.applies_when for rule in pack.rules]
    sources += [row.applies_when for row in (*pack.stages, *pack.duties)]
    sources += [grade.when for grade in pack.grades]
    if any("project.type" in source for source in sources):
        return
    plain = [(index, part) for index, part in enumerate(pack.types) if part.code not in told]
    for index, part in plain[1:]:
        yield ("types", index), _("“%(name)s”和别的类别没有任何不同。") % {"name": part.name}


def _blind_parts(pack: Pack) -> Found:
    """A blind part is for experts who may not know whose it is, and asks nothing that says so."""
    of_people = {QuestionKind.PERSON, QuestionKind.ORGANISATION}
    for number, section in enumerate(pack.sections):
        if not section.blind:
            continue
        if section.form == FormKind.APPLICATION and not (pack.review and pack.review.blind):
            yield ("sections", number, "blind"), _("有匿名部分，但评审方案不是匿名评审。")
        for index, question in enumerate(section.questions):
            if question.kind in of_people:
                place = ("sections", number, "questions", index, "kind")
                yield place, _("匿名部分不宜有填写人员或单位的题目。")


def _loose_ends(pack: Pack) -> Found:
    kinds = {stage.kind for stage in pack.stages}
    spends = pack.call.instrument != Instrument.NONE
    if pack.stages and spends and StageKind.PUBLICITY not in kinds:
        yield ("stages",), _("环节里没有公示。")
    if not pack.contacts:
        yield ("contacts",), _("没有写咨询方式，公众不知道找谁。")
    if pack.invitations and not pack.call.invitation_only:
        yield ("invitations",), _("有定向名单，但没有勾选“定向邀请”，名单不起作用。")
    chosen = any(stage.recommended_by == RecommendedBy.CHOSEN for stage in pack.stages)
    if any(not row.line for row in pack.recommenders) and not chosen:
        yield ("recommenders",), _("有推荐单位名单，但推荐审核环节没有写由申报人选择，名单不起作用。")
    if pack.call.sourcing == Sourcing.WINDOW and not pack.call.opens:
        yield ("call", "opens"), _("没有开始时间。")
    if pack.call.closes and pack.call.sourcing == Sourcing.ROLLING:
        yield ("call", "closes"), _("常年受理一般不写截止时间。")
