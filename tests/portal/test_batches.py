"""A later batch of a call opens: teams with a draft and whoever follows such calls hear of it once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from grants.models import Call, Intake
from notifications.models import Message
from portal import actions, tasks
from portal.models import Subscription
from tests.factories.accounts import UserFactory
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import CallFactory, in_order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def in_two_batches(*, second_opened=timedelta(hours=1)):
    now = timezone.now()
    opens, again = now - 30 * DAY, now - second_opened
    call = CallFactory(draft=True, opens_at=opens, closes_at=now + 20 * DAY, parts__rules=())
    spring = {
        "code": "spring",
        "name": "第一批",
        "opens_at": opens,
        "closes_at": again - timedelta(minutes=1),
    }
    autumn = {"code": "autumn", "name": "第二批", "opens_at": again, "closes_at": now + 20 * DAY}
    in_order(Intake, [spring, autumn], call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=opens, has_intakes=True)
    return Call.objects.get(pk=call.pk)


def told():
    return set(Message.objects.values_list("template", "recipient"))


def test_whoever_has_a_draft_or_follows_such_calls_is_told_once():
    call, now = in_two_batches(), timezone.now()
    writer = ApplicationFactory(call=call).created_by
    follower, stranger = UserFactory(), UserFactory()
    for user in (follower, writer):
        actions.subscribe(by=user, at=now)
    tasks.tell_of_batches()
    assert told() == {("portal/batch_open", writer.pk), ("portal/batch_followed", follower.pk)}
    assert not Message.objects.filter(recipient=stranger).exists()
    assert actions.tell_of_batches(at=now) == 0
    assert Subscription.objects.count() == 2


@pytest.mark.parametrize("when", [-DAY, 3 * DAY])
def test_nobody_hears_of_a_batch_to_come_or_long_open(when):
    call = in_two_batches(second_opened=when)
    ApplicationFactory(call=call)
    assert actions.tell_of_batches(at=timezone.now()) == 0


def test_what_is_handed_in_waits_for_no_batch():
    submitted(call=in_two_batches())
    assert actions.tell_of_batches(at=timezone.now()) == 0
