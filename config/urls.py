"""Every address of the site; each app brings its own list."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import demomail, health, metrics

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("config.api")),
    path("", include("accounts.urls")),
    path("reviews/", include("reviews.urls")),
    path("awards/", include("awards.urls")),
    path("demands/", include("exchange.urls")),
    path("facilities/", include("facilities.urls")),
    path("equity/", include("equity.urls")),
    path("duties/", include("duties.urls")),
    path("applications/", include("applications.urls")),
    path("documents/", include("documents.urls")),
    path("messages/", include("notifications.urls")),
    path("milestones/", include("milestones.urls")),
    path("", include("portal.urls")),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/mail/", demomail.mails, name="demo_mails"),
        path("demo/mail/<slug:key>/", demomail.mail, name="demo_mail"),
    ]
