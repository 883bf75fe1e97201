"""What a pack says of the acceptance of a project (验收): panel, score sheet, bonuses, conclusions."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from desk.packs.part import Part
from desk.packs.values import Amount, Clause, Code, Maybe60, Maybe120, Number, Text, Words60, Words120
from reviews.models import Aggregation

Share = Annotated[Number, Field(ge=0, le=100)]
Points = Annotated[Number, Field(gt=-1000, lt=1000)]


class AcceptanceCriterionPart(Part):
    code: Code
    name: Words120
    name_en: Maybe120 = ""
    weight: Annotated[Number, Field(gt=0, le=100)]
    max_score: Annotated[Number, Field(gt=0, lt=1000)] = Decimal(100)


class AcceptanceBonusPart(Part):
    name: Words120
    name_en: Text = ""
    points: Points
    when: Annotated[Text, Field(min_length=1)]
    clause: Clause = ""


class AcceptanceGradePart(Part):
    """One conclusion; of those in their order the first that holds is proposed."""

    code: Code
    name: Words60
    name_en: Maybe60 = ""
    passes: bool = True
    score: Share | None = None
    when: Text = ""
    share: Share = Decimal(100)
    """Of what waits for this milestone; nothing is paid where it does not pass."""
    premium: Annotated[Amount, Field(gt=0)] | None = None
    refund: Share = Decimal(0)
    refund_days: Annotated[int, Field(ge=1, le=365)] = 30
    clause: Clause = ""


class AcceptancePart(Part):
    milestone: Code
    panel_size: Annotated[int, Field(ge=0, le=50)] = 5
    aggregation: Aggregation = Aggregation.MEAN
    by_leader: bool = False
    again_times: Annotated[int, Field(ge=0, le=9)] = 0
    again_months: Annotated[int, Field(ge=1, le=60)] = 6
    clause: Clause = ""
    criteria: list[AcceptanceCriterionPart] = Field(default_factory=list)
    bonuses: list[AcceptanceBonusPart] = Field(default_factory=list)
    grades: Annotated[list[AcceptanceGradePart], Field(min_length=1)]
