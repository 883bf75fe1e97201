"""Real servers for the tests: SMTP, a Celery worker, a browser.

PostgreSQL and Valkey come with the settings (`config.settings.test`): those of DATABASE_URL and REDIS_URL,
or a cluster that lives as long as the test run.
"""

import gc
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.db import connection
from django.utils import translation
from hypothesis import settings
from playwright.sync_api import sync_playwright

from config import messages
from config.machine import LOOPBACK, PROJECT, free_port
from tests import flushing, prepared, template

# A loaded machine is slow, not wrong: no example has a time limit.
settings.register_profile("jiebang", deadline=None)
settings.load_profile("jiebang")

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_SECONDS = 60


def pytest_configure(config):
    """Compile the translations and migrate once, before any worker of pytest-xdist needs them."""
    flushing.use()
    prepared.use()
    if not hasattr(config, "workerinput"):
        messages.compile_all()
        if config.getoption("numprocesses", None) and not config.getoption("reuse_db"):
            template.begin()


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput") and template.VARIABLE in os.environ:
        template.end()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """A worker's database is a copy of the one that was migrated beside the collecting."""
    if template.wait():
        template.use()
    else:
        template.draw_up_less()


def pytest_collection_finish():
    """Modules and tests live to the end: the garbage collector need not look at them again and again.

    Of what the tests make themselves it looks seldom: that took a seventh of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def wait_until(holds, what: str, seconds: float = WAIT_SECONDS):
    """Return the first true answer of `holds()`; fail with `what` when there is none in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := holds():
            return found
        time.sleep(0.02)
    return pytest.fail(f"waited {seconds} s in vain: {what}")


@pytest.fixture(autouse=True)
def own_language():
    """A page that a test read in English leaves the next test its own language."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def empty_redis():
    """No count of attempts and no task of an earlier test; the database is this worker's own."""
    cache.clear()


@dataclass
class Smtp:
    """A mail server that keeps what it receives; `refusals` of the next messages are answered with 451."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    refusals: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"

    async def handle_DATA(self, _server, _session, envelope):
        if self.refusals:
            self.refusals -= 1
            return "451 Try again later"
        self.messages.append(message_from_bytes(envelope.original_content, policy=policy.default))
        return "250 OK"

    def wait_for(self, count: int) -> list[EmailMessage]:
        """Return the messages once `count` have arrived."""
        wait_until(lambda: len(self.messages) >= count, f"{count} messages by SMTP")
        return self.messages


@pytest.fixture
def smtp_server(settings):
    """A real SMTP server on the loopback address; mail of this process goes there."""
    smtp = Smtp(free_port())
    controller = Controller(smtp, hostname=LOOPBACK, port=smtp.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, smtp.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield smtp
    controller.stop()


class Worker:
    """A real Celery worker on the test's database and broker."""

    def __init__(self, environment: dict[str, str], log: Path, pool: str):
        self.environment = environment
        self.pool = pool
        self.log = log
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, str(PROJECT / "config" / "tether.py"), str(os.getpid())),
                    *(sys.executable, "-m", "celery"),
                    *("-A", "config", "worker", "--pool", self.pool, "--concurrency", "1"),
                    *("--loglevel", "INFO"),
                    *("--without-mingle", "--without-gossip", "--without-heartbeat"),
                ],
                env=self.environment,
                cwd=PROJECT,
                stdout=output,
                stderr=output,
            )
        wait_until(self.ready, "the worker is ready")

    def ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        return " ready." in self.output()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """Kill it as the kernel would: nothing is finished, nothing handed back."""
        if self.process:
            self.process.kill()
            self.process.wait()


def database_url() -> str:
    """Return the address of the database that this test uses."""
    at = connection.settings_dict
    secret = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    return f"postgresql://{at['USER']}{secret}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.fixture
def celery_worker(transactional_db, settings, tmp_path):
    """A function that starts a Celery worker as a process of its own; `EMAIL_URL=…` and the like reach it.

    Time limits are kept by the pool "prefork" alone.
    """
    workers = []

    def start(pool: str = "solo", **extra: str) -> Worker:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
            **extra,
        }
        worker = Worker(environment, tmp_path / f"worker-{len(workers)}.log", pool)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.kill()


def refuse_browser(reason: str):
    """Skip with the reason; where the browser is required (CI), fail."""
    if os.environ.get("JIEBANG_REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium of the operating system."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        refuse_browser(
            "no Chromium on this machine (Debian: apt-get install chromium-headless-shell fonts-wqy-microhei)"
        )
    # Playwright's synchronous interface runs an event loop in this thread; the ORM is called beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser, live_server):
    """A function that opens a page in a browser session of its own, in Chinese, at the live server."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(
            base_url=live_server.url,
            **{
                "locale": "zh-CN",
                "timezone_id": "Asia/Shanghai",
                "viewport": {"width": 1280, "height": 900},
                "reduced_motion": "reduce",
                **options,
            },
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    return new_page()
