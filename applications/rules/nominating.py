"""Who may ask people to nominate, and who may sign, and when."""

from django.utils.translation import gettext as _

from applications import queries
from applications.models import Application, Nominator
from applications.queries.nominators import Fit, leader_of
from applications.questions import localised
from applications.rules.applying import is_on_team
from applications.states import ENDED, NominatorState
from core.workflow import Lost, Refused

MOST = 30
"""People asked for one application: more is a mistake."""


def _check_in_time(application: Application, *, at) -> None:
    until = queries.nominate_until(application)
    if until and at > until:
        raise Refused(
            _("提名已于 %(time)s 截止，逾期不再接收。") % {"time": queries.local_moment(until)}, code="late"
        )


def check_can_ask_nominators(by, application: Application, *, at) -> None:
    """The team, until nominating ends. Raises Refused."""
    if not is_on_team(by, application):
        raise Refused(_("只有申报团队的成员可以邀请提名人。"))
    if application.state in ENDED:
        raise Refused(_("申报书已经退出，不再需要提名。"), code="ended")
    if not queries.ways_of(application):
        raise Refused(_("本项目不由专家提名。"), code="not_asked")
    _check_in_time(application, at=at)


def check_can_ask(by, application: Application, user, *, at) -> None:
    check_can_ask_nominators(by, application, at=at)
    asked = application.nominators.all()
    if any(row.user_id == user.pk for row in asked):
        raise Refused(_("已经邀请过“%(name)s”。") % {"name": user}, field="email")
    if len(asked) >= MOST:
        raise Refused(_("一个项目最多邀请 %(most)s 名提名人。") % {"most": MOST}, field="email")
    if queries.about(user, application)["is_candidate"]:
        raise Refused(_("“%(name)s”是本项目的参与人员，不能提名。") % {"name": user}, field="email")


def check_can_answer(by, nominator: Nominator, *, at) -> None:
    """The person alone, once it was handed in, until nominating ends. Raises Refused."""
    application = nominator.application
    if by is not None and by.pk != nominator.user_id:
        raise Refused(_("只有提名人本人可以签署。"))
    if application.state in queries.NOT_AWAITED_IN:
        raise Refused(
            _("申报书现在是“%(state)s”，不能签署。")
            % {"state": application.machine.public_label(application.state)},
            code="not_submitted",
        )
    _check_in_time(application, at=at)


def check_can_sign(by, nominator: Nominator, *, opinion: str, person: dict, at) -> list[Fit]:
    """The ways for which the signature counts. Raises Refused with every reason when there is none."""
    check_can_answer(by, nominator, at=at)
    if nominator.state == NominatorState.SIGNED:
        raise Lost(_("您已经签署。"), code="signed")
    if not opinion.strip():
        raise Refused(_("请写明提名意见。"), field="opinion")
    if person["is_candidate"]:
        raise Refused(_("您是本项目的参与人员，不能提名。"))
    fits = queries.fits_of(nominator, person)
    counted = [fit for fit in fits if not fit.reason]
    if not counted:
        reasons = _("；").join(_why_not(fit) for fit in fits) or _("本项目不由专家提名。")
        raise Refused(reasons, code="not_eligible")
    leader = leader_of(nominator.application)
    waits = leader not in (None, nominator) and leader.state != NominatorState.SIGNED
    if waits and all(fit.group.leader_first for fit in counted):
        raise Refused(
            _("请等牵头提名人“%(name)s”先签署；对方不能签署的，请申报团队改由他人牵头。") % {"name": leader},
            clause=counted[0].group.clause,
            code="leader_first",
        )
    return counted


def _why_not(fit: Fit) -> str:
    said = {"group": localised(fit.group, "name"), "clause": fit.group.clause}
    return _("不计入“%(group)s”（%(clause)s）：%(reason)s") % {**said, "reason": fit.reason.rstrip("。.")}


def check_can_lead(by, nominator: Nominator, *, at) -> None:
    """Whom the team names to lead, until the leader has signed. Raises Refused."""
    application = nominator.application
    check_can_ask_nominators(by, application, at=at)
    if nominator.state == NominatorState.DECLINED:
        raise Refused(_("“%(name)s”没有提名，不能牵头。") % {"name": nominator})
    check_leader_open(application)


def check_leader_open(application: Application) -> None:
    """Nobody else leads once the leader has signed. Raises Refused."""
    leader = leader_of(application)
    if leader is not None and leader.state == NominatorState.SIGNED:
        raise Refused(_("牵头提名人“%(name)s”已经签署，不能再换。") % {"name": leader}, field="leads")
