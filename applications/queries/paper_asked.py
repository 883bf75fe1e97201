"""Of whom a notice wants copies on paper, and whether whoever sends them may by now."""

from applications.models import Application
from applications.queries.context import context, counted_in
from applications.queries.nominators import replaces_office, ways_of
from applications.queries.recommending import is_recommended
from core import expressions


def papers_apply(application: Application) -> bool:
    """Whether the notice's condition holds now; what lacks data is asked for all the same."""
    text = application.call.paper_applies_when
    if not text.strip():
        return True
    try:
        return expressions.compile(text).holds(context(application, wanted=counted_in([text])))
    except expressions.ExpressionError:
        return True


def is_sent_by_recommender(application: Application) -> bool:
    """Whether some office has recommended it, or none would: people nominated it."""
    return is_recommended(application) or replaces_office(ways_of(application))
