"""Work beside the page: scanning of stored files."""

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from documents import scanner, uploads
from documents.models import Document, ScanState

log = logging.getLogger(__name__)

AT_ONCE = 100


@shared_task
def scan_pending() -> int:
    """Scan what waits, each file in its own transaction; returns how many were judged.

    Nothing happens without a scanner. A daemon that does not answer leaves the files waiting.
    """
    if not scanner.is_configured():
        return 0
    judged = 0
    for pk in (
        Document.objects.filter(scan=ScanState.PENDING).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        try:
            judged += _scan(pk)
        except (scanner.ScannerUnavailable, FileNotFoundError) as fault:
            log.warning("document %s could not be scanned: %s", pk, fault)
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # of the storage, whichever it is: the other files must not wait for this one
            log.exception("document %s could not be scanned", pk)
    return judged


@transaction.atomic
def _scan(pk: int) -> int:
    """1 when judged here, 0 when another worker has it."""
    rows = Document.objects.select_for_update(skip_locked=True).filter(pk=pk, scan=ScanState.PENDING)
    document = rows.first()
    if document is None:
        return 0
    with document.file.open("rb") as file:
        clean = scanner.is_clean(file)
    rows.filter(pk=pk).update(scan=ScanState.CLEAN if clean else ScanState.INFECTED)
    return 1


@shared_task
def remove_unfinished_uploads() -> int:
    """Sweep away the pieces of files that nobody went on with; returns how many files."""
    return uploads.remove_unfinished(at=timezone.now())
