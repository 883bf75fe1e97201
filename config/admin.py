"""The admin site of the bureau: django-unfold, navigation grouped by role."""

from django.contrib.admin.apps import AdminConfig


class JiebangAdminConfig(AdminConfig):
    default_site = "unfold.sites.UnfoldAdminSite"
