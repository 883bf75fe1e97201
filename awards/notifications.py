"""What notices, objections and agreements owe to whom, and what people are told."""

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.kinds import FactKind
from accounts.models import OrganisationFact, User
from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.notifications import team_and_admins
from awards import queries
from awards.models import Agreement, Objection, Publicity
from awards.periods import period
from awards.states import AgreementState
from core import calendar
from grants.models import Call, StageKind
from grants.queries import cause, moment_ahead
from notifications import actions as deadlines
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind
from notifications.wording import Said, by_clause, said


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
        explanation=period(publicity.call, publicity.starts_date),
        clock=publicity.call.publicity_day_kind,
        owed_by=[_managers(publicity.call)],
        at=at,
        **cause(publicity.call),
    )


def closed(publicity: Publicity, *, by, at) -> None:
    deadlines.meet_deadline(subject=publicity, kind=DeadlineKind.PUBLICITY_END, by=by, at=at)


def objected(objection: Objection, *, at) -> None:
    publicity = objection.publicity
    """The finding is owed; the notice itself stands still until there is one."""
    text = _("自 %(date)s 收到起 %(days)s 个工作日内处理")
    explanation = said(text, date=calendar.local_date(at), days=publicity.objection_days)
    deadlines.open_deadline(
        subject=objection,
        kind=DeadlineKind.OBJECTION,
        title=publicity.title,
        url=reverse("admin:awards_objection_change", args=[objection.pk]),
        due_at=calendar.due(at, publicity.objection_days),
        explanation=explanation,
        clock=calendar.DayKind.WORKING,
        owed_by=[_managers(publicity.call), Owes(role=Role.SUPERVISION)],
        at=at,
        **cause(publicity.call),
    )


def resolved(objection: Objection, *, by, at) -> None:
    deadlines.meet_deadline(subject=objection, kind=DeadlineKind.OBJECTION, by=by, at=at)


def stands_still(publicity: Publicity, *, by, at) -> None:
    """An objection is open: the end of the notice waits for the finding (`runs_on`)."""
    deadlines.suspend_deadline(subject=publicity, kind=DeadlineKind.PUBLICITY_END, by=by, at=at)


def runs_on(publicity: Publicity, *, by, at) -> None:
    deadlines.resume_deadline(subject=publicity, kind=DeadlineKind.PUBLICITY_END, by=by, at=at)


def in_force(agreement: Agreement, *, by, at) -> None:
    open_project_end(agreement, at=at)
    certificates_followed(agreement.award.application.organisation_id, by=by, at=at)


def certificates_followed(organisation_id: int, *, by, at) -> None:
    """Bring the clocks of a unit's certificates to what it holds and whether a project of it runs."""
    held = queries.certificates().filter(organisation_id=organisation_id)
    kind = DeadlineKind.CERTIFICATE
    about = ContentType.objects.get_for_model(OrganisationFact)
    clocks = Deadline.objects.open().filter(content_type=about, kind=kind)
    known = set(
        OrganisationFact.objects.filter(organisation_id=organisation_id, pk__in=clocks.values("object_id"))
    )
    holding = set(held)
    for fact in known - holding:
        # Renewed, or no project asks for it any more.
        deadlines.meet_deadline(subject=fact, kind=kind, by=by, at=at)
    for fact in holding - known:
        open_certificate(fact, at=at)


def open_certificate(fact: OrganisationFact, *, at) -> None:
    """A running project rests on the certificate: the unit renews it before it expires."""
    agreement = queries.running_agreement(fact.organisation_id)
    deadlines.open_deadline(
        subject=fact,
        kind=DeadlineKind.CERTIFICATE,
        title=said(
            _("%(kind)s %(number)s（%(unit)s）"),
            kind=FactKind(fact.kind).label,
            number=fact.text,
            unit=fact.organisation,
        ),
        url=reverse("accounts:unit", args=[fact.organisation_id]),
        due_at=calendar.end_of_day(fact.valid_to),
        explanation=said(
            _("有效期至 %(date)s，项目 %(number)s 正在执行"),
            date=fact.valid_to,
            number=agreement.award.number,
        ),
        owed_by=[Owes(organisation=fact.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
        **cause(agreement.award.application.call),
    )


def open_project_end(agreement: Agreement, *, at) -> None:
    """The project ends on the agreed day: what is still open then is owed."""
    application = agreement.award.application
    team = User.objects.filter(pk__in=application.team.values("user_id"))
    deadlines.open_deadline(
        subject=agreement,
        kind=DeadlineKind.PROJECT_END,
        title=f"{agreement.award.number} {application.title}",
        url=reverse("portal:project", args=[agreement.pk]),
        due_at=calendar.end_of_day(agreement.ends_date),
        explanation=_explain_end(agreement),
        owed_by=[*_by_unit(agreement), *(Owes(user=user) for user in team)],
        at=at,
        **cause(application.call),
    )


def _explain_end(agreement: Agreement) -> Said:
    if agreement.signed_ends_date is None:
        return said(_("任务书约定 %(date)s 结束"), date=agreement.ends_date)
    text = said(
        _("任务书约定 %(signed)s 结束，经批准延期至 %(date)s"),
        signed=agreement.signed_ends_date,
        date=agreement.ends_date,
    )
    return by_clause(text, agreement.award.application.call.extension_clause)


def end_moved(agreement: Agreement, *, at) -> None:
    deadlines.move_deadline(
        subject=agreement,
        kind=DeadlineKind.PROJECT_END,
        due_at=calendar.end_of_day(agreement.ends_date),
        explanation=_explain_end(agreement),
    )


def completed(agreement: Agreement, *, by, at) -> None:
    deadlines.meet_deadline(subject=agreement, kind=DeadlineKind.PROJECT_END, by=by, at=at)
    certificates_followed(agreement.award.application.organisation_id, by=by, at=at)


def replaced(agreement: Agreement, *, effect: str, reason: str, at) -> None:
    """Whose award gives way to one elsewhere hears so, and by which clause."""
    _tell_unit(agreement, "replaced", at=at, effect=effect, reason=reason)


def ended_early(agreement: Agreement, *, by, at) -> None:
    deadlines.cancel_deadline(subject=agreement, kind=DeadlineKind.PROJECT_END, by=by, at=at)
    certificates_followed(agreement.award.application.organisation_id, by=by, at=at)


# ---- agreements ----


def _by_unit(agreement: Agreement) -> list[Owes]:
    return [Owes(organisation=agreement.award.application.organisation, unit_role=UnitRole.ADMIN)]


def prepared(agreement: Agreement, *, at) -> None:
    open_signing(agreement, at=at)
    _tell_unit(agreement, "awarded", at=at)


def funded(agreement: Agreement, *, at) -> None:
    """Why it is funded, where the notice has that told."""
    _tell_unit(agreement, "reason", at=at, reason=agreement.award.reason)


def open_signing(agreement: Agreement, *, at) -> None:
    """The unit owes its signature within the days that the call names."""
    application = agreement.award.application
    call = application.call
    text = said(
        _("自 %(date)s 立项起 %(days)s 日内签订"), date=calendar.local_date(at), days=call.signing_days
    )
    due_at, clock = queries.signing_until(call, at), calendar.DayKind.CALENDAR
    if moment_ahead(call, StageKind.AGREEMENT, at=at):
        text, clock = said(_("通知规定的任务书签订截止时间")), ""
    deadlines.open_deadline(
        subject=agreement,
        kind=DeadlineKind.AGREEMENT_SIGNING,
        title=f"{agreement.award.number} {application.title}",
        url=agreement_url(agreement),
        due_at=due_at,
        explanation=by_clause(text, call.signing_clause),
        clock=clock,
        owed_by=_by_unit(agreement),
        at=at,
        **cause(call),
    )


def signing_moved(agreement: Agreement, *, by, at) -> None:
    """The notice names another moment for all signatures. What it has let pass already moves nothing, and
    days that run longer are not cut short."""
    moment = moment_ahead(agreement.award.application.call, StageKind.AGREEMENT, at=at)
    about = {"content_type": ContentType.objects.get_for_model(Agreement), "object_id": agreement.pk}
    clock = Deadline.objects.open().filter(kind=DeadlineKind.AGREEMENT_SIGNING, **about).first()
    if moment is None or clock is None or (clock.clock and moment <= clock.due_at):
        return
    deadlines.cancel_deadline(subject=agreement, kind=DeadlineKind.AGREEMENT_SIGNING, by=by, at=at)
    owe_signing(agreement)


def owe_signing(agreement: Agreement) -> None:
    """Whoever has not signed yet owes the signature, by the moment or the days from the award."""
    open_signing(agreement, at=agreement.award.awarded_at)
    if agreement.state == AgreementState.UNIT_SIGNED:
        signed_by_unit(agreement)


def signed_by_unit(agreement: Agreement) -> None:
    """Within the same days the bureau owes the other signature."""
    deadlines.hand_over(
        subject=agreement,
        kind=DeadlineKind.AGREEMENT_SIGNING,
        owed_by=[_managers(agreement.award.application.call)],
    )


def signed(agreement: Agreement, *, by, at) -> None:
    deadlines.meet_deadline(subject=agreement, kind=DeadlineKind.AGREEMENT_SIGNING, by=by, at=at)
    _tell_unit(agreement, "in_force", at=at)


def sent_back(agreement: Agreement, *, reason: str, at) -> None:
    deadlines.hand_over(subject=agreement, kind=DeadlineKind.AGREEMENT_SIGNING, owed_by=_by_unit(agreement))
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
