"""What pages, rules and clocks read about facilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from applications.models import Answer
from awards import queries as awards
from awards.models import Award
from core.models import Event
from core.workflow import Refused
from documents.models import Document
from facilities.models import (
    UNQUALIFIED,
    AnnualEvaluation,
    Facility,
    FacilityKind,
    FacilityScheme,
    ServiceCase,
)
from facilities.states import HANDED_IN, EvaluationState, FacilityState
from grants.models import Call, ReplacedWhose, Replacement
from notifications.models import Deadline

ORDER = ("-id",)
CASE_ORDER = ("-served_date", "-id")
FULL_SCORE = Decimal(100)


def scheme_of(call: Call) -> FacilityScheme:
    """The terms of the call. Raises Refused when it files no facilities."""
    scheme = FacilityScheme.objects.filter(call=call).first()
    if scheme is None:
        raise Refused(_("这个通知没有备案与年度评价方案。"), field="call")
    return scheme


def named(row: dict) -> str:
    """The name of a service, an indicator or a grade in the reader's language."""
    english = row.get("name_en")
    return english if english and (get_language() or "").startswith("en") else row["name"]


def unit_of(row: dict) -> str:
    """The unit of an indicator in the reader's language."""
    english = row.get("unit_en")
    return english if english and (get_language() or "").startswith("en") else row.get("unit", "")


def service_names(scheme: FacilityScheme) -> dict[str, str]:
    return {row["code"]: named(row) for row in scheme.services}


def grade_name(scheme: FacilityScheme, grade: str) -> str:
    if grade == UNQUALIFIED:
        return _(UNQUALIFIED)
    return next((named(row) for row in scheme.grades if row["name"] == grade), grade)


# ---- lists ----


def with_call(rows: QuerySet, path: str = "") -> QuerySet:
    return rows.select_related(f"{path}call__programme__department", f"{path}organisation")


def narrowed(rows: QuerySet, *, q: str = "", kind: str = "", state: str = "") -> QuerySet:
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(number__icontains=q) | Q(organisation__name__icontains=q))
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(state=state) if state else rows


def facilities(user, *, wait: str = "", **chosen) -> QuerySet:
    """Facilities that a person sees; `wait`: only those of which an evaluation waits in this state."""
    rows = with_call(narrowed(Facility.objects.visible_to(user), **chosen))
    if wait:
        waiting = AnnualEvaluation.objects.filter(facility=OuterRef("pk"), state=wait)
        rows = rows.filter(Exists(waiting))
    return rows


def registry(**chosen) -> QuerySet:
    """What anybody may read: filed facilities that stand, with unit and terms."""
    standing = Facility.objects.filter(state__in=[FacilityState.OPERATING, FacilityState.RECTIFYING])
    return narrowed(standing, **chosen).select_related("organisation", "call")


def cases(facility: Facility, *, q: str = "", service: str = "", year: str = "") -> QuerySet:
    rows = ServiceCase.objects.filter(facility=facility)
    if q:
        rows = rows.filter(Q(client__icontains=q) | Q(result__icontains=q) | Q(follow_on__icontains=q))
    if service:
        rows = rows.filter(service=service)
    return rows.filter(served_date__year=year) if year else rows


def case_years(facility: Facility) -> list[int]:
    found = ServiceCase.objects.filter(facility=facility).dates("served_date", "year", order="DESC")
    return [day.year for day in found]


def documents_of(subjects) -> dict[int, list[Document]]:
    """Files by the key of their subject, all of one model; the newest version of each. One query."""
    subjects = list(subjects)
    if not subjects:
        return {}
    about = ContentType.objects.get_for_model(type(subjects[0]))
    rows = Document.objects.filter(content_type=about, object_id__in=[row.pk for row in subjects])
    found: dict[int, dict] = {}
    for document in rows.order_by("kind", "version"):
        found.setdefault(document.object_id, {})[document.kind] = document
    return {key: list(files.values()) for key, files in found.items()}


# ---- figures ----


def facts_of(facility: Facility, first: date, last: date) -> dict:
    """What the cases of a data window add up to; plain JSON, amounts as texts in 元. One query."""
    rows = ServiceCase.objects.filter(facility=facility, served_date__range=(first, last))
    by_service = list(
        rows.order_by("service")
        .values("service")
        .annotate(cases=Count("pk"), fees=Sum("fee"), rise=Sum(F("trl_after") - F("trl_before")))
    )
    return {
        "cases": sum(row["cases"] for row in by_service),
        "fees": str(sum((row["fees"] for row in by_service), Decimal(0))),
        "trl_rise": sum(row["rise"] for row in by_service),
        "by_service": {row["service"]: row["cases"] for row in by_service},
    }


@dataclass(frozen=True)
class Bar:
    """One line of `portal/includes/_bars.html`."""

    label: str
    text: str
    share: float
    tone: str = ""


def score_bars(scheme: FacilityScheme, evaluations) -> list[Bar]:
    """Scores that took effect, oldest first."""
    told = [row for row in evaluations if row.state == EvaluationState.CONCLUDED]
    return [
        Bar(
            label=_("%(year)s 年复评") % {"year": row.year}
            if row.is_again
            else _("%(year)s 年") % {"year": row.year},
            text=f"{row.score} · {grade_name(scheme, row.grade)}",
            share=float(row.score / FULL_SCORE),
            tone="good" if row.has_passed else "bad",
        )
        for row in sorted(told, key=lambda row: (row.year, row.round))
    ]


def case_bars(scheme: FacilityScheme, by_service: dict[str, int]) -> list[Bar]:
    """Cases per service of the catalogue, in its order; a service without any is shown too."""
    names = service_names(scheme)
    names |= {code: code for code in by_service if code not in names}
    most = max([*by_service.values(), 1])
    return [
        Bar(
            label=name,
            text=_("%(n)s 个") % {"n": by_service.get(code, 0)},
            share=by_service.get(code, 0) / most,
        )
        for code, name in names.items()
    ]


def cases_by_service(facility: Facility) -> dict[str, int]:
    rows = ServiceCase.objects.filter(facility=facility).order_by().values("service")
    return dict(rows.annotate(n=Count("pk")).values_list("service", "n"))


# ---- the self-report ----


def report_labels(scheme: FacilityScheme) -> dict[str, str]:
    """Every field of a self-report and what it is called."""
    labels = {f"value_{row['code']}": named(row) for row in scheme.indicators}
    labels |= {"summary": _("运行情况与成效"), "problems": _("问题与下一年打算")}
    if scheme.district_check:
        labels |= {"green": _("绿色门槛自查"), "green_note": _("自查说明")}
    return labels


def version_of(text: str) -> str:
    """What tells one text of a field from another."""
    return sha256(text.encode()).hexdigest()[:12]


def versions(report: Mapping[str, str], scheme: FacilityScheme) -> dict[str, str]:
    """Of each field as it stands; the page sends back what it was shown."""
    return {name: version_of(report.get(name, "")) for name in report_labels(scheme)}


EVIDENCE = "evidence_"


def evidence_choices(scheme: FacilityScheme) -> list[tuple[str, str]]:
    """What a file may prove: an indicator, or the report as a whole."""
    return [(row["code"], named(row)) for row in scheme.indicators] + [("", _("其他"))]


def evidence_of(evaluation: AnnualEvaluation, scheme: FacilityScheme) -> list[tuple[str, Document]]:
    """(what it proves, the newest file), in the order of the indicators. One query."""
    files = {document.kind: document for document in documents_of([evaluation]).get(evaluation.pk, [])}
    return [
        (label, files[EVIDENCE + code])
        for code, label in evidence_choices(scheme)
        if EVIDENCE + code in files
    ]


# ---- evaluations ----


def with_facility(rows: QuerySet) -> QuerySet:
    return with_call(rows, "facility__").select_related(
        "facility__call__programme__department",
        "facility__organisation",
        "submitted_by",
        "checked_by",
        "scored_by",
    )


def running_evaluation(facility: Facility) -> AnnualEvaluation | None:
    return AnnualEvaluation.objects.running().filter(facility=facility).first()


def schemes_in_use() -> QuerySet[FacilityScheme]:
    """The terms of every call that has standing facilities."""
    standing = Facility.objects.filter(state__in=[FacilityState.OPERATING, FacilityState.RECTIFYING])
    rows = FacilityScheme.objects.filter(call__in=standing.order_by().values("call"))
    return rows.select_related("call__programme__department").order_by("pk")


def to_open(call: Call, year: int) -> QuerySet[Facility]:
    """Standing facilities of a call in any version whose turn it is: without an evaluation of the year (of
    the years between two evaluations) or one running.

    One that fell away with the filing does not count: whoever was renewed since is evaluated after all.
    """
    every = scheme_of(call).every_years
    of_year = AnnualEvaluation.objects.filter(
        facility=OuterRef("pk"), year__range=(year - every + 1, year), round=1
    ).exclude(state=EvaluationState.CANCELLED, year=year)
    running = AnnualEvaluation.objects.running().filter(facility=OuterRef("pk"))
    standing = [FacilityState.OPERATING, FacilityState.RECTIFYING]
    rows = Facility.objects.filter(call__series=call.series, state__in=standing)
    if every > 1:
        rows = rows.filter(filed_date__year__lte=year - every)
    return with_call(rows.filter(~Exists(of_year), ~Exists(running))).order_by("pk")


def sealed_by(facility: Facility, day: date) -> AnnualEvaluation | None:
    """The evaluation that has counted the cases of a day, if there is one."""
    counted = AnnualEvaluation.objects.filter(
        facility=facility, data_from_date__lte=day, data_to_date__gte=day, submitted_at__isnull=False
    )
    return counted.exclude(state__in=[EvaluationState.REPORTING, EvaluationState.CANCELLED]).first()


def rectifying() -> QuerySet[Facility]:
    """Facilities that must still report that they rectified: nothing handed in, nothing decided."""
    handed_in = AnnualEvaluation.objects.filter(facility=OuterRef("pk"), state__in=HANDED_IN)
    rows = Facility.objects.filter(
        ~Exists(handed_in), state=FacilityState.RECTIFYING, removal_due_at__isnull=True
    )
    return with_call(rows)


def with_term() -> QuerySet[Facility]:
    """Standing facilities whose filing ends some day."""
    standing = [FacilityState.OPERATING, FacilityState.RECTIFYING]
    return with_call(Facility.objects.filter(state__in=standing, valid_until__isnull=False))


def over_publicity(today: date) -> QuerySet[AnnualEvaluation]:
    rows = AnnualEvaluation.objects.filter(state=EvaluationState.PUBLISHED, publicity_ends_date__lt=today)
    return with_facility(rows).order_by("pk")


def owed(facility: Facility, evaluations) -> list[Deadline]:
    """Open deadlines of a facility and its evaluations, the next one first. One query."""
    about = Q(content_type=ContentType.objects.get_for_model(Facility), object_id=facility.pk)
    about |= Q(
        content_type=ContentType.objects.get_for_model(AnnualEvaluation),
        object_id__in=[row.pk for row in evaluations],
    )
    return list(Deadline.objects.open().filter(about).order_by("due_at", "id"))


def history(subject, *, shows_score: bool = True) -> list[dict]:
    """The moves of a facility or an evaluation, newest first, as steps of the portal's timeline.

    Without `shows_score` the bureau's own deliberation stays out: what was scored and scored again.
    """
    events = Event.objects.about(subject).exclude(to_state="").order_by("-at", "-id")
    if not shows_score:
        scored = EvaluationState.GRADED
        events = events.exclude(Q(to_state=scored) | Q(from_state=scored, to_state=EvaluationState.SCORING))
    states = subject.machine.states
    return [
        {"title": states(event.to_state).label, "state": "done", "at": event.at, "note": event.note}
        for event in events
    ]


# ---- people and filing ----


def people_of(facility: Facility) -> list[User]:
    """Who hears of a facility: the active people of its unit."""
    members = Membership.objects.filter(organisation_id=facility.organisation_id, is_active=True)
    return list(User.objects.filter(pk__in=members.values("user_id"), is_active=True).order_by("pk"))


def unfiled_award(number: str) -> Award | None:
    """The award of that number whose call files facilities and that is not filed yet."""
    rows = Award.objects.filter(number=number, application__call__in=FacilityScheme.objects.values("call"))
    rows = rows.filter(~Exists(Facility.objects.filter(award=OuterRef("pk"))))
    return rows.select_related("application__call__programme", "application__organisation").first()


def services_asked(award: Award, scheme: FacilityScheme) -> list[str]:
    """The services of the catalogue that the application names in any of its answers; else all of them."""
    known = [row["code"] for row in scheme.services]
    for value in Answer.objects.filter(application=award.application).values_list("value", flat=True):
        if isinstance(value, list) and value and all(item in known for item in value):
            return [code for code in known if code in value]
    return known


def kind_of(award: Award, scheme: FacilityScheme) -> str:
    kind = award.application.project_type
    return kind.code if kind and kind.code in FacilityKind.values else scheme.kind


def opened_at(evaluation: AnnualEvaluation, default: datetime) -> datetime:
    return Event.objects.about(evaluation).values_list("at", flat=True).order_by("at").first() or default


def giving_way(term: Replacement, award: Award) -> QuerySet[Facility]:
    """Filings of a notice that an award elsewhere takes the place of; those filed by hand by their unit."""
    rows = Facility.objects.filter(
        call_id=term.call_id, state__in=[FacilityState.OPERATING, FacilityState.RECTIFYING]
    )
    if term.whose == ReplacedWhose.UNIT:
        return rows.filter(organisation_id=award.application.organisation_id)
    return rows.filter(award__application__in=awards.giving_way(term, award))
