"""The month, secret calendars, the overdue ladder with chasing, and how a person wants to be reminded."""

from datetime import datetime, time, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from openpyxl import load_workbook

from accounts.models import BankAccount, JoinRequest, Organisation, OrganisationFact, Subordination
from accounts.roles import Role, UnitRole
from applications.models import Sanction, StampedTable
from awards.models import Objection, Publicity
from core import calendar_table
from core.models import Event
from exchange.models import Demand
from facilities.models import AnnualEvaluation, Facility
from grants.models import Invitation
from milestones.actions import ask_change
from notifications.actions import Owes, meet_deadline
from notifications.models import (
    CalendarFeed,
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Notice,
    Preference,
    ReminderPolicy,
    Subscription,
)
from notifications.obligations import REGISTRY
from notifications.queries import rendered
from portal import dates, subjects
from reviews.models import Assignment, Expert
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.milestones import AT, agreement, people_of
from tests.factories.notifications import open_deadline

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONTH, LADDER, ADDRESS = "portal:month", "portal:ladder", "portal:calendar_address"


def due_on(day: str, **kwargs):
    moment = datetime.fromisoformat(f"{day}T23:59:59+08:00")
    return open_deadline(at=moment - 60 * DAY, due_in=60 * DAY, **kwargs)


def days(response) -> dict[str, list[str]]:
    return {
        f"{day.date:%m-%d}": [str(row.title) for row in day.rows]
        for week in response.context["weeks"]
        for day in week
        if day.rows
    }


def test_a_month_shows_ones_own_those_of_ones_unit_and_of_ones_department(client):
    calendar_table.seed()
    unit, department = OrganisationFactory(), OrganisationFactory()
    person = member_of(unit, UnitRole.ADMIN)
    due_on("2026-02-28", title="甲", owed_by=[Owes(user=person)])
    due_on("2026-02-27", title="乙", owed_by=[Owes(organisation=unit, unit_role=UnitRole.FINANCE)])
    due_on("2026-02-26", title="丙", department=department)
    due_on("2026-04-10", title="丁", owed_by=[Owes(user=person)])
    for number in range(6):
        due_on("2026-02-25", title=f"多{number}", owed_by=[Owes(user=person)])
    client.force_login(person)
    mine = client.get(reverse(MONTH), {"month": "2026-02"})
    assert days(mine) == {"02-25": ["多0", "多1", "多2", "多3"], "02-28": ["甲"]}
    assert "另有 2 项" in mine.content.decode()
    assert days(client.get(reverse(MONTH), {"month": "2026-02", "whose": "unit"})) == {"02-27": ["乙"]}
    assert days(client.get(reverse(MONTH), {"month": "2026-02", "whose": "department"})) == days(mine)
    working = {day.date.day: day.is_working for week in mine.context["weeks"] for day in week if day.in_month}
    assert (working[14], working[16], working[28]) == (True, False, True)
    client.force_login(officer(Role.DIVISION_HEAD, organisation=department))
    shown = client.get(reverse(MONTH), {"month": "2026-02", "whose": "department"})
    assert days(shown) == {"02-26": ["丙"]}
    for odd in ("soon", "2026-13", "1-1", "9999-99-99"):
        assert client.get(reverse(MONTH), {"month": odd}).status_code == 200
    client.logout()
    assert client.get(reverse(MONTH)).status_code == 302


@pytest.mark.parametrize("rows", [1, 30])
def test_a_month_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    person = UserFactory()
    for number in range(rows):
        due_on(f"2026-02-{1 + number % 28:02}", owed_by=[Owes(user=person)])
    client.force_login(person)
    with django_assert_num_queries(8):
        assert client.get(reverse(MONTH), {"month": "2026-02"}).status_code == 200


def test_a_secret_address_shows_what_one_owes_until_it_is_renewed(client):
    person = UserFactory(language="en")
    subject = OrganisationFactory()
    deadline = due_on("2026-02-28", title="样机", owed_by=[Owes(user=person)], subject=subject)
    due_on("2026-02-28", title="别人的", owed_by=[Owes(user=UserFactory())])
    client.force_login(person)
    assert client.get(reverse(ADDRESS)).status_code == 405
    assert client.post(reverse(ADDRESS)).status_code == 302
    address = reverse("portal:own_calendar", args=[CalendarFeed.objects.get().token])
    assert address in client.get(reverse(MONTH)).content.decode()
    client.logout()
    answer = client.get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["summary"] == "Milestone：样机"
    assert event.decoded("dtstart") == deadline.due_at
    assert "任务书第三条" in event["description"]
    meet_deadline(subject=subject, kind=deadline.kind, by=None, at=timezone.now())
    assert Calendar.from_ical(client.get(address).content).walk("VEVENT") == []
    client.force_login(person)
    client.post(reverse(ADDRESS))
    assert client.get(address).status_code == 404
    newer = reverse("portal:own_calendar", args=[CalendarFeed.objects.get().token])
    assert client.get(newer).status_code == 200
    type(person).objects.update(is_active=False)
    assert client.get(newer).status_code == 404


def test_a_project_has_a_calendar_for_those_who_may_see_it(client):
    found = agreement()
    people = people_of(found)
    client.force_login(people["team"])
    page = reverse("portal:project", args=[found.pk])
    assert client.post(reverse(ADDRESS), {"project": found.pk}).url == page
    address = reverse("portal:own_calendar", args=[CalendarFeed.objects.get().token])
    assert address in client.get(page).content.decode()
    summaries = [str(event["summary"]) for event in Calendar.from_ical(client.get(address).content).events]
    kinds = sorted(text.partition("：")[0] for text in summaries)
    assert kinds == ["延期申请最后一天", "拨付", "财政年度关账", "里程碑", "里程碑", "项目到期验收"]
    # Who leaves the project reads nothing more under the old address.
    found.award.application.team.all().delete()
    assert Calendar.from_ical(client.get(address).content).events == []
    client.force_login(UserFactory())
    assert client.post(reverse(ADDRESS), {"project": found.pk}).status_code == 404
    assert client.post(reverse(ADDRESS), {"project": "x"}).status_code == 404


# ---- whose ----


def kinds(client, tab):
    page = client.get("/todo/", {"tab": tab})
    assert page.context["tab"] == tab
    return sorted(row.kind for group in page.context["groups"] for row in group.rows)


def test_a_team_sees_what_any_of_it_owes_about_its_projects_and_nothing_else(client):
    found = agreement()
    people = people_of(found)
    mate = member_of(found.award.application.organisation)
    found.award.application.team.create(user=mate)
    now = timezone.now()
    # A duty of the colleague elsewhere, and what an office owes about the project.
    open_deadline(at=now, owed_by=[Owes(user=people["team"])], kind="review_due")
    office = Owes(role=Role.PROGRAMME_MANAGER, organisation=found.award.application.call.programme.department)
    open_deadline(at=now, owed_by=[office], subject=found.award.application, kind="decision")
    client.force_login(mate)
    assert kinds(client, "team") == ["extension", "milestone", "milestone", "project_end"]
    page = client.get("/todo/", {"tab": "team"}).content.decode()
    assert people["team"].name in page
    assert kinds(client, "mine") == []
    assert days(client.get(reverse(MONTH), {"whose": "team", "month": "2000-01"})) == {}
    client.force_login(people["colleague"])
    assert kinds(client, "team") == []
    client.force_login(people["stranger"])
    assert kinds(client, "team") == []
    client.force_login(people["manager"])
    assert client.get("/todo/", {"tab": "team"}).context["tab"] == "mine"


def test_what_is_owed_about_a_request_on_a_project_is_the_teams_too(client):
    found = agreement()
    people = people_of(found)
    mate = member_of(found.award.application.organisation)
    found.award.application.team.create(user=mate)
    leader = Owes(user=people["team"])
    asked = ask_change(agreement=found, kind="title", reason="合并", after="新名称", by=people["team"], at=AT)
    open_deadline(at=AT, owed_by=[leader], subject=asked, kind="supplement")
    client.force_login(mate)
    assert "supplement" in kinds(client, "team")
    assert "supplement" in {row.kind for row in dates.of_project(found)}
    client.force_login(people["stranger"])
    assert kinds(client, "team") == []


ELSEWHERE = {
    AnnualEvaluation,  # of a facility, behind its award
    Assignment,  # an expert's, hidden from the team
    BankAccount,
    Demand,
    Expert,
    Facility,
    Invitation,
    JoinRequest,
    Notice,  # hangs on what it is about
    Objection,  # of a row of a publicity list
    Organisation,
    OrganisationFact,
    Publicity,
    Sanction,  # the office's until it is decided
    StampedTable,
    Subordination,
}
"""What can have a deadline and hangs on no application, or is none of the team's business."""


def test_every_kind_of_obligation_says_whether_it_hangs_on_an_application():
    known = {obligation.model for obligation in REGISTRY.values()}
    assert known - set(subjects.WAYS) == ELSEWHERE


def test_a_unit_sees_what_its_people_owe_for_it(client):
    found = agreement()
    people = people_of(found)
    now = timezone.now()
    application = found.award.application
    owed = {"subject": application, "kind": "second_step", "at": now}
    open_deadline(owed_by=[Owes(user=people["team"])], **owed)
    open_deadline(at=now, owed_by=[Owes(user=people["team"])], kind="review_due")
    client.force_login(people["unit_admin"])
    assert kinds(client, "unit") == [
        "bank_account",
        "extension",
        "milestone",
        "milestone",
        "project_end",
        "second_step",
    ]
    client.force_login(people["other_admin"])
    assert kinds(client, "unit") == []
    client.force_login(people["colleague"])
    assert client.get("/todo/", {"tab": "unit"}).context["tab"] == "mine"


def test_the_list_is_narrowed_by_kind_and_words(client):
    person, now = UserFactory(), timezone.now()
    for title, kind in (("样机甲", "milestone"), ("样机乙", "project_end"), ("平台", "milestone")):
        open_deadline(at=now, owed_by=[Owes(user=person)], title=title, kind=kind)
    client.force_login(person)

    def titles(**query):
        groups = client.get("/todo/", query).context["groups"]
        return sorted(str(row.title) for group in groups for row in group.rows)

    assert titles(kind="milestone") == ["平台", "样机甲"]
    assert titles(q="样机", kind="milestone") == ["样机甲"]
    assert titles(kind="odd") == ["平台", "样机乙", "样机甲"]
    assert "没有符合条件的事项" in client.get("/todo/", {"q": "无"}).content.decode()


def test_a_reminder_leads_whoever_owes_it_to_the_work_and_who_watches_to_what_is_known(client):
    department, person = OrganisationFactory(), UserFactory()
    deadline = open_deadline(at=timezone.now(), owed_by=[Owes(user=person)], department=department)
    address = reverse("portal:deadline", args=[deadline.pk])
    client.force_login(person)
    assert client.get(address).url == deadline.url
    head = officer(Role.DIVISION_HEAD, organisation=department)
    client.force_login(head)
    known = reverse("admin:notifications_deadline_change", args=[deadline.pk])
    assert client.get(address).url == known
    assert client.get(known).status_code == 200
    for stranger in (UserFactory(), officer(organisation=OrganisationFactory())):
        client.force_login(stranger)
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("rows", [1, 30])
def test_the_views_of_a_unit_cost_the_same_for_any_number(client, django_assert_num_queries, rows):
    unit = OrganisationFactory()
    person = member_of(unit, UnitRole.ADMIN)
    for _ in range(rows):
        open_deadline(at=timezone.now(), owed_by=[Owes(organisation=unit)])
    client.force_login(person)
    kinds(client, "unit")
    with django_assert_num_queries(9):
        assert len(kinds(client, "unit")) == min(rows, 20)
    with django_assert_num_queries(7):
        assert kinds(client, "team") == []


# ---- the ladder ----


@pytest.fixture
def late():
    """Three overdue deadlines of a department, owed by members of one unit, and one of another department."""
    department, unit = OrganisationFactory(), OrganisationFactory()
    person = member_of(unit, UnitRole.ADMIN)
    now = timezone.now()
    owed = [Owes(organisation=unit)]
    rows = [
        open_deadline(at=now, due_in=-days * DAY, title=f"逾期{days}", department=department, owed_by=owed)
        for days in (2, 8, 40)
    ]
    open_deadline(at=now, due_in=5 * DAY, title="未到期", department=department, owed_by=owed)
    open_deadline(at=now, due_in=-5 * DAY, title="别处", department=OrganisationFactory(), owed_by=owed)
    return department, person, rows


def test_the_ladder_is_for_those_who_watch_over_a_department(client, late):
    department, person, rows = late
    client.force_login(person)
    assert client.get(reverse(LADDER)).status_code == 404
    assert client.post(reverse(LADDER), {"deadline": [rows[0].pk]}).status_code == 404
    for user in (officer(organisation=department), officer(Role.DIVISION_HEAD, organisation=department)):
        client.force_login(user)
        shown = client.get(reverse(LADDER)).context["rows"]
        assert [str(row.title) for row, _people in shown] == ["逾期40", "逾期8", "逾期2"]
        assert shown[0][1] == [person]
        seven = client.get(reverse(LADDER), {"rung": "7"}).context["rows"]
        assert [str(row.title) for row, _people in seven] == ["逾期40", "逾期8"]
    client.force_login(officer(organisation=OrganisationFactory()))
    assert "没有逾期的事项" in client.get(reverse(LADDER)).content.decode()


def test_chasing_tells_whoever_owes_once_a_day(client, late):
    department, person, rows = late
    user = officer(organisation=department)
    other = Deadline.objects.get(title="别处")
    client.force_login(user)
    keys = [rows[0].pk, rows[2].pk, other.pk, "x"]
    answer = client.post(reverse(LADDER), {"deadline": keys}, follow=True).content.decode()
    assert "已催办 2 个事项。其余的今天已经催办过，或已办结。" in answer
    assert Message.objects.filter(recipient=person, template="notifications/chase").count() == 2
    assert Delivery.objects.filter(channel="email").count() == 2
    subject, body = rendered(Message.objects.first())
    assert subject.startswith("【催办】里程碑：逾期")
    assert user.name in body
    assert Event.objects.about(rows[0]).get().verb == "chased"
    assert "已催办 0 个事项" in client.post(reverse(LADDER), {"deadline": keys}, follow=True).content.decode()
    assert Message.objects.count() == 2
    assert "请先勾选" in client.post(reverse(LADDER), follow=True).content.decode()


def test_the_phone_list_is_a_workbook(client, late):
    department, person, _rows = late
    type(person).objects.filter(pk=person.pk).update(name="=1+1", phone="13800000000")
    client.force_login(officer(organisation=department))
    answer = client.get(reverse(LADDER), {"format": "xlsx", "rung": "7"})
    sheet = load_workbook(BytesIO(answer.content)).active
    head, *lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert head == ["事项", "内容", "到期", "逾期天数", "期限依据", "姓名", "手机", "邮箱"]
    assert [(line[1], line[3], line[5], line[6]) for line in lines] == [
        ("逾期40", 40, "'=1+1", "13800000000"),
        ("逾期8", 8, "'=1+1", "13800000000"),
    ]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_ladder_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    department = OrganisationFactory()
    for _ in range(rows):
        open_deadline(
            at=timezone.now(), due_in=-DAY, department=department, owed_by=[Owes(user=UserFactory())]
        )
    client.force_login(officer(organisation=department))
    with django_assert_num_queries(9):
        assert len(client.get(reverse(LADDER)).context["rows"]) == rows


# ---- preferences ----


def test_a_person_chooses_how_to_be_reminded(client):
    person = UserFactory()
    address = reverse("portal:reminders")
    client.force_login(person)
    page = client.get(address).content.decode()
    assert "签订任务书" in page.partition("以下是法定通知")[2]
    # What offices and experts owe is none of an applicant's concern.
    assert "kind_formal_check" not in page
    assert "kind_review_due" not in page
    data = {f"kind_{kind}": ["email"] for kind in DeadlineKind.values}
    data |= {"wants_digest": "on", "quiet_from": "22:00", "quiet_to": "07:30", "kind_milestone": ["sms"]}
    data.pop("kind_certificate")
    assert client.post(address, data).status_code == 302
    preference = Preference.objects.get()
    assert (preference.user, preference.wants_digest) == (person, True)
    assert (preference.quiet_from, preference.quiet_to) == (time(22), time(7, 30))
    chosen = dict(Subscription.objects.values_list("kind", "channels"))
    assert chosen == {"milestone": ["sms"], "certificate": []}
    wrong = client.post(address, {**data, "quiet_to": ""})
    assert wrong.status_code == 422
    assert "要一起填写" in wrong.content.decode()
    assert client.post(address, {**data, "kind_milestone": ["webhook"]}).status_code == 422
    # What is as usual keeps no row, so that a changed rule reaches the person.
    client.post(address, {f"kind_{kind}": ["email"] for kind in DeadlineKind.values})
    assert not Subscription.objects.exists()
    assert ReminderPolicy.objects.filter(is_legal=True).exists()
