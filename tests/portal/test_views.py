"""The public pages: who sees what, at which cost, with and without scripts."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from awards.models import Publicity
from awards.states import PublicityState
from desk import amendments
from grants.actions import publish_call
from grants.models import Call, Contact, NominatorGroup, ProjectType, Quota
from grants.states import CallState, TopicState
from reviews.models import ReviewScheme
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db


def titles(response) -> list[str]:
    """The headings of the rows of a list page."""
    found = re.findall(r"<h3[^>]*>\s*<a [^>]*>(.*?)</a>", response.content.decode(), re.S)
    return [title.strip() for title in found]


def notice_of(call, **kwargs) -> Publicity:
    today = timezone.localdate()
    values = {
        "title": "拟立项公示",
        "starts_date": today,
        "ends_date": today + timedelta(days=6),
        "explanation": "5 个工作日，依据第八条",
        "contact": "监督处 0532-80000001",
        "published_by": UserFactory(),
        "published_at": timezone.now(),
    }
    return Publicity.objects.create(call=call, **values | kwargs)


def demand_call(**kwargs) -> Call:
    return CallFactory(demand=True, **kwargs)


# ---- home ----


def test_home_without_anything_says_so(client):
    page = client.get("/").content.decode()
    for words in ("现在没有正在受理的通知", "现在没有揭榜中的榜单", "现在没有公示"):
        assert words in page


@pytest.mark.parametrize("rows", [1, 30])
def test_home_costs_the_same_whatever_there_is(client, django_assert_num_queries, rows):
    call = demand_call()
    for _ in range(rows):
        CallFactory(parts__rules=(), parts__questions=(), parts__budget=False, parts__stages=())
        TopicFactory(call=call)
        notice_of(call)
    with django_assert_num_queries(5):
        assert client.get("/").status_code == 200


def test_home_counts_what_is_open(client):
    call = demand_call()
    TopicFactory(call=call)
    TopicFactory(call=call, state=TopicState.AWARDED)
    CallFactory(closes_at=timezone.now() - timedelta(minutes=1))
    assert re.findall(r"<dd>(\d+)</dd>", client.get("/").content.decode()) == ["1", "1"]


# ---- calls ----


def test_the_public_sees_published_calls_only(client):
    CallFactory(title="公开的通知")
    CallFactory(title="起草中的通知", draft=True)
    assert titles(client.get("/calls/")) == ["公开的通知"]


def test_calls_stand_under_the_tab_of_their_window(client):
    now = timezone.now()
    CallFactory(title="受理中")
    CallFactory(title="没开始", opens_at=now + timedelta(days=1))
    CallFactory(title="截止了", closes_at=now - timedelta(seconds=1))
    ended = CallFactory(title="提前结束")
    Call.objects.filter(pk=ended.pk).update(state=CallState.CLOSED)
    shown = {tab: titles(client.get("/calls/", {"tab": tab})) for tab in ("open", "coming", "closed", "x")}
    assert shown["open"] == shown["x"] == ["受理中"]
    assert shown["coming"] == ["没开始"]
    assert sorted(shown["closed"]) == ["截止了", "提前结束"]


def test_what_closes_first_stands_first_and_rolling_calls_last(client):
    now = timezone.now()
    CallFactory(title="常年受理的", closes_at=None)
    CallFactory(title="后截止的", closes_at=now + timedelta(days=9))
    CallFactory(title="先截止的", closes_at=now + timedelta(days=2))
    assert titles(client.get("/calls/")) == ["先截止的", "后截止的", "常年受理的"]


def test_calls_are_found_by_words_programme_and_way(client):
    wanted = CallFactory(title="海洋装备专项")
    demand_call(title="揭榜专项")
    assert titles(client.get("/calls/", {"q": "海洋"})) == ["海洋装备专项"]
    assert titles(client.get("/calls/", {"programme": wanted.programme_id})) == ["海洋装备专项"]
    assert titles(client.get("/calls/", {"sourcing": "demand"})) == ["揭榜专项"]
    assert titles(client.get("/calls/", {"instrument": "ex_post"})) == ["揭榜专项"]


def test_an_unreadable_filter_is_left_out(client):
    CallFactory(title="唯一的通知")
    query = {"programme": "not a number", "sourcing": "?", "cursor": "%%%", "tab": "<script>"}
    assert titles(client.get("/calls/", query)) == ["唯一的通知"]


def test_a_search_without_result_offers_to_drop_the_filters(client):
    page = client.get("/calls/", {"q": "没有这个词"}).content.decode()
    assert "没有符合条件的通知" in page
    assert 'href="/calls/?tab=open"' in page


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_calls_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    for _ in range(rows):
        CallFactory(parts__rules=(), parts__questions=(), parts__budget=False, parts__stages=())
    with django_assert_num_queries(6):
        client.get("/calls/")


def test_pages_follow_one_another_and_keep_the_filter(client):
    programme = CallFactory(title="通知00").programme
    for number in range(1, 25):
        CallFactory(title=f"通知{number:02d}", programme=programme, parts__rules=(), parts__questions=())
    first = client.get("/calls/", {"programme": programme.pk})
    link = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    assert f"programme={programme.pk}" in link
    second = client.get(f"/calls/{link}")
    assert sorted(titles(first) + titles(second)) == [f"通知{n:02d}" for n in range(25)]
    assert "共 25 项" in second.content.decode()


@pytest.mark.parametrize("address", ["/calls/?tab=open&q=专项", "/board/?q=传感器"])
def test_the_fragment_is_the_part_of_the_page(client, address):
    call = demand_call(title="专项通知")
    TopicFactory(call=call)
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode().strip()
    assert fragment.startswith('<section id="results"')
    assert fragment in client.get(address).content.decode()


# ---- one call ----


def test_a_call_shows_its_clauses_stages_and_contact(client):
    call = CallFactory()
    Contact.objects.create(call=call, kind="policy", name="高新处", phone="0532-80000000", order=1)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    for words in (
        "牵头单位应在青岛市注册。",
        "第三条",
        "专家评审",
        "5 个工作日",
        "0532-80000000",
        "方案书",
        "100 万元",
    ):
        assert words in page
    assert "我要申报" in page


def test_a_draft_is_hidden_from_the_public_and_shown_to_its_department(client):
    call = CallFactory(draft=True)
    address = reverse("portal:call", args=[call.pk])
    assert client.get(address).status_code == 404
    client.force_login(officer(organisation=OrganisationFactory()))
    assert client.get(address).status_code == 404
    client.force_login(officer(organisation=call.programme.department))
    assert "这是草稿的预览" in client.get(address).content.decode()


@pytest.mark.parametrize(
    "window",
    [{"closes_at": timezone.now() - timedelta(days=1)}, {"opens_at": timezone.now() + timedelta(days=1)}],
)
def test_a_call_outside_its_window_offers_no_application(client, window):
    call = CallFactory(**window)
    assert "我要申报" not in client.get(f"/calls/{call.pk}/").content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_a_call_costs_the_same_whatever_it_says(client, django_assert_num_queries, rows):
    rule = {"clause": "第三条", "scope": "unit", "automation": "manual"}
    call = CallFactory(parts__rules=[{"code": f"r{n}", "text": f"条件{n}", **rule} for n in range(rows)])
    for _ in range(rows):
        TopicFactory(call=call, owner=OrganisationFactory(), owner_is_public=True)
    with django_assert_num_queries(24):
        client.get(f"/calls/{call.pk}/")


def test_a_call_says_who_nominates_who_stands_aside_and_no_cap_where_there_is_no_money(client):
    call = CallFactory(draft=True, instrument="none", cap=None)
    kind = ProjectType.objects.create(call=call, code="a", name="甲类", order=1)
    named = {"credit_code": "91320000000000000X", "name": "盐城市科技局", "number": 4}
    for order, values in enumerate(({"number": 1}, named), start=1):
        Quota.objects.create(call=call, of="recommender", clause="第六条", order=order, **values)
    for order, values in enumerate(({"least": 1}, {"least": 3, "leader_first": True}), start=1):
        NominatorGroup.objects.create(
            call=call, project_type=kind, name=f"院士{order}", hint="须为省内院士。", per_year=1, of_units=0,
            who="true", clause=f"第{order}条", order=order, **values,
        )  # fmt: skip
    ReviewScheme.objects.create(call=call, recusal="call", recusal_clause="第八条")
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get(f"/calls/{call.pk}/").content.decode()).split())
    assert "资助上限" not in page
    assert "不限额" not in page
    assert "其余 每个推荐单位" in page.replace("其余每个", "其余 每个")
    assert "盐城市科技局 限 4 项" in page
    for way in ("院士1：至少 1 人 甲类 第1条 须为省内院士。", "院士2：至少 3 人 甲类 第2条 须为省内院士。"):
        assert f"{way} 每人每年最多提名 1 项 不得与完成单位同一单位" in page
    assert page.count("牵头提名人先签") == 1
    assert "参与人和提名人不评审本通知的各项申报 第八条" in page


# ---- the board ----


def test_the_board_names_an_owner_only_where_the_owner_agreed(client):
    call = demand_call()
    open_owner, masked = (
        OrganisationFactory(name="愿意公开的公司"),
        OrganisationFactory(name="不愿公开的公司"),
    )
    topics = [
        TopicFactory(call=call, owner=open_owner, owner_is_public=True),
        TopicFactory(call=call, owner=masked, owner_is_public=False),
    ]
    addresses = ["/", "/board/", f"/calls/{call.pk}/", *(f"/board/{topic.pk}/" for topic in topics)]
    pages = "".join(client.get(address).content.decode() for address in addresses)
    assert "愿意公开的公司" in pages
    assert "不愿公开的公司" not in pages


def test_the_board_shows_listed_challenges_and_nothing_else(client):
    call = demand_call()
    TopicFactory(call=call, title="在榜")
    TopicFactory(call=call, title="撤下", state=TopicState.WITHDRAWN)
    TopicFactory(call=call, title="没发榜", listed_at=None)
    TopicFactory(title="窗口通知的指南方向")
    TopicFactory(call=CallFactory(demand=True, draft=True), title="草稿里的")
    assert titles(client.get("/board/")) == ["在榜"]


def test_the_board_is_searched_in_chinese_by_field_and_by_state(client):
    call = demand_call()
    TopicFactory(call=call, title="溶解氧传感器", field="海洋仪器")
    TopicFactory(
        call=call, title="电机退磁检测", field="智能制造", content="含传感器标定", state=TopicState.CLOSED
    )
    assert len(titles(client.get("/board/", {"q": "传感"}))) == 2
    assert titles(client.get("/board/", {"q": "退磁"})) == ["电机退磁检测"]
    assert titles(client.get("/board/", {"field": "海洋仪器"})) == ["溶解氧传感器"]
    assert titles(client.get("/board/", {"state": "closed"})) == ["电机退磁检测"]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_board_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    call = demand_call()
    for _ in range(rows):
        TopicFactory(call=call, owner=OrganisationFactory(), owner_is_public=True)
    with django_assert_num_queries(3):
        client.get("/board/")


def test_a_challenge_can_be_answered_while_bidding_is_open(client):
    call = demand_call()
    listed = TopicFactory(call=call)
    over = TopicFactory(call=call, bids_close_at=timezone.now() - timedelta(seconds=1))
    assert f"?topic={listed.pk}" in client.get(f"/board/{listed.pk}/").content.decode()
    page = client.get(f"/board/{over.pk}/").content.decode()
    assert "?topic=" not in page
    assert "揭榜已截止" in page


def test_a_challenge_of_a_draft_does_not_exist(client):
    topic = TopicFactory(call=CallFactory(demand=True, draft=True))
    assert client.get(f"/board/{topic.pk}/").status_code == 404


# ---- publicity ----


def test_publicity_is_listed_while_it_runs_and_kept_afterwards(client):
    call = CallFactory()
    notice_of(call, title="正在公示的")
    notice_of(call, title="期满的", state=PublicityState.CLOSED)
    assert titles(client.get("/publicity/")) == ["正在公示的"]
    assert titles(client.get("/publicity/", {"tab": "closed"})) == ["期满的"]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_publicity_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    call = CallFactory()
    for _ in range(rows):
        notice_of(call)
    with django_assert_num_queries(2):
        client.get("/publicity/")


def test_a_notice_says_until_when_and_where_to_object(client):
    notice = notice_of(CallFactory())
    page = client.get(f"/publicity/{notice.pk}/").content.decode()
    assert f"{notice.ends_date:%Y-%m-%d} 23:59" in page
    for words in ("监督处 0532-80000001", "5 个工作日，依据第八条"):
        assert words in page


def test_amounts_are_in_wan_on_screen(client):
    call = demand_call(cap=Decimal("1234500.50"))
    page = client.get(f"/calls/{call.pk}/").content.decode()
    assert "123.45005 万元" in page
    assert 'title="1,234,500.50 元"' in page


# ---- amendments ----


def amended(**changes):
    """A call and its published second version."""
    call = CallFactory(parts__stages=("unit_review", "formal_check", "decision"))
    by, now = officer(Role.PROGRAMME_MANAGER, call.programme.department), timezone.now()
    draft = amendments.amend(call=call, by=by, at=now)
    Call.objects.filter(pk=draft.pk).update(**changes)
    draft.refresh_from_db()
    amendments.explain(call=draft, summary="延长申报时间。", by=by, at=now)
    publish_call(call=draft, by=by, at=now)
    return call, draft


def test_the_log_of_an_amendment_is_public_and_the_old_version_points_to_the_new(client):
    call, draft = amended(cap=2_000_000)
    new = client.get(f"/calls/{draft.pk}/").content.decode()
    assert "延长申报时间。" in new
    assert "申报通知 资助上限（元）" in new
    assert "100 万元" in new
    old = client.get(f"/calls/{call.pk}/").content.decode()
    assert f'<a href="/calls/{draft.pk}/">第 2 版</a>' in old
    assert "我要申报" not in old


@pytest.mark.parametrize("tab", ["open", "coming", "closed"])
def test_a_superseded_version_is_in_no_list(client, tab):
    call, _draft = amended(cap=2_000_000)
    assert f'href="/calls/{call.pk}/"' not in client.get(f"/calls/?tab={tab}").content.decode()
