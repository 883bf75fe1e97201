"""Two people at once, each on a database connection of their own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from awards import actions
from awards.models import Award, Decision, Objection, Outcome
from core.workflow import Lost, Refused
from finance.models import Appropriation, Commitment
from reviews import actions as reviews
from reviews.models import Assignment
from tests.factories.awards import NOW, leader, publicised, to_decide
from tests.factories.reviews import ApplicationFactory, ExpertFactory, manager_of, panel_call
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def deciding(application, by, **changed):
    terms = {
        "outcome": Outcome.FUND,
        "amount": Decimal(500_000),
        "reason": "符合支持方向",
        "by": by,
        "at": NOW,
    } | changed
    return lambda: actions.decide(application=application, **terms)


def test_of_two_people_who_decide_at_once_one_wins_and_the_other_reads_that_it_is_lost():
    application = to_decide()

    results = at_once(
        deciding(application, manager_of(application.call)),
        deciding(application, leader(), amount=Decimal(400_000)),
    )

    assert {type(result) for result in results} == {Decision, Lost}
    won = next(result for result in results if isinstance(result, Decision))
    assert Decision.objects.get().amount == won.amount
    assert Commitment.objects.get().amount == won.amount


def test_the_years_budget_holds_when_two_projects_are_decided_at_once():
    call = panel_call()
    first, second = (to_decide(call=call) for _n in range(2))
    Appropriation.objects.update(amount=Decimal(600_000))
    manager = manager_of(call)

    results = at_once(deciding(first, manager), deciding(second, manager))

    assert {type(result) for result in results} == {Decision, Refused}
    assert Commitment.objects.count() == 1


def test_a_notice_ends_once_however_many_press_the_button():
    notice = publicised(at=NOW)
    manager = manager_of(notice.call)
    later = NOW + timedelta(days=30)

    def close():
        return actions.close_publicity(publicity=type(notice).objects.get(), by=manager, at=later)

    results = at_once(close, close, close)

    assert sum(isinstance(result, list) for result in results) == 1
    assert Award.objects.count() == 1


def test_an_objection_and_the_end_of_the_notice_come_one_after_the_other():
    notice = publicised(at=NOW)
    last = datetime(2026, 5, 15, 15, 59, 59, tzinfo=UTC)
    person = {"name": "李建国", "phone": "13812345678", "text": "该项目与已立项项目内容重复。"}

    results = at_once(
        lambda: actions.object(publicity=notice, item=None, at=last, **person),
        lambda: actions.close_publicity(
            publicity=notice, by=manager_of(notice.call), at=last + timedelta(seconds=2)
        ),
    )

    filed, closed = (not isinstance(result, Refused) for result in results)
    # Whichever came first, never both: no award stands beside an objection nobody has heard.
    assert filed != closed
    assert (Objection.objects.count(), Award.objects.count()) == (int(filed), int(closed))


def test_two_managers_neither_overfill_a_panel_nor_a_year():
    call = panel_call(scheme={"panel_size": 1})
    application = ApplicationFactory(call=call)
    managers = [manager_of(call), manager_of(call)]

    def inviting(target, expert, by):
        return lambda: reviews.invite(application=target, expert=expert, by=by, at=NOW)

    results = at_once(*(inviting(application, ExpertFactory(), by) for by in managers))
    assert {type(result) for result in results} == {Assignment, Refused}

    expert = ExpertFactory(max_per_year=1)
    results = at_once(*(inviting(ApplicationFactory(call=call), expert, by) for by in managers))
    assert {type(result) for result in results} == {Assignment, Refused}
    assert Assignment.objects.count() == 2
