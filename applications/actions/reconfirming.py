"""What a partner unit confirmed was changed, or is again as it was confirmed: its clock follows."""

from datetime import datetime

from applications import partner_clocks, queries
from applications.models import Application, Partner


def recheck(*, application: Application, by, at: datetime) -> None:
    """After people or budget were written: one query where nobody has confirmed anything."""
    partners = list(application.partners.exclude(confirmed="").select_related("organisation"))
    if not partners:
        return
    version = queries.part_versions(application)
    for partner in partners:
        changed = version(partner) != partner.confirmed
        if changed == (partner.changed_at is not None):
            continue
        partner.application = application
        Partner.objects.filter(pk=partner.pk).update(changed_at=at if changed else None)
        if changed:
            partner_clocks.opened(partner, at=at)
        else:
            partner_clocks.confirmed(partner, by=by, at=at)
