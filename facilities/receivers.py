"""What facilities do when something happens upstream, and who reads the files of cases."""

from django.db.models import Q

from facilities import actions
from facilities.models import AnnualEvaluation, ServiceCase


def agreement_in_force(sender, *, agreement, by, at, **kwargs) -> None:
    actions.file_award(award=agreement.award, by=by, at=at)


def replaced(sender, *, term, award, reason, by, at, **kwargs) -> None:
    actions.give_way(term=term, award=award, reason=reason, by=by, at=at)


def case_files(user) -> Q:
    return Q(
        content_type__app_label="facilities",
        content_type__model="servicecase",
        object_id__in=ServiceCase.objects.visible_to(user).values("pk"),
    )


def report_files(user) -> Q:
    """The platform reads its own at once, everybody else what was handed in, as with the report itself."""
    units = user.scope.units if user.is_authenticated else ()
    rows = AnnualEvaluation.objects.visible_to(user).filter(
        Q(submitted_at__isnull=False) | Q(facility__organisation_id__in=units)
    )
    return Q(
        content_type__app_label="facilities",
        content_type__model="annualevaluation",
        object_id__in=rows.values("pk"),
    )
