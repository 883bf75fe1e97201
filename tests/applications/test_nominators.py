"""Nomination by persons: asked by the team, each reads what was handed in and signs in their own name."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from applications import actions, queries, tasks
from applications.models import Application, Nominator
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
from tests.factories.accounts import PersonRecordFactory, UserFactory, officer
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
    assert "推荐人 1 人以上，并有接收单位 1 人以上" in call.rules.get(code=NOMINATORS_RULE).text


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
