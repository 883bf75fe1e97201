"""The stamped paper comes back: only as a scan of the version that was handed in last."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from applications import eligibility, queries, rules, scan_clocks
from applications.models import Application, RuleResult, RuleStatus
from core import workflow
from core.workflow import Refused
from documents import codes
from documents import rules as files
from documents.actions import store
from documents.models import Document
from grants.models import SCAN_RULE

ENDINGS = ("pdf", "jpg", "jpeg", "png")
FIELD = "scan"
NOT_THERE = (RuleStatus.MANUAL, RuleStatus.FAILED)


def ask_scan(*, application: Application, at: datetime) -> None:
    """The application is back where its scan is waited for: the clock runs."""
    if queries.scans_owing().filter(pk=application.pk).exists():
        scan_clocks.opened(application, at=at)


@transaction.atomic
def upload_scan(*, application: Application, file, name: str, by, at: datetime) -> Document:
    """Keep the scan of the stamped form. Raises Refused when its QR code names another paper, or none."""
    current = (
        Application.objects.select_for_update(of=("self",)).select_related("call").get(pk=application.pk)
    )
    rules.check_can_scan(by, current, at=at)
    submission = queries.latest_submission(current)
    media_type = files.check_file(file, name, endings=ENDINGS, field=FIELD)
    papers = [paper for text in codes.read_codes(file, media_type) if (paper := queries.printed_from(text))]
    if not papers:
        raise Refused(
            _("没有在文件中找到申报书封面的二维码，请扫描完整的封面，分辨率不低于 200 dpi。"),
            field=FIELD,
            code="no_code",
        )
    right = (current.number, submission.version, submission.sha256)
    if tuple(papers[0]) != right:
        _refuse(papers[0], current, submission)
    document = store(
        subject=current,
        kind=queries.scan_kind(submission.version),
        file=file,
        name=name,
        by=by,
        at=at,
        endings=ENDINGS,
        field=FIELD,
    )
    workflow.record(current, "scanned", by=by, at=at, data={"version": submission.version})
    _settle(current, RuleStatus.PASSED, hint=str, at=at)
    scan_clocks.done(current, by=by, at=at)
    return document


def _missed(until: datetime) -> str:
    return _("到 %(time)s 没有上传盖章扫描件。") % {"time": queries.local_moment(until)}


def _waits(until: datetime) -> str:
    return _("等待上传盖章扫描件，截止 %(time)s。") % {"time": queries.local_moment(until)}


def _settle(application: Application, status: str, *, hint: Callable[[], str], at: datetime) -> None:
    """What the line of the formal check says of the scan; an officer's word of it stays."""
    lines = queries.scan_lines().filter(application=application)
    lines.update(status=status, evidence=eligibility.kept(hint), checked_at=at)


@transaction.atomic
def lapse_scan(*, application: Application, at: datetime) -> None:
    """No stamped scan in time: the line says no, and an officer decides what follows."""
    until = queries.scan_closed_at(application)
    _settle(
        application,
        RuleStatus.FAILED,
        hint=partial(_missed, until),
        at=at,
    )
    scan_clocks.dropped(application, by=None, at=at)
    workflow.record(application, "scan_missed", by=None, at=at)


def waiting(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Of some applications those whose scan has not come, in time or not, as far as no officer has said."""
    lines = RuleResult.objects.filter(rule__code=SCAN_RULE, status__in=NOT_THERE, officer_status="")
    return rows.filter(pk__in=lines.values("application_id")).exclude(state__in=queries.NOT_AWAITED_IN)


def renew(*, application: Application, by, at: datetime) -> None:
    """The notice counts from another moment: the clock is set anew, what was too late only by it may come."""
    until = queries.scan_until(application)
    if until is None or until < at:
        return
    lines = RuleResult.objects.filter(application=application, rule__code=SCAN_RULE, officer_status="")
    waits = eligibility.kept(partial(_waits, until))
    lines.filter(status__in=NOT_THERE).update(status=RuleStatus.MANUAL, evidence=waits, checked_at=at)
    scan_clocks.dropped(application, by=by, at=at)
    scan_clocks.opened(application, at=at)


def _refuse(paper, application, submission):
    if paper.number != application.number:
        sentence = _("扫描件是另一份申报书（%(number)s），本申报书是 %(own)s。") % {
            "number": paper.number,
            "own": application.number,
        }
    elif paper.version != submission.version:
        sentence = _(
            "扫描件是第 %(old)s 版，最近提交的是第 %(new)s 版，请打印第 %(new)s 版盖章后再上传。"
        ) % {"old": paper.version, "new": submission.version}
    else:
        sentence = _("扫描件的内容校验码与提交的版本不一致，请重新打印封存的 PDF。")
    raise Refused(sentence, field=FIELD, code="other_version")
