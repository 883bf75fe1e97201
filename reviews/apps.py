from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = pgettext_lazy("app", "评审")

    def ready(self):
        # Models are loaded only now, and both lists are filled by importing.
        from documents import access  # noqa: PLC0415
        from reviews import obligations, queries, receivers  # noqa: F401, PLC0415

        access.reader(queries.readable_files)
        obligations.register_all()
