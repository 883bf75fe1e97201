"""Notices that must be acknowledged: who does so, when they are deemed served, what runs from it."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions as applications
from core import calendar
from core.workflow import Refused
from notifications import obligations, receipts, signals
from notifications.models import (
    Acknowledgement,
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Notice,
    NoticeKind,
    NoticeRule,
    ReminderPolicy,
)
from notifications.queries import rendered, topic
from notifications.states import DeadlineState, NoticeState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import submitted
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
S = NoticeState


@pytest.fixture
def now():
    return timezone.now()


def served(*, at, people=None, **kwargs) -> Notice:
    values = {"kind": NoticeKind.REJECTED, "title": "不予受理：样机", **kwargs}
    return receipts.serve(
        subject=values.pop("subject", None) or OrganisationFactory(),
        recipients=people if people is not None else [UserFactory()],
        template="applications/rejected",
        context={"title": "样机", "call": "2026 年揭榜", "reason": "缺承诺书"},
        url="/applications/1/",
        at=at,
        **values,
    )


@contextmanager
def heard():
    found = []

    def hear(sender, notice, by, at, **kwargs):
        found.append((notice.pk, by, at))

    signals.notice_received.connect(hear)
    yield found
    signals.notice_received.disconnect(hear)


def test_the_first_acknowledgement_starts_the_clock_and_later_ones_are_noted(now):
    first, second = UserFactory(), UserFactory()
    notice = served(at=now, people=[first, second])
    owed = Deadline.objects.get(kind=DeadlineKind.RECEIPT)
    assert (notice.state, notice.deemed_at, owed.due_at) == (S.SERVED, calendar.due(now, 5), notice.deemed_at)
    assert Deadline.objects.owed_by(second).get() == owed
    later = now + timedelta(hours=3)
    with heard() as told:
        receipts.acknowledge(notice=notice, by=first, at=now)
        receipts.acknowledge(notice=notice, by=first, at=later)
        receipts.acknowledge(notice=notice, by=second, at=later)
    notice.refresh_from_db()
    owed.refresh_from_db()
    assert told == [(notice.pk, first, now)]
    assert (notice.state, notice.received_at, notice.received_by) == (S.RECEIVED, now, first)
    assert list(notice.acknowledgements.values_list("user", "at")) == [(first.pk, now), (second.pk, later)]
    assert owed.state == DeadlineState.MET
    assert not Message.objects.filter(notice=notice).unread().exists()


def test_only_those_on_whom_it_was_served_acknowledge(now):
    notice = served(at=now)
    with pytest.raises(Refused, match="只有收件人"):
        receipts.acknowledge(notice=notice, by=UserFactory(), at=now)
    assert not Acknowledgement.objects.exists()
    notice.refresh_from_db()
    assert notice.state == S.SERVED


def test_unacknowledged_it_is_deemed_served_at_its_own_moment_once(now):
    person = UserFactory()
    notice, other = served(at=now, people=[person]), served(at=now + timedelta(days=20))
    late = notice.deemed_at + timedelta(minutes=7)
    assert receipts.deem_served(at=notice.deemed_at - timedelta(seconds=1)) == 0
    with heard() as told:
        assert receipts.deem_served(at=late) == 1
        assert receipts.deem_served(at=late) == 0
    assert told == [(notice.pk, None, notice.deemed_at)]
    notice.refresh_from_db()
    other.refresh_from_db()
    assert (notice.state, notice.received_at, notice.received_by) == (S.DEEMED, notice.deemed_at, None)
    assert other.state == S.SERVED
    # Signing later is noted and moves nothing.
    receipts.acknowledge(notice=notice, by=person, at=late)
    assert (notice.state, notice.received_at) == (S.DEEMED, notice.deemed_at)
    assert notice.acknowledgements.get().at == late


def test_acknowledged_before_the_clock_has_deemed_it_counts_from_the_deemed_moment(now):
    person = UserFactory()
    notice = served(at=now, people=[person])
    with heard() as told:
        receipts.acknowledge(notice=notice, by=person, at=notice.deemed_at + timedelta(minutes=2))
    assert told == [(notice.pk, None, notice.deemed_at)]
    assert notice.state == S.DEEMED


def test_the_most_specific_rule_says_how_long_and_whether(now):
    series = OrganisationFactory().pk and "8c1d1f6e-3f3c-4a70-93a5-0f7a4f0a2a11"
    NoticeRule.objects.create(
        kind=NoticeKind.REJECTED, programme="park", deemed_days=15, day_kind="calendar", clause="第九条"
    )
    NoticeRule.objects.create(kind=NoticeKind.REJECTED, series=series, needs_receipt=False)
    of_programme = served(at=now, programme="park")
    assert of_programme.deemed_at == calendar.due(now, 15, kind=calendar.DayKind.CALENDAR)
    assert of_programme.explanation == "未签收的，自送达之日起满 15 个自然日视为送达，依据第九条"
    with heard() as told:
        at_once = served(at=now, programme="park", series=series)
    at_once.refresh_from_db()
    assert told == [(at_once.pk, None, now)]
    assert (at_once.state, at_once.received_at) == (S.DEEMED, now)
    assert Deadline.objects.filter(kind=DeadlineKind.RECEIPT).count() == 1
    assert "签收" not in rendered(at_once.messages.get())[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda notice: notice.acknowledgements.update(at=timezone.now() + timedelta(days=9)),
        lambda notice: notice.acknowledgements.all().delete(),
        lambda notice: Notice.objects.filter(pk=notice.pk).update(received_at=timezone.now()),
        lambda notice: Notice.objects.filter(pk=notice.pk).update(deemed_at=timezone.now()),
        lambda notice: Notice.objects.filter(pk=notice.pk).delete(),
    ],
)
def test_the_database_keeps_what_was_received(now, change):
    person = UserFactory()
    notice = served(at=now - timedelta(days=1), people=[person])
    receipts.acknowledge(notice=notice, by=person, at=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(notice)
    assert notice.acknowledgements.get().at == now


@pytest.mark.parametrize(
    "fields", [{"state": "received"}, {"state": "deemed"}, {"received_at": timezone.now()}]
)
def test_the_database_wants_state_moment_and_person_together(now, fields):
    notice = served(at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(**fields)


def test_a_served_decision_cannot_be_left(now):
    notice = served(at=now)
    assert topic(notice.messages.get(), legal_kinds=()) == ""
    policy = ReminderPolicy.objects.get(kind=DeadlineKind.RECEIPT)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderPolicy.objects.filter(pk=policy.pk).update(is_legal=False)
    subject, body = rendered(notice.messages.get())
    assert subject == "申报书未通过：样机"
    assert reverse("portal:notice", args=[notice.pk]) in body


def test_a_missing_clock_is_mended(now):
    notice = served(at=now)
    Deadline.objects.filter(kind=DeadlineKind.RECEIPT).delete()
    assert [str(drift) for drift in obligations.check(at=now)] == [
        f"missing receipt notifications.Notice:{notice.pk}"
    ]
    obligations.mend(at=now)
    assert Deadline.objects.owed_by(notice.messages.get().recipient).get().due_at == notice.deemed_at


# ---- who uses it ----


def test_a_refusal_at_the_formal_check_is_served_on_team_and_unit(now):
    application = submitted()
    people = {row.user for row in application.team.all()}
    administrator = member_of(application.organisation, UnitRole.ADMIN)
    manager = officer(organisation=application.call.programme.department)
    while application.state != "formal_check":
        applications.advance(application=application, by=manager, at=now)
    applications.reject(application=application, reason="缺承诺书", by=manager, at=now)
    notice = Notice.objects.get()
    assert (notice.kind, notice.subject) == (NoticeKind.REJECTED, application)
    assert notice.department == application.call.programme.department
    assert {*people, administrator} <= {message.recipient for message in notice.messages.all()}
    assert Delivery.objects.filter(message__notice=notice, channel="email").count() == notice.messages.count()


def test_handing_in_again_shows_that_the_return_was_received(now):
    application = submitted()
    manager = officer(organisation=application.call.programme.department)
    while application.state != "formal_check":
        applications.advance(application=application, by=manager, at=now)
    applications.return_for_supplement(application=application, reason="请补承诺书", by=manager, at=now)
    notice = Notice.objects.get(kind=NoticeKind.RETURNED)
    assert notice.state == S.SERVED
    person = application.team.first().user
    receipts.settle(subject=application, kind=NoticeKind.RETURNED, by=person, at=now)
    notice.refresh_from_db()
    assert (notice.state, notice.received_by) == (S.RECEIVED, person)


# ---- pages ----


def test_the_reader_acknowledges_on_the_page_that_the_mail_names(client, now):
    person, stranger = UserFactory(), UserFactory()
    notice = served(at=now, people=[person])
    message = notice.messages.get()
    page, button = (
        reverse("portal:message", args=[message.pk]),
        reverse("portal:acknowledge", args=[message.pk]),
    )
    client.force_login(stranger)
    assert client.get(reverse("portal:notice", args=[notice.pk])).status_code == 404
    assert client.post(button).status_code == 404
    client.force_login(person)
    assert "待签收" in client.get(reverse("portal:inbox")).content.decode()
    assert client.get(reverse("portal:notice", args=[notice.pk])).url == page
    assert "确认签收" in client.get(page).content.decode()
    assert client.get(button).status_code == 405
    assert client.post(button).url == page
    body = client.get(page).content.decode()
    assert "确认签收" not in body
    assert f"{person.name} 已于" in body
    assert "待签收" not in client.get(reverse("portal:inbox")).content.decode()
    plain = MessageFactory(recipient=person)
    assert client.post(reverse("portal:acknowledge", args=[plain.pk])).status_code == 404


def test_the_api_acknowledges_ones_own(client, now):
    person = UserFactory()
    notice = served(at=now, people=[person])
    address = f"/api/v1/messages/{notice.messages.get().pk}/"
    client.force_login(UserFactory())
    assert client.post(f"{address}acknowledge/").status_code == 404
    client.force_login(person)
    assert client.get(address).json()["notice_state"] == "served"
    assert client.post(f"{address}acknowledge/").json()["notice_state"] == "received"
    plain = MessageFactory(recipient=person)
    assert client.post(f"/api/v1/messages/{plain.pk}/acknowledge/").status_code == 404


LIST = "admin:notifications_notice_changelist"


def test_officers_see_who_has_acknowledged_chase_the_others_and_take_the_list(client, now):
    department = OrganisationFactory()
    signed, waiting = UserFactory(name="林知远"), UserFactory()
    done = served(at=now, people=[signed], department=department)
    open_ = served(at=now, people=[waiting], department=department, title="=HYPERLINK(1)")
    served(at=now, department=OrganisationFactory())
    receipts.acknowledge(notice=done, by=signed, at=now)
    client.force_login(officer(organisation=department))
    found = client.get(reverse(LIST))
    assert [row.pk for row in found.context["cl"].queryset] == [open_.pk, done.pk]
    assert "林知远" in found.content.decode()
    assert [r.pk for r in client.get(reverse(LIST), {"state__exact": "served"}).context["cl"].queryset] == [
        open_.pk
    ]
    detail = client.get(reverse("admin:notifications_notice_change", args=[done.pk]))
    assert f"{timezone.localtime(now):%Y-%m-%d %H:%M}" in detail.content.decode()
    chosen = {"_selected_action": [open_.pk, done.pk]}
    client.post(reverse(LIST), {**chosen, "action": "chase"})
    chased = Message.objects.filter(template="notifications/chase_receipt")
    assert [message.recipient for message in chased] == [waiting]
    client.post(reverse(LIST), {**chosen, "action": "chase"})
    _subject, body = rendered(chased.get())
    assert reverse("portal:notice", args=[open_.pk]) in body
    file = client.post(reverse(LIST), {**chosen, "action": "export"}).content.decode("utf-8-sig")
    rows = file.splitlines()
    assert len(rows) == 3
    assert rows[1].startswith("'=HYPERLINK(1),不予受理,待签收")
    assert "林知远,1,1" in rows[2]


def test_an_auditor_reads_and_does_not_chase(client, now):
    notice = served(at=now)
    client.force_login(officer(Role.AUDITOR))
    assert client.get(reverse(LIST)).status_code == 200
    client.post(reverse(LIST), {"_selected_action": [notice.pk], "action": "chase"})
    assert not Message.objects.filter(template="notifications/chase_receipt").exists()
    with pytest.raises(Refused):
        receipts.chase(notices=[notice], by=officer(Role.AUDITOR), at=now)


@pytest.mark.parametrize("rows", [1, 30])
def test_the_lists_cost_the_same_for_any_number(client, django_assert_num_queries, now, rows):
    department, person = OrganisationFactory(), UserFactory()
    for _ in range(rows):
        served(at=now, people=[person], department=department, subject=department)
    client.force_login(officer(organisation=department))
    client.get(reverse(LIST))
    with django_assert_num_queries(7):
        assert client.get(reverse(LIST)).context["cl"].result_count == rows
    client.force_login(person)
    with django_assert_num_queries(7):
        assert client.get(reverse("portal:inbox")).status_code == 200
