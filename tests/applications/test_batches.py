"""Many applications of the formal check decided at once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions
from applications.models import Application, CheckDecision, RuleResult
from notifications.models import Deadline, Notice
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

LIST = "admin:applications_application_changelist"


@pytest.fixture
def ready():
    application = submitted(call=CallFactory(parts__stages=("formal_check", "expert_review", "decision")))
    application.rule_results.filter(rule__code="P1").update(status="passed")
    return application


def copy_of(application, **statuses):
    """Another application under check of the same call, its lines as those of the first."""
    other = ApplicationFactory(call=application.call, organisation=application.organisation)
    at = timezone.now()
    Application.objects.filter(pk=other.pk).update(
        state="formal_check", submitted_at=at, submitted_by=other.created_by, version=1, number=f"N{other.pk}"
    )
    other.refresh_from_db()
    RuleResult.objects.bulk_create(
        RuleResult(
            application=other,
            rule=line.rule,
            status=statuses.get(line.rule.code, line.status),
            checked_at=at,
        )
        for line in application.rule_results.select_related("rule")
    )
    return other


@pytest.fixture
def manager(ready, client):
    user = officer(Role.PROGRAMME_MANAGER, ready.call.programme.department)
    client.force_login(user)
    return user


def at_page(*applications):
    keys = ",".join(str(application.pk) for application in applications)
    return f"{reverse('admin:applications_application_batch')}?ids={keys}"


def states(*applications):
    found = dict(Application.objects.values_list("pk", "state"))
    return [found[application.pk] for application in applications]


def test_the_list_is_filtered_by_what_the_check_needs(client, ready, manager):
    failing, waiting = copy_of(ready, P1="failed"), copy_of(ready, P1="manual")
    for query, shown in (
        ({"check": "ready"}, ready),
        ({"check": "failed"}, failing),
        ({"check": "manual"}, waiting),
        ({"rule": "P1", "call__id__exact": ready.call_id}, failing),
    ):
        rows = client.get(reverse(LIST), query).context["cl"].queryset
        assert list(rows) == [shown], query
    page = client.get(reverse(LIST)).content.decode()
    assert "1 条不符合" in page
    assert "1 条待审查" in page


def test_choosing_leads_to_a_preview_that_names_each_and_changes_nothing(client, ready, manager):
    failing = copy_of(ready, P1="failed")
    chosen = {"action": "batch", "_selected_action": [ready.pk, failing.pk]}
    response = client.post(reverse(LIST), chosen)
    assert response.status_code == 302
    assert client.get(response.url).status_code == 200
    page = client.post(response.url, {"do": "look", "outcome": "passed"})
    assert page.status_code == 200
    assert [(one.application, one.is_possible) for one in page.context["expected"]] == [
        (failing, False),
        (ready, True),
    ]
    assert "“研究内容应符合指南方向。”（第五条）不符合，不能通过形式审查。" in page.content.decode()
    assert states(ready, failing) == ["formal_check", "formal_check"]


def test_each_is_moved_alone_and_the_result_says_which(client, ready, manager):
    failing = copy_of(ready, P1="failed")
    data = {"do": "act", "outcome": "passed", "token": "abc"}
    response = client.post(at_page(ready, failing), data)
    page = client.get(response.url)
    assert [row["pk"] for row in page.context["done"]] == [ready.pk]
    assert [row["sentence"] for row in page.context["left"]] == [
        "“研究内容应符合指南方向。”（第五条）不符合，不能通过形式审查。"
    ]
    assert states(ready, failing) == ["expert_review", "formal_check"]
    # The second click shows the result of the first.
    assert client.post(at_page(ready, failing), data).url == response.url
    assert CheckDecision.objects.count() == 1


def test_a_second_request_at_once_finds_its_own_work_and_another_officers_does_not(ready, manager):
    orders = actions.Orders(outcome="returned", reason="缺合同")
    now = timezone.now()
    stale = Application.objects.get(pk=ready.pk)
    (first,) = actions.decide_many(applications=[ready], orders=orders, by=manager, at=now)
    (again,) = actions.decide_many(applications=[stale], orders=orders, by=manager, at=now)
    other = officer(Role.PROGRAMME_MANAGER, ready.call.programme.department)
    stale = Application.objects.get(pk=ready.pk)
    (theirs,) = actions.decide_many(applications=[stale], orders=orders, by=other, at=now)
    assert [first.is_done, again.is_done, theirs.is_done] == [True, True, False]
    assert CheckDecision.objects.count() == 1


def test_returning_gives_all_the_same_items_and_day(client, ready, manager):
    other, day = copy_of(ready), timezone.localdate() + timedelta(days=9)
    data = {"outcome": "returned", "reason": "材料不全", "items": "合同\n\n证明", "due_date": f"{day}"}
    assert client.post(at_page(ready, other), {"do": "act", "outcome": "returned"}).status_code == 422
    client.post(at_page(ready, other), data | {"do": "act", "token": "r"})
    assert states(ready, other) == ["returned", "returned"]
    clocks = Deadline.objects.open().filter(kind="supplement")
    assert {timezone.localtime(clock.due_at).date() for clock in clocks} == {day}
    assert clocks.count() == 2


def test_rejecting_names_its_clause_and_is_served_on_each_team(client, ready, manager):
    other = copy_of(ready)
    bare = {"do": "act", "outcome": "rejected", "reason": "超范围"}
    assert client.post(at_page(ready, other), bare).status_code == 422
    assert states(ready, other) == ["formal_check", "formal_check"]
    client.post(at_page(ready, other), bare | {"clause": "第二条", "token": "x"})
    assert states(ready, other) == ["rejected", "rejected"]
    assert set(CheckDecision.objects.values_list("clause", flat=True)) == {"第二条"}
    assert Notice.objects.filter(kind="rejected").count() == 2


def test_only_managers_of_the_department_decide(client, ready):
    act = {"do": "act", "outcome": "rejected", "reason": "x", "clause": "y", "token": "t"}
    for user in (officer(Role.LEADER), officer(Role.AUDITOR), officer(Role.DIVISION_HEAD)):
        client.force_login(user)
        assert client.post(at_page(ready), act).status_code == 403
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    assert client.post(at_page(ready), act).status_code == 302
    assert states(ready) == ["formal_check"]
    assert client.get(reverse("admin:applications_application_batch_result", args=["t"])).status_code == 404


@pytest.mark.parametrize("number", [1, 30])
def test_the_preview_costs_the_same(client, ready, manager, number, django_assert_num_queries):
    chosen = [ready, *(copy_of(ready) for _n in range(number - 1))]
    client.get(at_page(*chosen))
    with django_assert_num_queries(8):
        client.post(at_page(*chosen), {"do": "look", "outcome": "passed"})
