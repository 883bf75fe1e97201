"""What batches (批次) of a notice must satisfy, for the tables and for packs alike."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from grants.models import Intake


class Row(NamedTuple):
    """One batch, whether it stands in a pack or in the tables; `type`: the code of a project type or ""."""

    code: str
    name: str
    type: str
    opens: datetime
    closes: datetime
    unit_closes: datetime | None
    recommender_closes: datetime | None


class Problem(NamedTuple):
    """`number`: the place among the batches, None for the notice itself; `field` as packs name it."""

    number: int | None
    field: str
    message: str


def row_of(intake: Intake) -> Row:
    moments = (getattr(intake, f"{name}_at") for name in Row._fields[3:])
    return Row(intake.code, intake.name, intake.type_code, *moments)


def problems(
    rows: Sequence[Row], types: Collection[str], *, opens: datetime, closes: datetime | None
) -> Iterator[Problem]:
    """The notice is open from the first opening to the last closing, no two batches of a type overlap, and
    every type has one."""
    if not rows:
        return
    if opens != min(row.opens for row in rows):
        yield Problem(None, "opens", _("开始时间应是第一批的开始时间。"))
    if closes != max(row.closes for row in rows):
        yield Problem(None, "closes", _("分批受理的，截止时间应是最后一批的截止时间。"))
    for number, row in enumerate(rows):
        if row.closes <= row.opens:
            yield Problem(number, "closes", _("截止时间应晚于开始时间。"))
        for name in ("unit_closes", "recommender_closes"):
            moment = getattr(row, name)
            if moment and moment < row.closes:
                yield Problem(number, name, _("不能早于本批的申报截止。"))
        if row.unit_closes and row.recommender_closes and row.recommender_closes < row.unit_closes:
            yield Problem(number, "recommender_closes", _("推荐截止不能早于单位审核截止。"))
        yield from _beside(number, row, rows[:number])
    served = {row.type for row in rows}
    for code in () if "" in served else sorted(set(types) - served):
        yield Problem(len(rows) - 1, "type", _("项目类别“%(code)s”没有批次。") % {"code": code})


def _beside(number: int, row: Row, others: Sequence[Row]) -> Iterator[Problem]:
    for other in others:
        alike = not row.type or not other.type or row.type == other.type
        if alike and row.opens <= other.closes and other.opens <= row.closes:
            yield Problem(number, "opens", _("与“%(name)s”的受理时间重叠。") % {"name": other.name})
        if row.code == other.code and row.name != other.name:
            yield Problem(number, "name", _("代码相同的是同一批，名称应相同。"))
        elif row.code == other.code and row.type == other.type:
            yield Problem(number, "code", _("同一批同一项目类别写了两次。"))
