"""Celery application and, in this one file, everything that runs by the clock."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("jiebang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "close-bids": {"task": "reviews.tasks.close_bids", "schedule": 60.0},
    "follow-library": {"task": "reviews.tasks.follow_library", "schedule": 600.0},
    "close-publicities": {"task": "awards.tasks.close_publicities", "schedule": 600.0},
    "conclude-evaluations": {"task": "facilities.tasks.conclude_due", "schedule": 600.0},
    "expire-filings": {"task": "facilities.tasks.expire_due", "schedule": 3600.0},
    "carry-over": {"task": "finance.tasks.carry_over", "schedule": 3600.0},
    "open-evaluations": {"task": "facilities.tasks.open_due", "schedule": 3600.0},
    "make-missing-snapshots": {"task": "applications.tasks.make_missing_snapshots", "schedule": 60.0},
    "compare-missing": {"task": "applications.tasks.compare_missing", "schedule": 60.0},
    "rehearse-pending": {"task": "desk.tasks.rehearse_pending", "schedule": 60.0},
    "lapse-scans": {"task": "applications.tasks.lapse_scans", "schedule": 600.0},
    "lapse-drafts": {"task": "applications.tasks.lapse_drafts", "schedule": 600.0},
    "remove-unfinished-uploads": {
        "task": "documents.tasks.remove_unfinished_uploads",
        "schedule": 3600.0,
    },
    "scan-documents": {"task": "documents.tasks.scan_pending", "schedule": 60.0},
    "sweep-deadlines": {"task": "notifications.tasks.sweep", "schedule": 60.0},
    "deem-served": {"task": "notifications.tasks.deem_served", "schedule": 300.0},
    "warn-of-expiry": {"task": "portal.tasks.warn_of_expiry", "schedule": 3600.0},
    "tell-of-batches": {"task": "portal.tasks.tell_of_batches", "schedule": 600.0},
    "digest": {"task": "notifications.tasks.digest", "schedule": crontab(hour=8, minute=30)},
    "deliver-outbox": {"task": "notifications.tasks.deliver_outbox", "schedule": 30.0},
}
