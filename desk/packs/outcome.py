"""What a pack says of the acceptance that cannot be so (验收)."""

from collections.abc import Iterator
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.packs.schema import Pack
from desk.packs.source import Place
from desk.packs.values import plain
from finance.models import Condition
from milestones.models import Kind

WHOLE = 100
FORMULA_OF_MILESTONE = gettext_lazy("按绩效计算的一笔在里程碑通过时算出，条件应为“里程碑通过后”。")


def errors(pack: Pack) -> Iterator[tuple[Place, str]]:
    """A milestone that is there, weights of 100, marks that can be told apart, and money that follows."""
    for index, row in enumerate(pack.instalments):
        if row.formula.strip() and row.condition != Condition.MILESTONE:
            yield ("instalments", index, "formula"), FORMULA_OF_MILESTONE
    part = pack.acceptance
    if not part:
        return
    if part.milestone not in {row.code for row in pack.milestones if row.kind == Kind.MILESTONE}:
        yield ("acceptance", "milestone"), _("没有代码为“%(code)s”的里程碑。") % {"code": part.milestone}
    for key, name in (("criteria", "code"), ("bonuses", "name"), ("grades", "code")):
        yield from _once(("acceptance", key), [getattr(row, name) for row in getattr(part, key)], name)
    weight = sum(row.weight for row in part.criteria)
    if part.criteria and weight != WHOLE:
        said = _("验收指标的权重之和应为 100，现为 %(sum)s。") % {"sum": plain(weight)}
        yield ("acceptance", "criteria"), said
    yield from _scores(pack)
    for index, row in enumerate(part.grades):
        place = ("acceptance", "grades", index)
        if row.passes and row.refund:
            yield (*place, "refund"), _("通过的不退回已付的资金；只按比例支付的写支付比例（share）。")
        if not row.passes and row.premium:
            yield (*place, "premium"), _("不通过的没有奖励。")
        if not row.passes and row.share != WHOLE and row.share:
            yield (*place, "share"), _("不通过的不付凭这个里程碑的拨款，不写支付比例。")
    if all(not row.passes for row in part.grades):
        yield ("acceptance", "grades"), _("至少要有一种通过的结论。")
    if part.again_times and all(row.passes for row in part.grades):
        yield ("acceptance", "again_times"), _("没有不通过的结论，无从再次验收。")


def _scores(pack: Pack) -> Iterator[tuple[Place, str]]:
    part = pack.acceptance
    marks = [(index, row.score) for index, row in enumerate(part.grades) if row.score is not None]
    scored = bool(marks or part.criteria)
    if scored and not part.panel_size:
        yield ("acceptance", "panel_size"), _("按得分作出结论的，须有专家。")
    if part.bonuses and not scored:
        yield ("acceptance", "bonuses"), _("没有验收指标，也没有结论按得分确定，加分没有用处。")
    for (above, high), (index, low) in pairwise(marks):
        if low > high or (low == high and not part.grades[above].when.strip()):
            yield ("acceptance", "grades", index, "score"), _("各结论的起点分应由上到下由高到低。")


def _once(place: Place, names: list[str], key: str) -> Iterator[tuple[Place, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            said = _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": name}
            yield (*place, index, key), said
