"""/healthz: the process is alive. /readyz: it can work (database, Redis, migrations); do reminders run?"""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from notifications import operating


@require_safe
@never_cache
def healthz(_request):
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(_request):
    """Answer 200 with `ok` for each part, or 503 naming what is missing; details stand in the log only."""
    parts = {"database": database(), "redis": redis()}
    parts["migrations"] = migrations() if parts["database"] == "ok" else "unknown"
    ready = set(parts.values()) == {"ok"}
    # Pages work without reminders, so this is a hint and takes nobody out of the balancer.
    hint = {"reminders": reminders()} if ready else {}
    return JsonResponse({**parts, **hint}, status=200 if ready else 503)


def reminders() -> str:
    """Whether deadlines are looked at; the first to ask after they were not tells the administrators."""
    now = timezone.now()
    if operating.silent_for(at=now) is None:
        return "ok"
    operating.alarm(at=now)
    return "silent"


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def redis() -> str:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return "unreachable"
    return "ok"


def migrations() -> str:
    executor = MigrationExecutor(connection)
    return "pending" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
