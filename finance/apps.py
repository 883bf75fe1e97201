from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    name = "finance"
    verbose_name = _("经费")

    def ready(self):
        # Receivers import models, which exist only now.
        from accounts import signals as accounts  # noqa: PLC0415
        from awards import signals as awards  # noqa: PLC0415
        from finance import obligations, receivers  # noqa: PLC0415
        from grants import signals as grants  # noqa: PLC0415
        from milestones import signals as milestones  # noqa: PLC0415
        from milestones.queries import figures  # noqa: PLC0415

        grants.publishing.connect(receivers.publishing)
        awards.decided.connect(receivers.decided)
        awards.funding_dropped.connect(receivers.funding_dropped)
        # Milestones stand before finance in INSTALLED_APPS: they are planned when instalments look for them.
        awards.agreement_prepared.connect(receivers.agreement_prepared)
        awards.agreement_in_force.connect(receivers.agreement_in_force)
        awards.agreement_ended_early.connect(receivers.agreement_ended_early)
        awards.money_stopped.connect(receivers.money_stopped)
        accounts.account_recorded.connect(receivers.account_recorded)
        milestones.accepted.connect(receivers.accepted)
        milestones.failed.connect(receivers.failed)
        figures(receivers.money_paid)
        obligations.register_all()
