"""Applications for tests: a draft as it comes, filled so that it can be handed in, or moved to any state."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import OrganisationKind
from accounts.roles import UnitRole
from applications import actions
from applications.models import Application, ParticipantRole, TeamMember
from applications.states import ApplicationState
from seeds.codes import make_id_number
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.grants import CallFactory


class ApplicationFactory(DjangoModelFactory):
    """A draft of a unit's member, who is its team. Nothing is filled in."""

    class Meta:
        model = Application
        skip_postgeneration_save = True

    call = factory.SubFactory(CallFactory)
    organisation = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.UNIVERSITY)
    title = factory.Sequence(lambda n: f"低功耗水听器研制{n}")
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(timezone.now)
    saved_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def member(application, create, extracted, **kwargs):
        MembershipFactory(
            user=application.created_by, organisation=application.organisation, role=UnitRole.MEMBER
        )
        TeamMember.objects.create(application=application, user=application.created_by)


def fill(application, *, fiscal=Decimal(500_000), own=Decimal(500_000)) -> Application:
    """Everything that the small call of `CallFactory` asks for."""
    by, at, lead = application.created_by, timezone.now(), application.organisation
    today = timezone.localdate()
    actions.update_basics(
        application=application,
        title=application.title,
        summary="面向近海观测。",
        starts_date=today + timedelta(days=60),
        ends_date=today + timedelta(days=420),
        by=by,
        at=at,
    )
    actions.save_answers(
        application=application, answers={"route": "先仿真后试制。", "trl": "4"}, by=by, at=at
    )
    actions.set_participants(
        application=application,
        participants=[
            {
                "role": ParticipantRole.PI,
                "name": "周海声",
                "id_number": make_id_number(1),
                "title": "教授",
                "organisation_name": lead.name,
                "credit_code": "" if lead.is_abroad or lead.is_team else lead.credit_code,
                "country": lead.country,
                "months_per_year": Decimal(6),
                "task": "总体",
            }
        ],
        by=by,
        at=at,
    )
    actions.set_budget(
        application=application,
        amounts={("equipment", "fiscal"): fiscal, ("operations", "own"): own},
        by=by,
        at=at,
    )
    actions.set_milestones(
        application=application,
        milestones=[
            {
                "name": "样机",
                "due_date": today + timedelta(days=240),
                "deliverable": "样机一台",
                "share": Decimal(60),
                "indicators": [{"name": "灵敏度", "unit": "dB", "target": "≥ -170"}],
            },
            {
                "name": "验收",
                "due_date": today + timedelta(days=400),
                "deliverable": "验收报告",
                "share": Decimal(40),
            },
        ],
        by=by,
        at=at,
    )
    application.refresh_from_db()
    return application


def filled(**kwargs) -> Application:
    """A draft that can be handed in."""
    return fill(ApplicationFactory(**kwargs))


def submitted(**kwargs) -> Application:
    """Handed in, in the first stage of its call."""
    application = filled(**kwargs)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    return application


def in_state(state: str, **kwargs) -> Application:
    """Handed in and then put into `state` directly: for tests that begin there."""
    if state == ApplicationState.DRAFT:
        return filled(**kwargs)
    return put(submitted(**kwargs), state)


def put(application, state: str) -> Application:
    """Without passing the states before."""
    Application.objects.filter(pk=application.pk).update(state=state)
    application.state = state
    return application
