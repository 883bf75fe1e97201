"""A printed application and its sealed version: what the QR code says, whether it is so, when it is ready."""

import re
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from applications.models import Application, SimilarityReport, Submission
from applications.queries.records import latest_documents
from applications.states import ApplicationState
from documents.models import Document

SHORTEST = 32
"""So many figures of the hash stand on every page; fewer could be guessed."""
PUBLIC = (ApplicationState.PUBLICITY, ApplicationState.AGREEMENT, ApplicationState.AWARDED)
"""States in which title and unit have been published."""
HASH = re.compile(rf"[0-9a-f]{{{SHORTEST},64}}")


class Printed(NamedTuple):
    """What a paper says of itself."""

    number: str
    version: int
    sha256: str


def address_of(submission: Submission) -> str:
    """What the QR code holds: the page where anybody checks the paper."""
    named = {"n": submission.application.number, "v": submission.version, "h": submission.sha256}
    return f"{settings.SITE_URL.rstrip('/')}{reverse('applications:verify')}?{urlencode(named)}"


def printed_from(text: str) -> Printed | None:
    """What the text of a QR code says; None for any other text."""
    try:
        asked = parse_qs(urlsplit(text).query)
    except ValueError:
        return None
    return printed(*(asked.get(name, [""])[0] for name in ("n", "v", "h")))


def printed(number: str, version: str, sha256: str) -> Printed | None:
    """The three as somebody typed them; None when they cannot be those of a paper."""
    sha256 = re.sub(r"\s", "", sha256).lower()
    number, version = number.strip().replace("\0", ""), version.strip()
    if not (number and version.isdecimal() and len(version) < 5 and HASH.fullmatch(sha256)):
        return None
    return Printed(number, int(version), sha256)


def sealed_as(paper: Printed) -> Submission | None:
    """The sealed version that a paper says it is; None when any of the three is another one."""
    rows = Submission.objects.select_related("application__call", "application__organisation")
    return rows.filter(
        application__number=paper.number, version=paper.version, sha256__startswith=paper.sha256
    ).first()


def may_name(submission: Submission) -> bool:
    """Whether title and unit are public by now."""
    return submission.application.state in PUBLIC


class Processing(NamedTuple):
    """What workers do with the version handed in last: its PDF, the comparison with others (查重)."""

    snapshot: Document | None
    is_compared: bool
    is_awaited: bool


PROCESSED_WITHIN = timedelta(hours=1)
"""After that nobody waits on the page any more."""


def processing(application: Application, documents: dict[str, Document] | None = None, *, at) -> Processing:
    """One query beside `documents`, the latest of each kind."""
    documents = latest_documents(application) if documents is None else documents
    snapshot = documents.get("snapshot")
    if snapshot is not None and snapshot.version != application.version:
        snapshot = None
    rows = SimilarityReport.objects.filter(application=application, version=application.version)
    is_compared = rows.exists()
    is_recent = at - application.submitted_at < PROCESSED_WITHIN
    return Processing(snapshot, is_compared, is_recent and not (snapshot and is_compared))
