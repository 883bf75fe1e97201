"""What duties do when something happens upstream, and what waits for them. Connected by `DutiesConfig`."""

from django.db.models import Q

from applications.questions import localised
from awards.models import Outcome
from duties import actions, dates, queries, rules
from duties.models import Blocks, Duty, HandIn
from grants.models import Call
from milestones.models import Kind, Milestone
from milestones.states import MilestoneState

_OVER = (MilestoneState.ACCEPTED, MilestoneState.WAIVED, MilestoneState.CANCELLED)


def published(sender, *, call: Call, by, at, **kwargs) -> None:
    act = actions.follow_version if call.amends_id else actions.follow_call
    act(call=call, by=by, at=at)


def went_on(sender, *, application, by, at, **kwargs) -> None:
    actions.follow(application=application, by=by, at=at)


def agreement_changed(sender, *, agreement, by, at, **kwargs) -> None:
    actions.follow(application=agreement.award.application, by=by, at=at)


# ---- what waits ----


def _waits(call: Call, *what: str) -> bool:
    return any(term.blocks in what for term in dates.terms_of(call))


def checking(sender, *, application, **kwargs) -> list[tuple]:
    """What keeps an application from being handed in, as (field, clause, sentence)."""
    if not _waits(application.call, Blocks.HANDING_IN):
        return []
    return [
        (localised(duty.term, "title"), duty.term.clause, rules.why(duty))
        for duty in queries.waiting_for(Blocks.HANDING_IN, application)
    ]


def recommending(sender, *, application, **kwargs) -> None:
    _check(Blocks.RECOMMENDATION, application)


def decided(sender, *, decision, **kwargs) -> None:
    if decision.outcome == Outcome.FUND:
        _check(Blocks.DECISION, decision.application)


def signing(sender, *, agreement, **kwargs) -> None:
    _check(Blocks.SIGNING, agreement.award.application)


def paying(sender, *, instalment, **kwargs) -> None:
    _check(Blocks.PAYMENT, instalment.agreement.award.application)


def accepted(sender, *, milestone: Milestone, **kwargs) -> None:
    """The last milestone of a project is its acceptance."""
    others = Milestone.objects.filter(agreement_id=milestone.agreement_id, kind=Kind.MILESTONE)
    if not others.exclude(state__in=_OVER).exclude(pk=milestone.pk).exists():
        _check(Blocks.ACCEPTANCE, milestone.agreement.award.application)


def _check(what: str, application) -> None:
    if _waits(application.call, what):
        rules.check_nothing_waits(what, application)


# ---- files ----


def files(user) -> Q:
    """Of what is being written for whoever owes it, of what was handed in for whoever sees the duty."""
    drafts = Q(
        content_type__app_label="duties",
        content_type__model="duty",
        object_id__in=Duty.objects.owed_by(user).values("pk"),
    )
    handed = Q(
        content_type__app_label="duties",
        content_type__model="handin",
        object_id__in=HandIn.objects.visible_to(user).values("pk"),
    )
    return drafts | handed
