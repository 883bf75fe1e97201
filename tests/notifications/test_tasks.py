"""What the clock starts."""

import pytest
from django.utils import timezone

from notifications import operating, outbox, tasks
from notifications.models import Pulse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("chunks", "called"),
    [([3], 0), ([outbox.CHUNK, 0], 1), ([outbox.CHUNK, outbox.CHUNK, 7], 1), ([0], 0)],
)
def test_a_full_chunk_calls_one_more_worker(monkeypatch, chunks, called):
    waiting, calls = list(chunks), []
    monkeypatch.setattr(outbox, "deliver", lambda clock: waiting.pop(0))
    monkeypatch.setattr(outbox, "poke", lambda: calls.append("poke"))
    assert tasks.deliver_outbox() == sum(chunks)
    assert (len(calls), waiting) == (called, [])


def test_each_run_leaves_its_pulse():
    begun = timezone.now()
    tasks.sweep()
    tasks.deliver_outbox()
    assert all(pulse.at >= begun for pulse in Pulse.objects.all())
    assert set(Pulse.objects.values_list("name", flat=True)) == {operating.SWEEP, "lapse_rights", "deliver"}
