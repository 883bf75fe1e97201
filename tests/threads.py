"""Several at once, each on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from core.workflow import Refused


def at_once(*functions) -> list:
    """What each gave, or how it was refused; all start together, each in a thread."""
    start = Barrier(len(functions))

    def run(function):
        try:
            start.wait(10)
            return function()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


WAITS = """
    SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT held.pid FROM pg_locks AS held JOIN pg_database AS ours ON ours.oid = held.database
        WHERE ours.datname = current_database()
    )
"""


def until_it_waits(thread) -> None:
    """Return when the thread waits for what this connection holds."""
    with connection.cursor() as cursor:
        while not cursor.execute(WAITS).fetchone()[0]:
            assert thread.is_alive(), "it went on without waiting"
