"""Copies on paper: how many came, of which version, in time or not, counted by whom."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, queries, rules, tasks
from applications.models import Application, PaperReceipt
from applications.states import ApplicationState
from awards import actions as awards
from core import calendar
from core.workflow import Refused
from finance.models import Appropriation
from grants import system_rules
from grants.models import PAPER_RULE, Call, EligibilityRule, PaperKind
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.applications import ApplicationFactory, in_state, submitted
from tests.factories.grants import CallFactory, in_order

pytestmark = pytest.mark.django_db
ASKED = {
    "paper_copies": 5,
    "paper_days": 3,
    "paper_clause": "第七条",
    "paper_address": "山海市科学路 1 号科研处",
}


def asking(kinds=(), **fields):
    """Published: five copies within three working days of the closing."""
    call = CallFactory(draft=True, **(ASKED | fields))
    order = {"order": 90, "text": "收到五份", "clause": "第七条", "automation": "needs_data"}
    EligibilityRule.objects.create(
        call=call, code="five", scope="project", expression="paper.copies >= 5 && paper.in_time", **order
    )
    system_rules.write(call=call)
    in_order(PaperKind, kinds, call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return Call.objects.get(pk=call.pk)


def receive(application, copies, *, days=0, by=None, **words):
    now = timezone.now() + timedelta(days=days)
    words = {"received_date": calendar.local_date(now)} | words
    return actions.receive_papers(application=application, copies=copies, by=by, at=now, **words)


def line(application, code=PAPER_RULE):
    return application.rule_results.get(rule__code=code)


def clock(application):
    return Deadline.objects.filter(object_id=application.pk, kind=DeadlineKind.PAPER_COPIES).latest("pk")


def examined(application):
    Application.objects.filter(pk=application.pk).update(state=ApplicationState.FORMAL_CHECK)
    application.refresh_from_db()
    return application


def test_copies_are_counted_until_all_have_come_in_time(client):
    application = submitted(call=asking())
    until = calendar.due(application.call.closes_at, 3)
    assert (clock(application).state, clock(application).due_at) == ("open", until)
    assert "科学路 1 号" in str(clock(application).explanation)
    assert "第七条" in str(clock(application).explanation)
    assert (line(application).status, line(application, "five").status) == ("manual", "requires_data")
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    for words in ("山海市科学路 1 号科研处", "报送纸质材料 5 份", "收到 0 份，应为 5 份"):
        assert words in page
    assert "登记收到的份数" not in page
    assert "科学路 1 号" in client.get(reverse("portal:call", args=[application.call_id])).content.decode()
    first = receive(application, 3)
    with pytest.raises(Refused, match="刚刚已由您登记过"):
        receive(application, 3)
    assert (line(application).status, line(application, "five").status) == ("manual", "failed")
    assert "还缺 2 份" in line(application).evidence["hint"]
    receive(application, 2)
    assert (line(application).status, line(application, "five").status) == ("passed", "passed")
    assert clock(application).state == "met"
    actions.void_papers(receipt=first, by=None, at=timezone.now())
    assert (line(application).status, clock(application).state) == ("manual", "open")
    with pytest.raises(Refused, match="已经撤销"):
        actions.void_papers(receipt=first, by=None, at=timezone.now())
    assert list(obligations.check(at=timezone.now())) == []


@pytest.mark.parametrize(
    ("fields", "words", "status"),
    [
        ({}, {}, "failed"),
        ({"paper_warns": True}, {}, "warning"),
        ({"paper_by_postmark": True}, {"posted": -1}, "passed"),
        ({"paper_by_postmark": True}, {"posted": 30}, "failed"),
    ],
)
def test_what_comes_too_late_follows_the_notice(fields, words, status, monkeypatch):
    application = submitted(call=asking(**fields))
    missed = "warning" if fields.get("paper_warns") else "failed"
    until = clock(application).due_at
    Deadline.objects.filter(pk=clock(application).pk).update(due_at=timezone.now() - timedelta(seconds=1))
    tasks.lapse_scans()
    assert (line(application).status, clock(application).state) == (missed, "cancelled")
    assert "收到纸质材料 0 份，应为 5 份" in line(application).evidence["hint"]
    assert list(obligations.check(at=timezone.now())) == []
    Deadline.objects.filter(pk=clock(application).pk).update(due_at=until)
    posted = words and {"posted_date": calendar.local_date(until) + timedelta(days=words["posted"])}
    days = (until - timezone.now()).days + 40
    if words:
        with pytest.raises(Refused, match="以寄出邮戳为准") as refused:
            receive(application, 5, days=days)
        assert (refused.value.field, refused.value.clause) == ("posted_date", "第七条")
    receive(application, 5, days=days, **posted)
    assert line(application).status == status
    # The notice gives more time: what has come is in time, and nobody is asked for it again.
    later = until + timedelta(days=300)
    monkeypatch.setattr(queries, "paper_until", lambda _application: later)
    actions.paper_copies.renew_papers(application=application, by=None, at=timezone.now())
    assert line(application).status == "passed"
    assert not Deadline.objects.open().filter(kind=DeadlineKind.PAPER_COPIES).exists()
    assert list(obligations.check(at=timezone.now())) == []


def test_the_desk_records_a_delivery_and_finds_what_is_missing(client):
    call = asking()
    rows = [examined(submitted(call=call)) for _n in range(2)]
    other = examined(submitted())
    by = officer(organisation=call.programme.department)
    client.force_login(by)
    desk, found = reverse("admin:applications_application_changelist"), []
    for chosen in ("none", "some", "all", "late"):
        page = client.get(desk, {"paper": chosen, "state": "formal_check"}).content.decode()
        found.append([row.title in page for row in rows])
    assert found == [[True, True], [False, False], [False, False], [False, False]]
    address = reverse("admin:applications_application_papers")
    address = f"{address}?ids={rows[0].pk},{rows[1].pk},{other.pk}"
    page = client.get(address).content.decode()
    assert other.number not in page
    day = calendar.local_date(timezone.now())
    names = [f"copies_{row.pk}" for row in rows]
    assert client.post(address, {"received_date": str(day)}).status_code == 422
    wrong = {"received_date": str(day + timedelta(days=1)), names[0]: "5", names[1]: "2"}
    refused = client.post(address, wrong)
    assert refused.status_code == 422
    assert refused.context["form"][names[1]].value() == "2"
    assert "不能在今天之后" in refused.content.decode()
    given = {"received_date": str(day), names[0]: "5", names[1]: "2"}
    assert client.post(address, given).status_code == 302
    assert [line(row).status for row in rows] == ["passed", "manual"]
    page = client.get(reverse("admin:applications_application_change", args=[rows[1].pk])).content.decode()
    assert "收到 2 份，应为 5 份" in page
    receipt = PaperReceipt.objects.get(application=rows[1])
    client.post(reverse("applications:void_paper", args=[receipt.pk]), {"from": "desk"})
    assert queries.papers_of(rows[1]).copies == 0
    client.force_login(UserFactory())
    assert client.post(reverse("applications:void_paper", args=[receipt.pk])).status_code == 404
    with pytest.raises(Refused, match="不要求报送"):
        receive(other, 1)


@pytest.mark.parametrize("number", [1, 30])
def test_a_delivery_takes_the_same_queries_for_any_number(client, django_assert_num_queries, number):
    call, unit = asking(), OrganisationFactory()
    rows = [ApplicationFactory(call=call, organisation=unit) for _n in range(number)]
    sent = {"state": ApplicationState.FORMAL_CHECK, "version": 1, "submitted_at": timezone.now()}
    Application.objects.update(submitted_by=rows[0].created_by, **sent)
    client.force_login(officer(organisation=call.programme.department))
    address = reverse("admin:applications_application_papers")
    keys = ",".join(str(row.pk) for row in rows)
    client.get(address, {"ids": keys})
    with django_assert_num_queries(6):
        assert len(client.get(address, {"ids": keys}).context["form"].rows) == number


def test_an_office_sends_what_it_has_recommended_or_counts_what_comes_to_it(client):
    now, bureau = timezone.now(), OrganisationFactory()
    unit = OrganisationFactory(region="370212")
    by = officer(Role.RECOMMENDER, bureau, region="370212")
    fields = {"recommender_closes_at": now + timedelta(days=60)}
    sent = submitted(call=asking(paper_sender="recommender", **fields), organisation=unit)
    given = submitted(
        call=asking(paper_at_recommender=True, paper_sender="unit", **fields), organisation=unit
    )
    assert not Deadline.objects.filter(object_id=sent.pk, kind=DeadlineKind.PAPER_COPIES).exists()
    assert clock(given).obligors.get().unit_role == UnitRole.ADMIN
    for row in (sent, given):
        actions.unit_approve(application=row, by=None, at=now)
        actions.recommend(application=row, opinion="同意", by=by, at=now)
    assert clock(sent).due_at == calendar.due(sent.call.recommender_closes_at, 3)
    assert clock(sent).obligors.get().role == Role.RECOMMENDER
    assert list(obligations.check(at=now)) == []
    with pytest.raises(Refused, match="只有主管处室"):
        receive(sent, 5, by=by)
    client.force_login(by)
    address = reverse("applications:paper", args=[given.pk])
    day = calendar.local_date(now)
    wrong = {"copies": 5, "received_date": day + timedelta(days=1)}
    assert "不能在今天之后" in client.post(address, wrong).content.decode()
    assert client.post(address, {"copies": 5, "received_date": day}).status_code == 302
    assert line(given).status == "passed"
    assert client.get(reverse("applications:paper", args=[sent.pk])).status_code == 403


def test_a_new_version_is_sent_anew_and_the_officer_may_take_what_came():
    application, now = submitted(call=asking()), timezone.now()
    receive(application, 5)
    actions.return_for_supplement(application=examined(application), reason="请补充", by=None, at=now)
    with pytest.raises(Refused, match="提交之后才能登记"):
        receive(application, 1)
    actions.submit(application=application, by=application.created_by, at=now)
    assert (line(application).status, clock(application).state) == ("manual", "open")
    by = officer(organisation=application.call.programme.department)
    actions.officer_mark(rule_result=line(application), status="passed", note="原件有效", by=by, at=now)
    assert clock(application).state == "met"
    receive(application, 2)
    assert clock(application).state == "met"


def test_of_what_was_taken_back_or_withdrawn_no_copies_are_owed():
    application, now = submitted(call=asking()), timezone.now()
    by = application.created_by
    actions.take_back(application=application, by=by, at=now)
    assert clock(application).state == "cancelled"
    actions.lapse(application=application, at=now)
    application.refresh_from_db()
    assert (application.state, clock(application).state) == ("unit_review", "open")
    assert list(obligations.check(at=now)) == []
    actions.withdraw(application=application, reason="不做了", by=by, at=now)
    assert clock(application).state == "cancelled"
    assert list(obligations.check(at=now)) == []


def test_an_appeal_that_is_upheld_asks_for_them_again():
    now = timezone.now()
    call = asking(parts__stages=("formal_check", "decision"), scan_days=5, scan_clause="第八条")
    application = submitted(call=call)
    first, second = (officer(Role.PROGRAMME_MANAGER, call.programme.department) for _n in range(2))
    actions.reject(application=application, reason="成立不足一年", clause="第三条", by=first, at=now)
    assert clock(application).state == "cancelled"
    appeal = actions.appeal(
        application=application,
        grounds="认定的成立日期有误，以营业执照为准。",
        by=application.created_by,
        at=now,
    )
    actions.decide_appeal(appeal=appeal, upheld=True, reason="经核对", by=second, at=now)
    assert clock(application).state == "open"
    assert list(obligations.check(at=now)) == []


def test_what_is_recommended_behind_a_fixed_moment_is_not_overdue_by_that():
    now, unit = timezone.now(), OrganisationFactory(region="370212")
    by = officer(Role.RECOMMENDER, OrganisationFactory(), region="370212")
    until = now + timedelta(days=2)
    call = asking(paper_sender="recommender", paper_days=None, paper_until=until)
    application, at = submitted(call=call, organisation=unit), until + timedelta(hours=1)
    actions.unit_approve(application=application, by=None, at=now)
    actions.recommend(application=application, opinion="同意", by=by, at=at)
    assert clock(application).due_at == calendar.due(at, 5)


def test_copies_behind_the_formal_check_are_asked_for_then_and_the_award_waits_for_them():
    stages, now = ("formal_check", "decision", "agreement"), timezone.now()
    call = asking(paper_after="check", parts__stages=stages, parts__rules=())
    Appropriation.objects.create(programme=call.programme, year=call.year, amount=Decimal(1_000_000))
    application = submitted(call=call)
    assert not application.rule_results.filter(rule__code=PAPER_RULE).exists()
    with pytest.raises(Refused) as refused:
        receive(application, 5)
    assert (refused.value.code, refused.value.clause) == ("not_yet", "第七条")
    by = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    actions.officer_mark(rule_result=line(application, "five"), status="passed", note="x", by=by, at=now)
    actions.pass_formal_check(application=application, by=by, at=now)
    assert (line(application).status, clock(application).state) == ("manual", "open")
    assert clock(application).due_at == calendar.due(now, 3)
    assert list(obligations.check(at=now)) == []
    funding = {"application": application, "outcome": "fund", "amount": Decimal(100_000), "reason": "同意。"}
    with pytest.raises(Refused) as refused:
        awards.decide(by=by, at=now, **funding)
    assert (refused.value.code, refused.value.clause) == ("papers", "第七条")
    application.call.paper_warns = True
    assert rules.check_papers_came(application, "check") is None
    receive(application, 5)
    awards.decide(by=by, at=now, **funding)


def test_copies_behind_the_award_keep_the_agreement_waiting():
    call = asking(paper_after="award")
    application = in_state("decision", call=call)
    assert queries.papers_of(application).until is None
    actions.enter(application=application, state="agreement", by=None, at=timezone.now())
    assert (line(application).status, clock(application).state) == ("manual", "open")
    assert list(queries.papers_owing()) == [application]
    with pytest.raises(Refused) as refused:
        rules.check_papers_came(application, "award")
    assert refused.value.code == "papers"
    receive(application, 5)
    assert rules.check_papers_came(application, "award") is None


def test_kinds_of_paper_are_counted_apart(client):
    rows = [
        {"code": "form", "name": "申请书", "copies": 2, "of": "A4，左侧装订"},
        {"code": "sheet", "name": "活页", "copies": 3, "of": "A3，中缝装订"},
    ]
    application = submitted(call=asking(kinds=rows))
    form, sheet = application.call.paper_kinds.all()
    for kind, code in ((None, "kind"), (asking(kinds=rows).paper_kinds.first(), "kind")):
        with pytest.raises(Refused) as refused:
            receive(application, 1, kind=kind)
        assert refused.value.field == code
    receive(application, 5, kind=form)
    assert line(application).status == "manual"
    assert "还缺 活页 3 份" in line(application).evidence["hint"]
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    client.force_login(manager)
    listed = reverse("admin:applications_application_changelist")
    assert client.get(f"{listed}?paper=some").context["cl"].result_count == 1
    assert client.get(f"{listed}?paper=all").context["cl"].result_count == 0
    one = reverse("admin:applications_application_receive_papers", args=[application.pk])
    assert "活页" in client.get(one).content.decode()
    sent = {"copies": 1, "kind": form.pk, "received_date": calendar.local_date(timezone.now())}
    assert client.post(one, sent).status_code == 302
    delivery = f"{reverse('admin:applications_application_papers')}?ids={application.pk}"
    page = client.get(delivery).content.decode()
    assert "活页" in page
    sent = {f"copies_{application.pk}_{sheet.pk}": 3, "received_date": calendar.local_date(timezone.now())}
    assert client.post(delivery, sent).status_code == 302
    assert line(application).status == "passed"
    assert client.get(f"{listed}?paper=all").context["cl"].result_count == 1
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    for words in ("活页 3 份，A3，中缝装订", "收到 6 份，应为 2 份"):
        assert words in page


def test_the_database_keeps_receipts_and_terms_straight():
    receipt = receive(submitted(call=asking()), 5)
    rows = PaperReceipt.objects.filter(pk=receipt.pk)
    for change in (
        lambda: rows.update(copies=4),
        lambda: rows.delete(),
        lambda: rows.update(void_by=officer()),
        lambda: CallFactory(draft=True, **(ASKED | {"paper_days": None})),
        lambda: CallFactory(draft=True, paper_days=3),
        lambda: CallFactory(draft=True, **ASKED, paper_sender="recommender", paper_at_recommender=True),
    ):
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            change()
