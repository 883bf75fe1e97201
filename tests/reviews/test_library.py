"""The expert library's yearly update: asked, given, lapsed, and seen where experts are chosen."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.calendar import end_of_day, local_date
from core.models import Event
from core.workflow import Refused
from notifications import actions as notifications
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from notifications.states import DeadlineState
from reviews import actions, library, queries
from reviews.models import Expert, LibraryRule
from reviews.tasks import follow_library
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.reviews import ExpertFactory

pytestmark = pytest.mark.django_db

PAGE = "/reviews/record/"


def rule_due(due: date, **changed) -> LibraryRule:
    given = {"id": 1, "month": due.month, "day": due.day, "from_year": due.year, "clause": "第五条"} | changed
    return LibraryRule.objects.create(**given)


def old(*experts: Expert) -> None:
    """As they stand after a year."""
    longer = timezone.now() - timedelta(days=300)
    Expert.objects.filter(pk__in=[expert.pk for expert in experts]).update(updated_at=longer)


def clocks():
    return Deadline.objects.filter(kind=DeadlineKind.EXPERT_UPDATE)


def drifts(at) -> list[str]:
    found = obligations.check(at=at)
    return [drift.what for drift in found if drift.obligation.kind == DeadlineKind.EXPERT_UPDATE]


def form_of(expert: Expert, **changed) -> dict:
    kept = {"field": expert.field, "title": expert.title, "credit_code": expert.organisation.credit_code}
    return kept | changed


def in_days(days: int) -> date:
    """Never 29 February, which not every year has."""
    found = local_date(timezone.now()) + timedelta(days=days)
    return found + timedelta(days=1) if (found.month, found.day) == (2, 29) else found


@pytest.fixture
def soon() -> date:
    return in_days(40)


def test_everybody_who_has_not_looked_since_the_round_began_is_asked_once(soon):
    expert, fresh, gone = ExpertFactory(), ExpertFactory(), ExpertFactory(is_active=False)
    old(expert, gone)
    assert follow_library() == 0, "no rule, no question"
    rule_due(soon)
    now = timezone.now()
    assert drifts(now) == ["missing"]
    assert (follow_library(), follow_library()) == (1, 0)
    clock = clocks().get()
    assert (clock.subject, clock.due_at, clock.url) == (expert, end_of_day(soon), PAGE)
    assert clock.explanation == f"专家库资料每年集中更新，今年截至 {soon}，依据第五条"
    assert Deadline.objects.owed_by(expert.user).get() == clock
    assert not Deadline.objects.visible_to(fresh.user).exists()
    assert drifts(now) == []


def test_the_number_of_statements_is_that_of_one_expert(soon):
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            library.follow(by=None, at=timezone.now())
        return len(found)

    rule_due(soon)
    old(ExpertFactory())
    statements()
    old(ExpertFactory())
    one = statements()
    unit = OrganisationFactory()
    old(*(ExpertFactory(user=UserFactory(), organisation=unit) for _n in range(30)))
    assert statements() == one
    assert clocks().count() == 32


def test_the_expert_confirms_or_changes_the_record_and_nobody_else_does(client, soon):
    rule_due(soon)
    expert, other = ExpertFactory(), ExpertFactory()
    old(expert, other)
    follow_library()
    unit = OrganisationFactory()
    client.force_login(expert.user)
    page = client.get(PAGE)
    assert "待更新" in page.content.decode()
    wrong = client.post(PAGE, form_of(expert, credit_code="91370200MA3NONSENS", field="声学"))
    assert (wrong.status_code, "声学" in wrong.content.decode()) == (422, True)
    assert clocks().open().count() == 2

    client.post(PAGE, form_of(expert, field="海洋声学", credit_code=unit.credit_code))
    expert.refresh_from_db()
    assert (expert.field, expert.organisation) == ("海洋声学", unit)
    assert clocks().get(state=DeadlineState.MET).subject == expert
    assert Event.objects.about(expert).get().data == {"fields": ["field", "organisation"]}
    assert "已更新" in client.get(PAGE).content.decode()
    assert follow_library() == 0
    assert drifts(timezone.now()) == []

    same = {"field": "", "title": "", "organisation": unit, "at": timezone.now()}
    with pytest.raises(Refused, match="本人"):
        actions.update_record(expert=other, by=expert.user, **same)
    Expert.objects.filter(pk=other.pk).update(is_active=False)
    with pytest.raises(Refused, match="已不在"):
        actions.update_record(expert=other, by=other.user, **same)


def test_only_experts_have_the_page(client):
    assert client.get(PAGE).status_code == 302
    client.force_login(UserFactory())
    assert client.get(PAGE).status_code == 404
    client.force_login(officer(Role.EXPERT))
    assert "您还没有入库" in client.get(PAGE).content.decode()


def test_behind_the_day_the_deadline_lapses_and_officers_see_who_is_not_up_to_date(client, soon):
    rule_due(soon)
    late, fresh = ExpertFactory(), ExpertFactory()
    old(late)
    follow_library()
    Expert.objects.filter(pk=fresh.pk).update(updated_at=end_of_day(soon) - timedelta(days=1))
    after = end_of_day(soon) + timedelta(hours=9)
    assert [row.is_stale for row in queries.experts(at=timezone.now())] == [False, False]
    notifications.lapse_rights(at=after)
    assert clocks().get().state == DeadlineState.CANCELLED
    assert library.follow(by=None, at=after) == 0
    assert drifts(after) == []
    assert {row.pk: row.is_stale for row in queries.experts(at=after)} == {late.pk: True, fresh.pk: False}
    same = {"field": late.field, "title": "", "organisation": late.organisation}
    actions.update_record(expert=late, by=late.user, at=after, **same)
    assert not any(row.is_stale for row in queries.experts(at=after))


def test_officers_set_the_day_and_every_clock_follows(client, soon):
    expert = ExpertFactory()
    old(expert)
    client.force_login(officer(Role.PROGRAMME_MANAGER))
    add = reverse("admin:reviews_libraryrule_add")
    given = {"month": soon.month, "day": soon.day, "open_days": 60, "from_year": soon.year, "clause": ""}
    assert "不是每年都有这一天" in client.post(add, given | {"month": 2, "day": 30}).content.decode()
    client.post(add, given)
    assert clocks().open().get().due_at == end_of_day(soon)

    earlier = in_days(37)
    change = reverse("admin:reviews_libraryrule_change", args=[1])
    assert client.get(add)["Location"] == change, "there is one rule"
    client.post(change, given | {"month": earlier.month, "day": earlier.day, "from_year": earlier.year})
    assert clocks().open().get().due_at == end_of_day(earlier)
    Deadline.objects.filter(pk=clocks().get().pk).update(due_at=end_of_day(soon))
    assert drifts(timezone.now()) == ["moved"]
    obligations.mend(at=timezone.now())
    assert drifts(timezone.now()) == []

    experts = reverse("admin:reviews_expert_changelist")
    assert "已更新" in client.get(experts).content.decode()
    assert expert.user.name not in client.get(f"{experts}?fresh=no").content.decode()
    Expert.objects.filter(pk=expert.pk).update(is_active=False)
    follow_library()
    assert clocks().get().state == DeadlineState.CANCELLED
    client.force_login(expert.user)
    assert client.get(change).status_code == 403
    assert "不在库" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"id": 2}, {"month": 2, "day": 29}, {"month": 6, "day": 31}, {"open_days": 0}]
)
def test_the_database_holds_one_rule_with_a_day_of_every_year(wrong, soon):
    with pytest.raises(IntegrityError), transaction.atomic():
        rule_due(soon, **wrong)
