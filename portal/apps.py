from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("门户")

    def ready(self):
        # They import models, which exist only now.
        from documents import access as files  # noqa: PLC0415
        from portal import access, receivers  # noqa: F401, PLC0415

        files.reader(access.proofs)
