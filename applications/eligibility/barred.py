"""Leaders and units that a decided sanction (违约处理) keeps from applying: a line of the check for each."""

from collections.abc import Iterator, Mapping
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from applications.eligibility.lines import RuleLine
from applications.models import RuleStatus
from grants.models import OF_PEOPLE, Call, RuleScope, SanctionBars

UNIT = (SanctionBars.UNIT, SanctionBars.BOTH)


def lines(context: Mapping, call: Call) -> Iterator[RuleLine]:
    """Nothing for whoever is not barred; a decision taken after the notice counts as well."""
    yield from _of(context["unit"], UNIT, call, RuleScope.UNIT)
    yield from _of(context["pi"], OF_PEOPLE, call, RuleScope.PI)
    for person in context["members"]:
        yield from _of(person, OF_PEOPLE, call, RuleScope.PI, joins=True)
    for partner in context["partners"]:
        yield from _of(partner, UNIT, call, RuleScope.PARTNER, joins=True)


def _of(whom: Mapping, kinds, call: Call, scope: str, *, joins: bool = False) -> Iterator[RuleLine]:
    for fact in whom["sanctions"] or ():
        if fact["bars"] not in kinds or (joins and not fact["joining_too"]):
            continue
        if fact["plans"] and call.programme.slug not in fact["plans"]:
            continue
        english = (get_language() or "").startswith("en")
        yield RuleLine(
            code=f"barred-{fact['pk']}",
            text=(english and fact["text_en"]) or fact["text"],
            clause=fact["clause"],
            scope=scope,
            status=RuleStatus.FAILED,
            evidence={str(_("所依据的通知")): fact["call"], str(_("项目")): fact["title"]},
            hint=_until(whom["name"], fact["until"]),
            section="basics" if scope == RuleScope.UNIT else "participants",
        )


def _until(name: str, until: str | None) -> str:
    if until is None:
        return _("“%(name)s”被永久限制申报。") % {"name": name}
    words = {"name": name, "until": date.fromisoformat(until)}
    return _("“%(name)s”在限制申报期内，至 %(until)s。") % words
