"""Compare what was handed in with everything before it (查重); what an officer makes of it."""

from datetime import datetime
from itertools import chain

from django.db import transaction

from applications import rules, similarity
from applications.models import (
    Application,
    ComparedText,
    Participant,
    ParticipantRole,
    PastProject,
    SimilarityReport,
    SimilarSource,
    Submission,
)
from applications.similarity import Passage, Prose
from core import workflow

MOST_PASSAGES = 40
"""Passages of one source that a report keeps, the longest first."""
LONGEST_PASSAGE = 600
"""Letters of a passage that a report keeps."""


def compare(*, submission: Submission, at: datetime) -> SimilarityReport:
    """The report on one version; may run any number of times, the first report stands.

    The text is stored before anything is searched, and not in one transaction with it: of two applications
    compared at the same moment at least one finds the other.
    """
    application = submission.application
    template = similarity.template_of(similarity.words_of_call(application.call))
    prose = Prose(similarity.passages_of(submission.content), template=template)
    texts = _texts_in_common(_stored(submission, prose), prose)
    sources = [source for source, _runs in texts]
    _add_titles(application, sources)
    _tell_whose(application, sources)
    others = [runs for source, runs in texts if not source.is_same_head and not source.is_same_unit]
    with transaction.atomic():
        report, is_new = SimilarityReport.objects.get_or_create(
            application=application,
            version=submission.version,
            defaults={
                "examined": prose.examined,
                "covered": similarity.covered(chain.from_iterable(runs for _source, runs in texts)),
                "covered_by_others": similarity.covered(chain.from_iterable(others)),
                "unread": similarity.unread_in(submission.content),
                "compared_at": at,
            },
        )
        if is_new:
            for source in sources:
                source.report = report
            SimilarSource.objects.bulk_create(sources)
    return report


def _stored(submission: Submission, prose: Prose) -> ComparedText:
    """The text by which others find it; a newer version that another worker stored meanwhile stays."""
    text = ComparedText(
        application=submission.application,
        version=submission.version,
        passages=prose.passages,
        grams=similarity.sample_of(prose),
    )
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=submission.application_id)
        known = ComparedText.objects.filter(application=submission.application, version__gt=text.version)
        if not known.exists():
            text.save()
    return text


def _texts_in_common(text: ComparedText, prose: Prose) -> list[tuple[SimilarSource, list[similarity.Run]]]:
    """The applications that share words with this one, each with the runs."""
    others, common = similarity.candidates(text)
    found = []
    for other in others:
        source = Prose(Passage(*pair) for pair in other.passages)
        runs = similarity.runs_of(prose, source, common=common)
        if not runs:
            continue
        longest = sorted(runs, key=lambda run: -run.words)[:MOST_PASSAGES]
        passages = [_side_by_side(prose, source, run) for run in longest]
        row = SimilarSource(
            application_id=other.application_id, covered=similarity.covered(runs), passages=passages
        )
        found.append((row, runs))
    return found


def _side_by_side(prose: Prose, source: Prose, run: similarity.Run) -> dict:
    return {
        "place": prose.place(run.start),
        "text": prose.text(run.start, run.end)[:LONGEST_PASSAGE],
        "source_place": source.place(run.source_start),
        "source_text": source.text(run.source_start, run.source_end)[:LONGEST_PASSAGE],
        "words": run.words,
    }


def _add_titles(application: Application, sources: list[SimilarSource]) -> None:
    """Projects of the same people and units under a similar title, whatever their text says."""
    known = {source.application_id: source for source in sources}
    for found in similarity.similar_titles(application):
        source = known.get(found.key)
        if source is None:
            source = SimilarSource(application_id=found.key)
            sources.append(source)
        source.title_percent = found.percent
    sources += [
        SimilarSource(past_project_id=found.key, title_percent=found.percent)
        for found in similarity.similar_past_projects(application)
    ]


def _tell_whose(application: Application, sources: list[SimilarSource]) -> None:
    """Whether a source has the same head, or a unit in common; three queries."""
    heads, units = _who([application.pk])[application.pk]
    theirs = _who([source.application_id for source in sources if source.application_id])
    past = PastProject.objects.in_bulk(
        [source.past_project_id for source in sources if source.past_project_id]
    )
    for source in sources:
        if source.past_project_id:
            project = past[source.past_project_id]
            other_heads = {project.id_number} if project.role == ParticipantRole.PI else set()
            other_units = {project.credit_code}
        else:
            other_heads, other_units = theirs[source.application_id]
        source.is_same_head = bool((heads & other_heads) - {""})
        source.is_same_unit = bool((units & other_units) - {""})


def _who(keys: list[int]) -> dict[int, tuple[set[str], set[str]]]:
    """application → (ID numbers of its heads, credit codes of its units)."""
    found: dict[int, tuple[set[str], set[str]]] = {}
    rows = Application.objects.filter(pk__in=keys).values_list("pk", "organisation__credit_code")
    for key, code in rows:
        found[key] = (set(), {code})
    people = Participant.objects.filter(application__in=keys)
    for key, role, number, code in people.values_list("application", "role", "id_number", "credit_code"):
        heads, units = found[key]
        units.add(code)
        if role == ParticipantRole.PI:
            heads.add(number)
    return found


@transaction.atomic
def conclude_similarity(
    *, application: Application, seen: str, conclusion: str, note: str, by, at: datetime
) -> SimilarityReport:
    """An officer's opinion on a report as it was `seen` (查重意见); it replaces the one before.

    Raises Refused, Lost.
    """
    application.version = Application.objects.select_for_update().get(pk=application.pk).version
    report = rules.check_can_conclude_similarity(by, application, seen=seen)
    rules.check_similarity_conclusion(conclusion, note)
    report.conclusion, report.note, report.concluded_by, report.concluded_at = conclusion, note, by, at
    report.save(update_fields=["conclusion", "note", "concluded_by", "concluded_at"])
    data = {"version": report.version, "percent": str(report.percent), "conclusion": conclusion}
    workflow.record(application, "similarity_concluded", by=by, at=at, note=note, data=data)
    return report
