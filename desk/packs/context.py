"""The names that expressions of a pack may read: those of any call, and the codes of this one's questions."""

from collections.abc import Collection

from grants.rules import KNOWN


def known(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    return {**KNOWN, "answers": frozenset(codes), "params": frozenset(params)}
