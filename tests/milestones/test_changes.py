"""Changes of a running project (变更): what the notice allows, who decides, what is different afterwards."""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications.models import Application, Participant
from applications.queries.limits import records
from awards.actions import end_early
from awards.models import Agreement
from core.workflow import Refused
from milestones import actions, changing
from milestones.models import Change, ChangeTerm, Milestone, MilestoneTemplate
from milestones.states import CHANGE
from notifications.models import Deadline, Message
from seeds.codes import make_id_number
from tests.factories.grants import EligibilityRuleFactory, in_order
from tests.factories.milestones import AT, PEOPLE, TEMPLATES, agreement, evidence, people_of
from tests.factories.notifications import drifts
from tests.factories.reviews import CallFactory, publish

pytestmark = pytest.mark.django_db
TERMS = (
    {
        "kind": "leader",
        "times": 1,
        "months_before_end": 6,
        "asks_file": "学术委员会意见",
        "clause": "第二十条",
    },
    {"kind": "members", "way": "filing", "clause": "第二十一条"},
    {"kind": "indicators", "way": "never", "clause": "第二十二条"},
    {"kind": "title", "unit_days": 0, "decision_days": 7},
)
NEW = {
    "role": "pi",
    "name": "王新",
    "id_number": make_id_number(77),
    "title": "教授",
    "months_per_year": Decimal(6),
}


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """A project whose notice says of changes what `TERMS` say, for all tests of the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        call = CallFactory()
        in_order(MilestoneTemplate, TEMPLATES, call=call, deliverable="按通知")
        in_order(ChangeTerm, TERMS, call=call)
        EligibilityRuleFactory(
            call=call, code="title", text="负责人为教授", clause="第四条", expression="pi.title != '讲师'"
        )
        found = agreement(call=publish(call))
        Application.objects.update(state="awarded")
        Participant.objects.bulk_create(
            Participant(
                application=found.award.application, role="member", order=order, joined_date=AT, **row
            )
            for order, row in enumerate(
                ({"name": "钱一", "id_number": make_id_number(5)}, {"name": "孙二"}), 1
            )
        )
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def project(made, db):
    found = Agreement.objects.get(pk=made.pk)
    return found, people_of(found)


def new_person(found, **changes):
    unit = found.award.application.organisation
    return NEW | {"organisation_name": unit.name, "credit_code": unit.credit_code} | changes


def old_leader(found):
    return changing.people_of(found).get(role="pi")


def ask(found, kind="title", *, by, at=AT, **told):
    told = {"reason": "原负责人调离"} | ({"after": "新名称"} if kind == "title" else {}) | told
    return actions.ask_change(agreement=found, kind=kind, by=by, at=at, **told)


def ask_leader(found, *, by, join=None, **told):
    told = {"leave": [old_leader(found).pk], "files": [evidence()]} | told
    return ask(found, "leader", by=by, join=join or [new_person(found)], **told)


def clocks(change):
    rows = Deadline.objects.open().filter(content_type__model="change", object_id=change.pk)
    return {deadline.kind: deadline for deadline in rows}


@contextmanager
def refused(text=".", field=None, clause=None):
    with pytest.raises(Refused, match=text) as found:
        yield
    assert field in (None, found.value.field)
    assert clause in (None, found.value.clause)


def test_a_new_leader_is_proposed_by_the_unit_approved_and_counted_from_then_on(project):
    found, people = project
    people.all()
    old = old_leader(found)
    change = ask_leader(found, by=people["team"])
    assert change.state == "unit_review"
    assert (old.name in change.before, "王新" in change.after) == (True, True)
    assert "第二十条" in str(clocks(change)["change_review"].explanation)
    assert {name for name in PEOPLE if changing.can_review(people[name], change)} == {"unit_admin"}
    with refused("待单位审核"):
        actions.approve_change(change=change, opinion="", by=people["manager"], at=AT)
    actions.pass_change(change=change, opinion="同意", by=people["unit_admin"], at=AT)
    assert clocks(change).keys() == {"change_decision"}
    assert {name for name in PEOPLE if changing.can_decide(people[name], change)} == {"manager"}
    assert drifts("change", at=AT) == []
    assert old_leader(found) == old, "nothing changes before the decision"
    actions.approve_change(change=change, opinion="同意", by=people["manager"], at=AT)
    assert (change.state, clocks(change), old_leader(found).name) == ("approved", {}, "王新")
    old.refresh_from_db()
    assert old.left_date is not None
    told = Message.objects.get(template="milestones/change_decided", recipient=people["team"])
    assert (told.context["outcome"], told.context["after"]) == ("approved", change.after)
    led = records([], [NEW["id_number"]], as_of=date(2027, 1, 1)).of_people[NEW["id_number"]]
    assert [(row["role"], row["status"]) for row in led] == [("pi", "running")]
    assert drifts("change", at=AT) == []
    with refused("最多变更 1 次", clause="第二十条"):
        ask_leader(found, by=people["team"], join=[new_person(found, id_number=make_id_number(78))])


def test_a_member_becomes_leader_and_the_old_one_stays(project):
    found, people = project
    old, member = old_leader(found), changing.people_of(found).get(name="钱一")
    unit = new_person(found)
    join = [
        unit | {"name": member.name, "id_number": member.id_number},
        unit | {"role": "member", "name": old.name, "id_number": make_id_number(9)},
    ]
    change = ask_leader(found, by=people["unit_admin"], leave=[old.pk, member.pk], join=join)
    assert change.state == "submitted", "the administrator's own request needs no review"
    actions.approve_change(change=change, opinion="", by=people["manager"], at=AT)
    now = {(row.role, row.name) for row in changing.people_of(found)}
    assert now == {("pi", "钱一"), ("member", old.name), ("member", "孙二")}


def test_people_who_would_not_meet_the_notice_are_refused_by_its_clause(project):
    found, people = project
    lecturer = [new_person(found, title="讲师")]
    with refused("申报条件", field="join", clause="第四条"):
        ask_leader(found, by=people["team"], join=lecturer)
    assert changing.people_of(found).count() == 3, "nothing of the trial is kept"
    with refused("学术委员会意见", field="files", clause="第二十条"):
        ask_leader(found, by=people["team"], files=[])
    with refused("一名新的负责人"):
        ask_leader(found, by=people["team"], leave=[])
    with refused("校验|身份证|号码"):
        ask_leader(found, by=people["team"], join=[new_person(found, id_number="370212198501010000")])
    with refused("退出或加入"):
        ask(found, "members", by=people["team"])
    with refused("不在这个项目里"):
        ask(found, "members", by=people["team"], leave=[old_leader(found).pk + 999])
    with refused("最后日期"):
        ask_leader(found, by=people["team"], at=AT + timedelta(days=700))


def test_who_joins_takes_a_role_that_the_notice_names():
    roles = [
        {"code": "chief", "name": "首席专家", "leads": True},
        {"code": "tutor", "name": "指导教师", "most": 1, "clause": "第七条"},
    ]
    found = agreement(call=publish(CallFactory(person_roles=roles)))
    Application.objects.update(state="awarded")
    found = Agreement.objects.get(pk=found.pk)
    people = people_of(found)
    person = new_person(found, role="member", name="李三", id_number=make_id_number(12))
    with refused("选择角色", field="join"):
        ask(found, "members", by=people["unit_admin"], join=[person])
    tutor = person | {"position": "tutor"}
    ask(found, "members", by=people["unit_admin"], join=[tutor])
    assert Change.objects.get().state == "submitted"
    with refused("最多 1 人|应有", field="join"):
        two = [tutor, tutor | {"name": "李四", "id_number": make_id_number(13)}]
        changing.check_people(found, "members", leave=[], join=two, on=AT.date())


def test_what_is_only_filed_is_in_force_once_the_unit_passes_it(project):
    found, people = project
    people.all()
    gone = changing.people_of(found).get(name="钱一")
    change = ask(found, "members", by=people["team"], leave=[gone.pk])
    assert changing.people_of(found).filter(pk=gone.pk).exists()
    actions.pass_change(change=change, opinion="", by=people["unit_admin"], at=AT)
    assert (change.state, clocks(change)) == ("filed", {})
    assert not changing.people_of(found).filter(pk=gone.pk).exists()
    left = records([], [gone.id_number], as_of=date(2027, 1, 1)).of_people[gone.id_number]
    assert [row["status"] for row in left] == ["left"], "no longer counted among running projects"
    assert Message.objects.filter(recipient=people["manager"], context__outcome="filed").exists()
    person = new_person(found, role="member", name="李三", id_number=make_id_number(12))
    own = ask(found, "members", by=people["unit_admin"], join=[person])
    assert own.state == "filed"
    assert changing.people_of(found).filter(name="李三").exists()
    assert drifts("change", at=AT) == []


def test_what_the_notice_forbids_and_what_it_does_not_name(project):
    found, people = project
    texts = {"before": "灵敏度 ≥ -170 dB", "after": "灵敏度 ≥ -180 dB"}
    with refused("不得变更", clause="第二十二条"):
        ask(found, "indicators", by=people["team"], **texts)
    for field, value in (("after", " "), ("before", ""), ("reason", ""), ("after", texts["before"])):
        with refused(field=field):
            ask(found, "content", by=people["team"], **texts | {field: value})
    change = ask(found, "content", by=people["team"], **texts)
    assert (change.way, change.state) == ("approval", "unit_review")
    with refused("等待办理"):
        ask(found, "content", by=people["team"], **texts)
    with refused("理由"):
        actions.return_change(change=change, opinion=" ", by=people["unit_admin"], at=AT)
    actions.return_change(change=change, opinion="先开会论证", by=people["unit_admin"], at=AT)
    assert (change.state, clocks(change)) == ("returned", {})
    again = ask(found, "content", by=people["team"], **texts)
    actions.withdraw_change(change=again, by=people["team"], at=AT)
    assert drifts("change", at=AT) == []


def test_a_new_title_stands_everywhere_and_what_was_handed_in_stays(project):
    found, people = project
    application = found.award.application
    change = ask(found, by=people["team"])
    assert (change.before, change.state) == (application.title, "submitted"), "no review where it says none"
    with refused("理由"):
        actions.refuse_change(change=change, opinion="", by=people["manager"], at=AT)
    actions.refuse_change(change=change, opinion="没有必要", by=people["manager"], at=AT)
    application.refresh_from_db()
    assert application.title == change.before
    change = ask(found, by=people["team"])
    actions.approve_change(change=change, opinion="", by=people["manager"], at=AT)
    application.refresh_from_db()
    assert application.title == "新名称"
    with pytest.raises(DatabaseError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(summary="另一个简介")


def test_the_end_of_the_project_ends_what_still_waits(project):
    found, people = project
    change = ask(found, by=people["team"])
    end_early(agreement=found, end="terminated", by=people["leader"], at=AT, note="x")
    change.refresh_from_db()
    assert (change.state, clocks(change), drifts("change", at=AT)) == ("withdrawn", {}, [])
    with refused("执行中"):
        ask(found, by=people["team"])


def test_only_the_project_asks(project):
    found, people = project
    people.all()
    may = {
        name
        for name in PEOPLE
        if changing.can_ask(people[name], found, changing.term_of(found, "title"), at=AT, requests=[])
    }
    assert may == {"team", "unit_admin"}


def test_the_database_keeps_what_was_asked_and_who_was_of_the_project(project):
    found, people = project
    change = ask(found, by=people["team"])
    for wrong in ({"after": "别的"}, {"people": {"x": 1}}, {"state": "approved"}, {"way": "never"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Change.objects.filter(pk=change.pk).update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        Change.objects.create(
            agreement=found, kind="title", way="approval", before="a", after="b", reason="c",
            submitted_by=people["team"], submitted_at=AT,
        )  # fmt: skip
    rows = Participant.objects.filter(application=found.award.application)
    for wrong in ({"name": "别人"}, {"role": "member", "left_date": AT.date()}, {"joined_date": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Participant.objects.create(application=found.award.application, role="member", name="混入")
    rows.filter(name="孙二").update(left_date=AT.date())
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.filter(name="孙二").update(left_date=None)


def test_pages_ask_show_and_decide(project, client):
    found, people = project
    kinds, address = (f"/milestones/projects/{found.pk}/changes/{tail}" for tail in ("", "leader/"))
    for who, status in (("stranger", 404), ("manager", 403)):
        client.force_login(people[who])
        assert [client.get(page).status_code for page in (kinds, address)] == [status] * 2
    client.force_login(people["team"])
    assert client.get(f"{kinds}nothing/").status_code == 404
    page = client.get(kinds).content.decode()
    assert "学术委员会意见" not in page
    assert "第二十二条" in page
    assert f"{kinds}indicators/" not in page
    assert "不得变更" in client.get(f"{kinds}indicators/").content.decode()
    unit = found.award.application.organisation
    person = {
        "name": "王新",
        "id_number": NEW["id_number"],
        "title": "教授",
        "id_kind": "id_card",
        "country": "CN",
    }
    person |= {"organisation_name": unit.name, "credit_code": unit.credit_code}
    total = {"joining-TOTAL_FORMS": 1, "joining-INITIAL_FORMS": 0}
    typed = total | {f"joining-0-{name}": value for name, value in person.items()}
    typed |= {"who": "", "reason": "原负责人调离"}
    answer = client.post(address, typed)
    assert answer.status_code == 422, "the opinion of the committee is missing"
    assert "原负责人调离" in answer.content.decode()
    answer = client.post(address, typed | {"files": [evidence()]})
    change = Change.objects.get()
    assert answer.headers["Location"] == f"/milestones/changes/{change.pk}/"
    own = answer.headers["Location"]
    page = client.get(own).content.decode()
    assert "王新" in page
    assert "报告.pdf" in page
    assert client.post(own, {"do": "pass"}).status_code == 403
    client.force_login(people["unit_admin"])
    assert client.post(own, {"do": "return", "opinion": ""}).status_code == 422
    assert client.post(own, {"do": "pass", "opinion": "同意"}).status_code == 302
    client.force_login(people["manager"])
    assert "去审批" in client.get(own).content.decode()
    assert client.post(own).status_code == 403
    assert client.get("/admin/milestones/change/").status_code == 200
    assert client.get(f"/admin/milestones/change/{change.pk}/change/").status_code == 200
    button = reverse("admin:milestones_change_approve", args=[change.pk])
    assert client.post(button, {"opinion": "同意"}, follow=True).status_code == 200
    assert old_leader(found).name == "王新"
    client.force_login(people["team"])
    assert "项目负责人" in client.get(f"/projects/{found.pk}/").content.decode()
    client.force_login(people["stranger"])
    assert client.get(own).status_code == 404


@pytest.mark.parametrize("times", [1, 30])
def test_a_long_history_costs_no_more(project, client, django_assert_num_queries, times):
    found, people = project
    for _number in range(times):
        actions.withdraw_change(change=ask(found, by=people["team"]), by=people["team"], at=AT)
    client.force_login(people["team"])
    with django_assert_num_queries(9):
        assert client.get(f"/milestones/projects/{found.pk}/changes/").status_code == 200
    with django_assert_num_queries(5):
        rows = client.get("/api/v1/changes/").json()["results"]
    assert (len(rows), rows[0]["kind"]) == (times, "title")
    client.force_login(people["stranger"])
    assert client.get("/api/v1/changes/").json()["results"] == []


def test_every_move_of_the_table_and_no_other():
    assert {state: set(after) for state, after in CHANGE.transitions.items()} == {
        "unit_review": {"submitted", "filed", "returned", "withdrawn"},
        "submitted": {"approved", "refused", "withdrawn"},
    }


def test_what_a_change_leaves_to_do_by_hand_is_said_and_examiners_read_it(project, client):
    found, people = project
    client.force_login(people["team"])
    page = client.get(reverse("milestones:ask_change", args=[found.pk, "budget"])).content.decode()
    assert "各期拨款和任务书的预算不自动改变" in page
    change = ask(found, "budget", by=people["unit_admin"], before="设备费 10 万元", after="设备费 5 万元")
    milestone = Milestone.objects.filter(agreement=found).first()
    address = reverse("admin:milestones_milestone_change", args=[milestone.pk])
    client.force_login(people["manager"])
    assert "设备费 5 万元" not in client.get(address).content.decode()
    decision = client.get(reverse("admin:milestones_change_change", args=[change.pk])).content.decode()
    assert "各期拨款和任务书的预算不自动改变" in decision
    actions.approve_change(change=change, opinion="同意", by=people["manager"], at=AT)
    assert "预算调剂：设备费 10 万元 → 设备费 5 万元" in client.get(address).content.decode()
