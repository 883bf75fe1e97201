"""What the desk of the formal check reads: the queue, and the papers beside the lines."""

from collections.abc import Collection

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from applications.models import Application, RuleResult, SignOff, Submission
from applications.queries.records import SETTLED
from applications.states import ApplicationState
from documents.models import Document
from grants.models import EligibilityRule
from grants.queries import stages_of

FAILED = Q(officer_status="failed") | Q(officer_status="", status="failed")
OPEN = Q(officer_status="") & ~Q(status__in=(*SETTLED, "failed"))
"""Lines by what counts: the officer's result, else the machine's."""


def with_standing(rows: QuerySet) -> QuerySet:
    """Adds `failed_lines` and `open_lines`: how many rules say no, how many wait for a person."""
    return rows.annotate(failed_lines=_lines(FAILED), open_lines=_lines(OPEN))


def _lines(condition: Q) -> Coalesce:
    rows = RuleResult.objects.filter(condition, application=OuterRef("pk")).order_by()
    counted = rows.values("application_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def having(rows: QuerySet, condition: Q, **more) -> QuerySet:
    """Those of `rows` with a line of this kind."""
    return rows.filter(Exists(RuleResult.objects.filter(condition, application=OuterRef("pk"), **more)))


def ready(rows: QuerySet) -> QuerySet:
    """Those whose every line is settled: they can pass."""
    unsettled = RuleResult.objects.filter(FAILED | OPEN, application=OuterRef("pk"))
    return rows.filter(~Exists(unsettled))


def failing_rules(rows: QuerySet) -> list[tuple[str, str]]:
    """(code, clause) of every rule that says no of one of `rows`."""
    lines = RuleResult.objects.filter(FAILED, application__in=rows.order_by().values("pk"))
    found = EligibilityRule.objects.filter(pk__in=lines.order_by().values("rule"))
    return list(dict(found.order_by("code", "-id").values_list("code", "clause")).items())


def lines_by_application(applications: Collection[Application]) -> dict[int, list[RuleResult]]:
    """The lines of many applications; one query."""
    found: dict[int, list[RuleResult]] = {application.pk: [] for application in applications}
    rows = RuleResult.objects.filter(application__in=found).select_related("rule").order_by("rule__order")
    for line in rows:
        found[line.application_id].append(line)
    return found


def queue(application: Application, user):
    """What waits for the formal check in the same call, in the order of the list."""
    rows = Application.objects.visible_to(user)
    return rows.filter(call_id=application.call_id, state=ApplicationState.FORMAL_CHECK)


def neighbours(application: Application, user) -> tuple[int | None, int | None]:
    """(previous, next) in the queue, the newest first as in the list; two queries."""
    rows = queue(application, user).order_by()
    before = rows.filter(pk__gt=application.pk).order_by("pk").values_list("pk", flat=True).first()
    after = rows.filter(pk__lt=application.pk).order_by("-pk").values_list("pk", flat=True).first()
    return before, after


def two_versions(application: Application) -> tuple[Submission | None, Submission | None]:
    """(the version handed in last, the one before it); one query."""
    rows = application.submissions.select_related("by").order_by("-version")[:2]
    latest, earlier, *_ = *rows, None, None
    return latest, earlier


def signed_kind(step: str, version: int) -> str:
    """The kind of document under which what an office uploads with its signature is kept."""
    return f"signed_{step}_v{version}"


def sign_offs(application: Application) -> list[SignOff]:
    """What unit and recommender signed of the version handed in last; no query where nobody was asked."""
    if not any(stage.asks_signing for stage in stages_of(application.call)):
        return []
    return list(application.sign_offs.filter(version=application.version).select_related("by"))


def sealed_papers(application: Application, submission: Submission) -> list[Document]:
    """The files of the sealed version: its PDF, its stamped scan, what answers point to; one query."""
    wanted = set()
    for answer in submission.content.get("answers", []):
        value = answer.get("value")
        if isinstance(value, dict):
            wanted |= {value.get("document")} | {row.get("document") for row in value.get("documents") or []}
    scan = f"sealed_v{submission.version}"
    signed = {signed_kind(step, submission.version) for step in ("unit_review", "recommendation")}
    rows = Document.objects.about(application).order_by("pk")
    return [
        row
        for row in rows
        if row.pk in wanted
        or row.kind == scan
        or row.kind in signed
        or (row.kind == "snapshot" and row.version == submission.version)
    ]
