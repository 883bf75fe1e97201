"""The deadline of a request to join a unit: its administrators owe an answer."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import JoinRequest
from accounts.roles import UnitRole
from core import calendar
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, register
from notifications.wording import said

ANSWER_DAYS = 5
"""Working days; no published rule names a number."""


def requested(join_request: JoinRequest, *, at) -> None:
    text = _("自 %(date)s 申请起 %(days)s 个工作日内答复")
    actions.open_deadline(
        subject=join_request,
        kind=DeadlineKind.JOIN_REQUEST,
        title=said(_("%(person)s申请加入%(unit)s"), person=join_request.user, unit=join_request.organisation),
        url=reverse("accounts:unit", args=[join_request.organisation_id]),
        due_at=calendar.due(at, ANSWER_DAYS),
        explanation=said(text, date=calendar.local_date(at), days=ANSWER_DAYS),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(organisation=join_request.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
    )


def decided(join_request: JoinRequest, *, by, at) -> None:
    actions.meet_deadline(subject=join_request, kind=DeadlineKind.JOIN_REQUEST, by=by, at=at)


register(
    Obligation(
        kind=DeadlineKind.JOIN_REQUEST,
        model=JoinRequest,
        owing=lambda at: JoinRequest.objects.waiting().select_related("user", "organisation"),
        open=lambda join_request, at: requested(join_request, at=join_request.requested_at),
        dates=("accounts.JoinRequest.requested_at",),
    )
)
