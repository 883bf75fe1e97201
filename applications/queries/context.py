"""The data that the rules of a call see of an application."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Q

from accounts.models import Organisation
from accounts.queries import unit_context
from applications import questions
from applications.models import Application, ParticipantRole
from applications.queries.answers import budget_matrix, budget_totals, questions_of, stored_answers
from applications.states import ApplicationState
from core.calendar import local_date

RUNNING = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)
NOT_COUNTED = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN, ApplicationState.REJECTED)


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


def related_parties(application: Application) -> list[tuple[str, str]]:
    """(unit name, relation) of the lead and of partners that are related to the demand side; two queries."""
    owner = application.topic.owner if application.topic_id else None
    if owner is None:
        return []
    codes = set(application.participants.values_list("credit_code", flat=True)) - {""}
    units = Organisation.objects.filter(Q(pk=application.organisation_id) | Q(credit_code__in=codes))
    found = [(unit, relation(unit, owner)) for unit in units]
    return [(unit.name, kind) for unit, kind in found if kind]


def context(application: Application) -> dict:
    """The variables of the call's expressions (`grants.rules.KNOWN`); about ten queries, whatever the rules.

    Facts about units count as of the day on which the call opens.
    """
    call = application.call
    as_of = local_date(call.opens_at)
    people = [_person(participant) for participant in application.participants.all()]
    pi = next((person for person in people if person["role"] == ParticipantRole.PI), None)
    stored = stored_answers(application)
    answers = {q.code: questions.for_rules(q, stored.get(q.code)) for q in questions_of(application)}
    return {
        "unit": unit_context(application.organisation, as_of),
        "pi": pi or dict.fromkeys(_person_fields()),
        "participants": people,
        "members": [person for person in people if person is not pi],
        "partners": _partners(application, people, as_of),
        "budget": _budget(application),
        "project": {
            "title": application.title,
            "amount": application.requested_amount,
            "months": months_between(application.starts_date, application.ends_date),
            "starts_date": application.starts_date,
            "ends_date": application.ends_date,
            "answers": answers,
        },
        "answers": answers,
        "topic": _topic(application),
        "demander": _demander(application),
        "history": _history(application, pi),
        "call": {
            "year": call.year,
            "opens_at": call.opens_at,
            "closes_at": call.closes_at,
            "cap": call.cap,
            "slug": call.programme.slug,
        },
    }


def _person_fields():
    return (
        "role",
        "name",
        "birth_date",
        "sex",
        "title",
        "organisation_name",
        "credit_code",
        "months_per_year",
    )


def _person(participant) -> dict:
    person = {name: getattr(participant, name, None) for name in _person_fields()}
    number = participant.id_number
    # GB 11643: the last digit of the sequence is odd for men.
    person["sex"] = ("male" if int(number[16]) % 2 else "female") if len(number) == 18 else None
    person["id_number"] = number
    return person


def _partners(application, people, as_of) -> list[dict]:
    lead = application.organisation.credit_code
    named = {p["credit_code"]: p["organisation_name"] for p in people if p["credit_code"] not in ("", lead)}
    known = {unit.credit_code: unit for unit in Organisation.objects.filter(credit_code__in=named)}
    return [
        {
            "name": name,
            "credit_code": code,
            # The code itself says the region of registration when the unit has no account here.
            "region": known[code].region if code in known else code[2:8],
            "kind": known[code].kind if code in known else None,
            "registered_date": known[code].registered_date if code in known else None,
        }
        for code, name in named.items()
    ]


def _budget(application) -> dict:
    categories, sources = defaultdict(Decimal), defaultdict(Decimal)
    for category in application.call.budget_categories.all():
        categories[category.code] = Decimal(0)
    for source in application.call.funding_sources.all():
        sources[source.code] = Decimal(0)
    for (category, source), amount in budget_matrix(application).items():
        categories[category] += amount
        sources[source] += amount
    return budget_totals(application) | {"categories": dict(categories), "sources": dict(sources)}


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


def _demander(application) -> dict:
    owner = application.topic.owner if application.topic_id else None
    if owner is None:
        return dict.fromkeys(("name", "credit_code", "related", "relation"))
    relations = related_parties(application)
    return {
        "name": owner.name,
        "credit_code": owner.credit_code,
        "related": bool(relations),
        "relation": relations[0][1] if relations else "",
    }


def _history(application, pi) -> dict:
    others = Application.objects.exclude(pk=application.pk)
    handed_in = others.exclude(state__in=NOT_COUNTED)
    of_unit = Q(organisation_id=application.organisation_id)
    in_call = handed_in.filter(of_unit, call_id=application.call_id)
    in_year = handed_in.filter(of_unit, call__year=application.call.year)
    counts = {
        "unit_in_call": in_call.count(),
        "unit_in_year": in_year.count(),
        "unit_running": others.filter(of_unit, state__in=RUNNING).count(),
        "pi_in_call": None,
        "pi_running": None,
    }
    if pi and pi["id_number"]:
        same = Q(participants__role=ParticipantRole.PI, participants__id_number=pi["id_number"])
        counts["pi_in_call"] = handed_in.filter(same, call_id=application.call_id).count()
        counts["pi_running"] = others.filter(same, state__in=RUNNING).count()
    return counts
