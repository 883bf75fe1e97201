"""Money clauses as rows: caps, shares, tiers, intensity, ratios, categories. Figures of published rules."""

from decimal import Decimal

import pytest
from django.utils import timezone

from applications import actions, eligibility
from applications.models import Application, RuleStatus
from awards.limits import check_amount
from awards.queries import cap_of
from core import money
from core.workflow import Refused
from grants.models import BudgetCategory, Call, FundingSource, MoneyKind, MoneyRule, ProjectType
from grants.states import CallState
from tests.factories.applications import ApplicationFactory, fill, filled, put, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

WAN = Decimal(10_000)
JILIN = [["5000000", "0.30"], ["10000000", "0.25"], ["20000000", "0.20"], [None, "0.15"]]


def call_with(kind, **values):
    """A draft call without cap or ratio of its own, with one money clause "M1"."""
    call = CallFactory(cap=None, own_per_fiscal=None, parts__rules=(), draft=True)
    MoneyRule.objects.create(call=call, code="M1", kind=kind, text="条文", clause="第五条", order=1, **values)
    return call


def asking(call, fiscal, own=Decimal(0), **kwargs) -> Application:
    application = ApplicationFactory(call=call, **kwargs)
    Application.objects.filter(pk=application.pk).update(requested_amount=fiscal, own_amount=own)
    return Application.objects.get(pk=application.pk)


def line_of(application):
    return next(line for line in eligibility.evaluate(application) if line.code == "M1")


@pytest.mark.parametrize(
    ("kind", "values", "fits", "fails"),
    [
        (MoneyKind.CAP, {"amount": 100 * WAN}, 100 * WAN, 100 * WAN + Decimal("0.01")),
        (MoneyKind.FLOOR, {"amount": 20 * WAN}, 20 * WAN, 20 * WAN - Decimal("0.01")),
        (MoneyKind.FIXED, {"amount": 10 * WAN}, 10 * WAN, 9 * WAN),
        (MoneyKind.SHARE, {"rate": "0.1", "base": "10000000"}, 100 * WAN, 101 * WAN),
        (MoneyKind.SHARE, {"rate": "0.5", "base": "10000000", "amount": 300 * WAN}, 300 * WAN, 301 * WAN),
        (MoneyKind.TIERS, {"tiers": JILIN, "base": "8000000"}, 225 * WAN, 226 * WAN),
        (MoneyKind.TIERS, {"tiers": JILIN, "base": "10000000"}, 275 * WAN, 276 * WAN),
        (
            MoneyKind.TIERS,
            {"tiers": JILIN, "base": "15000000", "amount": 300 * WAN},
            300 * WAN,
            301 * WAN,
        ),
        (
            MoneyKind.TIERS,
            {"tiers": [["5000000", "0.3"], [None, "0.2"]], "base": "8000000", "is_marginal": False},
            160 * WAN,
            161 * WAN,
        ),
        (
            MoneyKind.INTENSITY,
            {
                "matrix": {"small": {"research": "0.7"}, "large": {"research": "0.5"}},
                "row": "'small'",
                "column": "'research'",
                "base": "1000000",
            },
            70 * WAN,
            71 * WAN,
        ),
    ],
)
def test_each_kind_of_limit_holds_to_the_last_fen(kind, values, fits, fails):
    call = call_with(kind, **values)
    assert line_of(asking(call, fits)).status == RuleStatus.PASSED
    line = line_of(asking(call, fails))
    assert (line.status, line.clause, line.blocks) == (RuleStatus.FAILED, "第五条", True)


def test_the_sentence_says_by_how_much_and_the_evidence_names_base_and_rate():
    line = line_of(asking(call_with(MoneyKind.SHARE, rate="0.1", base="10000000"), 120 * WAN))
    assert line.hint == "申请 120 万元，超过上限 100 万元，多 20 万元。"
    assert line.evidence == {
        "申请财政资金": "120 万元",
        "上限": "100 万元",
        "基数": "1000 万元",
        "比例": "10%",
    }


def test_a_clause_that_does_not_apply_or_is_waived_stops_nobody():
    for condition in (
        {"applies_when": "unit.kind == 'enterprise'"},
        {"waived_when": "unit.kind == 'university'"},
    ):
        application = asking(call_with(MoneyKind.CAP, amount=1, **condition), 100 * WAN)
        assert line_of(application).status == RuleStatus.NOT_APPLICABLE


def test_what_is_not_known_is_named_and_does_not_block():
    line = line_of(asking(call_with(MoneyKind.SHARE, rate="0.1", base="unit.revenue"), WAN))
    assert (line.status, line.hint) == (RuleStatus.REQUIRES_DATA, "缺少数据：营业收入（元）。")


def test_an_intensity_that_the_matrix_does_not_name_goes_to_a_person():
    call = call_with(MoneyKind.INTENSITY, matrix={"a": {"b": "1"}}, row="'x'", column="'b'", base="1.0")
    assert line_of(asking(call, WAN)).status == RuleStatus.MANUAL


def with_budget(kind, **values):
    call = call_with(kind, **values)
    return filled(call=call)


@pytest.mark.parametrize(("rate", "status"), [("1", RuleStatus.PASSED), ("2", RuleStatus.FAILED)])
def test_a_ratio_states_its_direction(rate, status):
    """`fill` asks 50 万元 and raises 50 万元 itself."""
    application = with_budget(MoneyKind.RATIO, rate=rate, sources=["own"], against=["fiscal"])
    line = line_of(application)
    assert line.status == status
    if status == RuleStatus.FAILED:
        assert line.hint == "配套资金 50 万元 应不低于 50 万元 的 2 倍，还差 50 万元。"


def test_categories_are_limited_by_share_and_by_tiers():
    share = with_budget(MoneyKind.CATEGORY_SHARE, rate="0.5", base="budget.total", categories=["equipment"])
    assert line_of(share).status == RuleStatus.PASSED
    tight = with_budget(MoneyKind.CATEGORY_SHARE, rate="0.4", base="budget.total", categories=["equipment"])
    assert line_of(tight).hint == "科目合计 50 万元，超过上限 40 万元，多 10 万元。"
    own_only = with_budget(
        MoneyKind.CATEGORY_SHARE, rate="0.1", base="budget.total", categories=["equipment"], sources=["own"]
    )
    assert line_of(own_only).status == RuleStatus.PASSED


@pytest.mark.parametrize(
    ("tiers", "limit"),
    [
        ([["5000000", "0.30"], ["10000000", "0.25"], [None, "0.20"]], 375),
        ([["5000000", "0.20"], ["10000000", "0.15"], [None, "0.13"]], 240),
    ],
)
def test_indirect_cost_by_tiers_on_a_base_of_1500(tiers, limit):
    """间接费用: 375 万元 by the rates of 2021, 240 万元 by the older ones."""
    call = call_with(MoneyKind.CATEGORY_TIERS, tiers=tiers, base="15000000", categories=["indirect"])
    BudgetCategory.objects.create(call=call, code="indirect", name="间接费用", order=3)
    application = ApplicationFactory(call=call)
    indirect = call.budget_categories.get(code="indirect")
    source = FundingSource.objects.get(call=call, code="own")
    line = application.budget_lines.create(category=indirect, source=source, amount=limit * WAN)
    assert line_of(application).status == RuleStatus.PASSED
    line.amount += Decimal("0.01")
    line.save()
    assert line_of(application).status == RuleStatus.FAILED


def test_the_most_indirect_cost_that_a_total_holds():
    """T=500, E=100 → 92.31 (30 %) or 66.67 (20 %) 万元."""
    for rate, most in (("0.30", "923076.92"), ("0.20", "666666.66")):
        assert money.tiered_within(400 * WAN, [(None, Decimal(rate))]) == Decimal(most)


def test_what_a_unit_asks_for_in_one_call_and_year_is_added_up():
    call = call_with(MoneyKind.UNIT_CAP, amount=80 * WAN)
    MoneyRule.objects.create(
        call=call,
        code="M2",
        kind=MoneyKind.UNIT_YEAR_CAP,
        text="条文",
        clause="第六条",
        amount=90 * WAN,
        order=2,
    )
    plan = {"kind": MoneyKind.PLAN_YEAR_CAP, "text": "条文", "clause": "第七条", "amount": 85 * WAN}
    MoneyRule.objects.create(call=call, code="M3", order=3, **plan)
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    call.refresh_from_db()
    first = submitted(call=call)
    submitted(organisation=first.organisation, call=CallFactory(year=call.year))
    second = fill(ApplicationFactory(call=call, organisation=first.organisation))
    lines = {line.code: line for line in eligibility.evaluate(second)}
    assert lines["M1"].hint == "申请 50 万元，超过上限 30 万元，多 20 万元。"
    assert lines["M2"].hint == "申请 50 万元，超过上限 0 万元，多 50 万元。"
    assert lines["M3"].hint == "申请 50 万元，超过上限 35 万元，多 15 万元。"
    assert line_of(first).status == RuleStatus.PASSED


@pytest.mark.parametrize("kind", [MoneyKind.UNIT_CAP, MoneyKind.PLAN_YEAR_CAP, MoneyKind.UNIT_YEAR_CAP])
def test_of_what_was_decided_only_what_was_awarded_counts_towards_the_limit_of_a_unit(kind):
    call = call_with(kind, amount=60 * WAN)
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    call.refresh_from_db()
    first = submitted(call=call)
    second = asking(call, 50 * WAN, organisation=first.organisation)

    def fits(**fields):
        Application.objects.filter(pk=first.pk).update(**fields)
        own = line_of(Application.objects.get(pk=first.pk)).status
        return line_of(second).status == RuleStatus.PASSED, own == RuleStatus.PASSED

    # Asked for 50, then awarded 10, then 10.01 万元; and what fell away.
    assert fits() == (False, True)
    assert fits(granted_amount=10 * WAN, state="publicity") == (True, True)
    assert fits(granted_amount=10 * WAN + 100, state="awarded") == (False, True)
    assert fits(state="rejected") == (True, True)
    assert line_of(second).evidence["上限"] == "60 万元"


# ---- project types ----


def test_a_type_without_public_money_is_handed_in_and_awarded_with_nothing():
    call = call_with(MoneyKind.CAP, amount=100 * WAN)
    kind = ProjectType.objects.create(call=call, code="own", name="自筹类", is_funded=False, order=1)
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    call.refresh_from_db()
    application = fill(ApplicationFactory(call=call, project_type=kind), fiscal=Decimal(50 * WAN))
    (line,) = [line for line in eligibility.evaluate(application) if line.code == "call-cap"]
    assert line.text == "不安排财政资金，不填写申请额。"
    assert line.hint == "申请 50 万元，超过上限 0 万元，多 50 万元。"
    fill(application, fiscal=Decimal(0))
    assert not [line for line in eligibility.evaluate(application) if line.code == "call-cap"]
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    put(application, "decision")
    with pytest.raises(Refused, match="“自筹类”不安排财政资金"):
        check_amount(application, Decimal(1))
    assert check_amount(application, Decimal(0)) is None
    assert cap_of(application) == 0


def test_a_type_has_its_own_cap_and_ratio_and_replaces_clauses_of_the_same_code():
    call = call_with(MoneyKind.CAP, amount=100 * WAN)
    kind = ProjectType.objects.create(
        call=call, code="major", name="重大", cap=500 * WAN, own_per_fiscal=2, order=1
    )
    MoneyRule.objects.create(
        call=call,
        project_type=kind,
        code="M1",
        kind=MoneyKind.CAP,
        amount=400 * WAN,
        text="重大项目",
        clause="第六条",
        order=2,
    )
    general, major = asking(call, 300 * WAN), asking(call, 300 * WAN, project_type=kind)
    assert [line.code for line in eligibility.evaluate(general)] == ["M1"]
    assert [(line.code, line.status) for line in eligibility.evaluate(major)] == [
        ("call-cap", RuleStatus.PASSED),
        ("own-ratio", RuleStatus.FAILED),
        ("M1", RuleStatus.PASSED),
    ]
    assert (line_of(general).clause, line_of(major).clause) == ("第五条", "第六条")


def test_the_most_that_may_be_awarded_is_the_lowest_of_all_limits():
    call = call_with(MoneyKind.SHARE, rate="0.2", base="budget.own")
    application = asking(call, 100 * WAN, own=300 * WAN)
    assert eligibility.most_allowed(application) == (60 * WAN, "第五条", False)
    with pytest.raises(Refused, match="超过按经费条款计算的上限 60 万元") as refused:
        check_amount(application, 61 * WAN)
    assert refused.value.clause == "第五条"
    with pytest.raises(Refused, match="应大于 0") as refused:
        check_amount(application, Decimal(0))
    assert refused.value.clause == "第五条"
    assert eligibility.most_allowed(asking(CallFactory(cap=None), WAN)) is None


def test_a_fixed_amount_is_awarded_as_it_stands():
    call = call_with(MoneyKind.FIXED, amount=50 * WAN)
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    application = fill(ApplicationFactory(call=Call.objects.get()), fiscal=Decimal(50 * WAN))
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    with pytest.raises(Refused, match="定额：拟资助额应为 50 万元，现为 40 万元"):
        check_amount(application, Decimal(40 * WAN))
    assert check_amount(application, Decimal(50 * WAN)) is None
