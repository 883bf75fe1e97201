"""Reports on duplicates (查重) as the department's people read them."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from applications.models import Application, SimilarityReport, SimilarSource, Submission


class Source(NamedTuple):
    """One source as a person reads it; `is_open`: whether they may open that application."""

    found: SimilarSource
    percent: float
    is_open: bool


def without_report() -> QuerySet[Submission]:
    """The versions handed in last that nothing has been compared with, oldest first."""
    made = SimilarityReport.objects.filter(
        application=OuterRef("application_id"), version=OuterRef("version")
    )
    last = Application.objects.filter(pk=OuterRef("application_id"), version=OuterRef("version"))
    return Submission.objects.filter(~Exists(made), Exists(last)).order_by("pk")


def reports_of(applications: Iterable[Application]) -> dict[int, SimilarityReport]:
    """application → the report on the version handed in last; one query."""
    versions = {application.pk: application.version for application in applications}
    rows = SimilarityReport.objects.filter(application__in=versions).select_related("concluded_by")
    return {row.application_id: row for row in rows if row.version == versions[row.application_id]}


def report_of(application: Application) -> SimilarityReport | None:
    return reports_of([application]).get(application.pk)


def sources_of(report: SimilarityReport, user) -> list[Source]:
    """What the report found, the most first; two queries."""
    rows = report.sources.select_related(
        "application__organisation", "application__call__programme__department", "past_project"
    )
    return _for_reading(rows, {report.pk: report.examined}, "application", user)


def found_in(application: Application, user) -> list[Source]:
    """Applications handed in later whose reports name this one; two queries."""
    last = Application.objects.filter(
        pk=OuterRef("report__application_id"), version=OuterRef("report__version")
    )
    rows = SimilarSource.objects.filter(Exists(last), application=application).select_related(
        "report__application__organisation", "report__application__call__programme__department"
    )
    rows = list(rows)
    return _for_reading(
        rows, {row.report_id: row.report.examined for row in rows}, "report.application", user
    )


def _for_reading(rows, examined: dict[int, int], path: str, user) -> list[Source]:
    """`path`: which of its applications a row is read for."""
    rows = list(rows)
    keys = {
        row.pk: row.report.application_id if path.startswith("report") else row.application_id for row in rows
    }
    visible = set(
        Application.objects.visible_to(user)
        .filter(pk__in=[key for key in keys.values() if key])
        .values_list("pk", flat=True)
    )
    return [
        Source(row, round(100 * row.covered / (examined[row.report_id] or 1), 1), keys[row.pk] in visible)
        for row in rows
    ]


def with_similarity(rows: QuerySet) -> QuerySet:
    """Adds `similarity` (percent) and `similarity_conclusion` of the version handed in last."""
    report = SimilarityReport.objects.filter(application=OuterRef("pk"), version=OuterRef("version"))
    return rows.annotate(
        similarity=Subquery(report.values("percent")[:1]),
        similarity_conclusion=Subquery(report.values("conclusion")[:1]),
    )
