"""The data that the rules of a call see of applications, for one or for a thousand by the same queries."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from django.db.models import BooleanField, Exists, OuterRef, Q, Value
from django.utils import timezone

from accounts.countries import HOME
from accounts.kinds import FactKind
from accounts.models import IntegrityRecord, Organisation, PersonRecord
from accounts.queries import unit_contexts
from applications import questions
from applications.models import (
    Answer,
    Application,
    BudgetLine,
    IdKind,
    Participant,
    ParticipantRole,
    Sanction,
)
from applications.queries import limits
from applications.queries.listed import (
    Listed,
    age_of,
    listed_in,
    number_column,
    row_of_person,
    unit_columns,
    units_in,
)
from applications.queries.nominated import nominators_named
from applications.queries.numbers import repeated
from applications.queries.paper_copies import NO_PAPERS, paper_facts
from core.calendar import local_date
from grants.models import Call, QuestionKind
from grants.rules import AWARD, HISTORY, KNOWN

PERSON = (
    "role",
    "position",
    "name",
    "birth_date",
    "sex",
    "title",
    "organisation_name",
    "credit_code",
    "country",
    "months_per_year",
)
PARTNER = (
    "name",
    "credit_code",
    "country",
    "foreign",
    "region",
    "kind",
    "registered_date",
    "integrity_clean",
    *FactKind.values,
)

MILESTONE = KNOWN["milestone"]
RECORDS = "records"
COUNTS = frozenset(f"history.{name}" for name in HISTORY)
PAPER = re.compile(r"\bpaper\b")
NOMINATORS = "nominators"
REPEATED = "project.repeated"
INTEGRITY = "integrity_clean"
PROPOSED = "proposed"
"""Others that were decided to be funded count as running projects: only asked for at the decision."""
ALL = COUNTS | {RECORDS, REPEATED, INTEGRITY, NOMINATORS, "paper"}
COUNT = re.compile(r"\bhistory\b(?:\.\w+)?")


def counted_in(sources: Iterable[str]) -> set[str]:
    """What of other applications some expressions read ("records", "history.pi_running"…).

    That is the `wanted` of `contexts`. A `history` without the name of a count may be any of them.
    """
    text = "\n".join(sources)
    found = {name for name in (RECORDS, REPEATED, INTEGRITY, NOMINATORS) if name in text}
    found |= {"paper"} if PAPER.search(text) else set()
    for name in set(COUNT.findall(text)):
        found |= {name} if name in COUNTS else COUNTS
    return found


def months_between(starts, ends) -> int | None:
    """Whole months of an execution period, both days counted; a begun month counts."""
    if not (starts and ends):
        return None
    months = (ends.year - starts.year) * 12 + ends.month - starts.month
    return months + (1 if ends.day >= starts.day else 0)


def relation(one: Organisation, other: Organisation) -> str:
    """关联关系: "same", "parent" (the other is), "subsidiary", "sister", "representative" or ""."""
    if one.pk == other.pk:
        return "same"
    if one.parent_id == other.pk:
        return "parent"
    if other.parent_id == one.pk:
        return "subsidiary"
    if one.parent_id and one.parent_id == other.parent_id:
        return "sister"
    if one.legal_representative and one.legal_representative == other.legal_representative:
        return "representative"
    return ""


def _related(units, owner) -> list[tuple[str, str]]:
    found = [(unit, relation(unit, owner)) for unit in units]
    return [(unit.name, kind) for unit, kind in found if kind]


def context(application: Application, *, as_of: date | None = None, wanted: Collection[str] = ALL) -> dict:
    """The variables of the call's expressions (`grants.rules.KNOWN`) for one application."""
    return contexts([application], as_of=as_of, wanted=wanted)[application.pk]


def contexts(
    applications: Collection[Application],
    *,
    call: Call | None = None,
    as_of: date | None = None,
    wanted: Collection[str] = ALL,
) -> dict[int, dict]:
    """{application id: variables}; at most twenty queries, however many applications and rules.

    Facts about units count `as_of` a day, by default that on which the call opens. With another `call` the
    applications are seen as if they had been handed in to it (rehearsal). What counts other applications
    ("records", "history", "project.repeated") is read only where it is `wanted`: three and at most eight
    queries.
    """
    if not applications:
        return {}
    world = _World(applications, call, as_of, wanted)
    return {application.pk: world.of(application) for application in applications}


def context_with(application: Application, given: dict[str, object], *, wanted: Collection[str]) -> dict:
    """The variables as if some answers (code → stored JSON) were others; what is computed follows."""
    world = _World([application], None, None, wanted)
    world.answers[application.pk] |= given
    found = world.of(application)
    found["answers"] |= questions.work_out(world.questions[application.call_id], found)
    return found


class _World:
    """Everything that the applications refer to, read at once."""

    def __init__(self, applications, call, as_of, wanted):
        self.call = call
        self.as_of = as_of or local_date((call or next(iter(applications)).call).opens_at)
        keys = [application.pk for application in applications]
        today = local_date(timezone.now())
        people = Participant.objects.current().filter(application__in=keys).order_by("order", "id")
        # What is recorded of a person is known by the number in their own record.
        same = PersonRecord.objects.exclude(id_number="").filter(id_number=OuterRef(OuterRef("id_number")))
        stained = IntegrityRecord.objects.as_of(self.as_of).filter(user__in=same.values("user"))
        asked = Exists(stained) if INTEGRITY in wanted else Value(None, output_field=BooleanField())
        people = people.annotate(is_stained=asked)
        self.people = _grouped(people.annotate(sanctions=Sanction.objects.facts_of_people(today)))
        self.lines = _grouped(
            BudgetLine.objects.filter(application__in=keys).select_related("category", "source")
        )
        self.answers: dict[int, dict] = defaultdict(dict)
        for row in Answer.objects.filter(application__in=keys).values_list(
            "application_id", "question__code", "value"
        ):
            self.answers[row[0]][row[1]] = row[2]
        self._calls(applications)
        self._units(applications)
        self.history = dict.fromkeys(keys, dict.fromkeys(HISTORY))
        if names := {name for name in HISTORY if f"history.{name}" in wanted}:
            numbers = {key: _pi_number(self.people[key]) for key in keys}
            self.history = limits.counts(applications, numbers, names, with_proposed=PROPOSED in wanted)
        followed = {application.follows_id for application in applications} - {None}
        outlines = Application.objects.select_related("call__programme", "project_type")
        self.outlines = outlines.in_bulk(followed) if followed else {}
        self.reads_papers = "paper" in wanted
        self.nominators = nominators_named(keys) if NOMINATORS in wanted else {}
        self.repeated = {}
        if REPEATED in wanted:
            self.repeated = repeated(applications, self.answers, self.questions)
        self.records = limits.Records()
        if RECORDS in wanted:
            people = {row.person_key for rows in self.people.values() for row in rows} - {""}
            listed = {one.key for a in applications for one in self._listed(a)}
            people |= listed
            codes = {unit.credit_code for unit in self.by_code.values()} | self.codes | self.abroad
            proposed = PROPOSED in wanted
            self.records = limits.records(
                codes, people, as_of=self.as_of, with_proposed=proposed, listed=listed
            )

    def _units(self, applications):
        self.codes = {row.credit_code for rows in self.people.values() for row in rows} - {""}
        # Units abroad have no account here: they are known by their country and name.
        self.abroad = {row.unit_key for rows in self.people.values() for row in rows} - self.codes - {""}
        leads = {application.organisation_id for application in applications}
        leads |= {application.recommender_id for application in applications}
        named = self.codes | self.abroad | self._named("credit_code")
        for application in applications:
            asked = self.questions[(self.call or application.call).pk]
            named |= units_in(asked, self.answers[application.pk])
        units = Organisation.objects.filter(Q(credit_code__in=named) | Q(pk__in=leads))
        barred = Sanction.objects.facts_of_units(local_date(timezone.now()))
        self.units = {unit.pk: unit for unit in units.select_related("parent").annotate(sanctions=barred)}
        self.by_code = {unit.credit_code: unit for unit in self.units.values()}
        self.facts = unit_contexts(self.units.values(), self.as_of)

    def _named(self, part: str) -> set[str]:
        """Codes of the units, or numbers of the people, that answers name: providers, users, experts."""
        values = (value for stored in self.answers.values() for value in stored.values())
        return {value[part] for value in values if isinstance(value, dict) and value.get(part)}

    def _calls(self, applications):
        calls = {application.call_id: application.call for application in applications}
        if self.call:
            calls[self.call.pk] = self.call
        self.questions = {key: list(call.questions.all()) for key, call in calls.items()}
        self.categories = {key: [c.code for c in call.budget_categories.all()] for key, call in calls.items()}
        self.sources = {key: list(call.funding_sources.all()) for key, call in calls.items()}

    def of(self, application: Application) -> dict:
        call = self.call or application.call
        people = [self._person(row, application) for row in self.people[application.pk]]
        pi = next((person for person in people if person["role"] == ParticipantRole.PI), None)
        lead = self.units[application.organisation_id]
        answers = self._answers(application, call)
        shares = Shares(self.lines[application.pk] if call.is_budget_by_unit else None)
        return {
            "unit": self.facts[lead.pk]
            | {"records": self.records.unit(lead.credit_code, application), "sanctions": lead.sanctions},
            "pi": pi
            or dict.fromkeys((*PERSON, "age", "id_number", "records", "sanctions", "integrity_clean")),
            "participants": people,
            "members": [person for person in people if person is not pi],
            "partners": self._partners(application, lead, shares),
            "budget": self._budget(application, call)
            | {f"lead_{name}": amount for name, amount in shares.of(lead.credit_code).items()},
            "project": {
                "title": application.title,
                "amount": application.requested_amount,
                "months": months_between(application.starts_date, application.ends_date),
                "starts_date": application.starts_date,
                "ends_date": application.ends_date,
                # What is not handed in yet would be handed in today.
                "submitted_date": local_date(application.submitted_at or timezone.now()),
                "type": application.project_type.code if application.project_type_id else "",
                "answers": answers,
                "repeated": self.repeated.get(application.pk, []),
            },
            "answers": answers,
            # Nothing is awarded yet: reports behind the award say how much, and what of (`milestones`).
            "award": dict.fromkeys(AWARD),
            "milestone": dict.fromkeys(MILESTONE),
            "topic": _topic(application),
            "demander": self._demander(application),
            "recommender": self._recommender(application, lead),
            "follows": self._follows(application),
            "paper": paper_facts(application) if self.reads_papers else NO_PAPERS,
            "nominators": self.nominators.get(application.pk, []),
            "history": self.history[application.pk],
            "call": {
                "year": call.year,
                "opens_at": call.opens_at,
                "closes_at": call.closes_at,
                "cap": call.cap,
                "slug": call.programme.slug,
                **_batch(application, call),
            },
        }

    def _answers(self, application, call) -> dict:
        stored, lead = self.answers[application.pk], self.units[application.organisation_id]
        found = {q.code: questions.for_rules(q, stored.get(q.code)) for q in self.questions[call.pk]}
        for question in self.questions[call.pk]:
            answer = found[question.code]
            if answer and question.kind == QuestionKind.ORGANISATION:
                answer |= self._known(answer["credit_code"], lead)
            elif answer and question.kind == QuestionKind.PERSON:
                # The number itself stays out of rules; what it was used for elsewhere does not.
                number = stored[question.code].get("id_number") or ""
                answer["records"] = self.records.listed(number, application)
                answer["age"] = age_of(answer["birth_date"], self.as_of)
            if answer and (columns := unit_columns(question)):
                for row in answer:
                    row.update(
                        {name: row[name] | self._known(row[name]["credit_code"], lead)
                         for name in columns if row.get(name)}
                    )  # fmt: skip
            if answer and (column := number_column(question)):
                rows = zip(answer, stored[question.code], strict=True)
                found[question.code] = [self._row(row, said.get(column), application) for row, said in rows]
        return found

    def _row(self, row: dict, number: str | None, application) -> dict:
        """Of a person in a table: what the number says, and what it was used for elsewhere."""
        records = self.records.listed(number or "", application)
        return {"records": records} | row_of_person(row, number, self.as_of)

    def _listed(self, application) -> list[Listed]:
        asked = self.questions[(self.call or application.call).pk]
        return list(listed_in(asked, self.answers[application.pk]))

    def _known(self, code: str | None, lead: Organisation) -> dict:
        """What the register says of a unit that an answer names; what it does not know is null."""
        unit = self.by_code.get(code)
        if unit is None:
            return {
                "registered": False,
                **dict.fromkeys(("kind", "related", "integrity_clean", *FactKind.values)),
            }
        facts = {name: value for name, value in self.facts[unit.pk].items() if name in PARTNER}
        return facts | {"registered": True, "related": bool(relation(lead, unit))}

    def _person(self, row: Participant, application) -> dict:
        person = {name: getattr(row, name, None) for name in PERSON}
        number = row.id_number
        # GB 11643: the last digit of the sequence is odd for men.
        is_card = row.id_kind == IdKind.ID_CARD and len(number) == 18
        person["sex"] = ("male" if int(number[16]) % 2 else "female") if is_card else None
        person["id_number"] = number
        person["age"] = age_of(row.birth_date, self.as_of)
        lead = self.units[application.organisation_id]
        of_team = lead.is_team and not row.credit_code and row.organisation_name == lead.name
        if of_team or (lead.is_abroad and row.unit_key == lead.credit_code):
            # So that "the head works at the lead unit" reads the same for units without a credit code.
            person["credit_code"] = lead.credit_code
        person["records"] = self.records.person(row.person_key, application)
        person["sanctions"] = row.sanctions if row.person_key else []
        # Of whom no number is known nothing is recorded.
        known = row.is_stained is not None and row.id_number
        person["integrity_clean"] = not row.is_stained if known else None
        return person

    def _partners(self, application, lead, shares) -> list[dict]:
        rows = self.people[application.pk]
        named = {row.unit_key: row for row in rows if row.unit_key not in ("", lead.credit_code)}
        return [self._partner(row, application) | shares.of(key) for key, row in named.items()]

    def _partner(self, row, application) -> dict:
        code, name, foreign = row.credit_code, row.organisation_name, row.country != HOME
        unit = self.by_code.get(row.unit_key)
        # The code itself says the region of registration when the unit has no account here.
        known = self.facts[unit.pk] if unit else {"region": code[2:8]}
        partner = dict.fromkeys(PARTNER) | {key: known[key] for key in PARTNER if key in known}
        return partner | {
            "name": name,
            "credit_code": code,
            "country": row.country,
            "foreign": foreign,
            "records": self.records.unit(row.unit_key, application),
            "sanctions": unit.sanctions if unit else [],
        }

    def _budget(self, application, call) -> dict:
        fiscal_sources = {source.code for source in self.sources[call.pk] if source.is_fiscal}
        categories = dict.fromkeys(self.categories[call.pk], Decimal(0))
        sources = {source.code: Decimal(0) for source in self.sources[call.pk]}
        fiscal = dict(categories)
        years, units, cells = defaultdict(Decimal), defaultdict(Decimal), defaultdict(Decimal)
        for line in self.lines[application.pk]:
            category, source = line.category.code, line.source.code
            categories[category] = categories.get(category, 0) + line.amount
            sources[source] = sources.get(source, 0) + line.amount
            if source in fiscal_sources:
                fiscal[category] = fiscal.get(category, 0) + line.amount
            years[str(line.year or "")] += line.amount
            units[line.unit] += line.amount
            cells[f"{category}.{source}"] += line.amount
        asked, own = application.requested_amount, application.own_amount
        return {
            "fiscal": asked,
            "own": own,
            "total": asked + own,
            "categories": categories,
            "sources": sources,
            "fiscal_categories": fiscal,
            "years": dict(years),
            "units": dict(units),
            "cells": dict(cells),
        }

    def _follows(self, application) -> dict:
        """The chosen project that this application came in by, and by which line of the notice."""
        outline = self.outlines.get(application.follows_id)
        if outline is None:
            return dict.fromkeys(KNOWN["follows"]) | {"entry": ""}
        return {
            "title": outline.title,
            "state": outline.state,
            "number": outline.number,
            "plan": outline.call.programme.slug,
            "year": outline.call.year,
            "type": outline.project_type.code if outline.project_type_id else "",
            "entry": application.entry_code,
            "grade": outline.granted_grade,
            "score": outline.final_score,
            "amount": outline.granted_amount,
        }

    def _recommender(self, application, lead) -> dict:
        """Whoever recommends by name; nobody before the applicant has chosen, or where regions recommend."""
        unit = self.units.get(application.recommender_id)
        if unit is None:
            return dict.fromkeys(("name", "credit_code", "kind", "region", "related"))
        known = {name: getattr(unit, name) for name in ("name", "credit_code", "kind", "region")}
        return known | {"related": bool(relation(lead, unit))}

    def _demander(self, application) -> dict:
        owner = application.topic.owner if application.topic_id else None
        if owner is None:
            return dict.fromkeys(("name", "credit_code", "related", "relation", "relations"))
        codes = {row.credit_code for row in self.people[application.pk]}
        lead = application.organisation_id
        units = [unit for unit in self.units.values() if unit.pk == lead or unit.credit_code in codes]
        relations = _related(units, owner)
        return {
            "name": owner.name,
            "credit_code": owner.credit_code,
            "related": bool(relations),
            "relation": relations[0][1] if relations else "",
            "relations": relations,
        }


class Shares:
    """What each unit has in the budget: public money and all, 元; None where the budget is not by unit."""

    def __init__(self, lines: Collection[BudgetLine] | None):
        self.is_known = lines is not None
        self.fiscal, self.total = defaultdict(Decimal), defaultdict(Decimal)
        for line in lines or ():
            self.total[line.unit] += line.amount
            if line.source.is_fiscal:
                self.fiscal[line.unit] += line.amount

    def of(self, key: str) -> dict[str, Decimal | None]:
        amounts = {"fiscal": self.fiscal[key], "total": self.total[key]}
        return amounts if self.is_known else dict.fromkeys(amounts)


def _grouped(rows) -> dict[int, list]:
    found = defaultdict(list)
    for row in rows:
        found[row.application_id].append(row)
    return found


def _pi_number(people: list[Participant]) -> str:
    return next((row.person_key for row in people if row.role == ParticipantRole.PI), "")


def _batch(application, call: Call) -> dict:
    """The batch that an application is in, or would be in; a call without batches is one."""
    batch = limits.batch_of(application, call)
    return {
        "batch": batch.code if batch else "",
        "batch_closes_at": batch.closes_at if batch else call.closes_at,
    }


def _topic(application) -> dict:
    topic = application.topic
    if topic is None:
        return dict.fromkeys(("number", "title", "field", "amount", "owner_code"))
    return {
        "number": topic.number,
        "title": topic.title,
        "field": topic.field,
        "amount": topic.amount,
        "owner_code": topic.owner.credit_code if topic.owner_id else None,
    }
