"""What notices, objections and agreements owe to whom, and what people are told."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.notifications import team_and_admins
from awards.models import Agreement, Objection, Publicity
from core import calendar
from grants.models import Call, DayKind
from notifications import actions as deadlines
from notifications.actions import Owes
from notifications.models import DeadlineKind


def _clause(text: str, clause: str) -> str:
    return _("%(text)s，依据%(clause)s") % {"text": text, "clause": clause} if clause else text


def explain_publicity(call: Call, starts) -> str:
    """How the last day of a notice was found, in the words of the notice."""
    with translation.override(settings.LANGUAGE_CODE):
        text = _("自 %(date)s 起 %(days)s 个%(kind)s（含首日）") % {
            "date": starts,
            "days": call.publicity_days,
            "kind": DayKind(call.publicity_day_kind).label,
        }
        return _clause(text, call.publicity_clause)


def _managers(call: Call) -> Owes:
    return Owes(role=Role.PROGRAMME_MANAGER, organisation=call.programme.department)


# ---- publicity ----


def publicised(publicity: Publicity, *, at) -> None:
    deadlines.open_deadline(
        subject=publicity,
        kind=DeadlineKind.PUBLICITY_END,
        title=publicity.title,
        url=reverse("admin:awards_publicity_change", args=[publicity.pk]),
        due_at=calendar.end_of_day(publicity.ends_date),
        explanation=publicity.explanation,
        owed_by=[_managers(publicity.call)],
        at=at,
        department=publicity.call.programme.department,
    )


def closed(publicity: Publicity, *, by, at) -> None:
    deadlines.meet_deadline(subject=publicity, kind=DeadlineKind.PUBLICITY_END, by=by, at=at)


def objected(objection: Objection, *, at) -> None:
    publicity = objection.publicity
    with translation.override(settings.LANGUAGE_CODE):
        explanation = _("自 %(date)s 收到起 %(days)s 个工作日内处理") % {
            "date": calendar.local_date(at),
            "days": publicity.objection_days,
        }
    deadlines.open_deadline(
        subject=objection,
        kind=DeadlineKind.OBJECTION,
        title=publicity.title,
        url=reverse("admin:awards_objection_change", args=[objection.pk]),
        due_at=calendar.due(at, publicity.objection_days),
        explanation=explanation,
        owed_by=[_managers(publicity.call), Owes(role=Role.SUPERVISION)],
        at=at,
        department=publicity.call.programme.department,
    )


def resolved(objection: Objection, *, by, at) -> None:
    deadlines.meet_deadline(subject=objection, kind=DeadlineKind.OBJECTION, by=by, at=at)


# ---- agreements ----


def prepared(agreement: Agreement, *, at) -> None:
    """The unit owes its signature within the days that the call names."""
    application = agreement.award.application
    call = application.call
    with translation.override(settings.LANGUAGE_CODE):
        text = _("自 %(date)s 立项起 %(days)s 日内签订") % {
            "date": calendar.local_date(at),
            "days": call.signing_days,
        }
        explanation = _clause(text, call.signing_clause)
    deadlines.open_deadline(
        subject=agreement,
        kind=DeadlineKind.AGREEMENT_SIGNING,
        title=f"{agreement.award.number} {application.title}",
        url=agreement_url(agreement),
        due_at=calendar.due(at, call.signing_days, kind=calendar.DayKind.CALENDAR),
        explanation=explanation,
        owed_by=[Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
        department=call.programme.department,
    )
    _tell_unit(agreement, "awarded", at=at)


def signed(agreement: Agreement, *, by, at) -> None:
    deadlines.meet_deadline(subject=agreement, kind=DeadlineKind.AGREEMENT_SIGNING, by=by, at=at)
    _tell_unit(agreement, "in_force", at=at)


def sent_back(agreement: Agreement, *, reason: str, at) -> None:
    _tell_unit(agreement, "sent_back", at=at, reason=reason)


def forgone(agreement: Agreement, *, by, at) -> None:
    deadlines.cancel_deadline(subject=agreement, kind=DeadlineKind.AGREEMENT_SIGNING, by=by, at=at)


def agreement_url(agreement: Agreement) -> str:
    return reverse("awards:agreement", args=[agreement.pk])


def _tell_unit(agreement: Agreement, name: str, *, at, **words) -> None:
    application: Application = agreement.award.application
    deadlines.tell(
        recipients=team_and_admins(application),
        template=f"awards/{name}",
        context={"title": application.title, "number": agreement.award.number, **words},
        url=agreement_url(agreement),
        at=at,
    )
