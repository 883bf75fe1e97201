"""Composing a panel: who may, who may not be asked, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions as applications
from applications.models import Application, Nominator, Participant
from applications.states import ApplicationState
from core.workflow import Refused
from grants.models import ProjectType, Stage
from notifications.models import Deadline, Message
from reviews import actions, queries, rules
from reviews.models import Assignment, Conflict, ConflictKind, ReviewScheme
from reviews.states import AssignmentState
from seeds.codes import make_id_number
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactory,
    PersonRecordFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.factories.grants import in_order
from tests.factories.reviews import (
    ApplicationFactory,
    CallFactory,
    ExpertFactory,
    TopicFactory,
    bid_call,
    manager_of,
    panel_call,
    publish,
)

pytestmark = pytest.mark.django_db
S = ApplicationState
NOW = datetime(2026, 5, 11, 2, tzinfo=UTC)


def invite(application, expert, *, by=None, at=NOW):
    return actions.invite(
        application=application, expert=expert, by=by or manager_of(application.call), at=at
    )


def kinds(expert, application):
    return [found.kind for found in rules.conflicts(expert, application)]


# ---- conflicts: each kind, and its near miss ----


def test_an_expert_of_nobody_has_no_conflict():
    assert kinds(ExpertFactory(), ApplicationFactory()) == []


def test_the_lead_unit_is_the_same_unit():
    application = ApplicationFactory()

    assert kinds(ExpertFactory(organisation=application.organisation), application) == ["same_unit"]


def test_a_second_affiliation_counts_like_the_first_and_a_past_one_does_not():
    application = ApplicationFactory()
    expert, former = ExpertFactory(), ExpertFactory()
    MembershipFactory(user=expert.user, organisation=application.organisation)
    MembershipFactory(user=former.user, organisation=application.organisation, is_active=False)

    assert kinds(expert, application) == ["same_unit"]
    assert kinds(former, application) == []


def test_a_partner_unit_is_the_same_unit():
    partner = OrganisationFactory()
    application = ApplicationFactory(reached=S.DRAFT)
    Participant.objects.create(
        application=application,
        role="member",
        name="赵六",
        organisation_name=partner.name,
        credit_code=partner.credit_code,
    )

    found = rules.conflicts(ExpertFactory(organisation=partner), application)

    assert [(f.kind, f.note) for f in found] == [("same_unit", partner.name)]


@pytest.mark.parametrize("side", ["parent", "subsidiary", "sister", "representative"])
def test_parent_subsidiary_sister_and_one_representative_are_related(side):
    mother = OrganisationFactory()
    lead = OrganisationFactory(parent=mother, legal_representative="孙七")
    other = {
        "parent": lambda: mother,
        "subsidiary": lambda: OrganisationFactory(parent=lead),
        "sister": lambda: OrganisationFactory(parent=mother),
        "representative": lambda: OrganisationFactory(legal_representative="孙七"),
    }[side]()

    assert kinds(ExpertFactory(organisation=other), ApplicationFactory(organisation=lead)) == ["related_unit"]


def test_who_takes_part_is_a_participant_by_account_or_by_name_and_unit():
    application = ApplicationFactory(pi_name="周八")
    by_account = ExpertFactory(user=application.created_by)
    by_name = ExpertFactory(organisation=application.organisation)
    by_name.user.name = "周八"
    by_name.user.save()
    namesake = ExpertFactory()
    namesake.user.name = "周八"
    namesake.user.save()

    assert kinds(by_account, application) == ["same_unit", "participant"]
    assert kinds(by_name, application) == ["same_unit", "participant"]
    assert kinds(namesake, application) == []


def test_the_demanders_people_and_its_relatives_do_not_judge_its_bids():
    owner = OrganisationFactory()
    call = bid_call()
    application = ApplicationFactory(call=call, topic=TopicFactory(call=call, owner=owner))

    assert kinds(ExpertFactory(organisation=owner), application) == ["demander"]
    assert kinds(ExpertFactory(organisation=OrganisationFactory(parent=owner)), application) == ["demander"]


@pytest.mark.parametrize("kind", ["declared", "avoid"])
def test_what_was_recorded_counts_for_its_application_alone(kind):
    application, other = ApplicationFactory(), ApplicationFactory()
    expert = ExpertFactory()
    actions.record_conflict(
        application=application,
        expert=expert,
        kind=kind,
        note="师生",
        by=manager_of(application.call),
        at=NOW,
    )

    assert kinds(expert, application) == [kind]
    assert kinds(expert, other) == []


def test_an_invitation_is_refused_naming_the_conflict():
    application = ApplicationFactory()
    expert = ExpertFactory(organisation=application.organisation)

    with pytest.raises(Refused) as refused:
        invite(application, expert)

    assert refused.value.code == "conflict_same_unit"
    assert (
        refused.value.message
        == f"专家“{expert.user.name}”须回避：同一单位（{application.organisation.name}）。"
    )
    assert not Assignment.objects.exists()
    assert not Deadline.objects.exists()


def test_conflicts_of_many_cost_as_many_queries_as_of_one(django_assert_num_queries):
    application = ApplicationFactory()
    everybody = [ExpertFactory() for _number in range(30)]

    for group in (everybody[:1], everybody):
        with django_assert_num_queries(9):
            queries.conflicts_of(group, Application.objects.select_related("organisation").get())

    assert len(queries.conflicts_of(everybody, application)) == 30


@pytest.mark.parametrize("recusal", ["application", "type", "call"])
def test_who_applies_or_nominates_elsewhere_in_the_call_stands_aside_as_the_notice_says(
    recusal, django_assert_num_queries
):
    call = CallFactory()
    ReviewScheme.objects.create(call=call, recusal=recusal, recusal_clause="第八条")
    kinds_of = [
        ProjectType.objects.create(call=call, code=code, name=code, order=n) for n, code in enumerate("ab")
    ]
    call = publish(call)
    judged, alike, other = (
        ApplicationFactory(call=call, project_type=kind, number=f"N{n}", reached=S.DRAFT)
        for n, kind in enumerate((kinds_of[0], kinds_of[0], kinds_of[1]))
    )
    candidate, namesake, nominator, asked = (ExpertFactory() for _number in range(4))
    number = make_id_number(55)
    PersonRecordFactory(user=candidate.user, id_number=number)
    common = {"order": 2, "role": "member", "months_per_year": 1, "organisation_name": "某单位"}
    Participant.objects.create(application=alike, name="改了名", id_number=number, **common)
    Participant.objects.create(application=other, name=namesake.user.name, credit_code="", **common)
    Application.objects.update(
        state=S.EXPERT_REVIEW, version=1, submitted_by=judged.created_by, submitted_at=NOW
    )
    said = {"invited_by": judged.created_by, "invited_at": NOW}
    signed = {"state": "signed", "version": 1, "opinion": "好", "answered_at": NOW}
    Nominator.objects.create(application=other, user=nominator.user, **signed, **said)
    Nominator.objects.create(application=alike, user=asked.user, **said)
    experts = [candidate, namesake, nominator, asked]
    found = queries.conflicts_of(experts, judged)
    notes = {expert: [str(reason) for reason in found[expert.pk]] for expert in experts if found[expert.pk]}
    of_type = {candidate: [f"项目参与人（{candidate.user.name}，N1，第八条）"]}
    of_call = of_type | {nominator: [f"提名人（{nominator.user.name}，N2，第八条）"]}
    assert notes == {"application": {}, "type": of_type, "call": of_call}[recusal]
    Application.objects.filter(pk__in=[alike.pk, other.pk]).update(state="withdrawn")
    assert not any(queries.conflicts_of(experts, judged).values())
    rows = Application.objects.select_related("organisation", "call", "project_type")
    for group in (experts[:1], experts):
        with django_assert_num_queries(8 if recusal == "application" else 11):
            queries.conflicts_of(group, rows.get(pk=judged.pk))


# ---- limits ----


def test_an_expert_is_asked_no_more_often_than_a_year_allows():
    expert = ExpertFactory(max_per_year=1)
    invite(ApplicationFactory(), expert, at=datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC))

    invite(ApplicationFactory(), expert, at=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    with pytest.raises(Refused) as refused:
        invite(ApplicationFactory(), expert)

    assert refused.value.code == "limit"
    assert Assignment.objects.count() == 2


def test_a_declined_invitation_does_not_count_against_the_year():
    expert = ExpertFactory(max_per_year=1)
    first = invite(ApplicationFactory(), expert)
    actions.decline(assignment=first, reason="出差", by=expert.user, at=NOW)

    assert invite(ApplicationFactory(), expert).state == AssignmentState.INVITED


def test_who_left_the_library_is_not_asked():
    with pytest.raises(Refused):
        invite(ApplicationFactory(), ExpertFactory(is_active=False))


def test_nobody_is_asked_twice_about_one_application():
    application, expert = ApplicationFactory(), ExpertFactory()
    first = invite(application, expert)
    actions.decline(assignment=first, reason="出差", by=expert.user, at=NOW)

    with pytest.raises(Refused) as refused:
        invite(application, expert)

    assert refused.value.code == "already"


def test_a_panel_is_full_at_its_size_until_somebody_leaves_it():
    application = ApplicationFactory(call=panel_call(scheme={"panel_size": 2}))
    first = invite(application, ExpertFactory())
    invite(application, ExpertFactory())

    with pytest.raises(Refused) as refused:
        invite(application, ExpertFactory())
    actions.replace(assignment=first, reason="未答复", by=manager_of(application.call), at=NOW)
    invite(application, ExpertFactory())

    assert refused.value.code == "panel_full"
    assert Assignment.objects.active().count() == 2


def test_an_expert_has_never_longer_than_the_notice_gives_the_step():
    until = NOW + timedelta(days=3)
    call = CallFactory()
    in_order(Stage, [{"kind": "expert_review", "until": until}], call=call, days=10)
    ReviewScheme.objects.create(call=call, panel_size=2, answer_days=5, review_days=10, clause="第七条")
    application = ApplicationFactory(call=publish(call))

    early, late = invite(application, ExpertFactory()), ExpertFactory()

    assert early.due_at == until
    clock = Deadline.objects.open().get(kind="review_answer", object_id=early.pk)
    assert clock.due_at == until
    assert "不晚于评审环节 2026-05-14 截止" in str(clock.explanation)
    # Behind that moment the days count: whoever is asked late still has time.
    assert invite(application, late, at=until + timedelta(hours=1)).due_at > until + timedelta(days=10)


def test_several_are_asked_together_or_none():
    application = ApplicationFactory()
    fine, conflicted = ExpertFactory(), ExpertFactory(organisation=application.organisation)
    by = manager_of(application.call)

    for chosen in ([fine, conflicted], []):
        with pytest.raises(Refused):
            actions.invite_several(application=application, experts=chosen, by=by, at=NOW)

    assert not Assignment.objects.exists()


# ---- who composes ----


@pytest.mark.parametrize(
    "who", ["other_manager", "leader", "finance", "supervision", "auditor", "expert", "applicant", "stranger"]
)
def test_only_managers_of_the_department_compose_panels(who):
    application, expert = ApplicationFactory(), ExpertFactory()
    task = invite(application, ExpertFactory())
    by = {
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "leader": lambda: officer(Role.LEADER),
        "finance": lambda: officer(Role.FINANCE),
        "supervision": lambda: officer(Role.SUPERVISION),
        "auditor": lambda: officer(Role.AUDITOR),
        "expert": lambda: expert.user,
        "applicant": lambda: application.created_by,
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        invite(application, expert, by=by)
    with pytest.raises(Refused):
        actions.replace(assignment=task, reason="换人", by=by, at=NOW)
    with pytest.raises(Refused):
        actions.record_conflict(
            application=application, expert=expert, kind=ConflictKind.AVOID, note="", by=by, at=NOW
        )
    with pytest.raises(Refused):
        actions.finish_round(application=application, by=by, at=NOW)

    assert list(Assignment.objects.values_list("state", flat=True)) == [AssignmentState.INVITED]
    assert not Conflict.objects.exists()


@pytest.mark.parametrize("state", [state for state in S if state not in (S.DRAFT, S.EXPERT_REVIEW)])
def test_a_panel_is_composed_during_the_review_only(state):
    with pytest.raises(Refused) as refused:
        invite(ApplicationFactory(reached=state), ExpertFactory())

    assert refused.value.code == "not_allowed"


# ---- what is owed and told ----


def test_an_invitation_owes_an_answer_and_names_no_project():
    application = ApplicationFactory(title="绝密深潜器", call=panel_call(scheme={"clause": "第七条"}))
    expert = ExpertFactory()

    task = invite(application, expert)

    deadline = Deadline.objects.get(kind="review_answer")
    assert (deadline.subject, deadline.title) == (task, application.number)
    assert deadline.explanation == "自 2026-05-11 邀请起 1 个工作日内，依据第七条"
    assert timezone.localtime(deadline.due_at).date().isoformat() == "2026-05-12"
    assert timezone.localtime(task.due_at).date().isoformat() == "2026-05-25"
    told = Message.objects.get()
    assert (told.recipient, told.template) == (expert.user, "reviews/invited")
    assert "绝密" not in f"{told.context}{deadline.title}"


def test_accepting_takes_a_pledge_and_starts_the_clock_of_the_review():
    task = invite(ApplicationFactory(), expert := ExpertFactory())

    with pytest.raises(Refused) as refused:
        actions.accept(assignment=task, pledge=False, by=expert.user, at=NOW)
    actions.accept(assignment=task, pledge=True, by=expert.user, at=NOW)

    assert refused.value.field == "pledge"
    assert (task.state, task.pledged_at) == (AssignmentState.ACCEPTED, NOW)
    states = dict(Deadline.objects.values_list("kind", "state"))
    assert states == {"review_answer": "met", "review_due": "open"}


def test_declining_tells_the_manager_who_must_ask_somebody_else():
    application = ApplicationFactory()
    manager = manager_of(application.call)
    task = invite(application, expert := ExpertFactory(), by=manager)

    actions.decline(assignment=task, reason="出差", by=expert.user, at=NOW)

    assert Deadline.objects.get().state == "met"
    told = Message.objects.get(recipient=manager)
    assert (told.template, told.context["reason"]) == ("reviews/declined", "出差")


def test_a_conflict_declared_after_accepting_ends_the_task_for_good():
    application = ApplicationFactory()
    task = invite(application, expert := ExpertFactory())
    actions.accept(assignment=task, pledge=True, by=expert.user, at=NOW)

    actions.declare_conflict(assignment=task, note="曾合作发表论文", by=expert.user, at=NOW)

    assert task.state == AssignmentState.DECLINED
    assert kinds(expert, application) == ["declared"]
    assert not Deadline.objects.open().exists()


def test_a_conflict_recorded_later_takes_the_task_away():
    application = ApplicationFactory()
    task = invite(application, expert := ExpertFactory())

    actions.record_conflict(
        application=application,
        expert=expert,
        kind=ConflictKind.AVOID,
        note="申请人要求",
        by=manager_of(application.call),
        at=NOW,
    )

    task.refresh_from_db()
    assert task.state == AssignmentState.REPLACED
    assert not Deadline.objects.open().exists()


@pytest.mark.parametrize("action", ["accept", "decline", "declare"])
@pytest.mark.parametrize("who", ["other_expert", "manager", "leader", "applicant", "stranger"])
def test_only_the_expert_answers(action, who):
    application = ApplicationFactory()
    task = invite(application, ExpertFactory())
    by = {
        "other_expert": lambda: ExpertFactory().user,
        "manager": lambda: manager_of(application.call),
        "leader": lambda: officer(Role.LEADER),
        "applicant": lambda: application.created_by,
        "stranger": UserFactory,
    }[who]()
    call = {
        "accept": lambda: actions.accept(assignment=task, pledge=True, by=by, at=NOW),
        "decline": lambda: actions.decline(assignment=task, reason="不便", by=by, at=NOW),
        "declare": lambda: actions.declare_conflict(assignment=task, note="亲属", by=by, at=NOW),
    }[action]

    with pytest.raises(Refused):
        call()

    assert Assignment.objects.get().state == AssignmentState.INVITED


@pytest.mark.parametrize("state", ["declined", "replaced", "submitted"])
def test_what_is_over_is_not_answered_again(state):
    application = ApplicationFactory()
    task = invite(application, expert := ExpertFactory())
    Assignment.objects.update(state=state, pledged_at=NOW)
    task.refresh_from_db()

    with pytest.raises(Refused):
        actions.accept(assignment=task, pledge=True, by=expert.user, at=NOW)
    with pytest.raises(Refused):
        actions.decline(assignment=task, reason="不便", by=expert.user, at=NOW)
    with pytest.raises(Refused):
        actions.replace(assignment=task, reason="换人", by=manager_of(application.call), at=NOW)

    assert Assignment.objects.get().state == state


def test_an_application_withdrawn_during_the_review_takes_the_open_tasks_along():
    application = ApplicationFactory()
    done, waiting = ExpertFactory(), ExpertFactory()
    task = invite(application, done)
    actions.accept(assignment=task, pledge=True, by=done.user, at=NOW)
    invite(application, waiting)

    applications.withdraw(
        application=application,
        reason="另有安排",
        by=member_of(application.organisation, role=UnitRole.ADMIN),
        at=NOW + timedelta(days=1),
    )

    assert set(Assignment.objects.values_list("state", flat=True)) == {AssignmentState.REPLACED}
    assert not Deadline.objects.open().exists()
