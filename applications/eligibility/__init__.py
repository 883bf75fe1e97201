"""What the rules of the notice say of applications: one line per rule, and the money rules of the call."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import override

from applications import queries, questions
from applications.eligibility import amounts, barred, blind, clauses
from applications.eligibility.lines import (
    ENGLISH,
    LABELS,
    Labels,
    RuleLine,
    evidence_in_both,
    evidence_of,
    kept,
    labels_for,
)
from applications.eligibility.money import built_in, ratio_sentence, terms_of
from applications.eligibility.sources import with_sources
from applications.models import Application
from core import expressions
from core.calendar import local_date
from core.expressions import Prepared
from grants.models import ROUND, Call, CheckMoment, EligibilityRule, MoneyKind, MoneyRule

__all__ = [
    "ENGLISH",
    "LABELS",
    "RuleLine",
    "at_decision",
    "clauses",
    "evaluate",
    "evaluate_for_good",
    "evaluate_many",
    "evidence_in_both",
    "evidence_of",
    "in_force",
    "kept",
    "labels_for",
    "later",
    "later_rules",
    "most_allowed",
    "ratio_sentence",
    "seen_of",
    "terms_of",
    "those_of",
    "with_sources",
]


def seen_of(application: Application) -> Prepared:
    """What the rules of the notice and the conditions of its questions see, read and converted once.

    For `evaluate` and `completeness.faults_of`, so that a page or a submission that needs both reads it once.
    """
    asked = questions.expressions_of(queries.questions_of(application))
    return _Judge(application.call, [application], also=queries.counted_in(asked)).context(application)


def evaluate(application: Application, seen: Prepared | None = None) -> list[RuleLine]:
    """Every line for an application as it stands now, the call's own money rules first.

    `seen`: of `seen_of`, where the caller has it already.
    """
    judge = _Judge(application.call, [application])
    if seen is not None:
        judge.known[judge.opening] = {application.pk: seen}
    return [*judge.lines(application), *blind.lines(application)]


def evaluate_for_good(application: Application, seen: Prepared) -> dict[str, list[RuleLine]]:
    """{language: the lines}, in Chinese and in English: what is sealed is for officers, whoever hands in."""
    judge, found = _Judge(application.call, [application]), {}
    judge.known[judge.opening] = {application.pk: seen}
    for language in (settings.LANGUAGE_CODE, ENGLISH):
        with override(language):
            judge.labels = Labels(labels_for(application.call), judge.labels.names)
            found[language] = [*judge.lines(application), *blind.lines(application)]
    return found


def at_decision(application: Application) -> list[RuleLine]:
    """The clauses that must hold when it is decided to fund, as they stand now; one query where none does.

    What others have decided to fund counts as running, before it is awarded.
    """
    asked = {rule.code for rule in application.call.rules.all() if rule.at_decision}
    if not asked:
        return []
    lines = _Judge(application.call, [application], also={queries.PROPOSED}).lines(application)
    return [line for line in lines if line.rule and line.code in asked]


def evaluate_many(
    applications: Collection[Application], *, call: Call | None = None
) -> dict[int, list[RuleLine]]:
    """{application id: lines}, by the same queries for one or a thousand applications of one call.

    With another `call` they are judged as if they had been handed in to that one (rehearsal).
    """
    if not applications:
        return {}
    judge = _Judge(call or next(iter(applications)).call, applications, rehearsed=call)
    return {application.pk: judge.lines(application) for application in applications}


def in_force(rows: Collection, application: Application) -> list:
    """The rules (of any kind with `code` and `project_type_id`) that hold for an application.

    A rule of its project type replaces the call's rule of the same code; rules of other types do not hold.
    """
    kind = application.project_type_id
    own = {row.code for row in rows if kind and row.project_type_id == kind}
    return [
        row
        for row in rows
        if row.project_type_id == kind or (row.project_type_id is None and row.code not in own)
    ]


class Most(NamedTuple):
    """The most public money, 元, and the clause that says so; `is_fixed`: no less either (定额)."""

    amount: Decimal
    clause: str
    is_fixed: bool = False


def most_allowed(application: Application, *, given: dict[str, object] | None = None) -> Most | None:
    """The most public money that cap, topic and money clauses allow; None when nothing limits it.

    `given`: answers (code → stored JSON) that count instead of what was written.
    """
    judge = _Judge(application.call, [application])
    if given is None:
        context = judge.context(application)
    else:
        context = Prepared(queries.context_with(application, given, wanted=judge.wanted))
    terms, topic = terms_of(application, application.call), application.topic
    limits = [Most(terms.cap, terms.cap_clause)]
    limits += [Most(topic.amount, topic.number)] if topic else []
    limits += [
        Most(amounts.limit_of(rule, context), rule.clause, rule.kind == MoneyKind.FIXED)
        for rule in in_force(judge.money_rules, application)
    ]
    known = [limit for limit in limits if limit.amount is not None]
    return min(known, key=lambda limit: limit.amount, default=None)


def later_rules(application: Application, *moments: str) -> list[EligibilityRule]:
    """The clauses of the notice that this application has to meet at later moments, of all or of some."""
    rules = [rule for rule in application.call.rules.all() if rule.moment != CheckMoment.APPLICATION]
    return in_force([rule for rule in rules if not moments or rule.moment in moments], application)


def later(
    application: Application, rules: Collection[EligibilityRule], *, on: date, known: dict[str, object]
) -> list[RuleLine]:
    """One line per clause as things stand `on` a day, which is theirs unless they name one (`as_of`).

    `known`: the award and the instalment, as `grants.rules.LATER` names them.
    """
    labels = labels_for(application.call)
    wanted = queries.counted_in(f"{rule.expression} {rule.applies_when}" for rule in rules)
    days = {rule.as_of or on for rule in rules}
    seen = {
        day: Prepared(queries.context(application, as_of=day, wanted=wanted) | known | {"today": on})
        for day in days
    }
    return [clauses.line_of(rule, seen[rule.as_of or on], labels) for rule in rules]


def those_of(applications: Collection[Application], condition: str) -> list[Application]:
    """Those of which a condition of the notice holds; where data is missing it is taken to hold."""
    if not applications:
        return []
    compiled = expressions.compile(condition)
    seen = queries.contexts(applications, wanted=queries.counted_in([condition]))

    def holds(application) -> bool:
        try:
            return compiled.holds(seen[application.pk])
        except expressions.MissingData:
            return True

    return [application for application in applications if holds(application)]


class _Judge:
    """The rules of one call and the data of some applications, each day of recognition read once."""

    def __init__(
        self,
        call: Call,
        applications: Collection[Application],
        rehearsed: Call | None = None,
        also: Collection[str] = (),
    ):
        self.call, self.applications, self.rehearsed = call, applications, rehearsed
        # Clauses about the demand side are judged when the demand is posted, not on every bid; those about
        # the slides of a round when a team is invited to it; later ones when they have to hold (`later`).
        self.rules: list[EligibilityRule] = [
            rule
            for rule in call.rules.all()
            if rule.moment == CheckMoment.APPLICATION
            and rule.params.get("applies_to") not in ("demand", ROUND)
        ]
        self.money_rules: list[MoneyRule] = list(call.money_rules.all())
        self.closed = [row for row in call.budget_categories.all() if not row.is_fiscal_allowed]
        self.labels = labels_for(call)
        self.opening = local_date(call.opens_at)
        self.wanted = queries.counted_in(self._sources()) | set(also)
        kinds = {rule.kind for rule in self.money_rules} & amounts.TOGETHER.keys()
        self.wanted |= {f"history.{amounts.TOGETHER[kind]}" for kind in kinds}
        self.known: dict[date, dict[int, Prepared]] = {}

    def _sources(self):
        for rule in chain(self.rules, self.money_rules):
            yield getattr(rule, "expression", "")
            yield rule.applies_when
            yield getattr(rule, "waived_when", "")
            yield getattr(rule, "base", "")

    def context(self, application: Application, as_of: date | None = None) -> Prepared:
        day = as_of or self.opening
        if day not in self.known:
            found = queries.contexts(self.applications, call=self.rehearsed, as_of=day, wanted=self.wanted)
            self.known[day] = {key: Prepared(context) for key, context in found.items()}
        return self.known[day][application.pk]

    def lines(self, application: Application) -> list[RuleLine]:
        context = self.context(application)
        lines = built_in(application, context, self.call, self.closed)
        lines += barred.lines(context, self.rehearsed or self.call)
        lines += [
            amounts.line_of(rule, context, self.labels) for rule in in_force(self.money_rules, application)
        ]
        return lines + [
            clauses.line_of(rule, self.context(application, rule.as_of), self.labels)
            for rule in in_force(self.rules, application)
        ]
