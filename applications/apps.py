from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApplicationsConfig(AppConfig):
    name = "applications"
    verbose_name = _("申报")

    def ready(self):
        # Models cannot be imported before the registry of apps is ready.
        from accounts.signals import unit_founded  # noqa: PLC0415
        from applications import obligations, receivers  # noqa: PLC0415
        from applications.access import (  # noqa: PLC0415
            appeal_files,
            application_files,
            letter_files,
            table_files,
        )
        from documents import access  # noqa: PLC0415
        from grants import signals  # noqa: PLC0415
        from notifications.signals import notice_received  # noqa: PLC0415

        access.reader(application_files)
        access.reader(letter_files)
        access.reader(appeal_files)
        access.reader(table_files)
        signals.relisted.connect(receivers.relisted)
        signals.published.connect(receivers.published)
        unit_founded.connect(receivers.founded)
        notice_received.connect(receivers.received)
        obligations.register_all()
