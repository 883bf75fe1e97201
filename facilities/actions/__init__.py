"""What can be done with a facility: file and end it, write its cases, evaluate it year by year."""

from facilities.actions.evaluating import (
    check_green,
    conclude,
    conclude_due,
    go_on_without_report,
    mark_paid,
    publish,
    return_report,
    score,
    score_again,
)
from facilities.actions.filing import (
    close,
    expire_due,
    file_award,
    file_facility,
    give_way,
    prolong,
    remove,
    renew,
)
from facilities.actions.reporting import (
    add_evidence,
    ask_again,
    follow_moments,
    open_due,
    open_year,
    save_report,
    submit_report,
)
from facilities.actions.serving import add_case, change_case, drop_case

__all__ = [
    "add_case",
    "add_evidence",
    "ask_again",
    "change_case",
    "check_green",
    "close",
    "conclude",
    "conclude_due",
    "drop_case",
    "expire_due",
    "file_award",
    "file_facility",
    "follow_moments",
    "give_way",
    "go_on_without_report",
    "mark_paid",
    "open_due",
    "open_year",
    "prolong",
    "publish",
    "remove",
    "renew",
    "return_report",
    "save_report",
    "score",
    "score_again",
    "submit_report",
]
