"""Prepared statements live through the tests' rollbacks: planning them anew took a seventh of the time.

psycopg forgets them all at each ROLLBACK, since a table made inside might be gone; ours never are.
"""

import re

from psycopg._preparing import PrepareManager

gone = re.compile(rb"^(?:DROP|ALTER|DISCARD ALL|DEALLOCATE ALL)\b").match


def should_discard(manager: PrepareManager, _prep, results) -> bool:
    if any(result.command_status and gone(result.command_status) for result in results):
        return manager.clear()
    return False


def use() -> None:
    PrepareManager._should_discard = should_discard
    PrepareManager.prepared_max = 1000
