"""A new table of working days: what it counts to another day is moved at once, and people hear of it."""

import threading
from datetime import date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import OrganisationFact
from accounts.roles import Role
from core import calendar, calendar_table
from core.calendar_table import Row
from core.models import CalendarDay, Event
from notifications import actions, obligations, operating, sweep
from notifications.actions import Owes
from notifications.gateways import Pulse
from notifications.models import Deadline, DeadlineKind, Message, Reminder, ReminderPolicy
from notifications.queries import rendered
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.notifications import open_deadline
from tests.threads import until_it_waits

pytestmark = pytest.mark.django_db
BEIJING = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 10, tzinfo=BEIJING)
SOURCE = "国办发明电〔2026〕9号"
# As the notice of another year: the Spring Festival from 5 to 12 February, worked in on three weekends.
NOTICE = [
    Row(date(2027, 1, 1), False, "元旦"),
    Row(date(2027, 1, 10), True, "元旦"),
    *(Row(date(2027, 2, day), False, "春节") for day in range(5, 13)),
    Row(date(2027, 2, 14), True, "春节"),
]


def on(year, month, day) -> datetime:
    return datetime(year, month, day, 10, tzinfo=BEIJING)


def running(opened, days, clock="working", **kwargs) -> Deadline:
    due_at = calendar.due(opened, days, kind=clock)
    return open_deadline(at=opened, due_in=due_at - opened, clock=clock, **kwargs)


def days_of(*deadlines) -> list[str]:
    for deadline in deadlines:
        deadline.refresh_from_db()
    return [calendar.local_date(deadline.due_at).isoformat() for deadline in deadlines]


def announce(rows=NOTICE, at=AT) -> int:
    return calendar_table.replace_years(rows=rows, source=SOURCE, at=at).dates


@pytest.fixture(autouse=True)
def table():
    calendar_table.seed(at=AT)


def test_deadlines_across_the_new_year_are_counted_by_the_law_and_moved_by_the_notice():
    person, other = UserFactory(), UserFactory()
    mine = {"owed_by": [Owes(user=person)]}
    new_year = running(on(2026, 12, 25), 10, **mine)
    festival = running(on(2027, 2, 1), 5, **mine)
    same = running(on(2026, 12, 1), 10, owed_by=[Owes(user=other)])
    plain = running(on(2026, 12, 25), 10, clock="calendar", owed_by=[Owes(user=other)])
    stated = open_deadline(at=on(2026, 12, 25), due_in=timedelta(days=17), owed_by=[Owes(user=other)])
    stopped = running(on(2027, 2, 1), 5, owed_by=[Owes(user=other)])
    Deadline.objects.filter(pk=stopped.pk).update(suspended_at=AT)
    everything = (new_year, festival, same, plain, stated, stopped)
    by_law = ["2027-01-11", "2027-02-12", "2026-12-15", "2027-01-04", "2027-01-11", "2027-02-12"]
    assert days_of(*everything) == by_law
    assert announce() == 3
    moved = ["2027-01-10", "2027-02-15", "2026-12-15", "2027-01-04", "2027-01-11", "2027-02-15"]
    assert days_of(*everything) == moved
    assert new_year.explanation == (
        "任务书第三条；工作日历更新（国办发明电〔2026〕9号），由 2027-01-11 改为 2027-01-10"
    )
    assert list(Event.objects.about(festival).values_list("verb", "note")) == [("recounted", SOURCE)]
    message = Message.objects.get()
    assert (message.recipient, message.context["count"], message.deliveries.count()) == (person, 2, 1)
    subject, body = rendered(message)
    assert subject == "工作日历更新，2 个期限的日期有变化"
    assert "由 2027-01-11 23:59 改为 2027-01-10 23:59（北京时间）" in body
    assert SOURCE in rendered(message, "en")[1]

    assert announce() == 0, "the same again moves nothing"
    assert announce(NOTICE[:1] + NOTICE[2:]) == 1
    assert (days_of(new_year), str(new_year.explanation)) == (["2027-01-11"], "任务书第三条")


def test_a_moved_date_is_reminded_of_anew_and_one_that_is_over_stays():
    person = UserFactory()
    deadline = running(on(2027, 2, 1), 5, owed_by=[Owes(user=person)])
    at = on(2027, 2, 11)
    overdue = running(on(2027, 2, 1), 3, owed_by=[Owes(user=person)])
    sweep.sweep(at=at)
    told = list(Reminder.objects.filter(deadline=deadline))
    assert announce(at=at) == 1
    assert days_of(deadline, overdue) == ["2027-02-15", "2027-02-04"]
    sweep.sweep(at=on(2027, 2, 14))
    anew = Reminder.objects.filter(deadline=deadline).exclude(pk__in=[row.pk for row in told])
    assert [calendar.local_date(row.due_at) for row in anew] == [date(2027, 2, 15)]
    # What would be over at once stays, and people keep the day they were told.
    ends = running(on(2027, 2, 15), 2)
    assert announce([*NOTICE, Row(date(2027, 2, 21), True)], at=on(2027, 2, 17)) == 0
    assert days_of(ends) == ["2027-02-17"]


def test_a_period_of_calendar_days_finds_its_way_off_the_rest_day_again():
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(on_rest_day="later")
    moved = running(on(2026, 11, 8), 90, clock="calendar")
    back = running(on(2026, 12, 11), 30, clock="calendar")
    onto = running(on(2027, 2, 1), 10, clock="calendar")
    assert days_of(moved, back, onto) == ["2027-02-11", "2027-01-11", "2027-02-11"]
    assert "到期日为休息日" in back.explanation
    announce()
    assert days_of(moved, back, onto) == ["2027-02-14", "2027-01-10", "2027-02-14"]
    assert (back.explanation, back.period_ends_date) == ("任务书第三条", None)
    assert onto.explanation == "任务书第三条；到期日为休息日，顺延到下一个工作日"


def test_the_object_that_keeps_the_date_is_moved_with_it_and_a_printed_one_is_not():
    unit = OrganisationFactory()
    due_at = calendar.due(on(2027, 2, 1), 5)
    fact = OrganisationFact.objects.create(
        organisation=unit, kind="high_tech", valid_from=AT.date(), valid_to=due_at.date(), source="x"
    )
    mine = obligations.Obligation(
        kind=DeadlineKind.MILESTONE,
        model=OrganisationFact,
        owing=lambda at: OrganisationFact.objects.all(),
        open=actions.open_deadline,
        due=lambda found: calendar.end_of_day(found.valid_to),
        dates=("accounts.OrganisationFact.valid_to",),
    )
    printed = running(on(2027, 2, 1), 5, kind=DeadlineKind.PUBLICITY_END)
    kept = running(on(2027, 2, 1), 5, subject=fact)
    with patch.dict(obligations.REGISTRY, {DeadlineKind.MILESTONE: mine}):
        assert announce() == 1
        fact.refresh_from_db()
        assert (
            days_of(kept, printed)
            == [fact.valid_to.isoformat(), "2027-02-12"]
            == ["2027-02-15", "2027-02-12"]
        )
        found = [row for row in obligations.check(at=AT) if row.obligation is mine]
        assert found == []


@pytest.mark.django_db(transaction=True)
def test_what_is_being_counted_when_the_table_changes_is_counted_anew(client):
    """One connection counts and opens; the other changes the table in between, and waits for it."""
    operator = officer(Role.SYSADMIN)

    def change(results):
        results.append(announce())
        connection.close()

    moved = []
    upload = threading.Thread(target=change, args=(moved,))
    with transaction.atomic():
        due_at = calendar.due(on(2027, 2, 1), 5)
        upload.start()
        until_it_waits(upload)
        kept = open_deadline(at=on(2027, 2, 1), due_in=due_at - on(2027, 2, 1), clock="working")
    upload.join()
    assert (moved, days_of(kept)) == ([1], ["2027-02-15"])

    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    day = CalendarDay.objects.get(date=date(2027, 2, 14))
    pages = {
        reverse("admin:core_calendarday_delete", args=[day.pk]): {"post": "yes"},
        reverse("admin:core_calendarday_upload"): {
            "source": SOURCE,
            "file": SimpleUploadedFile("表.csv", "日期,上班,节日\n2027-02-13,是,".encode()),
        },
    }
    held, done = threading.Event(), threading.Event()

    def count():
        with transaction.atomic():
            calendar.due(AT, 5)
            held.set()
            done.wait()
        connection.close()

    counting = threading.Thread(target=count)
    counting.start()
    held.wait()
    with patch.multiple(calendar_table, PATIENCE=1, GIVES_WAY="1ms"):
        for address, fields in pages.items():
            assert "请稍后再试" in client.post(address, fields, follow=True).content.decode()
    done.set()
    counting.join()
    assert list(CalendarDay.objects.filter(date__range=("2027-02-13", "2027-02-14"))) == [day]


def test_a_day_corrected_by_hand_moves_what_it_counts(client):
    client.force_login(officer(Role.SYSADMIN), backend="allauth.account.auth_backends.AuthenticationBackend")
    deadline = running(on(2030, 2, 1), 5)
    page = reverse("admin:core_calendarday_add")
    fields = {
        "date": deadline.due_at.date().isoformat(),
        "is_working": "",
        "name": "台风",
        "source": "市政府令",
    }
    old = days_of(deadline)
    response = client.post(page, fields, follow=True)
    assert "1 个未办结的期限按新的工作日历改到别的日期" in response.content.decode()
    day = CalendarDay.objects.get(name="台风")
    assert days_of(deadline) > old
    client.post(reverse("admin:core_calendarday_delete", args=[day.pk]), {"post": "yes"})
    assert days_of(deadline) == old
    assert str(deadline.explanation) == "任务书第三条"


def test_system_administrators_are_asked_for_the_next_year_every_week_until_it_is_there(client):
    operator = officer(Role.SYSADMIN)
    asked = [operating.ask_for_calendar(at=AT + timedelta(days=day)) for day in range(8)]
    assert asked == [True] + 6 * [False] + [True]
    assert set(Message.objects.values_list("recipient", flat=True)) == {operator.pk}
    assert "2027 年的放假安排还没有录入" in rendered(Message.objects.first())[0]
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(Message.objects.first().url).status_code == 200
    with patch.object(calendar, "awaited", lambda today: 2027):
        page = client.get(reverse("admin:notifications_delivery_operations")).content.decode()
    assert "2027 年的放假安排还没有录入" in page
    announce()
    assert operating.ask_for_calendar(at=AT + timedelta(days=30)) is False
    assert Pulse.objects.get().name == "ask_for_calendar", "a task by its name, whatever the year"
