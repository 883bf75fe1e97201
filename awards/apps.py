from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class AwardsConfig(AppConfig):
    name = "awards"
    verbose_name = pgettext_lazy("app", "立项")

    def ready(self):
        # Receivers import models, which exist only now.
        from awards import obligations, receivers  # noqa: F401, PLC0415

        obligations.register_all()
