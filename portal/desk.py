"""The admin's first page (工作台) and what unfold asks for on every page: see `config.settings.face`."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from core.calendar import local_date
from finance.models import Appropriation, Instalment
from grants.models import Call
from notifications.models import Deadline
from portal import navigation, owing
from reviews.models import Assignment
from reviews.states import AssignmentState

ROWS = 8
FUNNELS = 6


def seal(request) -> str:
    return static("portal/seal.svg")


def stylesheet(request) -> str:
    return static("portal/admin.css")


def language_url(request) -> str:
    return reverse("portal:language")


def environment(request):
    """The label beside the account: everything in a demonstration is invented."""
    return [_("演示环境"), "warning"] if settings.DEMO else None


def account_links(request) -> list[dict]:
    links = navigation.account_links(request.user, request.path)
    return [{"title": entry.label, "link": entry.url} for entry in links]


@dataclass(frozen=True)
class Funnel:
    """How many applications of a call came how far."""

    call: Call
    steps: list[dict]


def index(request, context: dict) -> dict:
    """What the person owes, what is late in their department, the money, and how far each call has come.

    The number of queries depends on the roles alone.
    """
    user, now = request.user, timezone.now()
    owed = Deadline.objects.owed_by(user).open()
    context |= {
        "title": _("工作台"),
        "now": now,
        "counts": owing.urgencies(owed, at=now),
        "owed": list(owed.order_by("due_at", "id")[:ROWS]),
    }
    if owing.supervises(user):
        late = Deadline.objects.visible_to(user).open().filter(due_at__lt=now)
        context["late"] = list(late.order_by("due_at", "id")[:ROWS])
        context["funnels"] = funnels(user, at=now)
    if user.scope.roles & {Role.FINANCE, Role.LEADER, Role.AUDITOR, Role.PROGRAMME_MANAGER, Role.SYSADMIN}:
        context["money"] = money(user, year=local_date(now).year)
    if user.has_role(Role.EXPERT):
        context["reviews"] = reviews(user)
    return context


_SUBMITTED = ~Q(state__in=[ApplicationState.DRAFT])
_CHECKED = Q(
    state__in=[
        ApplicationState.EXPERT_REVIEW,
        ApplicationState.DEMANDER_CHOICE,
        ApplicationState.DECISION,
        ApplicationState.PUBLICITY,
        ApplicationState.AGREEMENT,
        ApplicationState.AWARDED,
    ]
)
_PROPOSED = Q(state__in=[ApplicationState.PUBLICITY, ApplicationState.AGREEMENT, ApplicationState.AWARDED])
_AWARDED = Q(state=ApplicationState.AWARDED)


def funnels(user, *, at: datetime) -> list[Funnel]:
    """The newest calls that the person oversees: two queries."""
    calls = Call.objects.visible_to(user).published()
    if not user.scope.sees_everything:
        calls = calls.filter(programme__department_id__in=user.scope.departments)
    calls = list(calls.filter(opens_at__lte=at).order_by("-opens_at", "-id")[:FUNNELS])
    rows = (
        Application.objects.filter(call__in=[call.pk for call in calls])
        .exclude(state=ApplicationState.WITHDRAWN)
        .order_by()
        .values("call_id")
        .annotate(
            submitted=Count("pk", filter=_SUBMITTED),
            checked=Count("pk", filter=_CHECKED),
            proposed=Count("pk", filter=_PROPOSED),
            awarded=Count("pk", filter=_AWARDED),
        )
    )
    counts = {row["call_id"]: row for row in rows}
    return [Funnel(call, _funnel_steps(counts.get(call.pk, {}))) for call in calls]


def _funnel_steps(row: dict) -> list[dict]:
    """Bars against what was submitted; none while nothing was."""
    submitted = row.get("submitted", 0)
    if not submitted:
        return []
    labels = {
        "submitted": _("已提交"),
        "checked": _("形审通过"),
        "proposed": _("拟立项"),
        "awarded": _("已立项"),
    }
    return [
        {"label": label, "text": str(row[name]), "share": row[name] / submitted}
        for name, label in labels.items()
    ]


def money(user, *, year: int) -> list[dict]:
    """Committed and paid against what is appropriated this year, per programme: two queries.

    What nothing was committed of comes last.
    """
    plans = Appropriation.objects.filter(year=year).select_related("programme").order_by("programme__slug")
    if not (user.scope.sees_everything or user.has_role(Role.FINANCE)):
        plans = plans.filter(programme__department_id__in=user.scope.departments)
    plans = list(plans[:20])
    paid = dict(
        Instalment.objects.filter(
            agreement__award__application__call__programme__in=[plan.programme_id for plan in plans],
            agreement__award__application__call__year=year,
        )
        .order_by()
        .values_list("agreement__award__application__call__programme")
        .annotate(Sum("paid"))
    )
    rows = [
        {
            "programme": plan.programme,
            "amount": plan.amount,
            "is_untouched": not (plan.committed or paid.get(plan.programme_id)),
            "bars": [
                {
                    "label": _("已承诺"),
                    "amount": plan.committed,
                    "share": plan.committed / plan.amount if plan.amount else 0,
                },
                {
                    "label": _("已拨付"),
                    "amount": paid.get(plan.programme_id, 0),
                    "share": paid.get(plan.programme_id, 0) / plan.amount if plan.amount else 0,
                    "tone": "good",
                },
            ],
        }
        for plan in plans
    ]
    return sorted(rows, key=lambda row: row["is_untouched"])


def reviews(user) -> dict:
    """An expert's assignments by state: one query."""
    return Assignment.objects.filter(expert__user=user).aggregate(
        invited=Count("pk", filter=Q(state=AssignmentState.INVITED)),
        accepted=Count("pk", filter=Q(state=AssignmentState.ACCEPTED)),
        submitted=Count("pk", filter=Q(state=AssignmentState.SUBMITTED)),
    )
