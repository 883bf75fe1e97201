"""The to-do list, the inbox and the language: one person's own pages."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from notifications import actions
from notifications.actions import Owes
from portal import owing
from portal.navigation import main_navigation
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.notifications import MessageFactory, open_deadline
from tests.portal.test_views import titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    user = UserFactory()
    client.force_login(user)
    return user


@pytest.mark.parametrize("address", ["/todo/", "/inbox/", "/inbox/1/"])
def test_own_pages_ask_to_sign_in(client, address):
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


# ---- to-do ----


def test_what_is_owed_stands_by_urgency(client, person):
    now = timezone.now()
    owes = [Owes(user=person)]
    open_deadline(at=now, owed_by=owes, due_in=timedelta(days=40), title="以后的事")
    open_deadline(at=now, owed_by=owes, due_in=timedelta(days=-1), title="过期的事")
    page = client.get("/todo/")
    assert titles(page) == ["过期的事", "以后的事"]
    assert page.context["counts"] == owing.Urgencies(overdue=1, this_week=0, later=1)
    assert [group.code for group in page.context["groups"]] == ["overdue", "later"]


def test_the_week_ends_with_sunday_in_beijing():
    friday = datetime.fromisoformat("2026-03-06T23:30:00+08:00")
    sunday = datetime.fromisoformat("2026-03-08T23:59:59.999999+08:00")
    assert owing.end_of_week(friday) == owing.end_of_week(sunday) == sunday
    assert owing.end_of_week(sunday + timedelta(microseconds=1)) == sunday + timedelta(days=7)


def test_a_row_says_what_until_when_why_and_where(client, person):
    open_deadline(at=timezone.now(), owed_by=[Owes(user=person)], title="交里程碑报告", url="/milestones/7/")
    page = client.get("/todo/").content.decode()
    for words in ("交里程碑报告", "任务书第三条", 'href="/milestones/7/"', "data-countdown="):
        assert words in page


def test_nobody_sees_what_another_owes(client, person):
    unit = OrganisationFactory()
    now = timezone.now()
    open_deadline(at=now, owed_by=[Owes(user=UserFactory())], title="别人的")
    open_deadline(at=now, owed_by=[Owes(organisation=unit)], title="别的单位的")
    assert titles(client.get("/todo/")) == []
    client.force_login(member_of(unit, UnitRole.MEMBER))
    assert titles(client.get("/todo/")) == ["别的单位的"]


def test_a_manager_also_sees_what_the_department_waits_for(client):
    department = OrganisationFactory()
    open_deadline(
        at=timezone.now(), department=department, owed_by=[Owes(user=UserFactory())], title="申报人的"
    )
    client.force_login(officer(organisation=department))
    assert titles(client.get("/todo/")) == []
    assert titles(client.get("/todo/", {"tab": "department"})) == ["申报人的"]
    client.force_login(officer(organisation=OrganisationFactory()))
    assert titles(client.get("/todo/", {"tab": "department"})) == []


def test_an_applicant_has_no_department_tab(client, person):
    open_deadline(at=timezone.now(), department=OrganisationFactory(), owed_by=[Owes(user=UserFactory())])
    page = client.get("/todo/", {"tab": "department"})
    assert page.context["tab"] == "mine"
    assert titles(page) == []


def test_what_is_done_moves_to_its_own_tab(client, person):
    unit, now = OrganisationFactory(), timezone.now()
    open_deadline(at=now, subject=unit, owed_by=[Owes(user=person)], title="办完的")
    actions.meet_deadline(subject=unit, kind="milestone", by=person, at=now)
    assert titles(client.get("/todo/")) == []
    assert titles(client.get("/todo/", {"tab": "done"})) == ["办完的"]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_to_do_list_costs_the_same_for_any_number(client, person, django_assert_num_queries, rows):
    for number in range(rows):
        open_deadline(at=timezone.now(), owed_by=[Owes(user=person)], due_in=timedelta(days=number))
    with django_assert_num_queries(7):
        page = client.get("/todo/")
    assert f"共 {rows} 项" in page.content.decode()


# ---- inbox ----


def test_the_inbox_shows_own_messages_only(client, person):
    MessageFactory(recipient=person)
    MessageFactory(context={**MessageFactory.context.evaluate(None, None, {}), "title": "别人的消息"})
    page = client.get("/inbox/").content.decode()
    assert page.count("jb-unread") == 1
    assert "别人的消息" not in page


def test_opening_a_message_reads_it(client, person):
    message = MessageFactory(recipient=person)
    page = client.get(f"/inbox/{message.pk}/").content.decode()
    assert 'href="/milestones/1/"' in page
    message.refresh_from_db()
    first = message.read_at
    assert first is not None
    client.get(f"/inbox/{message.pk}/")
    message.refresh_from_db()
    assert message.read_at == first


def test_a_message_of_another_does_not_exist(client, person):
    message = MessageFactory()
    assert client.get(f"/inbox/{message.pk}/").status_code == 404
    message.refresh_from_db()
    assert message.read_at is None


def test_the_masthead_counts_what_is_unread(client, person):
    MessageFactory(recipient=person)
    MessageFactory(recipient=person, read_at=timezone.now())
    assert '<span class="jb-count">1<span' in client.get("/calls/").content.decode()


def test_all_messages_of_ones_own_are_read_at_once(client, person):
    earlier = timezone.now() - timedelta(days=3)
    old = MessageFactory(recipient=person, read_at=earlier)
    own = [MessageFactory(recipient=person) for _ in range(3)]
    other = MessageFactory()
    assert "全部标为已读" in client.get("/inbox/").content.decode()

    page = client.post("/inbox/read/", follow=True)

    assert page.redirect_chain == [("/inbox/", 302)]
    text = page.content.decode()
    assert "消息已全部标为已读。" in text
    assert ("jb-unread" in text, "jb-count" in text, "全部标为已读<" in text) == (False, False, False)
    for message in (old, other, *own):
        message.refresh_from_db()
    assert (old.read_at, other.read_at) == (earlier, None)
    assert None not in {message.read_at for message in own}


def test_messages_are_marked_by_a_post_of_somebody_signed_in(client):
    message = MessageFactory()
    assert client.post("/inbox/read/").headers["Location"] == "/accounts/login/?next=/inbox/read/"
    client.force_login(message.recipient)
    assert client.get("/inbox/read/").status_code == 405
    message.refresh_from_db()
    assert message.read_at is None


@pytest.mark.parametrize("rows", [1, 20])
def test_the_inbox_costs_the_same_for_any_number(client, person, django_assert_num_queries, rows):
    for _ in range(rows):
        MessageFactory(recipient=person)
    with django_assert_num_queries(7):
        client.get("/inbox/")


# ---- language ----


def test_the_language_switch_comes_back_to_the_page(client):
    answer = client.post("/language/", {"language": "en", "next": "/calls/?tab=closed"})
    assert answer.headers["Location"] == "/calls/?tab=closed"
    page = client.get("/calls/").content.decode()
    assert '<html lang="en">' in page
    assert ">Calls</a>" in page


def test_the_language_is_kept_for_mail(client, person):
    client.post("/language/", {"language": "en", "next": "/"})
    person.refresh_from_db()
    assert person.language == "en"


@pytest.mark.parametrize("language", ["tlh", "", "../../etc"])
def test_a_language_that_is_not_ours_changes_nothing(client, person, language):
    client.post("/language/", {"language": language, "next": "/"})
    person.refresh_from_db()
    assert person.language == "zh-hans"
    assert '<html lang="zh-Hans">' in client.get("/").content.decode()


def test_the_switch_does_not_lead_to_another_site(client):
    answer = client.post("/language/", {"language": "en", "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"


# ---- navigation ----


def labels(client) -> list[str]:
    return [entry.label for entry in client.get("/calls/").context["page"].navigation]


PUBLIC = ["首页", "申报通知", "榜单", "公示", "结果", "备案平台"]


def test_the_navigation_follows_the_role(client):
    assert labels(client) == PUBLIC
    client.force_login(UserFactory())
    assert labels(client) == [*PUBLIC, "我的待办"]
    client.force_login(member_of(OrganisationFactory()))
    assert labels(client) == [*PUBLIC, "我的待办", "我的申报", "我的需求", "我的项目"]
    client.force_login(member_of(OrganisationFactory(), UnitRole.ADMIN))
    assert labels(client) == [*PUBLIC, "我的待办", "我的申报", "单位审核", "我的需求", "我的项目"]
    client.force_login(officer(Role.RECOMMENDER, region="3702"))
    assert labels(client) == [*PUBLIC, "我的待办", "推荐审核"]


def test_the_navigation_marks_where_one_is(client):
    entries = client.get("/calls/").context["page"].navigation
    assert [entry.label for entry in entries if entry.current] == ["申报通知"]


def test_the_admin_is_offered_to_those_who_work_there(client):
    client.force_login(officer(Role.RECOMMENDER, region="3702"))
    assert "管理后台" not in client.get("/calls/").content.decode()
    client.force_login(officer(Role.EXPERT))
    assert "管理后台" in client.get("/calls/").content.decode()


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/milestones/extensions/1/", "/projects/"),
        ("/awards/agreements/1/", "/projects/"),
        ("/awards/publicity/1/object/", "/publicity/"),
        ("/applications/recommendations/letters/", "/applications/"),
        ("/", "/"),
        ("/healthz", None),
    ],
)
def test_a_page_is_marked_where_a_person_would_look_for_it(path, marked):
    entries = main_navigation(member_of(OrganisationFactory()), path)
    assert [entry.url for entry in entries if entry.current] == ([marked] if marked else [])
