"""Two people at once."""

import threading

import pytest
from django.db import connection

from core.workflow import Lost, Refused
from milestones import actions
from milestones.models import Acceptance, Report
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    agreement,
    hand_in,
    milestone_of,
    people_of,
)


def project(**kwargs):
    found = agreement(owner=OrganisationFactory(), **kwargs)
    return found, people_of(found)


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


@pytest.mark.django_db(transaction=True)
def test_an_acceptance_and_the_end_of_the_project_at_once_do_not_wait_for_each_other():
    found, people = project()
    report = hand_in(milestone_of(found))
    people["leader"]
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    ended = actions.ask_termination(agreement=found, **asked, by=people["manager"], at=AT)
    gate, results = threading.Barrier(2), []

    def run(action, **terms):
        try:
            gate.wait()
            action(**terms, at=AT)
            results.append(action.__name__)
        except Refused:
            results.append("refused")
        finally:
            connection.close()

    conclusion = {"report": report, "outcome": "accepted", "note": "", "by": people["manager"]}
    decision = {"termination": ended, "opinion": "同意", "clause": "x", "by": people["leader"]}
    threads = [
        threading.Thread(target=run, args=(actions.conclude,), kwargs=conclusion),
        threading.Thread(target=run, args=(actions.terminate,), kwargs=decision),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) in (["conclude", "terminate"], ["refused", "terminate"])
    expected = "accepted" if "conclude" in results else "cancelled"
    assert milestone_of(found).state == expected
