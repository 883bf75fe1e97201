"""Questions on the desk and the preview of the form."""

import pytest
from django.urls import reverse

from accounts.models import Organisation
from accounts.roles import Role
from applications.models import Answer, Application
from grants.models import EligibilityRule, Question, QuestionKind, Section
from tests.factories.accounts import officer
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


@pytest.fixture
def call():
    return CallFactory(draft=True)


@pytest.fixture
def manager(client, call):
    user = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    client.force_login(user)
    return user


def add(client, call, kind, *, columns=(), **fields):
    """Send a new question as the page does."""
    section = call.sections.order_by("order").first()
    data = {"label": "新题", "kind": kind, "section": section.pk, "config-sent": "1", "do": "stay"}
    data |= {"columns-TOTAL_FORMS": len(columns), "columns-INITIAL_FORMS": 0}
    for number, column in enumerate(columns):
        data |= {f"columns-{number}-{name}": value for name, value in column.items()}
    return client.post(f"{at('question_add', call.pk)}?section={section.pk}", data | fields)


@pytest.mark.parametrize(
    ("kind", "fields", "config"),
    [
        ("line", {"c-max_length": "50"}, {"max_length": 50}),
        ("text", {"c-max_words": "800", "c-unit": "不用的"}, {"max_words": 800}),
        (
            "number",
            {"c-unit": "级", "c-min": "1", "c-max": "9", "c-decimals": "1"},
            {"unit": "级", "min": 1, "max": 9, "decimals": 1},
        ),
        ("choice", {"c-choices": "甲\n乙"}, {"choices": ["甲", "乙"]}),
        (
            "choices",
            {"c-choices": "a | 甲 | A\nb｜乙"},
            {"choices": [{"value": "a", "label": "甲", "label_en": "A"}, {"value": "b", "label": "乙"}]},
        ),
        (
            "attachment",
            {"c-endings": "pdf、docx", "c-max_bytes": "5", "c-max_count": "2"},
            {"endings": ["pdf", "docx"], "max_bytes": 5 * 1024 * 1024, "max_count": 2},
        ),
        ("indicators", {"c-min_rows": "2", "c-years": "2026、2027"}, {"min_rows": 2, "years": [2026, 2027]}),
        ("indicators", {"c-years": "3"}, {"years": 3}),
        (
            "computed",
            {"c-expression": "answers.trl * 2.0", "c-unit": "级"},
            {"expression": "answers.trl * 2.0", "unit": "级"},
        ),
        ("line", {"c-rest": '{"max_length": 30}'}, {"max_length": 30}),
    ],
)
def test_settings_are_fields_not_json(client, manager, call, kind, fields, config):
    response = add(client, call, kind, **fields)
    assert response.status_code == 302, (
        response.context["form"].errors,
        response.context["form"].settings.errors,
    )
    question = Question.objects.get(call=call, label="新题")
    assert (question.code, question.config, question.order) == ("q1", config, 4)
    assert client.get(at("question", call.pk, question.pk)).status_code == 200


def test_columns_of_a_table_are_rows(client, manager, call):
    columns = (
        {"label": "金额", "kind": "money", "total": "on", "ORDER": 2, "code": "amount"},
        {"label": "类型", "kind": "choice", "choices": "甲、乙", "required": "on", "ORDER": 1},
        {"label": "", "kind": "line", "ORDER": 3, "DELETE": "on"},
    )
    checks = {"c-checks": "totals.amount <= 5000000.0 => 合计不得超过 500 万元", "c-max_rows": "5"}
    response = add(client, call, "table", columns=columns, **checks)
    assert response.status_code == 302, response.context["form"].errors
    question = Question.objects.get(call=call, label="新题")
    assert question.config == {
        "max_rows": 5,
        "checks": [{"when": "totals.amount <= 5000000.0", "message": "合计不得超过 500 万元"}],
        "columns": [
            {"label": "类型", "kind": "choice", "required": True, "code": "c1", "choices": ["甲", "乙"]},
            {"label": "金额", "kind": "money", "total": True, "code": "amount"},
        ],
    }
    page = client.get(at("question", call.pk, question.pk)).content.decode()
    assert "totals.amount &lt;= 5000000.0 =&gt; 合计不得超过 500 万元" in page


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("choice", {}, "选择题至少要有一个选项。"),
        ("table", {}, "表格至少要有一列。"),
        ("number", {"c-min": "9", "c-max": "1"}, "最大值小于最小值。"),
        ("line", {"c-rest": '{"nonsense": 1}'}, "“单行文字”没有“nonsense”这一设置。"),
        ("line", {"c-rest": "{"}, "不是有效的 JSON"),
        ("line", {"code": "trl"}, "代码“trl”已经用过。"),
        (
            "line",
            {"shown_when": "custom", "visible_when": "answers.nix == 1"},
            "没有名为“answers.nix”的数据项",
        ),
        ("line", {"valid_when": "value >"}, "表达式写法有误"),
        ("computed", {}, "自动计算的题目要有表达式"),
    ],
)
def test_a_wrong_setting_is_said_and_nothing_is_saved(client, manager, call, kind, fields, sentence):
    response = add(client, call, kind, **fields)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert call.questions.count() == 3


def test_when_a_question_is_shown_is_chosen_from_the_answers_before(client, manager, call):
    add(client, call, "choice", **{"c-choices": "a | 甲\nb | 乙", "code": "pick"})
    page = client.get(f"{at('question_add', call.pk)}?section={call.sections.get().pk}")
    groups = dict(page.context["form"].fields["shown_when"].choices[1:-1])
    assert groups == {"新题": [("answers.pick == 'a'", "新题 = 甲"), ("answers.pick == 'b'", "新题 = 乙")]}
    add(client, call, "line", shown_when="answers.pick == 'b'", code="then")
    question = Question.objects.get(call=call, code="then")
    assert question.visible_when == "answers.pick == 'b'"
    form = client.get(at("question", call.pk, question.pk)).context["form"]
    assert form.fields["shown_when"].initial == "answers.pick == 'b'"


def test_a_question_moves_to_the_end_of_another_section(client, manager, call):
    other = Section.objects.create(call=call, code="more", title="其他", order=2)
    question = call.questions.get(code="trl")
    data = {"label": "技术成熟度", "kind": "number", "section": other.pk, "code": "trl", "config-sent": "1"}
    data |= {"columns-TOTAL_FORMS": 0, "columns-INITIAL_FORMS": 0, "c-min": "1", "c-max": "9"}
    assert client.post(at("question", call.pk, question.pk), data).status_code == 302
    question.refresh_from_db()
    assert (question.section, question.order, question.is_required) == (other, 1, False)


def test_a_section_is_added_at_the_end_with_a_code(client, manager, call):
    client.post(at("section_add", call.pk), {"title": "考核指标", "form": "application", "do": "question"})
    section = call.sections.get(title="考核指标")
    assert (section.code, section.order) == ("section1", 2)


# ---- preview ----


def test_the_preview_is_the_applicants_form_and_stores_nothing(client, manager, call):
    page = client.get(at("preview", call.pk))
    assert page.status_code == 200
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    section = call.sections.order_by("order").first()
    taken = {"kind": QuestionKind.MONEY, "config": {"from_record": "revenue", "record_year": -1}}
    Question.objects.create(call=call, section=section, code="sales", label="上年收入", order=90, **taken)
    frame = client.get(at("preview_form", call.pk))
    body = frame.content.decode()
    # What the record of a unit would answer is shown of a made-up one, and said to be that.
    assert body.count("示例数值，不是真实数据。") == 1
    assert 'value="1234"' in body
    assert not Organisation.objects.filter(name="示例单位").exists()
    shown = ("项目名称", "技术路线", "技术成熟度", "方案书", "第六条", "项目负责人", "计划里程碑")
    for text in shown:
        assert text in body
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert not Application.objects.exists()


def test_the_preview_answers_conditions_and_faults_and_forgets(client, manager, call):
    Question.objects.create(
        call=call,
        section=call.sections.get(),
        code="why",
        kind="line",
        label="为什么",
        visible_when="answers.trl < 4",
        valid_when="value.size() > 3",
        valid_message="请写得详细些。",
        order=9,
    )
    address = at("preview_form", call.pk)
    assert client.post(address, {"a-trl": "7"}).json()["shown"]["why"] is False
    answer = client.post(address, {"a-trl": "3", "a-why": "短"}).json()
    assert answer["shown"] == {"route": True, "trl": True, "plan": True, "why": True}
    assert answer["faults"] == {"why": ["请写得详细些。"]}
    wrong = client.post(address, {"a-trl": "很高"}).json()
    assert set(wrong["faults"]) == {"trl"}
    assert not Answer.objects.exists()
    assert not Application.objects.exists()


def test_the_preview_shows_what_the_project_type_is_asked(client, manager, call):
    one = call.types.create(code="one", name="一类", order=1)
    call.types.create(code="two", name="二类", order=2)
    section = Section.objects.create(call=call, code="only", title="一类专用", order=2, project_type=one)
    Question.objects.create(call=call, section=section, code="x", kind="line", label="甲", order=1)
    assert "一类专用" in client.get(f"{at('preview_form', call.pk)}?type=one").content.decode()
    assert "一类专用" not in client.get(f"{at('preview_form', call.pk)}?type=two").content.decode()
    assert client.get(f"{at('preview_form', call.pk)}?form=nonsense").status_code == 404


def test_a_published_form_is_previewed_too(client, manager, call):
    published = CallFactory(programme=call.programme)
    assert client.post(at("preview_form", published.pk), {"a-trl": "7"}).status_code == 200


def test_the_preview_judges_people_budget_and_milestones_too(client, manager, call):
    call.rules.all().delete()
    EligibilityRule.objects.create(
        call=call,
        code="months",
        text="执行期不超过24个月",
        clause="第三条",
        scope="project",
        automation="auto",
        expression="project.months <= 24",
        order=1,
    )
    rows = {"milestones-TOTAL_FORMS": 1, "milestones-INITIAL_FORMS": 0, "milestones-0-name": "样机"}
    typed = {"title": "x", "starts_date": "2027-01-01", "ends_date": "2029-12-31"}

    found = client.post(at("preview_form", call.pk), rows | typed).json()

    assert [line["text"] for line in found["lines"] if line["clause"] == "第三条"] == ["执行期不超过24个月"]
    assert found["inputs"]["milestones-0-due_date"] == ["请填写计划日期。"]
    assert not Application.objects.exists()
