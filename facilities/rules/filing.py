"""Who files a platform, renews it and takes it off the list; and what it writes of its services."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from accounts.roles import Role
from core.calendar import local_date
from core.workflow import Refused
from facilities import queries
from facilities.models import Facility, FacilityScheme, ServiceCase
from facilities.rules.base import allowed, check_is_of_unit, check_state
from facilities.states import FacilityState
from grants.rules import check_manages


def check_can_file(user, call, organisation) -> FacilityScheme:
    """Returns the terms of the call. Raises Refused."""
    check_manages(user, call)
    if organisation is None:
        raise Refused(_("没有这个单位。"), field="credit_code")
    return queries.scheme_of(call)


def can_file(user, call) -> bool:
    return allowed(check_manages, user, call)


def check_services(scheme: FacilityScheme, services: list[str]) -> None:
    known = {row["code"] for row in scheme.services}
    if not services or not known.issuperset(services):
        raise Refused(_("请从通知的服务目录中选择服务。"), field="services", clause=scheme.clause)


def check_can_close(user, facility: Facility) -> None:
    check_manages(user, facility.call)
    check_state(facility, FacilityState.OPERATING, FacilityState.RECTIFYING)


def check_filed_date(scheme: FacilityScheme, filed: date, until: date | None, *, at: datetime) -> None:
    """The filing has begun and is not over. Raises Refused naming the field."""
    today = local_date(at)
    if filed > today:
        raise Refused(_("备案日期不能晚于今天。"), field="filed_date")
    if until is not None and until < today:
        raise Refused(
            _("备案有效期至 %(date)s，已经到期；已经续期的请填写续期后的日期。") % {"date": until},
            field="valid_until",
            clause=scheme.clause,
        )


def check_can_renew(user, facility: Facility) -> None:
    """The filing goes on (续期), also after its end; not while the platform owes a rectification."""
    check_manages(user, facility.call)
    check_state(facility, FacilityState.OPERATING, FacilityState.EXPIRED)
    if facility.valid_until is None:
        raise Refused(_("这个平台的备案长期有效。"), code="not_allowed")
    if facility.failures:
        raise Refused(_("整改没有完成即到期的，请重新备案。"), code="not_allowed")


def check_renewal(facility: Facility, until: date, *, at: datetime) -> None:
    """Raises Refused naming the field."""
    if until <= max(facility.valid_until, local_date(at)):
        raise Refused(_("新的有效期应晚于原有效期和今天。"), field="until")


def can_renew(user, facility: Facility) -> bool:
    return allowed(check_can_renew, user, facility)


def _check_decides(user, facility: Facility, *, at: datetime) -> None:
    if not user.has_role(Role.LEADER):
        raise Refused(_("取消备案由局领导决定。"), code="forbidden")
    check_state(facility, FacilityState.RECTIFYING)
    overdue = local_date(at) > facility.rectify_due_date
    if facility.removal_due_at is None and not overdue:
        raise Refused(
            _("整改期限 %(date)s 尚未届满，也没有达到取消备案的不合格次数。")
            % {"date": facility.rectify_due_date},
            clause=queries.scheme_of(facility.call).clause,
            code="not_allowed",
        )


def check_can_remove(user, facility: Facility, *, at: datetime) -> None:
    """Failed as often as the call allows, or the time to rectify is over."""
    _check_decides(user, facility, at=at)


def check_can_prolong(user, facility: Facility, until: date, *, at: datetime) -> None:
    _check_decides(user, facility, at=at)
    if until <= max(facility.rectify_due_date, local_date(at)):
        raise Refused(_("新的整改期限应晚于原期限和今天。"), field="until")


def can_close(user, facility: Facility) -> bool:
    return allowed(check_can_close, user, facility)


def can_decide_removal(user, facility: Facility) -> bool:
    """For buttons; whether the time is over is said by the action."""
    return user.has_role(Role.LEADER) and facility.state == FacilityState.RECTIFYING


def check_can_write_case(user, facility: Facility, *days: date) -> None:
    """Cases are written by the platform, while it stands, and not for days that were counted already."""
    check_is_of_unit(user, facility)
    check_state(facility, FacilityState.OPERATING, FacilityState.RECTIFYING)
    for day in days:
        if counted := queries.sealed_by(facility, day):
            raise Refused(
                _("%(from)s 至 %(to)s 的服务案例已随 %(year)s 年度自评提交，不能再增改。")
                % {"from": counted.data_from_date, "to": counted.data_to_date, "year": counted.year},
                field="served_date",
                clause=counted.clause,
            )


def can_write_cases(user, facility: Facility) -> bool:
    return allowed(check_can_write_case, user, facility)


def can_write_case(user, case: ServiceCase) -> bool:
    return allowed(check_can_write_case, user, case.facility, case.served_date)


def check_case(facility: Facility, values: dict, *, at: datetime) -> None:
    """Raises Refused naming the field."""
    if values["service"] not in facility.services:
        raise Refused(_("请从平台备案的服务中选择。"), field="service")
    if not 1 <= values["trl_before"] <= values["trl_after"] <= 9:
        raise Refused(_("成熟度为 1 至 9 级，服务后不低于服务前。"), field="trl_after")
    if values["served_date"] > local_date(at):
        raise Refused(_("完成日期不能晚于今天。"), field="served_date")
    if values["fee"] < 0:
        raise Refused(_("服务收费不能为负。"), field="fee")
