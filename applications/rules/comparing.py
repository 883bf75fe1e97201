"""Duplicates (查重): who gives the opinion, and what waits for it. The system itself decides nothing."""

from django.utils.translation import gettext as _

from applications import queries
from applications.models import Application, SimilarityConclusion, SimilarityReport
from applications.rules.managing import check_manages
from core.workflow import Lost, Refused


def check_reads_similarity(by, application: Application) -> None:
    """The department, and whoever sees everything; no applicant, recommender or expert. Raises Refused."""
    if application.submitted_at is None:
        raise Refused(_("提交后才有查重报告。"))
    scope = by.scope
    if scope.sees_everything or application.call.programme.department_id in scope.departments | scope.headed:
        return
    raise Refused(_("查重报告只由主管处室查看。"))


def check_can_conclude_similarity(by, application: Application, *, seen: str) -> SimilarityReport:
    """A manager of the department, about the version handed in last as it was read. Raises Refused, Lost."""
    check_manages(by, application)
    report = queries.report_of(application)
    if report is None:
        raise Refused(_("查重还没有完成，稍后再填写意见。"), code="similarity")
    if report.mark != seen:
        raise Lost(_("申报书刚刚重新提交，或者刚刚有人填写了查重意见：请看过下面的报告再记录。"), code="lost")
    return report


def check_similarity_conclusion(conclusion: str, note: str) -> None:
    if conclusion not in SimilarityConclusion.values:
        raise Refused(_("请选择查重意见。"), field="conclusion")
    if not note.strip():
        raise Refused(_("请写明依据，例如看过哪些来源。"), field="note")


def check_similarity(application: Application, report: SimilarityReport | None) -> None:
    """Where the notice draws a line: no passing before the report, nor above the line without an opinion."""
    call = application.call
    if report is not None and report.conclusion == SimilarityConclusion.DUPLICATE:
        raise Refused(_("查重意见是“认定重复”，不能通过。"), field="similarity", clause=call.duplicate_clause)
    if call.duplicate_percent is None:
        return
    if report is None:
        raise Refused(_("查重还没有完成，稍后再通过。"), field="similarity", clause=call.duplicate_clause)
    if not report.conclusion and report.percent >= call.duplicate_percent:
        raise Refused(
            _("重复率 %(percent)s %%，达到通知规定的 %(line)s %%，请先填写查重意见。")
            % {"percent": report.percent, "line": call.duplicate_percent},
            field="similarity",
            clause=call.duplicate_clause,
        )
