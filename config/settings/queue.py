"""Celery and the cache, both on the Redis protocol."""

from config.settings.env import env

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:1/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task that takes longer is told to stop (SoftTimeLimitExceeded) and keeps what it did; whoever does not
# obey is killed a minute later. What was left stands in the database, and beat finds it again.
TASK_SECONDS = env.int("TASK_SECONDS", default=600)
LONG_TASK_SECONDS = env.int("LONG_TASK_SECONDS", default=2700)
TASK_GRACE = 60
CELERY_TASK_SOFT_TIME_LIMIT = TASK_SECONDS
CELERY_TASK_TIME_LIMIT = TASK_SECONDS + TASK_GRACE
_LONG = {"soft_time_limit": LONG_TASK_SECONDS, "time_limit": LONG_TASK_SECONDS + TASK_GRACE}
# Thousands of applications under dozens of rules.
CELERY_TASK_ANNOTATIONS = {f"desk.tasks.{name}": _LONG for name in ("rehearse", "rehearse_pending")}
# Longer than the longest task, or a slow one would be given out twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": max(3600, 2 * max(TASK_SECONDS, LONG_TASK_SECONDS)),
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # Of whoever sends a task: once more at once, as after a restart of the broker.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# With the broker down a request must not wait: what it wanted to start stands in the database,
# and beat finds it. (Without the limits above each task that is sent waits six seconds.)
CELERY_TASK_PUBLISH_RETRY = False
# With the broker away a worker waits for it however long that takes, instead of giving up after a while.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Any number of beats may be started: one schedules, the others stand by.
CELERY_BEAT_SCHEDULER = "config.beat.SingleScheduler"
