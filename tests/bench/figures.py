"""The figures. Each function gets the world and the number of runs, and returns what to measure."""

import itertools
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import cel
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import reverse

from applications import eligibility, queries
from applications.forms.answers import AnswersForm, rows_of
from applications.models import (
    Application,
    BudgetLine,
    Participant,
    ProposedMilestone,
)
from core import expressions
from desk.rehearsal import samples
from grants.models import Programme, Question, QuestionKind
from notifications import outbox
from notifications.models import DeadlineKind, Delivery, Message
from tests.bench.data import LONG, PROGRAMME, World, drafts, table
from tests.bench.deadlines import deadline, sweep, sweep_again
from tests.bench.duplicates import duplicates
from tests.bench.harness import Bench
from tests.factories.grants import CallFactory

LIST = """
    SELECT a.id, a.title, a.number, a.state, a.submitted_at, a.requested_amount, c.title, p.name, o.name
    FROM applications_application a
    JOIN grants_call c ON c.id = a.call_id
    JOIN grants_programme p ON p.id = c.programme_id
    JOIN accounts_organisation o ON o.id = a.organisation_id
    WHERE {condition} ORDER BY a.id DESC LIMIT {limit}
"""
COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM applications_application a {joins} WHERE {condition} LIMIT 1001) x"
)
OF_UNIT = "a.organisation_id = %s"
OF_DEPARTMENT = "p.department_id = %s AND a.submitted_at IS NOT NULL"
DEPARTMENT_JOINS = "JOIN grants_call c ON c.id = a.call_id JOIN grants_programme p ON p.id = c.programme_id"
ONE = (
    "SELECT a.*, o.name, c.title FROM applications_application a JOIN accounts_organisation o "
    "ON o.id = a.organisation_id JOIN grants_call c ON c.id = a.call_id WHERE a.id = %s",
    "SELECT content FROM applications_submission WHERE application_id = %s ORDER BY version DESC LIMIT 1",
    "SELECT r.status, e.code, e.text, e.clause FROM applications_ruleresult r JOIN grants_eligibilityrule e "
    "ON e.id = r.rule_id WHERE r.application_id = %s ORDER BY e.order",
    "SELECT u.name FROM applications_teammember m JOIN accounts_user u ON u.id = m.user_id "
    "WHERE m.application_id = %s",
)
ABOUT_ONE = (
    "SELECT at, from_state, to_state, note FROM core_event WHERE content_type_id = %s AND object_id = %s",
    "SELECT kind, due_at FROM notifications_deadline WHERE content_type_id = %s AND object_id = %s",
)


def rows(statement: str, parameters: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def page(client: Client, address: str, needle: str) -> None:
    """Get a page; a wrong one is no measurement."""
    response = client.get(address)
    if response.status_code != 200 or needle not in response.content.decode():
        raise AssertionError(f"{address}: {response.status_code}")


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def list_page(world: World, runs: int) -> Bench:
    """The portal's list of a unit that has a twentieth of all applications."""
    client, unit = signed_in(world.unit_admin), world.big_unit.pk

    def floor():
        rows(LIST.format(condition=OF_UNIT, limit=21), [unit])
        rows(COUNT.format(condition=OF_UNIT, joins=""), [unit])

    address = reverse("applications:list")
    return Bench("list_page", lambda: page(client, address, "BENCH"), floor)


def admin_list_page(world: World, runs: int) -> Bench:
    """The admin's list of the manager whose department received all of them."""
    client, (department,) = signed_in(world.manager), world.manager.scope.departments

    def floor():
        rows(LIST.format(condition=OF_DEPARTMENT, limit=50), [department])
        rows(COUNT.format(condition=OF_DEPARTMENT, joins=DEPARTMENT_JOINS), [department])

    address = reverse("admin:applications_application_changelist")
    return Bench("admin_list_page", lambda: page(client, address, 'id="result_list"'), floor)


def application_page(world: World, runs: int) -> Bench:
    """The page of one application that was handed in: another one each time."""
    client = signed_in(world.unit_admin)
    newest = Application.objects.filter(organisation=world.big_unit, number__startswith="BENCH").order_by(
        "-pk"
    )
    keys = itertools.cycle(newest.values_list("pk", flat=True)[: 2 * runs])
    about = ContentType.objects.get_for_model(Application).pk

    def floor():
        key = next(keys)
        for statement in ONE:
            rows(statement, [key])
        for statement in ABOUT_ONE:
            rows(statement, [about, key])

    def subject():
        key = next(keys)
        page(client, reverse("applications:detail", args=[key]), f"BENCH{key}")

    return Bench("application_page", subject, floor)


NUMBER = re.compile(r"[A-Z]+\d{4}-\d{4,}")


def _other_number(value):
    """The number that an application got is drawn again by the next: a replay must not use it."""
    return f"FLOOR{uuid.uuid4()}" if isinstance(value, str) and NUMBER.fullmatch(value) else value


def statements_of(work: Callable[[], None]) -> list[tuple]:
    """(statement, parameters) of everything that `work` sends to the database; nothing of it stays."""
    sent = []

    def keep(execute, sql, parameters, many, context):
        sent.append((sql, [_other_number(value) for value in parameters or ()] or None))
        return execute(sql, parameters, many, context)

    with transaction.atomic(), connection.execute_wrapper(keep):
        work()
        transaction.set_rollback(True)
    return sent


def submission(world: World, runs: int) -> Bench:
    """Hand in a finished draft of thirty answers, sealed. The floor sends the same statements, bare."""
    ready = drafts(2 * runs)
    client, waiting = signed_in(ready[0].created_by), iter(ready[runs:])

    def hand_in(draft):
        response = client.post(reverse("applications:check", args=[draft.pk]))
        if response.status_code != 302:
            raise AssertionError(f"submission of {draft.pk}: {response.status_code}")

    recorded = iter([statements_of(partial(hand_in, draft)) for draft in ready[:runs]])

    def floor():
        statements = next(recorded)
        with transaction.atomic(), connection.connection.cursor() as cursor:
            for sql, parameters in statements:
                cursor.execute(sql, parameters)
                if cursor.description:
                    cursor.fetchall()
            # The keys of what was inserted are others now than those recorded: nothing of it may stay.
            transaction.set_rollback(True)

    return Bench("submission", lambda: hand_in(next(waiting)), floor)


UPSERT = """
    INSERT INTO applications_answer (application_id, question_id, value, saved_at, saved_by_id)
    SELECT %s, question, value, now(), %s FROM unnest(%s::bigint[], %s::jsonb[]) x(question, value)
    ON CONFLICT (application_id, question_id)
    DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at, saved_by_id = excluded.saved_by_id
"""


def saving(name: str, count: int) -> Bench:
    """A request that saves some answers; the floor writes the same rows in one transaction."""
    application = drafts(1)[0]
    client, by = signed_in(application.created_by), application.created_by_id
    asked = list(application.call.questions.filter(code__startswith="q").values_list("pk", "code")[:count])
    address = reverse("applications:section", args=[application.pk, "solution"])
    number = itertools.count()

    def floor():
        texts = [json.dumps(f"{LONG}{next(number)}") for _asked in asked]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM applications_application WHERE id = %s FOR UPDATE", [application.pk]
            )
            cursor.execute(UPSERT, [application.pk, by, [pk for pk, _code in asked], texts])
            cursor.execute(
                "UPDATE applications_application SET saved_at = now() WHERE id = %s", [application.pk]
            )

    def subject():
        values = {f"a-{code}": f"{LONG}{next(number)}" for _pk, code in asked}
        body = json.dumps({"values": values, "questions": [code for _pk, code in asked]})
        response = client.patch(address, body, content_type="application/json")
        if response.status_code != 200 or response.json()["faults"]:
            raise AssertionError(f"{name}: {response.status_code}")

    return Bench(name, subject, floor)


def autosave(world: World, runs: int) -> Bench:
    """What the script sends while a person writes: one answer."""
    return saving("autosave", 1)


def autosave_thirty(world: World, runs: int) -> Bench:
    """What it sends when a connection is back: thirty answers."""
    return saving("autosave_thirty", 30)


ANSWERS = (
    "SELECT q.code, a.value FROM applications_answer a JOIN grants_question q ON q.id = a.question_id "
    "WHERE a.application_id = %s"
)


def workspace_page(world: World, runs: int) -> Bench:
    """The page of a part with thirty questions, beside everything that is still missing."""
    ready = itertools.cycle(drafts(runs))
    client = None

    def floor():
        key = next(ready).pk
        for statement in ONE[:1]:
            rows(statement, [key])
        rows(ANSWERS, [key])
        for part in (Participant, BudgetLine, ProposedMilestone):
            rows(f"SELECT * FROM {table(part)} WHERE t.application_id = %s", [key])  # noqa: S608

    def subject():
        nonlocal client
        application = next(ready)
        client = client or signed_in(application.created_by)
        page(client, reverse("applications:section", args=[application.pk, "solution"]), 'id="part-side"')

    return Bench("workspace_page", subject, floor)


TRIED = 1_000
RULES = [
    "unit.region.startsWith('3702')",
    "!has(unit.registered_date) || unit.registered_date <= date('2025-01-01')",
    "!has(pi.birth_date) || pi.birth_date >= date('1960-01-01')",
    "size(partners) <= 5 && participants.all(p, p.months_per_year <= 12.0)",
    "covers(budget.own, budget.fiscal, 1) && budget.total >= times(budget.fiscal, 1.5)",
]


def rehearsal(world: World, runs: int) -> Bench:
    """Fifty rules judged for a thousand applications. The floor: the library's bare calls on ready data."""
    programme = Programme.objects.get(slug=PROGRAMME)
    rules = [
        {
            "code": f"R{number}",
            "text": f"第 {number} 条",
            "clause": "第三条",
            "scope": "unit",
            "automation": "auto",
            "expression": f"{RULES[number % len(RULES)]} || {number} < 0",
        }
        for number in range(50)
    ]
    call = CallFactory(programme=programme, draft=True, parts__rules=rules, title=f"试运行 {uuid.uuid4()}")
    chosen = list(samples(call, None)[:TRIED])
    ready = [
        cel.Context(variables=expressions.converted(context), functions=expressions.FUNCTIONS)
        for context in queries.contexts(chosen, call=call, wanted=()).values()
    ]

    def floor():
        programs = [cel.compile(rule["expression"]) for rule in rules]
        for context in ready:
            for program in programs:
                program.execute(context)

    def subject():
        expressions.compile.cache_clear()
        judged = eligibility.evaluate_many(chosen, call=call)
        if len(judged) != len(chosen) or len(judged[chosen[0].pk]) < len(rules):
            raise AssertionError("not every application was judged by every rule")

    return Bench("rehearsal", subject, floor, rounds=5)


SIXTY = (
    (QuestionKind.LINE, {}),
    (QuestionKind.TEXT, {"max_length": 2000}),
    (QuestionKind.NUMBER, {"unit": "台"}),
    (QuestionKind.MONEY, {}),
    (QuestionKind.DATE, {}),
    (QuestionKind.CHOICE, {"choices": ["甲", "乙", "丙"]}),
) * 10
BARE = {
    QuestionKind.LINE: forms.CharField,
    QuestionKind.TEXT: partial(forms.CharField, widget=forms.Textarea),
    QuestionKind.NUMBER: forms.DecimalField,
    QuestionKind.MONEY: forms.DecimalField,
    QuestionKind.DATE: forms.DateField,
    QuestionKind.CHOICE: partial(
        forms.ChoiceField, choices=[("a", "甲"), ("b", "乙"), ("c", "丙")], widget=forms.RadioSelect
    ),
}


def form_render(world: World, runs: int) -> Bench:
    """A form of sixty questions as the workspace shows them; the floor is sixty bare fields of Django."""
    asked = [
        Question(code=f"q{number}", kind=kind, label=f"题目{number}", config=config, help="填写说明。")
        for number, (kind, config) in enumerate(SIXTY)
    ]

    def floor():
        fields = {question.code: BARE[question.kind](label=question.label) for question in asked}
        if str(type("Bare", (forms.Form,), fields)()).count("<label") < len(asked):
            raise AssertionError("not every field was rendered")

    def subject():
        form = AnswersForm(None, initial={}, questions_=asked)
        shown = rows_of(form, {}, set(form.questions), {}, lambda code: f"/{code}/")
        html = "".join(
            render_to_string("applications/includes/_question.html", {"row": row}) for row in shown
        )
        if html.count("data-question=") != len(asked):
            raise AssertionError("not every question was rendered")

    return Bench("form_render", subject, floor)


CHUNKS = 20
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def deliveries(world: World, runs: int) -> Bench:
    """A chunk of mails claimed, settled, written and marked, each by itself; the mail server is a list.

    The floor marks as many rows as sent in one statement.
    """
    rounds, chunk = min(runs, CHUNKS), min(world.rows, outbox.CHUNK)
    context = {
        "kind": DeadlineKind.MILESTONE.value,
        "title": "样机",
        "due_at": LONG_AGO.isoformat(),
        "explanation": "任务书第三条",
        "is_overdue": False,
    }
    messages = Message.objects.bulk_create(
        Message(
            recipient=world.manager,
            template="notifications/reminder",
            context=context,
            url="/",
            created_at=LONG_AGO,
        )
        for _ in range(2 * rounds * chunk)
    )
    keys = [
        delivery.pk
        for delivery in Delivery.objects.bulk_create(
            Delivery(message=message, channel="email", next_try_at=LONG_AGO + timedelta(days=number % 2))
            for number, message in enumerate(messages)
        )
    ]
    marked = iter(range(1, len(keys), 2 * chunk))
    mailbox = "django.core.mail.backends.locmem.EmailBackend"

    def floor():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE notifications_delivery SET state = 'sent', sent_at = now() WHERE id = ANY(%s)",
                [keys[next(marked) :: 2][:chunk]],
            )

    def subject():
        with override_settings(EMAIL_BACKEND=mailbox):
            if outbox.deliver(clock=lambda: LONG_AGO, chunk=chunk) != chunk:
                raise AssertionError("not a whole chunk was waiting")
        mail.outbox.clear()

    return Bench("deliveries", subject, floor, rounds=rounds * 3 // 4, items=chunk)


FIGURES: dict[str, Callable[[World, int], Bench]] = {
    make.__name__: make
    for make in (
        list_page,
        admin_list_page,
        application_page,
        workspace_page,
        autosave,
        autosave_thirty,
        submission,
        rehearsal,
        form_render,
        deliveries,
        deadline,
        sweep,
        sweep_again,
        duplicates,
    )
}
