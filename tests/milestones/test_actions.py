from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from awards.models import Agreement
from awards.states import AgreementState
from core.calendar import due, end_of_day, local_date
from core.models import Event
from core.workflow import Refused
from documents.models import Document
from milestones import actions, rules
from milestones.models import Acceptance, DemanderOpinion, Indicator, Milestone, Report
from milestones.states import MILESTONE, MilestoneState
from notifications.models import Deadline, DeadlineKind, Message
from notifications.states import DeadlineState
from tests.factories.milestones import (
    AT,
    PARTIES,
    agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)
from tests.factories.standing import attempt, others

pytestmark = pytest.mark.django_db


def deadline(subject, kind) -> Deadline:
    return Deadline.objects.get(
        content_type__model=type(subject)._meta.model_name, object_id=subject.pk, kind=kind, state="open"
    )


def is_open(subject, kind) -> bool:
    return Deadline.objects.open().filter(object_id=subject.pk, kind=kind).exists()


def test_in_force_every_milestone_has_its_deadline(project):
    found, people = project
    first = deadline(milestone_of(found), DeadlineKind.MILESTONE)
    assert first.due_at == end_of_day(date(2027, 3, 31))
    assert first.explanation == "任务书约定 2027-03-31 前完成，依据第十一条"
    assert first.department == found.award.application.call.programme.department
    assert Deadline.objects.open().filter(kind=DeadlineKind.MILESTONE).count() == 2
    owing = {
        name for name, user in people.all().items() if Deadline.objects.owed_by(user).filter(pk=first.pk)
    }
    assert owing == {"team", "unit_admin"}
    assert Deadline.objects.visible_to(people["manager"]).filter(pk=first.pk).exists()
    assert not Deadline.objects.visible_to(people["other_manager"]).exists()


# ---- handing in ----


@pytest.mark.parametrize("who", ["team", "unit_admin"])
def test_the_project_hands_in(project, who):
    found, people = project
    milestone = milestone_of(found)
    report = hand_in(milestone, by=people[who])
    assert (report.number, report.submitted_by) == (1, people[who])
    assert rules.can_hand_in(people[who], milestone) is False
    event = Event.objects.about(milestone).get()
    assert (event.by, event.from_state, event.to_state) == (people[who], "planned", "submitted")


def test_where_the_unit_checks_first_its_administrator_pledges_and_hands_in(client):
    pledge = "学院已组织自查，材料真实。"
    template = {"code": "mid", "name": "样机", "offset_months": 6, "unit_pledge": pledge, "clause": "第七条"}
    found = agreement(call=project_call(templates=(template,), plan=()))
    people = people_of(found)
    milestone = milestone_of(found, "mid")
    with pytest.raises(Refused, match="承担单位管理员") as refused:
        hand_in(milestone, by=people["team"], pledged=True)
    assert refused.value.clause == "第七条"
    with pytest.raises(Refused, match="勾选"):
        hand_in(milestone, by=people["unit_admin"])
    address = reverse("milestones:milestone", args=[milestone.pk])
    client.force_login(people["team"])
    assert "由承担单位管理员审核后提交" in client.get(address).content.decode()
    assert "pledged" not in client.get(address).content.decode()
    client.force_login(people["unit_admin"])
    assert pledge in client.get(address).content.decode()
    report = hand_in(milestone, by=people["unit_admin"], pledged=True)
    assert report.pledge == pledge
    with pytest.raises(DatabaseError), transaction.atomic():
        Milestone.objects.filter(pk=milestone.pk).update(unit_pledge="")


def test_nobody_else_hands_in(project, subtests):
    found, people = project
    milestone = milestone_of(found)
    for who in others(people, "team", "unit_admin"):
        with attempt(subtests, who):
            assert rules.can_hand_in(people[who], milestone) is False
            with pytest.raises(Refused, match="项目团队"):
                hand_in(milestone, by=people[who])
    assert not Report.objects.exists()
    assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.PLANNED


def test_handing_in_moves_the_clock_to_the_manager(project):
    found, people = project
    milestone = milestone_of(found)
    report = hand_in(milestone)
    assert milestone.state == MilestoneState.SUBMITTED
    assert report.values == {str(Indicator.objects.get().pk): "-168"}
    assert [d.name for d in Document.objects.about(report)] == ["报告.pdf"]
    assert Deadline.objects.get(object_id=milestone.pk, kind=DeadlineKind.MILESTONE).state == "met"
    check = deadline(milestone, DeadlineKind.MILESTONE_CHECK)
    assert check.due_at == due(AT, 10)
    assert check.explanation == f"自 {local_date(AT)} 提交起 10 个工作日内审核，依据第十一条"
    assert Deadline.objects.owed_by(people["manager"]).filter(pk=check.pk).exists()
    assert not is_open(report, DeadlineKind.DEMANDER_OPINION)


def test_the_notice_may_name_the_day_by_which_the_bureau_has_checked():
    until, late = local_date(AT) + timedelta(days=1), AT + timedelta(days=2)
    common = {"offset_months": 6, "check_by_date": until, "clause": "第九条"}
    templates = ({"code": "mid", "name": "样机", **common}, {"code": "end", "name": "决算", **common})
    found = agreement(call=project_call(templates=templates, plan=()))
    for code, at in (("mid", AT), ("end", late)):
        hand_in(milestone_of(found, code), at=at)
    in_time, behind = (
        deadline(milestone_of(found, code), DeadlineKind.MILESTONE_CHECK) for code in ("mid", "end")
    )
    assert (in_time.due_at, in_time.explanation) == (
        end_of_day(until),
        f"通知规定 {until} 前审核完毕，依据第九条",
    )
    assert behind.due_at == due(late, 10)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"text": "  "}, "text", "请填写完成情况"),
        ({"files": []}, "files", "至少上传一份"),
        ({"files": [SimpleUploadedFile("a.exe", b"MZ....")]}, "files", "类型不能上传"),
        ({"files": [SimpleUploadedFile("a.pdf", b"plain text")]}, "files", "内容不是 pdf"),
        ({"values": {}}, "value_", "请填写指标“灵敏度”"),
        ({"values": "long"}, "value_", "不能超过 120 个字"),
        ({"spent_amount": Decimal(-1)}, "spent_amount", "不小于 0"),
        ({"spent_amount": Decimal("0.001")}, "spent_amount", "精确到分"),
        ({"spent_amount": Decimal("NaN")}, "spent_amount", "不小于 0"),
        ({"spent_amount": "many"}, "spent_amount", "不小于 0"),
        ({"spent_amount": Decimal(10) ** 13}, "spent_amount", "不小于 0"),
    ],
)
def test_bad_evidence_gets_a_sentence_and_changes_nothing(project, change, field, words):
    found, _people = project
    milestone = milestone_of(found)
    if change.get("values") == "long":
        change = {"values": {str(Indicator.objects.get().pk): "长" * 121}}
    with pytest.raises(Refused, match=words) as refused:
        hand_in(milestone, **change)
    assert refused.value.field.startswith(field)
    milestone.refresh_from_db()
    assert milestone.state == MilestoneState.PLANNED
    assert not Report.objects.exists()
    assert not Document.objects.exists()
    assert is_open(milestone, DeadlineKind.MILESTONE)


# ---- the demand side ----


def for_opinion(project):
    found, people = project
    milestone = milestone_of(found, "final")
    return milestone, hand_in(milestone), people


def test_only_the_demand_side_gives_its_opinion(project, subtests):
    milestone, report, people = for_opinion(project)
    say = {"report": report, "opinion": "accept", "text": "", "at": AT}
    for who in others(people, "demander"):
        with attempt(subtests, who), pytest.raises(Refused, match="只有发榜方"):
            actions.give_opinion(**say, by=people[who])
    assert not DemanderOpinion.objects.exists()
    assert deadline(report, DeadlineKind.DEMANDER_OPINION).due_at == due(AT, 5)
    actions.give_opinion(**say, by=people["demander"])
    assert not is_open(report, DeadlineKind.DEMANDER_OPINION)
    assert Event.objects.about(milestone).last().data == {"opinion": "accept"}
    with pytest.raises(Refused, match="不能修改"):
        actions.give_opinion(**say, by=people["demander"])
    assert DemanderOpinion.objects.count() == 1


@pytest.mark.parametrize(
    ("opinion", "text", "field"),
    [
        ("", "", "opinion"),
        ("maybe", "", "opinion"),
        ("refuse", " ", "text"),
        ("accept_with_conditions", "", "text"),
    ],
)
def test_an_opinion_says_why(project, opinion, text, field):
    _milestone, report, people = for_opinion(project)
    with pytest.raises(Refused) as refused:
        actions.give_opinion(report=report, opinion=opinion, text=text, by=people["demander"], at=AT)
    assert refused.value.field == field


def test_where_no_opinion_is_asked_none_is_taken(project):
    found, people = project
    report = hand_in(milestone_of(found))
    with pytest.raises(Refused, match="不需要发榜方意见"):
        actions.give_opinion(report=report, opinion="accept", text="", by=people["demander"], at=AT)


# ---- conclusions ----


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("accepted", MilestoneState.ACCEPTED),
        ("returned", MilestoneState.RETURNED),
        ("failed", MilestoneState.FAILED),
    ],
)
def test_only_the_manager_concludes(project, subtests, outcome, state):
    found, people = project
    milestone = milestone_of(found)
    report = hand_in(milestone)
    conclude = {"report": report, "outcome": outcome, "note": "指标核实。", "at": AT}
    for who in others(people, "manager"):
        with attempt(subtests, who), pytest.raises(Refused, match="主管处室"):
            actions.conclude(**conclude, by=people[who])
    milestone.refresh_from_db()
    assert (milestone.state, Acceptance.objects.count()) == (MilestoneState.SUBMITTED, 0)
    hearing = {people["team"], people["unit_admin"]}
    acceptance = actions.conclude(**conclude, by=people["manager"])
    milestone.refresh_from_db()
    assert (milestone.state, acceptance.by) == (state, people["manager"])
    assert milestone.accepted_at == (AT if outcome == "accepted" else None)
    assert not is_open(milestone, DeadlineKind.MILESTONE_CHECK)
    assert is_open(milestone, DeadlineKind.MILESTONE) == (outcome == "returned")
    heard = Message.objects.filter(template="milestones/concluded")
    assert {message.recipient for message in heard} == hearing
    with pytest.raises(Refused):
        actions.conclude(**conclude, by=people["manager"])
    assert Acceptance.objects.count() == 1


def test_acceptance_waits_for_the_demand_side(project):
    milestone, report, people = for_opinion(project)
    conclude = {"report": report, "by": people["manager"], "at": AT}
    with pytest.raises(Refused, match="发榜方还没有填写") as refused:
        actions.conclude(**conclude, outcome="accepted", note="好")
    assert (refused.value.field, refused.value.clause) == ("outcome", "第十二条")
    actions.give_opinion(report=report, opinion="refuse", text="噪声偏高", by=people["demander"], at=AT)
    with pytest.raises(Refused, match="发榜方不同意") as refused:
        actions.conclude(**conclude, outcome="accepted", note="")
    assert refused.value.field == "note"
    actions.conclude(**conclude, outcome="accepted", note="复测达标，采纳专家意见。")
    milestone.refresh_from_db()
    assert milestone.state == MilestoneState.ACCEPTED


def test_returning_without_the_opinion_takes_the_question_back(project):
    _milestone, report, people = for_opinion(project)
    actions.conclude(report=report, outcome="returned", note="缺报告", by=people["manager"], at=AT)
    opinion = Deadline.objects.get(object_id=report.pk, kind=DeadlineKind.DEMANDER_OPINION)
    assert opinion.state == DeadlineState.CANCELLED


@pytest.mark.parametrize("outcome", ["returned", "failed"])
def test_a_refusal_gives_its_reason(project, outcome):
    found, people = project
    report = hand_in(milestone_of(found))
    with pytest.raises(Refused, match="请写明理由"):
        actions.conclude(report=report, outcome=outcome, note=" ", by=people["manager"], at=AT)
    with pytest.raises(Refused, match="请选择"):
        actions.conclude(report=report, outcome="perhaps", note="", by=people["manager"], at=AT)


@pytest.mark.parametrize(("at", "is_early"), [(AT, True), (AT + timedelta(days=300), False)])
def test_a_returned_milestone_has_time_to_be_supplemented(project, at, is_early):
    found, people = project
    milestone = milestone_of(found)
    report = hand_in(milestone, at=at)
    actions.conclude(report=report, outcome="returned", note="缺报告", by=people["manager"], at=at)
    assert deadline(milestone, DeadlineKind.MILESTONE).due_at == (
        end_of_day(date(2027, 3, 31)) if is_early else due(at, 10)
    )
    again = hand_in(milestone, at=at)
    assert again.number == 2
    with pytest.raises(Refused, match="新的材料"):
        actions.conclude(report=report, outcome="accepted", note="", by=people["manager"], at=at)


def test_what_was_returned_and_never_came_back_has_failed(project, subtests):
    found, people = project
    milestone = milestone_of(found)
    with pytest.raises(Refused):
        actions.fail(milestone=milestone, note="逾期", by=people["manager"], at=AT)
    report = hand_in(milestone)
    actions.conclude(report=report, outcome="returned", note="缺报告", by=people["manager"], at=AT)
    for who in others(people, "manager"):
        with attempt(subtests, who), pytest.raises(Refused, match="主管处室"):
            actions.fail(milestone=milestone, note="逾期未补", by=people[who], at=AT)
    assert milestone.state == MilestoneState.RETURNED
    with pytest.raises(Refused, match="理由"):
        actions.fail(milestone=milestone, note="", by=people["manager"], at=AT)
    until = deadline(milestone, DeadlineKind.MILESTONE).due_at
    with pytest.raises(Refused, match="退回补充的期限是 2027-03-31"):
        actions.fail(milestone=milestone, note="逾期未补", by=people["manager"], at=until)
    later = until + timedelta(seconds=1)
    actions.fail(milestone=milestone, note="逾期未补", by=people["manager"], at=later)
    assert not is_open(milestone, DeadlineKind.MILESTONE)
    assert milestone.state == MilestoneState.FAILED


# ---- who sees, what the database holds ----


def test_the_parties_their_officers_and_the_district_see_a_project(project):
    found, people = project
    report = hand_in(milestone_of(found))
    seen = {
        name
        for name, user in people.all().items()
        if Milestone.objects.visible_to(user).filter(agreement=found)
    }
    assert seen == PARTIES
    assert seen == {name for name, user in people.all().items() if Report.objects.visible_to(user).exists()}
    document = Document.objects.about(report).get()
    assert seen == {
        name
        for name, user in people.all().items()
        if Document.objects.visible_to(user).filter(pk=document.pk)
    }


def test_promises_and_records_are_sealed(project):
    found, people = project
    report = hand_in(milestone_of(found, "final"))
    actions.give_opinion(report=report, opinion="accept", text="", by=people["demander"], at=AT)
    actions.conclude(report=report, outcome="accepted", note="", by=people["manager"], at=AT)
    milestone = milestone_of(found)
    attacks = [
        lambda: Milestone.objects.filter(pk=milestone.pk).update(due_date=date(2030, 1, 1)),
        lambda: Milestone.objects.filter(pk=milestone.pk).update(needs_demander_opinion=True),
        lambda: Milestone.objects.create(
            agreement=found, order=9, code="x", name="x", due_date=date(2027, 1, 1), deliverable="x"
        ),
        lambda: Indicator.objects.update(target="≥ 0"),
        lambda: Indicator.objects.create(milestone=milestone, name="x", target="1"),
        lambda: Indicator.objects.all().delete(),
        lambda: Report.objects.update(text="x"),
        lambda: Report.objects.filter(pk=report.pk)._raw_delete("default"),
        lambda: DemanderOpinion.objects.update(opinion="refuse"),
        lambda: DemanderOpinion.objects.all()._raw_delete("default"),
        lambda: Acceptance.objects.update(outcome="failed"),
        lambda: Acceptance.objects.all()._raw_delete("default"),
        lambda: Milestone.objects.filter(pk=milestone.pk).update(state="accepted"),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


def test_every_state_names_who_may_write_and_no_move_is_forgotten():
    assert set(MILESTONE.owners) == set(MilestoneState.values)
    moves = {(old, new) for old, news in MILESTONE.transitions.items() for new in news}
    assert moves == {
        ("planned", "submitted"),
        ("planned", "waived"),
        ("submitted", "accepted"),
        ("submitted", "returned"),
        ("submitted", "failed"),
        ("returned", "submitted"),
        ("returned", "failed"),
        ("planned", "cancelled"),
        ("submitted", "cancelled"),
        ("returned", "cancelled"),
    }


def test_a_completed_agreement_takes_nothing_more(project):
    found, people = project
    Agreement.objects.filter(pk=found.pk).update(state=AgreementState.COMPLETED)
    with pytest.raises(Refused, match="执行中"):
        hand_in(milestone_of(found), by=people["team"])
