"""Duplicates (查重): what an application has in common with those handed in before it.

Sources are shown, nothing is ever decided by the system. Words are counted as 字: one Chinese character, or
one word of another script.

- `texts`: what is compared of a sealed version, and what is not (references, the notice's own words);
- `matching`: the runs of words that two texts share;
- `finding`: the applications worth comparing with, out of all that were handed in.
"""

from applications.similarity.finding import candidates, similar_past_projects, similar_titles
from applications.similarity.matching import Prose, Run, covered, runs_of, sample_of, template_of
from applications.similarity.texts import Passage, passages_of, unread_in, words_of_call

__all__ = [
    "Passage",
    "Prose",
    "Run",
    "candidates",
    "covered",
    "passages_of",
    "runs_of",
    "sample_of",
    "similar_past_projects",
    "similar_titles",
    "template_of",
    "unread_in",
    "words_of_call",
]
