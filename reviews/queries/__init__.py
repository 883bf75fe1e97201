"""What panels, desks and decisions read: conflicts, candidates, results, what a reviewer may see."""

from reviews.queries.choosing import (
    Bid,
    bids,
    bids_before_choice,
    bids_to_choose,
    choice_of,
    compared,
)
from reviews.queries.composing import (
    CANDIDATE_ORDER,
    Candidate,
    candidates,
    experts,
    library_rule,
    reviews_this_year,
    update_clock,
    year_bounds,
)
from reviews.queries.conflicts import (
    Found,
    conflicts_of,
    conflicts_of_guests,
    named,
)
from reviews.queries.panels import (
    Ranked,
    Result,
    aggregate,
    criteria_of,
    panel_of,
    ranking,
    result,
    results,
    scheme_of,
    total_of,
)
from reviews.queries.reading import (
    Dossier,
    dossier,
    readable_files,
)

__all__ = [
    "CANDIDATE_ORDER",
    "Bid",
    "Candidate",
    "Dossier",
    "Found",
    "Ranked",
    "Result",
    "aggregate",
    "bids",
    "bids_before_choice",
    "bids_to_choose",
    "candidates",
    "choice_of",
    "compared",
    "conflicts_of",
    "conflicts_of_guests",
    "criteria_of",
    "dossier",
    "experts",
    "library_rule",
    "named",
    "panel_of",
    "ranking",
    "readable_files",
    "result",
    "results",
    "reviews_this_year",
    "scheme_of",
    "total_of",
    "update_clock",
    "year_bounds",
]
