"""Steps of the bureau (现场考察, 尽职调查, 论证会 …) in any order, one conclusion each."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.roles import Role
from applications import actions
from applications.models import StepConclusion, StepOutcome
from applications.states import OFFICE, ApplicationState
from core.workflow import Lost, Refused
from grants.models import StageKind as K
from notifications.models import Deadline, DeadlineKind
from notifications.states import DeadlineState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import in_state, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
S = ApplicationState


def manager_of(application):
    return officer(Role.PROGRAMME_MANAGER, application.call.programme.department)


def conclude(application, *, outcome=StepOutcome.PASS, by=None, opinion="符合要求", held=None):
    now = timezone.now()
    return actions.conclude_step(
        application=application,
        outcome=outcome,
        opinion=opinion,
        held_date=held or timezone.localdate(now),
        by=by or manager_of(application),
        at=now,
    )


def test_a_call_orders_its_steps_as_it_likes():
    stages = (K.FORMAL_CHECK, K.SITE_VISIT, K.ARGUMENTATION, K.EXPERT_REVIEW, K.HIGHER_APPROVAL, K.DECISION)
    application = submitted(call=CallFactory(parts__stages=stages, parts__rules=()))
    manager = manager_of(application)
    actions.pass_formal_check(application=application, by=manager, at=timezone.now())
    assert application.state == S.SITE_VISIT
    conclude(application)
    assert application.state == S.ARGUMENTATION
    conclude(application)
    assert application.state == S.EXPERT_REVIEW
    assert list(StepConclusion.objects.values_list("step", "outcome")) == [
        ("site_visit", "pass"),
        ("argumentation", "pass"),
    ]


def test_each_step_has_its_clock_for_the_manager_and_meets_it():
    stages = (K.SITE_VISIT, K.DUE_DILIGENCE, K.DECISION)
    application = submitted(call=CallFactory(parts__stages=stages, parts__rules=()))
    clocks = Deadline.objects.filter(kind=DeadlineKind.OFFICE_STEP)
    assert [clock.state for clock in clocks] == [DeadlineState.OPEN]
    conclude(application)
    assert sorted(clock.state for clock in clocks.all()) == [DeadlineState.MET, DeadlineState.OPEN]
    conclude(application)
    assert {clock.state for clock in clocks.all()} == {DeadlineState.MET}
    assert application.state == S.DECISION


def test_a_step_that_is_not_passed_ends_the_application_with_its_reason():
    application = in_state(S.DUE_DILIGENCE, call__parts__stages=(K.DUE_DILIGENCE, K.DECISION))
    conclude(application, outcome=StepOutcome.REJECT, opinion="股权代持未清理")
    assert application.state == S.REJECTED


@pytest.mark.parametrize("state", [state for state in S if state not in (*OFFICE, S.DRAFT)])
def test_only_a_step_of_the_bureau_has_a_conclusion(stands, state):
    with pytest.raises(Lost):
        conclude(stands(state))
    assert not StepConclusion.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"opinion": "  "}, "opinion"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"held": timezone.localdate() + timedelta(days=2)}, "held_date"),
    ],
)
def test_a_conclusion_is_dated_reasoned_and_one_of_two(values, field):
    application = in_state(S.SITE_VISIT, call__parts__stages=(K.SITE_VISIT, K.DECISION))
    with pytest.raises(Refused) as refused:
        conclude(application, **values)
    assert refused.value.field == field
    assert not StepConclusion.objects.exists()


def test_another_departments_manager_and_the_applicant_conclude_nothing():
    application = in_state(S.SITE_VISIT, call__parts__stages=(K.SITE_VISIT, K.DECISION))
    for by in (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), application.created_by):
        with pytest.raises(Refused):
            conclude(application, by=by)


def test_a_conclusion_never_changes():
    application = in_state(S.SITE_VISIT, call__parts__stages=(K.SITE_VISIT, K.DECISION))
    conclude(application)
    with pytest.raises(DatabaseError), transaction.atomic():
        StepConclusion.objects.update(opinion="改")
    with pytest.raises(DatabaseError), transaction.atomic():
        StepConclusion.objects.all().delete()
