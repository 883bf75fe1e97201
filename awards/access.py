"""Who reads the files of an objection: who deals with the objection."""

from django.db.models import Q

from awards.models import ConditionCheck, Objection


def objection_files(user) -> Q:
    return Q(
        content_type__app_label="awards",
        content_type__model="objection",
        object_id__in=Objection.objects.visible_to(user).values("pk"),
    )


def condition_files(user) -> Q:
    """What a unit sent with its certificate: who sees the agreement."""
    return Q(
        content_type__app_label="awards",
        content_type__model="conditioncheck",
        object_id__in=ConditionCheck.objects.visible_to(user).order_by().values("pk"),
    )
