"""What a call must say of the offices that join its recommendation, before it is published."""

from django.utils.translation import gettext as _

from accounts.models import RoleAssignment
from accounts.roles import Role
from core.workflow import Refused


def problems(call):
    """Whoever joins a recommendation must be here, or everything would wait for it."""
    rows = list(call.recommenders.exclude(line=""))
    offices = RoleAssignment.objects.filter(role=Role.RECOMMENDER, is_active=True)
    offices = offices.filter(organisation__credit_code__in=[row.credit_code for row in rows])
    here = set(offices.values_list("organisation__credit_code", flat=True))
    for row in rows:
        if row.credit_code not in here:
            yield Refused(
                _("会同推荐的“%(name)s”还没有登记，或没有推荐人。") % {"name": row.name},
                field="recommenders",
                clause=row.clause,
            )
