"""The notice of proposed awards, its period and its end."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from applications.models import Application
from applications.states import ApplicationState
from awards import actions, queries
from awards.models import Award, Outcome, PublicityItem
from core import calendar
from core.workflow import Refused
from grants.models import StageKind
from notifications.models import Deadline
from tests.factories.awards import (
    LATER,
    NOW,
    OBJECTOR,
    agreement_of,
    beside,
    decide,
    publicised,
    to_decide,
)
from tests.factories.grants import CallFactory
from tests.factories.reviews import ApplicationFactory, manager_of, panel_call

pytestmark = pytest.mark.django_db
S = ApplicationState


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2023, 4, 27), 5, date(2023, 5, 6)),
        (date(2019, 5, 29), 5, date(2019, 6, 4)),
        (date(2023, 10, 27), 6, date(2023, 11, 3)),
        (date(2025, 10, 9), 6, date(2025, 10, 15)),
    ],
)
def test_the_period_counts_the_first_day_and_the_days_that_are_moved(start, days, end, holidays):
    call = panel_call(publicity_days=days)
    application = to_decide(call=call)
    decide(application)
    at = datetime(start.year, start.month, start.day, 8, tzinfo=timezone.get_default_timezone())

    notice = actions.publicise(call=call, applications=[application], by=manager_of(call), at=at)

    assert (notice.starts_date, notice.ends_date) == (start, end)
    assert notice.explanation == f"自 {start} 起 {days} 个工作日（含首日），依据第八条"


def test_a_notice_takes_several_lines_as_they_were_decided():
    notice = publicised(3, at=NOW)

    assert notice.items_total == 3
    assert {item.amount for item in notice.items.all()} == {Decimal(500_000)}
    assert set(Application.objects.values_list("state", flat=True)) == {S.PUBLICITY}
    deadline = Deadline.objects.get(kind="publicity_end")
    assert (deadline.subject, deadline.explanation) == (notice, notice.explanation)
    assert timezone.localtime(deadline.due_at).date() == notice.ends_date


def test_nothing_is_published_that_is_not_proposed():
    call = panel_call()
    funded, reserve, undecided = (to_decide(call=call) for _n in range(3))
    decide(funded)
    decide(reserve, outcome=Outcome.RESERVE)

    for wrong in (reserve, undecided, ApplicationFactory(reached=S.DECISION)):
        with pytest.raises(Refused):
            actions.publicise(call=call, applications=[funded, wrong], by=manager_of(call), at=NOW)

    assert not PublicityItem.objects.exists()
    assert Application.objects.get(pk=funded.pk).state == S.DECISION


def test_a_line_is_published_once():
    notice = publicised(at=NOW)
    application = notice.items.get().application

    with pytest.raises(Refused):
        actions.publicise(call=notice.call, applications=[application], by=manager_of(notice.call), at=NOW)


def test_only_the_departments_managers_publish(subtests):
    application = to_decide()
    decide(application)
    for name, by in beside(application, "other_manager", "leader", "finance", "admin", "stranger").items():
        with subtests.test(name), pytest.raises(Refused):
            actions.publicise(call=application.call, applications=[application], by=by, at=NOW)
    assert not PublicityItem.objects.exists()


def test_the_end_of_the_period_awards_every_line_with_a_number_and_an_agreement():
    notice = publicised(2, at=NOW)

    awards = actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=LATER)

    assert [award.amount for award in awards] == [Decimal(500_000)] * 2
    assert len({award.number for award in awards}) == 2
    application = Application.objects.first()
    agreement = agreement_of(application)
    assert application.state == S.AGREEMENT
    assert (agreement.starts_date, agreement.ends_date) == (date(2026, 9, 1), date(2028, 8, 31))
    # 600 000 asked for, 500 000 granted: the unit raises the rest beside its own 600 000.
    assert agreement.own_amount == Decimal(700_000)
    deadline = Deadline.objects.filter(kind="agreement_signing").first()
    assert deadline.explanation == "自 2026-06-10 立项起 30 日内签订，依据第九条"
    assert Deadline.objects.get(kind="publicity_end").state == "met"


def test_the_notice_may_name_one_moment_for_every_signature():
    call, until = CallFactory(draft=True, parts__stages=("decision", "agreement")), NOW + timedelta(days=3)
    call.stages.filter(kind="agreement").update(until=until)
    late = until + timedelta(seconds=1)
    assert queries.signing_until(call, NOW) == until
    assert queries.signing_until(call, late) == calendar.due(late, call.signing_days, kind="calendar")


def test_the_period_ends_after_its_last_moment_only():
    notice = publicised(at=NOW)
    last = datetime(2026, 5, 15, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())

    with pytest.raises(Refused) as refused:
        actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=last)
    actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=last + timedelta(microseconds=1))

    assert refused.value.field == "ends_date"
    assert Award.objects.count() == 1


def test_a_line_that_fell_away_is_not_awarded():
    notice = publicised(2, at=NOW)
    first, second = notice.items.all()
    objection = actions.object(publicity=notice, item=first, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)
    actions.resolve_objection(objection=objection, upheld=True, finding="重复", by=by, at=LATER)

    actions.close_publicity(publicity=notice, by=by, at=LATER)

    assert Award.objects.get().application_id == second.application_id


def test_a_notice_ends_once():
    notice = publicised(at=NOW)
    by = manager_of(notice.call)
    actions.close_publicity(publicity=notice, by=by, at=LATER)

    with pytest.raises(Refused):
        actions.close_publicity(publicity=notice, by=by, at=LATER)

    assert Award.objects.count() == 1


def test_without_a_publicity_stage_the_decision_awards():
    stages = (StageKind.FORMAL_CHECK, StageKind.DECISION, StageKind.AGREEMENT)
    application = to_decide(call=panel_call(stages=stages))

    decide(application)

    assert Application.objects.get().state == S.AGREEMENT
    assert Award.objects.get().amount == Decimal(500_000)
