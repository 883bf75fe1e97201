"""Appeals (复审) against a rejection at the formal check."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, queries
from applications.models import Appeal, Application, CheckDecision
from core import calendar
from core.workflow import Lost, Refused
from documents import uploads
from documents.models import Document, Upload
from notifications import obligations, receipts
from notifications.models import Deadline, Notice
from portal.timeline import application_steps
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

GROUNDS = "认定的成立日期有误，营业执照载明为2019年。"
STAGES = ("formal_check", "expert_review", "decision")


def colleague_of(application):
    return officer(Role.PROGRAMME_MANAGER, application.call.programme.department)


@pytest.fixture
def rejected():
    application = submitted(call=CallFactory(parts__stages=STAGES))
    by = colleague_of(application)
    actions.reject(application=application, reason="成立不足一年", clause="第三条", by=by, at=timezone.now())
    return application


def file_appeal(application, **kwargs):
    kwargs = {"grounds": GROUNDS, "by": application.created_by, "at": timezone.now(), **kwargs}
    return actions.appeal(application=application, **kwargs)


def clock(kind, subject):
    return Deadline.objects.open().filter(kind=kind, object_id=subject.pk).first()


def notice_of(application):
    return Notice.objects.get(object_id=application.pk, kind="rejected")


def test_a_rejection_keeps_its_lines(rejected):
    decision = rejected.check_decisions.get()
    assert (decision.outcome, decision.clause, decision.version) == ("rejected", "第三条", 1)
    assert set(decision.lines.values_list("rule__code", "by_machine", "final")) == set(
        rejected.rule_results.values_list("rule__code", "status", "status")
    )


def test_the_clock_of_the_call_runs_from_the_receipt(rejected):
    assert clock("appeal", rejected) is None
    at = timezone.now() + timedelta(days=1)
    receipts.acknowledge(notice=notice_of(rejected), by=rejected.created_by, at=at)
    assert clock("appeal", rejected).due_at == calendar.due(at, 21, kind="calendar")


def test_the_clock_runs_from_the_day_on_which_it_is_deemed_received(rejected):
    notice = notice_of(rejected)
    last = calendar.due(notice.deemed_at, 21, kind="calendar")
    decision = queries.rejection(rejected)
    assert queries.appeal_until(decision) == last
    receipts.deem_served(at=notice.deemed_at + timedelta(hours=1))
    assert clock("appeal", rejected).due_at == last
    assert queries.appeal_until(decision) == last


def test_the_timeline_says_what_may_be_done_until_when(rejected):
    def last():
        step = application_steps(rejected, for_officer=False, at=timezone.now())[-1]
        return step.by, step.due, step.url

    page = reverse("applications:appeal", args=[rejected.pk])
    words = "对不予受理的决定不服的，可以申请一次复审"
    assert last() == (f"{words}，期限自签收起算", None, page)
    receipts.acknowledge(notice=notice_of(rejected), by=rejected.created_by, at=timezone.now())
    assert last() == (words, clock("appeal", rejected).due_at, page)
    file_appeal(rejected)
    assert last()[0].startswith("已申请复审")


def test_the_table_of_deadlines_agrees(rejected):
    now = timezone.now()
    assert list(obligations.check(at=now)) == []
    receipts.acknowledge(notice=notice_of(rejected), by=rejected.created_by, at=now)
    assert list(obligations.check(at=now)) == []
    Deadline.objects.filter(kind="appeal").delete()
    (drift,) = obligations.mend(at=now)
    assert (drift.what, drift.obligation.kind) == ("missing", "appeal")
    assert clock("appeal", rejected).due_at == calendar.due(now, 21, kind="calendar")
    file_appeal(rejected)
    assert list(obligations.check(at=now)) == []


def test_no_clock_where_the_notice_hears_no_appeals():
    application = submitted(call=CallFactory(parts__stages=STAGES, appeal_days=None))
    actions.reject(application=application, reason="x", by=colleague_of(application), at=timezone.now())
    assert clock("appeal", application) is None
    with pytest.raises(Refused) as refused:
        file_appeal(application)
    assert refused.value.code == "no_appeal"


def test_the_unit_appeals_once_with_files_and_the_department_owes_the_answer(rejected):
    file = SimpleUploadedFile("执照.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)
    appeal = file_appeal(rejected, files=[file])
    assert notice_of(rejected).received_by == rejected.created_by
    assert clock("appeal", rejected) is None
    due = clock("appeal_decision", appeal)
    assert due.due_at == calendar.due(appeal.filed_at, 10)
    assert [owes.role for owes in due.obligors.all()] == [Role.PROGRAMME_MANAGER]
    assert Document.objects.about(appeal).get().name == "执照.png"
    with pytest.raises(Lost):
        file_appeal(rejected)
    assert Appeal.objects.count() == 1


def test_a_wrong_file_files_nothing(rejected):
    with pytest.raises(Refused) as refused:
        file_appeal(rejected, files=[SimpleUploadedFile("a.png", b"no picture")])
    assert refused.value.field == "files"
    assert not Appeal.objects.exists()


def test_who_and_when(rejected):
    unit = rejected.organisation
    for user in (member_of(unit), UserFactory(), colleague_of(rejected)):
        with pytest.raises(Refused):
            file_appeal(rejected, by=user)
    with pytest.raises(Refused) as refused:
        file_appeal(rejected, grounds="不服")
    assert refused.value.field == "grounds"
    late = queries.appeal_until(queries.rejection(rejected)) + timedelta(seconds=1)
    with pytest.raises(Refused) as refused:
        file_appeal(rejected, at=late)
    assert refused.value.code == "late"
    assert rejected.call.number in refused.value.message
    assert not Appeal.objects.exists()
    assert file_appeal(rejected, by=member_of(unit, UnitRole.ADMIN)).state == "filed"


@pytest.mark.parametrize("state", ["formal_check", "returned", "draft", "withdrawn", "awarded"])
def test_only_a_rejection_at_the_formal_check_can_be_appealed_against(state, rejected):
    Application.objects.filter(pk=rejected.pk).update(state=state)
    rejected.refresh_from_db()
    with pytest.raises(Refused) as refused:
        file_appeal(rejected)
    assert refused.value.code == "not_rejected"


def test_a_later_rejection_is_final():
    application = submitted(call=CallFactory(parts__stages=STAGES))
    application.rule_results.update(status="passed")
    at, by = timezone.now(), colleague_of(application)
    actions.pass_formal_check(application=application, by=by, at=at)
    actions.reject(application=application, reason="评审未通过", by=by, at=at)
    assert clock("appeal", application) is None
    with pytest.raises(Refused) as refused:
        file_appeal(application)
    assert refused.value.code == "not_rejected"


# ---- the decision ----


def decide(appeal, *, upheld, by, **kwargs):
    at = timezone.now()
    actions.decide_appeal(appeal=appeal, upheld=upheld, reason="经核对营业执照", by=by, at=at, **kwargs)


def test_another_officer_decides_and_the_database_holds_it(rejected):
    appeal = file_appeal(rejected)
    department = rejected.call.programme.department
    refusing = [appeal.rejected_by, rejected.created_by, UserFactory()]
    refusing += [officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), officer(Role.FINANCE)]
    for user in refusing:
        with pytest.raises(Refused):
            decide(appeal, upheld=True, by=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(
            state="dismissed", reason="x", decided_by=appeal.rejected_by, decided_at=timezone.now()
        )
    decide(appeal, upheld=False, by=officer(Role.DIVISION_HEAD, department))
    with pytest.raises(Lost):
        decide(appeal, upheld=True, by=colleague_of(rejected))


def test_upheld_goes_back_into_the_check(rejected):
    appeal = file_appeal(rejected)
    decide(appeal, upheld=True, by=colleague_of(rejected))
    rejected.refresh_from_db()
    assert (rejected.state, appeal.state) == ("formal_check", "upheld")
    assert clock("appeal_decision", appeal) is None
    assert clock("formal_check", rejected)


def test_upheld_with_every_line_settled_goes_on_to_the_next_step(rejected):
    rejected.rule_results.update(status="failed")
    appeal, other = file_appeal(rejected), colleague_of(rejected)
    decide(appeal, upheld=True, by=other, lines=list(rejected.rule_results.all()), onward=True)
    rejected.refresh_from_db()
    assert rejected.state == "expert_review"
    assert set(rejected.rule_results.values_list("officer_status", "officer")) == {("passed", other.pk)}


def test_an_open_line_keeps_an_upheld_appeal_from_going_on(rejected):
    appeal = file_appeal(rejected)
    with pytest.raises(Refused):
        decide(appeal, upheld=True, by=colleague_of(rejected), onward=True)
    appeal.refresh_from_db()
    assert (appeal.state, Application.objects.get(pk=rejected.pk).state) == ("filed", "rejected")


def test_dismissed_is_final(rejected):
    appeal = file_appeal(rejected)
    decide(appeal, upheld=False, by=colleague_of(rejected))
    assert Application.objects.get(pk=rejected.pk).state == "rejected"
    assert clock("appeal", rejected) is None
    with pytest.raises(Lost):
        file_appeal(rejected)
    step = application_steps(rejected, for_officer=False, at=timezone.now())[-1]
    assert step.by == "复审维持不予受理，这是最终决定：经核对营业执照"


def test_decisions_and_appeals_never_change(rejected):
    appeal = file_appeal(rejected)
    for rows, values in (
        (CheckDecision.objects.all(), {"reason": "x"}),
        (Appeal.objects.all(), {"grounds": "x"}),
        (Appeal.objects.all(), {"rejected_by": None}),
        (rejected.check_decisions.get().lines.all(), {"by_machine": "passed"}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        appeal.delete()


# ---- pages ----


def test_who_sees_an_appeal_and_its_files(rejected):
    appeal = file_appeal(rejected, files=[SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)])
    department = rejected.call.programme.department
    seen = {
        "team": (rejected.created_by, True),
        "admin": (member_of(rejected.organisation, UnitRole.ADMIN), True),
        "colleague": (member_of(rejected.organisation), False),
        "manager": (colleague_of(rejected), True),
        "head": (officer(Role.DIVISION_HEAD, department), True),
        "leader": (officer(Role.LEADER), True),
        "auditor": (officer(Role.AUDITOR), True),
        "recommender": (officer(Role.RECOMMENDER, OrganisationFactory(), region="3702"), True),
        "other recommender": (officer(Role.RECOMMENDER, OrganisationFactory(), region="3701"), False),
        "other manager": (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), False),
        "expert": (officer(Role.EXPERT), False),
        "stranger": (UserFactory(), False),
    }
    for name, (user, sees) in seen.items():
        assert Appeal.objects.visible_to(user).filter(pk=appeal.pk).exists() is sees, name
        assert Document.objects.visible_to(user).about(appeal).exists() is sees, name


def test_the_page_files_and_shows_it_and_a_second_click_changes_nothing(client, rejected):
    client.force_login(rejected.created_by)
    page = reverse("applications:detail", args=[rejected.pk])
    address = reverse("applications:appeal", args=[rejected.pk])
    assert address in client.get(page).content.decode()
    assert "成立不足一年" in client.get(address).content.decode()
    # Files of a form that comes back are kept for this person and form; what is unticked is dropped.
    picture = b"\x89PNG\r\n\x1a\n"
    sent = [SimpleUploadedFile(f"{name}.png", picture + name.encode()) for name in "abc"]
    wrong = SimpleUploadedFile("d.png", b"no picture")
    back = client.post(address, {"grounds": "短", "files": [*sent, wrong]})
    assert back.status_code == 422
    assert "“d.png”的内容不是 png 格式" in back.content.decode()
    a, b, c = Upload.objects.order_by("pk")
    assert [one.name for one in client.get(address).context["evidence"].held] == ["a.png", "b.png", "c.png"]
    other = colleague_of(rejected)
    assert uploads.held(form=a.form, by=other) == []
    client.force_login(other)
    assert client.get(reverse("documents:piece", args=[a.key])).status_code == 404
    client.force_login(rejected.created_by)
    data = {"grounds": GROUNDS, "held": [str(a.key), str(c.key)]}
    new = SimpleUploadedFile("e.png", picture + b"e")
    assert client.post(address, data | {"files": [new]}).status_code == 302
    papers = Document.objects.about(rejected.appeals.get()).order_by("kind")
    assert [(paper.name, paper.sha256) for paper in papers] == [
        (f"{name}.png", sha256(picture + name.encode()).hexdigest()) for name in "ace"
    ]
    assert not Upload.objects.exists()
    assert not default_storage.exists(f"uploads/{b.key.hex}")
    assert client.post(address, {"grounds": GROUNDS}).status_code == 422
    text = client.get(page).content.decode()
    assert GROUNDS in text
    assert address not in text
    client.force_login(colleague_of(rejected))
    assert client.get(address).status_code == 403
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404


def test_the_officer_reads_it_beside_the_application_and_another_decides(client, rejected):
    appeal, other = file_appeal(rejected), colleague_of(rejected)
    decide_page = reverse("admin:applications_appeal_decide", args=[appeal.pk])
    client.force_login(appeal.rejected_by)
    assert client.get(decide_page).status_code == 403
    client.force_login(other)
    desk = client.get(reverse("admin:applications_application_change", args=[rejected.pk]))
    assert GROUNDS in desk.content.decode()
    assert (
        GROUNDS in client.get(reverse("admin:applications_appeal_change", args=[appeal.pk])).content.decode()
    )
    shown = client.get(decide_page).content.decode()
    assert GROUNDS in shown
    assert "成立不足一年" in shown
    assert client.post(decide_page, {"upheld": "yes"}).status_code == 422
    data = {"upheld": "yes", "reason": "成立", "settles": "on", "onward": "on"}
    assert client.post(decide_page, data).status_code == 302
    assert Application.objects.get(pk=rejected.pk).state == "expert_review"


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_of_appeals_costs_the_same(client, rejected, number, django_assert_num_queries):
    first = file_appeal(rejected)
    for _n in range(number - 1):
        decision = CheckDecision.objects.create(
            application=rejected, version=1, outcome="rejected", by=first.rejected_by, at=timezone.now()
        )
        Appeal.objects.create(
            application=rejected,
            decision=decision,
            grounds=GROUNDS,
            filed_by=rejected.created_by,
            filed_at=timezone.now(),
        )
    client.force_login(colleague_of(rejected))
    client.get(reverse("admin:applications_appeal_changelist"))
    with django_assert_num_queries(7):
        client.get(reverse("admin:applications_appeal_changelist"))
