"""The firm's periodic reports. Each one handed in plans the next."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import workflow
from core.workflow import Refused
from documents import actions as documents
from equity import notifications, queries, rules
from equity.models import Deal, PeriodicReport
from equity.states import ReportState
from notifications.wording import said

FILE_ENDINGS = ("pdf", "docx", "xlsx", "png", "jpg", "jpeg")


def attach(*, subject, kind: str, file, clause: str, by, at: datetime) -> None:
    documents.store(
        subject=subject,
        kind=kind,
        file=file,
        name=file.name,
        by=by,
        at=at,
        endings=FILE_ENDINGS,
        field="file",
        clause=clause,
    )


def plan_report(*, deal: Deal, after, at: datetime) -> PeriodicReport:
    """The next report, so many months after the day `after`."""
    terms = queries.terms_of(deal.application.call)
    report = PeriodicReport.objects.create(
        deal=deal,
        number=PeriodicReport.objects.filter(deal=deal).count() + 1,
        due_date=queries.months_on(after, terms.report_months),
    )
    notifications.open_report(report, at=at)
    return report


def drop_report(*, deal: Deal, by, at: datetime) -> None:
    """No report is owed any more."""
    for report in queries.due_reports(deal):
        workflow.move(report, ReportState.DROPPED, by=by, at=at)
        notifications.report_dropped(report, by=by, at=at)


@transaction.atomic
def submit_report(
    *,
    report: PeriodicReport,
    revenue: Decimal,
    profit: Decimal,
    staff: int,
    text: str,
    file,
    by,
    at: datetime,
) -> None:
    """Hand a periodic report in. Raises Refused."""
    rules.check_can_submit_report(by, report)
    if not text.strip():
        raise Refused(_("请写明经营情况。"), field="text")
    clause = queries.terms_of(report.deal.application.call).report_clause
    attach(subject=report, kind="report", file=file, clause=clause, by=by, at=at)
    workflow.move(
        report,
        ReportState.SUBMITTED,
        by=by,
        at=at,
        revenue=revenue,
        profit=profit,
        staff=staff,
        text=text.strip(),
        submitted_by=by,
        submitted_at=at,
        returned_reason="",
    )
    workflow.record(report.deal, "reported", by=by, at=at, data={"report": report.pk}, note=str(report))
    notifications.report_handed_in(report, by=by, at=at)
    if not PeriodicReport.objects.filter(deal=report.deal, number__gt=report.number).exists():
        plan_report(deal=report.deal, after=report.due_date, at=at)
    notifications.tell(
        report.deal,
        said(gettext_noop("第 %(number)s 期投后报告已报送"), number=report.number),
        to=notifications.managers(report.deal),
        at=at,
    )


@transaction.atomic
def return_report(*, report: PeriodicReport, reason: str, by, at: datetime) -> None:
    """Send a report back for completion; the day on which it was due stays. Raises Refused."""
    rules.check_can_return_report(by, report)
    if not reason.strip():
        raise Refused(_("请写明退回理由。"), field="reason")
    workflow.move(report, ReportState.DUE, by=by, at=at, note=reason, returned_reason=reason.strip())
    workflow.record(report.deal, "report_returned", by=by, at=at, note=reason.strip())
    notifications.open_report(report, at=at)
    notifications.tell(
        report.deal,
        said(gettext_noop("第 %(number)s 期投后报告退回补充"), number=report.number),
        reason=reason.strip(),
        at=at,
    )
