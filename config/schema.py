"""`python -m config.schema`: do the tables of the database belong to this version of the code?

Ends with the code OLDER when they do not and `migrate` could not bring them there: the migrations that were
applied are not the ones that are here. An empty database is in order, and so is one that lacks new ones.
"""

import os
import sys
from collections import defaultdict

OLDER = 3
SENTENCE = (
    "数据库里的数据属于较早的版本，不能继续使用；make demo-reset 清除演示数据，重新开始。\n"
    "The data in the database are of an older version and cannot be used; make demo-reset removes the demo's "
    "data and starts over."
)


def is_older() -> bool:
    """Whether migrations were applied that are gone, or columns are missing though all were applied."""
    # Models exist only after the set-up of `main`.
    from django.apps import apps  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.exceptions import InconsistentMigrationHistory  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    loader = executor.loader
    if not loader.applied_migrations:
        return False
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory:
        return True
    known = {app for app, _name in loader.disk_migrations}
    if any(key[0] in known and key not in loader.disk_migrations for key in loader.applied_migrations):
        return True
    waiting = {migration.app_label for migration, _back in executor.migration_plan(loader.graph.leaf_nodes())}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        columns = defaultdict(set)
        for table, column in cursor.fetchall():
            columns[table].add(column)
    return any(
        not {field.column for field in model._meta.local_concrete_fields} <= columns[model._meta.db_table]
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label in known - waiting
    )


def main() -> int:
    import django  # noqa: PLC0415 (after the environment says which settings)

    django.setup()
    return OLDER if is_older() else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.exit(main())
