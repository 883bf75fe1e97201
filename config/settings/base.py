"""Settings shared by every environment. Integrations stand in modules of their own beside this file."""

from pathlib import Path

import bootstrap
from django.utils.translation import gettext_lazy as _

from config.settings.content_policy import *  # noqa: F403
from config.settings.delivery import *  # noqa: F403
from config.settings.env import env
from config.settings.face import *  # noqa: F403
from config.settings.interface import *  # noqa: F403
from config.settings.overload import *  # noqa: F403
from config.settings.queue import *  # noqa: F403
from config.settings.sign_in import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env.str("JIEBANG_VAR", default=str(BASE_DIR / "var")))

APPS = [
    "core",
    "accounts",
    "documents",
    "notifications",
    "grants",
    "applications",
    "reviews",
    "awards",
    "milestones",
    "finance",
    "equity",
    "exchange",
    "facilities",
    "duties",
    "desk",
    "portal",
    "seeds",
]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.admin.JiebangAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "pgtrigger",
    "pghistory",
    "csp",
    "config",
    *APPS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "applications.middleware.PlainSaves",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.waiting.WaitingRoom",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UserLanguageMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.admin_content_policy",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.only_by_button",
]

ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Whoever starts within ten seconds of a default time of the day (quiet from 21:00) would hear of it.
SILENCED_SYSTEM_CHECKS = ["fields.W161"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.page",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", Path(bootstrap.__path__[0]))]
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# One file, which comes in pieces when it is large; and all files of one application or report together.
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_BYTES", default=200 * 1024 * 1024)
DOCUMENT_QUOTA_BYTES = env.int("DOCUMENT_QUOTA_BYTES", default=1024 * 1024 * 1024)
# "host:port" or "unix:/path" of a ClamAV daemon; without it files are stored but not scanned.
CLAMD_ADDRESS = env.str("CLAMD_ADDRESS", default="")

DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgresql://jiebang@127.0.0.1:1/jiebang"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # MEASURED: persistent connections with statements prepared at first use cost 0.3 ms a request.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 1},
    }
}

# Field history is append-only in the database, as events are.
PGHISTORY_APPEND_ONLY = True

# Where people find this installation: links in messages begin with it.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="揭榜 <noreply@jiebang.example>")
vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1"))
# Shorter than the lease on what is being sent (notifications.outbox).
EMAIL_TIMEOUT = 10
