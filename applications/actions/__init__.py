"""Everything that changes an application: fill it, hand it in, examine it, move it on."""

from applications.actions.amending import follow_amendment, follow_moments
from applications.actions.answering import (
    Newer,
    Written,
    attach,
    detach,
    save_answers,
    save_over,
    use_recorded,
)
from applications.actions.appealing import appeal, decide_appeal
from applications.actions.batches import Done, Orders, decide_many, receive_many
from applications.actions.budgeting import set_budget
from applications.actions.claiming import Verdict, begin_claim, judge_claim, settle_claim
from applications.actions.commenting import add_comment, reopen_comment, resolve_comment
from applications.actions.comparing import compare, conclude_similarity
from applications.actions.consenting import consent, take_consent_back
from applications.actions.copying import copy_from
from applications.actions.desks import (
    Tried,
    conclude_step,
    in_batch,
    officer_mark,
    pass_formal_check,
    recommend,
    recommender_reject,
    recommender_return,
    reject,
    return_for_supplement,
    unit_approve,
    unit_return,
)
from applications.actions.drafting import (
    BASICS,
    add_to_team,
    keep_typed,
    remove_from_team,
    set_milestones,
    set_participants,
    start,
    update_basics,
)
from applications.actions.elsewhere import record_elsewhere
from applications.actions.flow import (
    advance,
    end_project,
    enter,
    office_behind,
    set_acceptance,
    set_finish,
    set_outcome,
    set_standing,
)
from applications.actions.holding import hold
from applications.actions.intake import lapse, reopen_drafts, submit, withdraw
from applications.actions.nominating import (
    ask_nominator,
    decline_nomination,
    drop_nominator,
    lapse_nominators,
    name_leader,
    sign_nomination,
)
from applications.actions.numbering import keep_numbers
from applications.actions.paper_copies import excuse_papers, lapse_papers, receive_papers, void_papers
from applications.actions.partnering import (
    confirm_partner,
    fill_partner,
    hold_part,
    invite_partner,
    keep_partner_typed,
    limit_partner,
    typed_key,
    uninvite_partner,
)
from applications.actions.plainly import save_plainly
from applications.actions.presenting import lapse_slides, upload_slides
from applications.actions.recommending import (
    issue_letter,
    move_in_order,
    set_order,
    upload_letter_scan,
    void_letter,
)
from applications.actions.revising import ask_revision, go_on_unrevised
from applications.actions.sanctioning import (
    decide_sanction,
    lift_sanction,
    propose_sanction,
    refuse_sanction,
)
from applications.actions.scanning import lapse_scan, upload_scan
from applications.actions.staffing import change_people, rename
from applications.actions.tabling import lapse_table, upload_table
from applications.actions.taking_back import take_back

__all__ = [
    "BASICS",
    "Done",
    "Newer",
    "Orders",
    "Tried",
    "Verdict",
    "Written",
    "add_comment",
    "add_to_team",
    "advance",
    "appeal",
    "ask_nominator",
    "ask_revision",
    "attach",
    "begin_claim",
    "change_people",
    "compare",
    "conclude_similarity",
    "conclude_step",
    "confirm_partner",
    "consent",
    "copy_from",
    "decide_appeal",
    "decide_many",
    "decide_sanction",
    "decline_nomination",
    "detach",
    "drop_nominator",
    "end_project",
    "enter",
    "excuse_papers",
    "fill_partner",
    "follow_amendment",
    "follow_moments",
    "go_on_unrevised",
    "hold",
    "hold_part",
    "in_batch",
    "invite_partner",
    "issue_letter",
    "judge_claim",
    "keep_numbers",
    "keep_partner_typed",
    "keep_typed",
    "lapse",
    "lapse_nominators",
    "lapse_papers",
    "lapse_scan",
    "lapse_slides",
    "lapse_table",
    "lift_sanction",
    "limit_partner",
    "move_in_order",
    "name_leader",
    "office_behind",
    "officer_mark",
    "pass_formal_check",
    "propose_sanction",
    "receive_many",
    "receive_papers",
    "recommend",
    "recommender_reject",
    "recommender_return",
    "record_elsewhere",
    "refuse_sanction",
    "reject",
    "remove_from_team",
    "rename",
    "reopen_comment",
    "reopen_drafts",
    "resolve_comment",
    "return_for_supplement",
    "save_answers",
    "save_over",
    "save_plainly",
    "set_acceptance",
    "set_budget",
    "set_finish",
    "set_milestones",
    "set_order",
    "set_outcome",
    "set_participants",
    "set_standing",
    "settle_claim",
    "sign_nomination",
    "start",
    "submit",
    "take_back",
    "take_consent_back",
    "typed_key",
    "uninvite_partner",
    "unit_approve",
    "unit_return",
    "update_basics",
    "upload_letter_scan",
    "upload_scan",
    "upload_slides",
    "upload_table",
    "use_recorded",
    "void_letter",
    "void_papers",
    "withdraw",
]
