"""Out of everything that was handed in, what is worth comparing word by word."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from applications.models import Application, ComparedText, Participant, ParticipantRole, PastProject

MOST_SHARING = 300
"""Applications that share rare grams, out of which the sources are chosen."""
MOST_SOURCES = 30
"""Applications that are compared word by word."""
COMMON = 200
"""A gram that stands in more applications than this is common wording (套话) and finds nothing."""
ENOUGH = 1_000
"""Of a gram in more texts than this the index gives a part of them: enough to call it common."""
FEWEST = 2
"""Grams in common below which nothing is compared."""
MOST_TITLES = 5_000
"""The newest so many of the same people and units whose titles are compared."""
ALIKE = 60
"""Percent of letter pairs in common from which titles are alike."""


class Titled(NamedTuple):
    """A project of the same people or units under a similar title."""

    key: int
    percent: int


# (gram, a text that holds it) of grams that very many hold no further than is needed to see that they do.
HOLDING = """
    SELECT asked.gram, held.application_id
    FROM unnest(%s::int[]) AS asked (gram) CROSS JOIN LATERAL (
        SELECT application_id FROM applications_comparedtext WHERE grams @> ARRAY[asked.gram] LIMIT %s
    ) AS held
"""


def candidates(text: ComparedText) -> tuple[list[ComparedText], set[int]]:
    """(the texts that together explain most of this one, the grams that are common wording); three queries.

    Versions of the same application and the steps before and after it (预申报与正式申报) are no sources.
    """
    holders: dict[int, list[int]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL gin_fuzzy_search_limit = {ENOUGH}")
        cursor.execute(HOLDING, [text.grams, COMMON + 1])
        for gram, key in cursor.fetchall():
            holders.setdefault(gram, []).append(key)
        cursor.execute("SET LOCAL gin_fuzzy_search_limit = 0")
    common = {gram for gram, keys in holders.items() if len(keys) > COMMON}
    own = set(family(text.application))
    shared: dict[int, set[int]] = {}
    for gram, keys in holders.items():
        if gram not in common:
            for key in keys:
                shared.setdefault(key, set()).add(gram)
    shared = {key: grams for key, grams in shared.items() if key not in own and len(grams) >= FEWEST}
    chosen = _explaining(shared, {gram: 1 / len(keys) for gram, keys in holders.items()})
    texts = ComparedText.objects.in_bulk(chosen)
    return [texts[key] for key in chosen], common


def _explaining(shared: dict[int, set[int]], weights: dict[int, float]) -> list[int]:
    """Of texts with the grams they share: one after the other, whichever adds most to those before it.

    So the one source of a copied paragraph is not lost behind many that share the same set phrases.
    """
    rarest = sorted(shared, key=lambda key: -sum(weights[gram] for gram in shared[key]))[:MOST_SHARING]
    left = {key: shared[key] for key in rarest}
    chosen: list[int] = []
    explained: set[int] = set()
    while left and len(chosen) < MOST_SOURCES:
        key = max(left, key=lambda key: (len(left[key] - explained), len(left[key])))
        explained |= left.pop(key)
        chosen.append(key)
    return chosen


def family(application: Application) -> list[int]:
    """The application itself, the step it follows and what follows it."""
    rows = Application.objects.filter(
        Q(follows=application) | Q(pk__in=[application.pk, application.follows_id or 0])
    )
    return list(rows.values_list("pk", flat=True))


def similar_titles(application: Application) -> list[Titled]:
    """Other applications of the same head, unit or partners under a similar title, the likest first."""
    people, units = _people(application), _units(application)
    theirs = Participant.objects.filter(application=OuterRef("pk"))
    same = Q(Exists(theirs.filter(role=ParticipantRole.PI, id_number__in=people))) | Q(
        organisation_id=application.organisation_id
    )
    if units:
        same |= Q(Exists(theirs.filter(credit_code__in=units)))
    rows = Application.objects.filter(same, submitted_at__isnull=False).exclude(pk__in=family(application))
    return _alike(application.title, rows.order_by("-pk").values_list("pk", "title")[:MOST_TITLES])


def similar_past_projects(application: Application) -> list[Titled]:
    """Recorded projects outside this system (外部项目记录), likewise."""
    units = {*_units(application), application.organisation.credit_code}
    same = Q(credit_code__in=units) | Q(id_number__in=_people(application))
    rows = PastProject.objects.filter(same).order_by("-pk")
    return _alike(application.title, rows.values_list("pk", "title")[:MOST_TITLES])


def _people(application) -> list[str]:
    rows = application.participants.filter(role=ParticipantRole.PI).exclude(id_number="")
    return list(rows.values_list("id_number", flat=True))


def _units(application) -> list[str]:
    rows = application.participants.exclude(credit_code="").exclude(
        credit_code=application.organisation.credit_code
    )
    return list(rows.order_by().values_list("credit_code", flat=True).distinct())


def _alike(title: str, rows: Iterable[tuple[int, str]]) -> list[Titled]:
    pairs = _pairs(title)
    found = [Titled(key, _percent(pairs, _pairs(other))) for key, other in rows]
    alike = sorted((one for one in found if one.percent >= ALIKE), key=lambda one: (-one.percent, -one.key))
    return alike[:MOST_SOURCES]


def _pairs(title: str) -> set[str]:
    letters = "".join(letter for letter in title.casefold() if letter.isalnum())
    return {letters[place : place + 2] for place in range(len(letters) - 1)}


def _percent(one: set[str], other: set[str]) -> int:
    """Sørensen–Dice over pairs of letters."""
    return 200 * len(one & other) // (len(one) + len(other)) if one and other else 0
