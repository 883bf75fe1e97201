"""Emptying the tables after a test that committed: a hundred empty tables cost next to nothing.

Django truncates every table, which writes each one's files anew, and fills in again what migrating had
filled in. A superuser, as of our own clusters, may delete rows without asking the triggers.
"""

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

KEPT = {"django_content_type", "auth_permission"}
"""What no test changes."""

truncate = DatabaseOperations.sql_flush


def delete(operations, style, tables, **options) -> list[str]:
    """The statements that empty `tables`; they wait for whoever still writes, as TRUNCATE does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        if not cursor.fetchone()[0]:
            return truncate(operations, style, tables, **options)
    names = [operations.quote_name(name) for name in tables if name not in KEPT]
    deletions = " ".join(f"DELETE FROM {name};" for name in names)  # noqa: S608
    return [
        "SET LOCAL session_replication_role = replica",
        f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE",
        f"DO $$ BEGIN {deletions} END $$",
    ]


def use() -> None:
    DatabaseOperations.sql_flush = delete
