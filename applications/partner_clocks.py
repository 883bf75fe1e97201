"""The deadline by which a partner unit (合作单位) confirms its part of a draft."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import UnitRole
from applications.models import Application, Partner
from grants.queries import cause, closing
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import said


def opened(partner: Partner, *, at) -> None:
    """A partner unit confirms its part before the draft must be handed in, where the call asks for that."""
    application = partner.application
    due = closing(application.call, application.topic, project_type=application.project_type, at=at)
    if due is None or due <= at or not application.call.requires_partner_confirmation:
        return
    actions.open_deadline(
        subject=partner,
        kind=DeadlineKind.PARTNER_PART,
        title=said(_("填写并确认合作单位内容：%(title)s"), title=application.title),
        url=reverse("applications:partner", args=[application.pk]),
        due_at=due,
        explanation=said(
            _("截止时间由%(source)s规定，合作单位未确认的不能提交"),
            source=application.call.number or application.call.title,
        ),
        owed_by=[Owes(organisation=partner.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
        **cause(application.call),
    )


def confirmed(partner: Partner, *, by, at) -> None:
    actions.meet_deadline(subject=partner, kind=DeadlineKind.PARTNER_PART, by=by, at=at)


def dropped(partner: Partner, *, by, at) -> None:
    actions.cancel_deadline(subject=partner, kind=DeadlineKind.PARTNER_PART, by=by, at=at)


def all_dropped(application: Application, *, by, at) -> None:
    for partner in application.partners.all():
        dropped(partner, by=by, at=at)
