"""Nomination by persons: asked by the team, each reads what was handed in and signs in their own name."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import PersonRecord
from accounts.roles import Role
from applications import actions, queries, tasks
from applications.models import Application, Nominator, PastProject
from applications.states import ApplicationState, NominatorState
from core.workflow import Lost, Refused
from documents.actions import store
from documents.models import Document
from grants import system_rules
from grants.models import NOMINATORS_RULE, Call, NominatorGroup, StageKind
from notifications import obligations
from notifications.models import Deadline, DeadlineKind, Message
from reviews.queries import conflicts_of
from seeds.codes import make_id_number
from seeds.demo import paper
from tests.factories.accounts import OrganisationFactory, PersonRecordFactory, UserFactory, officer
from tests.factories.applications import filled, submitted
from tests.factories.grants import CallFactory
from tests.factories.reviews import ExpertFactory

pytestmark = pytest.mark.django_db
S = NominatorState
STAGES = (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION, StageKind.FORMAL_CHECK, StageKind.DECISION)
FELLOWS = {
    "name": "院士",
    "least": 2,
    "who": "nominator.title.contains('院士') && nominator.birth_date >= date('1948-01-01')",
    "hint": "须为 75 岁以下的院士。",
    "per_year": 1,
    "of_units": 1,
    "leader_first": True,
    "clause": "第四条",
}


def nominated_call(*groups, **fields):
    """Published: two fellows sign until recommending closes."""
    closes = {"recommender_closes_at": timezone.now() + timedelta(days=60), "parts__stages": STAGES}
    call = CallFactory(draft=True, **closes | fields)
    for order, group in enumerate(groups or [FELLOWS], start=1):
        NominatorGroup.objects.create(call=call, order=order, **group)
    system_rules.write(call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return Call.objects.get(pk=call.pk)


def fellow(number, name, *, title="中国科学院院士", unit=None):
    user = UserFactory(name=name, email=f"n{number}@example.org")
    PersonRecordFactory(user=user, id_number=make_id_number(number), title=title, organisation=unit)
    return user


def ask(application, *users):
    by, now = application.created_by, timezone.now()
    return [actions.ask_nominator(application=application, user=user, by=by, at=now) for user in users]


def sign(nominator, by=None):
    actions.sign_nomination(
        nominator=nominator, opinion="原创性突出。", by=by or nominator.user, at=timezone.now()
    )


def line(application):
    return application.rule_results.get(rule__code=NOMINATORS_RULE)


def running(kind=DeadlineKind.NOMINATION):
    return Deadline.objects.filter(kind=kind, state="open").count()


def in_order():
    return list(obligations.check(at=timezone.now())) == []


def test_two_people_read_and_sign_and_no_office_recommends(client):
    call = nominated_call()
    application = filled(call=call)
    leader, second, third = (fellow(n, name) for n, name in ((7, "赵院士"), (8, "钱院士"), (9, "孙院士")))
    team = reverse("applications:nominators", args=[application.pk])
    page = reverse("applications:detail", args=[application.pk])
    client.force_login(application.created_by)
    assert (
        "已邀请" in client.post(team, {"name": "赵院士", "email": leader.email}, follow=True).content.decode()
    )
    for name, email in (("赵院士", second.email), ("孙院士", "nobody@example.org"), ("孙院士", "x")):
        client.post(team, {"name": name, "email": email})
    assert Nominator.objects.count() == 1
    client.post(team, {"name": "钱院士", "email": second.email.upper()})
    first, other = Nominator.objects.all()
    assert (first.user, first.leads, running()) == (leader, True, 0)
    client.force_login(leader)
    mine = reverse("applications:nominate", args=[first.pk])
    assert "还没有提交" in client.get(mine).content.decode()
    assert client.post(mine, {"do": "sign", "opinion": "好"}).status_code == 422
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    assert (line(application).status, running(), running(DeadlineKind.NOMINATORS)) == ("manual", 2, 1)
    assert Message.objects.filter(template="applications/nominator_asked").count() == 4
    assert in_order()
    # Not the second before the leader, not for somebody else, not without a word.
    with pytest.raises(Refused, match="牵头提名人"):
        sign(other)
    with pytest.raises(Refused, match="本人"):
        sign(first, by=second)
    assert "请写明提名意见" in client.post(mine, {"do": "sign", "opinion": " "}).content.decode()
    assert "先仿真后试制" in client.get(mine).content.decode()
    assert client.get(reverse("applications:nominate", args=[other.pk])).status_code == 404
    assert client.get(page).status_code == 404
    client.post(mine, {"do": "sign", "opinion": "原创性突出。"})
    first.refresh_from_db()
    assert (first.state, first.version, first.facts["title"]) == (S.SIGNED, 1, "中国科学院院士")
    with pytest.raises(Lost):
        sign(first)
    assert line(application).status == "manual"
    sign(other)
    assert (line(application).status, running(), running(DeadlineKind.NOMINATORS)) == ("passed", 0, 0)
    assert in_order()
    expert = ExpertFactory(user=leader)
    assert [str(found) for found in conflicts_of([expert], application)[expert.pk]] == ["提名人（赵院士）"]
    actions.unit_approve(application=application, by=None, at=timezone.now())
    application.refresh_from_db()
    assert application.state == ApplicationState.FORMAL_CHECK
    client.force_login(officer(organisation=call.programme.department))
    desk = client.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert "赵院士" in desk.content.decode()
    assert "原创性突出" in desk.content.decode()
    # Who has signed takes it back; the line waits again.
    client.force_login(leader)
    client.post(mine, {"do": "decline", "reason": "另有提名"})
    assert (line(application).status, running(), running(DeadlineKind.NOMINATORS)) == ("manual", 0, 1)
    client.force_login(application.created_by)
    assert "未提名" in client.get(page).content.decode()
    client.post(team, {"do": "drop", "nominator": first.pk})
    with pytest.raises(Lost):
        actions.drop_nominator(nominator=other, by=application.created_by, at=timezone.now())
    assert list(Nominator.objects.all()) == [other]
    ask(application, third)
    assert (running(), in_order()) == (1, True)


def test_whose_signature_counts(client):
    call = nominated_call(FELLOWS | {"least": 1, "leader_first": False})
    application, another = submitted(call=call), submitted(call=call)
    unit = application.organisation
    doctor, old, insider, second = (
        fellow(7, "李博士", title="教授"),
        fellow(8, "周院士"),
        fellow(9, "吴院士", unit=unit),
        fellow(10, "郑院士", unit=unit),
    )
    Nominator.objects.all().delete()
    PersonRecordFactory._meta.model.objects.filter(user=old).update(id_number="")
    nobody, late, own, own2 = ask(application, doctor, old, insider, second)
    for row, reason in ((nobody, "75 岁以下"), (late, "身份证号")):
        with pytest.raises(Refused, match=reason):
            sign(row)
    client.force_login(doctor)
    assert "75 岁以下" in client.get(reverse("applications:nominate", args=[nobody.pk])).content.decode()
    sign(own)
    with pytest.raises(Refused, match="最多 1 人"):
        sign(own2)
    (again,) = ask(another, insider)
    with pytest.raises(Refused, match="本年度已经提名 1 项"):
        sign(again)
    # A participant nominates nothing of their own.
    leader = fellow(1, "周海声")
    with pytest.raises(Refused, match="参与人员"):
        ask(another, leader)
    with pytest.raises(Refused, match="已经邀请过"):
        ask(another, insider)
    with pytest.raises(Refused, match="团队"):
        actions.ask_nominator(application=another, user=second, by=second, at=timezone.now())
    for broken in ({"state": "signed"}, {"answered_at": timezone.now()}, {"leads": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Nominator.objects.filter(pk=nobody.pk if "leads" not in broken else late.pk).update(**broken)


def test_too_few_in_time_a_later_moment_and_a_new_version():
    call = nominated_call()
    application = submitted(call=call)
    row, other = ask(application, fellow(7, "赵院士"), fellow(8, "钱院士"))
    sign(row)
    now = timezone.now()
    actions.unit_return(application=application, reason="改", by=None, at=now)
    assert (running(), running(DeadlineKind.NOMINATORS), in_order()) == (0, 0, True)
    with pytest.raises(Refused, match="不能签署"):
        sign(other)
    actions.submit(application=application, by=application.created_by, at=now)
    row.refresh_from_db()
    # What was signed was another text.
    assert (row.state, row.version, running()) == (S.ASKED, None, 2)
    Deadline.objects.filter(kind=DeadlineKind.NOMINATORS).update(due_at=now - timedelta(seconds=1))
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    Call.objects.filter(pk=call.pk).update(recommender_closes_at=now - timedelta(seconds=1))
    Call.objects.filter(pk=call.pk).update(state="published", published_at=now)
    for _time in range(2):
        tasks.lapse_scans()
    assert (line(application).status, running(), running(DeadlineKind.NOMINATORS)) == ("failed", 0, 0)
    with pytest.raises(Refused, match="截止"):
        sign(row)


def test_every_required_way_has_to_be_met_beside_the_recommendation_of_the_office():
    """References and the consent of a host are no alternatives, and replace nobody."""
    reference = {"name": "推荐人", "least": 1, "who": "nominator.title == '教授'", "clause": "第四条"}
    host = {"name": "接收单位", "least": 1, "who": "nominator.title == '院长'", "clause": "第五条"}
    call = nominated_call(reference | {"required": True}, host | {"required": True})
    application = submitted(call=call)
    assert application.state == ApplicationState.UNIT_REVIEW
    assert queries.ahead(application, ApplicationState.UNIT_REVIEW).stage.kind == StageKind.RECOMMENDATION
    professor, dean = fellow(7, "赵教授", title="教授"), fellow(8, "钱院长", title="院长")
    first, second = ask(application, professor, dean)
    sign(first)
    assert line(application).status == "manual"
    assert "接收单位" in line(application).evidence["hint"]
    assert "推荐人" not in line(application).evidence["hint"]
    sign(second)
    assert line(application).status == "passed"
    rule = call.rules.get(code=NOMINATORS_RULE)
    assert "推荐人 1 人以上，并有接收单位 1 人以上" in rule.text
    assert rule.clause == "第四条、第五条"


def test_only_a_way_that_holds_is_asked_for_and_other_projects_are_recommended():
    alone = FELLOWS | {"name": "院士独立提名", "least": 1, "applies_when": "participants.size() > 1"}
    application = submitted(call=nominated_call(alone))
    assert (queries.ways_of(application), line(application).status) == ([], "not_applicable")
    actions.unit_approve(application=application, by=None, at=timezone.now())
    assert Application.objects.get().state == ApplicationState.RECOMMENDATION
    with pytest.raises(Refused, match="不由专家提名"):
        ask(application, fellow(7, "赵院士"))


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_needs_the_same_queries_for_one_and_for_thirty(number, client, django_assert_num_queries):
    first = submitted(call=nominated_call())
    user = fellow(7, "赵院士")
    (row,) = ask(first, user)
    for _n in range(number - 1):
        other = Application.objects.create(
            call=first.call,
            organisation=first.organisation,
            created_by=first.created_by,
            created_at=row.invited_at,
            saved_at=row.invited_at,
        )
        Nominator.objects.create(
            application=other, user=user, invited_by=first.created_by, invited_at=row.invited_at
        )
    client.force_login(user)
    page = reverse("applications:nominations")
    client.get(page)
    with django_assert_num_queries(6):
        assert client.get(page).content.decode().count("/applications/nominations/") >= number


def test_who_is_asked_reads_the_files_once_it_was_handed_in():
    application = filled(call=nominated_call())
    user = fellow(7, "赵院士")
    ask(application, user)
    file = store(
        subject=application,
        kind="annex",
        file=ContentFile(paper.pdf("annex")),
        name="附件.pdf",
        by=application.created_by,
        at=timezone.now(),
        endings=["pdf"],
    )
    strangers = Document.objects.visible_to(fellow(8, "钱院士"))
    seen = Document.objects.visible_to(user).filter(pk=file.pk)
    assert not seen.exists()
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    assert (seen.all().exists(), strangers.exists()) == (True, False)


# ---- by API ----

API = "/api/v1/nominations/"


def api_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_nominations_by_api_are_for_the_person_and_for_who_sees_the_application(
    django_assert_num_queries,
):
    application = submitted(call=nominated_call(FELLOWS | {"leader_first": False}))
    author = api_of(application.created_by)
    first, second, stranger = (fellow(n, name) for n, name in ((7, "赵院士"), (8, "钱院士"), (9, "孙院士")))
    given = {"application": application.pk, "name": "赵院士", "email": first.email}
    assert api_of(stranger).post(API, given, format="json").status_code == 404
    wrong = author.post(API, given | {"name": "赵某"}, format="json")
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "email")
    answer = author.post(API, given, format="json")
    assert (answer.status_code, answer.json()["leads"], answer.json()["is_mine"]) == (201, True, False)
    assert author.post(API, given, format="json").status_code == 422
    other = author.post(API, {**given, "name": "钱院士", "email": second.email}, format="json").json()["id"]
    mine = f"{API}{answer.json()['id']}/"
    # The person reads what was handed in, which the application's own address does not show them.
    found = api_of(first).get(mine).json()
    assert (found["is_mine"], found["ways"][0]["least"], found["ways"][0]["signed"]) == (True, 2, 0)
    assert "先仿真" in str(found["content"])
    assert application.participants.get().id_number not in str(found)
    assert api_of(first).get(f"/api/v1/applications/{application.pk}/").status_code == 404
    assert api_of(first).post(f"{API}{other}/sign/", {"opinion": "好"}).status_code == 404
    assert author.post(f"{mine}sign/", {"opinion": "好"}).status_code == 422
    assert api_of(first).post(f"{mine}sign/", {"opinion": " "}).json()["error"]["field"] == "opinion"
    signed = api_of(first).post(f"{mine}sign/", {"opinion": "原创性突出。"}).json()
    assert (signed["state"], signed["version"], signed["facts"]["title"]) == ("signed", 1, "中国科学院院士")
    assert api_of(first).post(f"{mine}sign/", {"opinion": "好"}).status_code == 409
    read = author.get(mine).json()
    assert (read["opinion"], read["content"], read["ways"][0]["signed"]) == ("", None, 1)
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    assert api_of(manager).get(mine).json()["opinion"] == "原创性突出。"
    assert author.post(f"{mine}drop/").status_code == 409
    assert api_of(second).post(f"{API}{other}/drop/").status_code == 422
    assert author.post(f"{API}{other}/drop/").status_code == 204
    assert api_of(first).post(f"{mine}decline/", {"reason": ""}).json()["error"]["field"] == "reason"
    assert api_of(first).post(f"{mine}decline/", {"reason": "回避"}).json()["state"] == "declined"
    for who, found in ((first, 1), (second, 0), (stranger, 0), (application.created_by, 1)):
        assert len(api_of(who).get(API).json()["results"]) == found
    assert api_of(stranger).get(mine).status_code == 404
    assert APIClient().get(API).status_code in (401, 403)
    rows = [
        Nominator(application=application, user=user, invited_by=second, invited_at=timezone.now())
        for user in UserFactory.create_batch(29)
    ]
    for number, more in ((1, []), (30, rows)):
        Nominator.objects.bulk_create(more)
        with django_assert_num_queries(1):
            assert len(author.get(API, {"mine": "false"}).json()["results"]) == number


# ---- who leads ----


def leaders(application):
    rows = application.nominators.filter(leads=True).exclude(state=S.DECLINED)
    return [row.user.name for row in rows]


def test_somebody_always_leads_and_the_team_may_name_who():
    application = submitted(call=nominated_call(FELLOWS | {"of_units": None, "per_year": None}))
    people = [fellow(n, name) for n, name in enumerate(("赵院士", "钱院士", "孙院士", "李院士"), start=7)]
    first, second, third, fourth = ask(application, *people)
    team, now = application.created_by, timezone.now()
    assert leaders(application) == ["赵院士"]
    # The leader is dropped: the next leads, and the others still wait.
    actions.drop_nominator(nominator=first, by=team, at=now)
    assert leaders(application) == ["钱院士"]
    with pytest.raises(Refused, match=r"请等牵头提名人“钱院士”先签署.*改由他人牵头") as refused:
        sign(third)
    assert refused.value.clause == "第四条"
    # The leader declines: the way is free for the next, and the team reads who leads now.
    actions.decline_nomination(nominator=second, reason="回避", by=people[1], at=now)
    assert leaders(application) == ["孙院士"]
    assert Message.objects.order_by("pk").last().context["leader"] == "孙院士"
    with pytest.raises(Refused, match="没有提名，不能牵头"):
        actions.name_leader(nominator=second, by=team, at=now)
    with pytest.raises(Refused, match="团队"):
        actions.name_leader(nominator=fourth, by=people[3], at=now)
    actions.name_leader(nominator=fourth, by=team, at=now)
    with pytest.raises(Refused, match="李院士"):
        sign(third)
    sign(fourth)
    with pytest.raises(Refused, match="已经签署，不能再换"):
        actions.name_leader(nominator=third, by=team, at=now)
    with pytest.raises(Refused, match="已经签署，不能再换"):
        actions.ask_nominator(application=application, user=people[0], leads=True, by=team, at=now)
    sign(third)
    assert line(application).status == "passed"
    # Who led takes the signature back, and two others have signed: one of them has to lead.
    (last,) = ask(application, people[0])
    sign(last)
    actions.decline_nomination(nominator=fourth, reason="回避", by=people[3], at=now)
    assert (leaders(application), line(application).status) == (["孙院士"], "passed")


def test_too_many_signatures_do_not_make_up_for_the_leader(client):
    application = submitted(call=nominated_call(FELLOWS | {"of_units": None}))
    people = [fellow(n, name) for n, name in enumerate(("赵院士", "钱院士", "孙院士", "李院士"), start=7)]
    first, _second, third, fourth = ask(application, *people)
    for row in (first, third, fourth):
        sign(row)
    actions.decline_nomination(nominator=first, reason="回避", by=people[0], at=timezone.now())
    assert (leaders(application), line(application).status) == (["钱院士"], "manual")
    assert line(application).evidence["hint"] == "等待专家提名（院士：已签 2 人，还差牵头提名人的签署）。"
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert page.count('value="lead"') == 2
    team = reverse("applications:nominators", args=[application.pk])
    said = client.post(team, {"do": "lead", "nominator": third.pk}, follow=True).content.decode()
    assert "现由“孙院士”牵头" in said
    assert line(application).status == "passed"


# ---- judged again ----

NO_CANDIDATES = FELLOWS | {
    "least": 1,
    "leader_first": False,
    "who": "nominator.title.contains('院士') && !nominator.records.exists(r, r.in_call)",
    "hint": "本年度的候选人不能提名。",
}


def named(application, user):
    """The person becomes a member of the application."""
    head = application.participants.get()
    own = PersonRecord.objects.get(user=user).id_number
    unit = {"organisation_name": head.organisation_name, "credit_code": head.credit_code}
    people = [
        {"role": role, "name": name, "id_number": number, "months_per_year": 1, "title": "教授", **unit}
        for role, name, number in (("pi", head.name, head.id_number), ("member", user.name, own))
    ]
    actions.set_participants(
        application=application, participants=people, by=application.created_by, at=timezone.now()
    )


def test_who_signs_first_and_is_a_candidate_afterwards_does_not_count_any_more(client):
    call = nominated_call(NO_CANDIDATES)
    application, other = submitted(call=call), filled(call=call)
    user = fellow(7, "赵院士")
    (row,) = ask(application, user)
    sign(row)
    assert line(application).status == "passed"
    named(other, user)
    actions.submit(application=other, by=other.created_by, at=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.fits, line(application).status) == (S.SIGNED, [], "manual")
    assert (
        line(application)
        .evidence["hint"]
        .endswith("“赵院士”的签署不计入“院士”（第四条）：本年度的候选人不能提名。")
    )
    assert in_order()
    client.force_login(application.created_by)
    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "“赵院士”的签署已不计入" in page
    client.force_login(user)
    mine = client.get(reverse("applications:nominate", args=[row.pk])).content.decode()
    assert "本年度的候选人不能提名" in mine


def test_who_is_named_elsewhere_is_found_at_the_formal_check():
    """A project recorded from elsewhere comes in without anybody handing in anything."""
    rule = NO_CANDIDATES | {"who": "!nominator.records.exists(r, r.plan == '获奖')", "hint": "已获奖。"}
    application = submitted(call=nominated_call(rule))
    user = fellow(7, "赵院士")
    (row,) = ask(application, user)
    sign(row)
    PastProject.objects.create(
        plan="获奖",
        title="成果",
        role="pi",
        status="completed",
        id_number=PersonRecord.objects.get(user=user).id_number,
    )
    actions.unit_approve(application=application, by=None, at=timezone.now())
    assert line(application).status == "manual"
    assert "“赵院士”的签署不计入“院士”（第四条）：已获奖。" in line(application).evidence["hint"]


def test_a_clause_may_read_who_nominates_and_is_judged_again_with_each_signature():
    rule = {
        "code": "two_units",
        "text": "提名人应来自两个以上单位。",
        "expression": "nominators.exists(a, a.signed && nominators.exists(b, b.signed && "
        "b.credit_code != a.credit_code))",
        "clause": "第七条",
        "severity": "warning",
        "automation": "auto",
        "scope": "project",
    }
    call = nominated_call(FELLOWS | {"of_units": None}, parts__rules=(rule,))
    application = submitted(call=call)
    shown = application.rule_results.get(rule__code="two_units")
    assert shown.status == "warning"
    unit = OrganisationFactory()
    first, second = ask(
        application, fellow(7, "赵院士", unit=unit), fellow(8, "钱院士", unit=OrganisationFactory())
    )
    sign(first)
    shown.refresh_from_db()
    assert shown.status == "warning"
    sign(second)
    shown.refresh_from_db()
    assert shown.status == "passed"


def test_a_refused_signature_says_of_each_way_its_name_clause_and_reason():
    unit = FELLOWS | {"name": "省内专家", "who": "nominator.region.startsWith('32')", "clause": "第五条"}
    call = nominated_call(FELLOWS, unit | {"hint": "须为省内单位。", "leader_first": False})
    application = submitted(call=call)
    far, near = OrganisationFactory(region="310100"), OrganisationFactory(region="320500")
    nobody, insider = ask(
        application,
        fellow(7, "李博士", title="教授", unit=far),
        fellow(8, "王博士", title="教授", unit=near),
    )
    with pytest.raises(Refused) as refused:
        sign(nobody)
    assert refused.value.message == (
        "不计入“院士”（第四条）：须为 75 岁以下的院士；不计入“省内专家”（第五条）：须为省内单位"
    )
    sign(insider)
    assert insider.application.nominators.get(pk=insider.pk).facts["region"] == "320500"
