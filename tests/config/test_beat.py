"""Any number of beats, one that schedules."""

import pytest
import redis
from celery import Celery

from config.beat import LEASE, LOOK, SingleScheduler
from config.celery import app


class Counting(SingleScheduler):
    """Counts what it would send."""

    def apply_entry(self, entry, producer=None):
        self.sent = [*getattr(self, "sent", []), entry.name]

    @property
    def producer(self):
        return None


@pytest.fixture
def lease(settings):
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("jiebang.beat")
    yield client
    client.delete("jiebang.beat")


@pytest.fixture
def beats(tmp_path, lease):
    started = []

    def start():
        schedule = Celery("beats", set_as_current=False)
        schedule.conf.beat_schedule = {"sweep": {"task": "sweep", "schedule": 0.0}}
        beat = Counting(schedule, schedule_filename=str(tmp_path / f"schedule{len(started)}"))
        started.append(beat)
        return beat

    yield start
    for beat in started:
        beat.close()


def ticks(beat) -> int:
    before = len(getattr(beat, "sent", []))
    assert beat.tick() <= LOOK
    return len(getattr(beat, "sent", [])) - before


def test_one_of_two_schedules_until_it_ends(beats):
    first, second = beats(), beats()
    assert (ticks(first), ticks(second)) == (1, 0)
    assert (ticks(first), ticks(second)) == (1, 0)
    first.close()
    assert ticks(second) == 1


def test_the_lease_of_a_dead_beat_runs_out(beats, lease):
    first, second = beats(), beats()
    ticks(first)
    assert 0 < lease.pttl("jiebang.beat") <= LEASE * 1000
    lease.delete("jiebang.beat")
    assert ticks(second) == 1
    assert ticks(first) == 0, "the one that lost its lease stands by"


def test_without_redis_nothing_is_scheduled(beats, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert ticks(beats()) == 0


def test_the_project_uses_it():
    assert app.conf.beat_scheduler == "config.beat.SingleScheduler"
