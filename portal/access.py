"""Who reads the proof of a fact about a unit: whoever reads the fact."""

from django.db.models import Q

from accounts.models import OrganisationFact


def proofs(user) -> Q:
    return Q(
        content_type__app_label="accounts",
        content_type__model="organisationfact",
        object_id__in=OrganisationFact.objects.visible_to(user).values("pk"),
    )
