import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

from awards.models import Agreement, Award
from awards.states import AgreementState
from core.calendar import due, end_of_day, local_date
from core.models import Event
from core.workflow import Lost, Refused
from documents.models import Document
from milestones import actions, rules
from milestones.models import Acceptance, DemanderOpinion, Indicator, Milestone, Report
from milestones.states import MILESTONE, MilestoneState
from notifications.models import Deadline, DeadlineKind, Message
from notifications.states import DeadlineState
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    PARTIES,
    PEOPLE,
    agreement,
    awarded_application,
    draft_agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)


def deadline(subject, kind) -> Deadline:
    return Deadline.objects.get(
        content_type__model=type(subject)._meta.model_name, object_id=subject.pk, kind=kind, state="open"
    )


def is_open(subject, kind) -> bool:
    return Deadline.objects.open().filter(object_id=subject.pk, kind=kind).exists()


def project(**kwargs):
    found = agreement(owner=OrganisationFactory(), **kwargs)
    return found, people_of(found)


# ---- planning ----


@pytest.mark.django_db
def test_what_was_proposed_joins_what_the_notice_demands():
    found = draft_agreement(owner=OrganisationFactory())
    rows = Milestone.objects.filter(agreement=found).values_list(
        "order", "code", "name", "due_date", "deliverable", "clause", "needs_demander_opinion", "state"
    )
    assert list(rows) == [
        (1, "prototype", "样机", date(2027, 3, 31), "样机一台", "第十一条", False, "planned"),
        (2, "final", "验收", date(2028, 3, 31), "验收报告", "第十二条", True, "planned"),
    ]
    indicator = Indicator.objects.get()
    assert (indicator.milestone.code, indicator.name, indicator.target, indicator.unit) == (
        "prototype",
        "灵敏度",
        "≥ -170",
        "dB",
    )
    assert not Deadline.objects.exists()


@pytest.mark.django_db
def test_without_a_demander_no_opinion_is_asked():
    found = draft_agreement()
    assert not Milestone.objects.filter(agreement=found, needs_demander_opinion=True).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ([], ["prototype", "final"]),
        (["试制", "交付"], ["prototype", "final"]),
        (["交付"], ["prototype", "final"]),
        (["设计", "试制", "交付"], ["prototype", "m2", "final"]),
        (["验收", "设计"], ["final", "prototype"]),
    ],
)
def test_every_template_finds_its_milestone(names, codes):
    proposed = [
        {"name": name, "due_date": date(2027, 1 + 2 * n, 20), "deliverable": name}
        for n, name in enumerate(names, start=1)
    ]
    found = draft_agreement(proposed=proposed)
    milestones = Milestone.objects.filter(agreement=found).order_by("order")
    assert [milestone.code for milestone in milestones] == codes
    by_name = {milestone.name: milestone.code for milestone in milestones}
    if "交付" in by_name:
        assert by_name["交付"] == "final"
    if not names:
        assert [milestone.due_date for milestone in milestones] == [date(2027, 3, 1), date(2028, 3, 1)]


@pytest.mark.django_db
def test_dates_follow_the_agreement_and_stay_inside_it():
    application = awarded_application(
        proposed=[
            {"name": "甲", "due_date": date(2027, 1, 1), "deliverable": "甲"},
            {"name": "乙", "due_date": date(2028, 8, 31), "deliverable": "乙"},
        ],
        call=project_call(templates=(), plan=()),
    )
    found = Agreement(award=_award(application), starts_date=date(2026, 10, 1), ends_date=date(2028, 8, 31))
    found.save()
    planned = actions.plan(agreement=found, by=None, at=AT)
    assert [milestone.due_date for milestone in planned] == [date(2027, 1, 31), date(2028, 8, 31)]
    assert [milestone.code for milestone in planned] == ["m1", "m2"]


def _award(application):
    return Award.objects.create(application=application, number="X-1", amount=1, awarded_at=AT)


@pytest.mark.django_db
def test_in_force_every_milestone_has_its_deadline():
    found, people = project()
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


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_only_the_project_hands_in(who):
    found, people = project()
    milestone = milestone_of(found)
    if who in ("team", "unit_admin"):
        report = hand_in(milestone, by=people[who])
        assert (report.number, report.submitted_by) == (1, people[who])
        assert rules.can_hand_in(people[who], milestone) is False
        event = Event.objects.about(milestone).get()
        assert (event.by, event.from_state, event.to_state) == (people[who], "planned", "submitted")
    else:
        assert rules.can_hand_in(people[who], milestone) is False
        with pytest.raises(Refused, match="项目团队"):
            hand_in(milestone, by=people[who])
        assert not Report.objects.exists()
        assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.PLANNED


@pytest.mark.django_db
def test_handing_in_moves_the_clock_to_the_manager():
    found, people = project()
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


@pytest.mark.django_db
def test_before_the_agreement_is_in_force_nothing_is_handed_in():
    found = draft_agreement()
    with pytest.raises(Refused, match="执行中的任务书"):
        hand_in(milestone_of(found))


@pytest.mark.django_db
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
def test_bad_evidence_gets_a_sentence_and_changes_nothing(change, field, words):
    found, _people = project()
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


@pytest.mark.django_db(transaction=True)
def test_of_two_hand_ins_at_once_one_wins():
    found, _people = project()
    gate, results = threading.Barrier(2), []

    def run():
        milestone = milestone_of(found)
        try:
            gate.wait()
            results.append(hand_in(milestone).number)
        except Lost as lost:
            results.append(str(lost))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["1", "别人刚刚处理了这一项，请刷新后再看。"]
    assert Report.objects.count() == 1


# ---- the demand side ----


def for_opinion():
    found, people = project()
    milestone = milestone_of(found, "final")
    return milestone, hand_in(milestone), people


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_only_the_demand_side_gives_its_opinion(who):
    milestone, report, people = for_opinion()
    say = {"report": report, "opinion": "accept", "text": "", "by": people[who], "at": AT}
    if who == "demander":
        assert deadline(report, DeadlineKind.DEMANDER_OPINION).due_at == due(AT, 5)
        actions.give_opinion(**say)
        assert not is_open(report, DeadlineKind.DEMANDER_OPINION)
        assert Event.objects.about(milestone).last().data == {"opinion": "accept"}
        with pytest.raises(Refused, match="不能修改"):
            actions.give_opinion(**say)
    else:
        with pytest.raises(Refused, match="只有发榜方"):
            actions.give_opinion(**say)
    assert DemanderOpinion.objects.count() == (who == "demander")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("opinion", "text", "field"),
    [
        ("", "", "opinion"),
        ("maybe", "", "opinion"),
        ("refuse", " ", "text"),
        ("accept_with_conditions", "", "text"),
    ],
)
def test_an_opinion_says_why(opinion, text, field):
    _milestone, report, people = for_opinion()
    with pytest.raises(Refused) as refused:
        actions.give_opinion(report=report, opinion=opinion, text=text, by=people["demander"], at=AT)
    assert refused.value.field == field


@pytest.mark.django_db
def test_where_no_opinion_is_asked_none_is_taken():
    found, people = project()
    report = hand_in(milestone_of(found))
    with pytest.raises(Refused, match="不需要发榜方意见"):
        actions.give_opinion(report=report, opinion="accept", text="", by=people["demander"], at=AT)


# ---- conclusions ----


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("accepted", MilestoneState.ACCEPTED),
        ("returned", MilestoneState.RETURNED),
        ("failed", MilestoneState.FAILED),
    ],
)
def test_only_the_manager_concludes(who, outcome, state):
    found, people = project()
    milestone = milestone_of(found)
    report = hand_in(milestone)
    conclude = {"report": report, "outcome": outcome, "note": "指标核实。", "by": people[who], "at": AT}
    if who == "manager":
        hearing = {people["team"], people["unit_admin"]}
        acceptance = actions.conclude(**conclude)
        milestone.refresh_from_db()
        assert (milestone.state, acceptance.by) == (state, people["manager"])
        assert milestone.accepted_at == (AT if outcome == "accepted" else None)
        assert not is_open(milestone, DeadlineKind.MILESTONE_CHECK)
        assert is_open(milestone, DeadlineKind.MILESTONE) == (outcome == "returned")
        heard = Message.objects.filter(template="milestones/concluded")
        assert {message.recipient for message in heard} == hearing
        with pytest.raises(Refused):
            actions.conclude(**conclude)
    else:
        with pytest.raises(Refused, match="主管处室"):
            actions.conclude(**conclude)
        milestone.refresh_from_db()
        assert milestone.state == MilestoneState.SUBMITTED
    assert Acceptance.objects.count() == (who == "manager")


@pytest.mark.django_db
def test_acceptance_waits_for_the_demand_side():
    milestone, report, people = for_opinion()
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


@pytest.mark.django_db
def test_returning_without_the_opinion_takes_the_question_back():
    _milestone, report, people = for_opinion()
    actions.conclude(report=report, outcome="returned", note="缺报告", by=people["manager"], at=AT)
    opinion = Deadline.objects.get(object_id=report.pk, kind=DeadlineKind.DEMANDER_OPINION)
    assert opinion.state == DeadlineState.CANCELLED


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["returned", "failed"])
def test_a_refusal_gives_its_reason(outcome):
    found, people = project()
    report = hand_in(milestone_of(found))
    with pytest.raises(Refused, match="请写明理由"):
        actions.conclude(report=report, outcome=outcome, note=" ", by=people["manager"], at=AT)
    with pytest.raises(Refused, match="请选择"):
        actions.conclude(report=report, outcome="perhaps", note="", by=people["manager"], at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(("at", "is_early"), [(AT, True), (AT + timedelta(days=300), False)])
def test_a_returned_milestone_has_time_to_be_supplemented(at, is_early):
    found, people = project()
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


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_what_was_returned_and_never_came_back_has_failed(who):
    found, people = project()
    milestone = milestone_of(found)
    with pytest.raises(Refused):
        actions.fail(milestone=milestone, note="逾期", by=people["manager"], at=AT)
    report = hand_in(milestone)
    actions.conclude(report=report, outcome="returned", note="缺报告", by=people["manager"], at=AT)
    if who == "manager":
        with pytest.raises(Refused, match="理由"):
            actions.fail(milestone=milestone, note="", by=people[who], at=AT)
        actions.fail(milestone=milestone, note="逾期未补", by=people[who], at=AT)
        assert not is_open(milestone, DeadlineKind.MILESTONE)
    else:
        with pytest.raises(Refused, match="主管处室"):
            actions.fail(milestone=milestone, note="逾期未补", by=people[who], at=AT)
    assert (milestone.state == MilestoneState.FAILED) == (who == "manager")


@pytest.mark.django_db(transaction=True)
def test_of_two_conclusions_at_once_one_wins():
    found, people = project()
    hand_in(milestone_of(found))
    gate, results = threading.Barrier(2), []

    def run(outcome):
        report = Report.objects.select_related("milestone__agreement__award__application").get()
        try:
            gate.wait()
            actions.conclude(report=report, outcome=outcome, note="理由", by=people["manager"], at=AT)
            results.append(outcome)
        except Refused as refused:
            results.append(type(refused).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(outcome,)) for outcome in ("accepted", "failed")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({"Lost", "Refused"} & set(results)) == 1
    assert Acceptance.objects.count() == 1
    assert milestone_of(found).state == Acceptance.objects.get().outcome


# ---- who sees, what the database holds ----


@pytest.mark.django_db
def test_the_parties_their_officers_and_the_district_see_a_project():
    found, people = project()
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


@pytest.mark.django_db
def test_promises_and_records_are_sealed():
    found, people = project()
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


@pytest.mark.django_db
def test_a_completed_agreement_takes_nothing_more():
    found, people = project()
    Agreement.objects.filter(pk=found.pk).update(state=AgreementState.COMPLETED)
    with pytest.raises(Refused, match="执行中"):
        hand_in(milestone_of(found), by=people["team"])
