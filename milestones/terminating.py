"""Who may ask for the early end of a project (终止、撤销), on which ground, and who decides."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.roles import Role
from awards.models import Agreement
from awards.states import AgreementState
from core.calendar import local_date
from core.workflow import Refused
from milestones.models import Milestone, Termination
from milestones.rules import can, is_manager_of, is_of_project
from milestones.states import MilestoneState, TerminationState

LONGEST_REASON = 4000


def terminations_of(agreement: Agreement) -> list[Termination]:
    """Every request and proposal to end a project, newest first."""
    return list(Termination.objects.filter(agreement=agreement))


def is_office(user, agreement: Agreement) -> bool:
    """Whether `user` proposes for the bureau; otherwise the project asks."""
    return is_manager_of(user, agreement.award.application)


def check_can_ask(user, agreement: Agreement, *, requests: list[Termination]) -> None:
    """Raises Refused unless `user` is of the project or manages it, it runs and no request waits."""
    if not (is_office(user, agreement) or is_of_project(user, agreement.award.application)):
        raise Refused(
            _("只有项目团队、承担单位管理员和主管处室的项目主管可以提出终止项目。"), code="forbidden"
        )
    _check_in_force(agreement)
    if any(request.state == TerminationState.SUBMITTED for request in requests):
        raise Refused(_("已有一份终止申请等待决定。"), code="already")


def _check_in_force(agreement: Agreement) -> None:
    if agreement.state != AgreementState.IN_FORCE:
        raise Refused(
            _("任务书现在是“%(state)s”，只有执行中的项目可以终止。")
            % {"state": agreement.get_state_display()},
            code="not_allowed",
        )


def check_terms(
    agreement: Agreement, *, end: str, ground: str, reason: str, by_office: bool, at: datetime
) -> None:
    """Raises Refused naming the field: how it ends, on which ground, why."""
    grounds = Termination.Ground
    if end not in Termination.End.values or (not by_office and end != Termination.End.TERMINATED):
        raise Refused(_("项目单位只能申请终止；撤销由主管处室提出。"), field="end")
    if ground not in grounds.values or (ground == grounds.REQUEST) == by_office:
        raise Refused(_("请选择事由。"), field="ground")
    # Where the notice leaves months for the papers behind the end, it is overdue behind these.
    last = agreement.award.application.finish_date or agreement.ends_date
    if ground == grounds.OVERDUE and last >= local_date(at):
        raise Refused(_("项目应于 %(date)s 前完成，还没有逾期。") % {"date": last}, field="ground")
    failed = Milestone.objects.filter(agreement=agreement, state=MilestoneState.FAILED)
    if ground == grounds.FAILED and not failed.exists():
        raise Refused(_("这个项目没有判为不通过的里程碑。"), field="ground")
    if not reason.strip():
        raise Refused(_("请写明终止理由。"), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(_("终止理由不超过 %(limit)s 字。") % {"limit": LONGEST_REASON}, field="reason")


def check_files(files: list, *, by_office: bool) -> None:
    if not by_office and not files:
        raise Refused(_("请至少上传一份说明材料。"), field="files")


def check_can_withdraw(user, termination: Termination) -> None:
    """What the project asked for the project takes back, what the officers proposed the officers do."""
    agreement = termination.agreement
    if termination.is_by_office:
        own = is_office(user, agreement)
    else:
        own = is_of_project(user, agreement.award.application)
    if not own:
        raise Refused(_("只有提出的一方可以撤回。"), code="forbidden")
    _check_open(termination)


def check_can_decide(user, termination: Termination) -> None:
    if not user.has_role(Role.LEADER):
        raise Refused(_("只有局领导可以决定项目终止。"), code="forbidden")
    _check_open(termination)


def _check_open(termination: Termination) -> None:
    if termination.state != TerminationState.SUBMITTED:
        raise Refused(
            _("这份终止申请现在是“%(state)s”，不能再办理。") % {"state": termination.get_state_display()},
            code="not_allowed",
        )


def check_approval(agreement: Agreement, *, opinion: str, clause: str) -> None:
    """A project ends with a reason, by a clause, and only while it runs. Raises Refused."""
    _check_in_force(agreement)
    if not opinion.strip():
        raise Refused(_("请写明决定的理由。"), field="opinion")
    if not clause.strip():
        raise Refused(_("请写明依据条款。"), field="clause")


def can_ask(user, agreement: Agreement, *, requests: list[Termination]) -> bool:
    return can(check_can_ask, user, agreement, requests=requests)


def can_withdraw(user, termination: Termination) -> bool:
    return can(check_can_withdraw, user, termination)


def can_decide(user, termination: Termination) -> bool:
    return can(check_can_decide, user, termination)
