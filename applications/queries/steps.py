"""Which step comes next for one application: those of the notice that are not for it are passed over."""

from typing import NamedTuple

from applications.models import Application
from applications.queries.context import context, counted_in
from applications.queries.nominators import ways_of
from core import expressions
from core.expressions import Prepared
from grants.models import Stage, StageKind
from grants.queries import next_stage, stages_of


class Ahead(NamedTuple):
    """The step that comes next, None behind the last; and those whose condition does not hold."""

    stage: Stage | None
    skipped: list[Stage]


def ahead(application: Application, state: str | None) -> Ahead:
    """What comes behind `state` (None: the first step): what people nominate, no office recommends.

    A condition that lacks data passes nothing over. No query for a call without conditions and nominators.
    Raises ValueError when the call has no step `state`.
    """
    known, skipped = None, []
    stage = next_stage(application.call, state)
    while stage is not None:
        if stage.kind == StageKind.RECOMMENDATION and ways_of(application):
            stage = next_stage(application.call, stage.kind)
        elif stage.is_conditional:
            known = known or _known(application)
            if _applies(stage, known):
                break
            skipped.append(stage)
            stage = next_stage(application.call, stage.kind)
        else:
            break
    return Ahead(stage, skipped)


def _known(application: Application) -> Prepared:
    sources = [stage.applies_when for stage in stages_of(application.call)]
    return Prepared(context(application, wanted=counted_in(sources)))


def _applies(stage: Stage, known: Prepared) -> bool:
    try:
        return expressions.compile(stage.applies_when).holds(known)
    except expressions.ExpressionError:
        # Nobody is let off a step because something is not known.
        return True
