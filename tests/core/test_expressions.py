"""CEL rules: values, clear errors that name rule and variable, bounded cost."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core import expressions
from core.expressions import ExpressionError, MissingData

CONTEXT = {
    "unit": {
        "region": "370212",
        "kind": "enterprise",
        "rd_spend": Decimal("1200000.50"),
        "staff": 35,
        "high_tech": True,
        "registered_date": date(2020, 3, 1),
        "park": None,
    },
    "budget": {"own": Decimal(110000), "fiscal": Decimal(100000)},
    "members": [{"birth_date": date(1990, 1, 1), "months": 4}, {"birth_date": date(1985, 5, 5), "months": 6}],
    "partners": [
        {"kind": None, "records": [{"year": None, "plan": "x"}]},
        {"kind": "enterprise", "records": [{"year": None, "plan": "x"}, {"year": 2024, "plan": "x"}]},
    ],
    "call": {"closes_at": datetime(2026, 3, 31, 17, 0, tzinfo=UTC), "codes": {"a", "b"}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("unit.region.startsWith('3702') && unit.high_tech", True),
        ("unit.rd_spend > 1000000", True),
        ("unit.staff <= 500.0", True),
        ("unit.registered_date <= date('2020-03-01')", True),
        ("unit.registered_date == timestamp('2020-03-01T00:00:00Z')", True),
        ("unit.park == null", True),
        ("null == unit.park && unit.region != null", True),
        ("has(unit.region) && !has(unit.other) && !has(unit.park)", True),
        ("unit.park == null || unit.park == 'a'", True),
        ("unit.park != null && unit.park != 'a'", False),
        ("unit.high_tech || unit.park == 'a'", True),
        ("unit.park == 'a' || unit.high_tech", True),
        ("unit.staff < 3 && unit.park != 'a'", False),
        ("partners.exists(p, p.kind == 'enterprise')", True),
        ("!partners.all(p, p.kind != 'enterprise')", True),
        ("partners.all(p, p.kind == null || p.kind != 'bank')", True),
        ("partners[1].records.exists(r, r.year == 2024 && r.plan == 'x')", True),
        ("partners[1].kind == null ? 1 : partners[0].records[0].year == null ? 2 : 3", 2),
        ("partners.filter(p, has(p.kind)).size() + (unit.park == null ? 0 : size(unit.park))", 1),
        ("members.all(m, m.birth_date >= date('1985-01-01'))", True),
        ("sum(members.map(m, m.months)) >= 10", True),
        ("members.filter(m, m.months >= 6).size() == 1", True),
        ("covers(budget.own, budget.fiscal, 1.1)", True),
        ("covers(budget.own, budget.fiscal, 2)", False),
        ("budget.own >= times(budget.fiscal, 1.1)", True),
        ("max(budget.own, 5) == budget.own && min(1, 2.5) == 1", True),
        ("day(call.closes_at) == date('2026-04-01')", True),
        ("months_after(date('2024-02-29'), 12) == date('2025-02-28')", True),
        ("months_after(day(call.closes_at), -1) == date('2026-03-01')", True),
        ("'a' in call.codes", True),
        ("unit.kind in ['university', 'institute'] ? 1 : 2", 2),
        ("'企业' + unit.region // unit.nothing", "企业370212"),
    ],
)
def test_values(source, value):
    assert expressions.compile(source).evaluate(CONTEXT) == value


def test_a_unit_exactly_at_the_ratio_passes_where_floating_point_would_fail_it():
    plain = expressions.compile("budget.own >= budget.fiscal * 1.1")
    assert plain.evaluate(CONTEXT) is False
    assert expressions.compile("covers(budget.own, budget.fiscal, 1.1)").evaluate(CONTEXT) is True


def test_compiling_is_remembered():
    assert expressions.compile("1 == 1") is expressions.compile("1 == 1")


def test_what_an_expression_reads():
    expression = expressions.compile("members.exists(m, m.months > unit.staff) && 'unit.fake' != unit.kind")
    assert expression.variables == {"members", "unit"}
    assert expression.paths == {("members",), ("unit", "staff"), ("unit", "kind")}


@pytest.mark.parametrize(
    ("source", "message", "variable"),
    [
        ("unit.park > 3", "规则 R7：缺少数据“unit.park”。", "unit.park"),
        ("unit.park == 'a'", "规则 R7：缺少数据“unit.park”。", "unit.park"),
        ("unit.park != 'a'", "规则 R7：缺少数据“unit.park”。", "unit.park"),
        ("unit.park in ['a']", "规则 R7：缺少数据“unit.park”。", "unit.park"),
        ("!(unit.park == 'a') && unit.high_tech", "规则 R7：缺少数据“unit.park”。", "unit.park"),
        ("unit.park == null && unit.other == 1", "规则 R7：缺少数据“unit.other”。", "unit.other"),
        ("partners.exists(p, p.kind == 'bank')", "规则 R7：缺少数据“partners.kind”。", "partners.kind"),
        (
            "partners.all(p, p.records.all(r, r.year != 2024))",
            "规则 R7：缺少数据“partners.records.year”。",
            "partners.records.year",
        ),
        ("partners.all(p, p.kind != 'bank')", "规则 R7：缺少数据“partners.kind”。", "partners.kind"),
        ("unit.other == 1", "规则 R7：缺少数据“unit.other”。", "unit.other"),
        ("history.count < 2", "规则 R7：缺少数据“history.count”。", "history.count"),
        ("members.all(m, m.title == 'x')", "规则 R7：缺少数据“members.title”。", "members.title"),
        ("sum([unit.park]) > 1.0", "规则 R7：缺少数据“unit.park”。", "unit.park"),
    ],
)
def test_missing_data_is_named(source, message, variable):
    with pytest.raises(MissingData) as caught:
        expressions.compile(source).evaluate(CONTEXT, rule="R7")
    assert (caught.value.message, caught.value.rule, caught.value.variable) == (message, "R7", variable)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "budget.own * 2 > 1.0",
            "规则 R7：“budget.own”的类型不能这样运算：小数与整数相乘请写 2.0，日期请用 date('2025-01-01')。",
        ),
        ("1 / 0 == 1", "规则 R7：无法计算（）：division by zero in CEL expression"),
    ],
)
def test_faults_while_evaluating_are_sentences(source, message):
    with pytest.raises(ExpressionError) as caught:
        expressions.compile(source).evaluate(CONTEXT, rule="R7")
    assert caught.value.message == message
    assert not isinstance(caught.value, MissingData)


def test_a_rule_must_be_true_or_false():
    assert expressions.compile("unit.staff == 35").holds(CONTEXT) is True
    with pytest.raises(ExpressionError) as caught:
        expressions.compile("unit.staff").holds(CONTEXT, rule="R1")
    assert caught.value.message == "规则 R1：结果应为“是”或“否”，得到的是“35”。"
    with pytest.raises(MissingData) as caught:
        expressions.compile("answers.said").holds({"answers": {"said": None}}, rule="R2")
    assert caught.value.variable == "answers.said"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("unit.staff >", "表达式写法有误：第 1 行第 13 个字符处"),
        ("1 ==\n  ==", "表达式写法有误：第 2 行第 3 个字符处"),
        ("  ", "表达式是空的。"),
        ("1" * 2001, "表达式超过 2000 个字符。"),
    ],
)
def test_faults_of_writing_name_their_place(source, message):
    with pytest.raises(ExpressionError) as caught:
        expressions.compile(source)
    assert caught.value.message == message


KNOWN = {"unit": {"region", "staff"}, "members": set()}


@pytest.mark.parametrize(
    ("source", "known", "message"),
    [
        ("firm.staff > 3", ["unit"], "没有名为“firm”的数据项；可用的有：unit。"),
        ("unit.staf > 3", KNOWN, "没有名为“unit.staf”的数据项；可用的有：members、unit。"),
        ("unit.region.lower() == 'x'", KNOWN, "没有名为“lower”的函数。"),
        ("open('/etc/passwd')", KNOWN, "没有名为“open”的函数。"),
        ("__import__('os')", KNOWN, "没有名为“__import__”的函数。"),
    ],
)
def test_unknown_names_are_refused_on_save(source, known, message):
    with pytest.raises(ExpressionError) as caught:
        expressions.check(source, known)
    assert caught.value.message == message


def test_known_names_pass():
    source = "members.all(m, m.age > 3) && unit.region.startsWith('37') && date('2025-01-01') != null"
    assert expressions.check(source, KNOWN) is expressions.compile(source)


def test_cost_is_bounded_before_anything_runs():
    expression = expressions.compile("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))")
    assert expression.depth == 3
    assert expression.evaluate({"l": [1, 2]}) is True
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate({"l": list(range(500))}, rule="R9")
    assert caught.value.message == "规则 R9：计算量过大：请减少嵌套的列表运算。"


@pytest.mark.parametrize(
    ("source", "depth"),
    [
        ("a.all(x, x > 1) && b.all(x, x > 1)", 1),
        ("a.map(x, x).all(y, b.exists(z, z == y))", 2),
        ("'.all(x, .all(y, ' == a", 0),
        ("a . all ( x , x > 1)", 1),
    ],
)
def test_how_deep_lists_are_nested(source, depth):
    assert expressions.compile(source).depth == depth
