"""Deployment mistakes, told by `manage.py check --deploy` before people meet them."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError
from django.utils import timezone

from core import calendar
from notifications import operating

LOCAL = {"127.0.0.1", "localhost", "::1"}


@register(Tags.security, deploy=True)
def production_settings(app_configs, **kwargs):
    """Return one message for each setting that belongs to a demo, not to a real installation."""
    found = [*secrets(), *addresses(), *servers()]
    if settings.DEMO:
        found.append(
            Error(
                "DEMO is on: the mail of all users is shown to everybody.",
                hint="Start with DJANGO_SETTINGS_MODULE=config.settings.production.",
                id="jiebang.E001",
            )
        )
    return found


@register(Tags.database)
def reminders_run(app_configs, databases=None, **kwargs):
    """`manage.py check --database default`: whether deadlines are still looked at."""
    if not databases:
        return []
    try:
        silence = operating.silent_for(at=timezone.now())
    except DatabaseError:
        return []  # the tables come with the first migrate
    if silence is None:
        return []
    return [
        Warning(
            f"No reminder was looked for since {silence.total_seconds() / 60:.0f} minutes.",
            hint="Are beat and worker running, and does Redis answer?",
            id="jiebang.W004",
        )
    ]


@register(Tags.database)
def calendar_is_announced(app_configs, databases=None, **kwargs):
    """`manage.py check --database default`: whether the working days of this and the next year are known."""
    if not databases:
        return []
    try:
        year = calendar.awaited(calendar.local_date(timezone.now()))
    except DatabaseError:
        return []  # the tables come with the first migrate
    if year is None:
        return []
    return [
        Warning(
            f"The working days of {year} are not the announced ones.",
            hint="Run `manage.py calendar seed`; upload the State Council's table as soon as it appears.",
            id="jiebang.W005",
        )
    ]


def secrets():
    if settings.SECRET_KEY.startswith(("development-only", "tests-only", "django-insecure")):
        yield Error("SECRET_KEY is the one printed in the source code.", id="jiebang.E002")


def addresses():
    anybody = not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS
    if anybody:
        yield Error(
            "ALLOWED_HOSTS lets everybody choose the address that stands in our messages.",
            hint="Set ALLOWED_HOSTS to the host names of this installation.",
            id="jiebang.E003",
        )
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https":
        yield Error("SITE_URL does not begin with https://.", id="jiebang.E004")
    elif not anybody and not any(
        site.hostname == host or (host.startswith(".") and f".{site.hostname}".endswith(host))
        for host in settings.ALLOWED_HOSTS
    ):
        yield Warning("The host of SITE_URL is not one of ALLOWED_HOSTS.", id="jiebang.W001")


def servers():
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.postgresql":
        yield Error(
            "The database is not PostgreSQL; rules and history need its constraints.", id="jiebang.E005"
        )
    elif database.get("PORT") == 1:
        yield Error("DATABASE_URL is not set.", id="jiebang.E006")
    if urlsplit(settings.REDIS_URL).port == 1:
        yield Error("REDIS_URL is not set.", id="jiebang.E007")
    if settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend":
        yield Warning("Reminders do not leave this machine: EMAIL_BACKEND is not SMTP.", id="jiebang.W002")
    elif settings.EMAIL_PORT == 1 or not settings.EMAIL_HOST:
        yield Error("EMAIL_URL is not set: no reminder can be delivered.", id="jiebang.E008")
    elif settings.EMAIL_HOST not in LOCAL and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield Warning(
            "Mail, its password included, travels unencrypted.",
            hint="EMAIL_URL=smtp+tls://… or smtp+ssl://…",
            id="jiebang.W003",
        )
    if not settings.PGHISTORY_APPEND_ONLY:
        yield Error("PGHISTORY_APPEND_ONLY is off: history could be edited.", id="jiebang.E009")
