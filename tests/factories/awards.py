"""Applications that stand for decision, are proposed, are awarded: made by the actions themselves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications.states import ApplicationState
from awards import actions
from awards.models import Agreement, Decision, Outcome
from finance.models import Appropriation
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.reviews import ApplicationFactory, manager_of, panel_call

NOW = datetime(2026, 5, 11, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
OBJECTOR = {"name": "李建国", "phone": "13812345678", "text": "该项目与已立项项目内容重复，附证据目录。"}


def leader():
    return officer(Role.LEADER)


def budget(call, amount=Decimal(100_000_000)) -> Appropriation:
    """Money for the call's programme and year, so that decisions can commit it."""
    found, _created = Appropriation.objects.get_or_create(
        programme=call.programme, year=call.year, defaults={"amount": amount}
    )
    return found


def to_decide(**kwargs):
    """An application in the state 待决定, with a budget behind it."""
    application = ApplicationFactory(reached=ApplicationState.DECISION, **kwargs)
    budget(application.call)
    return application


def decide(application, *, amount=Decimal(500_000), outcome=Outcome.FUND, by=None, at=None) -> Decision:
    return actions.decide(
        application=application,
        outcome=outcome,
        amount=amount,
        reason="符合支持方向",
        meeting="局长办公会第 5 次",
        by=by or manager_of(application.call),
        at=at or timezone.now(),
    )


def publicised(count=1, *, call=None, at=None):
    """A notice of `count` proposed awards of one call."""
    call = call or panel_call()
    chosen = [to_decide(call=call) for _number in range(count)]
    for application in chosen:
        decide(application, at=at)
    return actions.publicise(call=call, applications=chosen, by=manager_of(call), at=at or timezone.now())


def agreement_of(application) -> Agreement:
    return Agreement.objects.select_related("award__application__call__programme").get(
        award__application=application
    )


def unit_admin_of(application):
    return member_of(application.organisation, role=UnitRole.ADMIN)


def beside(application, *names: str) -> dict:
    """People around an application by what they are, each in an office or a unit of their own."""
    unit = application.organisation
    makers = {
        "admin": lambda: unit_admin_of(application),
        "member": lambda: member_of(unit),
        "unit_finance": lambda: member_of(unit, role=UnitRole.FINANCE),
        "other_admin": lambda: member_of(OrganisationFactory(), role=UnitRole.ADMIN),
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "leader": leader,
        "finance": lambda: officer(Role.FINANCE),
        "supervision": lambda: officer(Role.SUPERVISION),
        "auditor": lambda: officer(Role.AUDITOR),
        "expert": lambda: officer(Role.EXPERT),
        "stranger": UserFactory,
    }
    return {name: makers[name]() for name in names}
