"""The clocks of facilities (section by section as their year goes), and what their people are told."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role
from core import calendar
from facilities import queries
from facilities.models import AnnualEvaluation, Facility, FacilityScheme
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import Said, by_clause, said

YEARLY = (
    DeadlineKind.FACILITY_REPORT,
    DeadlineKind.FACILITY_CHECK,
    DeadlineKind.FACILITY_SCORE,
    DeadlineKind.FACILITY_PUBLICITY,
)


def _title(evaluation: AnnualEvaluation):
    text = _("%(name)s %(year)s 年度评价")
    return said(text, name=evaluation.facility.name, year=evaluation.year)


def _unit(facility: Facility) -> list[Owes]:
    return [Owes(organisation=facility.organisation)]


def _managers(facility: Facility) -> list[Owes]:
    return [Owes(role=Role.PROGRAMME_MANAGER, organisation=facility.call.programme.department)]


def _admin(subject) -> str:
    return reverse(f"admin:facilities_{subject._meta.model_name}_change", args=[subject.pk])


def _why_report(evaluation: AnnualEvaluation) -> Said:
    text = said(
        _("数据期 %(from)s 至 %(to)s，自评 %(opens)s 开始"),
        **{"from": evaluation.data_from_date},
        to=evaluation.data_to_date,
        opens=calendar.local_date(evaluation.report_opens_at),
    )
    return by_clause(text, evaluation.clause)


def report_moved(evaluation: AnnualEvaluation) -> None:
    """The notice reports in another time."""
    actions.move_deadline(
        subject=evaluation,
        kind=DeadlineKind.FACILITY_REPORT,
        due_at=evaluation.report_due_at,
        explanation=_why_report(evaluation),
    )


def open_report(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    actions.open_deadline(
        subject=evaluation,
        kind=DeadlineKind.FACILITY_REPORT,
        title=_title(evaluation),
        url=reverse("facilities:report", args=[evaluation.pk]),
        due_at=evaluation.report_due_at,
        explanation=_why_report(evaluation),
        owed_by=_unit(evaluation.facility),
        at=at,
        **cause(evaluation.facility.call),
    )


def _open_days(evaluation, kind, text, days, *, url, owed_by, at) -> None:
    explanation = said(text, date=calendar.local_date(at), days=days)
    actions.open_deadline(
        subject=evaluation,
        kind=kind,
        title=_title(evaluation),
        url=url,
        due_at=calendar.due(at, days),
        explanation=by_clause(explanation, evaluation.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=owed_by,
        at=at,
        **cause(evaluation.facility.call),
    )


def open_check(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    _open_days(
        evaluation,
        DeadlineKind.FACILITY_CHECK,
        _("自 %(date)s 提交起 %(days)s 个工作日内审查绿色门槛"),
        queries.scheme_of(evaluation.facility.call).check_days,
        url=reverse("facilities:evaluation", args=[evaluation.pk]),
        owed_by=[Owes(role=Role.RECOMMENDER, organisation=evaluation.facility.organisation)],
        at=at,
    )


def open_score(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    _open_days(
        evaluation,
        DeadlineKind.FACILITY_SCORE,
        _("自 %(date)s 起 %(days)s 个工作日内评分并公示等次"),
        queries.scheme_of(evaluation.facility.call).score_days,
        url=_admin(evaluation),
        owed_by=_managers(evaluation.facility),
        at=at,
    )


def open_publicity(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    actions.open_deadline(
        subject=evaluation,
        kind=DeadlineKind.FACILITY_PUBLICITY,
        title=_title(evaluation),
        url=_admin(evaluation),
        due_at=calendar.end_of_day(evaluation.publicity_ends_date),
        explanation=by_clause(said(_("等次公示期满，次日生效")), evaluation.clause),
        owed_by=_managers(evaluation.facility),
        at=at,
        **cause(evaluation.facility.call),
    )


def open_rectify(facility: Facility, *, at: datetime) -> None:
    scheme = queries.scheme_of(facility.call)
    _open_for(
        facility,
        scheme,
        DeadlineKind.FACILITY_RECTIFY,
        said(_("年度评价不合格，限期 %(months)s 个月整改并申请复评"), months=scheme.rectify_months),
        due_at=calendar.end_of_day(facility.rectify_due_date),
        url=_page(facility),
        owed_by=_unit(facility),
        at=at,
    )


def open_removal(facility: Facility, *, at: datetime) -> None:
    _open_for(
        facility,
        queries.scheme_of(facility.call),
        DeadlineKind.FACILITY_REMOVAL,
        said(_("连续 %(times)s 次不合格，决定是否取消备案"), times=facility.failures),
        due_at=facility.removal_due_at,
        url=_admin(facility),
        owed_by=[Owes(role=Role.LEADER)],
        at=at,
    )


def open_expiry(facility: Facility, *, at: datetime) -> None:
    _open_for(
        facility,
        queries.scheme_of(facility.call),
        DeadlineKind.FACILITY_EXPIRY,
        said(_("备案自 %(date)s 起有效，期满须续期"), date=facility.filed_date),
        due_at=calendar.end_of_day(facility.valid_until),
        url=_page(facility),
        owed_by=_unit(facility) + _managers(facility),
        at=at,
    )


def _open_for(facility: Facility, scheme, kind: str, text, *, due_at, url, owed_by, at: datetime) -> None:
    """A clock of the filing itself, by the clause of its scheme."""
    actions.open_deadline(
        subject=facility,
        kind=kind,
        title=facility.name,
        url=url,
        due_at=due_at,
        explanation=by_clause(text, scheme.clause),
        owed_by=owed_by,
        at=at,
        **cause(facility.call),
    )


def _page(facility: Facility) -> str:
    return reverse("facilities:facility", args=[facility.pk])


def met(subject, kind: str, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=subject, kind=kind, by=by, at=at)


def fell_away(subject, *kinds: str, by, at: datetime) -> None:
    for kind in kinds:
        actions.cancel_deadline(subject=subject, kind=kind, by=by, at=at)


# ---- what the platform hears ----


def _tell(facility: Facility, template: str, url: str, *, at: datetime, **context) -> None:
    actions.tell(
        recipients=queries.people_of(facility),
        template=f"facilities/{template}",
        context={"name": facility.name, "number": facility.number, **context},
        url=url,
        at=at,
    )


def filed(facility: Facility, *, at: datetime) -> None:
    if facility.valid_until:
        open_expiry(facility, at=at)
    _tell(facility, "filed", _page(facility), at=at)


def renewed(facility: Facility, *, note: str, at: datetime) -> None:
    open_expiry(facility, at=at)
    _tell(
        facility,
        "renewed",
        _page(facility),
        at=at,
        until=facility.valid_until.isoformat(),
        note=note,
    )


def opened(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    open_report(evaluation, at=at)
    _tell(
        evaluation.facility,
        "opened",
        reverse("facilities:report", args=[evaluation.pk]),
        at=at,
        year=evaluation.year,
        data_from=evaluation.data_from_date.isoformat(),
        data_to=evaluation.data_to_date.isoformat(),
        opens=evaluation.report_opens_at.isoformat(),
        due=evaluation.report_due_at.isoformat(),
    )


def returned(evaluation: AnnualEvaluation, note: str, *, at: datetime) -> None:
    open_report(evaluation, at=at)
    _tell(
        evaluation.facility,
        "returned",
        reverse("facilities:report", args=[evaluation.pk]),
        at=at,
        year=evaluation.year,
        due=evaluation.report_due_at.isoformat(),
        note=note,
    )


def published(evaluation: AnnualEvaluation, *, at: datetime) -> None:
    open_publicity(evaluation, at=at)
    _tell(
        evaluation.facility,
        "published",
        reverse("facilities:evaluation", args=[evaluation.pk]),
        at=at,
        year=evaluation.year,
        score=str(evaluation.score),
        grade=evaluation.grade,
        ends=evaluation.publicity_ends_date.isoformat(),
        note=evaluation.score_opinion,
    )


def failed(facility: Facility, scheme: FacilityScheme, *, at: datetime) -> None:
    """The time to rectify begins, or after the last failure the leader decides."""
    if facility.removal_due_at is None:
        open_rectify(facility, at=at)
    else:
        open_removal(facility, at=at)
    _tell(
        facility,
        "failed",
        _page(facility),
        at=at,
        failures=facility.failures,
        until=facility.rectify_due_date.isoformat(),
        is_last=facility.removal_due_at is not None,
        clause=scheme.clause,
    )


def state_changed(facility: Facility, *, note: str, at: datetime) -> None:
    _tell(
        facility,
        "state_changed",
        _page(facility),
        at=at,
        state=facility.state,
        until=facility.rectify_due_date.isoformat() if facility.rectify_due_date else "",
        note=note,
    )
