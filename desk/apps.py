from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("配置台")

    def ready(self):
        # Receivers import models, which exist only now.
        from desk import receivers  # noqa: F401, PLC0415
