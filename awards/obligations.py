"""Which notices, objections, agreements and certificates are owed: the second opinion on their deadlines."""

from django.db.models import Exists, OuterRef

from accounts.models import OrganisationFact
from awards import notifications, queries
from awards.models import Agreement, Objection, Publicity
from awards.states import AgreementState, ObjectionState, PublicityState
from core import calendar
from grants.models import Stage, StageKind
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, register


def _publicities(at):
    rows = Publicity.objects.filter(state__in=[PublicityState.RUNNING, PublicityState.SUSPENDED])
    return rows.select_related("call__programme__department")


def _open_publicity(publicity, at):
    notifications.publicised(publicity, at=at)
    if publicity.state == PublicityState.SUSPENDED:
        notifications.stands_still(publicity, by=None, at=at)


def _objections(at):
    rows = Objection.objects.filter(state=ObjectionState.FILED)
    return rows.select_related("publicity__call__programme__department")


def _agreements(*states):
    rows = Agreement.objects.filter(state__in=states)
    return rows.select_related("award__application__call__programme__department")


def _unsigned(at):
    signing = Stage.objects.filter(call=OuterRef("award__application__call_id"), kind=StageKind.AGREEMENT)
    return _agreements(AgreementState.DRAFT, AgreementState.UNIT_SIGNED).filter(Exists(signing))


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.PUBLICITY_END,
            model=Publicity,
            owing=_publicities,
            open=_open_publicity,
            dates=("awards.Publicity.ends_date",),
            is_printed=True,
        ),
        Obligation(
            kind=DeadlineKind.OBJECTION,
            model=Objection,
            owing=_objections,
            open=lambda objection, at: notifications.objected(objection, at=objection.filed_at),
            dates=("awards.Objection.filed_at",),
        ),
        Obligation(
            kind=DeadlineKind.AGREEMENT_SIGNING,
            model=Agreement,
            owing=_unsigned,
            open=lambda agreement, at: notifications.owe_signing(agreement),
            dates=("awards.Award.awarded_at",),
        ),
        Obligation(
            kind=DeadlineKind.PROJECT_END,
            model=Agreement,
            owing=lambda at: _agreements(AgreementState.IN_FORCE),
            open=lambda agreement, at: notifications.open_project_end(agreement, at=at),
            due=lambda agreement: calendar.end_of_day(agreement.ends_date),
            dates=("awards.Agreement.ends_date",),
        ),
        Obligation(
            kind=DeadlineKind.CERTIFICATE,
            model=OrganisationFact,
            owing=lambda at: queries.certificates(),
            open=lambda fact, at: notifications.open_certificate(fact, at=at),
            due=lambda fact: calendar.end_of_day(fact.valid_to),
            dates=("accounts.OrganisationFact.valid_to",),
        ),
    )
