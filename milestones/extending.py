"""When a project may ask for more time (延期), how much of it, and who decides."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils.translation import gettext as _

from awards.models import Agreement
from awards.states import AgreementState
from core import calendar
from core.calendar import DayKind
from core.workflow import Refused
from milestones import queries
from milestones.models import Extension, Kind, Milestone
from milestones.rules import can, is_manager_of, is_of_project, is_of_unit
from milestones.states import ExtensionState, MilestoneState

LONGEST_REASON = 4000
WAITING = (ExtensionState.UNIT_REVIEW, ExtensionState.SUBMITTED)


def last_day(agreement: Agreement) -> date:
    """The last day on which more time may be asked for."""
    months = agreement.award.application.call.extension_notice_months
    return calendar.add_days(agreement.ends_date, -months, kind=DayKind.MONTH)


def latest_end(agreement: Agreement) -> date:
    """The end beyond which no extension reaches, counted from the end that was signed."""
    signed = agreement.signed_ends_date or agreement.ends_date
    months = agreement.award.application.call.extension_months
    return calendar.add_days(signed, months, kind=DayKind.MONTH)


def _waiting(agreement: Agreement):
    rows = Milestone.objects.filter(
        agreement=agreement, kind=Kind.MILESTONE, state__in=[MilestoneState.PLANNED, MilestoneState.RETURNED]
    )
    return rows.order_by("due_date", "order")


def movable(agreement: Agreement):
    """The milestones that may move with the end: those whose evidence is still to come.

    Not those whose day the notice sets: they follow the end by themselves, or not at all.
    """
    return _waiting(agreement).exclude(code__in=[row.code for row in queries.set_by_notice(agreement)])


def following(agreement: Agreement, ends_date: date) -> dict[Milestone, date]:
    """The milestones that are due so many months after the end, with their days after a later end."""
    months = {row.code: row.months_after_end for row in queries.set_by_notice(agreement) if not row.by_date}
    return {
        milestone: calendar.add_days(ends_date, months[milestone.code], kind=DayKind.MONTH)
        for milestone in _waiting(agreement).filter(code__in=months)
    }


def requests_of(agreement: Agreement) -> list[Extension]:
    """Every request of a project, newest first."""
    return list(Extension.objects.filter(agreement=agreement))


def check_can_ask(user, agreement: Agreement, *, at: datetime, requests: list[Extension]) -> None:
    """Raises Refused unless `user` is of the project and more time may still be asked for."""
    application = agreement.award.application
    if not is_of_project(user, application):
        raise Refused(_("只有项目团队和承担单位管理员可以申请延期。"), code="forbidden")
    check_time_left(agreement, at=at, requests=requests)
    if any(request.state in WAITING for request in requests):
        raise Refused(_("已有一份延期申请等待审批。"), code="already")


def check_time_left(agreement: Agreement, *, at: datetime, requests: list[Extension]) -> None:
    """Raises Refused naming the clause: the project does not run, no extension is left, it is too late."""
    call = agreement.award.application.call
    if agreement.state != AgreementState.IN_FORCE:
        raise Refused(_("只有执行中的项目可以申请延期。"), code="not_allowed")
    _check_number(agreement, requests)
    last = last_day(agreement)
    if calendar.local_date(at) > last:
        raise Refused(
            _("申请延期的最后日期是 %(date)s（项目结束前 %(months)s 个月），现已超过，不能再延期。")
            % {"date": last, "months": call.extension_notice_months},
            clause=call.extension_clause,
            code="late",
        )


def _check_number(agreement: Agreement, requests: list[Extension]) -> None:
    call = agreement.award.application.call
    if not call.extension_times:
        raise Refused(_("本通知规定项目不得延期。"), clause=call.extension_clause, code="not_allowed")
    used = sum(request.state == ExtensionState.APPROVED for request in requests)
    if used >= call.extension_times:
        raise Refused(
            _("本通知规定最多延期 %(times)s 次，已经延期 %(used)s 次。")
            % {"times": call.extension_times, "used": used},
            clause=call.extension_clause,
            code="not_allowed",
        )


def check_terms(agreement: Agreement, ends_date: date, shifts: Mapping[Milestone, date], reason: str) -> None:
    """Raises Refused naming the field: the new end, a milestone's new day, the reason."""
    call = agreement.award.application.call
    if ends_date <= agreement.ends_date:
        raise Refused(
            _("新的结束日期应晚于现在的 %(date)s。") % {"date": agreement.ends_date}, field="ends_date"
        )
    latest = latest_end(agreement)
    if ends_date > latest:
        raise Refused(
            _("累计延期不超过 %(months)s 个月，最晚到 %(date)s。")
            % {"months": call.extension_months, "date": latest},
            field="ends_date",
            clause=call.extension_clause,
        )
    if not reason.strip():
        raise Refused(_("请写明延期理由。"), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(_("延期理由不超过 %(limit)s 字。") % {"limit": LONGEST_REASON}, field="reason")
    for milestone, day in shifts.items():
        if not milestone.due_date < day <= ends_date:
            raise Refused(
                _("里程碑“%(name)s”的新日期应晚于 %(old)s，不晚于新的结束日期 %(end)s。")
                % {"name": milestone, "old": milestone.due_date, "end": ends_date},
                field=f"shift_{milestone.pk}",
            )


def check_can_withdraw(user, extension: Extension) -> None:
    if not is_of_project(user, extension.agreement.award.application):
        raise Refused(_("只有项目团队和承担单位管理员可以撤回延期申请。"), code="forbidden")
    _check_state(extension, *WAITING)


def first_state(user, agreement: Agreement) -> str:
    """What the unit's administrator asks for, and what a notice lets pass, goes to the department at once."""
    if is_of_unit(user, agreement) or not agreement.award.application.call.extension_unit_days:
        return ExtensionState.SUBMITTED
    return ExtensionState.UNIT_REVIEW


def check_can_review(user, extension: Extension) -> None:
    """Raises Refused unless `user` administers the unit and the request waits for its review."""
    if not is_of_unit(user, extension.agreement):
        raise Refused(_("只有承担单位管理员可以审核本单位的延期申请。"), code="forbidden")
    _check_state(extension, ExtensionState.UNIT_REVIEW)


def check_can_decide(user, extension: Extension) -> None:
    """Raises Refused unless `user` manages the programme and the request waits."""
    if not is_manager_of(user, extension.agreement.award.application):
        raise Refused(_("只有主管处室的项目主管可以审批延期。"), code="forbidden")
    _check_state(extension, ExtensionState.SUBMITTED)


def _check_state(extension: Extension, *states: str) -> None:
    if extension.state not in states:
        raise Refused(
            _("延期申请现在是“%(state)s”，不能再办理。") % {"state": extension.get_state_display()},
            code="not_allowed",
        )


def check_can_approve(extension: Extension) -> None:
    """What held when it was asked still holds. Raises Refused."""
    agreement = extension.agreement
    if agreement.state != AgreementState.IN_FORCE:
        raise Refused(_("只有执行中的项目可以延期。"), code="not_allowed")
    _check_number(agreement, requests_of(agreement))


def can_ask(user, agreement: Agreement, *, at: datetime, requests: list[Extension]) -> bool:
    return can(check_can_ask, user, agreement, at=at, requests=requests)


def can_withdraw(user, extension: Extension) -> bool:
    return can(check_can_withdraw, user, extension)


def can_review(user, extension: Extension) -> bool:
    return can(check_can_review, user, extension)


def can_decide(user, extension: Extension) -> bool:
    return can(check_can_decide, user, extension)
