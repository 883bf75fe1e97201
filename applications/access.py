"""Who reads the files of an application, of a letter or of an appeal: who reads that."""

from django.db.models import Q

from applications.models import Appeal, Application, Nominator, RecommendationLetter, StampedTable


def application_files(user) -> Q:
    """Who reads the application; people who were asked to nominate it, once it was handed in."""
    rows = Nominator.objects.filter(user=user.pk, application__submitted_at__isnull=False)
    asked = Q(
        content_type__app_label="applications",
        content_type__model="application",
        object_id__in=rows.values("application_id"),
    )
    return _of("application", Application, user) | asked


def letter_files(user) -> Q:
    return _of("recommendationletter", RecommendationLetter, user)


def appeal_files(user) -> Q:
    return _of("appeal", Appeal, user)


def table_files(user) -> Q:
    return _of("stampedtable", StampedTable, user)


def _of(name: str, model, user) -> Q:
    return Q(
        content_type__app_label="applications",
        content_type__model=name,
        object_id__in=model.objects.visible_to(user).values("pk"),
    )
