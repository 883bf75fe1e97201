"""Which applications, outlines and invitations owe what: the second opinion on their deadlines."""

from functools import partial

from django.db.models import BigIntegerField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Least

from applications import (
    appeal_clocks,
    joint_clocks,
    nominator_clocks,
    notifications,
    paper_clocks,
    partner_clocks,
    queries,
    sanction_clocks,
    scan_clocks,
    slide_clocks,
    table_clocks,
    team_clocks,
)
from applications.models import (
    Appeal,
    Application,
    CheckDecision,
    CheckOutcome,
    JointOpinion,
    Nominator,
    Partner,
    Sanction,
    StampedTable,
    TableOf,
)
from applications.notifications import STAGE_DEADLINES
from applications.states import AppealState, ApplicationState, SanctionState
from core import calendar
from grants.models import Intake, Invitation, Stage
from grants.queries import closing
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register

S = ApplicationState


def _read(rows):
    return rows.select_related("call__programme__department", "organisation", "topic")


def _closing(of: str = "") -> Coalesce:
    """When applying ends for good: the last batch for the type, where the call has batches."""
    mine = OuterRef(f"{of}project_type_id")
    rows = Intake.objects.filter(call=OuterRef(f"{of}call_id"), call__has_intakes=True)
    rows = rows.alias(mine=ExpressionWrapper(mine, BigIntegerField()))
    rows = rows.filter(Q(project_type=None) | Q(mine=None) | Q(project_type=mine))
    return Coalesce(Subquery(rows.order_by("-closes_at").values("closes_at")[:1]), f"{of}call__closes_at")


def _due(application: Application):
    """The closing of its call or topic; the clock of a call with batches goes on from one to the next."""
    return None if application.call.has_intakes else closing(application.call, application.topic)


def _drafts(at):
    """Drafts that can still be handed in; a lapsed one owes nothing any more."""
    ends = Least(_closing(), "topic__bids_close_at")
    return _read(Application.objects.filter(state=S.DRAFT)).annotate(ends=ends).filter(ends__gte=at)


def _parts(at):
    """Partner units that have not confirmed their part as it stands, of a draft that can still be sent."""
    ends = Least(_closing("application__"), "application__topic__bids_close_at")
    rows = Partner.objects.filter(
        Q(confirmed="") | Q(changed_at__isnull=False),
        application__state=S.DRAFT,
        application__call__requires_partner_confirmation=True,
    )
    related = ("organisation", "application__call__programme__department", "application__topic")
    return rows.select_related(*related).annotate(ends=ends).filter(ends__gt=at)


def _in_stage(states, at):
    staged = Stage.objects.filter(call=OuterRef("call_id"), kind=OuterRef("state"))
    return _read(Application.objects.filter(Exists(staged), state__in=states))


def _open_stage(application, at):
    stage = next(row for row in application.call.stages.all() if row.kind == application.state)
    notifications.open_stage(application, stage, at=entered_at(application, application.state, at))


def _open_slides(application, at):
    stage = next(row for row in application.call.stages.all() if row.kind == application.state)
    slide_clocks.opened(application, stage, at=entered_at(application, application.state, at))


def _examined(at):
    """In the formal check, or sent back from it: then the clock stands still."""
    sent_back = Q(state=S.RETURNED) & Exists(notifications.standing_still())
    staged = Stage.objects.filter(call=OuterRef("call_id"), kind=S.FORMAL_CHECK)
    return _read(Application.objects.filter(Exists(staged) & Q(state=S.FORMAL_CHECK) | sent_back))


def _open_supplement(application, at):
    from applications.actions.desks import RETURN_DAYS  # noqa: PLC0415 (actions are above)

    last = queries.last_return(application)
    due_at = calendar.due(last.at if last else at, RETURN_DAYS)
    reason = last.note if last else ""
    notifications.open_supplement(application, due_at=due_at, reason=reason, at=at)


def _chosen(at):
    """Chosen projects that may go on to a call, while neither the right nor the call has ended."""
    rows = _read(queries.chosen_ahead())
    rights = (queries.right_ahead(outline) for outline in rows)
    return rows.filter(pk__in=[right.outline.pk for right in rights if right and right.until > at])


def _may_appeal(at):
    """Rejected at the formal check, received, not appealed against, and the days are not over."""
    last = CheckDecision.objects.filter(application=OuterRef("pk")).order_by("-id")
    rows = _read(Application.objects.filter(state=S.REJECTED, call__appeal_days__isnull=False))
    rows = rows.annotate(last=Subquery(last.values("outcome")[:1]), last_pk=Subquery(last.values("pk")[:1]))
    rows = rows.filter(last=CheckOutcome.REJECTED).exclude(last_pk__in=Appeal.objects.values("decision"))
    decisions = [queries.rejection(row) for row in rows]
    live = [
        decision.application_id
        for decision in decisions
        if queries.received_at(decision) and queries.appeal_until(decision) >= at
    ]
    return _read(Application.objects.filter(pk__in=live))


def _open_appeal(application, at):
    decision = queries.rejection(application)
    appeal_clocks.opened(decision, at=queries.received_at(decision))


def _table(of: str, **more) -> Obligation:
    """The stamped tables of units, or of recommenders."""
    return Obligation(
        kind=queries.KINDS[of],
        model=StampedTable,
        owing=lambda at: queries.tables_owing(of).select_related(
            "call__programme__department", "organisation"
        ),
        open=lambda table, at: table_clocks.opened(table, at=at),
        **more,
    )


def register_all() -> None:
    by_kind: dict[str, list[str]] = {}
    for state, kind in STAGE_DEADLINES.items():
        by_kind.setdefault(kind, []).append(state)
    for kind, states in by_kind.items():
        owing = _examined if kind == DeadlineKind.FORMAL_CHECK else partial(_in_stage, states)
        register(
            Obligation(
                kind=kind,
                model=Application,
                owing=owing,
                open=_open_stage,
                dates=(
                    "grants.Call.unit_closes_at",
                    "grants.Call.recommender_closes_at",
                    "grants.Intake.unit_closes_at",
                    "grants.Intake.recommender_closes_at",
                    "grants.Stage.until",
                ),
            ),
        )
    register(
        Obligation(
            kind=DeadlineKind.SANCTION_DECISION,
            model=Sanction,
            owing=lambda at: Sanction.objects.filter(state=SanctionState.PROPOSED).select_related(
                "term", "application__call__programme__department"
            ),
            open=lambda sanction, at: sanction_clocks.open_decision(sanction, at=sanction.proposed_at),
            dates=("applications.Sanction.proposed_at",),
        ),
        Obligation(
            kind=DeadlineKind.CALL_CLOSES,
            model=Application,
            owing=_drafts,
            open=lambda application, at: notifications.open_draft(application, at=at),
            due=_due,
            dates=("grants.Call.closes_at", "grants.Topic.bids_close_at", "grants.Intake.closes_at"),
        ),
        Obligation(
            kind=DeadlineKind.PARTNER_PART,
            model=Partner,
            owing=_parts,
            open=lambda partner, at: partner_clocks.opened(partner, at=at),
            due=lambda partner: _due(partner.application),
            dates=("applications.Partner.invited_at", "applications.Partner.changed_at"),
        ),
        Obligation(
            kind=DeadlineKind.SUPPLEMENT,
            model=Application,
            owing=lambda at: _read(Application.objects.filter(state=S.RETURNED)),
            open=_open_supplement,
        ),
        Obligation(
            kind=DeadlineKind.STAMPED_SCAN,
            model=Application,
            owing=lambda at: _read(queries.scans_owing()),
            open=lambda application, at: scan_clocks.opened(application, at=at),
        ),
        Obligation(
            kind=DeadlineKind.PAPER_COPIES,
            model=Application,
            owing=lambda at: _read(queries.papers_owing()),
            open=lambda application, at: paper_clocks.opened(application, at=at),
            dates=("grants.Call.paper_until",),
        ),
        Obligation(
            kind=DeadlineKind.NOMINATORS,
            model=Application,
            owing=lambda at: _read(queries.nominators_owing()),
            open=lambda application, at: nominator_clocks.opened(application, at=at),
            due=lambda application: queries.nominate_until(application),
        ),
        Obligation(
            kind=DeadlineKind.NOMINATION,
            model=Nominator,
            owing=lambda at: queries.signatures_owing().select_related(
                "user", "application__call__programme__department"
            ),
            open=lambda nominator, at: nominator_clocks.asked(nominator, at=at),
            due=lambda nominator: queries.nominate_until(nominator.application),
            dates=("applications.Nominator.invited_at",),
        ),
        Obligation(
            kind=DeadlineKind.JOINT_RECOMMENDATION,
            model=JointOpinion,
            owing=lambda at: JointOpinion.objects.waiting().select_related(
                "organisation", "application__call__programme__department", "application__organisation"
            ),
            open=lambda joint, at: joint_clocks.opened(joint, at=joint.asked_at),
            dates=("applications.JointOpinion.asked_at",),
        ),
        _table(TableOf.UNIT),
        _table(TableOf.RECOMMENDER, dates=("grants.Call.recommender_table_until",)),
        Obligation(
            kind=DeadlineKind.SLIDES,
            model=Application,
            owing=lambda at: _read(queries.slides_owing()),
            open=_open_slides,
            dates=("grants.Stage.slides_until",),
        ),
        Obligation(kind=DeadlineKind.APPEAL, model=Application, owing=_may_appeal, open=_open_appeal),
        Obligation(
            kind=DeadlineKind.APPEAL_DECISION,
            model=Appeal,
            owing=lambda at: Appeal.objects.filter(state=AppealState.FILED).select_related(
                "application__call__programme__department"
            ),
            open=lambda appeal, at: appeal_clocks.open_decision(appeal, at=appeal.filed_at),
        ),
        Obligation(
            kind=DeadlineKind.TEAM_REGISTRATION,
            model=Application,
            owing=lambda at: _read(team_clocks.owing()),
            open=lambda application, at: team_clocks.opened(
                application, at=entered_at(application, application.state, at)
            ),
        ),
        Obligation(
            kind=DeadlineKind.SECOND_STEP,
            model=Application,
            owing=_chosen,
            open=lambda outline, at: notifications.open_second_step(outline, at=at),
        ),
        Obligation(
            kind=DeadlineKind.INVITATION,
            model=Invitation,
            owing=queries.invitations_owing,
            open=lambda invitation, at: notifications.open_invitation(invitation, at=at),
            due=lambda invitation: invitation.call.closes_at,
            dates=("grants.Call.closes_at",),
        ),
    )
