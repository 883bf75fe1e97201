"""The migrated database that the workers of pytest-xdist copy, since to migrate takes longer than most tests.

The process that starts the workers builds it beside their collecting and holds a lock on a file meanwhile.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django
import psycopg
from django.db import connection
from django.db.migrations.state import ModelState, ProjectState
from pgtrigger.migrations import AddTrigger
from psycopg import sql

VARIABLE = "JIEBANG_TEST_TEMPLATE"
builders: list[subprocess.Popen] = []


def name() -> str:
    return f"test_{connection.settings_dict['NAME']}_template"


def server() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True)


def begin() -> None:
    """Start building; `wait` in the workers returns when it has ended, well or badly."""
    handle, path = tempfile.mkstemp(prefix="jiebang-template-")
    fcntl.flock(handle, fcntl.LOCK_EX)  # the builder inherits it; it is free again when the builder ends
    builders.append(subprocess.Popen([sys.executable, "-m", "tests.template"], pass_fds=[handle]))
    os.close(handle)
    os.environ[VARIABLE] = path


def wait() -> bool:
    """Wait for the builder; tell whether there is a database to copy."""
    path = os.environ.get(VARIABLE)
    if not path:
        return False
    with Path(path).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    with server() as found:
        rows = found.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name()])
        return rows.fetchone() is not None


def use() -> None:
    """Let Django copy the template instead of migrating."""
    connection.settings_dict["TEST"] |= {"TEMPLATE": name(), "MIGRATE": False}


def end() -> None:
    """Remove the template and its lock."""
    for builder in builders:
        builder.wait()
    Path(os.environ.pop(VARIABLE)).unlink(missing_ok=True)
    with server() as found:
        found.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name())))


def add_model(state: ProjectState, model_state: ModelState) -> None:
    """As Django does it, but drawing up the class of the new model only: none refers to it yet."""
    key = model_state.app_label, model_state.name_lower
    state.models[key] = model_state
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:
        state.apps.render_multiple([model_state])


def append(state: ProjectState, app_label: str, model_name: str, option: str, value: object) -> None:
    """Remember an index, a constraint or a trigger, also in the class where it has been drawn up."""
    options = state.models[app_label, model_name].options
    options[option] = [*options.get(option, []), value]
    if "apps" in state.__dict__:
        setattr(state.apps.get_model(app_label, model_name)._meta, option, options[option])


def add_trigger(operation: AddTrigger, app_label: str, state: ProjectState) -> None:
    append(state, app_label, operation.model_name, "triggers", operation.trigger)


def draw_up_less() -> None:
    """Do not draw up all related classes after each operation: that is most of the migrating."""
    ProjectState.add_model = add_model
    ProjectState._append_option = append
    AddTrigger.state_forwards = add_trigger


def build() -> None:
    draw_up_less()
    connection.settings_dict["TEST"]["NAME"] = name()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    build()
