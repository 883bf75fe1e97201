"""What runs by the clock goes on behind a row that fails, and says so."""

from datetime import UTC, datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, connections

from config.celery import app
from core.workflow import Refused
from notifications import clocks
from notifications.gateways import Pulse
from tests.factories.accounts import OrganisationFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def pulse() -> tuple[int, str]:
    return Pulse.objects.values_list("failed", "error").get(name="of-the-tests")


def test_a_row_that_fails_is_rolled_back_logged_and_counted_and_the_rest_go_on(caplog):
    def act(name):
        OrganisationFactory(name=name)
        if name == "分母为零":
            return 1 / 0
        if name == "数据库":
            with connection.cursor() as cursor:
                return cursor.execute("SELECT 1/0")
        if name == "未到期":
            raise Refused("还没有到期。")
        return name != "没有变化"

    names = ["甲", "分母为零", "数据库", "未到期", "没有变化", "乙"]
    assert clocks.each("of-the-tests", names, act, at=AT) == 2
    failed, error = pulse()
    assert (failed, error) == (2, "'分母为零': ZeroDivisionError: division by zero")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "of-the-tests fails at '分母为零'",
        "of-the-tests fails at '数据库'",
    ]
    found = OrganisationFactory._meta.model.objects.filter(name__in=names)
    assert set(found.values_list("name", flat=True)) == {"甲", "没有变化", "乙"}
    assert clocks.each("of-the-tests", ["丙"], act, at=AT) == 1
    assert pulse() == (0, "")


def test_a_run_that_is_told_to_stop_keeps_what_is_done_and_says_where():
    def act(name):
        OrganisationFactory(name=name)
        if name == "乙":
            raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        clocks.each("of-the-tests", ["甲", "乙", "丙"], act, at=AT)
    assert pulse() == (1, "'乙': stopped by the time limit")
    found = OrganisationFactory._meta.model.objects.filter(name__in=["甲", "乙", "丙"])
    assert [unit.name for unit in found] == ["甲"]


def test_every_task_has_an_end_before_it_is_given_out_again():
    app.loader.import_default_modules()
    last = app.conf.broker_transport_options["visibility_timeout"]
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert {row["task"] for row in app.conf.beat_schedule.values()} <= set(ours)
    limits = {name: (task.soft_time_limit, task.time_limit) for name, task in ours.items()}
    assert {name for name, (soft, hard) in limits.items() if not 60 <= soft < hard < last} == set()
    assert limits["desk.tasks.rehearse"] > limits["applications.tasks.compare"]


def test_a_database_that_is_away_ends_the_run(monkeypatch):
    def act(name):
        monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
        raise DatabaseError(name)

    with pytest.raises(DatabaseError, match="甲"):
        clocks.each("of-the-tests", ["甲", "乙"], act, at=AT)
