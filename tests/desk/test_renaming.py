"""A code with a new name: what names it follows, or the new name is refused with the places."""

from decimal import Decimal

import pytest

from core.workflow import Refused
from desk import renaming
from desk.forms import judging, notice
from finance.models import InstalmentTemplate
from grants.models import (
    BudgetCategory,
    ClaimScheme,
    EligibilityRule,
    MoneyRule,
    ProjectType,
    Question,
    Section,
)
from milestones.models import MilestoneTemplate
from tests.factories.reviews import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    """A draft in which everything names something else."""
    call = CallFactory()
    ProjectType.objects.create(call=call, code="key", name="重点", order=1)
    section = Section.objects.create(call=call, code="s", title="部分", order=1)
    columns = [{"code": "amount", "label": "金额", "kind": "money"}]
    rows = [
        (
            "invoices",
            "table",
            {"columns": columns, "checks": [{"when": "rows.size() > 0", "message": "空"}]},
            "",
        ),
        ("total", "computed", {"expression": "sum(answers.invoices.map(r, r.amount))"}, ""),
        ("note", "line", {}, "answers.invoices != null && 'answers.invoices' != ''"),
    ]
    for order, (code, kind, config, shown) in enumerate(rows, start=1):
        Question.objects.create(
            call=call,
            section=section,
            code=code,
            kind=kind,
            label=code,
            config=config,
            visible_when=shown,
            order=order,
        )
    EligibilityRule.objects.create(
        call=call,
        code="R1",
        text="条文",
        clause="一",
        scope="project",
        automation="auto",
        expression="project.type == 'key' ? size(project.answers.invoices) > 1 : budget.categories.equip > 0",
        order=1,
    )
    BudgetCategory.objects.create(call=call, code="equip", name="设备费", order=1)
    MoneyRule.objects.create(
        call=call,
        code="M1",
        kind="category_share",
        text="占比",
        clause="二",
        rate=Decimal("0.5"),
        base="budget.categories.equip * 2.0",
        categories=["equip"],
        order=1,
    )
    MoneyRule.objects.create(
        call=call,
        code="M2",
        kind="intensity",
        text="强度",
        clause="二",
        base="answers.total",
        row="unit.kind",
        column="project.type",
        matrix={"enterprise": {"key": "0.5"}},
        order=2,
    )
    ClaimScheme.objects.create(call=call, question="invoices", column="amount")
    MilestoneTemplate.objects.create(call=call, code="m1", name="样机", deliverable="样机", order=1)
    InstalmentTemplate.objects.create(
        call=call, name="一", share=100, condition="milestone", milestone_code="m1", order=1
    )
    return call


def texts(call) -> str:
    return " ".join(place.text for place in renaming.expressions_of(call))


def test_the_name_of_a_question_is_carried_to_every_expression_and_list(call):
    places = renaming.carry(call, Question, {"invoices": "bills"})

    assert len(places) == 4
    assert "answers.invoices" not in texts(call).replace("'answers.invoices'", "")
    # What stands in quotes is a text, not a name.
    assert "'answers.invoices'" in texts(call)
    assert "project.answers.bills" in call.rules.get().expression
    assert ClaimScheme.objects.get(call=call).question == "bills"


def test_two_codes_may_change_places(call):
    renaming.carry(call, Question, {"total": "invoices", "invoices": "total"})

    assert (
        call.questions.get(code="total", kind="computed")
        .config["expression"]
        .startswith("sum(answers.total.")
    )
    assert call.money_rules.get(code="M2").base == "answers.invoices"


def test_a_budget_row_is_followed_in_formulas_and_by_name_at_once(call):
    renaming.carry(call, BudgetCategory, {"equip": "devices"})

    rule = call.money_rules.get(code="M1")
    assert (rule.base, rule.categories) == ("budget.categories.devices * 2.0", ["devices"])


def test_a_type_is_followed_where_it_is_compared_and_in_tables_of_rates(call):
    renaming.carry(call, ProjectType, {"key": "major"})

    assert "project.type == 'major'" in call.rules.get().expression
    assert call.money_rules.get(code="M2").matrix == {"enterprise": {"major": "0.5"}}


def test_what_no_machine_can_follow_is_refused_with_its_places_and_nothing_changes(call):
    call.rules.update(expression="['key', 'other'].exists(k, k == project.type)")

    with pytest.raises(Refused) as refused:
        renaming.carry(call, ProjectType, {"key": "major"})

    assert "R1" in refused.value.message
    assert call.money_rules.get(code="M2").matrix == {"enterprise": {"key": "0.5"}}


def test_milestones_take_their_instalments_along_on_the_desk(call):
    page = judging.Milestones(None, call=call, prefix="milestones")
    row = page.forms[0]
    data = {"milestones-TOTAL_FORMS": 1, "milestones-INITIAL_FORMS": 1}
    for bound in row:
        value = bound.field.widget.format_value(bound.value())
        if value not in (None, "", "False"):
            data[bound.html_name] = value[0] if isinstance(value, list) else value
    page = judging.Milestones(data | {"milestones-0-code": "prototype"}, call=call, prefix="milestones")

    assert page.is_valid(), page.errors
    page.store()

    assert InstalmentTemplate.objects.get(call=call).milestone_code == "prototype"


def test_columns_that_are_read_are_not_dropped(call):
    question = call.questions.get(code="invoices")
    question.call = call

    with pytest.raises(Refused) as refused:
        renaming.check_columns(question, {"amount"})

    assert refused.value.message.count("amount →") == 2


def test_a_rule_that_replaces_another_is_not_renamed_alone(call):
    kind = call.types.get()
    rule = EligibilityRule.objects.create(
        call=call,
        project_type=kind,
        code="R1",
        text="类别条文",
        clause="一",
        scope="unit",
        automation="manual",
        order=2,
    )

    with pytest.raises(Refused):
        renaming.check_rule(rule, "R1")


def test_rows_of_types_are_renamed_on_the_desk(call):
    kind = call.types.get()
    data = {
        "types-TOTAL_FORMS": 1,
        "types-INITIAL_FORMS": 1,
        "types-0-id": kind.pk,
        "types-0-code": "major",
        "types-0-name": "重点",
        "types-0-ORDER": 1,
    }
    page = notice.Types(data, call=call, prefix="types")

    assert page.is_valid(), page.errors
    page.store()

    assert "'major'" in call.rules.get().expression
