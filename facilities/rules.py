"""Who may do what with a facility and its yearly evaluation, when, and what must be said."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role
from core.calendar import local_date
from core.workflow import Lost, Refused
from facilities import queries
from facilities.models import AnnualEvaluation, Facility, FacilityScheme, ServiceCase
from facilities.states import EvaluationState, FacilityState
from grants.rules import check_manages

LONG = 4000
MAX_FIGURE = Decimal(10) ** 12
GREEN = ("yes", "no")


class Incomplete(Refused):
    """A self-report cannot be handed in yet; `problems` holds every reason."""

    def __init__(self, problems: list[Refused]):
        first = problems[0]
        super().__init__(first.message, field=first.field, clause=first.clause, code="incomplete")
        self.problems = problems


class Changed(Lost):
    """Somebody else changed the fields `names` since they were read; nothing was written over."""

    def __init__(self, names: list[str], labels: dict[str, str], *, by, at: datetime | None):
        sentence = _(
            "%(fields)s已由%(person)s在 %(time)s 改过，您填写的这些内容没有写入，仍在本页。"
            "请对照对方所填，改好后按“保存”。"
        )
        words = {
            "fields": "".join(_("“%(label)s”") % {"label": labels[name]} for name in names),
            "person": by or _("他人"),
            "time": moment(at) if at else "—",
        }
        super().__init__(sentence % words, field=names[0], code="changed")
        self.names = names


def _allowed(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


def _check_state(subject, *states: str) -> None:
    if subject.state not in states:
        raise Refused(
            _("现在的状态是“%(state)s”，不能这样办理。") % {"state": subject.get_state_display()},
            code="not_allowed",
        )


def check_reason(text: str, *, field: str = "reason") -> None:
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


# ---- who ----


def is_of_unit(user, facility: Facility) -> bool:
    return facility.organisation_id in user.scope.units


def check_is_of_unit(user, facility: Facility) -> None:
    if not is_of_unit(user, facility):
        raise Refused(_("只有平台依托单位的成员可以办理。"), code="forbidden")


def stands_for(user, facility: Facility) -> bool:
    """A recommender of the facility's region, or appointed for its unit."""
    scope = user.scope
    region = facility.organisation.region
    return facility.organisation_id in scope.recommender_organisations or any(
        region.startswith(own) for own in scope.regions
    )


def manages(user, facility: Facility) -> bool:
    return _allowed(check_manages, user, facility.call)


# ---- filing and ending ----


def check_can_file(user, call, organisation) -> FacilityScheme:
    """Returns the terms of the call. Raises Refused."""
    check_manages(user, call)
    if organisation is None:
        raise Refused(_("没有这个单位。"), field="credit_code")
    return queries.scheme_of(call)


def can_file(user, call) -> bool:
    return _allowed(check_manages, user, call)


def check_services(scheme: FacilityScheme, services: list[str]) -> None:
    known = {row["code"] for row in scheme.services}
    if not services or not known.issuperset(services):
        raise Refused(_("请从通知的服务目录中选择服务。"), field="services", clause=scheme.clause)


def check_can_close(user, facility: Facility) -> None:
    check_manages(user, facility.call)
    _check_state(facility, FacilityState.OPERATING, FacilityState.RECTIFYING)


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
    _check_state(facility, FacilityState.OPERATING, FacilityState.EXPIRED)
    if facility.valid_until is None:
        raise Refused(_("这个平台的备案长期有效。"), code="not_allowed")
    if facility.failures:
        raise Refused(_("整改没有完成即到期的，请重新备案。"), code="not_allowed")


def check_renewal(facility: Facility, until: date, *, at: datetime) -> None:
    """Raises Refused naming the field."""
    if until <= max(facility.valid_until, local_date(at)):
        raise Refused(_("新的有效期应晚于原有效期和今天。"), field="until")


def can_renew(user, facility: Facility) -> bool:
    return _allowed(check_can_renew, user, facility)


def _check_decides(user, facility: Facility, *, at: datetime) -> None:
    if not user.has_role(Role.LEADER):
        raise Refused(_("取消备案由局领导决定。"), code="forbidden")
    _check_state(facility, FacilityState.RECTIFYING)
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
    return _allowed(check_can_close, user, facility)


def can_decide_removal(user, facility: Facility) -> bool:
    """For buttons; whether the time is over is said by the action."""
    return user.has_role(Role.LEADER) and facility.state == FacilityState.RECTIFYING


# ---- service cases ----


def check_can_write_case(user, facility: Facility, *days: date) -> None:
    """Cases are written by the platform, while it stands, and not for days that were counted already."""
    check_is_of_unit(user, facility)
    _check_state(facility, FacilityState.OPERATING, FacilityState.RECTIFYING)
    for day in days:
        if counted := queries.sealed_by(facility, day):
            raise Refused(
                _("%(from)s 至 %(to)s 的服务案例已随 %(year)s 年度自评提交，不能再增改。")
                % {"from": counted.data_from_date, "to": counted.data_to_date, "year": counted.year},
                field="served_date",
                clause=counted.clause,
            )


def can_write_cases(user, facility: Facility) -> bool:
    return _allowed(check_can_write_case, user, facility)


def can_write_case(user, case: ServiceCase) -> bool:
    return _allowed(check_can_write_case, user, case.facility, case.served_date)


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


# ---- the yearly evaluation ----


def check_can_open_year(user, call, year: int, *, at: datetime) -> FacilityScheme:
    check_manages(user, call)
    scheme = queries.scheme_of(call)
    if scheme.window(year).closes_at <= at:
        raise Refused(
            _("%(year)s 年度的自评期已于 %(time)s 结束。")
            % {"year": year, "time": moment(scheme.window(year).closes_at)},
            field="year",
            clause=scheme.clause,
        )
    return scheme


def check_can_ask_again(user, facility: Facility, *, at: datetime) -> None:
    """The platform says that it has rectified, before its time is over and with nothing running."""
    check_is_of_unit(user, facility)
    _check_state(facility, FacilityState.RECTIFYING)
    if facility.removal_due_at is not None:
        raise Refused(_("已达到取消备案的不合格次数，等待局领导决定。"), code="not_allowed")
    if local_date(at) > facility.rectify_due_date:
        raise Refused(
            _("整改期限 %(date)s 已过，不能再申请复评。") % {"date": facility.rectify_due_date},
            clause=queries.scheme_of(facility.call).clause,
            code="late",
        )
    if queries.running_evaluation(facility):
        raise Refused(_("已有一次评价正在进行。"), code="already")


def can_ask_again(user, facility: Facility, *, at: datetime) -> bool:
    if facility.state != FacilityState.RECTIFYING:
        return False
    return _allowed(check_can_ask_again, user, facility, at=at)


def check_can_write_report(user, evaluation: AnnualEvaluation) -> None:
    check_is_of_unit(user, evaluation.facility)
    _check_state(evaluation, EvaluationState.REPORTING)


def can_write_report(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_write_report, user, evaluation)


def check_is_window(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    if at < evaluation.report_opens_at:
        raise Refused(
            _("自评 %(time)s 开始提交，现在可以先填写保存。") % {"time": moment(evaluation.report_opens_at)},
            clause=evaluation.clause,
            code="early",
        )
    if at > evaluation.report_due_at:
        raise Refused(
            _("自评已于 %(time)s 截止。") % {"time": moment(evaluation.report_due_at)},
            clause=evaluation.clause,
            code="late",
        )


def check_unchanged(names: list[str], scheme: FacilityScheme, *, by, at: datetime | None) -> None:
    """`names`: fields that `by` changed at `at`, since the writer read them. Raises Changed."""
    if names:
        raise Changed(names, queries.report_labels(scheme), by=by, at=at)


def check_can_submit(user, evaluation: AnnualEvaluation, scheme: FacilityScheme, *, at: datetime) -> None:
    """Raises Refused, or Incomplete with everything that is missing or wrong."""
    check_can_write_report(user, evaluation)
    check_is_window(evaluation, at=at)
    problems = list(problems_of(evaluation.report, scheme))
    if problems:
        raise Incomplete(problems)


def figure(text: str) -> Decimal | None:
    """The number that was typed for an indicator; None for what is none."""
    try:
        value = Decimal(text.strip().replace(",", ""))
    except (InvalidOperation, AttributeError):
        return None
    return value if value.is_finite() and 0 <= value < MAX_FIGURE else None


def problems_of(report: dict, scheme: FacilityScheme):
    """Everything that keeps a self-report from being handed in."""
    for row in scheme.indicators:
        field = f"value_{row['code']}"
        typed = report.get(field, "").strip()
        label = queries.named(row)
        if not typed:
            yield Refused(_("请填写“%(label)s”。") % {"label": label}, field=field, clause=scheme.clause)
        elif figure(typed) is None:
            yield Refused(
                _("“%(label)s”应为不小于 0 的数字，现在填的是“%(typed)s”。")
                % {"label": label, "typed": typed},
                field=field,
                clause=scheme.clause,
            )
    if not report.get("summary", "").strip():
        yield Refused(_("请填写运行情况。"), field="summary", clause=scheme.clause)
    for name in ("summary", "problems", "green_note"):
        if len(report.get(name, "")) > LONG:
            yield Refused(_("不超过 %(limit)s 字。") % {"limit": LONG}, field=name)
    if scheme.district_check:
        if report.get("green") not in GREEN:
            yield Refused(_("请选择绿色门槛自查结论。"), field="green", clause=scheme.clause)
        elif report["green"] == "no" and not report.get("green_note", "").strip():
            yield Refused(_("不符合绿色门槛的，请说明情况。"), field="green_note", clause=scheme.clause)


def check_can_check(user, evaluation: AnnualEvaluation) -> None:
    if not stands_for(user, evaluation.facility):
        raise Refused(_("绿色门槛由平台所在区的科技主管部门审查。"), code="forbidden")
    _check_state(evaluation, EvaluationState.DISTRICT_CHECK)


def can_check(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_check, user, evaluation)


def check_can_return(user, evaluation: AnnualEvaluation) -> None:
    """The district hands back what it checks, the department what it scores; only what was handed in."""
    _check_state(evaluation, EvaluationState.DISTRICT_CHECK, EvaluationState.SCORING)
    if evaluation.state == EvaluationState.DISTRICT_CHECK and stands_for(user, evaluation.facility):
        return
    check_manages(user, evaluation.facility.call)
    if evaluation.submitted_at is None:
        raise Refused(_("没有自评可以退回。"), code="not_allowed")


def can_return(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_return, user, evaluation)


def check_can_go_on(user, evaluation: AnnualEvaluation, *, at: datetime) -> None:
    """Score without a self-report, once its time is over."""
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.REPORTING)
    if at <= evaluation.report_due_at:
        raise Refused(
            _("自评 %(time)s 才截止。") % {"time": moment(evaluation.report_due_at)},
            clause=evaluation.clause,
            code="early",
        )


def can_go_on(user, evaluation: AnnualEvaluation) -> bool:
    return manages(user, evaluation.facility) and evaluation.state == EvaluationState.REPORTING


def check_can_score(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.SCORING)


def can_score(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_score, user, evaluation)


def check_score(score: Decimal) -> None:
    if not 0 <= score <= 100 or score != score.quantize(Decimal("0.01")):
        raise Refused(_("得分为 0 至 100，最多两位小数。"), field="score")


def check_can_score_again(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.GRADED, EvaluationState.PUBLISHED)


def can_score_again(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_score_again, user, evaluation)


def check_can_publish(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.GRADED)


def can_publish(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_publish, user, evaluation)


def check_can_conclude(user, evaluation: AnnualEvaluation, *, at: datetime) -> None:
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.PUBLISHED)
    if local_date(at) <= evaluation.publicity_ends_date:
        raise Refused(
            _("公示到 %(date)s 结束。") % {"date": evaluation.publicity_ends_date},
            clause=evaluation.clause,
            code="early",
        )


def can_conclude(user, evaluation: AnnualEvaluation) -> bool:
    """For buttons; whether the publicity is over is said by the action."""
    return manages(user, evaluation.facility) and evaluation.state == EvaluationState.PUBLISHED


def check_can_pay(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    _check_state(evaluation, EvaluationState.CONCLUDED)
    if not evaluation.has_passed or evaluation.is_green is False:
        raise Refused(_("不合格或不符合绿色门槛的，不予拨付。"), clause=evaluation.clause, code="not_allowed")
    if evaluation.paid_date is not None:
        raise Refused(_("已经登记过拨付。"), code="already")


def can_pay(user, evaluation: AnnualEvaluation) -> bool:
    return _allowed(check_can_pay, user, evaluation)


def moment(value: datetime) -> str:
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"
