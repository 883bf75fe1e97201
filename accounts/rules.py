"""Who may do what to accounts and units. `check_can_x` raises Refused; `can_x` answers for buttons."""

from django.utils.translation import gettext as _

from accounts.models import Membership, RoleAssignment
from accounts.roles import Role, UnitRole
from accounts.states import JoinState, SubordinationState
from core.workflow import Refused


def _answers(check, *args) -> bool:
    try:
        check(*args)
    except Refused:
        return False
    return True


def check_can_manage_unit(user, organisation) -> None:
    """A unit's own administrator keeps its page and its members; a system administrator any unit's."""
    if organisation.pk not in user.scope.admin_units and not user.has_role(Role.SYSADMIN):
        raise Refused(
            _("只有“%(unit)s”的单位管理员可以做这件事。") % {"unit": organisation}, code="forbidden"
        )


def can_manage_unit(user, organisation) -> bool:
    return _answers(check_can_manage_unit, user, organisation)


def check_can_request_to_join(user, organisation) -> None:
    if organisation.pk in user.scope.units:
        raise Refused(_("您已经是“%(unit)s”的成员。") % {"unit": organisation}, code="member")
    if organisation.join_requests.waiting().filter(user=user).exists():
        raise Refused(_("您的加入申请已经提交，正在等待单位管理员审核。"), code="waiting")


def check_can_decide_join(user, join_request) -> None:
    check_can_manage_unit(user, join_request.organisation)
    if join_request.state != JoinState.REQUESTED:
        raise Refused(_("这份申请已经处理过了。"), code="not_allowed")


def can_decide_join(user, join_request) -> bool:
    return _answers(check_can_decide_join, user, join_request)


def check_can_withdraw_join(user, join_request) -> None:
    if join_request.user_id != user.pk:
        raise Refused(_("只能撤回自己的申请。"), code="forbidden")
    if join_request.state != JoinState.REQUESTED:
        raise Refused(_("这份申请已经处理过了。"), code="not_allowed")


def check_can_answer_unit(user, subordination) -> None:
    """The authority's administrators and those who recommend for it; a system administrator for any."""
    scope = user.scope
    answering = scope.admin_units | scope.recommender_organisations
    if subordination.authority_id not in answering and not user.has_role(Role.SYSADMIN):
        raise Refused(
            _("只有“%(unit)s”的单位管理员或推荐人可以确认。") % {"unit": subordination.authority},
            code="forbidden",
        )
    if subordination.state != SubordinationState.NAMED:
        raise Refused(_("这个单位的主管关系已经处理过了。"), code="not_allowed")


def check_can_end_membership(user, membership) -> None:
    """A unit that is registered always keeps an administrator; anybody may leave otherwise."""
    if membership.user_id != user.pk:
        check_can_manage_unit(user, membership.organisation)
    if not membership.is_active:
        raise Refused(_("这个身份已经停用。"), code="not_allowed")
    admins = Membership.objects.filter(
        organisation_id=membership.organisation_id, role=UnitRole.ADMIN, is_active=True
    )
    if membership.role == UnitRole.ADMIN and not admins.exclude(pk=membership.pk).exists():
        raise Refused(_("单位至少要有一名单位管理员：请先让另一名成员担任。"), code="last_admin")


def can_end_membership(user, membership) -> bool:
    return _answers(check_can_end_membership, user, membership)


def check_can_record_fact(user, organisation) -> None:
    """The unit's administrator for its own, programme managers and system administrators for any."""
    if not user.has_role(Role.PROGRAMME_MANAGER):
        check_can_manage_unit(user, organisation)


def can_record_fact(user, organisation) -> bool:
    return _answers(check_can_record_fact, user, organisation)


def check_can_confirm_fact(user, fact) -> None:
    """Officers who run programmes; nobody confirms what they wrote down about their own unit."""
    if not user.has_role(Role.PROGRAMME_MANAGER, Role.SYSADMIN) or fact.organisation_id in user.scope.units:
        raise Refused(_("单位资料由主管处室的人员核实。"), code="forbidden")
    if fact.confirmed_at is not None:
        raise Refused(_("这条记录已经核实过了。"), code="not_allowed")


def can_confirm_fact(user, fact) -> bool:
    return _answers(check_can_confirm_fact, user, fact)


def check_can_keep_account(user, organisation) -> None:
    """Where a unit is paid is kept by its administrator or its finance."""
    if organisation.pk not in user.scope.admin_units | user.scope.finance_units:
        raise Refused(_("收款账户由单位管理员或单位财务维护。"), code="forbidden")


def can_keep_account(user, organisation) -> bool:
    return _answers(check_can_keep_account, user, organisation)


def check_can_record_integrity(user, subject=None) -> None:
    if not user.has_role(Role.SUPERVISION, Role.SYSADMIN):
        raise Refused(_("诚信记录只能由监督人员登记。"), code="forbidden")


def can_record_integrity(user, subject=None) -> bool:
    return _answers(check_can_record_integrity, user)


def check_can_assign_role(user) -> None:
    if not user.has_role(Role.SYSADMIN):
        raise Refused(_("角色只能由系统管理员任免。"), code="forbidden")


def check_can_end_role(user, assignment) -> None:
    """Nobody can lock everybody out: the last system administrator stays."""
    check_can_assign_role(user)
    if not assignment.is_active:
        raise Refused(_("这个任职已经结束。"), code="not_allowed")
    others = RoleAssignment.objects.filter(role=Role.SYSADMIN, is_active=True).exclude(pk=assignment.pk)
    if assignment.role == Role.SYSADMIN and not others.exists() and not user.is_superuser:
        raise Refused(_("至少要有一名系统管理员。"), code="last_sysadmin")


def can_end_role(user, assignment) -> bool:
    return _answers(check_can_end_role, user, assignment)
