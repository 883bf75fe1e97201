"""How public lists are searched and narrowed: words as Chinese readers type them, field, region, ladder.

Chinese has no blanks between words, so a word is looked for as it is typed, and several words must all
occur. Where nothing has the whole word, its pairs of neighbouring characters decide: “海洋传感器” finds
“海洋智能传感器”, the nearest first. Lists are of hundreds or thousands of short rows: they are scanned.
"""

import unicodedata
from collections.abc import Callable
from functools import reduce
from math import ceil
from operator import add, or_

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from accounts.kinds import LADDER
from grants.dictionaries import Codes, Entry
from grants.models import Call, EligibilityRule, Programme, Topic
from grants.states import TopicState

NEAR = 0.5
"""The share of pairs of characters that makes a row similar."""
FEWEST = 2
"""Of fewer pairs one alone would decide. Several words are several wishes: nothing less will do."""
REGIONS = "regions"
MOST = 100
RUNGS = tuple(kind.value for kind in LADDER)

Condition = Callable[[str], Q]


def words(text: str) -> list[str]:
    """What was typed, full-width characters made plain, word by word."""
    return unicodedata.normalize("NFKC", text).split()


def pairs(text: str) -> list[str]:
    """Neighbouring characters of every word, each once: "传感器" → 传感, 感器."""
    found = [word[at : at + 2] for word in words(text) for at in range(len(word) - 1)]
    return list(dict.fromkeys(found))[:40]


def search(rows: QuerySet, text: str, condition: Condition) -> tuple[QuerySet, bool]:
    """(rows that have every word, False); when there is none, (rows that are similar, True) with `likeness`.

    One query more than without a text.
    """
    wanted = rows
    for word in words(text):
        wanted = wanted.filter(condition(word))
    if wanted.exists():
        return wanted, False
    found = pairs(text)
    if len(words(text)) != 1 or len(found) < FEWEST:
        return wanted, False
    hits = [Case(When(condition(pair), then=1), default=0, output_field=IntegerField()) for pair in found]
    similar = rows.annotate(likeness=reduce(add, hits, Value(0)))
    return similar.filter(likeness__gte=ceil(len(found) * NEAR)), True


def anywhere(*names: str) -> Condition:
    """The text occurs in one of these columns."""
    return lambda text: reduce(or_, (Q(**{f"{name}__icontains": text}) for name in names))


def in_call(text: str) -> Q:
    """The text occurs in a notice, its programme or one of its topics."""
    topics = Topic.objects.filter(call=OuterRef("pk")).exclude(state=TopicState.WITHDRAWN)
    own = anywhere("title", "title_en", "number", "notice", "programme__name", "programme__name_en")
    return own(text) | Q(Exists(topics.filter(anywhere("title", "field")(text))))


def of_field(rows: QuerySet, field: str) -> QuerySet:
    """Calls with a topic in the field."""
    return rows.filter(Exists(Topic.objects.filter(call=OuterRef("pk"), field=field)))


def open_to(rows: QuerySet, region: str) -> QuerySet:
    """Calls that no clause with a region in its parameters closes to units registered in this one."""
    prefixes = [region[:length] for length in range(1, len(region) + 1)]
    named = EligibilityRule.objects.filter(call=OuterRef("pk"), expression__contains="unit.region")
    one = named.filter(params__has_key="region").exclude(params__region__in=prefixes)
    many = named.filter(params__has_key="regions").exclude(params__regions__has_any_keys=prefixes)
    return rows.exclude(Exists(one)).exclude(Exists(many))


def for_rung(rows: QuerySet, rung: str) -> QuerySet:
    """Calls one of whose clauses reads this certificate of the enterprise ladder."""
    rules = EligibilityRule.objects.filter(call=OuterRef("pk"), expression__contains=f"unit.{rung}")
    return rows.filter(Exists(rules))


def fields_of_calls(user) -> list[str]:
    """The fields that topics of published calls name; one query."""
    topics = Topic.objects.filter(call__in=Call.objects.visible_to(user).in_force()).exclude(field="")
    return list(topics.order_by("field").values_list("field", flat=True).distinct()[:MOST])


def districts() -> list[Entry]:
    """The regions of the cities whose departments run programmes; three queries."""
    cities = Programme.objects.order_by().values_list("department__region", flat=True).distinct()[:20]
    prefixes = {region[:4] for region in cities}
    entries = Codes(REGIONS).choices if prefixes else []
    return [entry for entry in entries if entry.code[:4] in prefixes and entry.level > 1][:MOST]


def facets(call: Call) -> dict[str, set[str]]:
    """The fields, regions and rungs of one call for `Subscription.matching`; two queries."""
    topics = call.topics.exclude(field="").values_list("field", flat=True)
    prefixes, rungs = set(), set()
    for rule in call.rules.all():
        if "unit.region" in rule.expression:
            named = rule.params.get("regions") or [rule.params.get("region") or ""]
            prefixes |= {str(code) for code in named if code}
        rungs |= {rung for rung in RUNGS if f"unit.{rung}" in rule.expression}
    return {"fields": set(topics), "prefixes": prefixes, "rungs": rungs}
