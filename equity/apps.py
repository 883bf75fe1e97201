from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EquityConfig(AppConfig):
    name = "equity"
    verbose_name = _("股权")

    def ready(self):
        # Receivers import models, which exist only now.
        from awards import signals as awards  # noqa: PLC0415
        from documents import access  # noqa: PLC0415
        from equity import obligations, receivers  # noqa: PLC0415
        from finance import signals as finance  # noqa: PLC0415
        from grants import signals as grants  # noqa: PLC0415

        grants.publishing.connect(receivers.publishing)
        awards.agreement_in_force.connect(receivers.agreement_in_force)
        awards.agreement_ended_early.connect(receivers.agreement_ended_early)
        finance.refund_changed.connect(receivers.refund_changed)
        access.reader(receivers.files)
        obligations.register_all()
