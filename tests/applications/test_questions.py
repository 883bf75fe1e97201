"""The form engine: what each kind of question accepts, stores, shows and says."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from applications import questions
from grants.models import QuestionKind as K

CHOICES = {"choices": [{"value": "a", "label": "甲", "label_en": "A"}, "乙"]}
COLUMNS = {
    "columns": [
        {"code": "name", "label": "指标", "kind": "line", "required": True},
        {"code": "cost", "label": "费用", "kind": "money"},
        {"code": "when", "label": "日期", "kind": "date"},
        {"code": "level", "label": "等级", "kind": "choice", "choices": ["高", "低"]},
    ],
    "min_rows": 2,
    "max_rows": 3,
}


def question(kind, *, required=True, **config):
    return SimpleNamespace(
        code="q", kind=kind, config=config, label="问题", label_en="Question", help="", is_required=required
    )


@pytest.mark.parametrize(
    ("kind", "config", "typed", "stored", "printed"),
    [
        (K.LINE, {}, " 水听器 ", "水听器", "水听器"),
        (K.TEXT, {}, "一\r\n二", "一\n二", "一\n二"),
        (K.NUMBER, {"unit": "台"}, "1,200", 1200, "1200 台"),
        (K.NUMBER, {}, "３.５", 3.5, "3.5"),
        (K.MONEY, {}, "100", "1000000.00", "100 万元"),
        (K.MONEY, {}, "12.3456 万元", "123456.00", "12.3456 万元"),
        (K.DATE, {}, "2026年3月1日", "2026-03-01", "2026-03-01"),
        (K.DATE, {}, "2026/3/1", "2026-03-01", "2026-03-01"),
        (K.YES_NO, {}, "true", True, "是"),
        (K.YES_NO, {}, False, False, "否"),
        (K.CHOICE, CHOICES, "a", "a", "甲"),
        (K.CHOICES, CHOICES, ["a", "乙"], ["a", "乙"], "甲、乙"),
        (K.COMMITMENT, {}, "on", True, "已承诺"),
    ],
)
def test_values_are_read_stored_and_printed(kind, config, typed, stored, printed):
    asked = question(kind, **config)
    assert questions.clean(asked, typed) == stored
    assert questions.text(asked, stored) == printed
    assert questions.faults(asked, stored) == []


NOT_TYPED = (K.ATTACHMENT, K.COMMITMENT, K.COMPUTED)


@pytest.mark.parametrize("kind", [kind for kind in K.values if kind not in NOT_TYPED])
def test_nothing_is_nothing_and_is_missed_where_it_is_required(kind):
    asked = question(kind, **CHOICES, **{k: v for k, v in COLUMNS.items() if k == "columns"})
    assert questions.clean(asked, "") is None
    assert questions.faults(asked, None) == ["必填。"]
    assert questions.faults(question(kind, required=False), None) == []


def test_a_commitment_must_be_made():
    assert questions.faults(question(K.COMMITMENT), False) == ["必须承诺。"]


@pytest.mark.parametrize(
    ("kind", "config", "typed", "sentence"),
    [
        (K.LINE, {"max_length": 3}, "一二三四", "确保该变量包含不超过 3 字符 (目前字符数 4)。"),
        (K.MONEY, {}, "abc", "“abc”不是金额：请填数字，单位万元。"),
        (K.MONEY, {"min": 1}, "0.5", "不得少于 1 万元。"),
        (K.MONEY, {"max": 10}, "10.5", "不得超过 10 万元。"),
        (K.DATE, {}, "31 February", "请填日期，例如 2026-03-01。"),
    ],
)
def test_faults_are_sentences(kind, config, typed, sentence):
    with pytest.raises(ValidationError) as fault:
        questions.clean(question(kind, **config), typed)
    assert fault.value.messages == [sentence]


@pytest.mark.parametrize(
    ("kind", "config", "typed"),
    [
        (K.NUMBER, {"min": 1, "max": 9}, "10"),
        (K.NUMBER, {"decimals": 0}, "1.5"),
        (K.NUMBER, {}, "NaN"),
        (K.CHOICE, CHOICES, "丙"),
        (K.CHOICES, CHOICES, ["a", "丙"]),
        (K.YES_NO, {}, "perhaps"),
    ],
)
def test_what_does_not_fit_is_refused(kind, config, typed):
    with pytest.raises(ValidationError):
        questions.clean(question(kind, **config), typed)


def test_rows_of_a_table_are_typed_cell_by_cell():
    asked = question(K.TABLE, **COLUMNS)
    rows = [
        {"name": "灵敏度", "cost": "12", "when": "2026-03-01", "level": "高"},
        {"name": "噪声", "cost": "", "when": "", "level": ""},
    ]
    stored = questions.clean(asked, rows)
    assert stored == [
        {"name": "灵敏度", "cost": "120000.00", "when": "2026-03-01", "level": "高"},
        {"name": "噪声", "cost": None, "when": None, "level": None},
    ]
    assert questions.to_input(asked, stored) == [
        {"name": "灵敏度", "cost": "12", "when": "2026-03-01", "level": "高"},
        {"name": "噪声", "cost": "", "when": "", "level": ""},
    ]
    assert questions.for_rules(asked, stored)[0] == {
        "name": "灵敏度",
        "cost": Decimal(120_000),
        "when": date(2026, 3, 1),
        "level": "高",
    }
    assert questions.text(asked, stored[:1]) == "指标 灵敏度，费用 12 万元，日期 2026-03-01，等级 高"


def test_a_fault_in_a_table_names_row_and_column():
    with pytest.raises(ValidationError) as fault:
        questions.clean(
            question(K.TABLE, **COLUMNS), [{"name": "", "cost": "x"}, {"name": "b", "level": "中"}]
        )
    assert fault.value.messages[:2] == [
        "第 1 行“指标”：必填。",
        "第 1 行“费用”：“x”不是金额：请填数字，单位万元。",
    ]
    assert fault.value.messages[2].startswith("第 2 行“等级”：")


def test_tables_have_a_least_and_a_most_number_of_rows():
    asked = question(K.TABLE, **COLUMNS)
    with pytest.raises(ValidationError):
        questions.clean(asked, [{"name": str(n)} for n in range(4)])
    assert questions.faults(asked, [{"name": "1"}]) == ["至少 2 行，现在有 1 行。"]


@pytest.mark.parametrize("typed", ["text", ["text"], 7])
def test_a_table_of_the_wrong_shape_is_refused(typed):
    with pytest.raises(ValidationError):
        questions.clean(question(K.TABLE, **COLUMNS), typed)


def test_what_was_typed_is_shown_again_with_its_fault():
    asked, kept = question(K.MONEY), {"typed": "abc"}
    assert questions.to_input(asked, kept) == "abc"
    assert questions.faults(asked, kept) == ["“abc”不是金额：请填数字，单位万元。"]
    assert questions.for_rules(asked, kept) is None
    assert questions.text(asked, kept) == "abc"


def test_rules_read_numbers_days_and_truth():
    assert questions.for_rules(question(K.MONEY), "1000000.00") == Decimal(1_000_000)
    assert questions.for_rules(question(K.DATE), "2026-03-01") == date(2026, 3, 1)
    assert questions.for_rules(question(K.YES_NO), None) is None
    assert questions.for_rules(question(K.COMMITMENT), None) is False


def test_english_readers_read_english_where_there_is_some():
    asked = question(K.CHOICE, **CHOICES)
    with translation.override("en"):
        assert questions.field_of(asked).label == "Question"
        assert questions.choices_of(asked.config) == [("a", "A"), ("乙", "乙")]
