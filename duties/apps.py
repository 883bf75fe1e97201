from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DutiesConfig(AppConfig):
    name = "duties"
    verbose_name = _("报送事项")

    def ready(self):
        # Receivers import models, which exist only now.
        from applications import signals as applications  # noqa: PLC0415
        from awards import signals as awards  # noqa: PLC0415
        from documents import access  # noqa: PLC0415
        from duties import obligations, receivers  # noqa: PLC0415
        from finance import signals as finance  # noqa: PLC0415
        from grants import signals as grants  # noqa: PLC0415
        from milestones import signals as milestones  # noqa: PLC0415

        grants.published.connect(receivers.published)
        applications.went_on.connect(receivers.went_on)
        applications.checking.connect(receivers.checking)
        applications.recommending.connect(receivers.recommending)
        awards.decided.connect(receivers.decided)
        awards.signing.connect(receivers.signing)
        awards.agreement_corrected.connect(receivers.agreement_changed)
        awards.agreement_in_force.connect(receivers.agreement_changed)
        awards.agreement_extended.connect(receivers.agreement_changed)
        awards.agreement_prepared.connect(receivers.agreement_changed)
        finance.paying.connect(receivers.paying)
        milestones.accepted.connect(receivers.accepted)
        access.reader(receivers.files)
        obligations.register_all()
