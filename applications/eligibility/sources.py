"""Which record of the unit a rule used: so that people see what was compared, and from when it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from accounts.kinds import FactKind
from accounts.models import OrganisationFact
from accounts.queries import facts_used
from applications.eligibility.lines import RuleLine
from applications.models import Application
from core import expressions
from core.calendar import local_date


def with_sources(application: Application, lines: Sequence[RuleLine]) -> list[RuleLine]:
    """The lines, each with the records it read; one query for each day that rules name."""
    opening = local_date(application.call.opens_at)
    days: dict[date, set[str]] = defaultdict(set)
    read = {}
    for line in lines:
        if line.rule is not None:
            kinds = _kinds(line.rule)
            if kinds:
                day = line.rule.as_of or opening
                read[id(line)] = day, kinds
                days[day] |= kinds
    known = {day: facts_used(application.organisation, kinds, day) for day, kinds in days.items()}
    found = []
    for line in lines:
        day, kinds = read.get(id(line), (opening, ()))
        facts = [known[day][kind] for kind in sorted(kinds) if kind in known[day]]
        found.append(replace(line, sources=tuple(map(sentence, facts))) if facts else line)
    return found


def _kinds(rule) -> set[str]:
    """The kinds of facts that a rule names."""
    found = set()
    for source in (rule.expression, rule.applies_when):
        if source.strip():
            try:
                paths = expressions.compile(source).paths
            except expressions.ExpressionError:
                continue
            found |= {path[1] for path in paths if len(path) > 1 and path[0] == "unit"}
    return found & set(FactKind.values)


def sentence(fact: OrganisationFact) -> str:
    """What the record is, from when, who says so, and whether an officer confirmed it."""
    words = _("%(what)s：单位档案 %(day)s 起的记录，来源“%(source)s”") % {
        "what": " ".join(filter(None, (str(fact.get_kind_display()), fact.text))),
        "day": fact.valid_from,
        "source": fact.source,
    }
    return _("%(words)s，已核实") % {"words": words} if fact.confirmed_at else words
