"""Who joins a running project by a change agrees first, as members do when applying (知情同意)."""

import pytest
from django.urls import reverse

from accounts.actions import keep_record
from applications.models import Application
from core.workflow import Lost, Refused
from milestones import actions, joining
from milestones.models import ChangeTerm, MilestoneTemplate
from notifications.models import Message
from seeds.codes import make_id_number
from tests.factories.accounts import UserFactory
from tests.factories.grants import in_order
from tests.factories.milestones import AT, TEMPLATES, agreement, people_of
from tests.factories.notifications import drifts
from tests.factories.reviews import CallFactory, publish

pytestmark = pytest.mark.django_db
NUMBER = make_id_number(81)


def running(way="approval", *, consents=True, unit_days=5):
    call = CallFactory(requires_consents=consents)
    in_order(MilestoneTemplate, TEMPLATES, call=call, deliverable="按通知")
    in_order(
        ChangeTerm, [{"kind": "members", "way": way, "unit_days": unit_days}], call=call, clause="第八条"
    )
    found = agreement(call=publish(call))
    Application.objects.update(state="awarded")
    return found, people_of(found)


def ask(found, by, **more):
    unit = found.award.application.organisation
    person = {"role": "member", "name": "王新", "id_number": NUMBER, "title": "教授"} | more
    person |= {"organisation_name": unit.name, "credit_code": unit.credit_code}
    return actions.ask_change(
        agreement=found, kind="members", reason="补充人员", leave=[], join=[person], by=by, at=AT
    )


def person(name="王新", number=NUMBER):
    user = UserFactory(name=name)
    keep_record(by=user, at=AT, id_number=number)
    return user


def test_the_department_approves_once_everybody_who_joins_has_agreed(client):
    found, people = running()
    joins, stranger, namesake = person(), person("李四", make_id_number(82)), UserFactory(name="王新")
    change = ask(found, people["team"])
    assert [row["name"] for row in joining.awaited(change)] == ["王新"]
    told = Message.objects.filter(template="milestones/join_asked")
    assert [message.recipient for message in told] == [joins]
    actions.pass_change(change=change, opinion="同意", by=people["unit_admin"], at=AT)
    with pytest.raises(Refused, match="王新") as refused:
        actions.approve_change(change=change, opinion="同意", by=people["manager"], at=AT)
    assert (refused.value.code, refused.value.clause) == ("consent", "第八条")
    page = reverse("milestones:joining")
    for user in (stranger, namesake):
        client.force_login(user)
        assert found.award.application.title not in client.get(page).content.decode()
        assert client.post(page, {"change": change.pk}).status_code == 404
        with pytest.raises(Lost):
            joining.agree(change=change, by=user, at=AT)
    client.force_login(joins)
    assert found.award.application.title in client.get(page).content.decode()
    client.post(page, {"change": change.pk})
    client.post(page, {"change": change.pk})
    assert change.consents.get().by == joins
    actions.approve_change(change=change, opinion="同意", by=people["manager"], at=AT)
    assert found.award.application.participants.current().filter(name="王新").exists()


def test_what_is_only_filed_waits_for_them_too():
    found, people = running("filing", unit_days=0)
    joins = person()
    change = ask(found, people["team"])
    assert change.state == "unit_review"
    assert drifts("change", at=AT) == []
    with pytest.raises(Refused, match="王新"):
        actions.pass_change(change=change, opinion="", by=people["unit_admin"], at=AT)
    joining.agree(change=change, by=joins, at=AT)
    actions.pass_change(change=change, opinion="", by=people["unit_admin"], at=AT)
    assert change.state == "filed"


def test_nobody_is_asked_where_the_notice_does_not_want_it():
    found, people = running("filing", consents=False, unit_days=0)
    assert ask(found, people["team"]).state == "filed"
    assert not Message.objects.filter(template="milestones/join_asked").exists()


def test_whoever_agreed_when_applying_is_not_asked_again():
    found, people = running()
    application = found.award.application
    change = ask(found, people["team"], id_number="")
    assert joining.awaited(change) == []
    actions.withdraw_change(change=change, by=people["team"], at=AT)
    assert not application.consents.exists()
