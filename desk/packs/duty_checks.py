"""What a duty of a pack says that cannot be kept: against itself, against the rest of the notice."""

from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext as _

from desk.packs.duties import DutyPart
from desk.packs.schema import Pack
from desk.packs.source import Place
from duties.models import AcceptedBy, Blocks, Moment, OnePer, OwedBy
from grants.models import FormKind, Sourcing, StageKind

Found = Iterator[tuple[Place, str]]
Faults = Iterator[tuple[str, str]]
"""(field, sentence)"""
BEFORE_AWARD = (Moment.NONE, Moment.OPENING, Moment.CLOSING, Moment.HANDING_IN)
FOR_CALL = (Moment.NONE, Moment.OPENING, Moment.CLOSING)
UNFORESEEN = (Moment.HANDING_IN, Moment.AWARD, Moment.SIGNING, Moment.ACCEPTANCE)
BEFORE_DECISION = (Blocks.HANDING_IN, Blocks.RECOMMENDATION, Blocks.DECISION)
ONE_FOR_ALL = (OnePer.RECOMMENDER, OnePer.CALL)
OWNERS = {
    OnePer.APPLICATION: tuple(OwedBy),
    OnePer.AWARD: tuple(OwedBy),
    OnePer.UNIT: (OwedBy.UNIT, OwedBy.OFFICE),
    OnePer.RECOMMENDER: (OwedBy.RECOMMENDER,),
    OnePer.CALL: (OwedBy.OFFICE,),
}


def errors(pack: Pack) -> Found:
    """What a duty says that cannot be kept, by its own fields and by the rest of the notice."""
    sections = {part.code for part in pack.sections if part.form == FormKind.DUTY}
    stages = {stage.kind for stage in pack.stages}
    for index, row in enumerate(pack.duties):
        faults = [*own_faults(row), *_against(row, pack, stages)]
        if row.section and row.section not in sections:
            faults.append(
                ("section", _("“报送事项”表单没有代码为“%(code)s”的部分。") % {"code": row.section})
            )
        for field, sentence in faults:
            yield ("duties", index, field), sentence
    used = {row.section for row in pack.duties}
    for number, part in enumerate(pack.sections):
        if part.form == FormKind.DUTY and part.code not in used:
            yield ("sections", number, "form"), _("没有报送事项用到这个部分：没有人会填写。")


def own_faults(row: Any) -> Faults:
    """What a duty's own fields say against each other."""
    yield from _clock(row)
    if row.owed_by not in OWNERS[row.per]:
        words = {"who": OwedBy(row.owed_by).label, "per": OnePer(row.per).label}
        yield "per", _("由“%(who)s”办理的不能是“%(per)s”。") % words
    of_one = row.per in (OnePer.APPLICATION, OnePer.AWARD) and row.blocks != Blocks.HANDING_IN
    if row.applies_when.strip() and not of_one:
        yield "applies_when", _("适用条件只用于每份申报、每个项目的事项，且不能是提交申报书的前提。")
    if row.accepted_by == AcceptedBy.UNIT and row.owed_by != OwedBy.LEADER:
        yield "accepted_by", _("由单位管理员审核的，应由项目负责人办理。")
    yield from _too_late(row)


def _clock(row: Any) -> Faults:
    """One clock, whole, that can be worked out."""
    if sum(map(bool, (row.until, row.moment, row.month_day))) != 1:
        yield "until", _("统一截止时间、起算点和天数、每年到期日三者填写一种。")
    elif bool(row.moment) != (row.days is not None):
        yield "days", _("起算点和天数须同时填写；到起算点当时为止的写 0。")
    if row.per in ONE_FOR_ALL and row.moment not in FOR_CALL:
        yield "moment", _("整个通知或每个推荐单位一份的，只能从开始申报、申报截止起算，或写明时间。")
    if row.month_day and row.per in ONE_FOR_ALL:
        yield "month_day", _("每年一份的只用于每个项目或每个单位。")
    if row.before and row.moment in UNFORESEEN:
        yield "before", _("这个起算点事先不知道，不能算到它之前。")


def _too_late(row: Any) -> Faults:
    """What waits for it comes before it is owed: nobody could ever go on."""
    after_award = row.per == OnePer.AWARD or row.month_day or row.moment not in BEFORE_AWARD
    if row.blocks in BEFORE_DECISION and after_award:
        yield "blocks", _("立项以后才产生的事项不能是提交、推荐或立项决定的前提。")
    elif row.blocks == Blocks.HANDING_IN and row.moment == Moment.HANDING_IN:
        yield "blocks", _("提交申报书以后才产生的事项不能是提交的前提。")
    elif row.blocks == Blocks.SIGNING and row.moment == Moment.SIGNING:
        yield "blocks", _("任务书签订以后才产生的事项不能是签订的前提。")
    elif row.blocks and (row.month_day or row.moment == Moment.ACCEPTANCE):
        yield "blocks", _("每年一份的、结题以后的事项不能是其他环节的前提。")


def _against(row: DutyPart, pack: Pack, stages: Collection[str]) -> Faults:
    """What the rest of the notice does not have: a step, a closing, a demand side."""
    waits = {Blocks.RECOMMENDATION: StageKind.RECOMMENDATION, Blocks.SIGNING: StageKind.AGREEMENT}
    stage = waits.get(row.blocks)
    if stage and stage not in stages:
        yield "blocks", _("通知没有“%(stage)s”环节。") % {"stage": StageKind(stage).label}
    if row.blocks == Blocks.PAYMENT and not pack.instalments:
        yield "blocks", _("通知没有拨款计划。")
    if row.blocks == Blocks.ACCEPTANCE and not pack.milestones:
        yield "blocks", _("通知没有里程碑，没有验收可以等待。")
    if row.owed_by == OwedBy.DEMANDER and pack.call.sourcing != Sourcing.DEMAND:
        yield "owed_by", _("只有企业出题揭榜才有发榜方。")
    if row.owed_by == OwedBy.RECOMMENDER and StageKind.RECOMMENDATION not in stages:
        yield "owed_by", _("通知没有“%(stage)s”环节。") % {"stage": StageKind.RECOMMENDATION.label}
    if row.moment == Moment.CLOSING and not (pack.call.closes or pack.call.bid_days or pack.intakes):
        yield "moment", _("通知没有申报截止时间。")
