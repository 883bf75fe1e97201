"""What pages and rules read about duties: lists, the form of one, what waits for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from applications import completeness, questions
from applications import queries as applications
from applications.models import Application
from core.calendar import local_date
from documents.models import Document
from duties.models import Duty, DutyTerm, HandIn, OnePer
from duties.states import OWED, PENDING, DutyState
from grants.models import Call, FormKind, Question, QuestionKind, Section

ORDER = ("due_at", "id")
MANY_FILES = 10


def with_subject(rows: QuerySet) -> QuerySet:
    """With everything that a line or a page of a duty names; one query."""
    return rows.select_related(
        "term__call__programme__department",
        "application__organisation",
        "application__call__programme",
        "application__topic__owner",
        "organisation",
    )


def listed(user, *, q: str = "", state: str = "") -> QuerySet:
    """What a person has to hand in or has handed in, by its day."""
    rows = with_subject(Duty.objects.owed_by(user)).exclude(state=DutyState.CANCELLED)
    if q:
        rows = rows.filter(search(q))
    if state == "owed":
        rows = rows.filter(state__in=OWED)
    elif state:
        rows = rows.filter(state=state)
    return rows


def search(q: str) -> Q:
    return (
        Q(term__title__icontains=q)
        | Q(term__call__title__icontains=q)
        | Q(application__title__icontains=q)
        | Q(application__number__icontains=q)
        | Q(organisation__name__icontains=q)
    )


def of_application(application: Application, user) -> QuerySet:
    """What is owed about an application or its project, or once by its unit in the call, for this reader."""
    rows = Duty.objects.filter(
        Q(application=application)
        | Q(term__per=OnePer.UNIT, organisation=application.organisation, series=application.call.series)
    )
    rows = rows.exclude(state=DutyState.CANCELLED).select_related("term", "organisation", "application")
    return rows.visible_to(user).order_by(*ORDER)


def waiting_for(what: str, application: Application) -> QuerySet:
    """Duties that are not through yet and for which `what` (a `Blocks`) of an application has to wait."""
    once = Q(term__per=OnePer.UNIT, organisation=application.organisation) | Q(term__per=OnePer.CALL)
    wanted = Q(application=application) | once | Q(term__per=OnePer.RECOMMENDER) & of_office(application)
    rows = Duty.objects.filter(wanted, series=application.call.series, state__in=PENDING)
    return rows.filter(term__blocks=what).select_related("term").order_by(*ORDER)


def of_office(application: Application) -> Q:
    """Duties of the office that recommends the application: named, or by the unit's region."""
    if application.recommender_id:
        return Q(organisation_id=application.recommender_id)
    region = application.organisation.region
    return Q(region__in=[region[:length] for length in (2, 4, 6)])


# ---- the form ----


def questions_of(duty: Duty) -> list[Question]:
    """The questions of the notice's part for this duty; without one, files and a few words."""
    term = duty.term
    if not term.section_code:
        return _plain(term)
    found = applications.call_questions(term.call, FormKind.DUTY)
    return [question for question in found if question.section.code == term.section_code]


def _plain(term: DutyTerm) -> list[Question]:
    section = Section(pk=0, call=term.call, code=term.code, form=FormKind.DUTY, title=term.title)
    section.title_en = term.title_en
    files = Question(
        call=term.call,
        section=section,
        code="files",
        kind=QuestionKind.ATTACHMENT,
        label=gettext_noop("材料"),
        label_en="Files",
        clause=term.clause,
        config={"max_count": MANY_FILES},
    )
    note = Question(
        call=term.call,
        section=section,
        code="note",
        kind=QuestionKind.TEXT,
        label=gettext_noop("说明"),
        label_en="Remarks",
        is_required=False,
        config={"max_length": 500},
    )
    return [files, note]


def form_context(duty: Duty, asked: Iterable[Question], answers: dict) -> dict:
    """The variables of the form's expressions: the answers alone, whoever owes it."""
    return {"answers": {q.code: questions.for_rules(q, answers.get(q.code)) for q in asked}}


def shown_codes(duty: Duty, asked: list[Question]) -> set[str]:
    return completeness.visible_codes(asked, form_context(duty, asked, duty.answers))


def form_faults(duty: Duty) -> list[tuple[Question, str]]:
    """(question, sentence) for everything that is missing or wrong."""
    asked = questions_of(duty)
    return list(completeness.answer_faults(asked, duty.answers, form_context(duty, asked, duty.answers)))


def documents_of(duty: Duty) -> dict[int, Document]:
    """The files of what is being written by key; one query."""
    return Document.objects.about(duty).in_bulk()


def sealed(duty: Duty) -> list[dict]:
    """The questions that are shown and their answers, as a hand-in keeps them; files by their hash."""
    asked, answers = questions_of(duty), dict(duty.answers)
    shown = shown_codes(duty, asked)
    for question in asked:
        if files := questions.files_of(answers.get(question.code)):
            bare = [{key: value for key, value in file.items() if key != "document"} for file in files]
            answers[question.code] = {"files": bare}
    return applications.sealed_answers([question for question in asked if question.code in shown], answers)


@dataclass(frozen=True)
class Handed:
    """One hand-in for reading: its answers by section, files as documents."""

    hand_in: HandIn
    sections: list


def history(duty: Duty) -> list[Handed]:
    """Every hand-in, the newest first; three queries."""
    rows = list(duty.hand_ins.select_related("submitted_by", "decided_by"))
    files = Document.objects.filter(
        content_type__app_label="duties", content_type__model="handin", object_id__in=[row.pk for row in rows]
    )
    by_owner: dict[int, list] = {}
    for document in files:
        by_owner.setdefault(document.object_id, []).append(document)
    return [Handed(row, _read(duty, row, by_owner.get(row.pk, []))) for row in rows]


def _read(duty: Duty, row: HandIn, files: list[Document]) -> list:
    by_hash = {document.sha256: document for document in files}
    answers = []
    said = applications.answers_in_readers_language(row.answers, lambda: questions_of(duty))
    for answer in applications.masked_answers(said):
        value = answer["value"]
        if isinstance(value, dict) and "files" in value:
            known = [by_hash[file["sha256"]] for file in value["files"] if file["sha256"] in by_hash]
            answer = answer | {"value": {"documents": [{"document": d.pk, "name": d.name} for d in known]}}
        answers.append(answer)
    return applications.by_section(answers)


def latest(duty: Duty) -> HandIn | None:
    return duty.hand_ins.order_by("-number").first()


# ---- in words ----


def about(duty: Duty) -> str:
    """For whom or what it is owed: a project, a unit, an office, the notice."""
    if duty.application_id:
        return str(duty.application)
    if duty.organisation_id:
        return str(duty.organisation)
    return duty.region or duty.term.call.title


def when(term: DutyTerm) -> str:
    """When it is due, as the notice says it."""
    if term.until:
        return _("%(day)s 前") % {"day": applications.local_moment(term.until)}
    if term.month_day:
        return _("项目执行期内每年 %(day)s 前") % {"day": term.month_day}
    moment = term.get_moment_display()
    if not term.days:
        return _("%(moment)s前") % {"moment": moment}
    words = {"moment": moment, "days": term.days, "kind": term.get_day_kind_display()}
    if term.is_before:
        return _("%(moment)s前 %(days)s 个%(kind)s") % words
    return _("%(moment)s后 %(days)s 个%(kind)s内") % words


def day_of(duty: Duty):
    return local_date(duty.due_at)


def calls_with_terms(calls: Iterable[Call]) -> set[int]:
    return set(DutyTerm.objects.filter(call__in=calls).values_list("call_id", flat=True))
