from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("期限与提醒")

    def ready(self):
        # Receivers import models, which exist only now.
        from notifications import receivers  # noqa: PLC0415

        post_migrate.connect(receivers.install_policies, sender=self)
