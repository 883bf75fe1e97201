"""File a facility (备案); close or remove it, or give it more time to rectify."""

from datetime import date, datetime
from itertools import chain, count

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from awards.models import Award
from core import workflow
from core.calendar import local_date
from core.workflow import Refused
from facilities import notifications, queries, rules
from facilities.models import Facility, FacilityScheme
from facilities.states import EvaluationState, FacilityState
from grants.models import Call, ReplacedEffect, Replacement
from notifications import clocks
from notifications.models import DeadlineKind

STANDING = (FacilityState.OPERATING, FacilityState.RECTIFYING)


@transaction.atomic
def file_facility(
    *,
    call: Call,
    organisation: Organisation | None,
    name: str,
    number: str,
    services: list[str],
    by,
    at: datetime,
    kind: str = "",
    filed_date: date | None = None,
    valid_until: date | None = None,
    award: Award | None = None,
) -> Facility:
    """File by hand, also what was filed before the system and perhaps renewed (`valid_until`).

    Raises Refused naming the field.
    """
    scheme = rules.check_can_file(by, call, organisation)
    rules.check_services(scheme, services)
    for field, value in (("name", name), ("number", number)):
        if not value.strip():
            raise Refused(_("请填写平台名称和备案编号。"), field=field)
    filed_date = filed_date or local_date(at)
    valid_until = scheme.valid_years and (valid_until or scheme.valid_until(filed_date))
    rules.check_filed_date(scheme, filed_date, valid_until, at=at)
    try:
        with transaction.atomic():
            facility = Facility.objects.create(
                call=call,
                award=award,
                organisation=organisation,
                kind=kind or scheme.kind,
                number=number.strip(),
                name=name.strip(),
                services=services,
                filed_date=filed_date,
                valid_until=valid_until,
                filed_by=by,
            )
    except IntegrityError:
        raise Refused(_("备案编号“%(number)s”已经使用。") % {"number": number}, field="number") from None
    workflow.record(facility, "filed", by=by, at=at, to_state=facility.state)
    notifications.filed(facility, at=at)
    return facility


@transaction.atomic
def file_award(*, award: Award, by, at: datetime) -> Facility | None:
    """File what an award of a call with facilities promised; None where the call files none."""
    application = award.application
    scheme = FacilityScheme.objects.filter(call=application.call).first()
    known = Facility.objects.filter(award=award).first()
    if scheme is None or known is not None:
        return known
    facility = Facility.objects.create(
        call=application.call,
        award=award,
        organisation=application.organisation,
        kind=queries.kind_of(award, scheme),
        number=_free_number(award.number),
        name=application.title[:120],
        services=queries.services_asked(award, scheme),
        filed_date=local_date(at),
        valid_until=scheme.valid_until(local_date(at)),
        filed_by=by,
    )
    workflow.record(facility, "filed", by=by, at=at, to_state=facility.state)
    notifications.filed(facility, at=at)
    return facility


def _free_number(number: str) -> str:
    """That of the award; where somebody filed by hand under it, with the next figure behind."""
    taken = set(Facility.objects.filter(number__startswith=number).values_list("number", flat=True))
    others = (f"{number}-{figure}" for figure in count(2))
    return next(free for free in chain([number], others) if free not in taken)


def hold(facility: Facility) -> Facility:
    """The facility as it stands, locked, with its call and its unit."""
    return queries.with_call(Facility.objects.select_for_update(of=("self",))).get(pk=facility.pk)


def _end(facility: Facility, state: str, *, reason: str, by, at: datetime) -> None:
    """Nothing is owed any more: a running evaluation falls away."""
    if running := queries.running_evaluation(facility):
        running.facility = facility
        workflow.move(running, EvaluationState.CANCELLED, by=by, at=at, note=reason)
        notifications.fell_away(running, *notifications.YEARLY, by=by, at=at)
    kinds = (DeadlineKind.FACILITY_RECTIFY, DeadlineKind.FACILITY_REMOVAL, DeadlineKind.FACILITY_EXPIRY)
    notifications.fell_away(facility, *kinds, by=by, at=at)
    workflow.move(
        facility,
        state,
        by=by,
        at=at,
        note=reason,
        rectify_due_date=None,
        removal_due_at=None,
        ended_at=at,
        ended_by=by,
    )
    notifications.state_changed(facility, note=reason, at=at)


@transaction.atomic
def close(*, facility: Facility, reason: str, by, at: datetime) -> None:
    """The platform gives up its filing (主动退出)."""
    held = hold(facility)
    rules.check_can_close(by, held)
    rules.check_reason(reason)
    _end(held, FacilityState.CLOSED, reason=reason.strip(), by=by, at=at)
    facility.refresh_from_db()


@transaction.atomic
def give_way(*, term: Replacement, award: Award, reason: str, by, at: datetime) -> None:
    """An award elsewhere takes the place of filings of this notice, as it says itself."""
    if term.effect != ReplacedEffect.ENDS:
        return
    for facility in queries.giving_way(term, award):
        _end(hold(facility), FacilityState.REPLACED, reason=reason, by=by, at=at)


@transaction.atomic
def remove(*, facility: Facility, reason: str, by, at: datetime) -> None:
    """The leader takes it off the list (取消备案)."""
    held = hold(facility)
    rules.check_can_remove(by, held, at=at)
    rules.check_reason(reason)
    notifications.met(held, DeadlineKind.FACILITY_REMOVAL, by=by, at=at)
    _end(held, FacilityState.REMOVED, reason=reason.strip(), by=by, at=at)
    facility.refresh_from_db()


@transaction.atomic
def prolong(*, facility: Facility, until: date, reason: str, by, at: datetime) -> None:
    """The leader gives more time to rectify instead; the platform owes it anew."""
    held = hold(facility)
    rules.check_can_prolong(by, held, until, at=at)
    rules.check_reason(reason)
    notifications.met(held, DeadlineKind.FACILITY_REMOVAL, by=by, at=at)
    notifications.fell_away(held, DeadlineKind.FACILITY_RECTIFY, by=by, at=at)
    held.rectify_due_date, held.removal_due_at = until, None
    held.save(update_fields=["rectify_due_date", "removal_due_at"])
    workflow.record(held, "prolonged", by=by, at=at, note=reason.strip(), data={"until": until.isoformat()})
    if queries.rectifying().filter(pk=held.pk).exists():
        notifications.open_rectify(held, at=at)
    notifications.state_changed(held, note=reason.strip(), at=at)
    facility.refresh_from_db()


@transaction.atomic
def renew(*, facility: Facility, until: date, reason: str, by, at: datetime) -> None:
    """The filing goes on until another day (续期); one that has ended stands again."""
    held = hold(facility)
    rules.check_can_renew(by, held)
    rules.check_renewal(held, until, at=at)
    rules.check_reason(reason)
    note = reason.strip()
    data = {"from": held.valid_until.isoformat(), "until": until.isoformat()}
    notifications.met(held, DeadlineKind.FACILITY_EXPIRY, by=by, at=at)
    held.valid_until = until
    if held.state == FacilityState.EXPIRED:
        workflow.move(
            held,
            FacilityState.OPERATING,
            by=by,
            at=at,
            note=note,
            data=data,
            valid_until=until,
            ended_at=None,
        )
    else:
        held.save(update_fields=["valid_until"])
        workflow.record(held, "renewed", by=by, at=at, note=note, data=data)
    notifications.renewed(held, note=note, at=at)
    facility.refresh_from_db()


def expire_due(*, at: datetime) -> int:
    """End every filing whose term is over, each in a transaction of its own; rerun freely."""

    def one(facility: Facility):
        held = hold(facility)
        if held.state not in STANDING or held.valid_until >= local_date(at):
            return False
        return _end(held, FacilityState.EXPIRED, reason=_("备案有效期届满，没有续期"), by=None, at=at)

    over = queries.with_term().filter(valid_until__lt=local_date(at)).order_by("pk")
    return clocks.each("expire_filings", over.iterator(500), one, at=at)
