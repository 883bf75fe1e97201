"""Every mistake in a pack is shown at its line, as a sentence, and nothing but BadPack comes out."""

import contextlib
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import packs
from desk.packs import sense
from desk.packs.source import parse
from desk.packs.values import read_amount, read_moment, write_amount

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 3, 10)
SHANGHAI = timezone(timedelta(hours=8))

# What is written instead of what in the small pack, and the one problem expected: line, place, sentence.
BROKEN = [
    ("  name: 小计划\n", "", 1, "programme.name", "缺少“name”。"),
    ("  slug: small", "  slug: Small!", 2, "programme.slug", None),
    ("  name: 小计划\n", "  name: ''\n", 3, "programme.name", "不能为空。"),
    ("  sourcing: window", "  sourcing: lottery", 6, "call.sourcing", None),
    (
        "  opens: 2026-03-01 09:00",
        "  opens: 三月一日",
        8,
        "call.opens",
        "应为“2026-03-01 17:00”，或相对于导入当天的“today-10d 09:00”“today+45d 17:00”。",
    ),
    ("  opens: 2026-03-01 09:00", "  opens: 2026-02-30 09:00", 8, "call.opens", None),
    (
        "  closes: 2026-04-01 17:00",
        "  closes: 2026-02-01 17:00",
        9,
        "call.closes",
        "截止时间应晚于开始时间。",
    ),
    ("  closes: 2026-04-01 17:00\n", "", 4, "call.closes", "集中申报必须写明截止时间。"),
    ("  cap: 10 万元", "  cap: 100000", 14, "money.cap", "金额须写明单位，例如“100 万元”或“500000 元”。"),
    ("  cap: 10 万元", "  cap: 0 万元", 14, "money.cap", "应大于 0。"),
    ("  cap_clause: 第二条", "  cap_clause: 第七条", 15, "money.cap_clause", "通知正文里没有“第七条”。"),
    (
        "    - code: labour",
        "    - code: equipment",
        19,
        "money.categories[2].code",
        "“equipment”重复，同一数据包内只能出现一次。",
    ),
    ("      fiscal: true", "      fiscal: 对", 24, "money.sources[1].fiscal", "应为 true 或 false。"),
    (
        "      fiscal: true\n",
        "",
        21,
        "money.sources",
        "资金来源里至少要有一项财政资金（fiscal: true）。",
    ),
    ("    days: 10", "    days: soon", 31, "stages[2].days", "应为整数。"),
    ("    days: 10", "    days: 0", 31, "stages[2].days", "不能小于 1。"),
    (
        "  - kind: expert_review",
        "  - kind: publicity",
        30,
        "stages[2].kind",
        None,
    ),
    ("        kind: choice", "        kind: riddle", 43, "sections[1].questions[1].kind", None),
    (
        "          choices: [研发, 平台]",
        "          choices: [研发, 研发]",
        46,
        "sections[1].questions[1].config.choices[2]",
        "“研发”重复，同一数据包内只能出现一次。",
    ),
    (
        "      - code: content",
        "      - code: direction",
        47,
        "sections[1].questions[2].code",
        "题目代码“direction”重复。",
    ),
    (
        "answers.direction == '研发'",
        "answers.kind == '研发'",
        50,
        "sections[1].questions[2].visible_when",
        None,
    ),
    (
        "          max_length: 500",
        "          max_lenght: 500",
        52,
        "sections[1].questions[2].config.max_lenght",
        "“多行文字”没有“max_lenght”这一设置。",
    ),
    ("    clause: 第一条", "    clause: 第九条", 56, "rules[1].clause", "通知正文里没有“第九条”。"),
    ("    clause: 第一条\n", "", 54, "rules[1].clause", "缺少“clause”。"),
    ("unit.kind == 'enterprise'", "unit.kindd == 'enterprise'", 59, "rules[1].expression", None),
    ("unit.kind == 'enterprise'", "unit.kind == (", 59, "rules[1].expression", None),
    (
        "unit.kind == 'enterprise'",
        "project.answers.size > 3",
        59,
        "rules[1].expression",
        "表单里没有代码为“size”的题目。",
    ),
    (
        "    expression: unit.kind == 'enterprise'\n",
        "",
        58,
        "rules[1].automation",
        "自动判断的条件必须有表达式（expression）。",
    ),
    ("  - code: cap", "  - code: enterprise", 60, "rules[2].code", None),
    (
        "  - code: cap",
        "  - code: stamped_scan",
        60,
        "rules[2].code",
        "代码“stamped_scan”留给系统在发布时写的条件（盖章扫描件），请换一个代码。",
    ),
    ("    scope: budget", "    scop: budget", 60, "rules[2].scope", "缺少“scope”。"),
    ("      weight: 60", "      weight: 50", 67, "review.criteria", "评审指标的权重之和应为 100，现为 90。"),
    ("      weight: 60", "      weight: much", 70, "review.criteria[1].weight", "应为数字。"),
    ("    share: 70", "    share: 60", 79, "instalments", "拨款比例之和应为 100，现为 90。"),
    (
        "    offset_months: 12",
        "    offset_months: 12\n    months_after_end: 3",
        78,
        "milestones[1].months_after_end",
        "自开始起、自结束起、统一日期只填一种，年度报告都不填。",
    ),
    (
        "    bars: both",
        "    bars: nobody\n    joining_too: true",
        89,
        "sanctions[1].bars",
        None,
    ),
    (
        "  - when: late",
        "  - when: revoked\n    milestone: m1",
        89,
        "sanctions[1].milestone",
        "只有里程碑逾期或未通过才写里程碑代码。",
    ),
    (
        "  - when: late",
        "  - when: late\n    milestone: m9",
        89,
        "sanctions[1].milestone",
        "没有代码为“m9”的里程碑。",
    ),
    (
        "    moment: project_end\n    days: 2\n",
        "    moment: project_end\n",
        99,
        "duties[1].days",
        "起算点和天数须同时填写；到起算点当时为止的写 0。",
    ),
    (
        "    moment: project_end\n    days: 2\n    day_kind: month\n    blocks: acceptance",
        "    month_day: 12-15\n    blocks: payment",
        105,
        "duties[1].blocks",
        "每年一份的、结题以后的事项不能是其他环节的前提。",
    ),
    (
        "    blocks: acceptance",
        "    blocks: decision",
        107,
        "duties[1].blocks",
        "立项以后才产生的事项不能是提交、推荐或立项决定的前提。",
    ),
    (
        "    blocks: acceptance",
        "    blocks: recommendation\n    section: proof",
        108,
        "duties[1].section",
        None,
    ),
    (
        "    owed_by: leader\n    per: award",
        "    owed_by: leader\n    per: unit",
        103,
        "duties[1].per",
        "由“项目负责人及团队”办理的不能是“每个单位一份”。",
    ),
    (
        "    blocks: acceptance",
        "    blocks: acceptance\n    applies_when: award.amounts > 1.0",
        108,
        "duties[1].applies_when",
        None,
    ),
    ("leads: true, ", "", 95, "roles", "人员角色中须有且只有一个是项目负责人，只有一名。"),
    ("least: 1, most: 2", "least: 3, most: 2", 97, "roles[2].most", "最多几人不能少于至少几人。"),
    ("code: tutor", "code: lead", 97, "roles[2].code", None),
    ("    milestone: m1", "    milestone: m9", 86, "instalments[2].milestone", "没有代码为“m9”的里程碑。"),
    ("    milestone: m1", "    milestone: m1\n    milestone: m1", 87, "", "“milestone”写了两次。"),
    (
        "  - code: enterprise",
        "  - code: enterprise\n    type: youth",
        55,
        "rules[1].type",
        "没有代码为“youth”的项目类别。",
    ),
    (
        "stages:\n  - kind: formal_check\n    days: 5\n  - kind: expert_review\n    days: 10",
        "stages:\n  - kind: expert_review\n    days: 10\n  - kind: formal_check\n    days: 5",
        28,
        "stages[1].kind",
        "环节“专家评审”应排在“形式审查”之后。",
    ),
    (
        "stages:",
        "  rules:\n    - {code: half, kind: share, text: 一半, clause: 第二条, rate: 0.5, "
        "base: budget.totl}\nstages:",
        28,
        "money.rules[1].base",
        None,
    ),
    (
        "stages:",
        "  rules:\n    - {code: indirect, kind: category_share, text: 三成, clause: 第二条, rate: 0.3, "
        "base: budget.total, categories: [travel]}\nstages:",
        28,
        "money.rules[1].categories[1]",
        "预算表里没有代码为“travel”的科目或来源。",
    ),
    ("stages:", "table: {days: 0, clause: 第一条}\nstages:", 27, "table.days", None),
    (
        "  - kind: formal_check\n    days: 5",
        "  - {kind: formal_check, days: 5, until: 2020-01-05 17:00}",
        28,
        "stages[1].until",
        "环节的统一截止时间应在申报截止之后。",
    ),
    (
        "stages:",
        "nominators: [{name: 院士, who: nominator.age > 1, clause: 第一条}]\nstages:",
        27,
        "nominators[1].who",
        None,
    ),
    (
        "stages:",
        "recommender_table: {until: 2027-01-05 17:00, clause: 第一条}\nstages:",
        27,
        "recommender_table.until",
        "盖章的推荐汇总表由推荐单位上传，但环节里没有推荐审核。",
    ),
    (
        "  - kind: formal_check\n    days: 5",
        "  - {kind: formal_check, days: 5, clause: 第一条, slides_days: 3}",
        28,
        "stages[1].slides_days",
        "只有专家评审和会议评审（答辩）环节可以收答辩材料。",
    ),
    (
        "  - kind: formal_check\n    days: 5",
        "  - {kind: site_visit, days: 5, applies_when: 'true'}\n"
        "  - {kind: formal_check, days: 5, applies_when: 'true'}\n"
        "  - {kind: audit, days: 5, applies_when: answers.nothing > 1}",
        28,
        "stages[1].applies_when",
        "第一个环节对每份申报都办理，不能写适用条件。",
    ),
    (
        "stages:",
        "quotas:\n  - {of: unit, formula: unit.size_of_it, clause: 第一条}\nstages:",
        28,
        "quotas[1].formula",
        None,
    ),
    (
        "stages:",
        "quotas:\n  - {of: award, formula: 'unit.staff', clause: 第一条}\nstages:",
        28,
        "quotas[1].formula",
        "立项数只能是数字。",
    ),
    (
        "stages:",
        "quotas:\n  - {of: unit, number: 1, region: '3702', clause: 第一条}\nstages:",
        28,
        "quotas[1].region",
        "只有推荐单位的限额才按区域。",
    ),
    (
        "        label: 内容",
        "        label: 内容\n        valid_when: valeu != ''",
        50,
        "sections[1].questions[2].valid_when",
        None,
    ),
    (
        "    expression: unit.kind == 'enterprise'",
        "    expression: unit.kind == 'enterprise'\n    asks_file: 声明函",
        54,
        "rules[1].moment",
        "申报时的条件没有单位确认：要求材料的，请在申报表里加附件题。",
    ),
    (
        "    expression: unit.kind == 'enterprise'",
        "    expression: instalment.orders > 1\n    moment: payment",
        59,
        "rules[1].expression",
        None,
    ),
    (
        "    expression: budget.fiscal <= call.cap",
        "    expression: award.amount <= call.cap\n    moment: payment\n    severity: preference",
        67,
        "rules[2].severity",
        "优先条件只在评审排序时用，不能留到签订或拨款时。",
    ),
    ("  name: 小计划", "  name: [小计划", 4, "", None),
    ("money:", "\tmoney:", 13, "", None),
]


def problems_of(text: str) -> list[packs.Problem]:
    with pytest.raises(packs.BadPack) as caught:
        packs.read(text, today=TODAY, name="broken.yaml")
    return caught.value.problems


def test_the_small_pack_itself_is_right():
    pack, _source = packs.read(SMALL, today=TODAY)
    assert pack.call.title == "2026年度小计划申报通知"
    assert pack.money.cap == Decimal("100000.00")
    assert pack.call.closes == datetime(2026, 4, 1, 17, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("old", "new", "line", "place", "message"), BROKEN)
def test_a_mistake_is_shown_at_its_line(old, new, line, place, message):
    assert SMALL.count(old) == 1 or old.startswith(("    clause", "      weight"))
    problems = problems_of(SMALL.replace(old, new, 1))
    found = {(problem.line, problem.place): problem.message for problem in problems}
    assert (line, place) in found
    assert message is None or found[(line, place)] == message


def test_a_project_runs_from_signing_only_where_something_is_signed():
    text = SMALL + "signing: {runs_from: signing}\n"
    assert packs.read(text, today=TODAY)
    problems = problems_of(text.replace("  - kind: agreement\n    days: 30\n", ""))
    message = "执行期自签订之日起算，但没有“签订任务书”环节。"
    assert message in {problem.message for problem in problems if problem.place == "signing.runs_from"}


def test_several_mistakes_are_shown_at_once_in_the_order_of_the_file():
    text = SMALL.replace("weight: 60", "weight: 50").replace("share: 70", "share: 60")
    text = text.replace("unit.kind ==", "unit.colour ==")
    assert [problem.line for problem in problems_of(text)] == [59, 67, 79]


def test_a_problem_reads_as_file_line_place_and_sentence():
    with pytest.raises(packs.BadPack) as caught:
        packs.read(SMALL.replace("share: 70", "share: 60"), today=TODAY, name="broken.yaml")
    assert str(caught.value) == "broken.yaml:79: instalments: 拨款比例之和应为 100，现为 90。"


@pytest.mark.parametrize(
    "text", ["", "[]", "就一句话", "- a\n- b\n", "a: &x [*x]", "1", "[" * 3000, "{a: " * 3000]
)
def test_what_is_no_pack_at_all_is_said_in_one_sentence(text):
    assert len(problems_of(text)) >= 1


def test_references_are_refused_at_their_line_before_they_grow():
    laughs = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\n" + SMALL
    assert [(problem.line, problem.message) for problem in problems_of(laughs)] == [
        (1, "YAML 格式错误：请写出内容，不使用引用（& 和 *）。")
    ]


def test_a_file_of_another_encoding_is_named_with_its_line(tmp_path):
    file = tmp_path / "gbk.yaml"
    file.write_bytes("programme:\n  slug: small\n  name: 小计划\n".encode("gbk"))
    with pytest.raises(packs.BadPack) as caught:
        packs.check(file, today=TODAY)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [
        (3, "文件不是 UTF-8 编码。")
    ]


def test_an_enormous_file_is_refused_unread():
    assert [problem.line for problem in problems_of("a: " + "x" * 3_000_000)] == [1]


@given(st.text())
def test_no_text_makes_anything_but_a_bad_pack(text):
    with pytest.raises(packs.BadPack):
        packs.read(text, today=TODAY)


@given(
    st.integers(0, SMALL.count("\n") - 1),
    st.sampled_from(
        ["", "  x: 1", "- 2", "    weight: {}", "kind: [[[", "code: null", "days: 1.5", "a: !!python/x"]
    ),
)
def test_no_replaced_line_makes_anything_but_a_pack_or_a_bad_pack(number, line):
    lines = SMALL.splitlines()
    lines[number] = line
    with contextlib.suppress(packs.BadPack):
        packs.read("\n".join(lines), today=TODAY)


def test_dates_may_be_relative_to_the_day_of_loading():
    assert read_moment("today", TODAY) == datetime(2026, 3, 10, tzinfo=SHANGHAI)
    assert read_moment("today-10d", TODAY) == datetime(2026, 2, 28, tzinfo=SHANGHAI)
    assert read_moment("today+45d 17:00", TODAY) == datetime(2026, 4, 24, 17, tzinfo=SHANGHAI)
    with pytest.raises(ValueError, match="应为"):
        read_moment("today+45 17:00", TODAY)


def test_the_year_is_put_into_every_text_and_follows_the_opening_day():
    text = SMALL.replace("2026-03-01 09:00", "today-80d 09:00").replace(
        "第一条 申报", "第一条 {year-1}年申报"
    )
    pack, source = parse(text, today=TODAY)
    assert pack.call.year == 2025
    assert pack.call.title == "2025年度小计划申报通知"
    assert pack.call.notice.splitlines()[0] == "第一条 2024年申报单位为企业。"
    assert source.relative(("call", "opens"))
    assert not source.relative(("call", "closes"))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("100 万元", "1000000.00"),
        ("1,234.5 万元", "12345000.00"),
        ("0.000001 万元", "0.01"),
        ("2 亿元", "200000000.00"),
        ("99.99元", "99.99"),
    ],
)
def test_an_amount_names_its_unit(written, amount):
    assert read_amount(written) == Decimal(amount)
    assert read_amount(write_amount(Decimal(amount))) == Decimal(amount)


@pytest.mark.parametrize(
    "written", [100, "100", 1.5, "一百万元", "-5 万元", "1e3 元", "0.0000001 万元", None, True]
)
def test_an_amount_without_a_unit_or_below_a_fen_is_refused(written):
    with pytest.raises(ValueError, match="金额"):
        read_amount(written)


def doubts(added: str) -> list[tuple]:
    """What is allowed, and probably not meant, in the small pack with some lines more."""
    pack, _source = parse(SMALL + added, today=TODAY)
    return [where for where, _said in sense.warnings(pack, at=datetime(2026, 2, 1, tzinfo=SHANGHAI))]


@pytest.mark.django_db
def test_of_types_that_nothing_tells_apart_one_is_enough():
    usual, other = "  - {code: usual, name: 一般}\n", "  - {code: other, name: 其他}\n"
    large = "  - {code: large, name: 重大, cap: 50 万元}\n"
    assert doubts("types:\n" + usual + large) == doubts("")
    assert doubts("types:\n" + usual + large + other) == [*doubts(""), ("types", 2)]


@pytest.mark.django_db
def test_yearly_reports_without_a_form_are_doubtful():
    yearly = "  - {code: y, kind: annual, name: 年报, month_day: 03-31, deliverable: 年报}\n"
    plan = SMALL.partition("milestones:\n")
    assert ("milestones",) not in doubts("")
    pack, _source = parse(plan[0] + plan[1] + yearly + plan[2], today=TODAY)
    found = sense.warnings(pack, at=datetime(2026, 2, 1, tzinfo=SHANGHAI))
    assert ("milestones",) in [where for where, _said in found]


def test_a_report_may_ask_by_what_was_answered_in_the_application_and_by_the_award():
    report = """  - code: report
    form: milestone
    title: 材料
    questions:
      - {code: rig, kind: line, label: 设备, visible_when: "answers.direction == '平台'"}
      - {code: last, kind: line, label: 用户, visible_when: "milestone.code == 'm1' && award.grade == ''"}
      - {code: why, kind: text, label: 原因, required: false, required_when: "answers.direction == '平台'"}
rules:
"""
    assert packs.read(SMALL.replace("rules:\n", report, 1), today=TODAY, name="x.yaml")
    always = report.replace("required: false, ", "")
    with pytest.raises(packs.BadPack, match="总是必填的题目不写必填条件"):
        packs.read(SMALL.replace("rules:\n", always, 1), today=TODAY, name="x.yaml")
    nobody = report.replace("direction == '平台'", "rig == 'x'")
    with pytest.raises(packs.BadPack, match="引用了本题自己"):
        packs.read(SMALL.replace("rules:\n", nobody, 1), today=TODAY, name="x.yaml")


EVERY_QUARTER = """intakes:
  every: quarter
  unit_days: 5
  planned_number: 20
  clause: 第二条
stages:
"""


def test_periods_of_the_calendar_are_written_in_one_line_and_come_as_batches():
    text = SMALL.replace("stages:\n", EVERY_QUARTER, 1).replace("closes: 2026-04-01", "closes: 2026-09-20")
    text = text.replace(
        "  - kind: formal_check\n", "  - {kind: unit_review, days: 3}\n  - kind: formal_check\n"
    )
    pack, _source = packs.read(text, today=TODAY)
    rows = [
        (
            row.code,
            row.name,
            f"{row.opens:%m-%d %H:%M}",
            f"{row.closes:%m-%d %H:%M}",
            f"{row.unit_closes:%m-%d}",
        )
        for row in pack.intakes
    ]
    assert rows == [
        ("q2026_1", "2026年第1季度", "03-01 09:00", "03-31 17:00", "04-05"),
        ("q2026_2", "2026年第2季度", "04-01 00:00", "06-30 17:00", "07-05"),
        ("q2026_3", "2026年第3季度", "07-01 00:00", "09-20 17:00", "09-25"),
    ]
    assert {(row.planned_number, row.clause) for row in pack.intakes} == {(20, "第二条")}
    assert packs.read(packs.write(pack), today=TODAY)[0] == pack


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("every: quarter", "every: week", "按周期受理的，every 写 month、quarter 或 half_year。"),
        ("unit_days: 5", "unit_days: 五", "“unit_days”应为 0 到 365 的天数。"),
        ("unit_days: 5", "days: 5", "不认识“days”，请检查拼写。"),
        ("  closes: 2026-04-01 17:00\n", "", "按周期受理的，通知须写明开始时间和最后一个周期的截止时间。"),
    ],
)
def test_what_is_wrong_with_periods_is_said_at_their_line(old, new, sentence):
    text = SMALL.replace("stages:\n", EVERY_QUARTER, 1).replace(old, new, 1)
    with pytest.raises(packs.BadPack) as bad:
        packs.read(text, today=TODAY)
    assert ("intakes", sentence) in [(found.place, found.message) for found in bad.value.problems]
