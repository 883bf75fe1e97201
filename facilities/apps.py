from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FacilitiesConfig(AppConfig):
    name = "facilities"
    verbose_name = _("备案平台")

    def ready(self):
        # Receivers import models, which exist only now.
        from awards import signals  # noqa: PLC0415
        from documents import access  # noqa: PLC0415
        from facilities import obligations, receivers  # noqa: PLC0415

        signals.agreement_in_force.connect(receivers.agreement_in_force)
        signals.replaced.connect(receivers.replaced)
        access.reader(receivers.case_files)
        access.reader(receivers.report_files)
        obligations.register_all()
