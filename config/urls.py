"""Every address of the site; each app brings its own list."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("config.api")),
    path("", include("accounts.urls")),
    path("demands/", include("exchange.urls")),
    path("", include("portal.urls")),
]
