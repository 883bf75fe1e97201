"""Kinds of question made of parts, rows, codes and files; conditions and computed values."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications import questions
from applications.fields import count_words
from grants.models import QuestionKind as K
from seeds import dictionaries
from seeds.codes import make_credit_code, make_id_number
from tests.applications.test_questions import question
from tests.factories.accounts import OrganisationFactory

ID, CODE = make_id_number(1), make_credit_code(1)
MONEY_TABLE = {
    "columns": [
        {"code": "name", "label": "名称", "required": True},
        {"code": "cost", "label": "费用", "kind": "money", "total": True},
        {"code": "share", "label": "比例", "kind": "number", "total": True},
    ],
    "checks": [{"when": "totals.share == 100.0", "message": "比例合计应为 100。"}],
}


@pytest.fixture
def codes(db):
    for file in dictionaries.shipped():
        dictionaries.load(file)


@pytest.mark.parametrize(
    ("kind", "config", "typed", "stored", "printed"),
    [
        (K.MONTH, {}, "2026年3月", "2026-03", "2026 年 3 月"),
        (K.MONTH, {}, "202603", "2026-03", "2026 年 3 月"),
        (K.LIST, {}, [" 甲 ", "", "乙"], ["甲", "乙"], "1. 甲\n2. 乙"),
        (K.LIST, {}, [{"item": "甲"}], ["甲"], "1. 甲"),
        (
            K.PERSON,
            {},
            {"name": "周海", "id_number": f" {ID.lower()} ", "title": "", "organisation": ""},
            {"name": "周海", "id_number": ID, "title": "", "organisation": ""},
            f"姓名 周海，身份证号 {ID[:3]}***********{ID[-4:]}",
        ),
        (
            K.ORGANISATION,
            {},
            {"name": "海声公司", "credit_code": CODE},
            {"name": "海声公司", "credit_code": CODE},
            f"单位名称 海声公司，统一社会信用代码 {CODE}",
        ),
    ],
)
def test_values_are_read_stored_and_printed(kind, config, typed, stored, printed):
    asked = question(kind, **config)
    assert questions.clean(asked, typed) == stored
    assert questions.text(asked, stored) == printed
    assert questions.clean(asked, questions.to_input(asked, stored)) == stored
    assert questions.faults(asked, stored) == []


@pytest.mark.parametrize(
    ("kind", "config", "typed", "sentence"),
    [
        (K.MONTH, {}, "2026-13", "请填年月，例如 2026-03。"),
        (K.TEXT, {"max_words": 3}, "一二 three 四", "最多 3 个词（汉字按字计），现在有 4 个。"),
        (K.LIST, {"max_rows": 1}, ["甲", "乙"], "最多 1 行，现在有 2 行。"),
        (K.LIST, {"max_length": 1}, ["甲乙"], "第 1 行：确保该变量包含不超过 1 字符 (目前字符数 2)。"),
        (K.PERSON, {}, {"id_number": ID}, "“姓名”：必填。"),
        (
            K.PERSON,
            {},
            {"name": "周海", "id_number": ID[:-1] + ("1" if ID[-1] != "1" else "2")},
            "“身份证号”：身份证号不正确：应为 18 位，最后一位是校验码（GB 11643）。",
        ),
        (
            K.ORGANISATION,
            {},
            {"name": "甲", "credit_code": "123"},
            "“统一社会信用代码”："
            "统一社会信用代码“123”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。",
        ),
        (K.PERSON, {}, "周海", "应由若干栏组成。"),
        (K.LIST, {}, "甲", "应由若干行组成。"),
    ],
)
def test_faults_are_sentences(kind, config, typed, sentence):
    with pytest.raises(ValidationError) as fault:
        questions.clean(question(kind, **config), typed)
    assert fault.value.messages == [sentence]


def test_words_are_counted_as_people_count_them():
    assert count_words("低功耗水听器 LoRa-WAN 3.5 dB") == 11
    assert count_words("，。 \n") == 0


def test_nothing_filled_in_a_person_is_nothing():
    assert questions.clean(question(K.PERSON), {"name": " ", "id_number": ""}) is None
    assert questions.clean(question(K.COMPUTED, expression="1"), "7") is None


@pytest.mark.django_db
@pytest.mark.parametrize("known", ["name", "credit_code"])
def test_a_registered_unit_is_found_by_name_or_code(known):
    unit = OrganisationFactory()
    both = {"name": unit.name, "credit_code": unit.credit_code}
    assert questions.clean(question(K.ORGANISATION), {known: both[known]}) == both


@pytest.mark.django_db
def test_an_unknown_unit_needs_both():
    asked = question(K.ORGANISATION)
    stored = questions.clean(asked, {"name": "无此单位"})
    assert stored == {"name": "无此单位", "credit_code": ""}
    assert questions.faults(asked, stored) == ["请填写统一社会信用代码。"]
    assert questions.for_rules(asked, stored) == {"name": "无此单位", "credit_code": None, "region": None}


def test_rules_read_people_units_months_and_rows():
    person = {"name": "周海", "id_number": ID, "title": "", "organisation": ""}
    read = questions.for_rules(question(K.PERSON), person)
    assert (read["name"], read["title"]) == ("周海", None)
    assert read["birth_date"] == date(int(ID[6:10]), int(ID[10:12]), int(ID[12:14]))
    assert read["sex"] in ("male", "female")
    assert "id_number" not in read
    unit = {"name": "甲", "credit_code": CODE}
    assert questions.for_rules(question(K.ORGANISATION), unit)["region"] == CODE[2:8]
    assert questions.for_rules(question(K.MONTH), "2026-03") == date(2026, 3, 1)


def test_id_numbers_are_hidden_from_others():
    stored = {"name": "周海", "id_number": ID, "title": "", "organisation": ""}
    assert questions.masked(K.PERSON, stored)["id_number"] == f"{ID[:3]}***********{ID[-4:]}"
    assert questions.masked(K.LINE, "甲") == "甲"
    assert questions.masked(K.PERSON, None) is None


# ---- dictionaries ----


def test_codes_are_chosen_and_printed_with_their_names(codes):
    asked = question(K.DICTIONARY, dictionary="regions", level=3)
    assert questions.clean(asked, "370202 山东省 青岛市 市南区") == "370202"
    assert questions.text(asked, "370202") == "山东省 青岛市 市南区（370202）"
    assert questions.to_input(asked, "370202") == "370202"
    with pytest.raises(ValidationError):
        questions.clean(asked, "3702")
    several = question(K.DICTIONARY, dictionary="tech_fields", multiple=True)
    assert questions.clean(several, ["1", "新材料"]) == ["1", "4"]
    assert questions.text(several, ["1", "4"]) == "电子信息（1）；新材料（4）"
    with pytest.raises(ValidationError) as fault:
        questions.clean(several, ["1", "电子信息"])
    assert fault.value.messages == ["“1”选了两次。"]


@pytest.mark.parametrize(
    ("config", "holds"),
    [
        ({"dictionary": "regions"}, 'data-codes="/applications/codes/regions/?on=2026-01-01"'),
        ({"dictionary": "tech_fields"}, '<option value="4">4 新材料</option>'),
        ({"dictionary": "tech_fields", "multiple": True}, 'type="checkbox" name="a" value="4"'),
        ({"dictionary": "industries", "multiple": True}, 'name="a-0-item"'),
    ],
)
def test_few_codes_are_a_select_and_many_an_input_that_searches(codes, config, holds):
    asked = question(K.DICTIONARY, **config)
    opens_at = timezone.make_aware(timezone.datetime(2026, 1, 1, 9))
    asked.call = SimpleNamespace(opens_at=opens_at, year=2026)
    assert holds in questions.field_of(asked).widget.render("a", None, {"id": "a"}).replace("&amp;", "&")


# ---- rows ----


def test_indicators_have_targets_by_year():
    asked = question(K.INDICATORS, years=[2026, 2027], min_rows=1)
    row = {"name": "灵敏度", "unit": "dB", "baseline": "-180", "target_2026": "", "target_2027": "-170"}
    stored = questions.clean(asked, [row | {"evidence": "test"}])
    assert stored == [
        {
            "name": "灵敏度",
            "unit": "dB",
            "baseline": "-180",
            "evidence": "test",
            "targets": {"2026": None, "2027": "-170"},
        }
    ]
    assert questions.clean(asked, questions.to_input(asked, stored)) == stored
    assert questions.cells(asked, stored) == [["灵敏度", "dB", "-180", "", "-170", "第三方检测报告"]]
    assert questions.for_rules(asked, stored)[0]["targets"]["2027"] == "-170"
    with pytest.raises(ValidationError, match="2027 年目标"):
        questions.clean(asked, [row | {"target_2027": ""}])


def test_the_years_of_indicators_may_count_from_the_call():
    asked = question(K.INDICATORS, years=2)
    asked.call = SimpleNamespace(year=2026)
    assert questions.years_of(asked) == ["2026", "2027"]
    assert [column.code for column in questions.columns_of(question(K.INDICATORS))][3] == "target"


def test_subprojects_add_their_money_up():
    asked = question(K.SUBPROJECTS)
    rows = [{"title": f"课题{n}", "leader": "周", "unit": "海声", "amount": "10.5"} for n in (1, 2)]
    stored = questions.clean(asked, rows)
    assert stored[0]["amount"] == "105000.00"
    assert questions.cells(asked, stored)[-1] == ["合计", "", "", "21 万元", ""]
    assert questions.judged(asked, stored, {"answers": {}}) == []


def test_checks_of_a_table_read_rows_and_totals():
    asked = question(K.TABLE, **MONEY_TABLE)
    stored = questions.clean(
        asked, [{"name": "甲", "cost": "1", "share": "60"}, {"name": "乙", "share": "30"}]
    )
    assert questions.judged(asked, stored, {"answers": {}}) == ["比例合计应为 100。"]
    stored[1]["share"] = 40
    assert questions.judged(asked, stored, {"answers": {}}) == []
    assert questions.cells(asked, stored)[-1] == ["合计", "1 万元", "100"]
    html = questions.field_of(asked).widget.render("a", questions.to_input(asked, stored), {"id": "a"})
    assert '<span id="a-sum-share">100</span>' in html
    assert 'data-sum="a-sum-cost"' in html


# ---- conditions and computed values ----


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("value >= answers.low", []),
        ("value < answers.low", ["应小于最低值。"]),
        ("value < answers.unknown", []),
        ("value <", []),
    ],
)
def test_a_condition_reads_the_answer_and_the_others(when, said):
    asked = question(K.NUMBER)
    asked.valid_when, asked.valid_message = when, "应小于最低值。"
    assert questions.judged(asked, 7, {"answers": {"low": 3, "unknown": None}}) == said
    assert questions.judged(asked, None, {"answers": {}}) == []
    assert questions.judged(asked, {"typed": "x"}, {"answers": {}}) == []


def test_computed_values_follow_the_others():
    low, high = (
        question(K.COMPUTED, expression=text) for text in ("sum([answers.a, answers.b])", "answers.low * 2.0")
    )
    low.code, high.code = "low", "high"
    answers = {"a": Decimal("1.005"), "b": 2}
    assert questions.work_out([low, high], {"answers": answers}) == {"low": 3.01, "high": 6.02}
    assert questions.work_out([low], {"answers": {"a": None, "b": 2}}) == {"low": None}
    assert questions.faults(low, None) == []


@pytest.mark.parametrize(
    ("expression", "config", "stored", "printed"),
    [
        ("10.0 / 3.0", {"decimals": 1, "unit": "%"}, 3.3, "3.3 %"),
        ("'A' + 'B'", {}, "AB", "AB"),
        ("1 < 2", {}, True, "是"),
        ("1.0 / 0.0", {}, None, ""),
        ("1e300", {}, None, ""),
        ("[1]", {}, "[1]", "[1]"),
        ("(", {}, None, ""),
    ],
)
def test_computed_values_are_numbers_texts_or_nothing(expression, config, stored, printed):
    asked = question(K.COMPUTED, expression=expression, **config)
    assert questions.work_out([asked], {"answers": {}}) == {"q": stored}
    assert questions.text(asked, stored) == printed


# ---- files ----


def test_one_file_takes_the_others_place_and_several_stand_side_by_side():
    file = {"document": 1, "name": "a.pdf", "size": 1, "sha256": "x"}
    one, three = question(K.ATTACHMENT), question(K.ATTACHMENT, max_count=3)
    assert questions.with_file(one, file, file | {"document": 2, "slot": "q"}) == file | {"document": 2}
    answer = None
    for number in (1, 2, 3):
        slot = questions.free_slot(three, answer)
        answer = questions.with_file(three, answer, file | {"document": number, "slot": slot})
    assert [found["slot"] for found in questions.files_of(answer)] == ["q_1", "q_2", "q_3"]
    assert questions.free_slot(three, answer) is None
    answer = questions.without_file(three, answer, 2)
    assert questions.free_slot(three, answer) == "q_2"
    assert questions.text(three, answer) == "a.pdf、a.pdf"
    assert questions.without_file(three, answer, None) is None
    assert questions.limits_of(question(K.ATTACHMENT, endings=["pdf"], max_count=3, max_pages=9)) == (
        "可上传 pdf，最多 3 个文件，每个 PDF 不超过 9 页，每个不超过 200 MB。"
    )
    assert questions.limits_of(question(K.ATTACHMENT, endings=["pdf", "png"], max_bytes=20 << 20)) == (
        "可上传 pdf、png，每个不超过 20 MB。"
    )


@pytest.mark.parametrize("raw", ["a\0b", "\ud800", {"x\0": ["\udfff"]}, float("nan")])
def test_what_no_database_holds_is_dropped(raw):
    kept = str(questions.storable(raw))
    assert "\0" not in kept
    assert kept.isprintable()
