"""Who may appeal (复审) against a rejection at the formal check, and who decides it."""

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications import queries
from applications.models import Appeal, Application
from applications.rules.applying import is_on_team
from applications.rules.deciding import check_manages
from applications.states import AppealState
from core.workflow import Lost, Refused

MIN_GROUNDS = 10
"""Characters: an appeal says what is wrong with the rejection."""


def is_of_unit(by, application: Application) -> bool:
    """The team, or an administrator of its unit."""
    administers = by is not None and application.organisation_id in by.scope.admin_units
    return administers or is_on_team(by, application)


def check_can_appeal(by, application: Application, *, at) -> None:
    """The applicant's side, against a rejection at the formal check, once and in time. Raises Refused."""
    if not is_of_unit(by, application):
        raise Refused(_("只有申报团队或单位管理员可以申请复审。"))
    decision = queries.rejection(application)
    if decision is None:
        raise Refused(_("只有形式审查不予受理的申报可以申请复审。"), code="not_rejected")
    if Appeal.objects.filter(decision=decision).exists():
        raise Lost(_("已经申请过复审，不能重复申请。"), code="appealed")
    clause = application.call.appeal_clause or application.call.number
    until = queries.appeal_until(decision)
    if until is None:
        raise Refused(_("本通知不受理复审申请。"), clause=clause, code="no_appeal")
    if at > until:
        raise Refused(
            _("依据%(clause)s，复审申请应在 %(time)s 前提出，现已逾期，不予受理。")
            % {"clause": clause or application.call.title, "time": queries.local_moment(until)},
            clause=clause,
            code="late",
        )


def check_grounds(grounds: str) -> None:
    if len("".join(grounds.split())) < MIN_GROUNDS:
        raise Refused(
            _("请写明事实与理由，不少于 %(n)s 个字。") % {"n": MIN_GROUNDS}, field="grounds", code="short"
        )


def check_hears_appeals(by, appeal: Appeal) -> None:
    """A manager or the head of the department, or a leader. Raises Refused."""
    department = appeal.application.call.programme.department_id
    if by is None or by.has_role(Role.LEADER) or department in by.scope.headed:
        return
    check_manages(by, appeal.application)


def check_can_decide_appeal(by, appeal: Appeal) -> None:
    """Another officer than the one who rejected; the database holds this too. Raises Refused, Lost."""
    check_hears_appeals(by, appeal)
    if by is not None and by.pk == appeal.rejected_by_id:
        raise Refused(_("不予受理是您作出的，复审须由其他人办理。"), code="same_officer")
    if appeal.state != AppealState.FILED:
        raise Lost(_("这项复审已经办结。"), code="lost")
