"""The harness measures what it says, and its figures run at a small scale."""

import json
import time

import pytest
from django.db import connection

from applications.models import Answer, Application, Submission
from core.models import Event
from tests.bench import data, figures, harness


def test_both_sides_run_in_turn_and_the_median_counts(monkeypatch):
    said = []
    lengths = [0.001, 0.002, 0.001, 0.002, 0.001, 0.009, 0.003, 0.002]
    clock = iter([moment for length in lengths for moment in (0, length)])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    bench = harness.Bench("x", lambda: said.append("subject"), lambda: said.append("floor"))
    figure = harness.measure(bench, rows=7, rounds=4, warm_up=1)
    assert said == ["floor", "subject"] * 5
    assert json.loads(figure.line()) == {
        "name": "x",
        "value": 2.0,
        "unit": "ms",
        "floor": 1.0,
        "ratio": 2.0,
        "rows": 7,
        "p95": 9.0,
        "per_second": 500.0,
    }


@pytest.fixture
def world(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("bulk loading needs a superuser")
    return data.build(60, calls=2)


def test_copies_are_whole_applications(world):
    assert world.rows == Application.objects.count() == 60
    first = Application.objects.exclude(number__startswith="BENCH").first()
    copied = Application.objects.filter(call=first.call, number__startswith="BENCH").last()
    assert Submission.objects.get(application=copied).content == first.submissions.get().content
    assert copied.participants.count() == first.participants.count() == 1
    events = Event.objects.about(copied).values_list("verb", "to_state")
    assert list(events) == list(Event.objects.about(first).values_list("verb", "to_state"))
    # Which rows are the big unit's follows from their ids, and these from what ran before.
    share = Application.objects.filter(organisation=world.big_unit).count()
    assert abs(share - world.rows / data.BIG_SHARE) <= 1


def test_triggers_are_back_after_loading(world):
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
        with pytest.raises(Exception, match="submitted"):
            cursor.execute("DELETE FROM applications_answer WHERE id = %s", [Answer.objects.first().pk])


@pytest.mark.parametrize("name", figures.FIGURES)
def test_each_figure_runs(world, name):
    figure = harness.measure(figures.FIGURES[name](world, 3), rows=world.rows, rounds=2, warm_up=1)
    assert (figure.name, figure.unit, figure.rows) == (name, "ms", 60)
    assert figure.value > 0
    assert figure.floor > 0
