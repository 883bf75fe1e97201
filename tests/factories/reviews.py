"""Calls with a panel, experts, applications under review."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import OrganisationKind
from accounts.roles import Role
from applications.models import (
    Application,
    Participant,
    ParticipantRole,
    ProposedMilestone,
    Submission,
    TeamMember,
)
from applications.queries import sha256_of, snapshot
from applications.states import ApplicationState
from duties.models import DutyTerm
from grants.models import Call, EligibilityRule, Instrument, Programme, Sourcing, Stage, StageKind, Topic
from grants.states import CallState, TopicState
from reviews import actions
from reviews.models import Assignment, Criterion, Expert, ReviewScheme
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.grants import in_order

ALL_STAGES = (
    StageKind.FORMAL_CHECK,
    StageKind.EXPERT_REVIEW,
    StageKind.DECISION,
    StageKind.PUBLICITY,
    StageKind.AGREEMENT,
)
BID_STAGES = (
    StageKind.FORMAL_CHECK,
    StageKind.EXPERT_REVIEW,
    StageKind.DEMANDER_CHOICE,
    StageKind.DECISION,
    StageKind.PUBLICITY,
    StageKind.AGREEMENT,
)
WEIGHTS = (40, 35, 25)


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    slug = factory.Sequence(lambda n: f"panel-programme-{n}")
    name = factory.Sequence(lambda n: f"科技计划{n}")
    department = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.GOVERNMENT)


class CallFactory(DjangoModelFactory):
    """A draft; `publish` opens it."""

    class Meta:
        model = Call

    programme = factory.SubFactory(ProgrammeFactory)
    title = factory.Sequence(lambda n: f"关于组织申报第{n}批项目的通知")
    year = 2026
    sourcing = Sourcing.WINDOW
    instrument = Instrument.GRANT
    notice = "通知正文"
    opens_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=30))
    closes_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))
    cap = Decimal(1_000_000)
    cap_clause = "第三条"
    publicity_clause = "第八条"
    signing_clause = "第九条"


def publish(call: Call) -> Call:
    """Open a call as it stands, without asking what it still lacks."""
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    return Call.objects.get(pk=call.pk)


def panel_call(*, stages=ALL_STAGES, weights=WEIGHTS, scheme=None, rules=(), duties=(), **kwargs) -> Call:
    """A published call with stages, a score sheet and a review scheme."""
    call = CallFactory(**kwargs)
    steps = [{"kind": kind, "clause": f"第{order}条"} for order, kind in enumerate(stages, start=1)]
    in_order(Stage, steps, call=call, days=10)
    sheet = [
        {"code": f"c{order}", "name": f"指标{order}", "weight": weight}
        for order, weight in enumerate(weights, start=1)
    ]
    in_order(Criterion, sheet, call=call, max_score=100)
    in_order(EligibilityRule, rules, call=call)
    in_order(DutyTerm, duties, call=call)
    ReviewScheme.objects.create(call=call, **(scheme or {}))
    return publish(call)


def bid_call(**kwargs) -> Call:
    """A published call for demands and bids."""
    return panel_call(
        **{"stages": BID_STAGES, "sourcing": Sourcing.DEMAND, "closes_at": None, "bid_days": 20} | kwargs
    )


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    call = factory.SubFactory(CallFactory)
    number = factory.Sequence(lambda n: f"T{n:04d}")
    title = factory.Sequence(lambda n: f"榜单任务{n}")
    content = "公开表述"
    amount = Decimal(800_000)
    owner = factory.SubFactory(OrganisationFactory)
    listed_at = datetime(2026, 1, 5, 1, tzinfo=UTC)
    bids_close_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=5))
    state = TopicState.CLOSED


class ApplicationFactory(DjangoModelFactory):
    """An application with a PI and one milestone, put into `state` without passing the stages before."""

    class Meta:
        model = Application
        skip_postgeneration_save = True

    call = factory.LazyFunction(panel_call)
    organisation = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.UNIVERSITY)
    title = factory.Sequence(lambda n: f"深海装备密封关键技术{n}")
    summary = "项目简介"
    starts_date = date(2026, 9, 1)
    ends_date = date(2028, 8, 31)
    requested_amount = Decimal(600_000)
    own_amount = Decimal(600_000)
    created_by = factory.LazyAttribute(lambda stub: member_of(stub.organisation))
    created_at = factory.LazyFunction(timezone.now)
    saved_at = factory.LazyFunction(timezone.now)

    # Not fields: taken out by `_create`.
    pi_name = factory.Sequence(lambda n: f"李{n}")
    reached = ApplicationState.EXPERT_REVIEW

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        pi_name, reached = kwargs.pop("pi_name"), kwargs.pop("reached")
        application = super()._create(model_class, *args, **kwargs)
        TeamMember.objects.create(application=application, user=application.created_by)
        Participant.objects.create(
            application=application,
            role=ParticipantRole.PI,
            name=pi_name,
            organisation_name=application.organisation.name,
            credit_code=application.organisation.credit_code,
        )
        ProposedMilestone.objects.create(
            application=application, order=1, name="样机", due_date=date(2027, 8, 31), deliverable="样机一台"
        )
        if reached != ApplicationState.DRAFT:
            Application.objects.filter(pk=application.pk).update(
                state=reached,
                version=1,
                number=f"SL{application.pk:06d}",
                submitted_by=application.created_by,
                submitted_at=application.created_at,
            )
            application.refresh_from_db()
        return application


class ExpertFactory(DjangoModelFactory):
    class Meta:
        model = Expert

    user = factory.LazyFunction(lambda: officer(Role.EXPERT))
    organisation = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.UNIVERSITY)
    field = "海洋工程"
    title = "教授"


def manager_of(call: Call):
    """A programme manager of the call's department."""
    return officer(Role.PROGRAMME_MANAGER, organisation=call.programme.department)


def sealed(application: Application, **changed) -> Submission:
    """The submission that a reviewer reads: the snapshot of what stands there, with `changed` parts."""
    content = snapshot(application) | changed
    return Submission.objects.create(
        application=application,
        version=application.version,
        content=content,
        sha256=sha256_of(content),
        by=application.created_by,
        at=application.created_at,
    )


def task_for(application: Application, *, expert: Expert | None = None, accepted=True) -> Assignment:
    """A review task, accepted unless told otherwise."""
    expert = expert or ExpertFactory()
    at = timezone.now()
    task = actions.invite(application=application, expert=expert, by=manager_of(application.call), at=at)
    if accepted:
        actions.accept(assignment=task, pledge=True, by=expert.user, at=at)
    return task
