"""The clock of the copies on paper that a notice asks for, and who owes them."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import UnitRole
from applications import queries
from applications.models import Application, Nomination
from applications.scan_clocks import owes
from applications.table_clocks import by_office
from core import calendar
from grants.models import PaperSender
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def opened(application: Application, *, at) -> None:
    """Whoever the notice names owes the copies of what was handed in; an office, of what it recommended."""
    call, until = application.call, queries.paper_until(application)
    owed_by = _owed_by(application) if until else []
    if not owed_by:
        return
    words = (
        _("%(date)s 前寄出纸质材料 %(copies)s 份，寄至 %(address)s")
        if call.paper_by_postmark
        else _("%(date)s 前送达纸质材料 %(copies)s 份，送至 %(address)s")
    )
    text = said(words, date=calendar.local_date(until), copies=call.paper_copies, address=call.paper_address)
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.PAPER_COPIES,
        title=said(_("报送纸质材料：%(title)s"), title=application),
        url=f"{reverse('applications:detail', args=[application.pk])}#paper",
        due_at=until,
        explanation=by_clause(text, call.paper_clause),
        clock="" if call.paper_until else call.paper_day_kind,
        owed_by=owed_by,
        at=at,
        **cause(call),
    )


def _owed_by(application: Application) -> list[Owes]:
    sender = application.call.paper_sender
    if sender == PaperSender.UNIT:
        return [Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)]
    if sender == PaperSender.APPLICANT:
        return owes(application)
    places = Nomination.objects.filter(application=application, recommended_at__isnull=False)
    place = places.select_related("recommender").first()
    return by_office(place.recommender, place.region, application.call) if place else []


def done(application: Application, *, by, at) -> None:
    actions.meet_deadline(subject=application, kind=DeadlineKind.PAPER_COPIES, by=by, at=at)


def dropped(application: Application, *, by, at) -> None:
    """Too late, or what they would be copies of is written anew."""
    actions.cancel_deadline(subject=application, kind=DeadlineKind.PAPER_COPIES, by=by, at=at)
