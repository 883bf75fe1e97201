"""What is read of an application: totals, answers, the data that rules see, the content that is sealed."""

import hashlib
import json
from collections import defaultdict
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, Sum
from django.utils import timezone
from stdnum.cn import ric

from accounts.models import Organisation
from accounts.queries import unit_context
from applications import questions
from applications.models import (
    Answer,
    Application,
    ParticipantRole,
    RuleResult,
)
from applications.states import ApplicationState
from core.calendar import local_date
from core.models import Event
from documents.models import Document
from grants.models import Question
from notifications.models import Deadline, DeadlineKind

RUNNING = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)
NOT_COUNTED = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN, ApplicationState.REJECTED)


# ---- money ----


def budget_totals(application: Application) -> dict[str, Decimal]:
    """{"fiscal", "own", "total"} in 元, as the application states them."""
    fiscal, own = application.requested_amount, application.own_amount
    return {"fiscal": fiscal, "own": own, "total": fiscal + own}


def budget_matrix(application: Application) -> dict[tuple[str, str], Decimal]:
    """(category code, source code) → 元; one query."""
    lines = application.budget_lines.values_list("category__code", "source__code", "amount")
    return {(category, source): amount for category, source, amount in lines}


# ---- answers ----


def questions_of(application: Application) -> list[Question]:
    """Every question of the call in order, each with its section; one query."""
    return list(application.call.questions.select_related("section").order_by("section__order", "order"))


def stored_answers(application: Application) -> dict[str, object]:
    """Question code → stored JSON, what was typed included; one query."""
    return dict(Answer.objects.filter(application=application).values_list("question__code", "value"))


# ---- what rules see ----


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
    person["sex"] = {"M": "male", "F": "female"}[ric.get_gender(number)] if len(number) == 18 else None
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


# ---- what is sealed ----


def snapshot(application: Application) -> dict:
    """The whole content of an application as plain JSON: what a submission seals and the PDF prints."""
    call = application.call
    stored = stored_answers(application)
    data = {
        "call": {"id": call.pk, "title": call.title, "number": call.number, "version": call.version},
        "topic": _sealed_topic(application),
        "organisation": {
            "name": application.organisation.name,
            "credit_code": application.organisation.credit_code,
            "region": application.organisation.region,
            "legal_representative": application.organisation.legal_representative,
        },
        "title": application.title,
        "summary": application.summary,
        "starts_date": application.starts_date,
        "ends_date": application.ends_date,
        "amounts": budget_totals(application),
        "answers": [
            {
                "section": question.section.title,
                "code": question.code,
                "kind": question.kind,
                "label": question.label,
                "value": stored.get(question.code),
                "text": questions.text(question, stored.get(question.code)),
                "columns": [
                    {"code": column.code, "label": column.label} for column in questions.columns_of(question)
                ],
                "rows": _printed_rows(question, stored.get(question.code)),
            }
            for question in questions_of(application)
        ],
        "participants": list(
            application.participants.values(
                "role",
                "name",
                "id_number",
                "birth_date",
                "title",
                "organisation_name",
                "credit_code",
                "months_per_year",
                "task",
            )
        ),
        "budget": _sealed_budget(application),
        "milestones": list(
            application.proposed_milestones.values(
                "order", "name", "due_date", "deliverable", "indicators", "share"
            )
        ),
    }
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder))


def _sealed_topic(application):
    topic = application.topic
    return {"id": topic.pk, "number": topic.number, "title": topic.title} if topic else None


def _printed_rows(question, stored) -> list[list[str]]:
    if not isinstance(stored, list) or question.kind != "table":
        return []
    columns = questions.columns_of(question)
    return [[column.text(row.get(column.code)) for column in columns] for row in stored]


def _sealed_budget(application):
    cells = budget_matrix(application)
    return {
        "sources": list(application.call.funding_sources.values("code", "name", "is_fiscal")),
        "categories": [
            {
                "code": category.code,
                "name": category.name,
                "amounts": {
                    source: amount for (code, source), amount in cells.items() if code == category.code
                },
            }
            for category in application.call.budget_categories.all()
        ],
    }


def canonical(content: dict) -> bytes:
    """The one way to write a content, so that its hash can be checked by anybody."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_of(content: dict) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


# ---- history and clocks ----


def events(application: Application):
    return Event.objects.about(application)


def returned_from(application: Application) -> str:
    """The stage that sent a returned application back; it goes there again."""
    last = events(application).filter(to_state=ApplicationState.RETURNED).order_by("-at", "-id").first()
    return last.from_state if last else ApplicationState.FORMAL_CHECK


def supplement_deadline(application: Application) -> Deadline | None:
    """Until when a returned application may be handed in again."""
    return _open_deadlines(application).filter(kind=DeadlineKind.SUPPLEMENT).first()


def _open_deadlines(application):
    return Deadline.objects.open().filter(
        content_type__app_label="applications", content_type__model="application", object_id=application.pk
    )


def open_deadlines(application: Application) -> list[Deadline]:
    return list(_open_deadlines(application).order_by("due_at"))


def documents_of(application: Application):
    return Document.objects.about(application).select_related("created_by")


def latest_documents(application: Application) -> dict[str, Document]:
    """Kind → the latest version; one query."""
    return {document.kind: document for document in documents_of(application).order_by("kind", "version")}


def unresolved(application: Application) -> list[RuleResult]:
    """Rule results that still need a person or say no."""
    return [line for line in rule_results(application) if line.final_status not in SETTLED]


SETTLED = ("passed", "warning", "not_applicable", "system_managed")


def rule_results(application: Application) -> list[RuleResult]:
    return list(application.rule_results.select_related("rule", "officer").order_by("rule__order"))


def requested_in_call(call) -> Decimal:
    total = Application.objects.filter(call=call, submitted_at__isnull=False).aggregate(
        s=Sum("requested_amount")
    )
    return total["s"] or Decimal(0)


def local_moment(value) -> str:
    """A moment as people read it, in Beijing time."""
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S}"
