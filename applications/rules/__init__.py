"""Who may do what with an application, when; and everything that keeps one from being handed in."""

from applications.rules.appeals import (
    MIN_GROUNDS,
    check_can_appeal,
    check_can_decide_appeal,
    check_grounds,
    check_hears_appeals,
    is_of_unit,
)
from applications.rules.applying import (
    check_can_comment,
    check_can_confirm_partner,
    check_can_consent,
    check_can_edit,
    check_can_fill_partner,
    check_can_present,
    check_can_scan,
    check_can_start,
    check_can_submit,
    check_can_take_back,
    check_can_upload_table,
    check_can_withdraw,
    check_entry,
    check_entry_kept,
    check_invited,
    check_may_come_again,
    check_submissions_left,
    check_type,
    check_window,
    is_on_team,
)
from applications.rules.comparing import (
    check_can_conclude_similarity,
    check_reads_similarity,
    check_similarity,
    check_similarity_conclusion,
)
from applications.rules.completeness import (
    Incomplete,
    Problem,
    problems_of,
)
from applications.rules.deciding import (
    JUDGING,
    MARKS,
    check_can_approve,
    check_can_choose_recommender,
    check_can_conclude,
    check_can_examine,
    check_can_judge_claim,
    check_can_pass,
    check_can_pass_on,
    check_can_receive_papers,
    check_can_recommend,
    check_can_reject,
    check_can_review_for_unit,
    check_can_send_back,
    check_decides_recommendation,
    check_mark,
    check_paper_kind,
    check_papers,
    check_papers_came,
    check_reason,
)
from applications.rules.managing import check_manages
from applications.rules.nominating import (
    check_can_answer,
    check_can_ask,
    check_can_ask_nominators,
    check_can_sign,
)
from applications.rules.signing import Signed, check_signed, signing_of
from core.workflow import Refused

__all__ = [
    "JUDGING",
    "MARKS",
    "MIN_GROUNDS",
    "Incomplete",
    "Problem",
    "Signed",
    "allowed",
    "check_can_answer",
    "check_can_appeal",
    "check_can_approve",
    "check_can_ask",
    "check_can_ask_nominators",
    "check_can_choose_recommender",
    "check_can_comment",
    "check_can_conclude",
    "check_can_conclude_similarity",
    "check_can_confirm_partner",
    "check_can_consent",
    "check_can_decide_appeal",
    "check_can_edit",
    "check_can_examine",
    "check_can_fill_partner",
    "check_can_judge_claim",
    "check_can_pass",
    "check_can_pass_on",
    "check_can_present",
    "check_can_receive_papers",
    "check_can_recommend",
    "check_can_reject",
    "check_can_review_for_unit",
    "check_can_scan",
    "check_can_send_back",
    "check_can_sign",
    "check_can_start",
    "check_can_submit",
    "check_can_take_back",
    "check_can_upload_table",
    "check_can_withdraw",
    "check_decides_recommendation",
    "check_entry",
    "check_entry_kept",
    "check_grounds",
    "check_hears_appeals",
    "check_invited",
    "check_manages",
    "check_mark",
    "check_may_come_again",
    "check_paper_kind",
    "check_papers",
    "check_papers_came",
    "check_reads_similarity",
    "check_reason",
    "check_signed",
    "check_similarity",
    "check_similarity_conclusion",
    "check_submissions_left",
    "check_type",
    "check_window",
    "is_of_unit",
    "is_on_team",
    "problems_of",
    "signing_of",
]


def allowed(check, *args, **kwargs) -> bool:
    """The answer of a check as true or false."""
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True
