"""When a term of the notice on broken promises (违约处理) may be proposed, and for which milestone."""

from datetime import datetime

from django.utils.translation import gettext as _

from applications import actions as applications
from applications.models import Sanction
from awards.models import Agreement
from core.calendar import local_date
from core.workflow import Refused
from grants.models import SanctionTerm, SanctionWhen
from milestones import queries, rules
from milestones.models import Milestone, Termination
from milestones.states import MilestoneState


def terms_for(milestone: Milestone, *, at: datetime) -> list[SanctionTerm]:
    """What the notice says follows from how the milestone stands now."""
    if milestone.state == MilestoneState.FAILED:
        when = SanctionWhen.FAILED
    elif queries.is_overdue(milestone, at=at):
        when = SanctionWhen.LATE
    else:
        return []
    call = milestone.agreement.award.application.call
    return list(call.sanction_terms.filter(when=when, milestone_code__in=("", milestone.code)))


def occasion_of(milestone: Milestone) -> str:
    if milestone.state == MilestoneState.FAILED:
        return _("“%(name)s”未通过") % {"name": milestone.name}
    return _("“%(name)s”应于 %(date)s 前提交，逾期未提交") % {
        "name": milestone.name,
        "date": milestone.due_date,
    }


def can_propose(user, milestone: Milestone, *, at: datetime) -> bool:
    return rules.is_manager(user, milestone) and bool(terms_for(milestone, at=at))


def propose(*, milestone: Milestone, reason: str, by, at: datetime) -> list[Sanction]:
    """Everything that the notice says follows, each to be decided by itself. Raises Refused."""
    terms = terms_for(milestone, at=at)
    if not terms:
        raise Refused(
            _("通知没有规定这种情形的处理，或里程碑既没有逾期也没有判为不通过。"), code="not_allowed"
        )
    return [
        applications.propose_sanction(
            application=milestone.agreement.award.application,
            term=term,
            occasion=occasion_of(milestone),
            reason=reason,
            by=by,
            at=at,
        )
        for term in terms
    ]


def ended_early(*, agreement: Agreement, by, at: datetime) -> None:
    """Of a termination or revocation what follows is proposed at once; the leader decides it by itself."""
    ended = Termination.objects.filter(agreement=agreement, decided_at__isnull=False).first()
    application = agreement.award.application
    for term in application.call.sanction_terms.filter(when=agreement.state) if ended else ():
        applications.propose_sanction(
            application=application,
            term=term,
            occasion=_("%(end)s，%(date)s 决定")
            % {"end": ended.get_end_display(), "date": local_date(ended.decided_at)},
            reason=ended.opinion,
            by=by,
            at=at,
        )
