"""Copies on paper of some only, sent by an office, behind the acceptance; let off with a reason."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, queries, rules
from applications.models import RuleResult
from core import calendar
from core.workflow import Refused
from grants.models import PAPER_RULE
from notifications import obligations
from notifications.models import DeadlineKind
from tests.applications.test_paper_copies import asking, clock, line, receive
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.applications import in_state, submitted

pytestmark = pytest.mark.django_db
LARGE = {"paper_applies_when": "budget.fiscal >= 5000000.0"}
SMALL = {"paper_applies_when": "budget.fiscal >= 1000.0"}


def drift() -> list:
    found = obligations.check(at=timezone.now())
    return [one for one in found if one.obligation.kind == DeadlineKind.PAPER_COPIES]


def refused(action, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught:
        action(**kwargs)
    return caught.value


def test_only_those_for_whom_the_condition_holds_send_copies(client):
    application = submitted(call=asking(**LARGE))
    assert line(application).status == "not_applicable"
    assert not queries.papers_owing().exists()
    assert queries.papers_of(application) is None
    fault = refused(receive, application=application, copies=5)
    assert (fault.message, fault.clause) == ("本项不属于须报送纸质材料的范围。", "第七条")
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "本项不属于须报送纸质材料的范围，不用寄送。" in page
    assert drift() == []

    asked = submitted(call=asking(**SMALL))
    assert (line(asked).status, clock(asked).state) == ("manual", "open")


def test_behind_the_award_the_condition_is_asked_then_and_nobody_waits():
    application = in_state("decision", call=asking(paper_after="award", **LARGE))
    actions.enter(application=application, state="agreement", by=None, at=timezone.now())
    assert line(application).status == "not_applicable"
    assert rules.check_papers_came(application, "award") is None
    assert drift() == []


def test_an_offices_copies_are_not_counted_before_it_has_recommended():
    unit, now = OrganisationFactory(region="370212"), timezone.now()
    by = officer(Role.RECOMMENDER, OrganisationFactory(), region="370212")
    application = submitted(call=asking(paper_sender="recommender"), organisation=unit)
    actions.unit_approve(application=application, by=None, at=now)
    fault = refused(receive, application=application, copies=5)
    assert (fault.message, fault.clause) == (
        "纸质材料由推荐单位报送，推荐单位还没有推荐这一项，不能登记。",
        "第七条",
    )
    actions.recommend(application=application, opinion="同意推荐", by=by, at=now)
    receive(application, 5)
    assert line(application).status == "passed"


def test_copies_behind_the_acceptance_are_asked_for_when_the_project_is_through():
    call = asking(paper_after="acceptance")
    application, now = in_state("awarded", call=call), timezone.now()
    assert not RuleResult.objects.filter(application=application, rule__code=PAPER_RULE).exists()
    assert refused(receive, application=application, copies=5).code == "not_yet"
    actions.end_project(application=application, end="completed", by=None, at=now)
    assert (line(application).status, clock(application).due_at) == ("manual", calendar.due(now, 3))
    assert drift() == []
    receive(application, 5)
    assert (line(application).status, clock(application).state) == ("passed", "met")


def test_an_officer_goes_on_without_copies_behind_the_check_with_a_reason(client, subtests):
    application = in_state("decision", call=asking(paper_after="award"))
    actions.enter(application=application, state="agreement", by=None, at=timezone.now())
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    said = {"application": application, "at": timezone.now()}
    for name, person in (("a stranger", UserFactory()), ("the applicant", application.created_by)):
        with subtests.test(name):
            assert refused(actions.excuse_papers, reason="未收到", by=person, **said).message
    url = reverse("admin:applications_application_excuse_papers", args=[application.pk])
    client.force_login(manager)
    assert client.post(url, {"reason": " "}).status_code == 422
    assert rules.allowed(rules.check_can_excuse_papers, manager, application)
    assert client.post(url, {"reason": "邮寄途中遗失，已收电子件"}).status_code == 302
    assert (line(application).officer_status, clock(application).state) == ("passed", "met")
    assert rules.check_papers_came(application, "award") is None
    assert refused(actions.excuse_papers, reason="再次", by=manager, **said).code == "not_asked"
    assert drift() == []
