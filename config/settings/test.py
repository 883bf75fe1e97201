"""The test suite: fast hashing, files in a temporary place; the databases are real.

Without DATABASE_URL and REDIS_URL a cluster of its own is started. The workers of pytest-xdist inherit
its addresses from the process that started them; each uses a Redis database of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config.settings.env import fill_servers, redis_database

fill_servers(ephemeral=True)  # before the settings that read the addresses
redis_database(1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))

from config.settings.base import *  # noqa: E402, F403

DEBUG = False
DEMO = True
EGRESS_NETWORKS = ["127.0.0.0/8"]  # the small servers of the tests
SECRET_KEY = "tests-only-0123456789-0123456789-0123456789"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Processes of the run put their folders below the first one's: who is killed cannot tidy up.
if "JIEBANG_RUN_DIR" not in os.environ:
    os.environ["JIEBANG_RUN_DIR"] = tempfile.mkdtemp(prefix="jiebang-run-")
    atexit.register(shutil.rmtree, os.environ["JIEBANG_RUN_DIR"], ignore_errors=True)
RUN_DIR = Path(tempfile.mkdtemp(dir=os.environ["JIEBANG_RUN_DIR"]))
VAR_DIR, MEDIA_ROOT, STATIC_ROOT = (RUN_DIR / name for name in ("var", "media", "static"))
STATIC_ROOT.mkdir()  # whitenoise warns of a missing one
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
