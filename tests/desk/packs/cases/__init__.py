"""The cases of every pack, and marks that run a test for each of them."""

import pytest

from desk import packs
from tests.desk.packs.world import SLUGS, Case, cases_of


def text_of(slug: str) -> str:
    return (packs.PROGRAMMES / f"{slug}.yaml").read_text(encoding="utf-8")


def case_of(place: tuple[str, int]) -> Case:
    slug, number = place
    return cases_of(slug)[number]


EVERY_CASE = [(slug, number) for slug in SLUGS for number in range(len(cases_of(slug)))]


def in_cases(places):
    """Run a test with the `world` of each of these cases; tests of one case stay on one worker."""
    params = [
        pytest.param(place, id="-".join(map(str, place)), marks=pytest.mark.xdist_group(f"case {place}"))
        for place in places
    ]
    return pytest.mark.parametrize("built", params, indirect=True, scope="package")


every_case = in_cases(EVERY_CASE)
later_cases = in_cases([place for place in EVERY_CASE if place[1]])
"""The first of each pack goes on to an agreement."""
every_pack = in_cases([(slug, 0) for slug in SLUGS])
"""For what is the same for every project type of a pack."""
