from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core import history, lookups


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("核心")

    def ready(self):
        history.install()
        lookups.install()
