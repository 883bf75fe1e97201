"""Work beside the page: PDF snapshots of what was handed in, clocks of drafts that were not."""

from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from applications import actions, printing, queries
from applications.models import Application, StampedTable, Submission
from applications.states import ApplicationState
from documents.actions import store
from documents.models import Document
from notifications import clocks

KIND = "snapshot"
AT_ONCE = 100
MANY = 5_000
LOOK_BACK = timedelta(days=30)
"""The sweep reads no further back, so that it costs the same in every year."""
COMPARED_FIRST = (ApplicationState.FORMAL_CHECK, ApplicationState.CREDIT_CHECK)
"""Steps that may not be passed without the report, however old the version is."""
HELD_SECONDS = 900
"""A comparison whose worker died may be taken up again after that."""
STOPPED_SECONDS = 6 * 3600
"""One that was stopped by the time limit, after that."""


def without_snapshot():
    """Submissions whose PDF does not stand yet, oldest first."""
    made = Document.objects.filter(
        content_type__app_label="applications",
        content_type__model="application",
        kind=KIND,
        object_id=OuterRef("application_id"),
        version=OuterRef("version"),
    )
    return Submission.objects.filter(~Exists(made)).order_by("pk")


@shared_task
def make_snapshot(submission_pk: int) -> None:
    """Make the PDF of one submission; may run any number of times, what stands already is left alone."""
    rows = without_snapshot().select_related("application", "by")
    submission = rows.filter(pk=submission_pk).first()
    if submission is None:
        return
    application: Application = submission.application
    body = printing.sealed(submission)
    try:
        store(
            subject=application,
            kind=KIND,
            file=ContentFile(body),
            name=_("%(number)s-第%(version)s版.pdf")
            % {"number": application.number, "version": submission.version},
            by=None,
            at=submission.at,
            endings=["pdf"],
            version=submission.version,
        )
    except IntegrityError:
        # Another worker was faster; its PDF is of the same content.
        return


@shared_task
def make_missing_snapshots() -> None:
    """Make what no worker was asked for: the broker was down, or a worker died."""
    recent = without_snapshot().filter(at__gte=timezone.now() - LOOK_BACK)
    clocks.each(
        "make_snapshots",
        recent.values_list("pk", flat=True)[:AT_ONCE],
        make_snapshot,
        at=timezone.now(),
    )


@shared_task
def compare(submission_pk: int) -> None:
    """Look for duplicates of one version (查重); of one handed in again meanwhile the newer is compared."""
    key = f"comparing:{submission_pk}"
    if not cache.add(key, True, HELD_SECONDS):
        # Another worker has it; sweeps that overlap would all do the same work.
        return
    try:
        rows = queries.without_report().select_related("application__call", "application__organisation")
        submission = rows.filter(pk=submission_pk).first()
        if submission is not None:
            actions.compare(submission=submission, at=timezone.now())
    except SoftTimeLimitExceeded:
        # At once it would take as long again, and keep a worker from everything else.
        cache.set(key, True, STOPPED_SECONDS)
        raise
    except BaseException:
        cache.delete(key)
        raise
    cache.delete(key)


@shared_task
def compare_missing() -> None:
    """Compare what no worker was asked for, a transaction each where the comparison makes its own."""
    recent = Q(at__gte=timezone.now() - LOOK_BACK) | Q(application__state__in=COMPARED_FIRST)
    recent = queries.without_report().filter(recent)
    clocks.each(
        "compare", recent.values_list("pk", flat=True)[:AT_ONCE], compare, at=timezone.now(), atomic=False
    )


LAPSING = (
    ("lapse_scans", queries.scans_lapsed, Application, "application", actions.lapse_scan),
    ("lapse_papers", queries.papers_lapsed, Application, "application", actions.lapse_papers),
    ("lapse_slides", queries.slides_lapsed, Application, "application", actions.lapse_slides),
    (
        "lapse_nominators",
        queries.nominators_lapsed,
        Application,
        "application",
        actions.lapse_nominators,
    ),
    ("lapse_tables", queries.tables_lapsed, StampedTable, "table", actions.lapse_table),
)
"""Clock, the deadlines that have lapsed, what they are about, under which word the action takes it."""


@shared_task
def lapse_scans() -> None:
    """Say of scans, copies on paper, tables, slides and nominations that did not come in time so."""
    at = timezone.now()
    for row in LAPSING:
        _lapse(*row, at=at)


def _lapse(name, lapsed, model, word, action, *, at) -> None:
    """Each subject of a deadline that has lapsed, unless another worker has it."""

    def one(deadline):
        rows = model.objects.select_for_update(skip_locked=True, of=("self",)).select_related("call")
        subject = rows.filter(pk=deadline.object_id).first()
        if not subject or not lapsed(at).filter(pk=deadline.pk).exists():
            return False
        return action(**{word: subject}, at=at)

    clocks.each(name, lapsed(at)[:MANY], one, at=at)


@shared_task
def lapse_drafts() -> None:
    """End the clocks of drafts that were not handed in, each in its own transaction."""
    at = timezone.now()

    def one(pk):
        rows = queries.lapsed_drafts(at).select_for_update(skip_locked=True, of=("self",))
        application = rows.filter(pk=pk).first()
        return actions.lapse(application=application, at=at) if application else False

    pks = queries.lapsed_drafts(at).order_by("pk").values_list("pk", flat=True)[:MANY]
    clocks.each("lapse_drafts", pks, one, at=at)
