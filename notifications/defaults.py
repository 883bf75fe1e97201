"""The rules that a new installation begins with; every one may be changed, none is a constant."""

from notifications.kinds import DeadlineKind as K
from notifications.kinds import NoticeKind
from notifications.notices import NoticeRule
from notifications.policies import Audience, ReminderPolicy, ReminderStep

OWNERS, MANAGERS, HEADS, LEADERS = Audience.OWNERS, Audience.MANAGERS, Audience.HEADS, Audience.LEADERS
_OFFICER = (OWNERS, MANAGERS)
_HEAD = (*_OFFICER, HEADS)
_LEADER = (*_HEAD, LEADERS)

_ON_ARRIVAL = {"open": (), "d3": (), "d1": (), "d-1": ()}
_OFFICE = {**_ON_ARRIVAL, "d-7": _HEAD, "d-15": _LEADER}
_LADDER = {"d-1": (), "d-7": _OFFICER, "d-15": _HEAD, "d-30": _LEADER}

_TRUST = {"d90": (), "d30": (), "d7": (), "d-1": (), "d-7": _LEADER}
"""Of a share held in trust: the decision is the leaders', so they hear of what is late."""

_PAYER = (*_OFFICER, Audience.FINANCE)
_OWED_LONG = (*_PAYER, HEADS, LEADERS)


# kind: {code of the step: who is told; nobody named: whoever owes it}
STEPS: dict[str, dict[str, tuple]] = {
    K.JOIN_REQUEST: {"open": (), "w1": (), "d-1": (), "d-7": ()},
    K.SUBORDINATION: {"open": (), "w1": (), "d-1": (), "d-7": ()},
    K.CERTIFICATE: {"d180": (), "d60": (), "d30": (), "d-1": _OFFICER},
    K.INVITATION: {"open": (), "d7": (), "d3": (), "d1": ()},
    K.CALL_CLOSES: {"d7": (), "d3": (), "d1": (), "h4": ()},
    # The invitation itself is told at once.
    K.PARTNER_PART: {"d7": (), "d3": (), "d1": ()},
    K.SECOND_STEP: {"open": (), "d7": (), "d3": (), "d1": ()},
    K.DEMAND_ARGUMENT: _OFFICE,
    K.DEMANDER_CHOICE: {**_ON_ARRIVAL, "d-2": _OFFICER},
    K.UNIT_REVIEW: _ON_ARRIVAL,
    K.RECOMMENDATION: {**_ON_ARRIVAL, "d-2": _OFFICER},
    K.JOINT_RECOMMENDATION: {**_ON_ARRIVAL, "d-2": _OFFICER},
    K.FORMAL_CHECK: _OFFICE,
    K.SUPPLEMENT: {"open": (), "w2": (), "w1": ()},
    K.STAMPED_SCAN: {"open": (), "d3": (), "d1": (), "d0": ()},
    K.UNIT_TABLE: {"open": (), "d3": (), "d1": (), "d0": ()},
    K.RECOMMENDER_TABLE: {"open": (), "d3": (), "d1": (), "d0": ()},
    K.PAPER_COPIES: {"open": (), "d3": (), "d1": (), "d0": ()},
    K.NOMINATORS: {"d7": (), "d3": (), "d1": ()},
    # The invitation itself is told at once.
    K.NOMINATION: {"d7": (), "d3": (), "d1": (), "d0": ()},
    K.APPEAL: {"open": (), "d7": (), "d3": (), "d1": ()},
    # Whoever rejected may not decide it: the head hears of it at once.
    K.APPEAL_DECISION: {**_OFFICE, "open": (OWNERS, HEADS)},
    K.EXPERT_REVIEW: {"d3": (), "d1": (), "d0": (), "d-1": (), "d-7": _HEAD, "d-15": _LEADER},
    K.SLIDES: {"open": (), "d3": (), "d1": (), "d0": ()},
    K.REVIEW_ANSWER: {"open": (), "w1": (), "d0": _OFFICER, "d-1": _OFFICER},
    K.REVIEW_DUE: {"d3": (), "d1": (), "d0": (), "d-1": _OFFICER, "d-3": _OFFICER},
    K.EXPERT_UPDATE: {"d30": (), "d7": ()},
    K.OFFICE_STEP: {"d3": (), "d1": (), "d-1": (), "d-7": _HEAD, "d-15": _LEADER},
    K.DECISION: {"d3": (), "d1": (), "d-1": (), "d-7": _HEAD, "d-15": _LEADER},
    K.PUBLICITY_END: {"open": (), "d0": (), "d-1": ()},
    K.OBJECTION: _OFFICE,
    K.TEAM_REGISTRATION: {"open": (), "d30": (), "d7": (), "d1": (), "d-1": _OFFICER},
    K.AGREEMENT_SIGNING: {
        **dict.fromkeys(("d30", "d15", "d7", "d3", "d1"), ()),
        **{"d-1": _OFFICER, "d-7": _OFFICER, "d-15": _HEAD},
    },
    K.PROJECT_END: {**dict.fromkeys(("d90", "d60", "d30", "d15", "d7"), ()), "d-1": (), **_LADDER},
    K.EXTENSION: {"d60": (), "d30": (), "d7": ()},
    K.EXTENSION_REVIEW: _ON_ARRIVAL,
    K.EXTENSION_DECISION: _OFFICE,
    K.SANCTION_DECISION: {**_ON_ARRIVAL, "d-7": _HEAD},
    K.CHANGE_REVIEW: _ON_ARRIVAL,
    K.CHANGE_DECISION: _OFFICE,
    K.TERMINATION_DECISION: {**_ON_ARRIVAL, "d-7": _HEAD},
    K.MILESTONE: {**dict.fromkeys(("d60", "d30", "d14", "d7", "d1"), ()), **_LADDER},
    K.DEMANDER_OPINION: {**_ON_ARRIVAL, "d-2": _OFFICER},
    K.MILESTONE_CHECK: _OFFICE,
    K.PAYMENT: {**dict.fromkeys(("open", "d14", "d7", "d1", "d-1", "d-7"), ()), "d-14": _LEADER},
    K.LATER_CONDITION: {**_ON_ARRIVAL, "d-7": _OFFICER},
    # Counted from 31 December: 1 November, 10 and 20 December.
    K.YEAR_CLOSE: {"d60": _PAYER, "d21": _PAYER, "d11": _PAYER, "d-1": (*_PAYER, LEADERS)},
    # Nothing can be paid before: in the last week whoever pays hears of it too.
    K.BANK_ACCOUNT: {
        **dict.fromkeys(("open", "d28", "d21", "d14"), ()),
        **dict.fromkeys(("d7", "d0"), (OWNERS, Audience.FINANCE)),
        "d-7/7": _PAYER,
    },
    K.SETTLEMENT: {**_ON_ARRIVAL, "d-7": _PAYER},
    K.ACCOUNT_CHECK: {**_ON_ARRIVAL, "d-7": _PAYER},
    K.REFUND: {"d30": (), "d7": (), "d1": (), "d-1": _PAYER, "d-7/7": _PAYER, "d-28": _OWED_LONG},
    **dict.fromkeys((K.EQUITY_TRIGGER, K.EQUITY_CONVERSION, K.EQUITY_VALUATION, K.EQUITY_HOLDING), _TRUST),
    # The firm's own clock begins when the money is demanded: that of the refund.
    K.EQUITY_REPAYMENT: {**_ON_ARRIVAL, "d-7/7": _PAYER, "d-28": _OWED_LONG},
    K.EQUITY_STEP: {**_ON_ARRIVAL, "d-7": _OWED_LONG},
    K.EQUITY_REPORT: {"d30": (), "d7": (), "d1": (), "d-1": _OFFICER, "d-7": _OFFICER, "d-30": _LEADER},
    # A right, not a duty: nothing is owed behind it.
    K.EQUITY_BUY_BACK: {"d90": (), "d30": (), "d7": ()},
    # The notice itself has just gone out.
    K.RECEIPT: {"w2": (), "w1": ()},
    K.DUTY: {"open": (), "d14": (), "d7": (), "d3": (), "d1": (), **_LADDER},
    K.DUTY_CHECK: _OFFICE,
    K.FACILITY_REPORT: {"d30": (), "d7": (), "d1": (), "d-1": _HEAD},
    K.FACILITY_CHECK: {**_ON_ARRIVAL, "d-2": _OFFICER},
    K.FACILITY_SCORE: _OFFICE,
    K.FACILITY_PUBLICITY: {"d0": (), "d-1": ()},
    # Whoever lets this day pass may be taken off the list: the leaders hear of it at once.
    K.FACILITY_RECTIFY: {"open": (), "d30": (), "d7": (), "d1": (), "d-1": _LEADER},
    K.FACILITY_EXPIRY: {**dict.fromkeys(("d180", "d90", "d30", "d7"), ()), "d-1": _HEAD},
    K.FACILITY_REMOVAL: {"open": (), "d3": (), "d1": (), "d-1": (*_HEAD,)},
}
LEGAL = (K.SUPPLEMENT, K.APPEAL, K.AGREEMENT_SIGNING, K.OBJECTION, K.PUBLICITY_END, K.RECEIPT)
"""Somebody's right runs out with these: nobody can switch them off."""


def install() -> None:
    """Give every kind without a general rule its default. Never changes an existing one."""
    NoticeRule.objects.bulk_create((NoticeRule(kind=kind) for kind in NoticeKind), ignore_conflicts=True)
    general = ReminderPolicy.objects.filter(programme="", series=None)
    known = set(general.values_list("kind", flat=True))
    made = ReminderPolicy.objects.bulk_create(
        (ReminderPolicy(kind=kind, is_legal=kind in LEGAL) for kind in STEPS if kind not in known),
        ignore_conflicts=True,
    )
    fresh = {
        policy.kind: policy
        for policy in general.filter(kind__in=[policy.kind for policy in made], steps=None)
    }
    ReminderStep.objects.bulk_create(
        ReminderStep.reading(code, *audience, policy=policy)
        for kind, policy in fresh.items()
        for code, audience in STEPS[kind].items()
    )
