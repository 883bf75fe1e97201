"""What the desk says of a call before it is published, in the words of the pack."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.calendar import local_date
from core.models import CalendarDay
from core.workflow import Refused
from desk import actions, checks, packs
from desk.forms.judging import MilestoneForm
from grants.actions import publish_call
from grants.models import Call, Dictionary, EligibilityRule, MoneyRule, Question, Section
from milestones.models import MilestoneTemplate
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
CHOICE = {"choices": [{"value": "research", "label": "攻关"}, {"value": "platform", "label": "平台"}]}


@pytest.fixture
def call():
    return CallFactory(draft=True, parts__stages=("unit_review", "formal_check", "decision", "publicity"))


def errors(call, at=None):
    found = checks.findings(call, at=at or timezone.now())
    return [(finding.part.name, finding.where, finding.message) for finding in found if finding.is_error]


def warnings(call, at=None):
    found = checks.findings(call, at=at or timezone.now())
    return [(finding.part.name, finding.message) for finding in found if not finding.is_error]


def about_lists(call):
    return [message for _part, message in warnings(call) if message.startswith("代码表")]


def question(call, code, **fields):
    section = fields.pop("section", None) or call.sections.first()
    order = section.questions.count() + 1
    fields = {"kind": "line", "label": code} | fields
    return Question.objects.create(call=call, section=section, code=code, order=order, **fields)


def test_a_sound_call_has_no_errors(call):
    assert errors(call) == []


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("dictionary", {"dictionary": "local_chains"}),
        (
            "table",
            {
                "columns": [
                    {"code": "a", "label": "产业链", "kind": "dictionary", "dictionary": "local_chains"}
                ]
            },
        ),
    ],
)
def test_a_dictionary_that_nobody_has_loaded_keeps_a_call_from_being_published(call, kind, config):
    question(call, "chain", kind=kind, config=config)
    assert [message for _part, _where, message in errors(call)] == [
        "代码表“local_chains”还没有载入，请先在后台“代码表”中载入。"
    ]
    assert errors(call)[0][1].endswith("].config")
    chains = Dictionary.objects.create(code="local_chains", name="产业链", valid_from=date(2020, 1, 1))
    assert errors(call) == []
    empty = f"代码表“产业链”在 {local_date(call.closes_at)}（申报截止之日）没有有效的条目，申报人无从选择。"
    assert ("form", empty) in warnings(call)
    chains.entries.create(code="01", name="智能家电")
    assert not about_lists(call)
    Dictionary.objects.update(valid_to=date(2020, 12, 31))
    assert about_lists(call) == [empty]
    call.questions.filter(code="chain").delete()
    assert about_lists(call) == ["代码表“产业链”（local_chains）已经载入，但没有题目或条件使用。"]
    question(CallFactory(draft=True), "chain", kind=kind, config=config)
    assert not about_lists(call)


def test_an_empty_call_says_what_it_has_not_yet(call):
    bare = Call.objects.create(
        programme=call.programme,
        title="新通知",
        year=2026,
        sourcing="window",
        instrument="none",
        opens_at=timezone.now(),
        closes_at=timezone.now() + timedelta(days=30),
    )
    assert [message for _part, _where, message in errors(bare)] == [
        "通知正文是空的。",
        "还没有环节。",
        "申报表还没有任何部分。",
        "还没有申报条件。",
        "缺少环节“立项决定”。",
    ]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("answers.kind == 'other'", "题目“类别”没有选项“other”。"),
        ("'other' in answers.kind", "题目“类别”没有选项“other”。"),
        ("answers.kind in ['a', 'b']", "题目“类别”没有选项“a、b”。"),
        ("answers.late == 'x' && false", ""),
        ("false", "显示条件永远不成立，这道题没有人看得到。"),
        ("answers.shown == 'x'", "显示条件引用了本题自己，这道题没有人看得到。"),
        ("answers.kind == 'platform'", ""),
        ("answers.kind in ['a', 'platform']", ""),
    ],
)
def test_a_question_that_nobody_would_see_is_an_error(call, condition, sentence):
    question(call, "kind", kind="choice", label="类别", config=CHOICE)
    question(call, "shown", visible_when=condition)
    question(call, "late")
    expected = [("form", "sections[1].questions[5].visible_when", sentence)] if sentence else []
    assert errors(call) == expected


def test_what_depends_on_a_hidden_question_is_hidden_too(call):
    question(call, "never", label="甲", visible_when="false")
    question(call, "after", visible_when="answers.never == 'x'")
    assert [message for _part, _where, message in errors(call)] == [
        "显示条件永远不成立，这道题没有人看得到。",
        "显示条件引用的“甲”永远不显示。",
    ]


def test_a_condition_on_another_types_question_never_holds(call):
    one = call.types.create(code="one", name="一类", order=1)
    two = call.types.create(code="two", name="二类", order=2)
    first = Section.objects.create(call=call, code="a", title="甲", order=2, project_type=one)
    second = Section.objects.create(call=call, code="b", title="乙", order=3, project_type=two)
    question(call, "asked", section=first, label="问")
    question(call, "shown", section=second, visible_when="answers.asked == 'x'")
    assert errors(call) == [
        ("form", "sections[3].questions[1].visible_when", "显示条件引用的“问”属于另一个项目类别。")
    ]


def test_a_condition_on_a_later_question_is_doubtful(call):
    question(call, "shown", visible_when="answers.late == 'x'")
    question(call, "late", label="后问")
    assert ("form", "显示条件引用的“后问”排在这道题之后。") in warnings(call)
    assert errors(call) == []


def test_a_rule_that_compares_with_a_choice_that_is_not_there_is_an_error(call):
    question(call, "kind", kind="choice", label="类别", config=CHOICE)
    rule = {"text": "x", "clause": "", "scope": "project", "automation": "auto", "order": 9}
    EligibilityRule.objects.create(
        call=call, code="R9", expression="answers.kind != 'x' || answers.kind == 'y'", **rule
    )
    assert [row[1:] for row in errors(call) if row[0] == "rules"] == [
        ("rules[3].clause", "不能为空。"),
        ("rules[3].expression", "题目“类别”没有选项“y”。"),
    ]


def test_a_notice_with_an_english_title_lacks_each_text_without_english(call):
    rule = {"text": "在本市注册", "clause": "第三条", "scope": "unit", "automation": "manual", "order": 9}
    EligibilityRule.objects.create(call=call, code="D", text_en="Registered here", hint="请核对", **rule)
    lacking = ("rules", "没有英文（hint_en），英文界面显示中文。")
    Call.objects.filter(pk=call.pk).update(title_en="")
    call.refresh_from_db()
    assert lacking not in warnings(call)
    Call.objects.filter(pk=call.pk).update(title_en="Call")
    call.refresh_from_db()
    assert lacking in warnings(call)


def test_closing_on_a_rest_day_is_doubtful(call):
    CalendarDay.objects.create(date=date(2027, 5, 3), is_working=False, source="试")
    zone = timezone.get_default_timezone()
    opens, closes = datetime(2027, 3, 1, 9, tzinfo=zone), datetime(2027, 5, 3, 17, tzinfo=zone)
    Call.objects.filter(pk=call.pk).update(opens_at=opens, closes_at=closes)
    call.refresh_from_db()
    found = warnings(call, at=opens)
    assert ("basics", "截止时间在休息日，请确认。") in found
    assert ("basics", "截止时间已经过去。") not in found
    assert ("basics", "截止时间已经过去。") in warnings(call, at=closes)


@pytest.mark.parametrize(
    ("unit", "recommender", "expected"),
    [
        (-1, 5, [("call.unit_closes", "单位审核截止不能早于申报截止。")]),
        (2, 1, [("call.recommender_closes", "推荐截止不能早于申报截止和单位审核截止。")]),
        (None, -1, [("call.recommender_closes", "推荐截止不能早于申报截止和单位审核截止。")]),
        (1, 2, []),
    ],
)
def test_the_closing_moments_come_one_after_the_other(call, unit, recommender, expected):
    call.stages.create(kind="recommendation", days=5, order=9)
    call.stages.filter(kind="decision").update(order=10)
    call.stages.filter(kind="publicity").update(order=11)
    call.stages.filter(kind="formal_check").update(order=12)
    call.stages.filter(kind="formal_check").delete()
    call.unit_closes_at = call.closes_at + timedelta(days=unit) if unit else None
    call.recommender_closes_at = call.closes_at + timedelta(days=recommender)
    call.save()
    assert [(where, message) for _part, where, message in errors(call)] == expected


def test_lists_and_quotas_must_mean_something(call):
    call.is_invitation_only = True
    call.save()
    call.entries.create(code="same", name="本通知", title=call.title, order=1)
    call.invitations.create(credit_code="91370212MA3C4R5T6X", name="甲公司")
    call.quotas.create(of="unit", formula="unit.nothing > 1 ? 1 : 2", order=1)
    found = [(part, where) for part, where, _message in errors(call)]
    assert found == [
        ("access", "quotas[1].formula"),
        ("access", "invitations[1].credit_code"),
        ("access", "entries[1].title"),
    ]


def test_a_milestone_behind_the_longest_period_and_an_unlimited_topic_are_doubtful(call):
    rule = {"text": "x", "clause": "第三条", "scope": "project", "automation": "auto", "order": 9}
    EligibilityRule.objects.create(
        call=call, code="D", expression="project.months <= params.most", params={"most": 24}, **rule
    )
    common = {"call": call, "deliverable": "报告", "clause": ""}
    MilestoneTemplate.objects.create(code="m1", name="验收", offset_months=30, order=1, **common)
    MilestoneTemplate.objects.create(code="m2", name="中期", offset_months=12, order=2, **common)
    MilestoneTemplate.objects.create(code="m3", name="决算", by_date=call.closes_at.date(), order=3, **common)
    MilestoneTemplate.objects.create(code="m4", name="档案", months_after_end=3, order=4, **common)
    call.topics.create(number="1", title="方向", content="内容", listed_at=call.opens_at)
    Call.objects.filter(pk=call.pk).update(cap=None)
    call.refresh_from_db()
    found = warnings(call)
    assert ("milestones", "在开始后第 30 个月，超过最长执行期 24 个月。") in found
    assert ("milestones", "比前一个里程碑还早。") in found
    assert ("milestones", "统一日期不晚于申报截止。") in found
    assert ("topics", "没有写额度，通知也没有资助上限：申请多少都可以。") in found


def test_a_money_clause_needs_what_its_kind_needs(call):
    own = {"sources": ["own"], "against": ["own"], "rate": Decimal(1)}
    MoneyRule.objects.create(call=call, code="M1", kind="ratio", text="配套", clause="第三条", order=1, **own)
    MoneyRule.objects.create(call=call, code="M2", kind="share", text="占比", clause="第三条", order=2)
    assert errors(call) == [
        ("clauses", "money.rules[1].against", "同一来源不能既在分子又在分母。"),
        ("clauses", "money.rules[2].rate", "“占基数的比例上限”须填写“比例”。"),
        ("clauses", "money.rules[2].base", "“占基数的比例上限”须填写“基数（CEL，元）”。"),
    ]


# ---- publishing ----


def test_errors_stop_publication_by_any_door(call):
    Call.objects.filter(pk=call.pk).update(notice="第一条 为测试而发。")
    call.refresh_from_db()
    with pytest.raises(Refused) as refused:
        publish_call(call=call, by=None, at=timezone.now())
    assert "通知正文里没有“第三条”" in refused.value.message
    call.refresh_from_db()
    assert call.state == "draft"


def test_warnings_need_a_tick(call):
    assert warnings(call)
    with pytest.raises(Refused) as refused:
        actions.publish(call=call, accepts_warnings=False, by=None, at=timezone.now())
    assert refused.value.field == "accepts_warnings"
    actions.publish(call=call, accepts_warnings=True, by=None, at=timezone.now())
    call.refresh_from_db()
    assert call.state == "published"


def test_who_recommends_is_said_of_its_step_and_a_choice_needs_a_list(call):
    """And all of it comes back from a pack as it was."""
    kinds = ("recommendation", "formal_check", "decision", "publicity")
    call = CallFactory(draft=True, parts__stages=kinds)
    step = call.stages.filter(kind="recommendation")
    step.update(recommended_by="chosen")
    call.quotas.create(of="recommender", region="3702", number=2, order=1)
    assert errors(call) == [
        ("access", "recommenders", "由申报人选择推荐单位，但推荐单位名单是空的。"),
        ("access", "quotas[1].region", "不是按区域推荐，推荐单位的限额不能按区域。"),
    ]
    call.quotas.all().delete()
    call.recommenders.create(credit_code="91370200163562681G", name="琴岛银行")
    assert errors(call) == []
    pack = packs.dump(call)
    again, _source = packs.parse(packs.write(pack), today=timezone.localdate())
    assert again.recommenders == pack.recommenders
    assert again.stages[0].recommended_by == "chosen"
    step.update(recommended_by="authority")
    text = "有推荐单位名单，但推荐审核环节没有写由申报人选择，名单不起作用。"
    assert ("access", text) in warnings(call)


@pytest.mark.parametrize(
    ("given", "faulty"),
    [
        ({"offset_months": "12"}, []),
        ({"months_after_end": "3"}, []),
        ({"by_date": "2030-03-15"}, []),
        ({}, ["offset_months"]),
        ({"by_date": "2030-03-15", "check_by_date": "2030-04-01"}, []),
        ({"by_date": "2030-03-15", "check_by_date": "2030-03-01"}, ["check_by_date"]),
        ({"offset_months": "12", "months_after_end": "3"}, ["months_after_end"]),
        ({"by_date": "2030-03-15", "months_after_end": "3"}, ["months_after_end"]),
    ],
)
def test_a_milestone_is_due_in_one_of_three_ways(call, given, faulty):
    data = {"name": "验收", "kind": "milestone", "deliverable": "报告", "check_days": "10", "code": "m9"}
    form = MilestoneForm(data | given, call=call)
    form.is_valid()
    assert list(form.errors) == faulty
