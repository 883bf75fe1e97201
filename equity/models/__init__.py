"""What happens to public money that becomes a share."""

from equity.models.deals import Deal, PeriodicReport, Trigger, Valuation
from equity.models.holdings import (
    BuyBackWindow,
    CapTable,
    Distribution,
    DistributionLine,
    Exit,
    Holding,
    Shareholding,
)
from equity.models.terms import (
    WITH_AMOUNT,
    EquityTerms,
    PayeeTemplate,
    PriceFormula,
    TriggerKind,
    TriggerTemplate,
)

__all__ = [
    "WITH_AMOUNT",
    "BuyBackWindow",
    "CapTable",
    "Deal",
    "Distribution",
    "DistributionLine",
    "EquityTerms",
    "Exit",
    "Holding",
    "PayeeTemplate",
    "PeriodicReport",
    "PriceFormula",
    "Shareholding",
    "Trigger",
    "TriggerKind",
    "TriggerTemplate",
    "Valuation",
]
