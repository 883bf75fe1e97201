"""Reports on duplicates (查重) as the department's people read them."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from applications.models import Application, SimilarityReport, SimilarSource, Submission

LATER_SHOWN = 30


class Source(NamedTuple):
    """One source as a person reads it, or one later application whose source this is.

    `other`: that application, None of a recorded project; `is_open`: whether the person may open it.
    """

    found: SimilarSource
    other: Application | None
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


def report_read_by(application: Application, user) -> SimilarityReport | None:
    """The report with its sources, for whoever may read it; two queries."""
    rows = SimilarityReport.objects.visible_to(user).filter(
        application=application, version=application.version
    )
    sources = SimilarSource.objects.select_related("application", "past_project")
    return rows.prefetch_related(Prefetch("sources", sources)).first()


def sources_of(report: SimilarityReport, user) -> list[Source]:
    """What the report found, the most first; two queries."""
    rows = report.sources.select_related(
        "application__organisation", "application__call__programme__department", "past_project"
    )
    return _for_reading([(row, row.application, report.examined) for row in rows], user)


def found_in(application: Application, user) -> list[Source]:
    """Applications handed in later whose reports name this one, the most first; two queries."""
    last = Application.objects.filter(
        pk=OuterRef("report__application_id"), version=OuterRef("report__version")
    )
    rows = SimilarSource.objects.filter(Exists(last), application=application).select_related(
        "report__application__organisation", "report__application__call__programme__department"
    )
    return _for_reading(
        [(row, row.report.application, row.report.examined) for row in rows[:LATER_SHOWN]], user
    )


def _for_reading(rows: list[tuple[SimilarSource, Application | None, int]], user) -> list[Source]:
    keys = [other.pk for _row, other, _examined in rows if other]
    visible = set(
        Application.objects.visible_to(user).filter(pk__in=keys).order_by().values_list("pk", flat=True)
    )
    return [
        Source(row, other, round(100 * row.covered / (examined or 1), 1), bool(other) and other.pk in visible)
        for row, other, examined in rows
    ]


def with_similarity(rows: QuerySet) -> QuerySet:
    """Adds `similarity` (percent) and `similarity_conclusion` of the version handed in last."""
    report = SimilarityReport.objects.filter(application=OuterRef("pk"), version=OuterRef("version"))
    return rows.annotate(
        similarity=Subquery(report.values("percent")[:1]),
        similarity_conclusion=Subquery(report.values("conclusion")[:1]),
    )
