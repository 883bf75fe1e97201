"""What facilities do when something happens upstream, and who reads the files of cases."""

from django.db.models import Q

from facilities import actions
from facilities.models import ServiceCase


def agreement_in_force(sender, *, agreement, by, at, **kwargs) -> None:
    actions.file_award(award=agreement.award, by=by, at=at)


def case_files(user) -> Q:
    return Q(
        content_type__app_label="facilities",
        content_type__model="servicecase",
        object_id__in=ServiceCase.objects.visible_to(user).values("pk"),
    )
