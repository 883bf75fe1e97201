"""Deployment mistakes are told by `check --deploy`."""

from types import SimpleNamespace

import pytest

from config import checks

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def sound(monkeypatch):
    """The settings of a real installation."""
    settings = SimpleNamespace(
        DEMO=False,
        SECRET_KEY="x" * 64,
        ALLOWED_HOSTS=["jiebang.example"],
        SITE_URL="https://jiebang.example",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "PORT": 5432}},
        REDIS_URL="redis://redis.example:6379/0",
        EMAIL_BACKEND=SMTP,
        EMAIL_HOST="mail.example",
        EMAIL_PORT=587,
        EMAIL_USE_TLS=True,
        EMAIL_USE_SSL=False,
        PGHISTORY_APPEND_ONLY=True,
    )
    monkeypatch.setattr(checks, "settings", settings)
    return settings


def found() -> list[str]:
    return [message.id for message in checks.production_settings(None)]


def test_a_sound_installation_has_nothing_to_mend(sound):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEMO", True, "jiebang.E001"),
        ("SECRET_KEY", "development-only-key", "jiebang.E002"),
        ("ALLOWED_HOSTS", ["*"], "jiebang.E003"),
        ("ALLOWED_HOSTS", [], "jiebang.E003"),
        ("SITE_URL", "http://jiebang.example", "jiebang.E004"),
        ("SITE_URL", "https://other.example", "jiebang.W001"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "jiebang.E005"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.postgresql", "PORT": 1}}, "jiebang.E006"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "jiebang.E007"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "jiebang.W002"),
        ("EMAIL_PORT", 1, "jiebang.E008"),
        ("EMAIL_USE_TLS", False, "jiebang.W003"),
        ("PGHISTORY_APPEND_ONLY", False, "jiebang.E009"),
    ],
)
def test_each_mistake_is_named(sound, name, value, expected):
    setattr(sound, name, value)
    assert found() == [expected]


def test_a_subdomain_of_an_allowed_domain_is_fine(sound):
    sound.ALLOWED_HOSTS = [".example"]
    assert found() == []
