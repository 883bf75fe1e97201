"""The demo: one part in every stage, alive on any day, made once."""

from collections import Counter
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import QuerySet

from accounts.identity import validate_credit_code, validate_id_number
from accounts.models import Organisation, User
from accounts.roles import Role
from applications.models import Application, Participant
from applications.states import ApplicationState
from awards.models import Agreement, Publicity
from core.calendar import local_date
from desk import packs
from exchange.models import Demand
from facilities.models import AnnualEvaluation, Facility
from finance.models import Instalment, Payment
from grants.models import Call, Topic
from milestones.models import Milestone
from notifications.models import Deadline, Delivery, Message, Reminder
from seeds import demo
from seeds.demo import logins
from seeds.demo.cast import read

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
SPRING_FESTIVAL = datetime(2026, 2, 18, 0, 1, tzinfo=SHANGHAI)

APPLICATIONS = {
    ApplicationState.DRAFT: 3,
    ApplicationState.UNIT_REVIEW: 1,
    ApplicationState.RECOMMENDATION: 1,
    ApplicationState.RETURNED: 1,
    ApplicationState.FORMAL_CHECK: 4,
    ApplicationState.EXPERT_REVIEW: 2,
    ApplicationState.DEMANDER_CHOICE: 1,
    ApplicationState.PUBLICITY: 1,
    ApplicationState.AGREEMENT: 1,
    ApplicationState.AWARDED: 7,
    ApplicationState.DECISION: 1,
    ApplicationState.REJECTED: 3,
}


def states(rows) -> dict[str, int]:
    """How many of a table's rows (or of a queryset) stand in each state."""
    rows = rows if isinstance(rows, QuerySet) else rows.objects
    return dict(Counter(rows.values_list("state", flat=True)))


def counts() -> dict[str, int]:
    """Rows of every table of the product."""
    ours = [model for model in apps.get_models() if model._meta.app_label in OURS]
    return {model._meta.label: model._base_manager.count() for model in ours}


OURS = {
    "accounts", "applications", "awards", "core", "documents", "equity", "exchange", "facilities", "finance",
    "grants", "milestones", "notifications", "reviews",
}  # fmt: skip


def check_stages():
    """One part in every stage of both programmes."""
    assert states(Application) == APPLICATIONS
    assert states(Demand) == {"listed": 10, "submitted": 1, "argued": 1, "returned": 1, "draft": 1}
    assert states(Topic.objects.filter(owner__isnull=False)) == {"listed": 3, "closed": 4, "awarded": 3}
    assert states(Agreement) == {"in_force": 5, "completed": 2, "draft": 1}
    assert states(Publicity) == {"closed": 7, "running": 1}
    assert states(Instalment) == {"paid": 6, "due": 1, "planned": 8}
    assert states(Milestone) == {"accepted": 3, "submitted": 1, "planned": 10}
    assert Payment.objects.count() == 6


def test_the_demo_is_alive_and_made_once(client):
    """On the hardest day: a night in the middle of a week without working days."""
    assert demo.make(now=SPRING_FESTIVAL)
    check_life(SPRING_FESTIVAL)
    check_pages(client)
    before = counts()
    assert not demo.make(now=SPRING_FESTIVAL)
    out = StringIO()
    call_command("demo", stdout=out)
    assert out.getvalue().startswith("示例数据已存在")
    assert counts() == before


def check_life(now):
    check_stages()
    check_calls(now)
    check_deadlines(now)
    check_codes()
    check_people()


def check_calls(now):
    """Every programme has its notice, one is being written; the earlier calls are closed."""
    shipped = len(packs.shipped())
    assert states(Call) == {"published": shipped - 1, "draft": 1, "closed": 5}
    assert states(Facility) == {"operating": 1, "rectifying": 2}
    assert states(AnnualEvaluation) == {"concluded": 4, "reporting": 1, "district_check": 1}
    assert Call.objects.accepting(now).count() >= shipped // 2
    assert Topic.objects.accepting(now).filter(owner__isnull=False).count() == 3
    running = Publicity.objects.get(state="running")
    assert running.starts_date <= local_date(now) <= running.ends_date


def check_deadlines(now):
    """What is open lies ahead, apart from one milestone and two invitations; somebody hears of each."""
    late = Deadline.objects.open().filter(due_at__lt=now)
    assert Counter(late.values_list("kind", flat=True)) == {"milestone": 1, "review_answer": 2}
    assert not Deadline.objects.open().filter(obligors__isnull=True).exists()
    assert not Deadline.objects.filter(opened_at__gt=now).exists()
    assert not Message.objects.filter(created_at__gt=now).exists()
    assert Reminder.objects.exists()
    assert states(Delivery)["sent"] > states(Delivery)["queued"] > 0


def check_pages(client):
    """Every open deadline leads whoever owes it to a page that opens."""
    owing = {}
    for user in User.objects.all():
        owing |= dict.fromkeys(Deadline.objects.owed_by(user).values_list("pk", flat=True), user)
    for deadline in Deadline.objects.open():
        client.force_login(owing[deadline.pk])
        assert (deadline.url, client.get(deadline.url, follow=True).status_code) == (deadline.url, 200)


def check_codes():
    """Every code of the demo passes the same checks as a real one."""
    for code in Organisation.objects.values_list("credit_code", flat=True):
        validate_credit_code(code)
    for number in Participant.objects.values_list("id_number", flat=True):
        validate_id_number(number)


def check_people():
    """Every login that is printed exists, holds its password, and every office has somebody."""
    people = {user.username: user for user in User.objects.all()}
    named = [login for _role, login, _who in logins.rows() if login and "…" not in login]
    assert all(people[login].check_password(demo.PASSWORD) for login in named)
    offices = {role for user in people.values() for role in user.scope.roles}
    assert offices == set(Role.values)
    assert len(people) == len(read("cast.yaml")["people"])


def test_the_logins_name_one_person_per_role_without_a_database():
    out = StringIO()
    call_command("demo", "--logins", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["公众", "—", "无需登录"]
    assert lines[-1].endswith(demo.PASSWORD)
    assert len(lines) == len(logins.rows()) + 2


def test_nothing_is_left_when_the_demo_breaks_off(monkeypatch):
    def stop(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr("seeds.demo.challenges.Challenges.earlier", stop)
    with pytest.raises(RuntimeError, match="power cut"):
        demo.make(now=SPRING_FESTIVAL)
    assert (Organisation.objects.count(), Application.objects.count()) == (0, 0)
