"""An award ends what other notices say gives way to it: projects, unpaid money; facilities hear of it."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from applications.states import ProjectEnd
from awards import notifications, queries, signals
from awards.actions.ending import end_early, give_up
from awards.models import Agreement, Award
from awards.states import AgreementState
from core import workflow
from grants.models import ReplacedEffect, Replacement


@transaction.atomic
def replace_others(*, award: Award, by, at: datetime) -> None:
    """Carry out every line of other notices about this award. One query where none names the programme."""
    for term in queries.replacements_by(award):
        for agreement in queries.replaced_by(term, award):
            _give_way(agreement, term, award, by=by, at=at)
        signals.replaced.send(sender=Award, term=term, award=award, reason=_reason(term, award), by=by, at=at)


def _reason(term: Replacement, award: Award) -> str:
    """Kept in the history as everybody reads it, whoever's award it was."""
    with translation.override(settings.LANGUAGE_CODE):
        return _("%(text)s（%(clause)s；%(plan)s立项 %(number)s）") % {
            "text": term.text,
            "clause": term.clause,
            "plan": award.application.call.programme.name,
            "number": award.number,
        }


def _give_way(agreement: Agreement, term: Replacement, award: Award, *, by, at) -> None:
    reason = _reason(term, award)
    if term.effect == ReplacedEffect.STOPS_MONEY:
        workflow.record(agreement, "money_stopped", by=by, at=at, note=reason)
        signals.money_stopped.send(sender=Agreement, agreement=agreement, by=by, at=at)
    elif agreement.state == AgreementState.IN_FORCE:
        end_early(agreement=agreement, end=ProjectEnd.REPLACED, by=by, at=at, note=reason)
    else:
        give_up(agreement=agreement, reason=reason, by=by, at=at)
    notifications.replaced(agreement, effect=term.get_effect_display(), reason=reason, at=at)
