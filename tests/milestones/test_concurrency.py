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
