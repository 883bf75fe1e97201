"""The bureau's desks: decide, publish, resolve, sign."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from awards import actions, queries
from awards.models import Agreement, Decision, Objection, Publicity
from awards.states import AgreementState, ObjectionState, PublicityState
from reviews.models import DemanderChoice
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.awards import (
    agreement_of,
    budget,
    decide,
    leader,
    publicised,
    to_decide,
    unit_admin_of,
)
from tests.factories.reviews import ApplicationFactory, TopicFactory, bid_call, manager_of, panel_call

pytestmark = pytest.mark.django_db
FUND = {"outcome": "fund", "amount": "50", "reason": "符合支持方向", "meeting": "局长办公会第 5 次"}


def url(model, name, *args):
    return reverse(f"admin:awards_{model}_{name}", args=args)


# ---- decide ----


@pytest.mark.parametrize("who", ["manager", "leader"])
def test_a_decision_is_made_in_wan_on_the_desk(client, who):
    application = to_decide()
    client.force_login(manager_of(application.call) if who == "manager" else leader())

    page = client.get(url("proposal", "change", application.pk))
    done = client.post(url("proposal", "decide", application.pk), FUND)

    assert (page.status_code, done.status_code) == (200, 302)
    assert Decision.objects.get().amount == Decimal(500_000)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "五十"}, "amount"),
        ({"amount": "100.01"}, "amount"),
        ({"reason": ""}, "reason"),
        ({"outcome": ""}, "outcome"),
    ],
)
def test_a_fault_stays_on_the_form_with_everything_typed(client, changed, field):
    application = to_decide(requested_amount=Decimal(9_000_000))
    client.force_login(manager_of(application.call))

    answer = client.post(url("proposal", "decide", application.pk), FUND | changed)

    form = answer.context["form"]
    assert answer.status_code == 422
    assert list(form.errors) == [field]
    assert form["meeting"].value() == FUND["meeting"]
    assert not Decision.objects.exists()


def test_the_desk_ranks_by_score_and_shows_the_demanders_choice():
    call = bid_call()
    topic = TopicFactory(call=call)
    budget(call)
    chosen, other = (ApplicationFactory(call=call, topic=topic, reached="decision") for _n in range(2))
    DemanderChoice.objects.create(
        topic=topic, application=chosen, reason="合适", by=member_of(topic.owner), at=timezone.now()
    )
    rows = {row.application.pk: row for row in queries.desk([chosen, other])}

    assert (rows[chosen.pk].is_chosen, rows[other.pk].is_passed_over) == (True, True)
    assert rows[chosen.pk].limit == Decimal(600_000)


@pytest.mark.parametrize("who", ["other_manager", "finance", "expert", "supervision", "stranger"])
def test_nobody_else_decides_on_the_desk(client, who):
    application = to_decide()
    user = {
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "finance": lambda: officer(Role.FINANCE),
        "expert": lambda: officer(Role.EXPERT),
        "supervision": lambda: officer(Role.SUPERVISION),
        "stranger": UserFactory,
    }[who]()
    client.force_login(user)

    assert client.post(url("proposal", "decide", application.pk), FUND).status_code in (302, 403, 404)
    assert not Decision.objects.exists()


def test_the_desk_costs_the_same_for_one_competitor_and_for_thirty(client, django_assert_num_queries):
    application = to_decide()
    client.force_login(manager_of(application.call))
    page = url("proposal", "change", application.pk)
    client.get(page)

    for count in (1, 30):
        while Application.objects.count() < count:
            ApplicationFactory(call=application.call, reached="decision")
        with django_assert_num_queries(18):
            assert len(client.get(page).context["rows"]) == count


# ---- publish ----


def test_several_are_published_from_the_list_in_one_notice(client):
    call = panel_call()
    chosen = [to_decide(call=call) for _n in range(3)]
    for application in chosen:
        decide(application)
    client.force_login(manager_of(call))

    picked = client.post(
        url("proposal", "changelist"),
        {"action": "publish_selected", "_selected_action": [a.pk for a in chosen[:2]]},
    )
    page = client.get(picked["Location"])
    done = client.post(
        picked["Location"],
        {"application": [a.pk for a in chosen[:2]], "objection_days": "10", "title": "拟立项公示"},
    )

    assert [tick for _a, _decision, tick in page.context["candidates"]] == [True, True, False]
    notice = Publicity.objects.get()
    assert done["Location"] == url("publicity", "change", notice.pk)
    assert [item.application for item in notice.items.all()] == chosen[:2]


def test_lines_of_two_calls_do_not_make_one_notice(client):
    manager = None
    chosen = []
    for _number in range(2):
        application = to_decide()
        decide(application)
        chosen.append(application)
    manager = officer(Role.SYSADMIN)
    client.force_login(manager)

    client.post(
        url("proposal", "changelist"),
        {"action": "publish_selected", "_selected_action": [a.pk for a in chosen]},
    )

    assert not Publicity.objects.exists()


def test_a_notice_without_lines_or_from_yesterday_is_refused(client):
    application = to_decide()
    decide(application)
    client.force_login(manager_of(application.call))
    page = url("proposal", "publish", application.pk)
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()

    none = client.post(page, {"objection_days": "10"})
    past = client.post(
        page, {"objection_days": "10", "application": [application.pk], "starts_date": yesterday}
    )

    assert (none.status_code, past.status_code) == (422, 422)
    assert list(past.context["form"].errors) == ["starts_date"]
    assert not Publicity.objects.exists()


def test_a_leader_decides_but_does_not_publish(client):
    application = to_decide()
    decide(application)
    client.force_login(leader())

    assert client.get(url("proposal", "publish", application.pk)).status_code == 403


# ---- objections and the end ----


@pytest.mark.parametrize("role", [Role.PROGRAMME_MANAGER, Role.SUPERVISION])
def test_an_objection_is_resolved_on_its_page(client, role):
    notice = publicised()
    objection = actions.object(
        publicity=notice,
        item=None,
        name="李建国",
        phone="13812345678",
        text="该项目与已立项项目内容重复。",
        at=timezone.now(),
    )
    user = manager_of(notice.call) if role == Role.PROGRAMME_MANAGER else officer(role)
    client.force_login(user)
    page = url("objection", "resolve", objection.pk)

    unnamed = client.post(page, {"upheld": "yes", "finding": "属实"})
    done = client.post(page, {"upheld": "yes", "finding": "属实", "items": [notice.items.get().pk]})

    assert (unnamed.status_code, done.status_code) == (422, 302)
    assert Objection.objects.get().state == ObjectionState.UPHELD
    assert Application.objects.get().state == ApplicationState.REJECTED


def test_the_notice_is_ended_by_its_button_after_the_period_only(client):
    early, over = publicised(), publicised(at=timezone.now() - timedelta(days=40))

    for notice, status, state in (
        (early, 422, PublicityState.RUNNING),
        (over, 302, PublicityState.CLOSED),
    ):
        client.force_login(manager_of(notice.call))
        assert client.post(url("publicity", "close", notice.pk)).status_code == status
        assert Publicity.objects.get(pk=notice.pk).state == state


# ---- agreements ----


def test_the_bureau_corrects_sends_back_and_signs_by_buttons(client):
    notice = publicised(at=timezone.now() - timedelta(days=40))
    manager = manager_of(notice.call)
    actions.close_publicity(publicity=notice, by=manager, at=timezone.now())
    agreement = agreement_of(notice.items.get().application)
    admin = unit_admin_of(agreement.award.application)
    client.force_login(manager)

    def press(name, **data):
        return client.post(url("agreement", name, agreement.pk), data).status_code

    wrong = press("correct", starts_date="2028-01-01", ends_date="2027-01-01", own_amount="70")
    corrected = press("correct", starts_date="2026-10-01", ends_date="2028-09-30", own_amount="80")
    assert 'value="2028/09/30"' in client.get(url("agreement", "correct", agreement.pk)).content.decode()
    early = press("lapse", reason="未签")
    actions.unit_sign(agreement=agreement, by=admin, at=timezone.now())
    sent_back = press("send_back", reason="自筹有误")
    agreement.refresh_from_db()
    actions.unit_sign(agreement=agreement, by=admin, at=timezone.now())
    signed = press("sign")

    assert (wrong, corrected, early, sent_back, signed) == (422, 302, 422, 302, 302)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.own_amount) == (AgreementState.IN_FORCE, Decimal(800_000))
    assert client.get(url("agreement", "change", agreement.pk)).status_code == 200


@pytest.mark.parametrize("name", ["sign", "correct", "send_back", "lapse"])
def test_nobody_else_presses_a_button_of_an_agreement(client, name):
    notice = publicised(at=timezone.now() - timedelta(days=40))
    actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=timezone.now())
    agreement = agreement_of(notice.items.get().application)

    for user in (leader(), officer(Role.FINANCE), officer(Role.EXPERT), UserFactory()):
        client.force_login(user)
        answer = client.post(url("agreement", name, agreement.pk), {"reason": "x"})
        assert answer.status_code in (302, 403, 404)
    assert Agreement.objects.get().state == AgreementState.DRAFT


@pytest.mark.parametrize("model", ["decision", "publicity", "objection", "award", "agreement", "proposal"])
def test_every_list_opens_for_the_bureau_and_not_for_experts(client, model):
    notice = publicised(at=timezone.now() - timedelta(days=40))
    actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=timezone.now())
    for user, status in (
        (manager_of(notice.call), 200),
        (leader(), 200),
        (officer(Role.AUDITOR), 200),
        (officer(Role.EXPERT), 403),
    ):
        client.force_login(user)
        assert client.get(url(model, "changelist")).status_code == status
