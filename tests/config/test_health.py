"""/healthz and /readyz."""

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder


def test_the_process_is_alive_without_any_server(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_every_part_is(client):
    response = client.get("/readyz")
    assert response.json() == {"database": "ok", "redis": "ok", "migrations": "ok", "reminders": "ok"}
    assert response.status_code == 200


@pytest.mark.django_db
def test_not_ready_while_a_migration_waits(client):
    MigrationRecorder(connection).record_unapplied("core", "0001_initial")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "ok", "migrations": "pending"}


def test_not_ready_without_the_database(client, monkeypatch):
    def refuse():
        raise DatabaseError("password=secret")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "unreachable", "redis": "ok", "migrations": "unknown"}


@pytest.mark.django_db
def test_not_ready_without_redis(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "unreachable", "migrations": "ok"}


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_nothing_can_be_posted(client, address):
    assert client.post(address).status_code == 405
