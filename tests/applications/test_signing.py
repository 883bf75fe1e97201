"""What a unit or a recommender gives with what it passes on."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import UnitRole
from applications import actions, queries, ranking, rules
from applications.models import SignOff
from applications.rules import signing
from core import calendar
from core.workflow import Lost, Refused
from grants.models import Call, Stage
from seeds.demo import paper
from tests.factories.accounts import member_of, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
ASKED = {"pledge": "本单位已征求意见。", "shown_days": 3, "asks_file": "学术委员会意见", "opinion_length": 5}


def test_days_of_a_calendar_count_where_the_notice_says_so():
    stage = Stage(shown_days=7, shown_day_kind="calendar", clause="第九条")
    today = calendar.local_date(timezone.now())
    for back, ok in ((6, True), (5, False)):
        signed = rules.Signed(shown_from=today - timedelta(days=back), shown_to=today)
        with nullcontext() if ok else pytest.raises(Refused, match="不少于 7 个自然日"):
            signing._check_shown(stage, signed, at=timezone.now())


def waiting(**asked):
    """In the review of a unit whose notice asks for all of it."""
    call = CallFactory(draft=True)
    Stage.objects.filter(call=call, kind="unit_review").update(clause="第九条", **(asked or ASKED))
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return submitted(call=Call.objects.get(pk=call.pk))


def test_the_unit_passes_on_only_with_all_that_the_notice_asks_of_it(client):
    application, today = waiting(), calendar.local_date(timezone.now())
    admin = member_of(application.organisation, UnitRole.ADMIN)
    client.force_login(admin)
    address = reverse("applications:unit_review", args=[application.pk])
    assert "本单位已征求意见。" in client.get(address).content.decode()
    given = {"do": "approve", "text": "同意"}
    steps = [
        ("意见不少于 5 字", {"text": "同意申报。"}),
        ("请阅读并勾选承诺", {"pledged": "on"}),
        ("请填写内部公示的起止日期", {"shown_from": today - timedelta(days=1), "shown_to": "昨天"}),
        ("内部公示结束：", {"shown_to": today + timedelta(days=1)}),
        ("也不晚于今天", {"shown_to": today}),
        ("内部公示不少于 3 个工作日", {"shown_from": today - timedelta(days=30)}),
    ]
    for words, more in steps:
        response = client.post(address, given)
        assert (response.status_code, words in response.content.decode()) == (422, True)
        given |= more
    page = client.post(address, given).content.decode()
    assert "请上传“学术委员会意见”" in page
    assert str(today - timedelta(days=30)) in page
    foreseen = ranking.foreseen(rules.check_can_approve, [application], by=admin, at=timezone.now())
    assert "请逐份打开办理" in foreseen[0][1].message
    assert not SignOff.objects.exists()
    file = ContentFile(paper.pdf("stamped"), name="意见.pdf")
    assert client.post(address, given | {"file": file}).status_code == 302
    signed = SignOff.objects.get()
    assert (signed.pledge, signed.opinion, signed.by) == ("本单位已征求意见。", "同意申报。", admin)
    assert queries.signed_kind("unit_review", 1) in queries.latest_documents(application)
    again = rules.Signed(pledged=True, shown_from=signed.shown_from_date, shown_to=today, file=file)
    with pytest.raises(Lost):
        actions.unit_approve(application=application, signed=again, note="同意申报。", by=admin, at=signed.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        SignOff.objects.update(opinion="改")
    client.force_login(officer(organisation=application.call.programme.department))
    desk = client.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert "已承诺：本单位已征求意见。" in desk.content.decode()


def test_by_api_the_unit_reads_what_is_asked_and_gives_it():
    application, today = waiting(), calendar.local_date(timezone.now())
    client = APIClient()
    client.force_authenticate(member_of(application.organisation, UnitRole.ADMIN))
    address = f"/api/v1/applications/{application.pk}/"
    assert client.get(address).json()["asked"] == {
        "step": "unit_review",
        "clause": "第九条",
        "shown_day_kind": "working",
        **ASKED,
    }
    days = {"shown_from": str(today - timedelta(days=30)), "shown_to": str(today)}
    given = {"opinion": "同意申报。", "pledged": True, **days}
    faults = []
    for missing in ("opinion", "pledged", "shown_from"):
        sent = {name: value for name, value in given.items() if name != missing}
        answer = client.post(f"{address}unit-approve/", sent, format="json")
        faults.append((answer.status_code, answer.json()["error"]["field"]))
    assert faults == [(422, "opinion"), (422, "pledged"), (422, "shown_from")]
    no_day = client.post(f"{address}unit-approve/", given | {"shown_to": "昨天"}, format="json")
    assert (no_day.status_code, no_day.json()["error"]["field"]) == (400, "shown_to")
    unsigned = client.post(f"{address}unit-approve/", given, format="json")
    assert (unsigned.status_code, unsigned.json()["error"]["field"]) == (422, "file")
    assert not SignOff.objects.exists()
    file = ContentFile(paper.pdf("stamped"), name="意见.pdf")
    answer = client.post(f"{address}unit-approve/", given | {"file": file}, format="multipart").json()
    assert (answer["state"], answer["asked"]) == ("recommendation", None)
    (signed,) = answer["sign_offs"]
    assert (signed["step"], signed["pledge"]) == ("unit_review", ASKED["pledge"])
    assert (signed["shown_from_date"], signed["opinion"]) == (days["shown_from"], "同意申报。")


def test_nothing_is_asked_of_other_steps_and_the_database_says_so():
    stage = waiting(pledge="承诺").call.stages.get(kind="unit_review")
    call = CallFactory(draft=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        Stage.objects.filter(call=call, kind="decision").update(pledge="承诺")
    with pytest.raises(DatabaseError), transaction.atomic():
        Stage.objects.filter(call=call, kind="unit_review").update(shown_days=0)
    with pytest.raises(Refused) as refused:
        actions.unit_approve(
            application=submitted(call=stage.call), signed=rules.Signed(), by=None, at=timezone.now()
        )
    assert (refused.value.field, refused.value.clause) == ("pledged", "第九条")
