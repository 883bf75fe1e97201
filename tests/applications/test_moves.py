"""Every move between states: by whom, from where; each with its line of history and its clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions
from applications.models import Application, RuleStatus
from applications.states import APPLICATION, ApplicationState
from core.models import Event
from core.workflow import Lost, Refused
from notifications.models import Deadline, Message
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

S = ApplicationState

MOVES = {
    "unit_approve": (lambda a, **k: actions.unit_approve(application=a, **k), S.UNIT_REVIEW, "unit_admin"),
    "unit_return": (
        lambda a, **k: actions.unit_return(application=a, reason="补章", **k),
        S.UNIT_REVIEW,
        "unit_admin",
    ),
    "recommend": (
        lambda a, **k: actions.recommend(application=a, opinion="同意", **k),
        S.RECOMMENDATION,
        "recommender",
    ),
    "recommender_return": (
        lambda a, **k: actions.recommender_return(application=a, reason="补", **k),
        S.RECOMMENDATION,
        "recommender",
    ),
    "recommender_reject": (
        lambda a, **k: actions.recommender_reject(application=a, reason="不\0符", **k),
        S.RECOMMENDATION,
        "recommender",
    ),
    "pass_formal_check": (
        lambda a, **k: actions.pass_formal_check(application=a, **k),
        S.FORMAL_CHECK,
        "manager",
    ),
    "return_for_supplement": (
        lambda a, **k: actions.return_for_supplement(application=a, reason="补", **k),
        S.FORMAL_CHECK,
        "manager",
    ),
}
RESULT = {
    "unit_approve": S.RECOMMENDATION,
    "unit_return": S.RETURNED,
    "recommend": S.FORMAL_CHECK,
    "recommender_return": S.RETURNED,
    "recommender_reject": S.REJECTED,
    "pass_formal_check": S.EXPERT_REVIEW,
    "return_for_supplement": S.RETURNED,
}


def people(application) -> dict:
    unit, department = application.organisation, application.call.programme.department
    return {
        "team": application.created_by,
        "unit_admin": member_of(unit, UnitRole.ADMIN),
        "colleague": member_of(unit),
        "recommender": officer(Role.RECOMMENDER, OrganisationFactory(), region="3702"),
        "other_recommender": officer(Role.RECOMMENDER, OrganisationFactory(), region="3701"),
        "manager": officer(Role.PROGRAMME_MANAGER, department),
        "other_manager": officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
        "leader": officer(Role.LEADER),
        "finance": officer(Role.FINANCE),
        "auditor": officer(Role.AUDITOR),
        "expert": officer(Role.EXPERT),
        "stranger": UserFactory(),
    }


def settle(application):
    application.rule_results.update(status=RuleStatus.PASSED)


@pytest.mark.parametrize("name", MOVES)
def test_each_move_is_made_by_its_owner_alone(stands, name):
    run, state, owner = MOVES[name]
    application = stands(state)
    settle(application)
    everybody = people(application)
    for role, user in everybody.items():
        if role != owner:
            with pytest.raises(Refused):
                run(application, by=user, at=timezone.now())
    assert Application.objects.get(pk=application.pk).state == state
    before = Event.objects.about(application).count()

    run(application, by=everybody[owner], at=timezone.now())

    assert Application.objects.get(pk=application.pk).state == RESULT[name]
    (event,) = Event.objects.about(application)[before:]
    assert (event.by, event.from_state, event.to_state) == (everybody[owner], state, RESULT[name])


@pytest.mark.parametrize("state", S.values)
def test_no_move_is_made_from_another_state(stands, state):
    application = stands(state)
    for run, wanted, _owner in MOVES.values():
        if state != wanted:
            with pytest.raises(Lost):
                run(application, by=None, at=timezone.now())
    assert Application.objects.get(pk=application.pk).state == state


@pytest.mark.parametrize("state", S.values)
def test_withdrawing_ends_with_the_decision(stands, state):
    application = stands(state)
    stranger = UserFactory()
    with pytest.raises(Refused):
        actions.withdraw(application=application, reason="不做了", by=stranger, at=timezone.now())
    if not APPLICATION.allows(state, S.WITHDRAWN):
        with pytest.raises(Refused):
            actions.withdraw(
                application=application, reason="x", by=application.created_by, at=timezone.now()
            )
        return
    actions.withdraw(application=application, reason="不做了", by=application.created_by, at=timezone.now())
    assert Application.objects.get(pk=application.pk).state == S.WITHDRAWN
    assert not Deadline.objects.open().filter(object_id=application.pk).exists()


def test_withdrawing_what_was_handed_in_needs_a_reason():
    application = submitted()
    with pytest.raises(Refused) as refused:
        actions.withdraw(application=application, reason=" ", by=application.created_by, at=timezone.now())
    assert refused.value.field == "reason"


@pytest.mark.parametrize("state", S.values)
def test_rejecting_is_the_managers(stands, state):
    application = stands(state)
    everybody = people(application)
    allowed = APPLICATION.allows(state, S.REJECTED)
    for role in ("team", "unit_admin", "other_manager", "expert", "leader", "stranger"):
        with pytest.raises(Refused):
            actions.reject(application=application, reason="不符", by=everybody[role], at=timezone.now())
    with pytest.raises(Refused):
        actions.reject(application=application, reason="", by=everybody["manager"], at=timezone.now())
    if allowed:
        actions.reject(application=application, reason="不符", by=everybody["manager"], at=timezone.now())
        assert Message.objects.filter(template="applications/rejected").count() == 2
    else:
        with pytest.raises(Refused):
            actions.reject(application=application, reason="不符", by=everybody["manager"], at=timezone.now())
    expected = S.REJECTED if allowed else state
    assert Application.objects.get(pk=application.pk).state == expected


@pytest.mark.parametrize("name", ["unit_return", "recommender_return", "return_for_supplement"])
def test_a_return_says_why_and_until_when(stands, name):
    action, state = getattr(actions, name), MOVES[name][1]
    application, at = stands(state), timezone.now()
    with pytest.raises(Refused) as refused:
        action(application=application, reason="", by=None, at=at)
    assert refused.value.field == "reason"
    with pytest.raises(Refused) as refused:
        action(application=application, reason="补", due_at=at, by=None, at=at)
    assert refused.value.field == "due_at"

    due = at + timedelta(days=7)
    action(application=application, reason="缺合同", items=["合同"], due_at=due, by=None, at=at)

    deadline = Deadline.objects.open().get(object_id=application.pk, kind="supplement")
    assert deadline.due_at == due
    event = Event.objects.about(application).last()
    assert (event.note, event.data) == ("缺合同", {"items": ["合同"]})
    message = Message.objects.filter(template="applications/returned").first()
    assert message.context["items"] == ["合同"]


# ---- the officer's lines ----


def examined():
    return submitted(call=CallFactory(parts__stages=("formal_check", "expert_review", "decision")))


def test_the_officer_settles_each_line():
    application = examined()
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    line = application.rule_results.get(rule__code="P1")
    at = timezone.now()
    with pytest.raises(Refused) as refused:
        actions.pass_formal_check(application=application, by=manager, at=at)
    assert refused.value.message == "“研究内容应符合指南方向。”（第五条）还没有审查结论。"
    actions.officer_mark(rule_result=line, status="failed", note="方向不符", by=manager, at=at)
    with pytest.raises(Refused) as refused:
        actions.pass_formal_check(application=application, by=manager, at=at)
    assert refused.value.message == "“研究内容应符合指南方向。”（第五条）不符合，不能通过形式审查。"
    actions.officer_mark(rule_result=line, status="passed", by=manager, at=at)
    assert (line.officer, line.officer_at, line.final_status) == (manager, at, "passed")
    actions.pass_formal_check(application=application, by=manager, at=at)
    assert application.state == S.EXPERT_REVIEW
    with pytest.raises(Lost):
        actions.officer_mark(rule_result=line, status="passed", by=manager, at=at)


@pytest.mark.parametrize(("status", "note"), [("manual", "x"), ("warning", "x"), ("failed", " ")])
def test_a_mark_is_a_conclusion_and_a_no_needs_a_reason(status, note):
    application = examined()
    line = application.rule_results.get(rule__code="P1")
    with pytest.raises(Refused):
        actions.officer_mark(rule_result=line, status=status, note=note, by=None, at=timezone.now())
    line.refresh_from_db()
    assert line.officer_status == ""


def test_a_mark_on_an_old_version_is_lost():
    application = examined()
    line = application.rule_results.get(rule__code="P1")
    application.rule_results.update(checked_at=timezone.now() + timedelta(seconds=5))
    with pytest.raises(Lost):
        actions.officer_mark(
            rule_result=line, status="passed", by=UserFactory(is_superuser=True), at=timezone.now()
        )


# ---- stages ----


def test_advance_follows_the_calls_stages_with_their_clocks(stands):
    application = stands(S.DECISION)
    actions.advance(application=application, by=None, at=timezone.now())
    assert application.state == S.PUBLICITY
    assert not Deadline.objects.open().filter(object_id=application.pk, kind="decision").exists()
    actions.advance(application=application, by=None, at=timezone.now())
    with pytest.raises(Refused):
        actions.advance(application=application, by=None, at=timezone.now())
    assert application.state == S.AGREEMENT


@pytest.mark.parametrize("state", [S.DRAFT, S.RETURNED, S.AWARDED, S.WITHDRAWN])
def test_there_is_no_next_stage_outside_the_stages(stands, state):
    application = stands(state)
    with pytest.raises(Refused):
        actions.advance(application=application, by=None, at=timezone.now())


def test_outcomes_are_those_of_awards(stands):
    application = stands(S.DECISION)
    with pytest.raises(ValueError, match="formal_check"):
        actions.set_outcome(application=application, state=S.FORMAL_CHECK, by=None, at=timezone.now())
    actions.set_outcome(application=application, state=S.PUBLICITY, by=None, at=timezone.now())
    actions.set_outcome(
        application=application, state=S.REJECTED, note="异议成立", by=None, at=timezone.now()
    )
    assert application.state == S.REJECTED
    templates = Message.objects.order_by("id").values_list("template", flat=True)
    assert list(templates)[-2:] == ["applications/outcome", "applications/rejected"]


def test_without_a_recommender_the_department_owes_the_recommendation(stands):
    application = stands(S.UNIT_REVIEW)
    actions.unit_approve(application=application, by=None, at=timezone.now())
    deadline = Deadline.objects.open().get(object_id=application.pk, kind="recommendation")
    assert [obligor.role for obligor in deadline.obligors.all()] == [Role.PROGRAMME_MANAGER]


def test_two_recommenders_at_once_one_wins(stands):
    application = stands(S.RECOMMENDATION)
    other = Application.objects.get(pk=application.pk)
    actions.recommend(application=application, opinion="同意", by=None, at=timezone.now())
    with pytest.raises(Lost):
        actions.recommender_reject(application=other, reason="不同意", by=None, at=timezone.now())
    assert Application.objects.get(pk=application.pk).state == S.FORMAL_CHECK


def test_every_state_names_its_owners():
    assert set(APPLICATION.owners) == set(S.values)
