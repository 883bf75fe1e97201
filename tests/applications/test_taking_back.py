"""Taking back what was handed in, before the call closes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, queries, tasks
from applications.models import Application, TakenBack
from core.workflow import Lost, Refused
from notifications import obligations
from notifications.models import Deadline
from tests.factories.accounts import UserFactory, officer
from tests.factories.applications import in_state, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def application():
    return submitted(call=CallFactory(parts__stages=("unit_review", "formal_check", "decision")))


def take_back(application, **kwargs):
    kwargs = {"by": application.created_by, "at": timezone.now(), **kwargs}
    actions.take_back(application=application, **kwargs)


def kinds(application):
    rows = Deadline.objects.open().filter(object_id=application.pk)
    return set(rows.values_list("kind", flat=True))


def change(application):
    by, at = application.created_by, timezone.now()
    actions.save_answers(application=application, answers={"route": "改了。"}, by=by, at=at)
    actions.set_participants(application=application, participants=[], by=by, at=at)
    actions.set_budget(application=application, amounts={}, by=by, at=at)


def test_what_is_handed_in_again_is_the_next_version_and_the_first_is_kept(application):
    number = application.number
    take_back(application)
    assert (application.state, kinds(application)) == ("draft", {"call_closes"})
    assert list(obligations.check(at=timezone.now())) == []
    by, at = application.created_by, timezone.now()
    actions.save_answers(application=application, answers={"route": "补充了试验。"}, by=by, at=at)
    actions.submit(application=application, by=by, at=at)
    application.refresh_from_db()
    assert (application.state, application.version, application.number) == ("unit_review", 2, number)
    assert list(application.submissions.values_list("version", flat=True)) == [2, 1]
    assert not TakenBack.objects.exists()


def test_when_the_call_closes_without_a_new_version_the_first_one_counts(application):
    before = queries.snapshot(application)
    take_back(application)
    change(application)
    assert queries.snapshot(application) != before
    Deadline.objects.filter(object_id=application.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    tasks.lapse_drafts()
    application = Application.objects.get(pk=application.pk)
    assert (application.state, application.version) == ("unit_review", 1)
    assert queries.snapshot(application) == before
    assert kinds(application) == {"unit_review"}
    assert not TakenBack.objects.exists()


def test_who_may_and_when(application):
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    for user in (UserFactory(), manager):
        with pytest.raises(Refused):
            take_back(application, by=user)
    with pytest.raises(Refused) as refused:
        take_back(application, at=application.call.closes_at + timedelta(seconds=1))
    assert refused.value.code == "late"
    take_back(application)
    with pytest.raises(Lost):
        take_back(application)


@pytest.mark.parametrize("state", ["draft", "returned", "expert_review", "decision", "awarded", "rejected"])
def test_not_out_of_other_steps(state):
    application = in_state(state)
    with pytest.raises(Lost):
        take_back(application)
    assert Application.objects.get(pk=application.pk).state == state


def test_not_once_the_formal_check_has_decided():
    application = submitted(call=CallFactory(parts__stages=("formal_check", "decision")))
    by, at = officer(Role.PROGRAMME_MANAGER, application.call.programme.department), timezone.now()
    actions.return_for_supplement(application=application, reason="补", by=by, at=at)
    actions.submit(application=application, by=application.created_by, at=at)
    with pytest.raises(Refused) as refused:
        take_back(application)
    assert refused.value.code == "decided"


def test_the_page_offers_it_to_the_team_alone(client, application):
    address = reverse("applications:take_back", args=[application.pk])
    page = reverse("applications:detail", args=[application.pk])
    client.force_login(UserFactory())
    assert client.post(address).status_code == 404
    client.force_login(application.created_by)
    assert address in client.get(page).content.decode()
    assert client.post(address).status_code == 302
    assert address not in client.get(page).content.decode()
    assert Application.objects.get(pk=application.pk).state == "draft"
