"""Applications by the hundred thousand: a few made through the actions, the rest copied from them in SQL.

Copying goes by the columns the tables have, so a new column needs no line here.
"""

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role, UnitRole
from applications import actions
from applications.models import (
    Answer,
    Application,
    BudgetLine,
    Participant,
    ProposedMilestone,
    RuleResult,
    Submission,
    TeamMember,
)
from core.models import Event
from grants.models import Programme, QuestionKind
from notifications.models import Deadline
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.applications import filled, submitted
from tests.factories.grants import QUESTIONS, CallFactory, ProgrammeFactory

PARTS = [
    TeamMember,
    Answer,
    Participant,
    BudgetLine,
    ProposedMilestone,
    RuleResult,
    Submission,
]
BIG_UNIT = "压力测试大学"
PROGRAMME = "bench"
BIG_SHARE = 20  # every twentieth application is the big unit's
SPAN = "generate_series(%s::bigint, %s::bigint) n"
STATES = ("unit_review", "recommendation", "formal_check", "review")


@dataclass(frozen=True)
class World:
    """Who looks at the data. `rows` counts applications."""

    rows: int
    big_unit: Organisation
    unit_admin: User
    manager: User


@contextmanager
def bulk_loading():
    """No trigger and no foreign key check for this transaction; only a superuser may ask for that."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def copy(cursor, model: type[models.Model], source: str, parameters: list, **columns: str) -> None:
    """Insert rows of `model`'s table selected from `source`, where `t` is the row copied.

    `columns` replaces columns by SQL expressions; the key is drawn anew unless it is among them.
    """
    key = model._meta.pk.column
    names = [
        field.column
        for field in model._meta.local_concrete_fields
        if not field.generated and (field.column != key or key in columns)
    ]
    values = [columns.get(name, f't."{name}"') for name in names]
    listed = ", ".join(f'"{name}"' for name in names)
    statement = f'INSERT INTO "{model._meta.db_table}" ({listed}) SELECT {", ".join(values)} FROM {source}'  # noqa: S608
    cursor.execute(statement, parameters)


def table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}" t'


def build(rows: int, *, calls: int = 20) -> World:
    """Make the world with `rows` applications. Nothing else may write meanwhile."""
    department = OrganisationFactory(name="压力测试处", kind="government")
    programme = ProgrammeFactory(slug=PROGRAMME, department=department)
    old = {"kind": "university", "registered_date": date(1958, 9, 1)}
    big_unit = OrganisationFactory(name=BIG_UNIT, **old)
    units = [big_unit, *OrganisationFactory.create_batch(100, **old)]
    officer(Role.PROGRAMME_MANAGER, organisation=department, username="bench-manager")
    administrator = User.objects.create_user("bench-admin", "bench-admin@example.com", name="单位管理员")
    Membership.objects.create(user=administrator, organisation=big_unit, role=UnitRole.ADMIN)
    per_call = -(-rows // calls)
    for number in range(calls):
        template = submitted(call=CallFactory(programme=programme), organisation=units[1 + number])
        multiply(template, min(per_call, rows - number * per_call) - 1, units)
    with connection.cursor() as cursor:
        for model in (Application, *PARTS, Event, Deadline):
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
    return find()


def multiply(template: Application, count: int, units: list[Organisation]) -> list[int]:
    """Copy an application with everything that hangs on it `count` times; return the new keys.

    What was handed in is spread over `units`, the first of which gets its share, and over some states.
    """
    if count < 1:
        return []
    with bulk_loading() as cursor:
        first, last = take_keys(cursor, count)
        columns = {"id": "n", "title": "t.title || ' ' || n"}
        if template.submitted_at:
            columns |= handed_in(units)
        copy(
            cursor,
            Application,
            f"{table(Application)}, {SPAN} WHERE t.id = %s",
            [first, last, template.pk],
            **columns,
        )
        for model in PARTS:
            source = f"{table(model)}, {SPAN} WHERE t.application_id = %s"
            copy(cursor, model, source, [first, last, template.pk], application_id="n")
        about = ContentType.objects.get_for_model(Application).pk
        for model in (Event, Deadline):
            source = f"{table(model)}, {SPAN} WHERE t.content_type_id = %s AND t.object_id = %s"
            copy(cursor, model, source, [first, last, about, template.pk], object_id="n")
    return list(range(first, last + 1))


def take_keys(cursor, count: int) -> tuple[int, int]:
    """Draw `count` keys of applications; nothing else draws meanwhile, so they follow each other."""
    sequence = "pg_get_serial_sequence('applications_application', 'id')"
    cursor.execute(
        f"SELECT min(k), max(k) FROM (SELECT nextval({sequence}) k FROM generate_series(1, %s)) x",  # noqa: S608
        [count],
    )
    return cursor.fetchone()


def handed_in(units: list[Organisation]) -> dict[str, str]:
    others = ", ".join(str(unit.pk) for unit in units[1:])
    states = ", ".join(f"'{state}'" for state in STATES)
    return {
        "organisation_id": f"CASE WHEN n %% {BIG_SHARE} = 0 THEN {units[0].pk} "
        f"ELSE (ARRAY[{others}])[1 + n %% {len(units) - 1}] END",
        "number": "'BENCH' || n",
        "state": f"(ARRAY[{states}])[1 + n %% {len(STATES)}]",
        "submitted_at": "t.submitted_at - n * interval '1 second'",
    }


THIRTY = 30
LONG = "面向近海观测的低功耗水听器，先仿真后试制，再在海试中验证。" * 4


def drafts(count: int) -> list[Application]:
    """Applications ready to be handed in, all of one person, each with thirty answers and more."""
    programme = Programme.objects.get(slug=PROGRAMME)
    kind = QuestionKind.TEXT
    asked = [{"code": f"q{number}", "kind": kind, "label": f"题目{number}"} for number in range(THIRTY)]
    # What an earlier run made stays, so names are drawn from where it ended.
    for factory in (UserFactory, OrganisationFactory):
        factory.reset_sequence(1_000 + factory._meta.model.objects.count(), force=True)
    title = f"压力测试 {uuid.uuid4()}"
    call = CallFactory(programme=programme, title=title, parts__questions=[*QUESTIONS, *asked])
    template = filled(call=call)
    actions.save_answers(
        application=template,
        answers={question["code"]: f"{LONG}{question['code']}" for question in asked},
        by=template.created_by,
        at=timezone.now(),
    )
    keys = multiply(template, count, [template.organisation])
    return list(Application.objects.filter(pk__in=keys).select_related("created_by").order_by("pk"))


def find() -> World:
    """Return the world that was built. Raises Organisation.DoesNotExist when there is none."""
    return World(
        rows=Application.objects.filter(submitted_at__isnull=False).count(),
        big_unit=Organisation.objects.get(name=BIG_UNIT),
        unit_admin=User.objects.get(username="bench-admin"),
        manager=User.objects.get(username="bench-manager"),
    )
