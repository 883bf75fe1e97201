"""What follows for leader and unit when a project did not keep its promises (违约处理)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, eligibility
from applications.models import Sanction
from core import calendar
from core.calendar import local_date
from core.workflow import Lost, Refused
from grants.models import Quota, SanctionTerm
from milestones import actions as milestones
from milestones import sanctions
from milestones.states import MilestoneState
from notifications.models import Deadline, Message
from seeds.codes import make_id_number
from tests.factories.accounts import officer
from tests.factories.applications import filled, put, submitted
from tests.factories.grants import CallFactory
from tests.factories.milestones import AT, agreement, milestone_of, people_of, project_call
from tests.factories.notifications import drifts
from tests.factories.reviews import publish

pytestmark = pytest.mark.django_db
LATE = {
    "when": "late",
    "milestone_code": "prototype",
    "bars": "both",
    "joining_too": True,
    "months": 24,
    "quota_cut": 1,
    "text": "无故不参加中期检查的，两年内不得申报，并核减所在单位限额。",
    "clause": "第九条",
}
REVOKED = {"when": "revoked", "bars": "nobody", "is_public": True, "text": "撤销并通报。", "clause": "第十条"}


def term(call, **fields):
    return SanctionTerm(call=call, **{"order": 1} | LATE | fields)


def test_what_was_decided_keeps_leader_and_unit_out_until_it_ends_or_is_lifted():
    call = CallFactory(draft=True)
    rule = term(call, milestone_code="", plans=[call.programme.slug])
    rule.save()
    Quota.objects.create(call=call, of="unit", number=2, clause="第四条", order=1)
    call = publish(call)
    at = timezone.now()
    project = put(submitted(call=call), "awarded")
    manager = officer(Role.PROGRAMME_MANAGER, organisation=call.programme.department)
    leader, stranger = (
        officer(Role.LEADER),
        officer(Role.PROGRAMME_MANAGER, organisation=project.organisation),
    )
    said = {"application": project, "term": rule, "occasion": "“样机”逾期", "at": at}
    with pytest.raises(Refused):
        actions.propose_sanction(**said, reason="多次催交", by=stranger)
    with pytest.raises(Refused, match="理由"):
        actions.propose_sanction(**said, reason=" ", by=manager)
    found = actions.propose_sanction(**said, reason="多次催交", by=manager)
    clock = Deadline.objects.open().get(kind="sanction_decision", object_id=found.pk)
    assert (clock.due_at, drifts("sanction", at=at)) == (calendar.due(at, 10), [])
    assert Deadline.objects.owed_by(leader).filter(pk=clock.pk).exists()
    assert "第九条" in str(clock.explanation)
    with pytest.raises(Lost):
        actions.propose_sanction(**said, reason="多次催交", by=manager)

    again = filled(call=call, organisation=project.organisation)

    def barred():
        return [line for line in eligibility.evaluate(again) if line.code.startswith("barred")]

    assert barred() == []
    with pytest.raises(Refused):
        actions.decide_sanction(sanction=found, opinion="属实", by=manager, at=at)
    actions.decide_sanction(sanction=found, opinion="属实", by=leader, at=at)
    assert (found.to_date - found.from_date).days in (729, 730)
    assert (Deadline.objects.open().filter(pk=clock.pk).exists(), drifts("sanction", at=at)) == (False, [])
    lines = barred()
    assert [(line.scope, line.clause, line.blocks) for line in lines] == [
        ("unit", "第九条", True),
        ("pi", "第九条", True),
    ]
    assert str(found.to_date) in lines[0].hint
    with pytest.raises(Refused, match="限 1 项（已按处理决定核减 1 项）"):
        actions.submit(application=again, by=again.created_by, at=at)
    told = Message.objects.filter(template="applications/sanction")
    assert told.get(recipient=project.created_by).context["clause"] == "第九条"
    assert list(Sanction.objects.visible_to(stranger)) == []
    assert Sanction.objects.visible_to(manager).get() == found
    for change in ({"reason": "x"}, {"to_date": None}, {"state": "proposed"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Sanction.objects.filter(pk=found.pk).update(**change)
    assert not Sanction.objects.in_force(found.to_date + timedelta(days=1)).exists()

    with pytest.raises(Refused):
        actions.lift_sanction(sanction=found, opinion="申诉成立", by=manager, at=at)
    actions.lift_sanction(sanction=found, opinion="申诉成立", by=leader, at=at)
    assert barred() == []
    actions.submit(application=again, by=again.created_by, at=at)
    with pytest.raises(Refused, match="已解除"):
        actions.decide_sanction(sanction=found, opinion="属实", by=leader, at=at)


def test_it_may_reach_the_members_and_last_for_ever():
    call = CallFactory(draft=True)
    rule = term(call, milestone_code="", bars="leader", members_too=True, months=None, quota_cut=0)
    rule.save()
    call = publish(call)
    at = timezone.now()
    draft = filled(call=call)
    member, gone = (make_id_number(n) for n in (2, 3))
    rows = [
        {"role": row.role, "name": row.name, "id_number": row.id_number, "credit_code": row.credit_code}
        for row in draft.participants.all()
    ]
    rows += [{"role": "member", "name": "吴一鸣", "id_number": member}]
    rows += [{"role": "member", "name": "郑先行", "id_number": gone}]
    lead = {"organisation_name": draft.organisation.name, "credit_code": draft.organisation.credit_code}
    rows = [{"title": "教授", "months_per_year": 6, "task": "总体"} | lead | row for row in rows]
    actions.set_participants(application=draft, participants=rows, by=draft.created_by, at=at)
    actions.submit(application=draft, by=draft.created_by, at=at)
    project = put(draft, "awarded")
    project.participants.filter(name="郑先行").update(left_date=local_date(at))
    manager = officer(Role.PROGRAMME_MANAGER, organisation=call.programme.department)
    found = actions.propose_sanction(
        application=project, term=rule, occasion="撤销", reason="造假", by=manager, at=at
    )
    assert (found.member_names, len(found.member_keys)) == ("吴一鸣", 1)
    actions.decide_sanction(sanction=found, opinion="属实", by=officer(Role.LEADER), at=at)
    assert found.to_date is None
    assert Sanction.objects.in_force(local_date(at) + timedelta(days=9999)).get() == found
    told = Message.objects.get(template="applications/sanction", recipient=project.created_by)
    assert told.context["until"] == ""
    again = filled(call=call)
    for number, reached in ((member, True), (gone, False)):
        again.participants.filter(role="pi").delete()
        leader = {**rows[0], "name": "后来人", "id_number": number}
        actions.set_participants(application=again, participants=[leader], by=again.created_by, at=at)
        lines = [line for line in eligibility.evaluate(again) if line.code.startswith("barred")]
        assert [(line.scope, "永久" in line.hint) for line in lines] == ([("pi", True)] if reached else [])


def test_it_is_proposed_for_what_happened_and_decided_on_the_desk(client):
    call = project_call(sanctions=(LATE, REVOKED))
    found = agreement(call=call)
    people = people_of(found)
    manager, leader = people["manager"], people["leader"]
    promise = milestone_of(found)
    late = AT + timedelta(days=400)
    assert sanctions.terms_for(promise, at=AT) == []
    with pytest.raises(Refused):
        sanctions.propose(milestone=promise, reason="未交", by=manager, at=AT)
    assert sanctions.can_propose(manager, promise, at=late)
    assert not sanctions.can_propose(people["team"], promise, at=late)
    assert not sanctions.can_propose(manager, milestone_of(found, "final"), at=late)
    (proposed,) = sanctions.propose(milestone=promise, reason="未交", by=manager, at=late)
    assert "样机" in proposed.occasion
    promise.state = MilestoneState.FAILED
    assert sanctions.terms_for(promise, at=late) == []

    client.force_login(leader)
    desk = reverse("admin:applications_sanction_changelist")
    page = client.get(desk)
    assert proposed.organisation.name in page.content.decode()
    address = reverse("admin:applications_sanction_decide", args=[proposed.pk])
    assert client.post(address, {"opinion": "属实"}).status_code == 302
    proposed.refresh_from_db()
    assert (proposed.state, proposed.from_date) == ("in_force", local_date(timezone.now()))
    client.force_login(manager)
    assert client.post(address, {"opinion": "属实"}).status_code == 403

    request = milestones.ask_termination(
        agreement=found, end="revoked", ground="other", reason="造假", files=[], by=manager, at=AT
    )
    milestones.terminate(termination=request, opinion="造假属实", clause="第十条", by=leader, at=AT)
    revoked = Sanction.objects.get(term__when="revoked")
    actions.refuse_sanction(sanction=revoked, opinion="已另案处理", by=leader, at=AT)
    assert (revoked.reason, revoked.state) == ("造假属实", "refused")


def test_who_is_named_publicly_stands_at_the_notice_while_it_is_in_force(client):
    call = CallFactory(draft=True)
    public, quiet = (term(call, milestone_code="", is_public=public) for public in (True, False))
    quiet.order = 2
    public.save()
    quiet.save()
    call = publish(call)
    at = timezone.now()
    project = put(submitted(call=call), "awarded")
    manager = officer(Role.PROGRAMME_MANAGER, organisation=call.programme.department)
    leader = officer(Role.LEADER)
    for rule, occasion in ((public, "论文未标注资助编号"), (quiet, "没有公开的事")):
        found = actions.propose_sanction(
            application=project, term=rule, occasion=occasion, reason="查实", by=manager, at=at
        )
        actions.decide_sanction(sanction=found, opinion="属实", by=leader, at=at)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    assert "论文未标注资助编号" in page
    assert "无故不参加中期检查的" in page
    assert "没有公开的事" not in page


def test_a_term_that_does_nothing_is_none():
    call = CallFactory(draft=True)
    for fields in (
        {"bars": "nobody", "quota_cut": 0, "joining_too": False},
        {"when": "revoked"},
        {"bars": "nobody"},
        {"months": 0},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            term(call, **fields).save()


@pytest.mark.parametrize("number", [1, 30])
def test_the_desk_needs_the_same_queries_for_one_and_for_thirty(client, django_assert_num_queries, number):
    call = CallFactory(draft=True)
    rules = [term(call, milestone_code="", order=order) for order in range(1, number + 1)]
    SanctionTerm.objects.bulk_create(rules)
    call = publish(call)
    project = put(submitted(call=call), "awarded")
    by = officer(Role.PROGRAMME_MANAGER, organisation=call.programme.department)
    for rule in rules:
        actions.propose_sanction(
            application=project, term=rule, occasion="逾期", reason="查实", by=by, at=timezone.now()
        )
    client.force_login(officer(Role.LEADER))
    desk = reverse("admin:applications_sanction_changelist")
    client.get(desk)
    with django_assert_num_queries(7):
        page = client.get(desk).content.decode()
    assert page.count("里程碑、报告逾期未提交：负责人和承担单位") >= number
