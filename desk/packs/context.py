"""The names that expressions of a pack may read: those of any call, and the codes of this one's questions."""

from collections.abc import Collection

from grants.models import FormKind
from grants.rules import KNOWN, LATER, OF_DEMAND


def known(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    return {**KNOWN, "answers": frozenset(codes), "params": frozenset(params)}


def known_later(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """Those of clauses that hold at signing or before a payment: the award and the instalment besides."""
    return {**known(codes, params), **LATER}


def known_of_demand(codes: Collection[str], params: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """The same on the demand side: by questions of its form, by rules that apply to demands."""
    return {**OF_DEMAND, "answers": frozenset(codes), "params": frozenset(params)}


def known_of_form(form: str, codes: Collection[str]) -> dict[str, frozenset[str]]:
    """Those of the questions of a form; a duty's read its own answers alone, whoever owes it."""
    if form == FormKind.DUTY:
        return {"answers": frozenset(codes)}
    return known_of_demand(codes) if form == FormKind.DEMAND else known(codes)
