"""How many messages a way out takes a minute: a leaky bucket (GCRA) in Redis, shared by all workers.

With Redis down nothing is held back: the provider's own limit answers "too fast", which costs a retry,
while a closed gate would cost the reminder.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

# A quarter of a minute's allowance may go at once, the rest is spread: in no minute more than the whole.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local next = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local room = math.floor((now + burst * interval - next) / interval)
local granted = math.max(0, math.min(wanted, room))
next = next + granted * interval
if granted > 0 then redis.call('SET', KEYS[1], next, 'PX', math.ceil(next - now) + 1000) end
return {granted, math.max(0, math.ceil(next - now - (burst - 1) * interval))}
"""


@dataclass(frozen=True)
class Allowance:
    """`granted` may go now, the next after `wait`, each further one `interval` later."""

    granted: int
    wait: timedelta = timedelta(0)
    interval: timedelta = timedelta(0)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def take(route: str, *, wanted: int, per_minute: int | None) -> Allowance:
    """Take up to `wanted` of what may go now."""
    if not per_minute:
        return Allowance(wanted)
    burst = max(1, per_minute // 4)
    interval = 60_000 / max(per_minute - burst, 0.5)
    try:
        granted, wait = _client(settings.REDIS_URL).eval(
            TAKE, 1, f"notifications.rate:{route}", interval, burst, wanted
        )
    except redis.RedisError as error:
        logger.warning("no rate limit on %s, Redis does not answer: %s", route, error)
        return Allowance(wanted)
    return Allowance(granted, timedelta(milliseconds=wait), timedelta(milliseconds=interval))
