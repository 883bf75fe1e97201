"""The thin path: start, fill, hand in, examine, on to the experts."""

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, queries
from applications.models import RuleStatus
from applications.states import ApplicationState
from core.models import Event
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.applications import fill
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def test_from_a_draft_to_the_experts():
    call = CallFactory()
    unit = OrganisationFactory()
    author, admin = member_of(unit), member_of(unit, UnitRole.ADMIN)
    recommender = officer(Role.RECOMMENDER, OrganisationFactory(), region="370212")
    manager = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    at = timezone.now()

    application = actions.start(call=call, topic=None, organisation=unit, by=author, at=at)
    application.title = "水听器"
    fill(application)
    submission = actions.submit(application=application, by=author, at=timezone.now())
    assert application.state == ApplicationState.UNIT_REVIEW
    assert application.number.endswith("-0001")
    assert submission.sha256 == queries.sha256_of(submission.content)
    actions.unit_approve(application=application, by=admin, at=timezone.now())
    assert application.state == ApplicationState.RECOMMENDATION
    actions.recommend(application=application, opinion="同意推荐。", by=recommender, at=timezone.now())
    assert application.state == ApplicationState.FORMAL_CHECK
    manual = application.rule_results.get(rule__code="P1")
    actions.officer_mark(rule_result=manual, status=RuleStatus.PASSED, note="", by=manager, at=timezone.now())
    actions.pass_formal_check(application=application, by=manager, at=timezone.now())
    assert application.state == ApplicationState.EXPERT_REVIEW
    moves = Event.objects.about(application).filter(verb="moved").values_list("to_state", flat=True)
    assert list(moves) == ["unit_review", "recommendation", "formal_check", "expert_review"]
    states = Deadline.objects.filter(object_id=application.pk).values_list("kind", "state")
    assert sorted(states) == [
        ("call_closes", "met"),
        ("expert_review", "open"),
        ("formal_check", "met"),
        ("recommendation", "met"),
        ("unit_review", "met"),
    ]
