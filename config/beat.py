"""Beat of which any number may run: one holds a lease in Redis and schedules, the others stand by.

A beat that dies loses its lease within LEASE seconds and another goes on. Should two ever schedule at once
(Redis lost its memory), tasks run twice, which every task bears.
"""

import logging

import redis
from celery.beat import PersistentScheduler
from django.conf import settings
from redis.exceptions import LockError

logger = logging.getLogger(__name__)

LEASE = 30
LOOK = 5
"""Seconds between two looks at the lease, well within it."""


class SingleScheduler(PersistentScheduler):
    """Ticks only while it holds the lease."""

    def __init__(self, *args, **kwargs):
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
        self.lease = client.lock("jiebang.beat", timeout=LEASE, blocking=False, thread_local=False)
        self.leads = False
        super().__init__(*args, **kwargs)

    def tick(self, *args, **kwargs):
        led, self.leads = self.leads, self._hold()
        if self.leads != led:
            logger.warning("this beat schedules now" if self.leads else "another beat schedules")
        return min(super().tick(*args, **kwargs), LOOK) if self.leads else LOOK

    def _hold(self) -> bool:
        """Prolong the lease or take a free one. Without Redis nothing can be scheduled anyway."""
        try:
            if self.lease.local.token is not None:
                try:
                    return self.lease.reacquire()
                except LockError:
                    self.lease.local.token = None
            return self.lease.acquire()
        except redis.RedisError:
            return False

    def close(self):
        try:
            if self.leads:
                self.lease.release()
        except (LockError, redis.RedisError):
            logger.info("the lease ends by itself")
        super().close()
