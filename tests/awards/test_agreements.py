"""The agreement: signed by both sides, corrected, given up; what it wins."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from dateutil.relativedelta import relativedelta
from django.db import ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from awards import actions
from awards.models import Agreement
from awards.states import AgreementState
from core.calendar import local_date
from core.workflow import Refused
from finance.models import Commitment
from grants.models import Topic
from grants.states import TopicState
from notifications.models import Deadline, Message
from tests.factories.awards import (
    LATER,
    NOW,
    agreement_of,
    beside,
    budget,
    decide,
    to_decide,
    unit_admin_of,
)
from tests.factories.reviews import ApplicationFactory, TopicFactory, bid_call, manager_of, panel_call

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
S = ApplicationState


def prepared(**kwargs):
    """(agreement, its unit's administrator, a manager)."""
    application = to_decide(**kwargs)
    decide(application, at=NOW)
    manager = manager_of(application.call)
    notice = actions.publicise(call=application.call, applications=[application], by=manager, at=NOW)
    actions.close_publicity(publicity=notice, by=manager, at=LATER)
    return agreement_of(application), unit_admin_of(application), manager


def test_both_sides_sign_and_the_agreement_is_in_force():
    agreement, admin, manager = prepared()

    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    agreement.refresh_from_db()
    assert agreement.state == AgreementState.IN_FORCE
    assert (agreement.unit_signed_by, agreement.bureau_signed_by) == (admin, manager)
    assert Application.objects.get().state == S.AWARDED
    assert Deadline.objects.get(kind="agreement_signing").state == "met"


def test_only_the_units_administrator_signs_for_it(subtests):
    agreement, _admin, manager = prepared()
    names = ("member", "unit_finance", "other_admin", "leader", "stranger")
    people = beside(agreement.award.application, *names) | {"manager": manager}
    for name, by in people.items():
        for action, terms in ((actions.unit_sign, {}), (actions.forgo, {"reason": "放弃"})):
            with subtests.test(f"{name} {action.__name__}"), pytest.raises(Refused):
                action(agreement=agreement, by=by, at=LATER, **terms)
    assert Agreement.objects.get().state == AgreementState.DRAFT


def test_only_the_departments_managers_sign_for_the_bureau(subtests):
    agreement, admin, _manager = prepared()
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    people = beside(agreement.award.application, "other_manager", "leader", "finance", "stranger")
    for name, by in (people | {"admin": admin}).items():
        with subtests.test(name), pytest.raises(Refused):
            actions.bureau_sign(agreement=agreement, by=by, at=LATER)
    assert Agreement.objects.get().state == AgreementState.UNIT_SIGNED


def test_the_bureau_does_not_sign_first():
    agreement, _admin, manager = prepared()

    with pytest.raises(Refused):
        actions.bureau_sign(agreement=agreement, by=manager, at=LATER)


def test_terms_are_corrected_before_the_unit_signs_and_after_it_was_sent_back():
    agreement, admin, manager = prepared()
    terms = {"starts_date": date(2026, 10, 1), "ends_date": date(2028, 9, 30), "own_amount": Decimal(800_000)}
    actions.correct(agreement=agreement, by=manager, at=LATER, **terms)
    seen = Agreement.objects.get(pk=agreement.pk)
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)

    # Also on a page that was opened before.
    for row in (agreement, seen):
        with pytest.raises(Refused):
            actions.correct(agreement=row, by=manager, at=LATER, **terms)
    actions.send_back(agreement=agreement, reason="自筹有误", by=manager, at=LATER)
    actions.correct(agreement=agreement, by=manager, at=LATER, **(terms | {"own_amount": Decimal(1)}))

    agreement.refresh_from_db()
    assert (agreement.state, agreement.unit_signed_at) == (AgreementState.DRAFT, None)
    assert (agreement.starts_date, agreement.own_amount) == (date(2026, 10, 1), Decimal(1))


def terms(agreement):
    agreement.refresh_from_db()
    return agreement.starts_date, agreement.ends_date


def test_where_the_notice_counts_from_the_award_the_agreement_begins_there_for_as_long():
    dates = {"starts_date": date(2026, 1, 1), "ends_date": date(2027, 12, 31)}
    call = panel_call(signing_runs_from="award")
    agreement, _admin, _manager = prepared(call=call, **dates)
    assert terms(agreement) == (local_date(LATER), local_date(LATER) + relativedelta(years=2) - DAY)


def test_where_the_notice_counts_from_signing_the_bureaus_signature_sets_both_days():
    dates = {"starts_date": date(2026, 1, 1), "ends_date": date(2027, 12, 31)}
    call = panel_call(signing_runs_from="signing")
    agreement, admin, manager = prepared(call=call, **dates)
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    assert terms(agreement) == (date(2026, 1, 1), date(2027, 12, 31))

    signed = LATER + 20 * DAY
    actions.bureau_sign(agreement=agreement, by=manager, at=signed)

    first = local_date(signed)
    assert terms(agreement) == (first, first + relativedelta(years=2) - DAY)
    # The database lets nobody move them again, nor with another state.
    with pytest.raises(ProgrammingError), transaction.atomic():
        Agreement.objects.update(starts_date=date(2026, 1, 1))


def test_signing_moves_no_days_where_the_notice_does_not_say_so():
    agreement, admin, manager = prepared(starts_date=date(2026, 1, 1), ends_date=date(2027, 12, 31))
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)
    assert terms(agreement) == (date(2026, 1, 1), date(2027, 12, 31))


def test_an_award_given_up_frees_its_money():
    agreement, admin, _manager = prepared()

    actions.forgo(agreement=agreement, reason="团队变动", by=admin, at=LATER)

    assert (agreement.state, Application.objects.get().state) == (AgreementState.FORGONE, S.REJECTED)
    assert Commitment.objects.get().released_at == LATER
    assert Deadline.objects.get(kind="agreement_signing").state == "cancelled"


def test_a_manager_takes_an_unsigned_award_as_given_up_once_the_time_is_over():
    agreement, _admin, manager = prepared()
    due = datetime(2026, 7, 10, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())

    with pytest.raises(Refused) as refused:
        actions.lapse(agreement=agreement, reason="逾期未签", by=manager, at=due)
    actions.lapse(agreement=agreement, reason="逾期未签", by=manager, at=due + timedelta(microseconds=1))

    assert refused.value.clause == "第九条"
    assert Agreement.objects.get().state == AgreementState.FORGONE


def test_an_application_with_an_agreement_is_not_rejected_beside_it():
    agreement, _admin, manager = prepared()
    application = Application.objects.get()

    with pytest.raises(Refused):
        applications.reject(application=application, reason="不要了", by=manager, at=LATER)

    assert Application.objects.get().state == S.AGREEMENT
    assert Agreement.objects.get(pk=agreement.pk).state == AgreementState.DRAFT


def test_signing_wins_the_topic_and_ends_the_other_bids():
    call = bid_call()
    topic = TopicFactory(call=call)
    agreement, admin, manager = prepared(call=call, topic=topic)
    waiting = [ApplicationFactory(call=call, topic=topic, reached=S.DECISION) for _n in range(2)]
    elsewhere = ApplicationFactory(call=call, topic=TopicFactory(call=call), reached=S.DECISION)

    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    assert Topic.objects.get(pk=topic.pk).state == TopicState.AWARDED
    assert {Application.objects.get(pk=bid.pk).state for bid in waiting} == {S.REJECTED}
    assert Application.objects.get(pk=elsewhere.pk).state == S.DECISION


def test_a_topic_for_two_is_won_when_two_have_signed():
    call = bid_call()
    topic = TopicFactory(call=call, planned_number=2)
    budget(call)
    signed = []
    for _number in range(2):
        agreement, admin, manager = prepared(call=call, topic=topic)
        signed.append(Topic.objects.get(pk=topic.pk).state)
        actions.unit_sign(agreement=agreement, by=admin, at=LATER)
        actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    assert signed == [TopicState.CLOSED, TopicState.CLOSED]
    assert Topic.objects.get(pk=topic.pk).state == TopicState.AWARDED


@pytest.mark.parametrize("told", [True, False])
def test_why_it_is_funded_reaches_the_project_where_the_notice_says_so(told, client):
    application = to_decide(call=panel_call(tells_reason=told))
    manager = manager_of(application.call)
    said = {"outcome": "fund", "amount": Decimal(500_000), "reason": "路线先进，团队扎实", "by": manager}
    actions.decide(application=application, **said, at=NOW)
    notice = actions.publicise(call=application.call, applications=[application], by=manager, at=NOW)
    actions.close_publicity(publicity=notice, by=manager, at=LATER)
    agreement = agreement_of(application)
    heard = Message.objects.filter(context__reason="路线先进，团队扎实").values_list("recipient", flat=True)
    assert (application.created_by_id in heard) == told
    client.force_login(application.created_by)
    page = client.get(reverse("awards:agreement", args=[agreement.pk])).content.decode()
    assert ("路线先进，团队扎实" in page) == told
    rows = client.get("/api/v1/awards/").json()["results"]
    assert rows[0]["reason"] == ("路线先进，团队扎实" if told else "")
