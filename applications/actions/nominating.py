"""People nominate an application (专家提名): asked by the team, they read what was handed in and sign."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import PersonRecord, User
from applications import eligibility, nominator_clocks, notifications, queries, quotas, rules
from applications.models import Application, Nominator, RuleStatus
from applications.queries.context import NOMINATORS
from applications.queries.nominators import fallen_signatures, judged_again, leader_of, signatures_of
from applications.questions import localised
from applications.states import NominatorState
from core import workflow
from core.workflow import Lost, Refused

KEPT = (
    "title",
    "degree",
    "speciality",
    "organisation_name",
    "credit_code",
    "kind",
    "region",
    "of_units",
)
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
    if leads:
        rules.check_leader_open(held)
    nominator = Nominator.objects.create(application=held, user=user, invited_by=by, invited_at=at)
    workflow.record(nominator, "asked", by=by, at=at)
    workflow.record(held, "nominator_asked", by=by, at=at, note=str(user))
    if leads:
        _lead(held, nominator, by=by, at=at)
    _somebody_leads(held, by=by, at=at)
    nominator.refresh_from_db(fields=["leads"])
    notifications.tell_nominators(held, [nominator], at=at)
    _follow(held, by=by, at=at)
    return nominator


@transaction.atomic
def name_leader(*, nominator: Nominator, by, at: datetime) -> None:
    """The team names who leads. Raises Refused."""
    held = _held(nominator.application_id)
    nominator = held.nominators.select_related("user").get(pk=nominator.pk)
    nominator.application = held
    rules.check_can_lead(by, nominator, at=at)
    _lead(held, nominator, by=by, at=at)
    settle(application=held, by=by, at=at)


def _lead(application: Application, nominator: Nominator, *, by, at: datetime) -> None:
    application.nominators.update(leads=False)
    application.nominators.filter(pk=nominator.pk).update(leads=True)
    workflow.record(application, "nominator_leads", by=by, at=at, note=str(nominator))


def _somebody_leads(application: Application, *, by, at: datetime) -> None:
    """Behind a leader who was dropped or declined comes the next who was asked."""
    if leader_of(application) is None:
        others = application.nominators.exclude(state=NominatorState.DECLINED).select_related("user")
        nominator = others.order_by("id").first()
        if nominator is not None:
            _lead(application, nominator, by=by, at=at)


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
    _somebody_leads(held, by=by, at=at)
    settle(application=held, by=by, at=at)


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
    _somebody_leads(held, by=by, at=at)
    settle(application=held, by=by, at=at)
    told = {"who": str(current), "signed": True, "reason": "", "leader": ""}
    notifications.tell_team(held, "nominator_answered", at=at, **told)


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
    _somebody_leads(held, by=by, at=at)
    settle(application=held, by=by, at=at)
    leader = leader_of(held) if current.leads else None
    told = {"who": str(current), "signed": False, "reason": reason, "leader": str(leader or "")}
    notifications.tell_team(held, "nominator_answered", at=at, **told)


def ask_nominators(*, application: Application, at: datetime) -> None:
    """Called when an application was handed in: whoever is asked can read it now.

    In a new version, while there is time, what was signed before is to be signed again.
    """
    _rejudge_signatures(application, at=at)
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
    """What the line of the formal check says of the signatures now; an officer's word stays.

    Each is judged again: who signed may have become a candidate since.
    """
    for row, fits in judged_again(application):
        application.nominators.filter(pk=row.pk).update(fits=[fit.group.pk for fit in fits if not fit.reason])
    until = queries.nominate_until(application)
    ways = queries.standing_of_nominators(application)
    status = _judged(ways, until, at)
    lines = queries.nominator_lines(application).filter(officer_status="")
    evidence = eligibility.kept(partial(_said, application, ways, until, at))
    lines.update(status=status, evidence=evidence, checked_at=at)
    _judge_lines(application, at=at)
    if status == RuleStatus.PASSED:
        nominator_clocks.done(application, by=by, at=at)
    _follow(application, by=by, at=at)


def _judge_lines(application: Application, *, at: datetime) -> None:
    """The other clauses that read who nominates, as they stand now; an officer's word stays."""
    rules = application.call.rules.all()
    reading = {row.pk for row in rules if NOMINATORS in f"{row.expression} {row.applies_when}"}
    waiting = application.rule_results.filter(rule__in=reading, officer_status="")
    if not reading or not waiting.exists():
        return
    spoken = eligibility.evaluate_for_good(application, eligibility.seen_of(application))
    for line, other in zip(*spoken.values(), strict=True):
        if line.rule and line.rule.pk in reading:
            evidence = eligibility.evidence_in_both(line, other)
            waiting.filter(rule=line.rule).update(status=line.status, evidence=evidence, checked_at=at)


def _judged(ways, until, at: datetime) -> str:
    if not ways:
        return RuleStatus.NOT_APPLICABLE
    if queries.are_met(ways):
        return RuleStatus.PASSED
    return RuleStatus.FAILED if until is not None and at > until else RuleStatus.MANUAL


def _said(application: Application, ways, until, at: datetime) -> str:
    """Who is waited for, and which signatures do not count any more, by which clause and why."""
    fallen = [
        _("“%(name)s”的签署不计入“%(group)s”（%(clause)s）：%(reason)s")
        % {
            "name": row,
            "group": localised(fit.group, "name"),
            "clause": fit.group.clause,
            "reason": fit.reason,
        }
        for row, fits in fallen_signatures(application)
        for fit in fits
    ]
    return " ".join(filter(None, [_missing(ways, until, at), *fallen]))


def _missing(ways, until, at: datetime) -> str:
    """Who has not signed yet, way by way; "" when nobody is waited for."""
    status = _judged(ways, until, at)
    if status not in (RuleStatus.FAILED, RuleStatus.MANUAL):
        return ""
    missing = _("；").join(
        (
            _("%(group)s：已签 %(signed)s 人，还差 %(missing)s 人")
            if way.missing
            else _("%(group)s：已签 %(signed)s 人，还差牵头提名人的签署")
        )
        % {"group": localised(way.group, "name"), "signed": way.signed, "missing": way.missing}
        for way in ways
        if not way.is_met
    )
    is_late = status == RuleStatus.FAILED
    text = _("提名已截止，人数不足（%(missing)s）。") if is_late else _("等待专家提名（%(missing)s）。")
    return text % {"missing": missing}


def _rejudge_signatures(application: Application, *, at: datetime) -> None:
    """Who is named in what is handed in may have nominated others in the call.

    Nobody signs meanwhile what would not count any more.
    """
    if not queries.asks_nominators(application.call):
        return
    keys = application.participants.exclude(id_number="").values("id_number")
    people = PersonRecord.objects.filter(id_number__in=keys).values_list("user_id", flat=True)
    for user_id in sorted(people):
        quotas.hold(f"nominator:{user_id}")
    for row in signatures_of(application).select_related("application__call").order_by("pk"):
        settle(application=row.application, by=None, at=at)


def judge_nominators(*, application: Application, by, at: datetime) -> None:
    """Called when it comes to the formal check: what is signed counts by what is known on that day."""
    if queries.nominator_lines(application).exists():
        settle(application=application, by=by, at=at)


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
