"""Who reads the files of an application, or of a letter: who reads the application, the letter."""

from django.db.models import Q

from applications.models import Application, RecommendationLetter


def application_files(user) -> Q:
    return Q(
        content_type__app_label="applications",
        content_type__model="application",
        object_id__in=Application.objects.visible_to(user).values("pk"),
    )


def letter_files(user) -> Q:
    return Q(
        content_type__app_label="applications",
        content_type__model="recommendationletter",
        object_id__in=RecommendationLetter.objects.visible_to(user).values("pk"),
    )
