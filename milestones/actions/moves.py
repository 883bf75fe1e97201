"""Plan milestones, hand evidence in, give the demand side's opinion, conclude."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from applications import actions as applications
from applications.models import ProposedMilestone
from awards.models import Agreement
from awards.states import AgreementState
from core import workflow
from core.calendar import Calendar, DayKind, RestDay, load, local_date
from core.workflow import Refused
from documents import actions as documents
from grants.models import Call
from milestones import accepting, notifications, queries, rules, signals
from milestones.actions.writing import copy_files
from milestones.models import (
    Acceptance,
    DemanderOpinion,
    Indicator,
    Kind,
    Milestone,
    MilestoneTemplate,
    Report,
)
from milestones.states import MilestoneState

HALF_A_YEAR = 6
EVIDENCE = "evidence"
"""The beginning of the `kind` of a report's documents."""


def locked(agreement_id: int) -> Agreement:
    """Hold the agreement: of two requests or decisions at once the second finds the first.

    Before its milestones, as whoever ends the project does: else each would wait for the other.
    """
    rows = Agreement.objects.select_for_update(of=("self",)).select_related(
        "award__application__call__programme__department", "award__application__organisation"
    )
    return rows.get(pk=agreement_id)


@transaction.atomic
def plan(*, agreement: Agreement, by, at: datetime) -> list[Milestone]:
    """Write the milestones of a new agreement: what was proposed, joined to what the notice demands."""
    application = agreement.award.application
    proposed = list(ProposedMilestone.objects.filter(application=application).order_by("order"))
    templates = queries.templates_of(application.call)
    asks_demander = application.topic is not None and application.topic.owner_id is not None
    rows = []
    for own, template in paired(proposed, templates):
        milestone = Milestone(
            agreement=agreement,
            name=own.name if own else template.name,
            due_date=_planned(agreement, own, template),
            deliverable=own.deliverable if own else template.deliverable,
        )
        if template:
            milestone.code = template.code
            milestone.check_days = template.check_days
            milestone.check_by_date = template.check_by_date
            milestone.unit_pledge = template.unit_pledge
            milestone.needs_demander_opinion = template.needs_demander_opinion and asks_demander
            milestone.clause = template.clause
        rows.append((milestone, own.indicators if own else []))
    rows.sort(key=lambda row: row[0].due_date)
    for order, (milestone, indicators) in enumerate(rows, start=1):
        milestone.order = order
        milestone.code = milestone.code or f"m{order}"
        milestone.save()
        Indicator.objects.bulk_create(
            Indicator(
                milestone=milestone,
                name=str(said.get("name", ""))[:120],
                unit=str(said.get("unit", ""))[:30],
                target=str(said.get("target", ""))[:120],
            )
            for said in indicators
        )
    return [milestone for milestone, _indicators in rows] + _plan_annual(agreement)


def _plan_annual(agreement: Agreement) -> list[Milestone]:
    """The annual reports of an unsigned agreement, written anew; they come after the milestones."""
    Milestone.objects.filter(agreement=agreement, kind=Kind.ANNUAL).delete()
    return annual_reports(agreement=agreement)


def annual_reports(*, agreement: Agreement) -> list[Milestone]:
    """Write the annual reports that an agreement asks for and does not have yet."""
    known = Milestone.objects.filter(agreement=agreement)
    codes, taken = set(known.values_list("code", flat=True)), known.count()
    templates = MilestoneTemplate.objects.filter(
        call=agreement.award.application.call, kind=Kind.ANNUAL
    ).order_by("order")
    found = [
        report
        for template in templates
        for report in _annual(agreement, template)
        if report.code not in codes
    ]
    for order, report in enumerate(found, start=taken + 1):
        report.order = order
        report.save()
    return found


def _annual(agreement: Agreement, template: MilestoneTemplate) -> Iterator[Milestone]:
    """One report for every year of the project, due on the day of the notice or the next working day.

    A day in the first half of a year asks for the year before. After the end nothing is due: the acceptance
    reports on the last year.
    """
    calendar = load(agreement.starts_date, agreement.ends_date + timedelta(days=31))
    month, day = (int(part) for part in template.month_day.split("-"))
    for year in range(agreement.starts_date.year, agreement.ends_date.year + 1):
        due, told = date(year, month, day), year - (month <= HALF_A_YEAR)
        if told < agreement.starts_date.year or not agreement.starts_date < due <= agreement.ends_date:
            continue
        yield Milestone(
            agreement=agreement,
            kind=Kind.ANNUAL,
            code=f"{template.code}-{told}",
            name=f"{template.name}（{told}）",
            due_date=calendar.off_rest_day(due, RestDay.LATER),
            deliverable=template.deliverable,
            check_days=template.check_days,
            unit_pledge=template.unit_pledge,
            clause=template.clause,
        )


def paired(proposed: list, templates: list) -> list[tuple]:
    """(proposed or None, template or None): by equal name, then the last with the last, the rest in order."""
    names = {template.name: template for template in templates}
    pairs = {own: names.pop(own.name) for own in proposed if own.name in names}
    free = [own for own in proposed if own not in pairs]
    left = [template for template in templates if template.name in names]
    if free and left and templates[-1] is left[-1] and proposed[-1] is free[-1]:
        pairs[free.pop()] = left.pop()
    pairs.update(zip(free, left, strict=False))
    taken = {template.pk for template in pairs.values()}
    return [
        *((own, pairs.get(own)) for own in proposed),
        *((None, template) for template in templates if template.pk not in taken),
    ]


def _planned(agreement: Agreement, own, template) -> date:
    """The notice's day; or the proposed one, moved with the start; or the template's, inside the end."""
    if template and template.is_set_by_notice:
        return _by_notice(agreement, template)
    if own:
        starts = agreement.award.application.starts_date
        day = own.due_date + (agreement.starts_date - starts if starts else timedelta())
    else:
        day = Calendar().add_days(agreement.starts_date, template.offset_months, kind=DayKind.MONTH)
    return min(max(day, agreement.starts_date), agreement.ends_date)


def _by_notice(agreement: Agreement, template: MilestoneTemplate) -> date:
    """The day that the notice names, or so many months after the end."""
    if template.by_date:
        return max(template.by_date, agreement.starts_date)
    return Calendar().add_days(agreement.ends_date, template.months_after_end, kind=DayKind.MONTH)


@transaction.atomic
def replan(*, agreement: Agreement, moved: timedelta, by, at: datetime) -> None:
    """The dates of an unsigned agreement were set right: milestones move with its start, inside its end.

    Those whose day the notice sets follow the notice.
    """
    _plan_annual(agreement)
    templates = {row.code: row for row in queries.templates_of(agreement.award.application.call)}
    for milestone in Milestone.objects.filter(agreement=agreement, kind=Kind.MILESTONE).order_by("order"):
        template = templates.get(milestone.code)
        day = min(max(milestone.due_date + moved, agreement.starts_date), agreement.ends_date)
        if template and template.is_set_by_notice:
            day = _by_notice(agreement, template)
        check_by = template.check_by_date if template else None
        if (day, check_by) != (milestone.due_date, milestone.check_by_date):
            milestone.due_date, milestone.check_by_date = day, check_by
            milestone.save(update_fields=["due_date", "check_by_date"])


@transaction.atomic
def follow_moments(*, old: Call, call: Call, by, at: datetime) -> None:
    """A new version names other days for all: agreements that nobody has signed follow, signed ones stand."""
    if _days(old) == _days(call):
        return
    unsigned = Agreement.objects.filter(
        award__application__call__series=call.series, state=AgreementState.DRAFT
    ).exclude(award__application__call=call)
    for agreement in unsigned.select_related("award__application__call").order_by("pk"):
        replan(agreement=agreement, moved=timedelta(), by=by, at=at)


def _days(call: Call) -> dict[str, tuple]:
    rows = MilestoneTemplate.objects.filter(call=call)
    return {row.code: (row.by_date, row.check_by_date) for row in rows}


@transaction.atomic
def start(*, agreement: Agreement, by, at: datetime) -> None:
    """The agreement is in force: every milestone gets its deadline."""
    for milestone in Milestone.objects.filter(agreement=agreement).select_related(
        "agreement__award__application__call__programme__department",
        "agreement__award__application__organisation",
    ):
        notifications.open_milestone(milestone, at=at)
    settle_finish(agreement=agreement)


def settle_finish(*, agreement: Agreement) -> None:
    """By which day the project must be through: its end, or the last milestone behind that."""
    rows = Milestone.objects.filter(agreement=agreement, kind=Kind.MILESTONE)
    last = rows.aggregate(last=Max("due_date"))["last"] or agreement.ends_date
    finish = max(agreement.ends_date, last)
    applications.set_finish(application=agreement.award.application, finish_date=finish)


@transaction.atomic
def hand_in(
    *,
    milestone: Milestone,
    text: str,
    values: dict,
    spent_amount: Decimal,
    files: list,
    by,
    at: datetime,
    pledged: bool = False,
) -> Report:
    """Hand evidence in; `values` by indicator id, `files` uploaded files with a `name`. Raises Refused."""
    rules.check_can_hand_in(by, milestone)
    rules.check_pledge(milestone, pledged=pledged)
    rules.check_evidence(milestone, text=text, files=files)
    reached = rules.check_values(milestone, values)
    spent = rules.check_spent(spent_amount)
    rules.check_form(milestone, {"spent_amount": spent})
    number = queries.latest_number(milestone) + 1
    event_data = {"number": number}
    workflow.move(milestone, MilestoneState.SUBMITTED, by=by, at=at, data=event_data)
    report = Report.objects.create(
        milestone=milestone,
        number=number,
        text=text.strip(),
        pledge=milestone.unit_pledge,
        values=reached,
        answers=queries.sealed_form(milestone),
        spent_amount=spent,
        submitted_by=by,
        submitted_at=at,
    )
    applications.keep_numbers(
        application=milestone.agreement.award.application,
        asked=queries.form_questions(milestone),
        answers=report.answers,
        milestone=milestone.pk,
        place=milestone.name,
    )
    copy_files(milestone=milestone, report=report, by=by, at=at)
    for position, file in enumerate(files, start=1):
        documents.store(
            subject=report,
            kind=f"{EVIDENCE}_{position}",
            file=file,
            name=file.name,
            by=by,
            at=at,
            field="files",
            clause=milestone.clause,
        )
    notifications.handed_in(report, at=at)
    return report


@transaction.atomic
def give_opinion(*, report: Report, opinion: str, text: str, by, at: datetime) -> DemanderOpinion:
    """Say what the demand side makes of a hand-in, once. Raises Refused."""
    locked(report.milestone.agreement_id)
    report.milestone.refresh_from_db(fields=["state"])
    rules.check_can_give_opinion(by, report)
    rules.check_opinion(opinion, text)
    try:
        with transaction.atomic():
            said = DemanderOpinion.objects.create(
                report=report, opinion=opinion, text=text.strip(), by=by, at=at
            )
    except IntegrityError:
        raise workflow.Lost(_("发榜方意见已经填写，不能修改。"), code="lost") from None
    workflow.record(report.milestone, "opinion_given", by=by, at=at, note=text, data={"opinion": opinion})
    notifications.opinion_given(report, by=by, at=at)
    return said


OUTCOMES = {
    Acceptance.Outcome.ACCEPTED: MilestoneState.ACCEPTED,
    Acceptance.Outcome.RETURNED: MilestoneState.RETURNED,
    Acceptance.Outcome.FAILED: MilestoneState.FAILED,
}


@transaction.atomic
def conclude(
    *, report: Report, outcome: str, note: str, by, at: datetime, grade: str = "", deviation: str = ""
) -> Acceptance:
    """The officer's conclusion on the latest hand-in. Raises Refused; Lost when somebody was faster.

    `grade`: the code of the notice's conclusion, by default that of its rule; the outcome follows from it.
    `deviation`: why it is another.
    """
    locked(report.milestone.agreement_id)
    accepting.check_can_conclude(by, report)
    milestone = report.milestone
    given = accepting.graded(report, outcome, grade, deviation, by=by)
    outcome = given.outcome
    rules.check_conclusion(report, outcome, note)
    fields = {"accepted_at": at} if outcome == Acceptance.Outcome.ACCEPTED else {}
    workflow.move(milestone, OUTCOMES[outcome], by=by, at=at, note=note, **fields)
    acceptance = Acceptance.objects.create(
        report=report,
        outcome=outcome,
        grade=given.grade,
        deviation=given.deviation,
        note=note.strip(),
        by=by,
        at=at,
    )
    if given.grade is not None:
        application = milestone.agreement.award.application
        applications.set_acceptance(application=application, code=given.grade.code)
    notifications.concluded(report, outcome=outcome, note=note, grade=given.grade, by=by, at=at)
    if outcome == Acceptance.Outcome.RETURNED:
        notifications.reopen_milestone(milestone, at=at)
    if outcome == Acceptance.Outcome.ACCEPTED:
        _waive_annual(milestone, by=by, at=at)
        signals.accepted.send(sender=Milestone, milestone=milestone, grade=given.grade, by=by, at=at)
    if outcome == Acceptance.Outcome.FAILED:
        signals.failed.send(sender=Milestone, milestone=milestone, grade=given.grade, by=by, at=at)
    return acceptance


def _waive_annual(milestone: Milestone, *, by, at: datetime) -> None:
    """The project is accepted: annual reports that are not due yet will never be."""
    others = Milestone.objects.filter(agreement_id=milestone.agreement_id)
    if others.filter(kind=Kind.MILESTONE).exclude(state=MilestoneState.ACCEPTED).exists():
        return
    early = others.filter(kind=Kind.ANNUAL, state=MilestoneState.PLANNED, due_date__gt=local_date(at))
    for report in early:
        workflow.move(report, MilestoneState.WAIVED, by=by, at=at)
        notifications.waived(report, by=by, at=at)


@transaction.atomic
def fail(*, milestone: Milestone, note: str, by, at: datetime) -> None:
    """A returned milestone to which nothing more was handed in has failed. Raises Refused."""
    rules.check_can_fail(by, milestone)
    if not note.strip():
        raise Refused(_("请写明理由。"), field="note")
    rules.check_supplement_over(queries.open_until(milestone), at=at)
    workflow.move(milestone, MilestoneState.FAILED, by=by, at=at, note=note)
    notifications.failed(milestone, note=note, by=by, at=at)
    grade = accepting.last_grade(milestone)
    signals.failed.send(sender=Milestone, milestone=milestone, grade=grade, by=by, at=at)
