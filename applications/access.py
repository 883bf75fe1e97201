"""Who reads the files of an application: who reads the application."""

from django.db.models import Q

from applications.models import Application


def application_files(user) -> Q:
    return Q(
        content_type__app_label="applications",
        content_type__model="application",
        object_id__in=Application.objects.visible_to(user).values("pk"),
    )
