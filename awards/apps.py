from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AwardsConfig(AppConfig):
    name = "awards"
    verbose_name = _("立项")

    def ready(self):
        # Receivers import models, which exist only now.
        from awards import receivers  # noqa: F401, PLC0415
