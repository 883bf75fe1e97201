"""The PDF of a submission, made by a worker or by the sweep, and drafts whose time has run out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from applications import actions, queries, tasks
from applications.models import Application, Submission
from applications.states import ApplicationState
from core.models import Event
from documents.models import Document
from grants.actions import relist_topic, topic_unfilled
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.applications import filled, submitted
from tests.factories.grants import QUESTIONS, CallFactory, TopicFactory

pytestmark = pytest.mark.django_db

S = ApplicationState


def submit(application, *, by=None, at=None):
    by = by or application.created_by
    return actions.submit(application=application, by=by, at=at or timezone.now())


# ---- the PDF and the broker ----


def test_with_the_broker_down_the_submission_stands(monkeypatch, django_capture_on_commit_callbacks):
    def no_broker(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr("applications.actions.intake.current_app.send_task", no_broker)
    application = filled()
    with django_capture_on_commit_callbacks(execute=True):
        submit(application)
    assert Application.objects.get(pk=application.pk).state == S.UNIT_REVIEW
    assert not Document.objects.filter(kind="snapshot").exists()

    tasks.make_missing_snapshots()
    tasks.make_missing_snapshots()

    document = Document.objects.get(kind="snapshot")
    assert (document.version, document.media_type) == (1, "application/pdf")
    assert document.name == f"{application.number}-第1版.pdf"
    with document.file.open() as file:
        assert file.read(5) == b"%PDF-"


def test_with_a_broker_a_worker_is_asked_after_the_commit(monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(
        "applications.actions.intake.current_app.send_task", lambda name, **kwargs: asked.append(name)
    )
    with django_capture_on_commit_callbacks(execute=True):
        submit(filled())
        assert asked == []
    assert asked.count("applications.tasks.make_snapshot") == 1


def test_each_version_has_its_own_snapshot():
    application = submitted()
    Application.objects.filter(pk=application.pk).update(state=S.RETURNED)
    application.refresh_from_db()
    submit(application)
    tasks.make_missing_snapshots()
    versions = Document.objects.filter(kind="snapshot").order_by("version").values_list("version", flat=True)
    assert list(versions) == [1, 2]
    for submission in application.submissions.all():
        tasks.make_snapshot(submission.pk)
    assert Document.objects.filter(kind="snapshot").count() == 2


def test_the_sweep_leaves_old_ones_alone():
    application = submitted()
    Submission.objects.bulk_create(
        [
            Submission(
                application=application,
                version=9,
                content={},
                sha256="0" * 64,
                by=application.created_by,
                at=timezone.now() - timedelta(days=60),
            )
        ]
    )
    tasks.make_missing_snapshots()
    assert list(Document.objects.filter(kind="snapshot").values_list("version", flat=True)) == [1]


# ---- drafts that were not handed in ----


def test_the_clock_of_a_draft_ends_with_the_call():
    call = CallFactory()
    unit = OrganisationFactory()
    late, running = (
        actions.start(call=call, organisation=unit, by=member_of(unit), at=timezone.now()) for _n in range(2)
    )
    past = timezone.now() - timedelta(seconds=1)
    Deadline.objects.filter(object_id=late.pk).update(due_at=past)

    tasks.lapse_drafts()
    tasks.lapse_drafts()

    states = {d.object_id: d.state for d in Deadline.objects.filter(kind="call_closes")}
    assert states == {late.pk: "cancelled", running.pk: "open"}
    late.refresh_from_db()
    assert late.state == S.DRAFT
    assert list(Event.objects.about(late).values_list("verb", flat=True)) == ["started", "lapsed"]


def test_a_draft_may_go_on_when_its_topic_is_listed_again():
    at = timezone.now()
    topic, unit = TopicFactory(call=CallFactory(demand=True)), OrganisationFactory()
    draft = actions.start(call=topic.call, topic=topic, organisation=unit, by=member_of(unit), at=at)
    Deadline.objects.update(due_at=at - timedelta(seconds=1))
    tasks.lapse_drafts()
    topic_unfilled(topic=topic, by=None, at=at)
    closes = at + timedelta(days=9)

    relist_topic(topic=topic, bids_close_at=closes, by=None, at=at)

    clocks = Deadline.objects.filter(object_id=draft.pk, kind="call_closes").order_by("pk")
    assert [clock.state for clock in clocks] == ["cancelled", "open"]
    assert clocks.last().due_at == closes
    verbs = Event.objects.about(draft).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["started", "lapsed", "reopened"]


def test_what_was_never_asked_is_neither_sealed_nor_printed():
    hidden = {"code": "later", "kind": "commitment", "label": "再承诺", "visible_when": "answers.trl > 8"}
    application = filled(call=CallFactory(parts__questions=(*QUESTIONS, hidden)))
    assert [answer["code"] for answer in queries.snapshot(application)["answers"]] == ["route", "trl", "plan"]
