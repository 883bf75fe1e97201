"""Every change of a deal: agreed, triggered, converted, reported on, sold; or given up."""

from equity.actions.converting import (
    approve_conversion,
    record_valuation,
    register,
    restructure,
    return_valuation,
)
from equity.actions.dealing import (
    confirm_repaid,
    confirm_trigger,
    demand_repayment,
    give_up,
    open_deal,
    project_ended,
    renegotiate,
    repayment_followed,
    report_trigger,
    return_trigger,
    settle,
)
from equity.actions.exiting import (
    approve_exit,
    book_exit,
    declare_buy_back,
    distribute,
    propose_exit,
    refuse_exit,
)
from equity.actions.reporting import return_report, submit_report

__all__ = [
    "approve_conversion",
    "approve_exit",
    "book_exit",
    "confirm_repaid",
    "confirm_trigger",
    "declare_buy_back",
    "demand_repayment",
    "distribute",
    "give_up",
    "open_deal",
    "project_ended",
    "propose_exit",
    "record_valuation",
    "refuse_exit",
    "register",
    "renegotiate",
    "repayment_followed",
    "report_trigger",
    "restructure",
    "return_report",
    "return_trigger",
    "return_valuation",
    "settle",
    "submit_report",
]
