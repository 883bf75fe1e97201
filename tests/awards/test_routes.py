"""Ways from the decision to the award: with steps in between, without an agreement, into the library."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications import actions as applications
from applications.models import Application, StepOutcome
from applications.states import ApplicationState, ProjectEnd
from awards import actions
from awards.models import Award, Outcome
from awards.states import AgreementState
from core import calendar
from grants.models import Call, Sourcing
from grants.models import StageKind as K
from grants.states import CallState
from milestones.models import Kind, Milestone, MilestoneTemplate
from notifications.models import Deadline
from tests.factories.awards import agreement_of, decide, to_decide
from tests.factories.reviews import manager_of, panel_call, publish

pytestmark = pytest.mark.django_db
S = ApplicationState


def conclude(application, outcome=StepOutcome.PASS):
    now = timezone.now()
    applications.conclude_step(
        application=application,
        outcome=outcome,
        opinion="论证通过",
        held_date=timezone.localdate(now),
        by=manager_of(application.call),
        at=now,
    )


def test_an_argumentation_stands_between_publicity_and_agreement():
    call = panel_call(stages=(K.FORMAL_CHECK, K.DECISION, K.PUBLICITY, K.ARGUMENTATION, K.AGREEMENT))
    application = to_decide(call=call)
    decide(application)
    by, now = manager_of(call), timezone.now()
    notice = actions.publicise(call=call, applications=[application], by=by, at=now)
    after = calendar.end_of_day(notice.ends_date) + timedelta(seconds=1)
    assert actions.close_publicity(publicity=notice, by=by, at=after) == []
    application.refresh_from_db()
    assert (application.state, Award.objects.count()) == (S.ARGUMENTATION, 0)
    conclude(application)
    assert Application.objects.get().state == S.AGREEMENT
    assert agreement_of(application).state == AgreementState.DRAFT


def test_a_step_refused_behind_the_decision_frees_the_money():
    call = panel_call(stages=(K.DECISION, K.HIGHER_APPROVAL, K.AGREEMENT))
    application = to_decide(call=call)
    decide(application)
    application.refresh_from_db()
    assert application.state == S.HIGHER_APPROVAL
    conclude(application, StepOutcome.REJECT)
    assert Application.objects.get().state == S.REJECTED
    assert not Award.objects.exists()


def test_without_an_agreement_the_award_is_in_force_at_once_and_owes_its_yearly_reports():
    call = panel_call(stages=(K.FORMAL_CHECK, K.DECISION))
    Call.objects.filter(pk=call.pk).update(state=CallState.DRAFT, published_at=None)
    yearly = {"code": "yearly", "name": "年度报告", "kind": Kind.ANNUAL, "month_day": "12-31"}
    MilestoneTemplate.objects.create(call=call, deliverable="报告", order=1, **yearly)
    call.refresh_from_db()
    publish(call)
    application = to_decide(call=call)
    decide(application)
    agreement = agreement_of(application)
    assert Application.objects.get().state == S.AWARDED
    assert (agreement.state, agreement.is_by_decision) == (AgreementState.IN_FORCE, True)
    reports = Milestone.objects.filter(agreement=agreement, kind=Kind.ANNUAL)
    owed = Deadline.objects.filter(content_type__model="milestone", object_id__in=reports.values("pk"))
    assert reports.count() == owed.filter(state="open").count() > 0


def test_a_library_keeps_what_was_chosen_and_it_can_be_funded_later():
    call = panel_call(stages=(K.DECISION, K.AGREEMENT), sourcing=Sourcing.LIBRARY)
    application = to_decide(call=call)
    decide(application, outcome=Outcome.RESERVE)
    application.refresh_from_db()
    assert (application.state, Award.objects.count()) == (S.RESERVED, 0)
    decide(application)
    assert Application.objects.get().state == S.AGREEMENT


def test_a_completed_agreement_ends_the_project():
    application = to_decide(call=panel_call(stages=(K.DECISION,)))
    decide(application)
    actions.complete(agreement=agreement_of(application), by=None, at=timezone.now())
    assert Application.objects.get().ended == ProjectEnd.COMPLETED
