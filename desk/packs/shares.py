"""What a pack says of money that becomes a share (股权条件)."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from desk.packs.part import Days, Part
from desk.packs.values import Amount, Clause, Number, Words60
from equity.models import PriceFormula, TriggerKind

Months = Annotated[int, Field(ge=1, le=240)]
Percent = Annotated[Number, Field(gt=0, le=100)]


class TriggerPart(Part):
    """An event on which the money becomes a share; `amount` of money, `milestone` its code."""

    kind: TriggerKind
    amount: Annotated[Amount, Field(gt=0)] | None = None
    milestone: Annotated[str, Field(max_length=50)] = ""
    months: Months
    clause: Clause = ""


class PayeePart(Part):
    """Who shares in the income; principal and odd cents go to the one row with `pool`."""

    name: Words60
    share: Percent
    pool: bool = False


class EquityPart(Part):
    """How money becomes a share, and how the share is left again."""

    max_percent: Percent = Decimal(25)
    not_largest: bool = True
    conversion_days: Days = 90
    repayment_days: Days = 10
    step_days: Days = 10
    valuation_months: Months = 12
    report_months: Months = 6
    max_holding_months: Months = 60
    buy_back_after_months: Annotated[int, Field(ge=0, le=240)] | None = None
    buy_back_months: Months | None = None
    team_first: bool = True
    price_formula: PriceFormula = PriceFormula.ORIGINAL
    interest_percent: Percent | None = None
    interest_after_months: Annotated[int, Field(ge=0, le=240)] = 0
    clause: Clause = ""
    report_clause: Clause = ""
    exit_clause: Clause = ""
    split_clause: Clause = ""
    triggers: list[TriggerPart] = Field(default_factory=list)
    payees: list[PayeePart] = Field(default_factory=list)
