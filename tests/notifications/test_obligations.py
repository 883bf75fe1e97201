"""The table of deadlines agrees with what is owed, and is repaired where it does not."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import actions as accounts
from accounts.roles import UnitRole
from core.calendar import end_of_day
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from notifications.states import DeadlineState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of
from tests.factories.applications import filled, submitted
from tests.factories.milestones import agreement, people_of

pytestmark = pytest.mark.django_db


def drifts() -> list[str]:
    return sorted(f"{drift.what} {drift.obligation.kind}" for drift in obligations.check(at=timezone.now()))


def test_what_the_actions_left_behind_agrees():
    agreement()
    assert drifts() == []


def test_what_is_missing_surplus_or_moved_is_named_and_mended():
    filled()
    application = submitted()
    found = agreement()
    now = timezone.now()
    # The factories write drafts past the actions: their clocks are missing.
    obligations.mend(at=now)
    assert drifts() == []
    milestone = Deadline.objects.filter(kind=DeadlineKind.MILESTONE).first()
    Deadline.objects.filter(pk=milestone.pk).update(due_at=milestone.due_at + timedelta(days=3))
    Deadline.objects.filter(kind=DeadlineKind.PROJECT_END).delete()
    stage = Deadline.objects.open().get(object_id=application.pk, kind__in=["unit_review", "formal_check"])
    Deadline.objects.filter(pk=stage.pk).update(state="met", closed_at=now)
    draft = Deadline.objects.open().get(kind=DeadlineKind.CALL_CLOSES)
    Deadline.objects.filter(pk=draft.pk).update(object_id=application.pk)
    assert drifts() == [
        "missing call_closes",
        "missing project_end",
        f"missing {stage.kind}",
        "moved milestone",
        "surplus call_closes",
    ]
    with pytest.raises(CommandError, match=r"^5 "):
        call_command("deadlines", "check", stdout=StringIO())
    call_command("deadlines", "mend", stdout=StringIO())
    assert drifts() == []
    assert call_command("deadlines", "check", stdout=StringIO()) is None
    end = Deadline.objects.open().get(kind=DeadlineKind.PROJECT_END)
    assert (end.subject, end.due_at) == (found, end_of_day(found.ends_date))
    again = Deadline.objects.open().get(object_id=application.pk, kind=stage.kind)
    assert again.due_at == stage.due_at


def test_a_request_to_join_is_answered_in_time():
    unit = OrganisationFactory()
    administrator, person = member_of(unit, UnitRole.ADMIN), UserFactory()
    at = timezone.now()
    request = accounts.request_to_join(organisation=unit, by=person, at=at)
    deadline = Deadline.objects.get(kind=DeadlineKind.JOIN_REQUEST)
    assert Deadline.objects.owed_by(administrator).get() == deadline
    assert not Deadline.objects.owed_by(person).exists()
    assert deadline.title == f"{person}申请加入{unit}"
    accounts.refuse_join(join_request=request, by=administrator, at=at)
    deadline.refresh_from_db()
    assert deadline.state == DeadlineState.MET
    assert drifts() == []


def test_a_certificate_of_a_running_project_is_renewed_before_it_expires():
    found = agreement()
    people = people_of(found)
    unit = found.award.application.organisation
    ends = timezone.localdate() + timedelta(days=100)
    same = {"organisation": unit, "by": people["unit_admin"], "at": timezone.now(), "text": "GR2026"}
    first = accounts.record_fact(kind="high_tech", valid_from=date(2024, 1, 1), valid_to=ends, **same)
    accounts.record_fact(kind="park", valid_from=date(2024, 1, 1), valid_to=ends, **same)
    deadline = Deadline.objects.get(kind=DeadlineKind.CERTIFICATE)
    assert (deadline.subject, deadline.due_at) == (first, end_of_day(ends))
    later = ends + timedelta(days=1000)
    accounts.record_fact(kind="high_tech", valid_from=ends, valid_to=later, **same)
    deadline.refresh_from_db()
    assert deadline.state == DeadlineState.MET
    assert Deadline.objects.open().get(kind=DeadlineKind.CERTIFICATE).due_at == end_of_day(later)
    stranger = OrganisationFactory()
    same |= {"organisation": stranger, "by": member_of(stranger, UnitRole.ADMIN)}
    accounts.record_fact(kind="high_tech", valid_from=date(2024, 1, 1), valid_to=ends, **same)
    assert Deadline.objects.open().filter(kind=DeadlineKind.CERTIFICATE).count() == 1
    assert drifts() == []
