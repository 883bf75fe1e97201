"""The terms of filed facilities on the desk: written line by line, refused with the line named, removed."""

import pytest

from desk.forms.facilities import FacilitiesForm
from facilities.models import FacilityScheme
from tests.factories.reviews import CallFactory

pytestmark = pytest.mark.django_db
SENT = {
    "kind": "concept_platform",
    "services": "assessment | 成果评估 | Assessment\ntesting | 性能测试",
    "indicators": "converted | 落地项目数 | 个 | Put to use | items",
    "data_from": "10-01",
    "data_to": "09-30",
    "report_opens": "10-09 12:00",
    "report_closes": "10-15 17:00",
    "district_check": "on",
    "check_days": "5",
    "return_days": "5",
    "score_days": "20",
    "pass_mark": "60",
    "grades": "优秀 | 90 | Excellent\n合格 | 60",
    "publicity_days": "5",
    "every_years": "1",
    "rectify_months": "12",
    "failures_until_removal": "2",
    "removal_days": "10",
    "clause": "第十三条",
}


def form_of(call, **changed):
    instance = FacilityScheme.objects.filter(call=call).first()
    return FacilitiesForm(SENT | changed, call=call, instance=instance)


def test_terms_are_written_read_again_and_removed():
    call = CallFactory()
    form = form_of(call)
    assert form.is_valid(), form.errors
    form.store()
    scheme = FacilityScheme.objects.get(call=call)
    assert [row["code"] for row in scheme.services] == ["assessment", "testing"]
    assert scheme.grades[0] == {"name": "优秀", "mark": "90", "name_en": "Excellent"}
    shown = FacilitiesForm(call=call, instance=scheme)
    assert shown["services"].value() == SENT["services"]
    assert shown["grades"].value() == SENT["grades"]
    form = form_of(call, remove="on")
    assert form.is_valid()
    form.store()
    assert not FacilityScheme.objects.exists()


def test_a_notice_that_files_nothing_stays_without_terms():
    call = CallFactory()
    form = form_of(call, services="", grades="", indicators="")
    assert form.is_valid(), form.errors
    form.store()
    assert not FacilityScheme.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("services", "a | 甲\na | 乙", "不能重复"),
        ("services", "只有名称", "第 1 行"),
        ("services", "1a | 甲", "拉丁字母"),
        ("services", "", "至少写一项"),
        ("grades", "优秀 | 九十", "0 至 100"),
        ("grades", "不合格 | 60", "合格线决定"),
        ("grades", "", "起点分"),
        ("data_from", "02-30", "每年都有"),
        ("report_opens", "10-09", "每年都有的时刻"),
        ("rectify_months", "0", "至少为 1"),
        ("score_days", "0", "至少 1 天"),
    ],
)
def test_a_fault_names_its_field(field, typed, said):
    form = form_of(CallFactory(), **{field: typed})
    assert not form.is_valid()
    assert said in " ".join(form.errors[field])
