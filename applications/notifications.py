"""What this app tells people, and the clocks of its stages."""

from datetime import datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import OuterRef, Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop as _

from accounts.models import Organisation, RoleAssignment, User
from accounts.roles import Role, UnitRole
from applications import partner_clocks, queries
from applications.models import Application, Nominator, Partner
from applications.states import OFFICE, ApplicationState
from core import calendar
from grants.models import Call, DayKind, Invitation, Stage, StageKind
from grants.queries import cause, closing, in_force, intake_ahead, intakes_of, moments_of, until_of
from notifications import actions, receipts
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind, NoticeKind
from notifications.wording import Said, by_clause, said

S = ApplicationState

STAGE_DEADLINES = {
    S.UNIT_REVIEW: DeadlineKind.UNIT_REVIEW,
    S.RECOMMENDATION: DeadlineKind.RECOMMENDATION,
    S.FORMAL_CHECK: DeadlineKind.FORMAL_CHECK,
    S.EXPERT_REVIEW: DeadlineKind.EXPERT_REVIEW,
    S.DEMANDER_CHOICE: DeadlineKind.DEMANDER_CHOICE,
    S.DECISION: DeadlineKind.DECISION,
    **dict.fromkeys(OFFICE, DeadlineKind.OFFICE_STEP),
}
"""Publicity and agreement have subjects and deadlines of their own further down (awards)."""

DRAFT_DEADLINES = (DeadlineKind.CALL_CLOSES, DeadlineKind.SUPPLEMENT)


# ---- addresses ----


def page_of(application: Application) -> str:
    return reverse("applications:detail", args=[application.pk])


def desk_of(application: Application, state: str) -> str:
    """Where the person who must act in `state` acts."""
    if state == S.UNIT_REVIEW:
        return reverse("applications:unit_review", args=[application.pk])
    if state == S.RECOMMENDATION:
        return reverse("applications:recommendation", args=[application.pk])
    if state == S.DEMANDER_CHOICE:
        try:
            return reverse("reviews:choice", args=[application.topic_id])
        except NoReverseMatch:
            return page_of(application)
    # Panels and decisions have desks of their own further down; they know an application by its key.
    desk = {S.EXPERT_REVIEW: "reviews_panel", S.DECISION: "awards_proposal"}.get(state)
    return reverse(f"admin:{desk or 'applications_application'}_change", args=[application.pk])


# ---- clocks ----


def by_team(application):
    users = User.objects.filter(pk__in=application.team.values("user_id"))
    return [Owes(user=user) for user in users]


def by_unit_admins(application):
    return [Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)]


def by_managers(application):
    return [Owes(role=Role.PROGRAMME_MANAGER, organisation=application.call.programme.department)]


def recommenders_of(application: Application) -> list[RoleAssignment]:
    """Offices of its recommender; without one, those whose region holds the applicant's unit."""
    offices = RoleAssignment.objects.filter(role=Role.RECOMMENDER, is_active=True)
    offices = offices.select_related("organisation", "user")
    if application.recommender_id:
        return list(offices.filter(organisation_id=application.recommender_id))
    region = application.organisation.region
    return [office for office in offices.exclude(region="") if region.startswith(office.region)]


def by_recommenders(application):
    offices = recommenders_of(application)
    owes = {office.organisation_id: office for office in offices if office.organisation_id}
    is_named = application.recommender_id is not None
    found = [
        Owes(role=Role.RECOMMENDER, organisation=office.organisation, is_named=is_named)
        for office in owes.values()
    ]
    found += [Owes(user=office.user) for office in offices if not office.organisation_id]
    # Without an office for the region the department must notice, or nobody would.
    return found or by_managers(application)


def _by_demander(application):
    owner = application.topic.owner if application.topic_id else None
    return [Owes(organisation=owner)] if owner else by_managers(application)


OWED_BY = {
    S.UNIT_REVIEW: by_unit_admins,
    S.RECOMMENDATION: by_recommenders,
    S.FORMAL_CHECK: by_managers,
    S.EXPERT_REVIEW: by_managers,
    S.DEMANDER_CHOICE: _by_demander,
    S.DECISION: by_managers,
    **dict.fromkeys(OFFICE, by_managers),
}


def open_draft(application: Application, *, at) -> None:
    """The clock of a draft: the closing of the call or the topic. Rolling calls have none."""
    due = closing(application.call, application.topic, project_type=application.project_type, at=at)
    if due is None:
        return
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.CALL_CLOSES,
        title=said(_("提交申报书：%(call)s"), call=application.call.title),
        url=page_of(application),
        due_at=due,
        explanation=_why_closes(application, at=at),
        owed_by=[*by_team(application), *by_unit_admins(application)],
        at=at,
        **cause(application.call),
    )
    for partner in application.partners.filter(confirmed=""):
        partner.application = application
        partner_clocks.opened(partner, at=at)


def _why_closes(application: Application, *, at) -> Said:
    """Who set the closing, and what becomes of a draft that misses it."""
    call, kind = application.call, application.project_type
    source = application.topic.number if application.topic_id else call.number
    words = {"source": source or call.title}
    batch = intake_ahead(call, kind, at=at)
    if batch is None:
        return said(_("截止时间由%(source)s规定，逾期不予受理"), **words)
    if batch.closes_at == max(row.closes_at for row in intakes_of(call, kind)):
        return said(_("“%(batch)s”的截止时间由%(source)s规定，逾期不予受理"), batch=batch.name, **words)
    return said(_("“%(batch)s”的截止时间由%(source)s规定，没有赶上的留到下一批"), batch=batch.name, **words)


def draft_done(application: Application, *, by, at) -> None:
    partner_clocks.all_dropped(application, by=by, at=at)
    for kind in DRAFT_DEADLINES:
        actions.meet_deadline(subject=application, kind=kind, by=by, at=at)


def draft_lapsed(application: Application, *, at) -> None:
    partner_clocks.all_dropped(application, by=None, at=at)
    actions.cancel_deadline(subject=application, kind=DeadlineKind.CALL_CLOSES, by=None, at=at)


def draft_reopened(application: Application, *, at) -> None:
    """The clock of a draft starts again, for the new closing moment."""
    draft_lapsed(application, at=at)
    open_draft(application, at=at)


def draft_follows(application: Application, *, at) -> None:
    """The notice has a new version: the clock of the draft is that of the new one."""
    draft_reopened(application, at=at)


def open_supplement(application: Application, *, due_at, reason: str, at) -> None:
    """The clock of a returned application (补正)."""
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.SUPPLEMENT,
        title=said(_("修改后重新提交：%(title)s"), title=application),
        url=page_of(application),
        due_at=due_at,
        explanation=said(_("退回修改的期限；理由：%(reason)s"), reason=reason),
        owed_by=[*by_team(application), *by_unit_admins(application)],
        at=at,
        **cause(application.call),
    )


class StageDue(NamedTuple):
    at: datetime
    clock: str
    explanation: Said


def stage_due(application: Application, stage: Stage, *, at) -> StageDue:
    """Until when a stage entered at `at` lasts, explained with its clause."""
    closes_at = _closing_of(application, stage, at=at)
    if closes_at:
        text = _("通知规定的%(stage)s截止时间 %(clause)s")
        return StageDue(closes_at, "", said(text, stage=StageKind(stage.kind).label, clause=stage.clause))
    due_at = calendar.due(at, stage.days, kind=stage.day_kind)
    explanation = said(
        _("自 %(date)s 起 %(days)s 个%(kind)s %(clause)s"),
        date=calendar.local_date(at),
        days=stage.days,
        kind=DayKind(stage.day_kind).label,
        clause=stage.clause,
    )
    return StageDue(due_at, stage.day_kind, explanation)


def open_stage(application: Application, stage: Stage, *, at) -> None:
    """The clock of a stage."""
    kind = STAGE_DEADLINES.get(stage.kind)
    if kind is None:
        return
    due = stage_due(application, stage, at=at)
    actions.open_deadline(
        subject=application,
        kind=kind,
        title=said(_("%(stage)s：%(title)s"), stage=StageKind(stage.kind).label, title=application.title),
        url=desk_of(application, stage.kind),
        due_at=due.at,
        explanation=due.explanation,
        clock=due.clock,
        owed_by=OWED_BY[stage.kind](application),
        at=at,
        **cause(application.call),
    )


def _closing_of(application: Application, stage: Stage, *, at):
    """The moment at which the notice closes a stage for everybody; returned applications have their clock.

    What comes into a step of the bureau behind its moment has the days of the step.
    """
    if application.version > 1 and stage.kind in (S.UNIT_REVIEW, S.RECOMMENDATION):
        return None
    if stage.kind in (S.UNIT_REVIEW, S.RECOMMENDATION):
        now = moments_of(application.call, application.intake)
        moments = {S.UNIT_REVIEW: now.unit_closes_at, S.RECOMMENDATION: now.recommender_closes_at}
        return moments[stage.kind]
    until = until_of(in_force(application.call), stage)
    return until if until and until > at else None


def stage_done(application: Application, state: str, *, by, at) -> None:
    if state in STAGE_DEADLINES:
        actions.meet_deadline(subject=application, kind=STAGE_DEADLINES[state], by=by, at=at)


def stage_dropped(application: Application, state: str, *, by, at) -> None:
    """The team took it back: nothing is owed in the stage that it left."""
    if state in STAGE_DEADLINES:
        actions.cancel_deadline(subject=application, kind=STAGE_DEADLINES[state], by=by, at=at)


def stage_stands_still(application: Application, state: str, *, reason: str, by, at) -> None:
    """The days that the team takes to mend its application are not days of the office."""
    kind = STAGE_DEADLINES[state]
    actions.suspend_deadline(subject=application, kind=kind, by=by, at=at, reason=reason)


def standing_still():
    """The suspended clocks of the formal check, for the application of the outer query."""
    about = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.open().filter(suspended_at__isnull=False, kind=DeadlineKind.FORMAL_CHECK)
    return rows.filter(content_type=about, object_id=OuterRef("pk"))


def stage_goes_on(application: Application, state: str, *, by, at) -> bool:
    """Back in a stage whose clock stands still: it goes on. False when there is none."""
    kind = STAGE_DEADLINES.get(state)
    return bool(kind) and actions.resume_deadline(subject=application, kind=kind, by=by, at=at) > 0


def open_second_step(outline: Application, *, at) -> None:
    """Whose project was chosen knows from now until when it may go on to the next call."""
    if Deadline.objects.open().filter(_second_step_of(outline)).exists():
        return
    right = queries.right_ahead(outline)
    if right is None or right.until <= at:
        return
    call, entry = right.entry.call, right.entry
    why = said(_("凭入选资格申报到通知截止为止"))
    if entry.days is not None:
        why = said(_("入选后 %(days)s 日内申报，逾期资格失效"), days=entry.days)
    actions.open_deadline(
        subject=outline,
        kind=DeadlineKind.SECOND_STEP,
        title=said(_("凭入选资格申报：%(call)s"), call=call.title),
        url=f"{reverse('applications:start', args=[call.pk])}?outline={outline.pk}",
        due_at=right.until,
        explanation=by_clause(why, entry.clause or call.number),
        owed_by=[*by_team(outline), *by_unit_admins(outline)],
        at=at,
        **cause(call),
    )


def _second_step_of(outline: Application) -> Q:
    about = ContentType.objects.get_for_model(Application)
    return Q(content_type=about, object_id=outline.pk, kind=DeadlineKind.SECOND_STEP)


def second_step_taken(outline: Application, *, by, at) -> None:
    actions.meet_deadline(subject=outline, kind=DeadlineKind.SECOND_STEP, by=by, at=at)


def invite(call: Call, *, at) -> None:
    """The units on the list of an invitation-only call know until when they may apply."""
    for invitation in queries.invitations_owing(at).filter(call=call):
        open_invitation(invitation, at=at)


def open_invitation(invitation: Invitation, *, at) -> None:
    call = invitation.call
    unit = Organisation.objects.get(credit_code=invitation.credit_code)
    actions.open_deadline(
        subject=invitation,
        kind=DeadlineKind.INVITATION,
        title=said(_("受邀申报：%(call)s"), call=call.title),
        url=reverse("portal:call", args=[call.pk]),
        due_at=call.closes_at,
        explanation=said(_("截止时间由%(source)s规定，逾期不予受理"), source=call.number or call.title),
        owed_by=[Owes(organisation=unit, unit_role=UnitRole.ADMIN)],
        at=at,
        **cause(call),
    )


def invitations_replaced(call: Call, *, by, at) -> None:
    """A new version of the notice has a list of its own."""
    for invitation in call.invitations.all():
        actions.cancel_deadline(subject=invitation, kind=DeadlineKind.INVITATION, by=by, at=at)


def invitation_taken(application: Application, *, by, at) -> None:
    rows = Invitation.objects.filter(
        call__series=application.call.series, credit_code=application.organisation.credit_code
    )
    for invitation in rows:
        actions.meet_deadline(subject=invitation, kind=DeadlineKind.INVITATION, by=by, at=at)


def all_cancelled(application: Application, *, by, at) -> None:
    partner_clocks.all_dropped(application, by=by, at=at)
    kinds = (*STAGE_DEADLINES.values(), *DRAFT_DEADLINES, DeadlineKind.SECOND_STEP, DeadlineKind.APPEAL)
    kinds = (*kinds, DeadlineKind.STAMPED_SCAN, DeadlineKind.PAPER_COPIES, DeadlineKind.SLIDES)
    for kind in dict.fromkeys(kinds):
        actions.cancel_deadline(subject=application, kind=kind, by=by, at=at)


# ---- messages ----


def team_and_admins(application: Application) -> list[User]:
    team = User.objects.filter(pk__in=application.team.values("user_id"))
    admins = User.objects.filter(
        memberships__organisation_id=application.organisation_id,
        memberships__role=UnitRole.ADMIN,
        memberships__is_active=True,
    )
    return list(team.union(admins))


def _for_team(application: Application, name: str, words: dict) -> dict:
    return {
        "recipients": team_and_admins(application),
        "template": f"applications/{name}",
        "context": {
            "title": str(application),
            "number": application.number,
            "call": application.call.title,
            **words,
        },
        "url": page_of(application),
    }


def tell_team(application: Application, name: str, *, at, **words) -> None:
    """Tell the team and the unit's administrators; `name` is a text of templates/applications/email."""
    actions.tell(**_for_team(application, name, words), at=at)


def serve_team(application: Application, kind: str, name: str, *, at, **words) -> None:
    """The same for a decision of `NoticeKind` that they acknowledge: what runs from it waits for that."""
    receipts.serve(
        subject=application,
        kind=kind,
        title=said(_("%(kind)s：%(title)s"), kind=NoticeKind(kind).label, title=application.title),
        **_for_team(application, name, words),
        **cause(application.call),
        at=at,
    )


def acted_on(application: Application, kind: str, *, by, at) -> None:
    """What a notice asked for was done: it has been received."""
    receipts.settle(subject=application, kind=kind, by=by, at=at)


def tell_partner(partner: Partner, *, at) -> None:
    """Tell everybody of a partner unit that its part of a draft waits for them."""
    people = User.objects.filter(
        memberships__organisation_id=partner.organisation_id, memberships__is_active=True
    ).distinct()
    application = partner.application
    actions.tell(
        recipients=people,
        template="applications/partner",
        context={
            "title": str(application),
            "call": application.call.title,
            "lead": application.organisation.name,
            "unit": partner.organisation.name,
        },
        url=reverse("applications:partner", args=[application.pk]),
        at=at,
    )


def tell_named(application: Application, people: list[User], *, but, at) -> None:
    """Tell participants that the notice wants their own consent. Whoever names themselves knows."""
    actions.tell(
        recipients=[user for user in people if user != but],
        template="applications/consent_asked",
        context={
            "title": str(application),
            "call": application.call.title,
            "lead": application.organisation.name,
        },
        url=reverse("applications:consents"),
        at=at,
    )


def tell_nominators(application: Application, nominators: list[Nominator], *, at) -> None:
    """Tell people that they were asked to nominate, each with a link to their own page."""
    until = queries.nominate_until(application)
    for nominator in nominators:
        actions.tell(
            recipients=[nominator.user],
            template="applications/nominator_asked",
            context={
                "title": str(application),
                "call": application.call.title,
                "lead": application.organisation.name,
                "handed_in": application.state not in queries.NOT_AWAITED_IN,
                "until": queries.local_moment(until) if until else "",
            },
            url=reverse("applications:nominate", args=[nominator.pk]),
            at=at,
        )


def tell_next(application: Application, *, at) -> None:
    """Tell those who must act now: unit administrators or recommenders. Managers read their list."""
    if application.state == S.UNIT_REVIEW:
        people = User.objects.filter(
            memberships__organisation_id=application.organisation_id,
            memberships__role=UnitRole.ADMIN,
            memberships__is_active=True,
        )
    elif application.state == S.RECOMMENDATION:
        people = list({office.user for office in recommenders_of(application)})
    else:
        return
    actions.tell(
        recipients=people,
        template="applications/to_review",
        context={
            "title": str(application),
            "number": application.number,
            "unit": application.organisation.name,
            "call": application.call.title,
            "stage": str(S(application.state).label),
        },
        url=desk_of(application, application.state),
        at=at,
    )
