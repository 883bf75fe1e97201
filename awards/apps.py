from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class AwardsConfig(AppConfig):
    name = "awards"
    verbose_name = pgettext_lazy("app", "立项")

    def ready(self):
        # Receivers import models, which exist only now.
        from awards import obligations, receivers  # noqa: F401, PLC0415
        from awards.access import condition_files, objection_files  # noqa: PLC0415
        from documents import access  # noqa: PLC0415

        access.reader(objection_files)
        access.reader(condition_files)
        obligations.register_all()
