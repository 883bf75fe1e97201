"""What lists and pages of milestones read."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import Max, QuerySet

from applications import completeness, questions
from applications import queries as applications
from awards import queries as awards
from awards.models import Agreement
from core.calendar import end_of_day, local_date
from documents.models import Document
from grants.models import Call, FormKind, Question
from grants.queries import in_force
from milestones.models import (
    Acceptance,
    AcceptanceScheme,
    DemanderOpinion,
    Hearing,
    Kind,
    Milestone,
    MilestoneTemplate,
    Report,
    ReportDraft,
)
from milestones.states import MilestoneState
from notifications.models import Deadline, DeadlineKind

EVIDENCE = "evidence_"
"""The beginning of the `kind` of the files that are handed in beside the form."""


def set_by_notice(agreement: Agreement) -> list[MilestoneTemplate]:
    """The milestones whose day the notice sets: one day for everybody, or months after the end."""
    return [row for row in templates_of(agreement.award.application.call) if row.is_set_by_notice]


def templates_of(call: Call) -> list[MilestoneTemplate]:
    """The milestones that a notice demands; the days it names for all as the version in force has them."""
    rows = list(MilestoneTemplate.objects.filter(call=call, kind=Kind.MILESTONE).order_by("order"))
    now = in_force(call)
    if now.pk != call.pk and any(row.by_date or row.check_by_date for row in rows):
        found = {row.code: row for row in MilestoneTemplate.objects.filter(call=now, kind=Kind.MILESTONE)}
        for row in rows:
            row.by_date = row.by_date and (found.get(row.code, row).by_date or row.by_date)
            row.check_by_date = row.check_by_date and (
                found.get(row.code, row).check_by_date or row.check_by_date
            )
    return rows


def latest_number(milestone: Milestone) -> int:
    return Report.objects.filter(milestone=milestone).aggregate(last=Max("number"))["last"] or 0


def with_project(milestones: QuerySet) -> QuerySet:
    """Everything a line about a milestone names, in the same query."""
    return milestones.select_related(
        "agreement__award__application__organisation",
        "agreement__award__application__topic",
        "agreement__award__application__call__programme",
    )


def with_milestone(reports: QuerySet) -> QuerySet:
    """The same for a hand-in."""
    return reports.select_related(
        "milestone__agreement__award__application__organisation",
        "milestone__agreement__award__application__topic",
        "milestone__agreement__award__application__call__programme",
        "submitted_by",
    )


def latest_report(milestone: Milestone) -> Report | None:
    return with_milestone(Report.objects.filter(milestone=milestone)).order_by("-number").first()


class HandIn:
    """One hand-in with everything said about it."""

    def __init__(self, report: Report, *, indicators, files, opinion, acceptance, hearing):
        self.report, self.opinion, self.acceptance, self.hearing = report, opinion, acceptance, hearing
        self.files = [file for file in files if file.kind.startswith(EVIDENCE)]
        self.sections = read_form(report, files)
        self.values = [(indicator, report.values.get(str(indicator.pk), "")) for indicator in indicators]


def hearings(reports: list[int], user) -> dict[int, Hearing]:
    """Report id → the panel's opinion that counts, with its people and the minutes that `user` may read."""
    rows = Hearing.objects.filter(report__in=reports).select_related("booked_by").prefetch_related("panel")
    found = {hearing.report_id: hearing for hearing in reversed(rows)}
    minutes = Document.objects.filter(
        content_type__app_label="milestones",
        content_type__model="hearing",
        object_id__in=[hearing.pk for hearing in found.values()],
    )
    files: dict[int, list[Document]] = {}
    for document in minutes.visible_to(user) if found else ():
        files.setdefault(document.object_id, []).append(document)
    for hearing in found.values():
        hearing.minutes = files.get(hearing.pk, [])
    return found


def hand_ins(milestone: Milestone, user) -> list[HandIn]:
    """The history of a milestone, latest first, with the files that `user` may read: six queries.

    Three more where a panel was heard.
    """
    reports = list(Report.objects.filter(milestone=milestone).select_related("submitted_by"))
    indicators = list(milestone.indicators.all())
    keys = [report.pk for report in reports]
    opinions = {
        said.report_id: said for said in DemanderOpinion.objects.filter(report__in=keys).select_related("by")
    }
    conclusions = {
        said.report_id: said
        for said in Acceptance.objects.filter(report__in=keys).select_related("by", "grade")
    }
    heard = hearings(keys, user)
    files: dict[int, list[Document]] = {}
    for document in Document.objects.filter(
        content_type__app_label="milestones", content_type__model="report", object_id__in=keys
    ).visible_to(user):
        files.setdefault(document.object_id, []).append(document)
    return [
        HandIn(
            report,
            indicators=indicators,
            files=files.get(report.pk, []),
            opinion=opinions.get(report.pk),
            acceptance=conclusions.get(report.pk),
            hearing=heard.get(report.pk),
        )
        for report in reports
    ]


def repeats(milestone: Milestone, user) -> list[applications.Repeat]:
    """Results that were used elsewhere (同一成果重复使用): papers, patents, contracts; two queries."""
    application = milestone.agreement.award.application
    return applications.repeats(application, user, milestone=milestone.pk)


def again_months(milestone: Milestone) -> int | None:
    """Within how many months it may be accepted once more; None where its last conclusion does not say so."""
    last = (
        Acceptance.objects.filter(report__milestone=milestone).select_related("grade").order_by("-id").first()
    )
    if last is None or last.grade is None or last.grade.passes:
        return None
    return AcceptanceScheme.objects.get(call=last.grade.call_id).again_months


def waits_for_leader(milestone: Milestone) -> bool:
    """Whether the panel's opinion is booked and the notice leaves the conclusion to a leader."""
    call = milestone.agreement.award.application.call_id
    schemes = AcceptanceScheme.objects.filter(call=call, milestone_code=milestone.code, by_leader=True)
    scheme = schemes.first()
    if scheme is None:
        return False
    report = latest_number(milestone)
    heard = Hearing.objects.filter(report__milestone=milestone, report__number=report)
    return not scheme.panel_size or heard.exists()


DEVIATION_LIMIT = timedelta(days=30)


def light(milestone: Milestone, *, at: datetime) -> str:
    """Plan against fact: "good" accepted or in time, "wait" up to 30 days late, "bad" later or never."""
    if milestone.state in (MilestoneState.FAILED, MilestoneState.CANCELLED):
        return "bad"
    if milestone.state == MilestoneState.WAIVED:
        return "good"
    until = milestone.accepted_at or at
    late = until - end_of_day(milestone.due_date)
    if late <= timedelta(0):
        return "good"
    return "wait" if late <= DEVIATION_LIMIT else "bad"


def open_until(milestone: Milestone) -> datetime | None:
    """Until when its evidence is waited for, as its clock says; None without one."""
    clock = Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(Milestone),
        kind=DeadlineKind.MILESTONE,
        object_id=milestone.pk,
    )
    return clock.values_list("due_at", flat=True).first()


def is_overdue(milestone: Milestone, *, at: datetime) -> bool:
    """Whether the team still owes the evidence after the planned day."""
    return milestone.state in (
        MilestoneState.PLANNED,
        MilestoneState.RETURNED,
    ) and milestone.due_date < local_date(at)


# ---- the call's own questions about a milestone ----


def forms_of(milestone: Milestone) -> list[str]:
    """The forms that a milestone asks for: the last one of an agreement also asks for the acceptance's.

    An annual report has a form of its own.
    """
    if milestone.kind == Kind.ANNUAL:
        return [FormKind.ANNUAL]
    others = Milestone.objects.filter(agreement_id=milestone.agreement_id, kind=Kind.MILESTONE)
    last = others.order_by("-due_date", "-order", "-id").values_list("pk", flat=True).first()
    return [FormKind.MILESTONE, FormKind.ACCEPTANCE] if last == milestone.pk else [FormKind.MILESTONE]


def form_questions(milestone: Milestone) -> list[Question]:
    """The questions in order, each with its section and its call."""
    application = milestone.agreement.award.application
    return [q for form in forms_of(milestone) for q in applications.questions_of(application, form)]


def form_answers(milestone: Milestone) -> dict[str, object]:
    """Question code → what stands in the draft."""
    draft = ReportDraft.objects.filter(milestone=milestone).first()
    return draft.answers if draft else {}


_figures: list[Callable[[Agreement], dict]] = []


def figures(function: Callable[[Agreement], dict]) -> None:
    """Called by the app that keeps the money, when it is ready: what it says stands in `award`."""
    if function not in _figures:
        _figures.append(function)


def form_context(milestone: Milestone, answers: dict, report: dict | None = None) -> dict:
    """The variables of the form's expressions: of the application, the award and the milestone, and the
    answers here; the answers of the application are among them.

    `report`: what is handed in beside the form; nothing is known of it while the form is being filled in.
    """
    agreement = milestone.agreement
    context = applications.context(agreement.award.application)
    granted = awards.award_facts(agreement)
    for function in _figures:
        granted |= function(agreement)
    context |= {
        "award": granted,
        "milestone": {name: getattr(milestone, name) for name in ("code", "kind", "name", "due_date")},
        "report": report or {},
    }
    given = {q.code: questions.for_rules(q, answers.get(q.code)) for q in form_questions(milestone)}
    return context | {"answers": context["answers"] | given}


def form_faults(milestone: Milestone, report: dict | None = None) -> list[tuple[Question, str]]:
    """(question, sentence) for everything that is missing or wrong in the form."""
    asked = form_questions(milestone)
    if not asked:
        return []
    answers = form_answers(milestone)
    conditional = any(questions.is_conditional(q) for q in asked)
    context = form_context(milestone, answers, report) if conditional else {}
    return list(completeness.answer_faults(asked, answers, context))


def form_documents(milestone: Milestone) -> dict[int, Document]:
    """The files of the draft by key."""
    draft = ReportDraft.objects.filter(milestone=milestone).first()
    return Document.objects.about(draft).in_bulk() if draft else {}


def sealed_form(milestone: Milestone) -> list[dict]:
    """The questions that are shown and their answers, as a report keeps them.

    Files are named by their hash: the report gets copies of its own.
    """
    asked = form_questions(milestone)
    if not asked:
        return []
    answers = dict(form_answers(milestone))
    shown = completeness.visible_codes(asked, form_context(milestone, answers))
    for question in asked:
        files = questions.files_of(answers.get(question.code))
        if files:
            bare = [{key: value for key, value in file.items() if key != "document"} for file in files]
            answers[question.code] = {"files": bare}
    return applications.sealed_answers([question for question in asked if question.code in shown], answers)


def read_form(report: Report, files: list[Document]) -> list[tuple[str, list[dict]]]:
    """What a report sealed, by section, as others read it: ID numbers hidden, files as documents."""
    by_hash = {document.sha256: document for document in files}
    answers = []
    said = applications.answers_in_readers_language(report.answers, lambda: form_questions(report.milestone))
    for answer in applications.masked_answers(said):
        value = answer["value"]
        if isinstance(value, dict) and "files" in value:
            known = [by_hash[file["sha256"]] for file in value["files"] if file["sha256"] in by_hash]
            answer = answer | {"value": {"documents": [{"document": d.pk, "name": d.name} for d in known]}}
        answers.append(answer)
    return applications.by_section(answers)
