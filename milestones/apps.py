from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class MilestonesConfig(AppConfig):
    name = "milestones"
    verbose_name = pgettext_lazy("app", "里程碑")

    def ready(self):
        # Receivers import models, which exist only now.
        from applications.queries import reports  # noqa: PLC0415
        from awards import signals  # noqa: PLC0415
        from documents import access  # noqa: PLC0415
        from milestones import obligations, receivers  # noqa: PLC0415
        from milestones.late import late_reports  # noqa: PLC0415

        signals.agreement_prepared.connect(receivers.plan)
        signals.agreement_corrected.connect(receivers.replan)
        signals.agreement_in_force.connect(receivers.start)
        signals.agreement_completed.connect(receivers.completed)
        signals.agreement_ended_early.connect(receivers.ended_early)
        access.reader(receivers.evidence)
        access.reader(receivers.minutes)
        access.reader(receivers.termination_papers)
        access.reader(receivers.change_papers)
        reports.source(late_reports)
        access.reader(receivers.drafts)
        obligations.register_all()
