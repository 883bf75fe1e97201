"""Slides of invited teams (答辩材料): asked by a round, in by its moment, read by who judges."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfWriter

from accounts.roles import UnitRole
from applications import actions, queries, tasks
from applications.models import RuleStatus
from applications.states import ApplicationState
from core import calendar
from core.workflow import Refused
from documents.models import Document
from documents.rules import check_file
from grants import system_rules
from grants.models import SLIDES_RULES, Stage, StageKind
from grants.signals import publishing
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from reviews.models import Criterion, ReviewScheme
from tests.factories.accounts import UserFactory, member_of
from tests.factories.reviews import (
    ApplicationFactory,
    CallFactory,
    ExpertFactory,
    manager_of,
    publish,
    sealed,
    task_for,
)

pytestmark = pytest.mark.django_db
S = ApplicationState
STAGES = (StageKind.FORMAL_CHECK, StageKind.EXPERT_REVIEW, StageKind.PANEL_REVIEW, StageKind.DECISION)


def notice(*, is_blind=False, at=StageKind.PANEL_REVIEW, **slides):
    """A draft whose interview asks for slides."""
    call = CallFactory()
    for order, kind in enumerate(STAGES, start=1):
        asked = (slides or {"slides_days": 5, "slides_pages": 3}) if kind == at else {}
        Stage.objects.create(call=call, order=order, kind=kind, days=10, clause=f"第{order}条", **asked)
    Criterion.objects.create(call=call, code="c1", name="指标", weight=100, order=1, max_score=100)
    ReviewScheme.objects.create(call=call, panel_size=1, is_blind=is_blind)
    return call


def open_to_all(call):
    system_rules.write(call=call)
    return publish(call)


def judged(call):
    return ApplicationFactory(call=call, reached=S.EXPERT_REVIEW)


def invited(call=None, *, at=None):
    """A team that has come into the interview."""
    application = judged(call or open_to_all(notice()))
    actions.advance(application=application, by=None, at=at or timezone.now())
    return application


def pdf(pages=1):
    writer, body = PdfWriter(), io.BytesIO()
    for _number in range(pages):
        writer.add_blank_page(100, 100)
    writer.write(body)
    return body.getvalue()


def pptx(slides=1, part="ppt/presentation.xml"):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(part, "<p:sldIdLst>" + '<p:sldId id="1"/>' * slides + "</p:sldIdLst>")
    return body.getvalue()


def upload(application, body=None, name="答辩.pdf", *, by=None, at=None):
    return actions.upload_slides(
        application=application,
        file=ContentFile(body or pdf()),
        name=name,
        by=by or application.created_by,
        at=at or timezone.now(),
    )


def clock(application):
    rows = Deadline.objects.filter(kind=DeadlineKind.SLIDES, object_id=application.pk)
    return rows.latest("pk")


def line(application):
    return application.rule_results.get(rule__code=SLIDES_RULES["panel_review"])


def test_whoever_is_invited_owes_slides_from_that_moment_and_replaces_them_until_the_end():
    call = open_to_all(notice())
    rule = call.rules.get(code="slides_panel_review")
    assert rule.text == "进入“会议评审（答辩）”的，在 5 个工作日内上传答辩材料（PDF 或 PPTX；不超过 3 页）。"
    application, at = judged(call), timezone.now()
    assert queries.decks_of(application) == []
    with pytest.raises(Refused) as early:
        upload(application)
    actions.advance(application=application, by=None, at=at)
    deadline = clock(application)
    assert (early.value.code, deadline.due_at) == ("not_asked", calendar.due(at, 5))
    assert "第3条" in str(deadline.explanation)
    owners = deadline.obligors.values_list("user_id", "unit_role")
    assert set(owners) == {(application.created_by_id, ""), (None, UnitRole.ADMIN)}
    assert list(obligations.check(at=at)) == []
    first = upload(application)
    assert first.name == f"{application.number}-答辩材料.pdf"
    assert (line(application).status, clock(application).state) == ("passed", "met")
    last = upload(application, pptx(3), "final.PPTX", at=deadline.due_at)
    (deck,) = queries.decks_of(application)
    assert (deck.document, last.version, deck.is_missing) == (last, 2, False)
    with pytest.raises(Refused) as late:
        upload(application, pdf(2), at=deadline.due_at + timedelta(seconds=1))
    assert (late.value.code, late.value.clause) == ("late", "第3条")
    assert Document.objects.about(application).count() == 2


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (pdf(4), "a.pdf", "pages"),
        (pptx(4), "a.pptx", "pages"),
        (pptx(0), "a.pptx", "pages"),
        (pptx(1), "a.pdf", "content"),
        (pptx(1, part="word/document.xml"), "a.pptx", "content"),
        (pdf(1), "a.docx", "ending"),
        (pdf(1) + b" " * (1 << 20), "a.pdf", "too_big"),
    ],
)
def test_type_size_and_pages_are_those_of_the_content(body, name, code):
    application = invited(open_to_all(notice(slides_days=5, slides_pages=3, slides_megabytes=1)))
    with pytest.raises(Refused) as refused:
        upload(application, body, name)
    assert (refused.value.code, refused.value.clause) == (code, "第3条")
    assert line(application).status == RuleStatus.MANUAL
    with pytest.raises(Refused, match="只接受"):
        check_file(ContentFile(pptx()), "a.pptx")


def test_one_moment_for_all_holds_and_who_is_invited_behind_it_has_the_days_of_the_round():
    now = timezone.now()
    until = now + timedelta(days=40)
    call = open_to_all(notice(slides_until=until))
    assert clock(invited(call)).due_at == until
    later = until + timedelta(days=1)
    assert clock(invited(call, at=later)).due_at == calendar.due(later, 10)


def test_missing_slides_are_said_on_the_line_and_the_pages_and_a_round_that_ends_asks_no_more(client):
    application = invited()
    Deadline.objects.filter(pk=clock(application).pk).update(due_at=timezone.now() - timedelta(seconds=1))
    tasks.lapse_scans()
    tasks.lapse_scans()
    assert (line(application).status, clock(application).state) == ("failed", "cancelled")
    with pytest.raises(Refused, match="逾期不再接收"):
        upload(application)
    client.force_login(manager_of(application.call))
    address = reverse("admin:applications_application_change", args=[application.pk])
    assert "没有上传答辩材料。" in client.get(address).content.decode()
    for end in (actions.advance, actions.reject):
        other = invited(application.call)
        words = {"reason": "不符合"} if end is actions.reject else {}
        end(application=other, by=None, at=timezone.now(), **words)
        assert (line(other).status, clock(other).state) == ("not_applicable", "cancelled")


def test_the_team_uploads_on_its_page_and_a_stranger_finds_none(client):
    application = invited()
    page, address = (reverse(f"applications:{name}", args=[application.pk]) for name in ("detail", "slides"))
    client.force_login(UserFactory())
    assert client.post(address).status_code == 404
    with pytest.raises(Refused, match="只有申报团队"):
        upload(application, by=manager_of(application.call))
    for who in (application.created_by, member_of(application.organisation, role=UnitRole.ADMIN)):
        client.force_login(who)
        assert "逾期不再接收" in client.get(page).content.decode()
        assert client.post(address).url == f"{page}#slides"
        client.post(address, {"slides": ContentFile(pdf(), name="我校.pdf")})
        assert f"{application.number}-答辩材料.pdf" in client.get(page).content.decode()
    # The same content again is the same version.
    assert Document.objects.about(application).count() == 1


@pytest.mark.parametrize("is_blind", [False, True])
def test_experts_of_the_round_read_them_a_blind_one_only_where_the_notice_says_so(client, is_blind):
    call = notice(is_blind=is_blind, at=StageKind.EXPERT_REVIEW, slides_days=5, slides_blind=is_blind)
    application = ApplicationFactory(call=open_to_all(call), reached=S.FORMAL_CHECK)
    sealed(application)
    actions.advance(application=application, by=None, at=timezone.now())
    deck = upload(application, name="青岛大学.pdf")
    task, stranger = task_for(application), ExpertFactory()
    other = Document.objects.create(
        subject=application,
        kind="cv",
        name="cv.pdf",
        size=1,
        sha256="0" * 64,
        media_type="application/pdf",
        created_at=timezone.now(),
    )
    seen = Document.objects.visible_to(task.expert.user)
    assert list(seen.order_by("pk")) == ([deck] if is_blind else [deck, other])
    assert not Document.objects.visible_to(stranger.user).exists()
    client.force_login(task.expert.user)
    desk = client.get(reverse("admin:reviews_assignment_change", args=[task.pk])).content.decode()
    assert (deck.name in desk, "青岛大学" in desk) == (True, False)
    client.force_login(manager_of(call))
    panel = client.get(reverse("admin:reviews_panel_change", args=[application.pk])).content.decode()
    assert deck.name in panel


def test_a_blind_notice_that_asks_without_saying_so_is_not_published():
    call = notice(is_blind=True)
    with pytest.raises(Refused, match="匿名评审也收答辩材料"):
        publishing.send(sender=type(call), call=call, by=None, at=timezone.now())


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": StageKind.SITE_VISIT, "slides_days": 2},
        {"kind": StageKind.PANEL_REVIEW, "slides_days": 2, "slides_until": "2026-12-01T00:00Z"},
        {"kind": StageKind.PANEL_REVIEW, "slides_days": 0},
        {"kind": StageKind.PANEL_REVIEW, "slides_days": 2, "slides_pages": 0},
    ],
)
def test_the_database_keeps_slides_to_rounds_with_one_clock(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Stage.objects.create(call=CallFactory(), order=1, days=3, **fields)
