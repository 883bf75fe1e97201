"""Limits on how many applications a unit hands in, or a recommender passes on (限额).

The row of the call is no lock: an advisory lock per call and unit (or region) makes two people at once come
one after the other, so that the last place is given once.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from accounts.queries import unit_context
from applications import queries
from applications.eligibility.amounts import TOGETHER
from applications.models import Answer, Application, Sanction
from applications.queries import Office
from applications.queries.limits import NOT_COUNTED
from applications.states import ApplicationState
from core import expressions
from core.calendar import local_date
from core.workflow import Refused
from grants.models import Call, Quota, QuotaOf
from grants.queries import intakes_of

BEFORE = (
    *NOT_COUNTED,
    ApplicationState.RETURNED,
    ApplicationState.UNIT_REVIEW,
    ApplicationState.RECOMMENDATION,
)
"""States of an application that no recommender has passed on (now)."""
MOST_DISTRICTS = 30


def check_unit(application: Application) -> None:
    """Raises Refused naming the clause when the unit has handed in as many as it may."""
    if _is_beyond(application):
        return
    rows = _quotas(application, QuotaOf.UNIT)
    rows = [row for row in rows if row.credit_code in ("", application.organisation.credit_code)]
    # A row of the unit's own stands in place of the row for every unit.
    own = {row.project_type_id for row in rows if row.credit_code}
    rows = [row for row in rows if row.credit_code or row.project_type_id not in own]
    answers = _grouping(application, rows)
    for quota in rows:
        if quota.question and not _counts_for(quota, rows, answers):
            continue
        group = answers.get(quota.question, "")
        _hold(quota, f"{application.organisation_id}:{group}" if group else application.organisation_id)
        others = Application.objects.filter(organisation_id=application.organisation_id)
        if group:
            others = others.filter(
                Exists(
                    Answer.objects.filter(
                        application=OuterRef("pk"), question__code=quota.question, value=group
                    )
                )
            )
        _check(quota, application, others.exclude(state__in=NOT_COUNTED), group=group)


def _is_beyond(application: Application) -> bool:
    """Whether it came in by a line of the notice whose projects no limit counts."""
    entry = queries.entry_of(application)
    return entry is not None and entry.beyond_quota


def _counted(rows, call: Call):
    """Without those that the notice lets in beyond the limits."""
    beyond = queries.beyond_quota(call)
    return rows.exclude(entry_code__in=beyond) if beyond else rows


def _grouping(application: Application, rows: list[Quota]) -> dict[str, str]:
    """{code of a question: the answer} of those by which limits are counted apart; no query without any."""
    asked = {row.question for row in rows if row.question}
    if not asked:
        return {}
    found = application.answers.filter(question__code__in=asked).values_list("question__code", "value")
    return {code: value for code, value in found if isinstance(value, str) and value}


def _counts_for(quota: Quota, rows: list[Quota], answers: dict[str, str]) -> bool:
    """A row of one answer stands in place of the row for each answer; who has not answered is in no group."""
    answer = answers.get(quota.question)
    if answer is None or quota.value:
        return answer is not None and quota.value == answer
    alike = (quota.project_type_id, quota.credit_code, quota.question)
    return not any(
        row.value == answer and (row.project_type_id, row.credit_code, row.question) == alike for row in rows
    )


def check_recommender(application: Application, *, ahead: Collection[int] = ()) -> None:
    """Raises Refused naming the clause when its recommender has passed on as many as it may.

    `ahead`: applications that are passed on before this one, though the database does not know it yet.
    """
    if _is_beyond(application):
        return
    region = application.organisation.region
    rows = [row for row in _quotas(application, QuotaOf.RECOMMENDER) if _holds_for(row, application)]
    own = {row.project_type_id for row in rows if row.credit_code}
    for quota in rows:
        if not quota.credit_code and quota.project_type_id in own:
            continue
        # Without a region of its own the quota holds for each district: the first six digits.
        whose = (
            f"recommender:{application.recommender_id}"
            if application.recommender_id
            else quota.region or region
        )
        _hold(quota, whose)
        others = _of_recommender(application.recommender_id, whose)
        _check(quota, application, others.filter(~Q(state__in=BEFORE) | Q(pk__in=ahead)))


def _holds_for(quota: Quota, application: Application) -> bool:
    """A quota of a region says nothing of an authority or of a chosen recommender."""
    if quota.credit_code:
        named = application.recommender
        return named is not None and named.credit_code == quota.credit_code
    if application.recommender_id:
        return not quota.region
    return application.organisation.region.startswith(quota.region)


def _of_recommender(recommender_pk: int | None, district: str):
    """What comes to a recommender by name, or from a district."""
    if recommender_pk:
        return Application.objects.filter(recommender_id=recommender_pk)
    return Application.objects.filter(recommender__isnull=True, organisation__region__startswith=district)


def _quotas(application: Application, of: str) -> list[Quota]:
    """Those of the application's type and those of all types."""
    found = application.call.quotas.filter(of=of).select_related("project_type")
    return [quota for quota in found if quota.project_type_id in (None, application.project_type_id)]


def hold(name: str) -> None:
    """Whoever holds the same name waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


READ_UNITS = ("unit.records", "history.unit", "partners")


def hold_counted(application: Application) -> None:
    """People and units of which a rule of the notice counts other applications come one after the other.

    Without it two applications of one person, handed in at the same moment, would not see each other.
    """
    call = application.call
    sources = [f"{rule.expression} {rule.applies_when}" for rule in call.rules.all()]
    counted = bool(queries.counted_in(sources))
    caps = any(rule.kind in TOGETHER for rule in call.money_rules.all())
    names = {application.organisation.credit_code} if caps else set()
    if counted:
        names |= set(application.participants.values_list("person_key", flat=True))
        names |= queries.people_named(application)
        if any(name in source for source in sources for name in READ_UNITS):
            names |= {application.organisation.credit_code}
            names |= set(application.participants.values_list("unit_key", flat=True))
    if names := sorted(names - {""}):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT"
                " hashtextextended('counted:' || name, 0) AS key FROM unnest(%s::text[]) AS name"
                " ORDER BY 1) AS held",
                [names],
            )


def _hold(quota: Quota, whose) -> None:
    hold(f"quota:{quota.call.series}:{quota.of}:{quota.project_type_id}:{whose}")


class Standing(NamedTuple):
    """How far one recommender's quota is used."""

    quota: Quota
    whose: str
    """The region for which it holds; "": for the organisation by name."""
    batch: str
    """The name of the batch for which it holds; "": for all together."""
    most: int | None
    """None: a formula says it for each application."""
    used: int

    @property
    def left(self) -> int | None:
        return None if self.most is None else max(0, self.most - self.used)


def standing(call: Call, office: Office) -> list[Standing]:
    """The quotas that hold for a recommender: used and left; two queries and one for each."""
    found, region = [], office.region
    by_name = None if region else office.organisation_id
    own = _of_recommender(by_name, region).filter(call__series=call.series).order_by()
    batches = {row.code: row.name for row in intakes_of(call)}
    for quota in _standing_quotas(call, office):
        if by_name:
            districts = [] if quota.region else [""]
        elif quota.region:
            near = quota.region.startswith(region) or region.startswith(quota.region)
            districts = [quota.region] if near else []
        else:
            # Each district of the region has the quota for itself.
            districts = own.values_list("organisation__region", flat=True).distinct()
            districts = sorted(districts)[:MOST_DISTRICTS] or [region]
        for district in districts:
            rows = _of_recommender(by_name, district).filter(call__series=call.series)
            rows = _counted(_of_type(quota, rows.exclude(state__in=BEFORE)), call)
            for code, name in batches.items() if quota.per_intake else [("", "")]:
                used = _of_batch(quota, rows, code).count()
                found.append(Standing(quota, district, name, quota.number, used))
    return found


def _standing_quotas(call: Call, office: Office) -> list[Quota]:
    """Those for each recommender, and in their place those of this one by name."""
    rows = list(call.quotas.filter(of=QuotaOf.RECOMMENDER).select_related("project_type"))
    code = ""
    if any(row.credit_code for row in rows) and office.organisation_id and not office.region:
        code = Organisation.objects.values_list("credit_code", flat=True).get(pk=office.organisation_id)
    own = {row.project_type_id for row in rows if code and row.credit_code == code}
    return [
        row
        for row in rows
        if (row.credit_code == code if row.credit_code else row.project_type_id not in own)
    ]


def _of_type(quota: Quota, rows):
    return rows.filter(project_type__code=quota.project_type.code) if quota.project_type_id else rows


def _of_batch(quota: Quota, rows, code: str):
    return rows.filter(intake__code=code) if quota.per_intake and code else rows


def _check(quota: Quota, application: Application, others, *, group: str = "") -> None:
    rows = _counted(others.filter(call__series=application.call.series), application.call)
    rows = rows.exclude(pk=application.pk)
    rows = _of_batch(quota, rows, application.intake.code if application.intake_id else "")
    cut = cut_of(application) if quota.of == QuotaOf.UNIT else 0
    used, most = _of_type(quota, rows).count(), max(0, limit_of(quota, application) - cut)
    if used >= most:
        kind = quota.project_type.name if quota.project_type_id else ""
        sentence = _("%(of)s%(kind)s限 %(most)s 项，已有 %(used)s 项。")
        if cut:
            sentence = _("%(of)s%(kind)s限 %(most)s 项（已按处理决定核减 %(cut)s 项），已有 %(used)s 项。")
        of = quota.name or quota.get_of_display()
        of = _("%(of)s（%(group)s）") % {"of": of, "group": group} if group else of
        raise Refused(
            sentence % {"of": of, "kind": kind, "most": most, "used": used, "cut": cut},
            field="quota",
            clause=quota.clause or application.call.number,
            code="quota",
        )


def cut_of(application: Application) -> int:
    """By how many the sanctions in force cut what the applicant's unit may hand in, in this programme."""
    rows = Sanction.objects.in_force(local_date(timezone.now())).filter(
        Q(term__plans=[]) | Q(term__plans__contains=[application.call.programme.slug]),
        organisation_id=application.organisation_id,
    )
    return rows.aggregate(cut=Sum("term__quota_cut"))["cut"] or 0


def limit_of(quota: Quota, application: Application) -> int:
    """The number, or what the formula says of the unit as of the opening day, rounded down.

    Raises Refused when the formula cannot be computed: a limit nobody knows lets nobody through.
    """
    if quota.number is not None:
        return quota.number
    call = application.call
    unit = application.organisation
    if quota.of == QuotaOf.RECOMMENDER and application.recommender_id:
        unit = application.recommender
    context = {"unit": unit_context(unit, local_date(call.opens_at))}
    try:
        value = expressions.compile(quota.formula).evaluate(context)
    except expressions.ExpressionError as fault:
        raise Refused(
            _("限额无法计算：%(fault)s") % {"fault": fault.message}, field="quota", clause=quota.clause
        ) from fault
    return max(0, int(Decimal(repr(value))))
