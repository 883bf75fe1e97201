"""The early end of a project (终止、撤销): asked or proposed, decided by a leader, closing every clock."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications.models import Application, Partner
from applications.queries.limits import of_application
from awards.models import Agreement
from awards.states import AgreementState
from core.calendar import local_date
from core.workflow import Refused
from finance import actions as finance
from finance.models import Commitment, Instalment
from finance.states import InstalmentState
from milestones import actions, terminating
from milestones.models import Extension, Milestone, Termination
from milestones.states import TERMINATION, ExtensionState, TerminationState
from notifications.models import Deadline, DeadlineKind, Message, Notice
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.milestones import AT, PARTIES, PEOPLE, evidence, hand_in, milestone_of, payee
from tests.factories.notifications import OF_PROJECTS, drifts

LATE = datetime(2029, 3, 1, 2, 0, tzinfo=UTC)
G = Termination.Ground

pytestmark = pytest.mark.django_db


def ask(found, *, by, ground=G.REQUEST, end="terminated", reason="技术路线走不通", files=None, at=AT):
    files = [evidence()] if files is None else files
    return actions.ask_termination(
        agreement=found, end=end, ground=ground, reason=reason, files=files, by=by, at=at
    )


def terminate(termination, *, by, opinion="同意", clause="第十八条", at=AT):
    actions.terminate(termination=termination, opinion=opinion, clause=clause, by=by, at=at)


def drifted(at=AT):
    return drifts(*OF_PROJECTS, at=at)


def test_the_end_closes_everything_that_was_owed_in_one_transaction(project):
    found, people = project
    prototype = milestone_of(found)
    hand_in(milestone_of(found, "final"), by=people["team"])
    first = Instalment.objects.get(agreement=found, order=1)
    payee(found)
    finance.record_payment(
        instalment=first,
        amount=Decimal(100_000),
        paid_date=local_date(AT),
        voucher="拨-1",
        by=people["finance"],
        at=AT,
    )
    extension = actions.ask(
        agreement=found,
        ends_date=found.ends_date.replace(year=2029, month=1),
        shifts={},
        reason="x",
        by=people["team"],
        at=AT,
    )
    partner = member_of(OrganisationFactory(), "admin")
    application = Application.objects.filter(pk=found.award.application_id)
    application.update(state="returned")
    Partner.objects.create(
        application=application.get(),
        organisation=partner.memberships.get().organisation,
        invited_by=people["team"],
        invited_at=AT,
    )
    application.update(state="agreement")
    people["unit_admin"], people["unit_finance"]
    termination = ask(found, by=people["team"])
    assert Message.objects.filter(
        template="milestones/termination_asked", recipient=people["unit_admin"]
    ).exists()
    clock = Deadline.objects.open().get(kind=DeadlineKind.TERMINATION_DECISION)
    assert Deadline.objects.owed_by(people["leader"]).filter(pk=clock.pk).exists()
    assert drifted() == []
    terminate(termination, by=people["leader"])
    found.refresh_from_db()
    assert found.state == AgreementState.TERMINATED
    assert set(Milestone.objects.filter(agreement=found).values_list("state", flat=True)) == {"cancelled"}
    assert set(Instalment.objects.filter(agreement=found).values_list("state", flat=True)) == {"cancelled"}
    assert Extension.objects.get(pk=extension.pk).state == ExtensionState.WITHDRAWN
    assert set(Deadline.objects.open().values_list("kind", flat=True)) <= {"receipt", "settlement"}
    assert Notice.objects.get(object_id=termination.pk).kind == "project_ended"
    told = Message.objects.filter(template="milestones/termination_decided")
    expected = {people[name] for name in ("team", "unit_admin", "unit_finance", "demander")}
    assert {message.recipient for message in told} >= (expected - {people["demander"]}) | {partner}
    assert drifted() == []
    record = of_application(Application.objects.get(), "pi", as_of=local_date(AT))
    assert (record["status"], record["ended_date"]) == ("terminated", local_date(AT))
    with pytest.raises(Refused):
        hand_in(prototype, by=people["team"])
    with pytest.raises(Refused, match="已终止"):
        ask(found, by=people["team"])


def test_what_was_never_paid_is_free_again_and_a_payment_reversed_later_is_not_due_again(project):
    found, people = project
    first = Instalment.objects.get(agreement=found, order=1)
    payee(found)
    payment = finance.record_payment(
        instalment=first,
        amount=first.amount,
        paid_date=local_date(AT),
        voucher="拨-1",
        by=people["finance"],
        at=AT,
    )
    terminate(ask(found, by=people["team"]), by=people["leader"])
    finance.reverse_payment(payment=payment, reason="错付", by=people["finance"], at=AT)
    first.refresh_from_db()
    assert (first.state, first.paid) == (InstalmentState.CANCELLED, 0)
    assert not Commitment.objects.held().exists()
    assert drifted() == []


def test_a_project_overdue_is_revoked_on_the_managers_proposal_and_rules_see_a_revocation(project):
    found, people = project
    with pytest.raises(Refused, match="还没有逾期"):
        ask(found, by=people["manager"], ground=G.OVERDUE)
    termination = ask(found, by=people["manager"], ground=G.OVERDUE, end="revoked", files=[], at=LATE)
    assert Message.objects.filter(template="milestones/termination_asked", recipient=people["team"]).exists()
    terminate(termination, by=people["leader"], at=LATE)
    found.refresh_from_db()
    assert found.state == AgreementState.REVOKED
    assert of_application(Application.objects.get(), "pi", as_of=local_date(LATE))["status"] == "revoked"


@pytest.mark.parametrize(
    ("by", "terms", "field"),
    [
        ("team", {"reason": " "}, "reason"),
        ("team", {"files": []}, "files"),
        ("team", {"end": "revoked"}, "end"),
        ("team", {"ground": G.OTHER}, "ground"),
        ("manager", {"ground": G.REQUEST}, "ground"),
        ("manager", {"ground": G.FAILED}, "ground"),
        ("manager", {"ground": G.OTHER, "reason": "长" * 4001}, "reason"),
    ],
)
def test_what_is_asked_is_refused_by_field(project, by, terms, field):
    found, people = project
    with pytest.raises(Refused) as refused:
        ask(found, by=people[by], **terms)
    assert refused.value.field == field


def test_a_refusal_or_a_withdrawal_lets_the_project_run_on(project):
    found, people = project
    first = ask(found, by=people["team"])
    with pytest.raises(Refused, match="等待决定"):
        ask(found, by=people["manager"], ground=G.OTHER)
    with pytest.raises(Refused, match="理由"):
        actions.refuse_termination(termination=first, opinion=" ", by=people["leader"], at=AT)
    actions.refuse_termination(termination=first, opinion="应继续攻关", by=people["leader"], at=AT)
    second = ask(found, by=people["manager"], ground=G.OTHER, files=[])
    with pytest.raises(Refused, match="提出的一方"):
        actions.withdraw_termination(termination=second, by=people["team"], at=AT)
    actions.withdraw_termination(termination=second, by=people["manager"], at=AT)
    third = ask(found, by=people["manager"], ground=G.OTHER, files=[])
    actions.terminations_fell_away(agreement=found, by=people["finance"], at=AT)
    third.refresh_from_db()
    assert third.state == TerminationState.WITHDRAWN
    found.refresh_from_db()
    assert found.state == AgreementState.IN_FORCE
    assert not Deadline.objects.open().filter(kind=DeadlineKind.TERMINATION_DECISION).exists()
    assert drifted() == []


def test_who_may_ask_take_back_and_decide_and_the_database_keeps_the_record(project):
    found, people = project
    people.all()
    can = {name for name in PEOPLE if terminating.can_ask(people[name], found, requests=[])}
    assert can == {"team", "unit_admin", "manager"}
    termination = ask(found, by=people["team"])
    assert {n for n in PEOPLE if terminating.can_decide(people[n], termination)} == {"leader"}
    assert {n for n in PEOPLE if terminating.can_withdraw(people[n], termination)} == {"team", "unit_admin"}
    assert {n for n in PEOPLE if Termination.objects.visible_to(people[n]).exists()} == PARTIES
    rows = Termination.objects.filter(pk=termination.pk)
    decision = {"decided_by": people["leader"], "decided_at": AT}
    attacks = [
        lambda: rows.update(reason="改"),
        lambda: rows.update(state="approved", clause="第十八条"),
        lambda: rows.update(state="approved", **decision),
        lambda: rows.delete(),
        lambda: Termination.objects.create(
            agreement=found, ground="other", reason="x", submitted_by=people["team"], submitted_at=AT
        ),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    with pytest.raises(Refused) as refused:
        terminate(termination, by=people["leader"], clause=" ")
    assert refused.value.field == "clause"
    assert TERMINATION.final_states() == {"approved", "refused", "withdrawn"}


def test_pages_ask_show_and_decide(project, client):
    found, people = project
    address = f"/milestones/projects/{found.pk}/termination/"
    client.force_login(people["stranger"])
    assert client.get(address).status_code == 404
    client.force_login(people["demander"])
    assert client.get(address).status_code == 403
    client.force_login(people["manager"])
    page = client.get(address).content.decode()
    assert "撤销用于" in page
    client.force_login(people["team"])
    answer = client.post(address, {"reason": "走不通"})
    assert answer.status_code == 422
    assert "走不通" in answer.content.decode()
    answer = client.post(address, {"reason": "走不通", "files": evidence("说明.pdf")})
    termination = Termination.objects.get()
    own = f"/milestones/terminations/{termination.pk}/"
    assert answer.headers["Location"] == own
    page = client.get(own).content.decode()
    assert "说明.pdf" in page
    assert "撤回申请" in page
    client.force_login(people["leader"])
    assert client.post(own).status_code == 403
    assert "去决定" in client.get(own).content.decode()
    assert client.get("/admin/milestones/termination/").status_code == 200
    assert (
        "说明.pdf" in client.get(f"/admin/milestones/termination/{termination.pk}/change/").content.decode()
    )
    button = reverse("admin:milestones_termination_approve", args=[termination.pk])
    assert client.post(button, {"opinion": "同意"}).status_code == 422
    assert client.post(button, {"opinion": "同意", "clause": "第十八条"}).status_code == 302
    assert Agreement.objects.get(pk=found.pk).state == AgreementState.TERMINATED
    client.force_login(people["team"])
    page = client.get(f"/projects/{found.pk}/").content.decode()
    assert "第十八条" in page
    assert "申请终止" not in page
    assert client.get("/api/v1/terminations/").json()["results"][0]["clause"] == "第十八条"
