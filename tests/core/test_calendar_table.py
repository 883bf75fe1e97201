"""Reading an uploaded 调休 table: what is accepted, and which line is named when it is not."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import translation

from core.calendar_table import MAX_BYTES, Row, parse, replace_years
from core.models import CalendarDay

CSV = "日期,上班,节日\n2027-01-01,否,元旦\n2027/01/03,是,元旦\n"
YAML = "- {date: 2027-01-01, working: false, name: 元旦}\n- date: 2027-01-03\n  working: 是\n  name: 元旦\n"
ROWS = [Row(date(2027, 1, 1), False, "元旦"), Row(date(2027, 1, 3), True, "元旦")]


@pytest.mark.parametrize(
    ("content", "file_name"),
    [
        (CSV.encode(), "2027.csv"),
        (CSV.encode("utf-8-sig"), "2027.CSV"),
        (CSV.encode("gb18030"), "from-excel.csv"),
        (CSV.replace("\n", "\r\n").encode(), "windows.csv"),
        ((CSV + "\n,,\n").encode(), "blank-lines.csv"),
        (YAML.encode(), "2027.yaml"),
    ],
)
def test_tables_that_are_read(content, file_name):
    assert parse(content, file_name=file_name) == ROWS


@pytest.mark.parametrize(
    ("content", "file_name", "messages"),
    [
        ("日期,上班\n2027-13-01,是\n", "a.csv", ["第 2 行：日期“2027-13-01”应写作 2027-01-01。"]),
        (
            "日期,上班\n2027-01-01,是\n2027-01-02,也许\nx,否\n",
            "a.csv",
            ["第 3 行：“上班”一栏“也许”应写“是”或“否”。", "第 4 行：日期“x”应写作 2027-01-01。"],
        ),
        ("日期,上班\n2027-01-01,是\n2027-01-01,否\n", "a.csv", ["第 3 行：日期 2027-01-01 重复。"]),
        ("日期,上班\n2027-01-01\n", "a.csv", ["第 2 行：“上班”一栏“”应写“是”或“否”。"]),
        (f"日期,上班,节日\n2027-01-01,是,{'长' * 41}\n", "a.csv", ["第 2 行：节日名称超过 40 个字。"]),
        ("假,表\n", "a.csv", ["第 1 行：表头应为“日期,上班,节日”。"]),
        ("", "a.csv", ["第 1 行：表头应为“日期,上班,节日”。"]),
        ("日期,上班\n", "a.csv", ["表中没有任何日期。"]),
        ("a: b\n", "a.yaml", ["第 1 行：应为列表，每项写 date、working、name。"]),
        ("- date: 2027-01-01\n  working: [\n", "a.yaml", ["第 3 行：不是有效的 YAML。"]),
        ("- 1\n", "a.yaml", ["第 1 行：日期“”应写作 2027-01-01。"]),
        (
            "- {date: 2027-01-01, working: 是}\n- {date: 今天, working: 是}\n",
            "a.yml",
            ["第 2 行：日期“今天”应写作 2027-01-01。"],
        ),
        ("日期", "a.xlsx", ["只接受 .csv 或 .yaml 文件。"]),
    ],
)
def test_a_fault_names_its_line(content, file_name, messages):
    with pytest.raises(ValidationError) as caught:
        parse(content.encode(), file_name=file_name)
    assert caught.value.messages == messages


def test_a_binary_file_is_refused():
    with pytest.raises(ValidationError) as caught:
        parse(b"\xff\xfe\x00\xd8\x81", file_name="a.csv")
    assert caught.value.messages == ["文件编码无法识别：请用 UTF-8 保存。"]


def test_a_huge_file_is_refused():
    with pytest.raises(ValidationError) as caught:
        parse(b"x" * (MAX_BYTES + 1), file_name="a.csv")
    assert caught.value.messages == ["文件超过 200 KB：工作日历表一年只有几十行。"]


def test_the_command_loads_a_file(db, tmp_path, capsys):
    file = tmp_path / "2027.csv"
    file.write_text(CSV, "utf-8")
    call_command("calendar", "load", str(file), "--source", "国办发明电〔2026〕9号")
    assert capsys.readouterr().out == "2 days written\n"
    assert CalendarDay.objects.count() == 2


def test_the_command_names_the_line(db, tmp_path):
    file = tmp_path / "2027.csv"
    file.write_text("日期,上班\nx,是\n", "utf-8")
    with translation.override("zh-hans"), pytest.raises(CommandError, match="第 2 行"):
        call_command("calendar", "load", str(file), "--source", "x")
    with pytest.raises(CommandError, match="No such file"):
        call_command("calendar", "load", str(tmp_path / "missing.csv"), "--source", "x")


def test_the_command_seeds(db, capsys):
    call_command("calendar", "seed")
    assert capsys.readouterr().out == f"{CalendarDay.objects.count()} days written\n"


def test_replacing_keeps_field_history(db):
    replace_years(rows=ROWS, source="甲")
    replace_years(rows=ROWS[:1], source="乙")
    history = CalendarDay.pgh_event_model.objects.order_by("pgh_id").values_list(
        "pgh_label", "date", "source"
    )
    assert list(history) == [
        ("insert", date(2027, 1, 1), "甲"),
        ("insert", date(2027, 1, 3), "甲"),
        ("delete", date(2027, 1, 3), "甲"),
        ("update", date(2027, 1, 1), "乙"),
    ]
