"""The deadlines of what units are asked: who may join them, and which units stand under them."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import JoinRequest, Subordination, User
from accounts.roles import Role, UnitRole
from accounts.states import SubordinationState
from core import calendar
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, register
from notifications.wording import said

ANSWER_DAYS = 5
"""Working days; no published rule names a number."""
CONFIRM_DAYS = 10
"""Working days, likewise: an authority may have to look into its own lists."""


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


def named(subordination: Subordination, *, at) -> None:
    text = _("自 %(date)s 填写起 %(days)s 个工作日内确认")
    authority = subordination.authority
    actions.open_deadline(
        subject=subordination,
        kind=DeadlineKind.SUBORDINATION,
        title=said(
            _("%(unit)s填写%(authority)s为上级主管部门"), unit=subordination.organisation, authority=authority
        ),
        url=reverse("accounts:unit", args=[authority.pk]),
        due_at=calendar.due(at, CONFIRM_DAYS),
        explanation=said(text, date=calendar.local_date(at), days=CONFIRM_DAYS),
        clock=calendar.DayKind.WORKING,
        owed_by=[
            Owes(organisation=authority, unit_role=UnitRole.ADMIN),
            Owes(organisation=authority, role=Role.RECOMMENDER, is_named=True),
        ],
        at=at,
    )


def answered(subordination: Subordination, *, by, at) -> None:
    """What was asked is settled; the unit's administrators hear what the authority said."""
    subject, kind = subordination, DeadlineKind.SUBORDINATION
    if subordination.state == SubordinationState.ENDED:
        actions.cancel_deadline(subject=subject, kind=kind, by=by, at=at)
        return
    actions.meet_deadline(subject=subject, kind=kind, by=by, at=at)
    actions.tell(
        recipients=User.objects.filter(
            memberships__organisation=subordination.organisation_id,
            memberships__role=UnitRole.ADMIN,
            memberships__is_active=True,
            is_active=True,
        ),
        template="notifications/subordination",
        context={
            "authority": subordination.authority.name,
            "unit": subordination.organisation.name,
            "confirmed": subordination.state == SubordinationState.CONFIRMED,
            "reason": subordination.reason,
        },
        url=reverse("accounts:unit", args=[subordination.organisation_id]),
        at=at,
    )


register(
    Obligation(
        kind=DeadlineKind.SUBORDINATION,
        model=Subordination,
        owing=lambda at: Subordination.objects.waiting().select_related("organisation", "authority"),
        open=lambda subordination, at: named(subordination, at=subordination.named_at),
        dates=("accounts.Subordination.named_at",),
    )
)
register(
    Obligation(
        kind=DeadlineKind.JOIN_REQUEST,
        model=JoinRequest,
        owing=lambda at: JoinRequest.objects.waiting().select_related("user", "organisation"),
        open=lambda join_request, at: requested(join_request, at=join_request.requested_at),
        dates=("accounts.JoinRequest.requested_at",),
    )
)
