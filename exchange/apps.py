from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = _("需求库")

    def ready(self):
        # Receivers import models, which exist only now.
        from documents import access  # noqa: PLC0415
        from exchange import obligations, receivers  # noqa: PLC0415
        from grants import signals  # noqa: PLC0415

        signals.relisted.connect(receivers.relisted)
        access.reader(receivers.files)
        obligations.register_all()
