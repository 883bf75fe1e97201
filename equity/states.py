"""How public money becomes a share and comes back. Research acceptance moves nothing here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Machine


class DealState(models.TextChoices):
    AGREED = "agreed", _("已约定，待设定")
    WATCHING = "watching", _("等待触发")
    TRIGGERED = "triggered", _("已触发，待估值")
    VALUED = "valued", _("已估值，待批准")
    APPROVED = "approved", _("已批准，待登记")
    HOLDING = "holding", _("持股中")
    EXITING = "exiting", _("退出中")
    EXITED = "exited", _("已退出，待分配")
    CLOSED = "closed", _("已办结")
    REPAYING = "repaying", _("退还中")
    REPAID = "repaid", _("已退还")
    EXEMPTED = "exempted", _("已容亏免责")
    WRITTEN_OFF = "written_off", _("已核销")


S = DealState
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})
_LEADER = frozenset({Role.LEADER})
_FINANCE = frozenset({Role.FINANCE})
_GIVEN_UP = frozenset({S.EXEMPTED, S.WRITTEN_OFF})

ENDED = frozenset({S.CLOSED, S.REPAID, S.EXEMPTED, S.WRITTEN_OFF})
CONVERTING = frozenset({S.TRIGGERED, S.VALUED, S.APPROVED})
HELD = frozenset({S.HOLDING, S.EXITING})
REPORTING = frozenset({S.WATCHING, *CONVERTING, *HELD})
"""While the firm reports periodically."""

DEAL = Machine(
    states=S,
    initial=S.AGREED,
    transitions={
        # Money that is invested at once (股权投资) waits for no trigger.
        # Given up before there is a trustee: the project was ended first.
        S.AGREED: frozenset({S.WATCHING, S.TRIGGERED, *_GIVEN_UP}),
        S.WATCHING: frozenset({S.TRIGGERED, S.REPAYING, *_GIVEN_UP}),
        S.TRIGGERED: frozenset({S.VALUED, *_GIVEN_UP}),
        S.VALUED: frozenset({S.APPROVED, S.TRIGGERED, *_GIVEN_UP}),
        S.APPROVED: frozenset({S.HOLDING, *_GIVEN_UP}),
        S.HOLDING: frozenset({S.EXITING, *_GIVEN_UP}),
        S.EXITING: frozenset({S.HOLDING, S.EXITED}),
        S.EXITED: frozenset({S.CLOSED}),
        S.REPAYING: frozenset({S.REPAID, *_GIVEN_UP}),
    },
    owners={
        S.AGREED: _MANAGER | _LEADER,
        S.WATCHING: _MANAGER | _LEADER,
        S.TRIGGERED: _MANAGER | _LEADER,
        S.VALUED: _LEADER,
        S.APPROVED: _MANAGER | _LEADER,
        S.HOLDING: _MANAGER | _LEADER,
        S.EXITING: _LEADER | _FINANCE,
        S.EXITED: _FINANCE,
        S.CLOSED: frozenset(),
        S.REPAYING: _FINANCE | _LEADER,
        S.REPAID: frozenset(),
        S.EXEMPTED: frozenset(),
        S.WRITTEN_OFF: frozenset(),
    },
)


class TriggerState(models.TextChoices):
    WAITING = "waiting", _("等待")
    REPORTED = "reported", _("已报告，待核实")
    MET = "met", _("已达成")
    NOT_MET = "not_met", _("未达成")
    DROPPED = "dropped", _("不再需要")


T = TriggerState
WATCHED = (T.WAITING, T.REPORTED)

TRIGGER = Machine(
    states=T,
    initial=T.WAITING,
    transitions={
        T.WAITING: frozenset({T.REPORTED, T.MET, T.NOT_MET, T.DROPPED}),
        T.REPORTED: frozenset({T.WAITING, T.MET, T.NOT_MET, T.DROPPED}),
    },
    owners={
        T.WAITING: _MANAGER,
        T.REPORTED: _MANAGER,
        T.MET: frozenset(),
        T.NOT_MET: frozenset(),
        T.DROPPED: frozenset(),
    },
)


class ReportState(models.TextChoices):
    DUE = "due", _("待报送")
    SUBMITTED = "submitted", _("已报送")
    DROPPED = "dropped", _("不再需要")


R = ReportState

REPORT = Machine(
    states=R,
    initial=R.DUE,
    transitions={
        R.DUE: frozenset({R.SUBMITTED, R.DROPPED}),
        # Sent back for completion: the day stays.
        R.SUBMITTED: frozenset({R.DUE}),
    },
    owners={R.DUE: frozenset(), R.SUBMITTED: _MANAGER, R.DROPPED: frozenset()},
)


class WindowState(models.TextChoices):
    OPEN = "open", _("可以回购")
    DECLARED = "declared", _("已提出回购")
    ENDED = "ended", _("已结束")


W = WindowState

WINDOW = Machine(
    states=W,
    initial=W.OPEN,
    transitions={
        W.OPEN: frozenset({W.DECLARED, W.ENDED}),
        # A buy-back that the leaders did not approve leaves the right as it was.
        W.DECLARED: frozenset({W.OPEN, W.ENDED}),
    },
    owners={W.OPEN: frozenset(), W.DECLARED: _MANAGER, W.ENDED: frozenset()},
)


class ExitState(models.TextChoices):
    PROPOSED = "proposed", _("待批准")
    APPROVED = "approved", _("已批准，待收款")
    SETTLED = "settled", _("已收款")
    REFUSED = "refused", _("不予批准")


X = ExitState

EXIT = Machine(
    states=X,
    initial=X.PROPOSED,
    transitions={
        X.PROPOSED: frozenset({X.APPROVED, X.REFUSED}),
        # Refused: whoever was to pay did not.
        X.APPROVED: frozenset({X.SETTLED, X.REFUSED}),
    },
    owners={
        X.PROPOSED: _LEADER,
        X.APPROVED: _FINANCE | _LEADER,
        X.SETTLED: frozenset(),
        X.REFUSED: frozenset(),
    },
)

del S, T, R, W, X
