"""What pages and rules read about demands."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Membership, Organisation, User
from accounts.queries import unit_context
from accounts.roles import UnitRole
from applications import completeness, questions
from applications.queries import call_questions, version_of
from core.calendar import local_date
from core.expressions import ExpressionError, MissingData, compile
from core.models import Event
from core.money import wan
from documents.models import Document
from exchange.kinds import ON_THE_TOPIC, shape_of
from exchange.models import Demand, DemandScheme
from exchange.states import DemandState
from grants.models import Automation, Call, FormKind, Question, QuestionKind, Severity
from grants.rules import DEMAND, OF_DEMAND

ORDER = ("-id",)


def demands(user, *, q: str = "", state: str = "", kind: str = "", call=None) -> QuerySet:
    """Demands of the user's own units, newest first."""
    rows = Demand.objects.visible_to(user).filter(organisation_id__in=user.scope.units)
    rows = rows.select_related("call", "organisation", "topic").order_by(*ORDER)
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(field__icontains=q) | Q(topic__number__icontains=q))
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if call:
        rows = rows.filter(call=call)
    return rows


def scheme_of(call: Call) -> DemandScheme:
    """How the call handles demands; the defaults when it says nothing."""
    return DemandScheme.objects.filter(call=call).first() or DemandScheme(call=call)


def units_of(user) -> QuerySet:
    """The units for which a person may post a demand."""
    return Organisation.objects.filter(pk__in=user.scope.units).order_by("name")


def people_of(demand: Demand) -> list[User]:
    """Who hears of a demand: who wrote it and the unit's administrators."""
    admins = Membership.objects.filter(
        organisation_id=demand.organisation_id, role=UnitRole.ADMIN, is_active=True, user__is_active=True
    )
    wanted = Q(pk__in=admins.values("user_id")) | Q(pk=demand.created_by_id)
    return list(User.objects.filter(wanted, is_active=True).order_by("pk"))


# ---- the call's own questions ----


def questions_of(call: Call) -> list[Question]:
    """The questions of the call's demand form in order, each with its section."""
    return call_questions(call, FormKind.DEMAND)


def form_context(demand: Demand, asked: list[Question]) -> dict:
    """The variables of the demand form's expressions, and of rules about demands."""
    answers = {q.code: questions.for_rules(q, demand.answers.get(q.code)) for q in asked}
    given = {name: getattr(demand, name) for name in OF_DEMAND["demand"]}
    at = local_date(demand.submitted_at or demand.saved_at)
    return {
        "answers": answers,
        "demand": given,
        "unit": unit_context(demand.organisation, at),
        "call": _call_facts(demand.call),
    }


def is_conditional(asked: list[Question]) -> bool:
    return any(questions.is_conditional(q) for q in asked)


def shown_codes(demand: Demand, asked: list[Question]) -> set[str]:
    """Codes of the questions whose condition holds now."""
    return completeness.visible_codes(asked, form_context(demand, asked) if is_conditional(asked) else {})


def answer_faults(demand: Demand) -> list[tuple[Question, str]]:
    """(question, sentence) for everything that is missing or wrong in the call's own questions."""
    asked = questions_of(demand.call)
    if not asked:
        return []
    context = form_context(demand, asked) if is_conditional(asked) else {}
    return list(completeness.answer_faults(asked, demand.answers, context))


class Shown(NamedTuple):
    """One answer or fact for reading, with the files that it is made of."""

    label: str
    text: str
    files: list[dict] = []


def read_answers(demand: Demand) -> list[tuple[str, list[Shown]]]:
    """(section, its answers) of what was asked and shown, for the unit and the officers."""
    asked = questions_of(demand.call)
    shown = shown_codes(demand, asked)
    sections: dict[str, list] = {}
    for question in asked:
        if question.code in shown:
            title = questions.localised(question.section, "title")
            sections.setdefault(title, []).append(_shown(question, demand))
    return list(sections.items())


def _shown(question: Question, demand: Demand) -> Shown:
    answer = questions.masked(question.kind, demand.answers.get(question.code))
    files = questions.files_of(answer) if question.kind == QuestionKind.ATTACHMENT else []
    return Shown(questions.localised(question, "label"), questions.text(question, answer), files)


def documents_of(demand: Demand) -> dict[int, Document]:
    """The files of a demand by key; one query."""
    return Document.objects.about(demand).in_bulk()


# ---- what two people write at once ----


def standing(demand: Demand, asked: list[Question]) -> dict[str, object]:
    """Unit of the form (its input's name) → what stands there, as a value or as it was typed."""
    fields = {name: demand.typed.get(name, getattr(demand, name)) for name in shape_of(demand.kind).asked}
    answers = {
        unit_of(question.code): demand.answers.get(question.code)
        for question in asked
        if question.kind not in questions.NOT_SAVED
    }
    return fields | answers


def unit_of(code: str) -> str:
    """The unit that answers a question of the call's own."""
    return f"a-{code}"


def version(value) -> str:
    """Equal for what reads the same: 200 and 200.00, a row with an empty cell and one without it."""
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    if isinstance(value, list):
        value = [{k: v for k, v in row.items() if v} if isinstance(row, dict) else row for row in value]
    return version_of(value)


def names_of(people: Collection[int]) -> dict[int, str]:
    """Key → name; one query, none for nobody."""
    return dict(User.objects.filter(pk__in=people).values_list("pk", "name")) if people else {}


def versions(demand: Demand) -> dict[str, str]:
    """What a page carries along: the version of every unit that it shows."""
    return {unit: version(value) for unit, value in standing(demand, questions_of(demand.call)).items()}


# ---- what the public reads ----


@dataclass(frozen=True)
class PublicView:
    """What the public reads of a demand once it is listed: nothing else leaves the unit and the bureau."""

    title: str
    field: str
    content: str
    indicators: list
    bidder_conditions: str
    amount: object
    owner_name: str
    facts: list[Shown]


def public_names(scheme: DemandScheme) -> list[str]:
    """Fields and questions that the call makes public; those usual for its kind when it says nothing."""
    usual = shape_of(scheme.kind).may_be_public
    return list(usual) if scheme.public is None else scheme.public


def public_view(demand: Demand) -> PublicView:
    public = set(public_names(scheme_of(demand.call)))
    shown = {name: getattr(demand, name) if name in public else "" for name in ON_THE_TOPIC}
    return PublicView(
        title=demand.title,
        field=shown["field"],
        content=demand.public_summary,
        indicators=shown["indicators"] or [],
        bidder_conditions=shown["bidder_conditions"],
        amount=getattr(demand, shape_of(demand.kind).list_amount),
        owner_name=demand.organisation.name if demand.name_is_public else "",
        facts=_facts(demand, public),
    )


def _facts(demand: Demand, public: set[str]) -> list[Shown]:
    """The other public parts, in the order of the form, in the reader's language."""
    shape = shape_of(demand.kind)
    names = [name for name in shape.may_be_public if name in public and name not in ON_THE_TOPIC]
    found = [Shown(label_of(demand, name), text_of(demand, name)) for name in names]
    asked = questions_of(demand.call)
    shown = shown_codes(demand, asked) if any(q.code in public for q in asked) else set()
    for question in asked:
        if question.code in public & shown:
            found.append(_shown(question, demand))
    return [fact for fact in found if fact.text]


def label_of(demand: Demand, name: str) -> str:
    """What a field is called for demands of this kind."""
    return str(shape_of(demand.kind).labels.get(name) or Demand._meta.get_field(name).verbose_name)


def text_of(demand: Demand, name: str) -> str:
    """A plain field as it reads."""
    shown = getattr(demand, f"get_{name}_display", None)
    value = shown() if shown else getattr(demand, name)
    return "" if value is None else str(value)


def text_of_value(name: str, value) -> str:
    """A value of a field, stored or only typed, as it reads beside another."""
    if name == "name_is_public":
        return _("是") if value else _("否")
    if isinstance(value, Decimal):
        return wan(value)
    if isinstance(value, list):
        return "\n".join(" ".join(str(cell) for cell in row.values() if cell) for row in value)
    choices = dict(Demand._meta.get_field(name).flatchoices)
    return str(choices.get(value, "" if value is None else value))


def listed_facts(demand: Demand) -> list[dict]:
    """The public facts as a list item keeps them, in both languages, with the files that are public too."""
    with override("en"):
        english = public_view(demand).facts
    with override("zh-hans"):
        chinese = public_view(demand).facts
    pairs = zip(chinese, english, strict=True)
    return [
        {"label": a.label, "text": a.text, "label_en": b.label, "text_en": b.text} | _files(a)
        for a, b in pairs
    ]


def _files(fact: Shown) -> dict:
    kept = [{name: file[name] for name in ("document", "name", "size")} for file in fact.files]
    return {"files": kept} if kept else {}


@dataclass(frozen=True)
class RuleLine:
    """One clause about who may post: `holds` is None when nobody but a person can tell."""

    code: str
    text: str
    clause: str
    holds: bool | None
    is_blocking: bool
    message: str = ""


def eligibility(
    call: Call, organisation: Organisation, *, at, demand: Demand | None = None
) -> list[RuleLine]:
    """Whether a unit may post demands, one line per clause that the call applies to demands.

    Without a `demand` the clauses about what it says are left to a person, with it they are judged.

    Those are its rules of scope `unit` whose `params` say {"applies_to": "demand"}; certificates count as
    of the day of `at`. One query for the rules, and those of `unit_context` when there are any.
    """
    rules = list(call.rules.filter(params__applies_to=DEMAND))
    if not rules:
        return []
    context = {"call": _call_facts(call), "unit": unit_context(organisation, local_date(at))}
    if demand is not None:
        context = form_context(demand, questions_of(call)) | context
    return [_line(rule, context | {"params": rule.params}) for rule in rules]


def _call_facts(call: Call) -> dict:
    facts = {"slug": call.programme.slug, "year": call.year, "cap": call.cap}
    return facts | {"opens_at": call.opens_at, "closes_at": call.closes_at}


def _reads_demand(rule) -> bool:
    """Whether a rule is about what the demand says, not about who posts it."""
    sources = (rule.applies_when, rule.expression)
    return any(
        path[0] in ("demand", "answers") for source in sources if source for path in compile(source).paths
    )


def _line(rule, context) -> RuleLine:
    holds, message = None, ""
    if rule.automation == Automation.AUTO and ("demand" in context or not _reads_demand(rule)):
        try:
            applies = not rule.applies_when or compile(rule.applies_when).holds(context, rule=rule.code)
            holds = not applies or compile(rule.expression).holds(context, rule=rule.code)
        except MissingData as missing:
            holds, message = False, missing.message
        except ExpressionError as error:
            message = error.message
    if holds is False:
        message = rule.hint or message
    return RuleLine(
        code=rule.code,
        text=rule.text,
        clause=rule.clause,
        holds=holds,
        is_blocking=rule.severity == Severity.BLOCKING,
        message=message,
    )


def history(demand: Demand) -> list[dict]:
    """The moves of a demand, newest first, as steps of the portal's timeline. One query."""
    events = Event.objects.about(demand).exclude(to_state="").order_by("-at", "-id")
    return [
        {"title": DemandState(event.to_state).label, "state": "done", "at": event.at, "note": event.note}
        for event in events
    ]
