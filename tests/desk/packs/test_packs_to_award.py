"""Every shipped pack from the formal check to the agreement, by the actions of those who decide."""

from datetime import timedelta

import pytest

from accounts.roles import Role, UnitRole
from applications import actions, queries
from applications.states import OFFICE, ApplicationState
from awards import actions as awards
from awards.models import Agreement, Outcome
from core.calendar import local_date
from finance.models import Instalment, InstalmentTemplate
from grants.actions import close_topic
from grants.models import Instrument, Sourcing, StageKind
from reviews import actions as reviews
from reviews.queries import scheme_of
from seeds.demo import outcome
from tests.desk.packs.cases import every_pack
from tests.desk.packs.steps import PASS, check_keeps_every_rule
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.reviews import ExpertFactory

pytestmark = pytest.mark.django_db
GOOD = 92


@every_pack
def test_a_good_application_becomes_a_project(world):
    check_keeps_every_rule(world)
    submission = actions.submit(application=world.application, by=world.by, at=world.at)
    assert submission.version == 1
    close_bids(world)
    skipped = []
    for stage in world.call.stages.all():
        if stage.is_conditional and world.application.state != stage.kind:
            skipped.append(stage.kind)
            continue
        # A funded application waits in the decision until the notice of proposed awards is out.
        waits = stage.kind == StageKind.PUBLICITY
        assert world.application.state == (ApplicationState.DECISION if waits else stage.kind)
        step = PASS.get(stage.kind) or (conclude if stage.kind in OFFICE else LATER[stage.kind])
        step(world)
        world.application.refresh_from_db()
    assert world.application.state == ApplicationState.AWARDED
    events = queries.events(world.application).filter(verb="skipped").order_by("id")
    assert [event.data["step"] for event in events] == skipped
    check_agreement(world)


def conclude(world):
    actions.conclude_step(
        application=world.application,
        outcome="pass",
        opinion="同意。",
        held_date=local_date(world.at),
        by=world.manager,
        at=world.at,
    )


def close_bids(world):
    """Bids are compared when no more come."""
    if world.application.topic and world.call.sourcing == Sourcing.DEMAND:
        world.at = world.application.topic.bids_close_at + timedelta(hours=1)
        close_topic(topic=world.application.topic, by=world.manager, at=world.at)


def judge(world):
    """As many experts as the call wants, all of them pleased."""
    for turn in range(scheme_of(world.call).panel_size):
        expert = ExpertFactory()
        invited = {"application": world.application, "expert": expert, "by": world.manager, "at": world.at}
        assignment = reviews.invite(**invited)
        outcome.accept(assignment, at=world.at)
        outcome.score(assignment, GOOD, at=world.at, turn=turn)
    world.application.refresh_from_db()
    reviews.finish_round(application=world.application, by=world.manager, at=world.at)


def choose(world):
    topic = world.application.topic
    reviews.choose(
        topic=topic,
        application=world.application,
        reason="方案与样机条件最匹配。",
        by=member_of(topic.owner, UnitRole.ADMIN),
        at=world.at,
    )


def judge_claim(world):
    """Every row of a claim is accepted as it was handed in."""
    scheme = queries.claim_scheme(world.call)
    if scheme is None or queries.claim_question(world.application, scheme) is None:
        return
    who = {"application": world.application, "by": world.manager, "at": world.at}
    claim = actions.begin_claim(**who)
    accepted = actions.Verdict("accepted")
    actions.judge_claim(verdicts={line.number: accepted for line in claim.lines.all()}, **who)


def decide(world):
    judge_claim(world)
    awards.decide(
        application=world.application,
        outcome=Outcome.FUND,
        amount=0 if world.call.instrument == Instrument.NONE else world.application.requested_amount,
        reason="符合支持方向，同意立项。",
        meeting="第1次局长办公会",
        by=officer(Role.LEADER, organisation=OrganisationFactory()),
        at=world.at,
    )


def publicise(world):
    notice = awards.publicise(
        call=world.call, applications=[world.application], by=world.manager, at=world.at
    )
    world.at += timedelta(days=40)
    awards.close_publicity(publicity=notice, by=None, at=world.at)


def sign(world):
    agreement = Agreement.objects.get(award__application=world.application)
    awards.unit_sign(agreement=agreement, by=member_of(world.unit, UnitRole.ADMIN), at=world.at)
    awards.bureau_sign(agreement=agreement, by=world.manager, at=world.at)


LATER = {
    StageKind.EXPERT_REVIEW: judge,
    StageKind.DEMANDER_CHOICE: choose,
    StageKind.DECISION: decide,
    StageKind.PUBLICITY: publicise,
    StageKind.AGREEMENT: sign,
}


def check_agreement(world):
    """Instalments add up to what was asked; every milestone that money hangs on is there."""
    agreements = Agreement.objects.filter(award__application=world.application)
    if not agreements:
        return
    if world.call.instrument == Instrument.NONE:
        assert not Instalment.objects.filter(agreement=agreements.get()).exists()
        return
    instalments = Instalment.objects.filter(agreement=agreements.get())
    assert sum(row.amount for row in instalments) == world.application.requested_amount
    planned = InstalmentTemplate.objects.filter(call=world.call).count()
    # Without a plan the whole sum is one instalment.
    assert len(instalments) == max(1, planned)
