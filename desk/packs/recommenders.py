"""Whether what a pack says of its recommenders, and of teams that apply, goes together."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from desk.packs.schema import Pack
from desk.packs.source import Place
from grants.models import QuotaOf, RecommendedBy, StageKind

SHORTEST_MONTH = 28
"""Days."""
Found = Iterator[tuple[Place, str]]


def problems(pack: Pack) -> Found:
    """Who recommends is said of the step of recommending, and a choice needs a list."""
    ways = [stage.recommended_by for stage in pack.stages if stage.kind == StageKind.RECOMMENDATION]
    for index, stage in enumerate(pack.stages):
        if stage.kind != StageKind.RECOMMENDATION and stage.recommended_by != RecommendedBy.REGION:
            yield ("stages", index, "recommended_by"), _("只有推荐审核环节才写由谁推荐。")
        if stage.authority_confirmed and stage.recommended_by != RecommendedBy.AUTHORITY:
            yield ("stages", index, "authority_confirmed"), _("只有由上级主管部门推荐时才要求先确认。")
    yield from _joint_offices(pack, is_recommended=bool(ways))
    if RecommendedBy.CHOSEN in ways and all(row.line for row in pack.recommenders):
        yield ("recommenders",), _("由申报人选择推荐单位，但推荐单位名单是空的。")
    codes = [row.credit_code for row in pack.recommenders]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield ("recommenders", index, "credit_code"), _("同一推荐单位写了两次。")
    if any(way != RecommendedBy.REGION for way in ways):
        for index, quota in enumerate(pack.quotas):
            if quota.of == QuotaOf.RECOMMENDER and quota.region:
                yield ("quotas", index, "region"), _("不是按区域推荐，推荐单位的限额不能按区域。")


def _joint_offices(pack: Pack, *, is_recommended: bool) -> Found:
    """Offices that join a recommendation (会同): of one line one for each region, where offices recommend."""
    seen = set()
    for index, row in enumerate(pack.recommenders):
        if not row.line and (row.region or row.clause):
            yield ("recommenders", index, "line"), _("写区域、条款的须写明是什么会同部门。")
        if row.line and not is_recommended:
            yield ("recommenders", index, "line"), _("有会同部门，但环节里没有推荐审核。")
        if row.line and (row.line, row.region) in seen:
            yield ("recommenders", index, "region"), _("同一会同部门在同一区域写了两次。")
        seen.add((row.line, row.region))


def teams(pack: Pack) -> Found:
    """A team can register in time: before the agreement is signed, and while signing is open."""
    call = pack.call
    if call.team_months is not None and not call.teams:
        yield ("call", "team_months"), _("团队不能申报的，不写登记为单位的期限。")
    if call.teams and call.budget_by_unit:
        yield ("call", "budget_by_unit"), _("未注册的团队没有单位代码：团队可以申报的通知，预算不能分单位。")
    if call.team_months is None or StageKind.AGREEMENT not in {stage.kind for stage in pack.stages}:
        return
    shortest = call.team_months * SHORTEST_MONTH
    if pack.signing.days < shortest:
        yield (
            ("signing", "days"),
            _("签订期限短于团队登记为单位的期限（%(months)s 个月）：团队登记之前不能签订。")
            % {"months": call.team_months},
        )
