"""Who and where behind every line of field history, without breaking prepared statements.

django-pghistory writes `SELECT set_config(…); ` in front of each statement. PostgreSQL prepares one
command at a time, so with server-side binding every write of a request would fail. Here the two settings
travel as a statement of their own, and only before writes to tables whose history is kept.
"""

import json
import re
from functools import lru_cache

from django.db import transaction
from pghistory import config, core, runtime

SET_CONTEXT = (
    "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"
)
WRITES = re.compile(r'^\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?([A-Za-z0-9_]+)"?', re.IGNORECASE)


def install() -> None:
    """Replace the library's wrapper; `pghistory.context` looks it up when it is entered."""
    runtime._inject_history_context = attach_context


def attach_context(execute, sql, params, many, context):
    """Execute wrapper: name the context in the same transaction, then run the statement untouched."""
    if not _is_tracked(sql):
        return execute(sql, params, many, context)
    connection = context["connection"]
    if connection.in_atomic_block:
        _set_context(connection)
        return execute(sql, params, many, context)
    # The setting lives as long as its transaction, so a lone statement gets one.
    with transaction.atomic(using=connection.alias):
        _set_context(connection)
        return execute(sql, params, many, context)


def _is_tracked(sql) -> bool:
    found = WRITES.match(sql.decode() if isinstance(sql, bytes) else str(sql))
    return bool(found) and found[1] in _tracked_tables()


@lru_cache(maxsize=1)
def _tracked_tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model, label in core._registered_trackers)


def _set_context(connection) -> None:
    metadata = json.dumps(runtime._tracker.value.metadata, cls=config.json_encoder())
    # On the driver's cursor: the wrapper would be entered again, and the results of Django's stay untouched.
    with connection.connection.cursor() as cursor:
        cursor.execute(SET_CONTEXT, [str(runtime._tracker.value.id), metadata])
