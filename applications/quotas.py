"""Limits on how many applications a unit hands in, or a recommender passes on (限额).

The row of the call is no lock: an advisory lock per call and unit (or region) makes two people at once come
one after the other, so that the last place is given once.
"""

from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from accounts.queries import unit_context
from applications.models import Application
from applications.queries.limits import NOT_COUNTED
from applications.states import ApplicationState
from core import expressions
from core.calendar import local_date
from core.workflow import Refused
from grants.models import Quota, QuotaOf

BEFORE = (
    *NOT_COUNTED,
    ApplicationState.RETURNED,
    ApplicationState.UNIT_REVIEW,
    ApplicationState.RECOMMENDATION,
)
"""States of an application that no recommender has passed on (now)."""


def check_unit(application: Application) -> None:
    """Raises Refused naming the clause when the unit has handed in as many as it may."""
    for quota in _quotas(application, QuotaOf.UNIT):
        _hold(quota, application.organisation_id)
        others = Application.objects.filter(organisation_id=application.organisation_id)
        _check(quota, application, others.exclude(state__in=NOT_COUNTED))


def check_recommender(application: Application) -> None:
    """Raises Refused naming the clause when the region's recommender has passed on as many as it may."""
    region = application.organisation.region
    for quota in _quotas(application, QuotaOf.RECOMMENDER):
        if not region.startswith(quota.region):
            continue
        # Without a region of its own the quota holds for each district: the first six digits.
        district = quota.region or region
        _hold(quota, district)
        others = Application.objects.filter(organisation__region__startswith=district)
        _check(quota, application, others.exclude(state__in=BEFORE))


def _quotas(application: Application, of: str) -> list[Quota]:
    """Those of the application's type and those of all types."""
    found = application.call.quotas.filter(of=of).select_related("project_type")
    return [quota for quota in found if quota.project_type_id in (None, application.project_type_id)]


def _hold(quota: Quota, whose) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"quota:{quota.call.series}:{quota.of}:{quota.project_type_id}:{whose}"],
        )


def _check(quota: Quota, application: Application, others) -> None:
    rows = others.filter(call__series=application.call.series).exclude(pk=application.pk)
    if quota.project_type_id:
        rows = rows.filter(project_type__code=quota.project_type.code)
    used, most = rows.count(), limit_of(quota, application)
    if used >= most:
        kind = quota.project_type.name if quota.project_type_id else ""
        raise Refused(
            _("%(of)s%(kind)s限 %(most)s 项，已有 %(used)s 项。")
            % {"of": quota.get_of_display(), "kind": kind, "most": most, "used": used},
            field="quota",
            clause=quota.clause or application.call.number,
            code="quota",
        )


def limit_of(quota: Quota, application: Application) -> int:
    """The number, or what the formula says of the unit as of the opening day, rounded down.

    Raises Refused when the formula cannot be computed: a limit nobody knows lets nobody through.
    """
    if quota.number is not None:
        return quota.number
    call = application.call
    context = {"unit": unit_context(application.organisation, local_date(call.opens_at))}
    try:
        value = expressions.compile(quota.formula).evaluate(context)
    except expressions.ExpressionError as fault:
        raise Refused(
            _("限额无法计算：%(fault)s") % {"fault": fault.message}, field="quota", clause=quota.clause
        ) from fault
    return max(0, int(Decimal(repr(value))))
