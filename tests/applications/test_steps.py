"""Steps of the bureau (现场考察, 尽职调查, 论证会 …) in any order, one conclusion each."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.roles import Role
from applications import actions
from applications.models import StepConclusion, StepOutcome
from applications.states import OFFICE, ApplicationState
from awards.queries import desk
from core.models import Event
from core.workflow import Lost, Refused
from grants.models import FOR_ALL, Call
from grants.models import StageKind as K
from notifications.models import Deadline, DeadlineKind
from notifications.states import DeadlineState
from portal.timeline import application_steps
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import ApplicationFactory, in_state, submitted
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


def conditional(**conditions):
    """Handed in to a call whose steps have these conditions, and examined."""
    call = CallFactory(parts__stages=(K.FORMAL_CHECK, *conditions, K.DECISION), parts__rules=(), draft=True)
    for kind, condition in conditions.items():
        call.stages.filter(kind=kind).update(applies_when=condition, clause="第十条")
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    application = submitted(call=Call.objects.get(pk=call.pk))
    actions.pass_formal_check(application=application, by=manager_of(application), at=timezone.now())
    return application


def test_whom_the_notice_lets_off_the_review_stands_apart_at_the_decision(client):
    application = conditional(expert_review="pi.name == '别人'")
    assert application.state == S.DECISION
    assert [(row.ranked.rank, row.unranked) for row in desk([application])] == [
        (None, "“专家评审”不适用：条件不成立（第十条）")
    ]
    client.force_login(manager_of(application))
    page = client.get(f"/admin/awards/proposal/{application.pk}/change/").content.decode()
    assert "不排名：按通知不经专家评审" in page
    assert "条件不成立（第十条）" in page


def skips(application):
    return list(Event.objects.about(application).filter(verb="skipped").values_list("note", flat=True))


def test_a_step_is_passed_over_only_where_its_condition_is_known_not_to_hold():
    """Two in a row are passed over, each is written down; what lacks data is not let off."""
    application = conditional(
        expert_review="pi.name == '别人'",
        due_diligence="project.amount >= 5000000.0",
        site_visit="unit.size == 'large'",
        audit="project.amount >= 500000.0",
        credit_check="budget.own > budget.fiscal",
    )
    assert application.state == S.SITE_VISIT
    before = ["“专家评审”不适用：条件不成立（第十条）", "“尽职调查”不适用：条件不成立（第十条）"]
    assert skips(application) == before
    clocks = Deadline.objects.filter(kind=DeadlineKind.OFFICE_STEP)
    assert clocks.count() == 1
    conclude(application)
    assert application.state == S.AUDIT
    conclude(application)
    assert application.state == S.DECISION
    assert skips(application) == [*before, "“信用联查与查重”不适用：条件不成立（第十条）"]
    steps = application_steps(application, for_officer=True, at=timezone.now())
    found = {step.title: (step.state, step.note) for step in steps}
    assert found["尽职调查"] == ("skipped", "不适用：条件不成立")
    assert found["现场考察"][0] == found["专项审计核查"][0] == "done"
    # Applicants read the bureau's deliberation as one step.
    assert "skipped" not in {
        step.state for step in application_steps(application, for_officer=False, at=timezone.now())
    }


def test_behind_the_decision_a_step_is_passed_over_too(django_assert_num_queries):
    stages = (K.DECISION, K.PUBLICITY, K.ARGUMENTATION, K.HIGHER_APPROVAL, K.AGREEMENT)
    call = CallFactory(parts__stages=stages, parts__rules=(), draft=True)
    call.stages.filter(kind=K.ARGUMENTATION).update(applies_when="project.amount > 5000000.0", clause="")
    application = ApplicationFactory(call=call)
    after = {"application": application, "by": None, "at": timezone.now()}
    assert actions.office_behind(state=S.PUBLICITY, **after) == S.HIGHER_APPROVAL
    assert skips(application) == ["“项目论证会”不适用：条件不成立"]
    prefetch_related_objects([application.call], "stages")
    with django_assert_num_queries(0):
        # Nothing is read for steps without a condition.
        assert actions.office_behind(state=S.DECISION, **after) is None
        assert actions.office_behind(state=S.HIGHER_APPROVAL, **after) is None


def test_the_database_lets_every_application_pass_intake_and_decision():
    call = CallFactory(draft=True)
    for kind in FOR_ALL[:3]:
        with pytest.raises(IntegrityError), transaction.atomic():
            call.stages.filter(kind=kind).update(applies_when="true")


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
