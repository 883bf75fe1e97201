"""Results, feeds and the public calendar: what everybody may read, and take away."""

from datetime import timedelta
from itertools import count
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import override
from icalendar import Calendar

from applications.states import ApplicationState
from awards.models import PROPOSED, Publicity, PublicityItem
from awards.periods import explain_publicity
from awards.states import PublicityState
from tests.factories.accounts import UserFactory
from tests.factories.applications import ApplicationFactory
from tests.factories.grants import CallFactory, TopicFactory
from tests.portal.test_views import demand_call, notice_of

pytestmark = pytest.mark.django_db
NUMBERS = count()
ATOM = "{http://www.w3.org/2005/Atom}"


def granted(call, *titles, state=ApplicationState.AWARDED, notice_state=PublicityState.CLOSED):
    notice, by = notice_of(call, state=notice_state, items_total=len(titles)), UserFactory()
    for title in titles:
        application = ApplicationFactory(
            call=call, state=state, number=f"N{next(NUMBERS)}", submitted_at=timezone.now(), submitted_by=by
        )
        PublicityItem.objects.create(
            publicity=notice,
            application=application,
            title=title,
            organisation_name="琴岛示例有限公司",
            amount=500_000,
        )
    return notice


def test_results_are_what_was_granted_after_its_publicity(client):
    call = CallFactory()
    granted(call, "已立项")
    granted(call, "签订中", state=ApplicationState.AGREEMENT)
    granted(call, "公示中", state=ApplicationState.PUBLICITY, notice_state=PublicityState.RUNNING)
    granted(call, "异议成立", state=ApplicationState.REJECTED)
    page = client.get("/results/").content.decode()
    shown = {word for word in ("已立项</th>", "签订中</th>", "公示中</th>", "异议成立</th>") if word in page}
    assert shown == {"已立项</th>", "签订中</th>"}


def test_results_are_searched_narrowed_and_empty_in_words(client):
    call = CallFactory(year=2026)
    granted(call, "溶解氧传感器", "退磁检测")
    pages = {
        key: client.get("/results/", query).content.decode()
        for key, query in {
            "word": {"q": "溶解氧"},
            "year": {"year": "2019"},
            "programme": {"programme": call.programme_id},
            "nonsense": {"year": "x", "cursor": "%"},
        }.items()
    }
    assert {key: page.count('<th scope="row">') for key, page in pages.items()} == {
        "word": 1,
        "year": 0,
        "programme": 2,
        "nonsense": 2,
    }
    assert "没有符合条件的项目" in pages["year"]


def test_results_can_be_taken_away_and_no_cell_is_a_formula(client):
    granted(CallFactory(title="=1+1"), "溶解氧", "退磁")
    answer = client.get("/results/", {"format": "csv", "q": "溶解氧"})
    text = answer.content.decode("utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "'=1+1" in text
    assert answer["Content-Disposition"] == 'attachment; filename="results.csv"'
    assert client.get("/results/?format=xlsx").content[:2] == b"PK"
    assert client.get("/results/?format=exe").status_code == 200


def test_too_many_files_wait(client, monkeypatch):
    cache.clear()
    monkeypatch.setattr("portal.views.FILES_PER_PERSON", "1/h")
    assert [client.get("/results/?format=csv").status_code for _ in range(2)] == [200, 429]
    assert client.get("/results/").status_code == 200


@pytest.mark.parametrize("rows", [1, 30])
def test_results_cost_the_same_for_any_number(client, django_assert_num_queries, rows):
    granted(CallFactory(), *(f"项目{number}" for number in range(rows)))
    with django_assert_num_queries(3):
        assert client.get("/results/").status_code == 200


def entries(client, kind) -> list[str]:
    answer = client.get(f"/feeds/{kind}.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.content)  # noqa: S314
    return [entry.find(f"{ATOM}title").text for entry in root.findall(f"{ATOM}entry")]


def test_feeds_say_what_is_public(client):
    call = CallFactory(title="海洋专项 & 更多")
    CallFactory(title="草稿", draft=True)
    granted(call, "溶解氧")
    notice_of(call, title="第二批公示")
    assert entries(client, "calls") == ["海洋专项 & 更多"]
    assert sorted(entries(client, "publicity")) == ["拟立项公示", "第二批公示"]
    assert entries(client, "results") == ["立项结果：海洋专项 & 更多"]
    assert len(entries(client, "all")) == 4
    assert client.get("/feeds/secrets.atom").status_code == 404
    # What the system named has an English name; what an officer wrote stays as it is.
    programme = call.programme
    programme.name_en = "Challenges"
    programme.save()
    notice_of(call, title=PROPOSED % {"programme": programme.name})
    with override("en"):
        titles = sorted(notice.title_en for notice in Publicity.objects.filter(call=call))
        assert (str(programme), str(call)) == ("Challenges", call.title)
        said = explain_publicity(call, timezone.localdate())
        named = notice_of(call, title="第三批", explanation=said)
        assert named.explanation_en.startswith("5 working days from")
        assert notice_of(call, title="第四批").explanation_en == ""
    assert (titles[0], titles[-1]) == ("", "Publicity of proposed awards: Challenges")


@pytest.mark.parametrize("rows", [1, 30])
def test_a_feed_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    for _ in range(rows):
        notice_of(CallFactory(parts__rules=(), parts__questions=(), parts__budget=False, parts__stages=()))
    with django_assert_num_queries(3):
        client.get("/feeds/all.atom")


def events(client, address) -> dict[str, str]:
    calendar = Calendar.from_ical(client.get(address).content)
    return {str(event["SUMMARY"]): event["DTSTART"].dt for event in calendar.walk("VEVENT")}


def test_the_calendar_holds_the_public_dates(client):
    now = timezone.now().replace(microsecond=0)
    until = now + timedelta(days=9)
    call = CallFactory(
        title="海洋专项", closes_at=now + timedelta(days=3), recommender_table_until=until, table_days=0
    )
    CallFactory(title="旧的", closes_at=now - timedelta(days=60), opens_at=now - timedelta(days=90))
    CallFactory(title="草稿", draft=True)
    TopicFactory(call=demand_call(), title="溶解氧")
    notice_of(call, title="第一批")
    found = events(client, "/calendar/deadlines.ics")
    assert sorted(found) == [
        "上传盖章的单位申报汇总表截止：海洋专项",
        "上传盖章的推荐汇总表截止：海洋专项",
        "公示结束：第一批",
        "开始受理：海洋专项",
        "揭榜截止：溶解氧",
        "申报截止：海洋专项",
    ]
    assert found["申报截止：海洋专项"] == found["上传盖章的单位申报汇总表截止：海洋专项"] == call.closes_at
    assert found["上传盖章的推荐汇总表截止：海洋专项"] == until
    assert sorted(events(client, f"/calls/{call.pk}/deadlines.ics")) == [
        "上传盖章的单位申报汇总表截止：海洋专项",
        "上传盖章的推荐汇总表截止：海洋专项",
        "开始受理：海洋专项",
        "申报截止：海洋专项",
    ]
    assert client.get(f"/calls/{CallFactory(draft=True).pk}/deadlines.ics").status_code == 404
