"""Two people at once."""

from functools import partial

import pytest

from core.workflow import Refused
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
from tests.threads import at_once


def project(**kwargs):
    found = agreement(owner=OrganisationFactory(), **kwargs)
    return found, people_of(found)


pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_hand_ins_at_once_one_wins():
    found, _people = project()
    milestones = [milestone_of(found) for _number in range(2)]
    results = at_once(*(partial(hand_in, milestone) for milestone in milestones))
    assert sorted(type(result).__name__ for result in results) == ["Lost", "Report"]
    assert Report.objects.get().number == 1


def test_of_two_conclusions_at_once_one_wins():
    found, people = project()
    hand_in(milestone_of(found))
    rows = Report.objects.select_related("milestone__agreement__award__application")
    calls = [
        partial(
            actions.conclude, report=rows.get(), outcome=outcome, note="理由", by=people["manager"], at=AT
        )
        for outcome in ("accepted", "failed")
    ]
    results = at_once(*calls)
    assert sum(isinstance(result, Refused) for result in results) == 1
    assert milestone_of(found).state == Acceptance.objects.get().outcome


def test_an_acceptance_and_the_end_of_the_project_at_once_do_not_wait_for_each_other():
    found, people = project()
    report = hand_in(milestone_of(found))
    people["leader"]
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    ended = actions.ask_termination(agreement=found, **asked, by=people["manager"], at=AT)
    conclusion = {"report": report, "outcome": "accepted", "note": "", "by": people["manager"]}
    decision = {"termination": ended, "opinion": "同意", "clause": "x", "by": people["leader"]}
    concluded, terminated = at_once(
        partial(actions.conclude, **conclusion, at=AT), partial(actions.terminate, **decision, at=AT)
    )
    assert terminated is None
    expected = "cancelled" if isinstance(concluded, Refused) else "accepted"
    assert milestone_of(found).state == expected
