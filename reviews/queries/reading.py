"""What a reviewer may read."""

from dataclasses import dataclass

from django.db.models import Q

from applications.models import Submission
from applications.queries import deck_kind, in_readers_language
from documents.models import Document
from grants.models import SLIDES_RULES, Call, Stage
from reviews import visibility
from reviews.models import (
    Assignment,
    ReviewScheme,
)
from reviews.queries.panels import scheme_of
from reviews.states import AssignmentState


@dataclass(frozen=True)
class Dossier:
    """What an expert reads to judge: the masked content and the files that go with it."""

    view: visibility.ReviewerView
    files: list[Document]
    decks: list[Document]
    """The last slides of each round that asked for them."""


def dossier(assignment: Assignment) -> Dossier:
    """The sealed content of the application's last version as this expert may read it; three queries.

    Attachments and the PDF snapshot come along only when the review is not blind; the slides of a round also
    where the notice asks for them although it is.
    """
    application = assignment.application
    scheme = scheme_of(application.call)
    submission = Submission.objects.filter(application=application).order_by("-version").first()
    content = in_readers_language(submission.content) if submission else {}
    view = visibility.for_reviewer(content, number=application.number, is_blind=scheme.is_blind)
    decks = Document.objects.about(application).filter(_decks(application.call, is_blind=scheme.is_blind))
    decks = list(decks.order_by("kind", "-version").distinct("kind"))
    if scheme.is_blind or not submission:
        return Dossier(view, [], decks)
    attached = [answer["value"]["document"] for answer in content["answers"] if _is_file(answer)]
    wanted = Q(pk__in=attached) | Q(kind="snapshot", version=submission.version)
    files = Document.objects.about(application).filter(wanted).order_by("kind", "id")
    return Dossier(view, list(files), decks)


def _decks(call: Call, *, is_blind: bool) -> Q:
    """Which kinds of documents are slides that the reviewers of a call may read."""
    stages = Stage.objects.filter(call=call, kind__in=SLIDES_RULES)
    if is_blind:
        stages = stages.filter(slides_blind=True)
    return Q(kind__in=[deck_kind(stage) for stage in stages])


def readable_files(user) -> Q:
    """Files of applications that `user` judges (see `documents.access`); none where reviews are blind."""
    judged = Assignment.objects.filter(
        expert__user=user, state__in=[AssignmentState.ACCEPTED, AssignmentState.SUBMITTED]
    )
    blind = ReviewScheme.objects.filter(is_blind=True).values("call_id")
    open_to = judged.exclude(application__call__in=blind).values("application_id")
    wanted = Q(object_id__in=open_to)
    for kind, deck in SLIDES_RULES.items():
        said = Stage.objects.filter(kind=kind, slides_blind=True).values("call_id")
        shown = judged.filter(application__call__in=said).values("application_id")
        wanted |= Q(kind=deck, object_id__in=shown)
    return Q(content_type__app_label="applications", content_type__model="application") & wanted


def _is_file(answer: dict) -> bool:
    value = answer.get("value")
    return answer.get("kind") == "attachment" and isinstance(value, dict) and "document" in value
