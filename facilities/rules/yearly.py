"""The yearly evaluation: who opens it, reports, checks, scores, publishes and pays, and when."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from core.calendar import local_date
from core.workflow import Refused
from facilities import queries
from facilities.models import AnnualEvaluation, Facility, FacilityScheme
from facilities.rules.base import (
    GREEN,
    LONG,
    MAX_FIGURE,
    Changed,
    Incomplete,
    allowed,
    check_is_of_unit,
    check_state,
    manages,
    moment,
    stands_for,
)
from facilities.states import EvaluationState, FacilityState
from grants.rules import check_manages


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
    check_state(facility, FacilityState.RECTIFYING)
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
    return allowed(check_can_ask_again, user, facility, at=at)


def check_can_write_report(user, evaluation: AnnualEvaluation) -> None:
    check_is_of_unit(user, evaluation.facility)
    check_state(evaluation, EvaluationState.REPORTING)


def can_write_report(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_write_report, user, evaluation)


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
    check_state(evaluation, EvaluationState.DISTRICT_CHECK)


def can_check(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_check, user, evaluation)


def check_can_return(user, evaluation: AnnualEvaluation) -> None:
    """The district hands back what it checks, the department what it scores; only what was handed in."""
    check_state(evaluation, EvaluationState.DISTRICT_CHECK, EvaluationState.SCORING)
    if evaluation.state == EvaluationState.DISTRICT_CHECK and stands_for(user, evaluation.facility):
        return
    check_manages(user, evaluation.facility.call)
    if evaluation.submitted_at is None:
        raise Refused(_("没有自评可以退回。"), code="not_allowed")


def can_return(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_return, user, evaluation)


def check_can_go_on(user, evaluation: AnnualEvaluation, *, at: datetime) -> None:
    """Score without a self-report, once its time is over."""
    check_manages(user, evaluation.facility.call)
    check_state(evaluation, EvaluationState.REPORTING)
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
    check_state(evaluation, EvaluationState.SCORING)


def can_score(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_score, user, evaluation)


def check_score(score: Decimal) -> None:
    if not 0 <= score <= 100 or score != score.quantize(Decimal("0.01")):
        raise Refused(_("得分为 0 至 100，最多两位小数。"), field="score")


def check_can_score_again(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    check_state(evaluation, EvaluationState.GRADED, EvaluationState.PUBLISHED)


def can_score_again(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_score_again, user, evaluation)


def check_can_publish(user, evaluation: AnnualEvaluation) -> None:
    check_manages(user, evaluation.facility.call)
    check_state(evaluation, EvaluationState.GRADED)


def can_publish(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_publish, user, evaluation)


def check_can_conclude(user, evaluation: AnnualEvaluation, *, at: datetime) -> None:
    check_manages(user, evaluation.facility.call)
    check_state(evaluation, EvaluationState.PUBLISHED)
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
    check_state(evaluation, EvaluationState.CONCLUDED)
    checked = queries.scheme_of(evaluation.facility.call).district_check
    if not evaluation.has_passed or evaluation.is_green is False or (checked and not evaluation.is_green):
        raise Refused(_("不合格或不符合绿色门槛的，不予拨付。"), clause=evaluation.clause, code="not_allowed")
    if evaluation.paid_date is not None:
        raise Refused(_("已经登记过拨付。"), code="already")


def can_pay(user, evaluation: AnnualEvaluation) -> bool:
    return allowed(check_can_pay, user, evaluation)
