"""The project itself as an app: it brings the system checks."""

from importlib import import_module

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "Jiebang"

    def ready(self):
        import_module("config.checks")
