"""Papers: the printed form is checked by anybody, its stamped scan by its QR code, versions side by side."""

import io
from datetime import timedelta

import pypdfium2
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import UnitRole
from applications import actions, printing, queries, tasks
from applications.models import Application
from applications.queries.differences import marked
from applications.states import ApplicationState
from core import calendar
from core.workflow import Refused
from documents import codes, pdf
from documents.models import Document
from grants import system_rules
from grants.models import SCAN_RULE, Call, StageKind
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from tests.factories.accounts import UserFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, filled, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed():
    return submitted()


def scan_of(application, submission=None) -> bytes:
    return printing.sealed(submission or queries.latest_submission(application))


def upload(application, content, name="扫描.pdf", by=None):
    return actions.upload_scan(
        application=application,
        file=ContentFile(content),
        name=name,
        by=by or application.created_by,
        at=timezone.now(),
    )


def resubmitted(application):
    """Returned, changed, and handed in as the second version."""
    now = timezone.now()
    Application.objects.filter(pk=application.pk).update(state=ApplicationState.FORMAL_CHECK)
    application.refresh_from_db()
    actions.return_for_supplement(
        application=application, reason="请补充技术路线", items=["技术路线"], by=None, at=now
    )
    answers = {"route": "先仿真后海试。", "trl": "5"}
    actions.save_answers(application=application, answers=answers, by=application.created_by, at=now)
    actions.submit(application=application, by=application.created_by, at=now)
    return application


# ---- verification ----


def test_anybody_verifies_a_paper_by_its_code(client, sealed):
    submission = queries.latest_submission(sealed)
    address = queries.address_of(submission)
    shown = client.get(address).content.decode()
    assert "与封存的版本一致" in shown
    assert sealed.number in shown
    assert sealed.title not in shown
    Application.objects.filter(pk=sealed.pk).update(state=ApplicationState.PUBLICITY)
    assert sealed.title in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": "QD0"}, "没有一致的版本"),
        ({"v": "2"}, "没有一致的版本"),
        ({"h": "0" * 64}, "没有一致的版本"),
        ({"h": "abc"}, "填写不完整"),
        ({"v": "一"}, "填写不完整"),
        ({"n": "\0"}, "填写不完整"),
    ],
)
def test_what_does_not_agree_tells_nothing(client, sealed, change, words):
    submission = queries.latest_submission(sealed)
    typed = {"n": sealed.number, "v": "1", "h": submission.sha256} | change
    shown = client.get(reverse("applications:verify"), typed).content.decode()
    assert words in shown
    assert sealed.call.title not in shown


def test_a_paper_of_an_older_version_says_so(client, sealed):
    address = queries.address_of(queries.latest_submission(sealed))
    resubmitted(sealed)
    assert "这不是最近提交的版本" in client.get(address).content.decode()


def test_the_page_alone_is_a_form(client):
    assert "核验" in client.get(reverse("applications:verify")).content.decode()


# ---- the stamped scan ----


def test_a_scan_of_the_sealed_pdf_is_kept_with_its_version(client, sealed):
    client.force_login(sealed.created_by)
    content = scan_of(sealed)
    client.post(
        reverse("applications:scan", args=[sealed.pk]), {"scan": ContentFile(content, name="扫描.pdf")}
    )
    document = Document.objects.about(sealed).get(kind="sealed_v1")
    assert document.name == "扫描.pdf"
    shown = client.get(reverse("applications:detail", args=[sealed.pk])).content.decode()
    assert "已核对二维码" in shown


def test_a_picture_of_the_cover_is_read_too(sealed):
    page = pypdfium2.PdfDocument(scan_of(sealed))[0].render(scale=2).to_pil()
    picture = io.BytesIO()
    page.save(picture, "PNG")
    assert upload(sealed, picture.getvalue(), "封面.png").media_type == "image/png"


def test_a_scan_of_another_paper_is_refused(sealed):
    other = submitted(call=sealed.call)
    with pytest.raises(Refused, match=f"另一份申报书（{other.number}）"):
        upload(sealed, scan_of(other))
    old = scan_of(sealed)
    resubmitted(sealed)
    with pytest.raises(Refused, match="第 1 版，最近提交的是第 2 版"):
        upload(sealed, old)
    with pytest.raises(Refused, match="没有在文件中找到"):
        upload(sealed, pdf.render("applications/pdf/application.typ", _without_code(sealed)))
    forged = queries.latest_submission(sealed)
    forged.sha256 = "0" * 64
    with pytest.raises(Refused, match="校验码与提交的版本不一致"):
        upload(sealed, scan_of(sealed, forged))
    assert not Document.objects.about(sealed).exists()


def _without_code(application):
    data = printing._data(queries.latest_submission(application).content)
    return data | dict.fromkeys(("number", "version", "sha256", "submitted", "watermark", "qr"), "")


def test_only_the_team_or_its_unit_uploads_and_only_what_was_handed_in(client, sealed):
    content = scan_of(sealed)
    with pytest.raises(Refused):
        upload(sealed, content, by=UserFactory())
    assert upload(sealed, content, by=member_of(sealed.organisation, UnitRole.ADMIN))
    with pytest.raises(Refused):
        upload(ApplicationFactory(), content)
    Application.objects.filter(pk=sealed.pk).update(state=ApplicationState.WITHDRAWN)
    with pytest.raises(Refused):
        upload(sealed, content)
    client.force_login(UserFactory())
    assert client.post(reverse("applications:scan", args=[sealed.pk])).status_code == 404


# ---- the stamped scan by a date ----


def asked_for(**kwargs):
    """Handed in to a notice that wants the scan within two working days of its closing."""
    call = CallFactory(
        draft=True,
        scan_days=2,
        scan_clause="第八条",
        parts__stages=(StageKind.FORMAL_CHECK, StageKind.DECISION),
        **kwargs,
    )
    system_rules.write(call=call)
    system_rules.write(call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return submitted(call=Call.objects.get(pk=call.pk))


def scan_line(application):
    return application.rule_results.get(rule__code=SCAN_RULE)


def clock(application):
    return Deadline.objects.filter(
        content_type__model="application", object_id=application.pk, kind=DeadlineKind.STAMPED_SCAN
    ).latest("pk")


def test_a_scan_in_time_settles_its_line_and_its_clock(client):
    application = asked_for()
    until = calendar.due(application.call.closes_at, 2)
    assert (clock(application).state, clock(application).due_at) == ("open", until)
    assert "第八条" in str(clock(application).explanation)
    with pytest.raises(Refused, match="盖章扫描件。”（第八条）还没有审查结论"):
        actions.pass_formal_check(application=application, by=None, at=timezone.now())
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "申报截止后 2 个工作日内上传申报书的盖章扫描件。" in page
    assert "逾期不再接收" in page
    assert (
        "申报截止后 2 个工作日内上传"
        in client.get(reverse("portal:call", args=[application.call_id])).content.decode()
    )
    upload(application, scan_of(application))
    assert (scan_line(application).status, clock(application).state) == ("passed", "met")
    assert list(obligations.check(at=timezone.now())) == []


def test_a_scan_that_did_not_come_fails_its_line_until_it_is_returned():
    application = asked_for()
    assert list(obligations.check(at=timezone.now())) == []
    content, now = scan_of(application), timezone.now()
    Deadline.objects.filter(pk=clock(application).pk).update(due_at=now - timedelta(seconds=1))
    tasks.lapse_scans()
    tasks.lapse_scans()
    assert (scan_line(application).status, clock(application).state) == ("failed", "cancelled")
    with pytest.raises(Refused) as refused:
        upload(application, content)
    assert (refused.value.code, refused.value.clause) == ("late", "第八条")
    with pytest.raises(Refused, match="盖章扫描件。”（第八条）不符合"):
        actions.pass_formal_check(application=application, by=None, at=now)
    assert list(obligations.check(at=now)) == []
    resubmitted(application)
    assert clock(application).state == "open"
    upload(application, scan_of(application))
    assert scan_line(application).status == "passed"


def test_the_officer_takes_the_paper_itself_and_what_is_taken_back_owes_no_scan():
    application, now = asked_for(), timezone.now()
    actions.take_back(application=application, by=application.created_by, at=now)
    assert clock(application).state == "cancelled"
    actions.submit(application=application, by=application.created_by, at=now)
    assert clock(application).state == "open"
    line, by = scan_line(application), officer(organisation=application.call.programme.department)
    actions.officer_mark(rule_result=line, status="passed", note="已收纸质件", by=by, at=now)
    assert clock(application).state == "met"
    assert list(obligations.check(at=now)) == []
    silent = CallFactory(draft=True)
    system_rules.write(call=silent)
    assert not silent.rules.filter(code=SCAN_RULE).exists()


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing", b"\x89PNG\r\n\x1a\nnothing", b""])
@pytest.mark.parametrize("media_type", ["application/pdf", "image/png"])
def test_what_cannot_be_read_has_no_codes(content, media_type):
    assert list(codes.read_codes(io.BytesIO(content), media_type)) == []


# ---- versions ----


def test_versions_are_compared_field_by_field(client, sealed):
    address = reverse("applications:versions", args=[sealed.pk])
    client.force_login(sealed.created_by)
    resubmitted(sealed)
    first, second = (row.content for row in sealed.submissions.order_by("version"))
    groups = {part: [field.label for field in fields] for part, fields in queries.differences(first, second)}
    assert groups == {"方案": ["技术路线", "技术成熟度"]}
    shown = client.get(address).content.decode()
    assert "先仿真后试<del>制</del>。" in shown
    assert "先仿真后<ins>海</ins>试。" in shown
    assert "请补充技术路线" in shown
    assert "两个版本的内容没有不同" in client.get(address, {"old": "2", "new": "2"}).content.decode()
    client.force_login(officer(organisation=sealed.call.programme.department))
    assert client.get(address).status_code == 200
    desk = client.get(reverse("admin:applications_application_change", args=[sealed.pk]))
    assert address in desk.content.decode()
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404


def test_people_cells_and_milestones_are_compared(sealed):
    old = queries.latest_submission(sealed).content
    new = {**old, "participants": [], "milestones": old["milestones"][:1], "title": "新名称"}
    new["amounts"] = old["amounts"] | {"fiscal": "1"}
    labels = [(part, field.label) for part, fields in queries.differences(old, new) for field in fields]
    assert labels == [
        ("基本信息", "项目名称"),
        ("基本信息", "申请财政资金"),
        ("参与人员", "周海声"),
        ("计划里程碑", "验收"),
    ]


def test_long_texts_are_shown_whole():
    assert marked("甲" * 5000, "乙") == ([("甲" * 5000, True)], [("乙", True)])
    assert marked("", "乙") == ([], [("乙", True)])
    assert marked("甲乙", "甲丙") == ([("甲", False), ("乙", True)], [("甲", False), ("丙", True)])


def test_a_draft_that_was_never_handed_in_has_no_versions(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    assert client.get(reverse("applications:versions", args=[application.pk])).status_code == 404


# ---- copying ----


def test_an_earlier_application_fills_what_is_empty(client):
    earlier = filled()
    draft = Application.objects.create(
        call=earlier.call,
        organisation=earlier.organisation,
        created_by=earlier.created_by,
        created_at=timezone.now(),
        saved_at=timezone.now(),
    )
    draft.team.create(user=earlier.created_by)
    by, now = earlier.created_by, timezone.now()
    actions.save_answers(application=draft, answers={"route": "已经写好"}, by=by, at=now)
    client.force_login(by)
    assert "从往年申报复制" in client.get(reverse("applications:detail", args=[draft.pk])).content.decode()
    client.post(reverse("applications:copy", args=[draft.pk]), {"source": earlier.pk})
    assert queries.stored_answers(draft) == {"route": "已经写好", "trl": 4}
    draft.refresh_from_db()
    assert draft.summary == "面向近海观测。"
    assert list(draft.participants.values_list("name", flat=True)) == ["周海声"]


def test_nobody_copies_from_another_unit_or_programme():
    draft, other = ApplicationFactory(), filled()
    with pytest.raises(Refused):
        actions.copy_from(application=draft, source=other, by=draft.created_by, at=timezone.now())
    with pytest.raises(Refused):
        actions.copy_from(application=draft, source=draft, by=draft.created_by, at=timezone.now())
