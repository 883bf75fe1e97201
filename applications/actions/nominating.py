"""People nominate an application (专家提名): asked by the team, they read what was handed in and sign."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from applications import eligibility, nominator_clocks, notifications, queries, quotas, rules
from applications.models import Application, Nominator, RuleStatus
from applications.questions import localised
from applications.states import NominatorState
from core import workflow
from core.workflow import Lost, Refused

KEPT = ("title", "degree", "speciality", "organisation_name", "of_units")
"""What of a person stands beside their signature."""


def _held(application_pk: int) -> Application:
    """Signatures of one application come one after another."""
    rows = Application.objects.select_for_update(of=("self",))
    return rows.select_related("call__programme__department", "organisation").get(pk=application_pk)


@transaction.atomic
def ask_nominator(
    *, application: Application, user: User, leads: bool = False, by, at: datetime
) -> Nominator:
    """Ask a person to nominate; the first leads. Raises Refused."""
    held = _held(application.pk)
    rules.check_can_ask(by, held, user, at=at)
    first = not held.nominators.exists()
    if leads:
        held.nominators.update(leads=False)
    nominator = Nominator.objects.create(
        application=held, user=user, leads=leads or first, invited_by=by, invited_at=at
    )
    workflow.record(nominator, "asked", by=by, at=at)
    workflow.record(held, "nominator_asked", by=by, at=at, note=str(user))
    notifications.tell_nominators(held, [nominator], at=at)
    _follow(held, by=by, at=at)
    return nominator


@transaction.atomic
def drop_nominator(*, nominator: Nominator, by, at: datetime) -> None:
    """The team asks the person no longer; a signature stays. Raises Refused, Lost."""
    held = _held(nominator.application_id)
    rules.check_can_ask_nominators(by, held, at=at)
    nominator = held.nominators.get(pk=nominator.pk)
    if nominator.state == NominatorState.SIGNED:
        raise Lost(_("“%(name)s”已经签署，只能由本人撤回。") % {"name": nominator}, code="signed")
    nominator.application = held
    nominator_clocks.done(nominator, by=by, at=at)
    name = str(nominator)
    nominator.delete()
    workflow.record(held, "nominator_dropped", by=by, at=at, note=name)


@transaction.atomic
def sign_nomination(*, nominator: Nominator, opinion: str, by, at: datetime) -> None:
    """Nominate what was handed in. Raises Refused with every reason, Lost."""
    held = _held(nominator.application_id)
    # One person signs one thing after another: the limit of a year holds.
    quotas.hold(f"nominator:{nominator.user_id}")
    current = held.nominators.select_related("user").get(pk=nominator.pk)
    current.application = held
    person = queries.about(current.user, held)
    counted = rules.check_can_sign(by, current, opinion=opinion, person=person, at=at)
    workflow.move(
        current,
        NominatorState.SIGNED,
        by=by,
        at=at,
        opinion=opinion.replace("\0", "").strip(),
        facts={name: person[name] for name in KEPT},
        fits=[fit.group.pk for fit in counted],
        version=held.version,
        answered_at=at,
    )
    nominator_clocks.done(current, by=by, at=at)
    settle(application=held, by=by, at=at)
    notifications.tell_team(held, "nominator_answered", at=at, who=str(current), signed=True, reason="")


@transaction.atomic
def decline_nomination(*, nominator: Nominator, reason: str, by, at: datetime) -> None:
    """Not to nominate, with a reason; a signature is taken back so. Raises Refused."""
    held = _held(nominator.application_id)
    current = held.nominators.select_related("user").get(pk=nominator.pk)
    current.application = held
    rules.check_can_answer(by, current, at=at)
    if not reason.strip():
        raise Refused(_("请写明理由，申报团队会看到。"), field="reason")
    workflow.move(
        current, NominatorState.DECLINED, by=by, at=at, note=reason, answered_at=at, version=None, fits=[]
    )
    nominator_clocks.done(current, by=by, at=at)
    settle(application=held, by=by, at=at)
    notifications.tell_team(held, "nominator_answered", at=at, who=str(current), signed=False, reason=reason)


def ask_nominators(*, application: Application, at: datetime) -> None:
    """Called when an application was handed in: whoever is asked can read it now.

    In a new version, while there is time, what was signed before is to be signed again.
    """
    if not queries.nominator_lines(application).exists():
        return
    until = queries.nominate_until(application)
    if application.version > 1 and (until is None or at <= until):
        for nominator in application.nominators.filter(state=NominatorState.SIGNED):
            workflow.move(
                nominator,
                NominatorState.ASKED,
                by=None,
                at=at,
                note=_("申报书提交了新的版本。"),
                answered_at=None,
                version=None,
                fits=[],
            )
    waiting = application.nominators.filter(state=NominatorState.ASKED).select_related("user")
    notifications.tell_nominators(application, list(waiting), at=at)
    settle(application=application, by=None, at=at)


def settle(*, application: Application, by, at: datetime) -> None:
    """What the line of the formal check says of the signatures now; an officer's word stays."""
    until = queries.nominate_until(application)
    ways = queries.standing_of_nominators(application)
    status = _judged(ways, until, at)
    lines = queries.nominator_lines(application).filter(officer_status="")
    lines.update(status=status, evidence=eligibility.kept(partial(_missing, ways, until, at)), checked_at=at)
    if status == RuleStatus.PASSED:
        nominator_clocks.done(application, by=by, at=at)
    _follow(application, by=by, at=at)


def _judged(ways, until, at: datetime) -> str:
    if not ways:
        return RuleStatus.NOT_APPLICABLE
    if queries.are_met(ways):
        return RuleStatus.PASSED
    return RuleStatus.FAILED if until is not None and at > until else RuleStatus.MANUAL


def _missing(ways, until, at: datetime) -> str:
    """Who has not signed yet, way by way; "" when nobody is waited for."""
    status = _judged(ways, until, at)
    if status not in (RuleStatus.FAILED, RuleStatus.MANUAL):
        return ""
    missing = _("；").join(
        _("%(group)s：已签 %(signed)s 人，还差 %(missing)s 人")
        % {"group": localised(way.group, "name"), "signed": way.signed, "missing": way.missing}
        for way in ways
        if not way.is_met
    )
    is_late = status == RuleStatus.FAILED
    text = _("提名已截止，人数不足（%(missing)s）。") if is_late else _("等待专家提名（%(missing)s）。")
    return text % {"missing": missing}


def follow_nominators(*, application: Application, by, at: datetime) -> None:
    """The clocks run while the line waits: called whenever it may have begun or ceased to."""
    if queries.nominator_lines(application).exists():
        _follow(application, by=by, at=at)


def _follow(application: Application, *, by, at: datetime) -> None:
    nominator_clocks.follow(application, waits=queries.nominators_awaited(application), by=by, at=at)


def renew_nominators(*, application: Application, by, at: datetime) -> None:
    """The notice names another moment: the clocks are set anew, who was too late only by it may sign."""
    nominator_clocks.dropped(application, by=by, at=at)
    settle(application=application, by=by, at=at)


@transaction.atomic
def lapse_nominators(*, application: Application, at: datetime) -> None:
    """Too few have signed in time: the line says no, and officers decide what follows."""
    settle(application=application, by=None, at=at)
    workflow.record(application, "nominators_missed", by=None, at=at)
