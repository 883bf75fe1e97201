"""What a pack must satisfy when its call has several closings (批次)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from desk.packs.schema import Pack
from desk.packs.source import Place
from grants import intake_rules
from grants.models import Sourcing, StageKind

Found = Iterator[tuple[Place, str]]
ROW = intake_rules.Row._fields


def errors(pack: Pack) -> Found:
    if not pack.intakes:
        return
    call, kinds = pack.call, {stage.kind for stage in pack.stages}
    if call.sourcing == Sourcing.DEMAND:
        yield ("intakes",), _("企业出题揭榜的每个任务有自己的揭榜期，不写批次。")
    rows = [intake_rules.Row(*(getattr(row, name) for name in ROW)) for row in pack.intakes]
    types = [row.code for row in pack.types]
    for number, field, message in intake_rules.problems(rows, types, opens=call.opens, closes=call.closes):
        yield ("call", field) if number is None else ("intakes", number, field), message
    for name, kind in (
        ("unit_closes", StageKind.UNIT_REVIEW),
        ("recommender_closes", StageKind.RECOMMENDATION),
    ):
        if getattr(call, name):
            yield ("call", name), _("分批受理的，单位审核截止和推荐截止写在各批里。")
        for index, row in enumerate(pack.intakes):
            if getattr(row, name) and kind not in kinds and not pack.nominators:
                yield (
                    ("intakes", index, name),
                    _("写了截止时间，但环节里没有“%(stage)s”。") % {"stage": kind.label},
                )
