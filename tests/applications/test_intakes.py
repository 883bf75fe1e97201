"""Several closings of one notice (批次): what is handed in belongs to the batch that is open."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, notifications, queries, tasks, unit_tables
from applications.models import Application, StampedTable
from awards import actions as awards
from awards.models import Outcome
from awards.queries import competitors
from core import calendar
from core.models import Event
from core.workflow import Refused
from finance.models import Appropriation
from grants import rules as grants
from grants import system_rules
from grants.models import Call, Intake, Quota, StageKind
from grants.queries import closing, intake_at, moments_of
from notifications import obligations
from notifications.models import Deadline
from tests.factories.accounts import MembershipFactory, UserFactory, officer
from tests.factories.applications import ApplicationFactory, fill, filled, submitted
from tests.factories.grants import CallFactory, in_order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def in_batches(
    *, types=(), stages=("unit_review", "formal_check", "decision"), quota=None, first=None, **fields
):
    """Two batches: the first until in five days, the second from in ten days to in twenty."""
    now = timezone.now()
    call = CallFactory(draft=True, parts__stages=stages, parts__rules=(), opens_at=now - 10 * DAY)
    Call.objects.filter(pk=call.pk).update(closes_at=now + 20 * DAY, **fields)
    call.refresh_from_db()
    system_rules.write(call=call)
    kinds = [call.types.create(code=code, name=code, order=n) for n, code in enumerate(types, start=1)]
    kind = kinds[0] if kinds else None
    spring = {"code": "spring", "name": "第一批", "opens_at": call.opens_at, "closes_at": now + 5 * DAY}
    spring |= {"unit_closes_at": now + 7 * DAY, "clause": "第四条", "project_type": kind, **(first or {})}
    autumn = {"code": "autumn", "name": "第二批", "opens_at": now + 10 * DAY, "closes_at": now + 20 * DAY}
    rows = [spring, autumn | {"project_type": kind}]
    rows += [{"code": "all", "name": "一次", **_span(call, now), "project_type": row} for row in kinds[1:]]
    in_order(Intake, rows, call=call)
    if quota:
        in_order(Quota, [quota], call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=now, has_intakes=True)
    return Call.objects.get(pk=call.pk)


def _span(call, now):
    return {"opens_at": call.opens_at, "closes_at": now + 3 * DAY}


def clock(application):
    return Deadline.objects.open().get(object_id=application.pk)


def later(call, days: int):
    """The batches as they would stand so many days later."""
    for row in Intake.objects.filter(call=call):
        moments = {name: getattr(row, name) - days * DAY for name in ("opens_at", "closes_at")}
        with transaction.atomic():
            Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
            Intake.objects.filter(pk=row.pk).update(unit_closes_at=None, **moments)
            Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())


def test_an_application_belongs_to_the_batch_that_is_open_and_goes_by_its_moments():
    call = in_batches()
    application = submitted(call=call)
    spring, autumn = call.intakes.all()
    application.refresh_from_db()
    assert application.intake == spring
    assert clock(application).due_at == spring.unit_closes_at
    assert moments_of(call, application.intake) == spring
    late = spring.unit_closes_at + timedelta(minutes=1)
    with pytest.raises(Refused) as refused:
        actions.unit_approve(application=application, by=None, at=late)
    assert refused.value.code == "late"
    with pytest.raises(Refused) as refused:
        actions.take_back(application=application, by=None, at=spring.closes_at + timedelta(minutes=1))
    assert (refused.value.code, refused.value.clause) == ("late", "第四条")
    with pytest.raises(DatabaseError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(intake=autumn)
    assert list(obligations.check(at=timezone.now())) == []


def test_what_misses_the_first_batch_waits_for_the_second_with_everything_typed():
    call = in_batches()
    draft = filled(call=call)
    spring, autumn = call.intakes.all()
    notifications.open_draft(draft, at=timezone.now())
    assert clock(draft).due_at == spring.closes_at
    later(call, 6)
    Deadline.objects.update(due_at=timezone.now() - DAY)
    before = queries.snapshot(Application.objects.get(pk=draft.pk))
    tasks.lapse_drafts()
    tasks.lapse_drafts()
    draft = Application.objects.get(pk=draft.pk)
    autumn.refresh_from_db()
    assert queries.snapshot(draft) == before
    assert clock(draft).due_at == autumn.closes_at
    assert Event.objects.about(draft).filter(verb="next_intake").get().note == "第二批"
    assert list(obligations.check(at=timezone.now())) == []
    with pytest.raises(Refused) as refused:
        actions.submit(application=draft, by=draft.created_by, at=timezone.now())
    assert refused.value.code == "between"
    actions.submit(application=draft, by=draft.created_by, at=autumn.opens_at)
    assert Application.objects.get(pk=draft.pk).intake == autumn


def test_behind_the_last_batch_for_a_type_nothing_is_taken_while_others_go_on():
    call = in_batches(types=("applied", "free"))
    applied, free = call.types.all()
    now = timezone.now()
    assert closing(call, None, project_type=free, at=now) == call.intakes.get(code="all").closes_at
    after = now + 4 * DAY
    assert intake_at(call, free, at=after) is None
    assert intake_at(call, applied, at=after).code == "spring"
    draft = ApplicationFactory(call=call, project_type=free)
    mine = {"call": call, "organisation": draft.organisation, "by": draft.created_by}
    with pytest.raises(Refused) as refused:
        actions.start(project_type=free, at=after, **mine)
    assert refused.value.code == "late"
    started = actions.start(project_type=applied, at=after, **mine)
    assert clock(started).due_at == intake_at(call, applied, at=after).closes_at
    actions.update_basics(application=started, project_type=free, by=None, at=now)
    assert clock(started).due_at == intake_at(call, free, at=now).closes_at


def test_no_more_of_a_batch_are_funded_than_it_plans_and_it_is_ranked_alone():
    call = in_batches(stages=(StageKind.DECISION,), first={"planned_number": 1})
    spring, autumn = call.intakes.all()
    Appropriation.objects.create(programme=call.programme, year=call.year, amount=Decimal(1_000_000))
    by = UserFactory()
    common = {
        "call": call,
        "created_by": by,
        "submitted_by": by,
        "submitted_at": timezone.now(),
        "version": 1,
    }
    common |= {"state": "decision", "requested_amount": Decimal(500_000)}
    rows = [ApplicationFactory(intake=batch, **common) for batch in (spring, spring, autumn)]
    assert set(competitors(rows[0])) == set(rows[:2])
    manager = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    common = {"outcome": Outcome.FUND, "amount": Decimal(100_000), "reason": "符合要求，同意。"}
    common |= {"by": manager, "at": timezone.now()}
    awards.decide(application=rows[0], **common)
    with pytest.raises(Refused) as refused:
        awards.decide(application=rows[1], **common)
    assert (refused.value.code, refused.value.clause) == ("full", "第四条")
    awards.decide(application=rows[2], **common)


def test_each_batch_has_a_quota_and_a_stamped_table_of_its_own(client):
    quota = {"of": "unit", "number": 1, "clause": "第五条", "per_intake": True}
    call = in_batches(quota=quota, table_days=3, table_clause="第六条")
    first = submitted(call=call)
    second = fill(ApplicationFactory(call=call, organisation=first.organisation))
    spring, autumn = call.intakes.all()
    with pytest.raises(Refused) as refused:
        actions.submit(application=second, by=second.created_by, at=timezone.now())
    assert refused.value.code == "quota"
    actions.submit(application=second, by=second.created_by, at=autumn.opens_at)
    tables = {table.batch: table for table in StampedTable.objects.all()}
    due = {code: clock(table).due_at for code, table in tables.items()}
    assert due == {row.code: calendar.due(row.closes_at, 3) for row in (spring, autumn)}
    lines = {code: [line.application for line in queries.table_lines(row)] for code, row in tables.items()}
    assert lines == {"spring": [first], "autumn": [second]}
    assert list(obligations.check(at=timezone.now())) == []
    client.force_login(MembershipFactory(organisation=first.organisation, role="admin").user)
    page = client.get(reverse("applications:unit_reviews")).content.decode()
    assert "第一批" in page
    assert "?batch=autumn" in page
    rows = unit_tables.content_of(call, first.organisation, at=timezone.now(), batch="autumn")["lines"]
    assert [row["number"] for row in rows] == [Application.objects.get(pk=second.pk).number]


def test_publishing_says_what_does_not_fit_and_notes_that_there_are_batches():
    call = CallFactory(draft=True)
    free = call.types.create(code="free", name="自选", order=1)
    applied = call.types.create(code="applied", name="应用", order=2)
    row = {"code": "a", "name": "甲", "opens_at": call.opens_at, "closes_at": call.closes_at}
    in_order(Intake, [row | {"project_type": free}, row | {"code": "b", "project_type": free}], call=call)
    found = [(fault.field, str(fault)) for fault in grants.problems_of(call)]
    assert found == [
        ("intakes.1.opens", "与“甲”的受理时间重叠。"),
        ("intakes.1.type", "项目类别“applied”没有批次。"),
    ]
    call.intakes.filter(code="b").update(project_type=applied, opens_at=call.opens_at - DAY)
    assert [fault.field for fault in grants.problems_of(call)] == ["opens_at"]


@pytest.mark.parametrize(
    "fields",
    [
        {"closes_at": timezone.now() - 30 * DAY},
        {"unit_closes_at": timezone.now() - 30 * DAY},
        {"planned_number": 0},
        {"code": "spring"},
    ],
)
def test_the_database_keeps_batches_in_order(fields):
    call = in_batches()
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        call.intakes.filter(code="autumn").update(**fields)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        call.intakes.filter(code="autumn").update(name="别的")


def test_a_draft_is_nominated_until_the_closing_of_its_own_batch():
    call = in_batches(first={"recommender_closes_at": timezone.now() + 8 * DAY})
    spring = call.intakes.get(code="spring")
    assert queries.nominate_until(ApplicationFactory(call=call)) == spring.recommender_closes_at
