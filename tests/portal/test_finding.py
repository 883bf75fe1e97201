"""Search as Chinese readers type, and lists narrowed by field, region and enterprise ladder."""

import pytest

from grants.models import Automation, Call, RuleScope
from portal import finding
from tests.factories.grants import CallFactory, TopicFactory
from tests.portal.test_views import demand_call, titles

pytestmark = pytest.mark.django_db


def rule(expression, **params):
    return {
        "code": "R",
        "text": "条件",
        "clause": "第三条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": expression,
        "params": params,
    }


def call_with(title, *rules):
    return CallFactory(title=title, parts__rules=rules, parts__questions=(), parts__budget=False)


@pytest.fixture
def calls():
    CallFactory(title="海洋智能传感器专项", notice="支持深海观测。")
    CallFactory(title="生物医药专项", notice="支持新药创制。")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("传感器", ["海洋智能传感器专项"]),
        ("海洋　传感器", ["海洋智能传感器专项"]),
        ("专项 新药", ["生物医药专项"]),
        ("海洋传感器", ["海洋智能传感器专项"]),
        ("海洋 新药", []),
        ("量子", []),
        ("的", []),
        ("％", []),
    ],
)
def test_words_and_parts_of_words_are_found(client, calls, typed, found):
    assert titles(client.get("/calls/", {"q": typed})) == found


def test_what_is_only_similar_is_said_to_be(client, calls):
    said = "没有与关键词完全一致的"
    pages = [client.get("/calls/", {"q": q}).content.decode() for q in ("海洋传感器", "海洋智能传感器")]
    assert [said in page for page in pages] == [True, False]


def test_the_nearest_stands_first_on_every_page(client):
    call = demand_call()
    for title in ("水下声学通信", "水下声学传感阵列", "水下声学传感器"):
        TopicFactory(call=call, title=title, content="略", field="")
    assert titles(client.get("/board/", {"q": "水下声学高灵传感器"})) == [
        "水下声学传感器",
        "水下声学传感阵列",
    ]


def test_calls_are_found_by_the_field_and_the_title_of_their_topics(client):
    TopicFactory(call=CallFactory(title="甲"), field="海洋仪器", title="溶解氧")
    CallFactory(title="乙")
    for query in ({"field": "海洋仪器"}, {"q": "溶解氧"}, {"q": "海洋仪器"}):
        assert titles(client.get("/calls/", query)) == ["甲"]
    assert sorted(titles(client.get("/calls/", {"field": "别的"}))) == ["乙", "甲"]


def test_a_region_leaves_out_calls_that_a_clause_closes_to_it():
    within = "unit.region.startsWith(params.region)"
    call_with("全市", rule(within, region="3702"))
    some = "params.regions.exists(r, unit.region.startsWith(r))"
    call_with("东崂", rule(some, regions=["370212", "370214"]))
    call_with("不限", rule("unit.kind == 'enterprise'"))
    found = {
        code: sorted(call.title for call in finding.open_to(Call.objects.all(), code))
        for code in ("370212", "370202", "110101")
    }
    assert found == {"370212": ["不限", "东崂", "全市"], "370202": ["不限", "全市"], "110101": ["不限"]}


def test_a_rung_of_the_ladder_finds_the_calls_that_read_it(client):
    call_with("高企专项", rule("unit.high_tech || unit.leading_firm"))
    call_with("中小专项", rule("unit.tech_sme"))
    assert titles(client.get("/calls/", {"rung": "high_tech"})) == ["高企专项"]
    assert sorted(titles(client.get("/calls/", {"rung": "castle"}))) == ["中小专项", "高企专项"]


def test_the_parts_of_a_call_that_subscriptions_compare():
    call = call_with("专项", rule("unit.high_tech && unit.region.startsWith(params.region)", region="3702"))
    TopicFactory(call=call, field="海洋仪器")
    assert finding.facets(call) == {"fields": {"海洋仪器"}, "prefixes": {"3702"}, "rungs": {"high_tech"}}
