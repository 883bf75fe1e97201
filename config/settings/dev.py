"""`make demo` and a developer's shell: embedded servers unless DATABASE_URL and REDIS_URL are set."""

from config.settings.env import env, fill_servers

fill_servers(ephemeral=False)  # before the settings that read the addresses

from config.settings.base import *  # noqa: E402, F403

DEBUG = env.bool("DEBUG", default=False)
DEMO = True
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-never-for-a-public-address-0123456789")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
# Compressing every file would take most of the first start.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}  # noqa: F405
# A fault is printed where `make demo` runs; that a page does not exist is none.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
