"""What a pack says of changes of a running project (变更)."""

from typing import Annotated

from pydantic import Field

from desk.packs.part import Days, Part
from desk.packs.values import Clause
from milestones.models import ChangeKind, ChangeWay


class ChangePart(Part):
    """One kind of change; what no row names is approved within the default days."""

    kind: ChangeKind
    way: ChangeWay = ChangeWay.APPROVAL
    unit_days: Annotated[int, Field(ge=0, le=365)] = 5
    decision_days: Days = 10
    times: Annotated[int, Field(ge=1, le=99)] | None = None
    months_before_end: Annotated[int, Field(ge=0, le=120)] | None = None
    asks_file: Annotated[str, Field(max_length=120)] = ""
    asks_file_en: Annotated[str, Field(max_length=240)] = ""
    clause: Clause = ""
