"""A milestone that a panel accepts: opinion, scores, bonuses, conclusions and a second try."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications.queries import limits
from core import calendar
from core.calendar import local_date
from core.workflow import Refused
from documents.models import Document
from finance.models import InstalmentTemplate
from milestones import accepting, actions
from milestones.models import (
    Acceptance,
    AcceptanceBonus,
    AcceptanceCriterion,
    AcceptanceGrade,
    AcceptanceScheme,
    Hearing,
    MilestoneTemplate,
)
from milestones.states import MilestoneState
from notifications.models import Deadline
from tests.factories.grants import CallFactory, in_order
from tests.factories.milestones import AT, PLAN, agreement, evidence, hand_in, milestone_of, people_of
from tests.factories.milestones import TEMPLATES as MILESTONES
from tests.factories.notifications import drifts
from tests.factories.reviews import ExpertFactory, publish

pytestmark = pytest.mark.django_db
GRADES = (
    {
        "code": "excellent",
        "name": "优秀",
        "name_en": "Excellent",
        "score": 90,
        "when": "report.spent_amount >= times(award.amount, 0.4)",
    },
    {"code": "passed", "name": "合格", "score": 60, "share": 80},
    {"code": "failed", "name": "不合格", "passes": False, "score": 0, "refund": 50, "clause": "第十五条"},
)
CRITERIA = (
    {"code": "results", "name": "成果", "weight": 60},
    {"code": "money", "name": "经费", "weight": 40, "max_score": 50},
)


def accepted_by_panel(*, grades=GRADES, criteria=(), bonuses=(), **scheme):
    """(an agreement whose prototype is accepted so, the people around it)"""
    call = CallFactory(draft=True)
    in_order(MilestoneTemplate, MILESTONES, call=call, deliverable="按通知")
    in_order(InstalmentTemplate, PLAN, call=call)
    named = {"milestone_code": "prototype", "panel_size": 2, "clause": "第十二条"}
    AcceptanceScheme.objects.create(call=call, **named | scheme)
    in_order(AcceptanceGrade, grades, call=call)
    in_order(AcceptanceCriterion, criteria, call=call)
    in_order(AcceptanceBonus, bonuses, call=call)
    found = agreement(call=publish(call))
    return found, people_of(found)


def panel(*scores, units=("海洋大学", "理工大学", "石油大学")) -> list[dict]:
    """One expert for each score: {criterion: points}, or one number where the notice names no criteria."""
    return [
        {
            "name": f"专家{number}",
            "organisation_name": unit,
            "title": "教授",
            "scores": score if isinstance(score, dict) else {"": Decimal(score)},
        }
        for number, (score, unit) in enumerate(zip(scores, units, strict=False), start=1)
    ]


def book(report, around, *scores, at=AT, **said):
    words = {"held_date": local_date(at), "opinion": "完成任务书指标", "files": [evidence("意见.pdf")]}
    return actions.book(
        report=report, **words | {"people": panel(*scores)} | said, by=around["manager"], at=at
    )


def conclude(report, by, grade="", at=AT, **said) -> Acceptance:
    words = {"outcome": "accepted", "note": "专家组意见", "grade": grade}
    return actions.conclude(report=report, **words | said, by=by, at=at)


def clock_of(milestone, kind="milestone_check") -> Deadline:
    return Deadline.objects.open().get(kind=kind, object_id=milestone.pk)


def test_the_panel_scores_and_the_conclusion_follows_from_the_notice():
    found, people = accepted_by_panel(criteria=CRITERIA)
    report = hand_in(milestone_of(found))
    with pytest.raises(Refused, match="还没有登记专家的验收意见") as refused:
        conclude(report, people["manager"])
    assert refused.value.clause == "第十二条"
    both = ({"results": Decimal(95), "money": Decimal(48)}, {"results": Decimal(89), "money": Decimal(45)})
    hearing = book(report, people, *both)
    # 95 × 60 % + 48/50 × 40 = 95.40; 89 × 60 % + 45/50 × 40 = 89.40
    assert [person.total for person in hearing.panel.all()] == [Decimal("95.40"), Decimal("89.40")]
    assert (hearing.score, hearing.total) == (Decimal("92.40"), Decimal("92.40"))
    said = conclude(report, people["manager"])
    assert (said.grade.code, said.outcome, said.deviation) == ("excellent", "accepted", "")
    assert milestone_of(found).state == MilestoneState.ACCEPTED


def test_a_condition_of_the_notice_keeps_from_a_grade_and_another_needs_a_reason():
    found, people = accepted_by_panel()
    report = hand_in(milestone_of(found), spent_amount=Decimal(199_999))
    book(report, people, 95, 96)
    with pytest.raises(Refused, match="为“合格”") as refused:
        conclude(report, people["manager"], "excellent")
    assert refused.value.field == "deviation"
    said = conclude(report, people["manager"], "excellent", deviation="审计调整后达到")
    assert (said.grade.code, said.deviation) == ("excellent", "审计调整后达到")


def test_bonuses_of_the_notice_count_where_they_hold():
    bonuses = (
        {"name": "形成标准", "points": 5, "when": "project.amount > 0.0", "clause": "第十条"},
        {"name": "未达到", "points": 9, "when": "project.amount < 0.0"},
        {"name": "缺数据", "points": 9, "when": "award.paid > 0.0 && topic.amount > 0.0"},
    )
    found, people = accepted_by_panel(bonuses=bonuses)
    report = hand_in(milestone_of(found))
    hearing = book(report, people, 86, 84)
    assert (hearing.score, hearing.total) == (85, 90)
    assert hearing.bonuses == [{"name": "形成标准", "points": "+5.00", "clause": "第十条"}]
    assert conclude(report, people["manager"]).grade.code == "excellent"


def test_who_may_not_be_an_expert_and_what_a_booking_needs():
    found, people = accepted_by_panel()
    report = hand_in(milestone_of(found))
    own = found.award.application.organisation
    librarian = ExpertFactory(organisation=own)
    refusals = {
        "至少 2 人": {"people": panel(90)},
        "应当回避：同一单位": {"people": panel(90, 90, units=("海洋大学", own.name))},
        "应当回避": {
            "people": [panel(90)[0], panel(90, units=(own.name,))[0] | {"name": librarian.user.name}]
        },
        "写了两次": {"people": panel(90) * 2},
        "各项评分": {"people": [panel(90)[0], panel({}, units=("理工大学",))[0] | {"name": "乙"}]},
        "验收日期": {"held_date": local_date(AT) + timedelta(days=1)},
        "请填写验收意见": {"opinion": " "},
        "签字": {"files": []},
    }
    for words, said in refusals.items():
        with pytest.raises(Refused, match=words):
            book(report, people, 90, 90, **said)
    for who in ("team", "unit_admin", "leader", "other_manager", "expert", "stranger"):
        with pytest.raises(Refused) as refused:
            book(report, {"manager": people[who]}, 90, 90)
        assert refused.value.code == "forbidden"
    assert not Hearing.objects.exists()


def test_of_several_bookings_the_last_counts_and_none_changes():
    found, people = accepted_by_panel()
    report = hand_in(milestone_of(found))
    book(report, people, 50, 50)
    book(report, people, 70, 70, at=AT + timedelta(hours=1))
    assert conclude(report, people["manager"]).grade.code == "passed"
    with pytest.raises(DatabaseError), transaction.atomic():
        Hearing.objects.update(total=99)
    with pytest.raises(DatabaseError), transaction.atomic():
        AcceptanceGrade.objects.update(share=1)


def test_whoever_did_not_pass_may_try_once_more_within_the_months():
    found, people = accepted_by_panel(again_times=1, again_months=6)
    milestone = milestone_of(found)
    report = hand_in(milestone)
    book(report, people, 40, 40)
    said = conclude(report, people["manager"])
    milestone.refresh_from_db()
    assert (said.grade.code, said.outcome, milestone.state) == ("failed", "returned", MilestoneState.RETURNED)
    clock = clock_of(milestone, "milestone")
    assert clock.due_at == calendar.end_of_day(
        calendar.add_days(local_date(AT), 6, kind=calendar.DayKind.MONTH)
    )
    assert "6 个月内可以再次申请验收" in str(clock.explanation)
    assert drifts("milestone", at=AT) == []
    later = AT + timedelta(days=90)
    report = hand_in(milestone, at=later)
    with pytest.raises(Refused, match="还没有登记专家"):
        conclude(report, people["manager"], at=later)
    book(report, people, 30, 30, at=later)
    said = conclude(report, people["manager"], at=later)
    milestone.refresh_from_db()
    assert (said.outcome, milestone.state) == ("failed", MilestoneState.FAILED)


def test_where_the_notice_says_so_a_leader_concludes():
    found, people = accepted_by_panel(by_leader=True)
    milestone = milestone_of(found)
    report = hand_in(milestone)
    assert Deadline.objects.owed_by(people["manager"]).filter(pk=clock_of(milestone).pk).exists()
    book(report, people, 70, 70)
    assert Deadline.objects.owed_by(people["leader"]).filter(pk=clock_of(milestone).pk).exists()
    assert drifts("milestone", at=AT) == []
    with pytest.raises(Refused, match="由局领导作出结论"):
        conclude(report, people["manager"])
    for who in ("team", "auditor", "other_manager", "stranger"):
        with pytest.raises(Refused):
            conclude(report, people[who])
    assert conclude(report, people["leader"]).grade.code == "passed"


def test_a_plain_return_asks_for_papers_and_is_no_conclusion():
    found, people = accepted_by_panel(by_leader=True)
    report = hand_in(milestone_of(found))
    said = conclude(report, people["manager"], outcome="returned")
    assert (said.outcome, said.grade) == ("returned", None)
    assert accepting.last_grade(milestone_of(found)) is None


def test_without_marks_whoever_concludes_chooses_and_other_milestones_are_as_ever():
    plain = tuple(row | {"score": None, "when": ""} for row in GRADES)
    found, people = accepted_by_panel(grades=plain)
    report = hand_in(milestone_of(found))
    assert book(report, people, {}, {}).total is None
    with pytest.raises(Refused, match="请选择验收结论"):
        conclude(report, people["manager"])
    assert conclude(report, people["manager"], "passed").grade.code == "passed"
    final = hand_in(milestone_of(found, "final"))
    assert conclude(final, people["manager"]).grade is None


def test_the_manager_books_and_concludes_in_the_admin_and_the_team_reads_it(client):
    found, people = accepted_by_panel(criteria=CRITERIA)
    milestone = milestone_of(found)
    hand_in(milestone)
    client.force_login(people["manager"])
    address = reverse("admin:milestones_milestone_hear", args=[milestone.pk])
    assert "专家至少 2 人" in client.get(address).content.decode()
    rows = {"panel-TOTAL_FORMS": "3", "panel-INITIAL_FORMS": "0"}
    for number, name in enumerate(("王专家", "李专家")):
        rows |= {
            f"panel-{number}-name": name,
            f"panel-{number}-organisation_name": "海洋大学",
            f"panel-{number}-score_results": "80",
            f"panel-{number}-score_money": "40",
        }
    said = {"held_date": local_date(AT).isoformat(), "opinion": "同意验收", "file": evidence("意见.pdf")}
    assert client.post(address, said | rows | {"panel-1-name": ""}).status_code == 422
    assert client.post(address, said | {"file": evidence("意见.pdf")} | rows).status_code == 302
    assert Hearing.objects.get().total == 80
    assert Document.objects.about(Hearing.objects.get()).count() == 1
    address = reverse("admin:milestones_milestone_conclude", args=[milestone.pk])
    page = client.get(address).content.decode()
    assert "按通知的规则（得分 80.00）为“合格”" in page
    client.post(address, {"outcome": "grade-passed", "note": "同意"})
    assert Acceptance.objects.get().grade.code == "passed"
    assert (
        "王专家"
        in client.get(reverse("admin:milestones_milestone_change", args=[milestone.pk])).content.decode()
    )
    client.force_login(people["team"])
    page = client.get(reverse("milestones:milestone", args=[milestone.pk])).content.decode()
    assert "合格" in page
    assert "同意验收" in page
    assert "王专家" not in page, "who gave which score is the bureau's own"
    client.force_login(people["stranger"])
    document = Document.objects.about(Hearing.objects.get()).get()
    assert client.get(reverse("documents:download", args=[document.pk])).status_code == 404


def test_the_api_concludes_with_a_grade(client):
    found, people = accepted_by_panel()
    milestone = milestone_of(found)
    report = hand_in(milestone)
    book(report, people, 70, 70)
    client.force_login(people["manager"])
    address = f"/api/v1/milestones/{milestone.pk}/conclude/"
    answer = client.post(address, {"grade": "excellent"}, content_type="application/json")
    assert (answer.status_code, "合格" in answer.content.decode()) == (422, True)
    answer = client.post(address, {"grade": "passed"}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")


def test_later_notices_read_the_conclusion():
    found, people = accepted_by_panel()
    report = hand_in(milestone_of(found))
    book(report, people, 95, 95)
    unit = found.award.application.organisation.credit_code

    def known():
        return [
            row["accepted_as"] for row in limits.records({unit}, set(), as_of=local_date(AT)).of_units[unit]
        ]

    assert known() == [""]
    conclude(report, people["manager"])
    assert known() == ["excellent"]
