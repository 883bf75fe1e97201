"""What a conclusion of the acceptance does to the money: shares, figures, premiums, and what comes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F
from django.urls import reverse

from core.calendar import local_date
from core.workflow import Refused
from finance import actions
from finance.models import Commitment, Instalment, InstalmentTemplate, Refund
from finance.states import InstalmentState
from grants.models import Question, Section
from milestones import actions as milestones
from milestones.models import AcceptanceGrade, AcceptanceScheme, MilestoneTemplate
from tests.factories.grants import CallFactory, in_order
from tests.factories.milestones import AT, PLAN, TEMPLATES, agreement, hand_in, milestone_of, people_of
from tests.factories.reviews import publish
from tests.finance.helpers import budget, decide, instalment_of, pay, payment_deadline

pytestmark = pytest.mark.django_db
GRADES = (
    {"code": "excellent", "name": "优秀", "premium": 50_000, "clause": "第十五条"},
    {"code": "passed", "name": "合格", "share": 80},
    {
        "code": "failed",
        "name": "不合格",
        "passes": False,
        "refund": 50,
        "refund_days": 45,
        "clause": "第十六条",
    },
)


def project(*, formula="", left=1_000_000, grades=GRADES, valid_when=""):
    """(agreement of 50 万元 with the budget held, its people): 30 on signing, 20 by the final acceptance."""
    call = CallFactory(draft=True)
    rows = (TEMPLATES[0], TEMPLATES[1] | {"needs_demander_opinion": False})
    in_order(MilestoneTemplate, rows, call=call, deliverable="按通知")
    in_order(InstalmentTemplate, (PLAN[0], PLAN[1] | {"formula": formula}), call=call)
    AcceptanceScheme.objects.create(call=call, milestone_code="final", panel_size=0, clause="第十二条")
    in_order(AcceptanceGrade, grades, call=call)
    section = Section.objects.create(call=call, form="acceptance", title="验收", code="a", order=1)
    in_order(
        Question,
        (
            {
                "code": "sales",
                "kind": "number",
                "label": "销售额",
                "is_required": False,
                "valid_when": valid_when,
            },
        ),
        call=call,
        section=section,
    )
    found = agreement(call=publish(call))
    application = found.award.application
    money = budget(application.call, left)
    actions.commit(decision=decide(application), by=application.created_by, at=AT)
    return found, people_of(found), money


def conclude(found, people, grade, *, sales=None, at=AT):
    milestone = milestone_of(found, "final")
    if sales is not None:
        said = {"answers": {"sales": str(sales)}, "by": people["team"], "at": at}
        milestones.save_form(milestone=milestone, **said)
    report = hand_in(milestone, at=at)
    said = {"outcome": "accepted", "note": "验收组意见", "grade": grade}
    return milestones.conclude(report=report, **said, by=people["manager"], at=at)


def test_a_grade_pays_its_share_and_the_rest_is_free_again():
    found, people, money = project()
    conclude(found, people, "passed")
    last = instalment_of(found, "尾款")
    assert (last.amount, last.withheld, last.payable, last.state) == (200_000, 40_000, 160_000, "due")
    assert last.withheld_reason == "“合格”付 80%"
    money.refresh_from_db()
    assert money.committed == 460_000
    pay(instalment_of(found), by=people["finance"])
    with pytest.raises(Refused, match="超出拨款"):
        pay(last, by=people["finance"], amount=Decimal(160_001))
    pay(last, by=people["finance"])
    last.refresh_from_db()
    assert (last.state, last.paid) == (InstalmentState.PAID, 160_000)


def test_a_premium_is_paid_beside_the_award_within_the_budget():
    found, people, money = project()
    conclude(found, people, "excellent")
    premium = Instalment.objects.get(agreement=found, is_premium=True)
    assert (premium.amount, premium.state, premium.clause) == (50_000, "due", "第十五条")
    assert payment_deadline(premium) is not None
    assert instalment_of(found, "尾款").withheld == 0
    money.refresh_from_db()
    assert money.committed == 550_000


def test_a_premium_that_the_budget_does_not_hold_stops_the_conclusion():
    found, people, money = project(left=520_000)
    with pytest.raises(Refused, match="年度预算") as refused:
        conclude(found, people, "excellent")
    assert (refused.value.field, refused.value.clause) == ("outcome", "第十五条")
    assert milestone_of(found, "final").state == "submitted"
    money.refresh_from_db()
    assert money.committed == 500_000


def test_who_fails_gets_nothing_more_and_pays_back_what_the_notice_says():
    found, people, money = project()
    pay(instalment_of(found), by=people["finance"])
    conclude(found, people, "failed")
    last = instalment_of(found, "尾款")
    assert (last.state, last.withheld) == (InstalmentState.CANCELLED, 200_000)
    refund = Refund.objects.get(agreement=found)
    assert (refund.amount, refund.clause) == (150_000, "第十六条")
    assert refund.due_date == local_date(AT) + timedelta(days=45)
    assert "不合格" in refund.reason
    money.refresh_from_db()
    assert money.committed == 300_000


def test_who_fails_before_anything_was_paid_owes_nothing():
    found, people, _money = project()
    conclude(found, people, "failed")
    assert not Refund.objects.exists()


def test_the_amount_follows_from_the_reported_figures():
    formula = "min(times(answers.sales, 0.05), 500000.0)"
    found, people, money = project(formula=formula)
    conclude(found, people, "passed", sales=3_000_000)
    last = instalment_of(found, "尾款")
    # 3 000 000 × 5 % = 150 000, of which 80 %.
    assert (last.payable, last.state) == (120_000, "due")
    assert last.withheld_reason == "按填报的数据计算为 15 万元，“合格”付 80%"
    money.refresh_from_db()
    assert money.committed == 420_000


@pytest.mark.parametrize(("sales", "payable", "state"), [(99_000_000, 200_000, "due"), (0, 0, "cancelled")])
def test_the_figures_give_at_most_the_planned_amount_and_at_least_nothing(sales, payable, state):
    found, people, _money = project(formula="times(answers.sales, 0.05)")
    conclude(found, people, "excellent", sales=sales)
    last = instalment_of(found, "尾款")
    assert (last.payable, last.state) == (payable, state)


def test_without_the_figures_nothing_is_concluded():
    found, people, _money = project(formula="times(answers.sales, 0.05)")
    with pytest.raises(Refused, match="现在还算不出") as refused:
        conclude(found, people, "passed")
    assert (refused.value.field, refused.value.clause) == ("outcome", "第十四条")
    assert instalment_of(found, "尾款").state == InstalmentState.PLANNED


def test_the_formula_reads_indicators_and_what_was_paid():
    formula = "indicators.exists(i, i.value > 0.0) ? 1.0 : max(award.paid, 70000.0)"
    found, people, _money = project(formula=formula)
    pay(instalment_of(found), by=people["finance"], amount=Decimal(90_000))
    conclude(found, people, "excellent")
    assert instalment_of(found, "尾款").payable == 90_000


def test_the_database_keeps_payments_within_what_is_payable_and_premiums_apart():
    found, people, _money = project()
    conclude(found, people, "passed")
    last = Instalment.objects.filter(pk=instalment_of(found, "尾款").pk)
    for change in ({"paid": F("amount")}, {"withheld": -1}, {"is_premium": True}, {"formula": "1.0"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            last.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Commitment.objects.update(adjusted=-600_000)


def test_finance_and_team_read_why_it_is_less(client):
    found, people, _money = project()
    conclude(found, people, "passed")
    client.force_login(people["finance"])
    address = reverse("admin:finance_instalment_change", args=[instalment_of(found, "尾款").pk])
    assert "16 万元（“合格”付 80%）" in client.get(address).content.decode()
    client.force_login(people["team"])
    page = client.get(reverse("portal:project", args=[found.pk])).content.decode()
    assert "“合格”付 80%" in page


def test_whoever_has_spent_too_little_of_the_award_hands_nothing_in():
    found, people, _money = project(valid_when="report.spent_amount >= times(award.amount, 0.8)")
    milestone = milestone_of(found, "final")
    said = {"answers": {"sales": "1"}, "by": people["team"], "at": AT}
    assert milestones.save_form(milestone=milestone, **said) == {}, "nothing is known of it yet"
    with pytest.raises(Refused, match="销售额"):
        hand_in(milestone, spent_amount=Decimal(399_999))
    assert hand_in(milestone, spent_amount=Decimal(400_000)).number == 1
