"""On the desk: amend a published notice, read what changes, rehearse the rules of a draft."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from desk import amendments, tasks
from desk.models import Rehearsal
from grants.actions import publish_call
from grants.models import Amendment, Call
from grants.states import CallState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
STAGES = ("unit_review", "formal_check", "decision")


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


@pytest.fixture
def call():
    return CallFactory(parts__stages=STAGES)


@pytest.fixture
def manager(client, call):
    user = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    client.force_login(user)
    return user


def draft_of(call, manager) -> Call:
    return amendments.amend(call=call, by=manager, at=timezone.now())


def publish(draft, manager):
    """By the action: what the desk checks beyond it is tested with the desk."""
    publish_call(call=Call.objects.get(pk=draft.pk), by=manager, at=timezone.now())


def test_a_manager_amends_by_one_click_and_is_led_to_the_draft(client, manager, call):
    assert at("amend", call.pk) in client.get(at("change", call.pk)).content.decode()
    answer = client.post(at("amend", call.pk))
    draft = Call.objects.get(amends=call)
    assert answer.url == at("change", draft.pk)
    again = client.post(at("amend", call.pk))
    assert (again.status_code, "已有一份修订稿" in again.content.decode()) == (422, True)


def test_the_page_of_an_amendment_lists_what_changes_and_keeps_its_words(client, manager, call):
    draft = draft_of(call, manager)
    assert "还没有改动" in client.get(at("amendment", draft.pk)).content.decode()
    Call.objects.filter(pk=draft.pk).update(cap=2_000_000)
    page = client.get(at("amendment", draft.pk)).content.decode()
    assert "资助上限（元）" in page
    assert "200 万元" in page
    client.post(at("amendment", draft.pk), {"summary": "提高上限。"})
    assert Amendment.objects.get().summary == "提高上限。"
    publish(draft, manager)
    assert Call.objects.get(pk=call.pk).state == CallState.SUPERSEDED
    assert "提高上限。" in client.get(at("amendment", draft.pk)).content.decode()


def test_a_published_version_keeps_its_words(client, manager, call):
    draft = draft_of(call, manager)
    Call.objects.filter(pk=draft.pk).update(cap=2_000_000)
    client.post(at("amendment", draft.pk), {"summary": "提高上限。"})
    publish(draft, manager)
    client.post(at("amendment", draft.pk), {"summary": "改"})
    assert Amendment.objects.get().summary == "提高上限。"


@pytest.mark.parametrize("name", ["amend", "rehearsal"])
def test_strangers_and_auditors_do_none_of_it(client, call, name):
    for user in (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), officer(Role.AUDITOR)):
        client.force_login(user)
        assert client.post(at(name, call.pk)).status_code == 403
    assert Call.objects.count() == 1
    assert not Rehearsal.objects.exists()


def test_a_rehearsal_is_started_watched_and_read(client, manager, call):
    application = submitted(call=call)
    draft = CallFactory(draft=True, programme=call.programme, parts__rules=())
    answer = client.post(at("rehearsal", draft.pk), {"source": call.pk})
    run = Rehearsal.objects.get()
    assert answer.url == at("rehearsal_run", draft.pk, run.pk)
    waiting = client.get(answer.url).content.decode()
    assert "正在试算：1 份中已完成 0 份" in waiting
    assert 'data-renew="3"' in waiting
    tasks.rehearse(run.pk)
    done = client.get(answer.url).content.decode()
    assert "1 份申报中 1 份没有被任何一条挡住" in done
    assert "data-renew" not in done
    assert application.number not in done


def test_without_applications_the_page_says_so(client, manager, call):
    answer = client.post(at("rehearsal", call.pk))
    assert (answer.status_code, "没有可用于试运行的往年申报" in answer.content.decode()) == (422, True)


def test_another_calls_run_is_not_found(client, manager, call):
    submitted(call=call)
    client.post(at("rehearsal", call.pk))
    other = CallFactory(programme=call.programme)
    run = Rehearsal.objects.get()
    assert client.get(at("rehearsal_run", other.pk, run.pk)).status_code == 404


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_of_runs_costs_the_same(client, manager, call, number, django_assert_num_queries):
    Rehearsal.objects.bulk_create(
        Rehearsal(call=call, started_by=manager, started_at=timezone.now(), total=1) for _n in range(number)
    )
    client.get(at("rehearsal", call.pk))
    with django_assert_num_queries(7):
        client.get(at("rehearsal", call.pk))
