"""Which step comes next for one application: those of the notice that are not for it are passed over."""

from collections.abc import Collection
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType

from applications.models import Application
from applications.queries.context import context, contexts, counted_in
from applications.queries.nominators import replaces_office, ways_of
from core import expressions
from core.expressions import Prepared
from core.models import Event
from grants.models import Call, Stage, StageKind
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
        if stage.kind == StageKind.UNIT_REVIEW and application.organisation.is_team:
            # There is no unit yet that could review.
            stage = next_stage(application.call, stage.kind)
        elif stage.kind == StageKind.RECOMMENDATION and replaces_office(ways_of(application)):
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


def steps_tried(applications: Collection[Application], call: Call) -> dict[int, dict[str, bool | None]]:
    """{application id: {step: whether it would apply}} for the conditional steps of a call (rehearsal).

    None: data is missing, so that nobody is let off. The applications are seen as if they had been handed in
    to the call; no query where no step has a condition.
    """
    steps = [stage for stage in stages_of(call) if stage.is_conditional]
    if not steps or not applications:
        return {}
    wanted = counted_in(stage.applies_when for stage in steps)
    found = contexts(applications, call=call, wanted=wanted)
    return {
        pk: {stage.kind: _tried(stage, known) for stage in steps}
        for pk, known in ((pk, Prepared(data)) for pk, data in found.items())
    }


def _tried(stage: Stage, known: Prepared) -> bool | None:
    try:
        return expressions.compile(stage.applies_when).holds(known)
    except expressions.ExpressionError:
        return None


def passed_over(applications: Collection[Application], kind: str) -> dict[int, str]:
    """Application id → what was written down when the step was passed over; one query for each call,
    and one more where a notice has a condition on it."""
    calls = {application.call_id: application.call for application in applications}
    conditional = {
        pk
        for pk, call in calls.items()
        if any(stage.kind == kind and stage.is_conditional for stage in stages_of(call))
    }
    asked = [application.pk for application in applications if application.call_id in conditional]
    if not asked:
        return {}
    about = ContentType.objects.get_for_model(Application)
    rows = Event.objects.filter(content_type=about, object_id__in=asked, verb="skipped", data__step=kind)
    return dict(rows.order_by("id").values_list("object_id", "note"))


def _known(application: Application) -> Prepared:
    sources = [stage.applies_when for stage in stages_of(application.call)]
    return Prepared(context(application, wanted=counted_in(sources)))


def _applies(stage: Stage, known: Prepared) -> bool:
    try:
        return expressions.compile(stage.applies_when).holds(known)
    except expressions.ExpressionError:
        # Nobody is let off a step because something is not known.
        return True
