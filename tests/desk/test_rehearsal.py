"""Before a notice is published its rules are tried on applications that are there already."""

from datetime import timedelta

import psycopg
import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from config.celery import app
from core.workflow import Refused
from desk import rehearsal, tasks
from desk.models import Rehearsal
from grants.models import Automation, Call, RuleScope
from tests.conftest import database_url, wait_until
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import filled, submitted
from tests.factories.grants import CallFactory

NEVER = timezone.now() + timedelta(days=1)
pytestmark = pytest.mark.django_db

NEW_RULE = {
    "code": "N1",
    "text": "牵头单位在即墨区。",
    "clause": "第四条",
    "scope": RuleScope.UNIT,
    "automation": Automation.AUTO,
    "expression": "unit.region == '370215'",
}


def drafted(programme, **kwargs):
    return CallFactory(draft=True, programme=programme, parts__rules=(NEW_RULE,), **kwargs)


def manager_of(call):
    return officer(Role.PROGRAMME_MANAGER, call.programme.department)


def start(call, **kwargs):
    return rehearsal.start(call=call, by=manager_of(call), at=timezone.now(), **kwargs)


def test_it_says_who_would_fail_and_by_which_clause_and_whom_a_step_is_for(client):
    past = CallFactory(year=2025)
    inside = submitted(call=past, organisation=OrganisationFactory(region="370215"))
    outside = submitted(call=past, organisation=OrganisationFactory(region="370212"))
    filled(call=past)
    call = drafted(
        past.programme, parts__stages=("formal_check", "expert_review", "panel_review", "decision")
    )
    call.stages.filter(kind="expert_review").update(applies_when="unit.region == '370215'", clause="第十条")
    call.stages.filter(kind="panel_review").update(applies_when="unit.staff > 10.0")
    run = start(call)
    assert run.total == 2
    tasks.rehearse(run.pk)
    run.refresh_from_db()
    assert (run.done, run.percent, run.finished_at is not None) == (2, 100, True)
    assert run.result["passed"] == 1
    assert [(row["application"], row["codes"]) for row in run.result["failing"]] == [(outside.pk, ["N1"])]
    row = next(row for row in rehearsal.table(run) if row["code"] == "N1")
    assert (row["clause"], row["failed"], row["passed"]) == ("第四条", 1, 1)
    inside.refresh_from_db()
    assert Application.objects.filter(call=past).count() == 3
    counts = [(row["kind"], row["applies"], row["skipped"], row["unknown"]) for row in rehearsal.steps(run)]
    assert counts == [("expert_review", 1, 1, 0), ("panel_review", 0, 0, 2)]
    client.force_login(manager_of(call))
    page = client.get(reverse("admin:grants_call_rehearsal_run", args=[call.pk, run.pk])).content.decode()
    assert "只对部分申报办理的环节" in page
    assert "第十条" in page


def test_nothing_is_stored_of_the_applications_tried():
    past = CallFactory(year=2025)
    application = submitted(call=past)
    before = list(application.rule_results.values_list("rule", "status", "checked_at"))
    tasks.rehearse(start(drafted(past.programme)).pk)
    assert list(application.rule_results.values_list("rule", "status", "checked_at")) == before


def test_another_calls_applications_can_be_the_sample():
    other = CallFactory()
    submitted(call=other)
    call = drafted(CallFactory().programme)
    with pytest.raises(Refused) as refused:
        start(call)
    assert refused.value.field == "source"
    assert start(call, source=other).total == 1


def test_a_message_that_comes_twice_is_run_once():
    past = CallFactory()
    submitted(call=past)
    run = start(drafted(past.programme))
    tasks.rehearse(run.pk)
    finished = Rehearsal.objects.get().finished_at
    tasks.rehearse(run.pk)
    tasks.rehearse_pending()
    assert Rehearsal.objects.get().finished_at == finished


def test_a_stranger_starts_none_and_sees_none():
    past = CallFactory()
    submitted(call=past)
    call = drafted(past.programme)
    stranger = officer(Role.PROGRAMME_MANAGER, OrganisationFactory())
    with pytest.raises(Refused):
        rehearsal.start(call=call, by=stranger, at=timezone.now())
    start(call)
    assert not Rehearsal.objects.visible_to(stranger).exists()
    assert Rehearsal.objects.visible_to(manager_of(call)).exists()
    assert not Rehearsal.objects.visible_to(submitted().created_by).exists()


def test_as_many_queries_for_three_as_for_one(django_assert_max_num_queries):
    past = CallFactory()
    call = drafted(past.programme)
    for _n in range(3):
        submitted(call=past)
    run = start(call)
    with django_assert_max_num_queries(25):
        rehearsal.run(Rehearsal.objects.select_related("call__programme").get(pk=run.pk), now=timezone.now)


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_runs_it_and_stops_when_its_time_is_over(celery_worker, client, monkeypatch):
    past = CallFactory()
    submitted(call=past)
    call = drafted(past.programme)
    cache.clear()  # The worker has nothing to do with what was just handed in.
    celery_worker(pool="prefork")
    # Whoever sends a task says how long it may take.
    monkeypatch.setattr(app.tasks[rehearsal.TASK], "soft_time_limit", 1)

    def finished(run):
        return wait_until(lambda: Rehearsal.objects.filter(pk=run.pk, finished_at__lt=NEVER).first(), "it")

    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE applications_participant IN ACCESS EXCLUSIVE MODE")
        held = finished(start(call))
    assert (held.done, held.result["cut"]) == (0, True)
    # The worker goes on, with a connection that works.
    assert finished(start(call)).result["rules"]
    client.force_login(manager_of(call))
    page = client.get(reverse("admin:grants_call_rehearsal_run", args=[call.pk, held.pk]))
    assert "时间已用完：1 份中只试算了 0 份" in page.content.decode()


def test_a_run_whose_worker_was_lost_is_told(client):
    past = CallFactory()
    submitted(call=past)
    call = drafted(past.programme)
    run, other = start(call), start(call)
    now = timezone.now()
    rehearsal.claim(run.pk, at=now - timedelta(hours=1))
    rehearsal.claim(other.pk, at=now - timedelta(minutes=40))
    tasks.rehearse_pending()
    assert Rehearsal.objects.get(finished_at__lt=NEVER) == run
    client.force_login(manager_of(call))
    pages = [
        client.get(reverse(f"admin:grants_call_{name}", args=args)).content.decode()
        for name, args in (("rehearsal", [call.pk]), ("rehearsal_run", [call.pk, run.pk]))
    ]
    assert ["没有完成" in pages[0], "中途停止" in pages[1]] == [True, True]


def test_a_draft_of_the_past_stays_out():
    past = CallFactory(opens_at=timezone.now() - timedelta(days=400))
    filled(call=past)
    with pytest.raises(Refused):
        start(drafted(past.programme))
    assert Call.objects.count() == 2
