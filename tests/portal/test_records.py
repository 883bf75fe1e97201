"""A unit's record: kept, proved, confirmed by officers, warned of; and subscriptions."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import BankAccount, OrganisationFact, Shareholder
from accounts.roles import Role, UnitRole
from documents.models import Document
from grants import actions as grants
from grants.models import Automation, Invitation, RuleScope, StageKind
from notifications.models import Delivery, Message
from notifications.queries import rendered
from portal import actions
from portal.models import Subscription
from tests.factories.accounts import (
    OrganisationFactFactory,
    OrganisationFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.factories.grants import CallFactory, TopicFactory
from tests.factories.notifications import open_deadline

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CERTIFICATE = {
    "kind": "high_tech",
    "text": "GR202537001234",
    "valid_from": "2025-01-01",
    "valid_to": "2027-12-31",
}
ACCOUNT = {
    "holder": "甲公司",
    "bank": "某银行琴岛分行",
    "number": "6222 0000 1234 5678",
    "valid_from": "2026-01-01",
}


@pytest.fixture
def unit():
    return OrganisationFactory(name="琴岛甲公司")


def holders(*rows, day="2026-03-01"):
    data = {"as_of_date": day, "holders-TOTAL_FORMS": "5", "holders-INITIAL_FORMS": "0"}
    for at, (name, percent) in enumerate(rows):
        data |= {f"holders-{at}-name": name, f"holders-{at}-kind": "person", f"holders-{at}-percent": percent}
    return data


def figures(**given):
    return {"year": "2025", **given}


def test_an_administrator_registers_a_certificate_with_its_proof(client, unit, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    admin = member_of(unit, UnitRole.ADMIN)
    client.force_login(admin)
    scan = SimpleUploadedFile("证书.pdf", PDF)
    answer = client.post(
        f"/my/units/{unit.pk}/record/certificate/", {**CERTIFICATE, "proof": scan}, follow=True
    )
    fact, proof = OrganisationFact.objects.get(), Document.objects.get()
    assert [str(message) for message in answer.context["messages"]] == ["已登记。"]
    assert (fact.source, fact.recorded_by, proof.subject) == ("单位自行填报", admin, fact)
    assert f"/documents/{proof.pk}/" in answer.content.decode()
    assert b"".join(client.get(f"/documents/{proof.pk}/").streaming_content) == PDF
    client.force_login(member_of(OrganisationFactory(), UnitRole.ADMIN))
    assert client.get(f"/documents/{proof.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("part", "data", "context", "field"),
    [
        ("certificate", {**CERTIFICATE, "text": ""}, "certificate_form", "text"),
        ("certificate", {**CERTIFICATE, "valid_to": "2024-01-01"}, "certificate_form", "valid_to"),
        ("certificate", {**CERTIFICATE, "kind": "staff"}, "certificate_form", "kind"),
        ("figures", figures(), "figures_form", "__all__"),
        ("figures", {"year": "2190", "staff": "3"}, "figures_form", "year"),
        ("figures", figures(revenue="许多"), "figures_form", "revenue"),
        ("account", {**ACCOUNT, "number": "12-34"}, "account_form", "number"),
        ("shareholders", holders(("甲", "60"), ("乙", "50")), "day_form", "__all__"),
        ("shareholders", holders(("甲", "60"), ("甲", "20")), "day_form", "__all__"),
        ("shareholders", holders(), "day_form", "__all__"),
    ],
)
def test_what_is_wrong_is_said_in_place_and_nothing_is_kept(client, unit, part, data, context, field):
    client.force_login(member_of(unit, UnitRole.ADMIN))
    answer = client.post(f"/my/units/{unit.pk}/record/{part}/", data)
    assert (answer.status_code, list(answer.context[context].errors)) == (422, [field])
    kept = [model.objects.count() for model in (OrganisationFact, BankAccount, Shareholder)]
    assert kept == [0, 0, 0]


def test_a_scan_that_is_no_scan_keeps_the_certificate_out(client, unit, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(member_of(unit, UnitRole.ADMIN))
    scan = SimpleUploadedFile("证书.pdf", b"MZ nothing")
    answer = client.post(f"/my/units/{unit.pk}/record/certificate/", {**CERTIFICATE, "proof": scan})
    assert (answer.status_code, list(answer.context["certificate_form"].errors)) == (422, ["proof"])
    assert OrganisationFact.objects.count() == 0


def test_the_figures_of_a_year_become_facts_in_yuan(client, unit):
    client.force_login(member_of(unit, UnitRole.ADMIN))
    data = figures(staff="41", revenue="1,860", rd_spend="430")
    assert client.post(f"/my/units/{unit.pk}/record/figures/", data).status_code == 302
    found = dict(OrganisationFact.objects.values_list("kind", "number"))
    assert found == {"staff": 41, "revenue": 18_600_000, "rd_spend": 4_300_000}
    assert set(OrganisationFact.objects.values_list("valid_from", flat=True)) == {date(2025, 1, 1)}
    assert "1860" in client.get(f"/my/units/{unit.pk}/record/").content.decode()


def test_the_account_is_masked_and_for_the_units_money_people(client, unit):
    people = {
        "admin": member_of(unit, UnitRole.ADMIN),
        "finance": member_of(unit, UnitRole.FINANCE),
        "member": member_of(unit),
        "officer": officer(Role.FINANCE),
        "manager": officer(organisation=OrganisationFactory()),
    }
    client.force_login(people["finance"])
    assert client.post(f"/my/units/{unit.pk}/record/account/", ACCOUNT).status_code == 302
    assert BankAccount.objects.get().number == "6222000012345678"
    seen = {}
    for name, person in people.items():
        client.force_login(person)
        page = client.get(f"/my/units/{unit.pk}/record/").content.decode()
        assert "6222000012345678" not in page
        seen[name] = "************5678" in page
    assert seen == {"admin": True, "finance": True, "member": False, "officer": True, "manager": False}


def test_the_latest_list_of_shareholders_is_shown(client, unit):
    client.force_login(member_of(unit, UnitRole.ADMIN))
    address = f"/my/units/{unit.pk}/record/shareholders/"
    assert client.post(address, holders(("旧股东", "100"), day="2025-01-01")).status_code == 302
    assert client.post(address, holders(("甲", "60"), ("乙", "33.5"))).status_code == 302
    assert client.post(address, holders(("丙", "1"))).status_code == 422
    page = client.get(f"/my/units/{unit.pk}/record/").content.decode()
    assert ["旧股东" in page, "乙" in page, "33.5" in page] == [False, True, True]


@pytest.mark.parametrize("who", ["stranger", "member", "recommender", "anonymous"])
@pytest.mark.parametrize("part", ["certificate", "figures", "account", "shareholders", "nonsense"])
def test_others_write_nothing_down(client, unit, who, part):
    people = {
        "stranger": lambda: member_of(OrganisationFactory(), UnitRole.ADMIN),
        "member": lambda: member_of(unit),
        "recommender": lambda: officer(Role.RECOMMENDER, region="370212"),
    }
    if who in people:
        client.force_login(people[who]())
    wanted = {"stranger": 404, "anonymous": 302}.get(who, 404 if part == "nonsense" else 403)
    assert client.post(f"/my/units/{unit.pk}/record/{part}/", CERTIFICATE).status_code == wanted
    assert OrganisationFact.objects.count() == 0


def test_officers_confirm_once_and_nobody_for_their_own_unit(client, unit):
    fact = OrganisationFactFactory(organisation=unit)
    address = f"/my/units/{unit.pk}/record/{fact.pk}/confirm/"
    for person, status in (
        (member_of(OrganisationFactory()), 404),
        (member_of(unit, UnitRole.ADMIN), 403),
        (officer(Role.RECOMMENDER, region="370212"), 403),
        (officer(organisation=OrganisationFactory()), 302),
    ):
        client.force_login(person)
        assert client.post(address).status_code == status
        fact.refresh_from_db()
        assert (fact.confirmed_by == person) is (status == 302)
    assert "已经核实过了" in client.post(address, follow=True).content.decode()
    other = OrganisationFactFactory()
    assert client.post(f"/my/units/{unit.pk}/record/{other.pk}/confirm/").status_code == 404


def test_validity_is_said_in_words(client, unit):
    today = timezone.localdate()
    for kind, start, end in (
        ("high_tech", -400, 400),
        ("tech_sme", -400, -1),
        ("specialised", -400, 30),
        ("leading_firm", 10, 400),
    ):
        OrganisationFactFactory(
            organisation=unit, kind=kind, valid_from=today + timedelta(start), valid_to=today + timedelta(end)
        )
    client.force_login(member_of(unit))
    lines = client.get(f"/my/units/{unit.pk}/record/").context["lines"]
    assert {line.fact.kind: line.words for line in lines} == {
        "high_tech": "有效",
        "tech_sme": "已过期",
        "specialised": "30 天后到期",
        "leading_firm": "尚未生效",
    }


@pytest.mark.parametrize("rows", [1, 30])
def test_the_record_costs_the_same_for_any_number(client, unit, rows, django_assert_num_queries):
    for number in range(rows):
        OrganisationFactFactory(organisation=unit, valid_from=date(2025, 1, 1) + timedelta(number))
    client.force_login(member_of(unit, UnitRole.ADMIN))
    with django_assert_num_queries(10):
        assert client.get(f"/my/units/{unit.pk}/record/").status_code == 200


def test_administrators_are_warned_once_of_what_ends_soon(unit):
    now = timezone.now()
    today = timezone.localdate()
    admin, _member = member_of(unit, UnitRole.ADMIN), member_of(unit)
    OrganisationFactFactory(organisation=unit, valid_to=today + timedelta(20), text="GR1")
    OrganisationFactFactory(organisation=unit, kind="tech_sme", valid_to=today + timedelta(200))
    OrganisationFactFactory(organisation=unit, kind="specialised", valid_to=today - timedelta(1))
    old = OrganisationFactFactory(organisation=unit, kind="licence", valid_to=today + timedelta(9))
    OrganisationFactFactory(organisation=unit, kind="licence", valid_from=old.valid_from + timedelta(9))
    clocked = OrganisationFactFactory(organisation=unit, kind="incubator", valid_to=today + timedelta(20))
    open_deadline(at=now, subject=clocked, kind="milestone")
    assert [actions.warn_of_expiry(at=now) for _ in range(2)] == [1, 0]
    message = Message.objects.get()
    assert message.recipient == admin
    subject, body = rendered(message)
    assert subject == f"高新技术企业将于 {today + timedelta(20)} 到期"
    assert "GR1" in body


# ---- subscriptions ----


def published(**kwargs):
    rule = {
        "code": "U",
        "text": "条件",
        "clause": "第三条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": "unit.high_tech && unit.region.startsWith(params.region)",
        "params": {"region": "3702"},
    }
    stages = (StageKind.FORMAL_CHECK, StageKind.DECISION)
    call = CallFactory(draft=True, parts__rules=[rule], parts__stages=stages, **kwargs)
    TopicFactory(call=call, field="海洋仪器", listed_at=None)
    if call.is_invitation_only:
        Invitation.objects.create(call=call, credit_code=OrganisationFactory().credit_code, name="甲公司")
    manager = officer(organisation=call.programme.department)
    grants.publish_call(call=call, by=manager, at=timezone.now())
    return call


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, True),
        ({"fields": ["海洋仪器", "生物医药"]}, True),
        ({"fields": ["生物医药"]}, False),
        ({"region": "370212"}, True),
        ({"region": "110101"}, False),
        ({"rungs": ["high_tech", "tech_sme"]}, True),
        ({"rungs": ["tech_sme"]}, False),
        ({"fields": ["海洋仪器"], "region": "110101"}, False),
    ],
)
def test_a_new_call_tells_those_whom_it_fits(wanted, told):
    person = UserFactory()
    actions.subscribe(by=person, at=timezone.now(), **wanted)
    call = published(title="海洋专项")
    assert [message.recipient for message in Message.objects.all()] == ([person] if told else [])
    assert Delivery.objects.count() == 0
    if told:
        subject, body = rendered(Message.objects.get())
        assert subject == "新通知：海洋专项"
        assert f"/calls/{call.pk}/" in body
        assert "退订" in body


def test_mail_goes_only_to_those_who_asked_for_it_and_invitations_to_nobody():
    actions.subscribe(by=UserFactory(), at=timezone.now(), by_mail=True)
    published(is_invitation_only=True)
    assert Message.objects.count() == 0
    published()
    assert Delivery.objects.values_list("channel", flat=True).get() == "email"


def test_subscribing_changing_and_ending_it(client):
    person = UserFactory()
    TopicFactory(call=CallFactory(), field="海洋仪器")
    client.force_login(person)
    address = "/my/subscription/"
    assert "您还没有订阅。" in client.get(address).content.decode()
    assert client.post(address, {"rungs": ["castle"]}).status_code == 422
    assert client.post(address, {"fields_wanted": ["海洋仪器"], "rungs": ["high_tech"]}).status_code == 302
    kept = Subscription.objects.get()
    assert (kept.user, kept.fields, kept.rungs, kept.by_mail) == (person, ["海洋仪器"], ["high_tech"], False)
    assert "checked" in client.get(address).content.decode()
    assert client.post(address, {"by_mail": "on"}).status_code == 302
    assert Subscription.objects.values_list("fields", "by_mail").get() == ([], True)
    assert client.post(address, {"do": "stop"}).status_code == 302
    assert Subscription.objects.count() == 0
    client.logout()
    assert client.get(address).status_code == 302


def test_the_amount_of_a_figure_is_exact(unit):
    admin = member_of(unit, UnitRole.ADMIN)
    given = {"revenue": Decimal("12345678.91")}
    actions.record_figures(organisation=unit, year=2025, figures=given, by=admin, at=timezone.now())
    assert OrganisationFact.objects.get().number == Decimal("12345678.91")
