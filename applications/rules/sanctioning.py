"""Who proposes and who decides what the notice says must follow (违约处理)."""

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications.models import Application, Sanction
from applications.rules import allowed
from applications.states import SanctionState
from core.workflow import Refused
from grants.models import SanctionTerm
from grants.rules import check_manages


def check_can_propose(user, application: Application, term: SanctionTerm) -> None:
    """A manager of the programme, or the leader whose own decision brings it; only what its notice says."""
    if not user.has_role(Role.LEADER):
        check_manages(user, application.call)
    if term.call_id != application.call_id:
        raise Refused(_("这份通知没有规定这一处理。"), code="not_allowed")


def check_said(text: str, *, field: str) -> None:
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


def check_can_decide_sanction(user, sanction: Sanction) -> None:
    _check_leader(user)
    _check_state(sanction, SanctionState.PROPOSED)


def check_can_lift_sanction(user, sanction: Sanction) -> None:
    _check_leader(user)
    _check_state(sanction, SanctionState.IN_FORCE)


def _check_leader(user) -> None:
    if not user.has_role(Role.LEADER):
        raise Refused(_("只有局领导可以决定和解除处理。"), code="forbidden")


def _check_state(sanction: Sanction, state: str) -> None:
    if sanction.state != state:
        raise Refused(
            _("这一处理现在是“%(state)s”，不能再办理。") % {"state": sanction.get_state_display()},
            code="not_allowed",
        )


def can_decide_sanction(user, sanction: Sanction) -> bool:
    return allowed(check_can_decide_sanction, user, sanction)


def can_lift_sanction(user, sanction: Sanction) -> bool:
    return allowed(check_can_lift_sanction, user, sanction)
