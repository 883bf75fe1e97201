"""Code lists: read from CSV with line-numbered mistakes, loaded as dated versions, chosen from on a day."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from core.workflow import Refused
from grants import codelists
from grants.actions import load_dictionary
from grants.dictionaries import Codes, version_on
from grants.models import Dictionary, DictionaryEntry
from seeds import dictionaries
from tests.factories.accounts import officer

FILE = """# name: 产业链
# source: 青科规〔2025〕1号
# valid_from: 2025-01-01
code,name,name_en,parent
01,智能家电,Appliances,
0101,冰箱,,01
0102,洗衣机,,01
"""


def loaded(text=FILE, **kwargs):
    return load_dictionary(code="chains", codes=codelists.parse(text.encode()), **kwargs)


@pytest.mark.django_db
def test_loading_twice_changes_nothing():
    assert loaded() == 3
    before = list(DictionaryEntry.objects.values_list("id", "code"))
    assert loaded() == 0
    assert list(DictionaryEntry.objects.values_list("id", "code")) == before


@pytest.mark.django_db
def test_a_version_is_corrected_but_loses_no_code():
    loaded()
    assert loaded(FILE.replace("冰箱", "冰箱与冷柜")) == 1
    with pytest.raises(Refused, match="0102"):
        loaded(FILE.replace("0102,洗衣机,,01\n", ""))
    assert DictionaryEntry.objects.count() == 3


@pytest.mark.django_db
def test_the_version_of_the_opening_day_counts():
    loaded()
    loaded(FILE.replace("洗衣机", "洗烘一体机"), valid_from=date(2026, 1, 1))
    assert Codes("chains", on=date(2025, 6, 1)).label("0102") == "智能家电 洗衣机"
    assert Codes("chains", on=date(2026, 6, 1)).label("0102") == "智能家电 洗烘一体机"
    assert Codes("chains").label("0102") == "智能家电 洗烘一体机"
    assert version_on("chains", date(2020, 1, 1)).valid_from == date(2025, 1, 1)
    Dictionary.objects.filter(valid_from=date(2026, 1, 1)).update(valid_to=date(2026, 3, 1))
    assert version_on("chains", date(2026, 2, 1)).valid_from == date(2026, 1, 1)
    assert version_on("none", date(2026, 2, 1)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0101", "0101"),
        (" 0101 智能家电 冰箱", "0101"),
        ("冰箱", "0101"),
        ("智能家电 冰箱", "0101"),
        ("Appliances", "01"),
    ],
)
def test_codes_and_names_are_read(typed, code):
    loaded()
    assert Codes("chains").read(typed) == code


@pytest.mark.django_db
def test_what_is_not_on_the_list_or_of_another_level_is_refused():
    loaded()
    for typed, level in (("0199", None), ("冰箱", 1), ("01", 2)):
        with pytest.raises(ValidationError, match="不在可选范围内"):
            Codes("chains", level=level).read(typed)
    with pytest.raises(ValidationError, match="还没有导入"):
        Codes("nothing").read("01")
    loaded(FILE + "02,冰箱,,\n")
    with pytest.raises(ValidationError, match="“冰箱”有多项"):
        Codes("chains").read("冰箱")


@pytest.mark.django_db
def test_search_reads_codes_and_names(django_assert_num_queries):
    loaded()
    codes = Codes("chains", on=date(2026, 1, 1))
    with django_assert_num_queries(3):
        assert [entry.code for entry in codes.search("家电 洗")] == ["0102"]
    assert [entry.code for entry in codes.search("010")] == ["0101", "0102"]
    with translation.override("en"):
        assert codes.label("01") == "Appliances"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("code,title\n1,x\n", ["第 1 行：表头应为 code,name,name_en,parent（至少前两列）。"]),
        (
            "code,name\n1,甲\n1,乙\n,丙\n",
            ["第 3 行：代码“1”与第 2 行重复。", "第 4 行：代码“”只能由字母、数字、点、横线组成。"],
        ),
        (
            "# name: 甲\ncode,name,parent\n1,甲,9\n2,,\n",
            ["第 4 行：名称是空的。", "第 3 行：上级代码“9”不在表中。"],
        ),
        ("code,name\n", ["文件里没有条目。"]),
        ("# valid_from: soon\ncode,name\n1,甲\n", ["启用日期应写成 2026-01-01。"]),
    ],
)
def test_mistakes_name_their_lines(text, sentences):
    with pytest.raises(ValidationError) as fault:
        codelists.parse(text.encode())
    assert fault.value.messages == sentences


def test_other_encodings_and_huge_files_are_refused():
    with pytest.raises(ValidationError, match="第 2 行：不是 UTF-8 编码"):
        codelists.parse("code,name\n1,甲\n".encode("gbk"))
    with pytest.raises(ValidationError, match="文件超过"):
        codelists.parse(b"x" * (codelists.MAX_BYTES + 1))


@pytest.mark.django_db
def test_the_shipped_lists_load(capsys):
    call_command("dictionary", "load", "--all")
    assert "regions.csv: 3225" in capsys.readouterr().out
    assert Codes("regions").label("370202") == "山东省 青岛市 市南区"
    assert Codes("industries").label("39") == "制造业 计算机、通信和其他电子设备制造业"
    assert len(Codes("subjects").choices) == 62
    assert [len(Codes(code).choices) for code in ("tech_fields", "trl")] == [8, 9]
    assert {file.stem for file in dictionaries.shipped()} == set(
        Dictionary.objects.values_list("code", flat=True)
    )


@pytest.mark.django_db
def test_the_command_names_file_and_line(tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("code,name\n1,\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 2 行：名称是空的。"):
        call_command("dictionary", "load", str(wrong))
    with pytest.raises(CommandError, match="name files, or --all"):
        call_command("dictionary", "load")


@pytest.mark.django_db
def test_a_manager_uploads_and_an_auditor_does_not(client, tmp_path):
    address = reverse("admin:grants_dictionary_upload")
    client.force_login(officer(Role.PROGRAMME_MANAGER))
    data = {"code": "chains", "name": "产业链", "source": "", "valid_from": "2025-01-01"}
    for text, status in (("code,name\n1,\n", 422), (FILE, 302)):
        file = tmp_path / "chains.csv"
        file.write_text(text, encoding="utf-8")
        with file.open("rb") as body:
            response = client.post(address, data | {"file": body})
        assert response.status_code == status
        if status == 422:
            assert "第 2 行：名称是空的。" in response.content.decode()
    assert DictionaryEntry.objects.count() == 3
    change = reverse("admin:grants_dictionary_change", args=[Dictionary.objects.get().pk])
    assert client.get(change).status_code == 200
    ended = client.post(change, {"name": "产业链", "source": "", "valid_to": "2024-12-31"})
    assert "停用日期不能早于启用日期。" in ended.content.decode()
    client.force_login(officer(Role.AUDITOR))
    assert client.get(address).status_code == 403
