"""Loading is idempotent, replaces drafts, leaves published calls alone, and writes out what it read."""

from datetime import date, timedelta
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import OrganisationKind
from core.workflow import Refused
from desk import packs
from finance.models import Appropriation, InstalmentTemplate
from grants.models import Call, EligibilityRule, Programme, Question, Stage
from reviews.models import Criterion
from tests.factories.accounts import OrganisationFactory

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 3, 10)
FULLER = (
    SMALL.replace(
        "  closes: ",
        "  registers_by: 2026-03-20 17:00\n  max_megabytes: 6\n  tells_reason: true\n"
        "  members_consent: true\n  closes: ",
        1,
    )
    .replace(
        "  - kind: expert_review\n    days: 10\n",
        "  - {kind: expert_review, days: 10, clause: 第二条, until: 2026-06-20 17:00, "
        "slides_until: 2026-05-20 12:00, applies_when: project.amount > 50000.0, "
        "slides_pages: 10, slides_megabytes: 8}\n",
    )
    .replace(
        "\nstages:\n", "\nstages:\n  - {kind: unit_review, days: 3}\n  - {kind: recommendation, days: 5}\n", 1
    )
    .replace(
        "\nreview:\n",
        "\n  - {code: still, text: 立项时仍为企业。, clause: 第一条, scope: unit, automation: auto, "
        "expression: award.amount > 0.0, moment: signing, certified: true, asks_file: 声明函}\n"
        "invitations:\n  - {credit_code: 91370200163562681G, name: 乙单位}\n"
        "  - {credit_code: 91370212MA00000742, name: 甲单位}\n"
        "\nreview:\n  recusal: call\n  recusal_clause: 第二条\n",
        1,
    )
    .replace("    title: 项目\n", "    title: 项目\n    blind: true\n", 1)
    .replace(
        "\nmoney:\n",
        "\nacceptance:\n  milestone: m1\n  panel_size: 5\n  aggregation: trimmed\n  by_leader: true\n"
        "  again_times: 1\n  again_months: 9\n  clause: 第二条\n"
        "  criteria: [{code: results, name: 成果, weight: 60}, "
        "{code: money, name: 经费, weight: 40, max_score: 50}]\n"
        "  bonuses: [{name: 形成标准, points: -2.5, when: acceptance.score > 60.0, clause: 第二条}]\n"
        "  grades:\n    - {code: good, name: 优秀, score: 90, premium: 5 万元, "
        "when: 'indicators.all(i, i.value > 0.0) && award.paid > 0.0'}\n"
        "    - {code: fair, name: 合格, score: 60, share: 80, when: report.spent_amount > 0.0}\n"
        "    - {code: bad, name: 不合格, passes: false, refund: 100, refund_days: 45, clause: 第二条}\n"
        "grades: [{code: key, name: 重点, amount: 5 万元, number: 2, when: review.rank <= 2}, "
        "{code: plain, name: 一般, when: review.type_rank <= 9}]\n"
        "\nscan: {days: 1, day_kind: calendar, clause: 第二条}\ntable: {days: 3, clause: 第二条}\n"
        "recommender_table: {until: 2026-05-20 12:00, clause: 第二条}\n"
        "nominators:\n  - {name: 院士, least: 3, who: \"nominator.title.contains('院士')\", clause: 第二条, "
        "per_year: 1, of_units: 0, leader_first: true}\n"
        "paper:\n  copies: 5\n  days: 3\n  after: check\n  address: 科研处\n  clause: 第二条\n  kinds:\n"
        "    - {code: form, name: 申请书, copies: 2}\n    - {code: sheet, name: 活页, copies: 3, of: A3}\n"
        "intakes:\n  - {code: one, name: 第一批, opens: 2026-03-01 09:00, closes: 2026-03-10 17:00, "
        "clause: 第一条, unit_closes: 2026-03-12 17:00, recommender_closes: 2026-05-15 17:00, "
        "planned_number: 3}\n"
        "  - {code: two, name: 第二批, name_en: Second, opens: today+5d 09:00, closes: '{year}-04-01 17:00', "
        "recommender_closes: 2026-05-15 17:00}\n"
        "quotas:\n  - {of: unit, number: 2}\n  - {of: unit, number: 1, per_intake: true}\n"
        "  - {of: unit, number: 5, credit_code: 91370200163562681G, name: 青岛示范大学}\nmoney:\n",
        1,
    )
)
"""With what no shipped pack says."""
ALL = [SMALL, FULLER, *(file.read_text(encoding="utf-8") for file in packs.shipped())]

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return OrganisationFactory(kind=OrganisationKind.GOVERNMENT)


@cache
def read(text, today):
    """Reading takes longer than loading."""
    return packs.read(text, today=today)


def load(text, *, today=TODAY, department=None):
    pack, source = read(text, today)
    return packs.store.load(pack, source=source, department=department)


def publish(call):
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    call.refresh_from_db()


def counts():
    models = [Programme, Call, Stage, Question, EligibilityRule, Criterion, InstalmentTemplate, Appropriation]
    return [model.objects.count() for model in models]


@pytest.mark.parametrize("text", ALL, ids=["small", "fuller", *(file.stem for file in packs.shipped())])
def test_what_is_written_out_is_what_was_loaded(text, department):
    pack, _source = read(text, TODAY)
    call = load(text, department=department).call
    written = packs.write(packs.dump(call))
    again, _source = packs.read(written, today=TODAY + timedelta(days=400))
    assert again == pack
    assert packs.write(again) == written


@pytest.mark.parametrize("text", ALL, ids=["small", "fuller", *(file.stem for file in packs.shipped())])
def test_the_same_pack_again_changes_nothing(text, department):
    first = load(text, department=department)
    assert first.what == packs.NEW
    before, ids = counts(), list(EligibilityRule.objects.values_list("pk", flat=True))
    assert load(text).what == packs.UNCHANGED
    assert counts() == before
    assert list(EligibilityRule.objects.values_list("pk", flat=True)) == ids


def test_a_relative_date_is_fixed_by_the_first_load(department):
    text = SMALL.replace("2026-03-01 09:00", "today-2d 09:00").replace("2026-04-01 17:00", "today+9d 17:00")
    call = load(text, department=department).call
    opened = call.opens_at
    assert load(text, today=TODAY + timedelta(days=3)).what == packs.UNCHANGED
    call.refresh_from_db()
    assert call.opens_at == opened


def test_a_changed_pack_replaces_a_draft(department):
    call = load(SMALL, department=department).call
    changed = load(SMALL.replace("weight: 60", "weight: 55").replace("weight: 40", "weight: 45"))
    assert (changed.what, changed.call.pk) == (packs.REPLACED, call.pk)
    assert [criterion.weight for criterion in Criterion.objects.all()] == [55, 45]
    assert Call.objects.count() == 1


def test_a_published_call_is_refused_and_stays_as_it_was(department):
    call = load(SMALL, department=department).call
    publish(call)
    before = packs.write(packs.dump(call))
    with pytest.raises(Refused, match="作为新版本导入"):
        load(SMALL.replace("weight: 60", "weight: 55").replace("weight: 40", "weight: 45"))
    assert packs.write(packs.dump(call)) == before


def test_the_same_pack_of_a_published_call_is_no_mistake(department):
    publish(load(SMALL, department=department).call)
    assert load(SMALL).what == packs.UNCHANGED


def test_a_new_version_stands_beside_the_published_one(department):
    publish(load(SMALL, department=department).call)
    second = load(SMALL.replace("  sourcing:", "  version: 2\n  sourcing:"))
    assert second.what == packs.NEW
    assert [call.version for call in Call.objects.order_by("version")] == [1, 2]


def test_the_budget_of_the_year_may_grow_after_publication_but_not_below_what_is_committed(department):
    def with_budget(amount):
        return SMALL.replace("  cap_clause:", f"  appropriation: {amount}\n  cap_clause:")

    call = load(with_budget("50 万元"), department=department).call
    publish(call)
    assert load(with_budget("80 万元")).what == packs.REPLACED
    assert Appropriation.objects.get().amount == 800_000
    Appropriation.objects.update(committed=700_000)
    with pytest.raises(Refused, match="少于已经承诺的金额"):
        load(with_budget("60 万元"))
    assert Appropriation.objects.get().amount == 800_000


def test_a_new_programme_needs_a_department():
    with pytest.raises(Refused, match="--department") as caught:
        load(SMALL)
    assert caught.value.field == "department"
    assert Programme.objects.count() == 0


def test_the_programme_follows_its_pack(department):
    load(SMALL, department=department)
    load(SMALL.replace("name: 小计划", "name: 大计划"))
    assert Programme.objects.get().name == "大计划"


def run(*args):
    out = StringIO()
    call_command("pack", *args, stdout=out)
    return out.getvalue()


def test_the_command_checks_loads_and_writes(tmp_path, department):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    assert run("check", str(file)) == f"{file}: 正确：2026年度小计划申报通知，2 条规则，2 道题目\n"
    assert Call.objects.count() == 0
    assert (
        run("load", str(file), "--department", department.credit_code)
        == f"{file}: 已导入：2026年度小计划申报通知\n"
    )
    assert run("load", str(file)) == f"{file}: 没有变化：2026年度小计划申报通知\n"
    written = tmp_path / "out.yaml"
    run("dump", "small", "--output", str(written))
    assert run("load", str(written)) == f"{written}: 没有变化：2026年度小计划申报通知\n"
    assert run("dump", "small") == written.read_text(encoding="utf-8")


def test_the_table_of_fields_is_current(tmp_path):
    run("fields", "--check")
    old = tmp_path / "fields.md"
    old.write_text("old", "utf-8")
    with pytest.raises(CommandError, match="not current"):
        run("fields", "--check", "--output", str(old))
    run("fields", "--output", str(old))
    assert "| `authority_confirmed` | 主管部门须先确认 The authority must confirm first" in old.read_text(
        "utf-8"
    )


def test_the_command_tries_every_file_and_names_each_fault(tmp_path, department):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SMALL, encoding="utf-8")
    bad.write_text(SMALL.replace("share: 70", "share: 60"), encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        run("load", str(bad), str(tmp_path / "none.yaml"), str(good), "--department", department.credit_code)
    assert str(caught.value).splitlines() == [
        f"{bad}:79: instalments: 拨款比例之和应为 100，现为 90。",
        f"{tmp_path / 'none.yaml'}: No such file or directory",
    ]
    assert Call.objects.count() == 1


def test_the_command_names_an_unknown_department_or_programme():
    with pytest.raises(CommandError, match="没有统一社会信用代码为"):
        run("load", "x.yaml", "--department", "91370212MA00000000")
    with pytest.raises(CommandError, match="没有计划"):
        run("dump", "nothing")


def test_a_table_may_have_columns_of_units_and_of_numbers_of_people(department):
    table = (
        "    questions:\n      - code: deals\n        kind: table\n        label: 交易\n"
        "        config: {columns: [{code: buyer, label: 买方, kind: organisation}, "
        "{code: who, label: 经办人, kind: id_number}]}\n"
    )
    text = SMALL.replace("    questions:\n", table, 1)
    call = load(text, department=department).call
    columns = call.questions.get(code="deals").config["columns"]
    assert [column["kind"] for column in columns] == ["organisation", "id_number"]
    with pytest.raises(packs.BadPack, match="没有“unit”这一设置"):
        load(text.replace("kind: id_number", "kind: id_number, unit: 人"))
