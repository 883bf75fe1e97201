"""Decide, publish, hear objections, award, sign. Downstream money and milestones follow by signals."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from awards import conditions, grading, limits, notifications, periods, queries, rules, signals
from awards.actions.certifying import settle_conditions
from awards.models import (
    PROPOSED,
    Agreement,
    Award,
    Decision,
    Objection,
    Outcome,
    Publicity,
    PublicityItem,
)
from awards.states import AgreementState, ObjectionState, PublicityState
from core import calendar, workflow
from core.workflow import Refused
from documents.actions import store
from grants import actions as grants
from grants.models import AwardGrade, Call, ContactKind, RunsFrom, Sourcing, StageKind
from grants.queries import contact_for, moment_of, number_prefix
from grants.states import TopicState
from reviews import queries as reviews

S = ApplicationState


def _locked(application: Application) -> Application:
    """Hold the application and read it as it stands: of two people at once the second finds it decided."""
    rows = Application.objects.select_for_update(of=("self",))
    return rows.select_related("call__programme", "topic", "organisation").get(pk=application.pk)


# ---- decision ----


@transaction.atomic
def decide(
    *,
    application: Application,
    outcome: str,
    amount: Decimal,
    reason: str,
    by,
    at: datetime,
    meeting: str = "",
    grade: AwardGrade | None = None,
    deviation: str = "",
) -> Decision:
    """Fund, of a `grade` where the notice has some, keep in reserve or reject.

    Without a grade that which the rule of the notice gives; `deviation`: why it is another.
    Raises Refused naming limit and clause, Lost when it is decided.
    """
    application = _locked(application)
    rules.check_can_decide(by, application)
    rules.check_reason(reason, field="reason")
    if outcome == Outcome.FUND:
        found = grading.proposed_for(application)
        grade = grade or (found and found.grade)
        amount = limits.check_grade(application, grade, amount)
        deviation = grading.check_follows(found, grade, deviation)
        rules.check_fundable(application, amount, grade=grade)
        rules.check_conditions(application)
        limits.check_place_left(application)
    else:
        amount, grade, deviation = Decimal(0), None, ""
    if outcome == Outcome.RESERVE and Decision.objects.filter(application=application).exists():
        raise Refused(_("这个项目已经列为备选。"), field="outcome", code="already")
    decision = Decision.objects.create(
        application=application,
        outcome=outcome,
        amount=amount,
        grade=grade,
        deviation=deviation,
        cap=queries.cap_of(application),
        score=reviews.result(application).total,
        reason=reason,
        meeting=meeting,
        by=by,
        at=at,
    )
    if outcome != Outcome.REJECT:
        applications.set_standing(
            application=application,
            amount=amount if outcome == Outcome.FUND else None,
            grade=grade.code if grade else "",
            score=decision.score,
        )
    if outcome != Outcome.RESERVE:
        applications.settle_claim(application=application, by=by, at=at)
    note = f"{decision.get_outcome_display()}：{reason}"
    workflow.record(application, "decided", by=by, at=at, note=note, data={"decision": decision.pk})
    signals.decided.send(sender=Decision, decision=decision, by=by, at=at)
    if outcome == Outcome.REJECT:
        applications.set_outcome(application=application, state=S.REJECTED, by=by, at=at, note=reason)
    elif outcome == Outcome.RESERVE and application.call.sourcing == Sourcing.LIBRARY:
        applications.set_outcome(application=application, state=S.RESERVED, by=by, at=at, note=reason)
    elif outcome == Outcome.FUND and not queries.needs_publicity(application.call):
        _go_on(application, S.DECISION, by=by, at=at)
    elif outcome == Outcome.FUND and application.state == S.RESERVED:
        # Out of the library: the notice of proposed awards starts from the decision.
        applications.enter(application=application, state=S.DECISION, by=by, at=at, note=reason)
    return decision


# ---- publicity ----


@transaction.atomic
def publicise(
    *,
    call: Call,
    applications: Iterable[Application],
    by,
    at: datetime,
    title: str = "",
    body: str = "",
    contact: str = "",
    starts_date: date | None = None,
    objection_days: int | None = None,
) -> Publicity:
    """One public notice of several proposed awards (拟立项公示); its lines never change."""
    chosen = [_locked(application) for application in sorted(applications, key=lambda a: a.pk)]
    starts = starts_date or calendar.local_date(at)
    rules.check_can_publicise(by, call, chosen, starts=starts, at=at)
    title = title or PROPOSED % {"programme": call.programme.name}
    extra = {} if objection_days is None else {"objection_days": objection_days}
    publicity = Publicity.objects.create(
        call=call,
        title=title,
        body=body,
        starts_date=starts,
        ends_date=calendar.add_days(
            starts, call.publicity_days, kind=call.publicity_day_kind, inclusive=True
        ),
        explanation=periods.explain_publicity(call, starts),
        contact=contact or contact_for(call, ContactKind.SUPERVISION),
        items_total=len(chosen),
        published_by=by,
        published_at=at,
        **extra,
    )
    amounts = queries.latest_decisions(chosen)
    PublicityItem.objects.bulk_create(
        PublicityItem(
            publicity=publicity,
            application=application,
            title=application.title,
            organisation_name=application.organisation.name,
            amount=amounts[application.pk].amount,
            grade_id=amounts[application.pk].grade_id,
        )
        for application in chosen
    )
    workflow.record(publicity, "published", by=by, at=at, to_state=publicity.state)
    for application in chosen:
        _outcome(application, S.PUBLICITY, by=by, at=at, note=title)
    notifications.publicised(publicity, at=at)
    return publicity


def _outcome(application, state, *, by, at, note=""):
    applications.set_outcome(application=application, state=state, by=by, at=at, note=note)


@transaction.atomic
def object(
    *,
    publicity: Publicity,
    item: PublicityItem | None,
    name: str,
    phone: str,
    text: str,
    at: datetime,
    files: Iterable = (),
) -> Objection:
    """Anybody objects under a real name within the period; the notice waits for the finding."""
    publicity = _notice(publicity)
    rules.check_in_period(publicity, at=at)
    rules.check_objector(name, phone, text)
    if item is not None and item.publicity_id != publicity.pk:
        raise Refused(_("所选项目不在这份公示中。"), field="item")
    objection = Objection.objects.create(
        publicity=publicity, item=item, name=name.strip(), phone=phone, text=text.strip(), filed_at=at
    )
    for number, file in enumerate(files, start=1):
        store(
            subject=objection,
            kind=f"evidence_{number}",
            file=file,
            name=file.name,
            by=None,
            at=at,
            field="files",
        )
    workflow.record(objection, "filed", by=None, at=at, to_state=objection.state)
    if publicity.state == PublicityState.RUNNING:
        workflow.move(publicity, PublicityState.SUSPENDED, by=None, at=at)
        notifications.stands_still(publicity, by=None, at=at)
    notifications.objected(objection, at=at)
    return objection


def _notice(publicity: Publicity) -> Publicity:
    """Hold the notice: objections, findings and the end of the period come one after another."""
    rows = Publicity.objects.select_for_update(of=("self",)).select_related("call__programme__department")
    return rows.get(pk=publicity.pk)


@transaction.atomic
def resolve_objection(
    *, objection: Objection, upheld: bool, finding: str, by, at: datetime, items: Iterable = ()
) -> None:
    """Upheld: the lines objected to fall away, their money is free. Without open objections it runs on."""
    publicity = _notice(objection.publicity)
    objection.refresh_from_db()
    rules.check_can_resolve(by, objection)
    rules.check_reason(finding, field="finding")
    items = list(items) or ([objection.item] if objection.item_id else [])
    if upheld:
        rules.check_items(objection, items)
    to = ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED
    workflow.move(objection, to, by=by, at=at, note=finding, finding=finding, resolved_by=by, resolved_at=at)
    notifications.resolved(objection, by=by, at=at)
    if upheld:
        for item in items:
            _drop(_locked(item.application), by=by, at=at, note=finding)
    if publicity.state == PublicityState.SUSPENDED and not queries.open_objections(publicity).exists():
        workflow.move(publicity, PublicityState.RUNNING, by=by, at=at)
        notifications.runs_on(publicity, by=by, at=at)


def _drop(application: Application, *, by, at, note) -> None:
    """A proposed award falls away (`fell_away` follows); a line that has fallen already stays as it is."""
    if application.state == S.PUBLICITY:
        _outcome(application, S.REJECTED, by=by, at=at, note=note)


@transaction.atomic
def fell_away(*, application: Application, by, at: datetime) -> None:
    """An application that was decided for funding ended, by whichever door: its money is free again."""
    decision = queries.final_decision(application)
    if decision is not None and decision.outcome == Outcome.FUND:
        rules.check_agreement_ended(application)
        signals.funding_dropped.send(sender=Application, application=application, by=by, at=at)


@transaction.atomic
def close_publicity(*, publicity: Publicity, by, at: datetime) -> list[Award]:
    """The period is over and nothing is open: every line still standing becomes an award."""
    held = _notice(publicity)
    rules.check_can_close(by, held, at=at)
    workflow.move(held, PublicityState.CLOSED, by=by, at=at)
    notifications.closed(held, by=by, at=at)
    publicity.state = held.state
    going_on = [_go_on(item.application, S.PUBLICITY, by=by, at=at) for item in queries.items_running(held)]
    return [award for award in going_on if award]


# ---- award and agreement ----


def _go_on(application: Application, state: str, *, by, at) -> Award | None:
    """Behind the decision: a step of the bureau where the call has one, else the award."""
    step = applications.office_behind(application=application, state=state, by=by, at=at)
    if step is None:
        return award(application=application, by=by, at=at)
    _outcome(application, step, by=by, at=at)
    return None


@transaction.atomic
def award(*, application: Application, by, at: datetime) -> Award:
    """立项, with a draft agreement on the application's own terms; in force at once where none is signed."""
    decision = queries.final_decision(application)
    call = application.call
    made = Award.objects.create(
        application=application,
        number=grants.next_number(f"{number_prefix(call)}-L"),
        amount=decision.amount,
        grade_id=decision.grade_id,
        reason=decision.reason if call.tells_reason else "",
        cap=decision.cap,
        awarded_by=by,
        awarded_at=at,
    )
    agreement = Agreement.objects.create(
        award=made,
        **periods.of_project(application, at=at),
        # What was cut from the request is for the unit to raise.
        own_amount=application.own_amount + max(Decimal(0), application.requested_amount - decision.amount),
    )
    workflow.record(agreement, "prepared", by=by, at=at, to_state=agreement.state)
    signals.awarded.send(sender=Award, award=made, by=by, at=at)
    if queries.has_stage(call, StageKind.AGREEMENT):
        _outcome(application, S.AGREEMENT, by=by, at=at, note=made.number)
        signals.agreement_prepared.send(sender=Agreement, agreement=agreement, by=by, at=at)
        notifications.prepared(agreement, at=at)
    else:
        signals.agreement_prepared.send(sender=Agreement, agreement=agreement, by=by, at=at)
        workflow.move(agreement, AgreementState.IN_FORCE, by=by, at=at, is_by_decision=True)
        _in_force(agreement, by=by, at=at)
    if made.reason:
        notifications.funded(agreement, at=at)
    return made


@transaction.atomic
def correct(
    *, agreement: Agreement, starts_date: date, ends_date: date, own_amount: Decimal, by, at: datetime
) -> None:
    """Set dates and own money right before anybody signs."""
    # Held as it stands now: a signature or another correction since the page was opened counts.
    now = ["state", "starts_date", "ends_date", "own_amount"]
    agreement.refresh_from_db(fields=now, from_queryset=Agreement.objects.select_for_update())
    rules.check_can_correct(by, agreement)
    if ends_date <= starts_date:
        raise Refused(_("结束日期应在开始日期之后。"), field="ends_date")
    if own_amount < 0:
        raise Refused(_("自筹金额不能小于 0。"), field="own_amount")
    moved = starts_date - agreement.starts_date
    agreement.starts_date, agreement.ends_date, agreement.own_amount = starts_date, ends_date, own_amount
    agreement.save(update_fields=["starts_date", "ends_date", "own_amount"])
    workflow.record(agreement, "corrected", by=by, at=at)
    signals.agreement_corrected.send(sender=Agreement, agreement=agreement, moved=moved, by=by, at=at)


@transaction.atomic
def unit_sign(*, agreement: Agreement, by, at: datetime) -> None:
    """The unit's administrator signs."""
    rules.check_can_sign_for_unit(by, agreement)
    conditions.check_hold(agreement, conditions.Place(), at=at, by_unit=True)
    signals.signing.send(sender=Agreement, agreement=agreement, by=by, at=at)
    workflow.move(agreement, AgreementState.UNIT_SIGNED, by=by, at=at, unit_signed_by=by, unit_signed_at=at)
    notifications.signed_by_unit(agreement)


@transaction.atomic
def send_back(*, agreement: Agreement, reason: str, by, at: datetime) -> None:
    """The bureau does not sign yet: the unit's signature falls away and terms can be corrected."""
    rules.check_can_send_back(by, agreement)
    rules.check_reason(reason, field="reason")
    workflow.move(
        agreement,
        AgreementState.DRAFT,
        by=by,
        at=at,
        note=reason,
        unit_signed_by=None,
        unit_signed_at=None,
    )
    notifications.sent_back(agreement, reason=reason, at=at)


@transaction.atomic
def bureau_sign(*, agreement: Agreement, by, at: datetime) -> None:
    """The bureau signs: the agreement is in force, the topic is won, the other bids for it have lost.

    Where the notice counts from here, dates and milestones move to this day.
    """
    rules.check_can_sign_for_bureau(by, agreement)
    signals.signing.send(sender=Agreement, agreement=agreement, by=by, at=at)
    settle_conditions(agreement=agreement, place=conditions.Place(), at=at)
    term = _term_from_signing(agreement, by=by, at=at)
    signed = {"bureau_signed_by": by, "bureau_signed_at": at}
    workflow.move(agreement, AgreementState.IN_FORCE, by=by, at=at, **signed, **term)
    _in_force(agreement, by=by, at=at)
    notifications.signed(agreement, by=by, at=at)


def _term_from_signing(agreement: Agreement, *, by, at) -> dict[str, date]:
    """Both days as counted from today where the notice says so; what is planned moves with them."""
    if agreement.award.application.call.signing_runs_from != RunsFrom.SIGNING:
        return {}
    before = agreement.starts_date
    term = periods.moved(before, agreement.ends_date, to=calendar.local_date(at))
    agreement.starts_date, agreement.ends_date = term["starts_date"], term["ends_date"]
    moved = agreement.starts_date - before
    signals.agreement_corrected.send(sender=Agreement, agreement=agreement, moved=moved, by=by, at=at)
    return term


def _in_force(agreement: Agreement, *, by, at) -> None:
    application = _locked(agreement.award.application)
    _outcome(application, S.AWARDED, by=by, at=at, note=agreement.award.number)
    notifications.in_force(agreement, by=by, at=at)
    signals.agreement_in_force.send(sender=Agreement, agreement=agreement, by=by, at=at)
    if application.topic_id:
        _settle_topic(application, by=by, at=at)


def _settle_topic(application: Application, *, by, at) -> None:
    """The topic is won once as many bids are awarded as it planned; whoever is left has lost."""
    topic = application.topic
    awarded = Application.objects.filter(topic=topic, state=S.AWARDED).count()
    if awarded < topic.planned_number or topic.state != TopicState.CLOSED:
        return
    grants.topic_awarded(topic=topic, by=by, at=at)
    with translation.override(settings.LANGUAGE_CODE):
        note = _("榜单任务已由其他揭榜方中榜")
    for bid in queries.losing_bids(application):
        _outcome(bid, S.REJECTED, by=by, at=at, note=note)


@transaction.atomic
def follow_moments(*, old: Call, call: Call, by, at: datetime) -> None:
    """The moment for all signatures that a new version names holds for what was handed in before, too."""
    before, after = (moment_of(version, StageKind.AGREEMENT) for version in (old, call))
    if before == after:
        return
    unsigned = Agreement.objects.filter(
        award__application__call__series=call.series,
        state__in=[AgreementState.DRAFT, AgreementState.UNIT_SIGNED],
    ).exclude(award__application__call=call)
    rows = unsigned.select_related(
        "award__application__call__programme__department", "award__application__organisation"
    )
    for agreement in rows.order_by("pk"):
        notifications.signing_moved(agreement, by=by, at=at)
