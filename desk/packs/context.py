"""The names that expressions of a pack may read: those of any call, and the codes of this one's questions."""

from collections.abc import Collection

from grants.rules import KNOWN, OF_DEMAND


def known(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    return {**KNOWN, "answers": frozenset(codes), "params": frozenset(params)}


def known_of_demand(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """The same on the demand side: by questions of its form, by rules that apply to demands."""
    return {**OF_DEMAND, "answers": frozenset(codes), "params": frozenset(params)}
