"""Claims decided row by row: what stands in the table, what was made of it, what follows."""

from dataclasses import dataclass
from decimal import Decimal

from applications import questions
from applications.models import Application, Claim, ClaimLine, Submission
from applications.models.claims import TOLD
from applications.queries.records import latest_submission
from core.money import ZERO
from grants.models import Call, ClaimScheme, Question


def claim_scheme(call: Call) -> ClaimScheme | None:
    return ClaimScheme.objects.filter(call=call).first()


def claim_of(application: Application, submission: Submission | None = None) -> Claim | None:
    """What was made of the last submission so far; a new submission begins anew."""
    submission = submission or latest_submission(application)
    return Claim.objects.filter(submission=submission).first() if submission else None


def claim_question(application: Application, scheme: ClaimScheme) -> Question | None:
    """The table that is decided row by row; None where this type of project does not have it."""
    found = Question.objects.filter(call=application.call, code=scheme.question).select_related("section")
    question = found.first()
    if question is None or question.section.project_type_id not in (None, application.project_type_id):
        return None
    question.call = application.call
    return question


def claimed_rows(submission: Submission, scheme: ClaimScheme) -> list[dict]:
    """The rows of the table as they were sealed."""
    for answer in submission.content.get("answers", []):
        if answer["code"] == scheme.question and isinstance(answer["value"], list):
            return answer["value"]
    return []


def claimed_amount(row: dict, column: str) -> Decimal:
    value = row.get(column)
    return Decimal(str(value)) if isinstance(value, str | int | float) and value != "" else ZERO


def accepted_rows(rows: list[dict], lines: list[ClaimLine], column: str) -> list[dict]:
    """The table as the bureau accepted it: refused rows are gone, reduced ones say what is left."""
    return [
        rows[line.number - 1] | {column: f"{line.approved:.2f}"} for line in lines if line.approved > ZERO
    ]


@dataclass(frozen=True)
class ClaimRow:
    """One row as a page shows it: its cells as printed and what was made of it."""

    line: ClaimLine
    pairs: list[tuple[str, str]]
    """(heading, cell as printed)."""


@dataclass(frozen=True)
class ClaimTable:
    """The claim of one application for reading."""

    claim: Claim
    question: str
    title: str
    column: str
    rows: list[ClaimRow]
    clause: str


def claim_table(application: Application, claim: Claim, lines: list[ClaimLine]) -> ClaimTable | None:
    """Everything that a page shows of a claim; None when its table is not there."""
    scheme = claim_scheme(application.call)
    question = claim_question(application, scheme) if scheme else None
    if question is None:
        return None
    columns = questions.columns_of(question)
    stored = claimed_rows(claim.submission, scheme)
    rows = [
        ClaimRow(
            line,
            [(column.label, column.text(stored[line.number - 1].get(column.code))) for column in columns],
        )
        for line in lines
    ]
    names = {column.code: column.label for column in columns}
    return ClaimTable(
        claim=claim,
        question=question.code,
        title=questions.localised(question, "label"),
        column=names.get(scheme.column, scheme.column),
        rows=rows,
        clause=scheme.clause,
    )


def settled_claim(application: Application) -> ClaimTable | None:
    """What the applicant reads: row by row, once the bureau has decided."""
    if application.state not in TOLD:
        return None
    claim = Claim.objects.filter(application=application, settled_at__isnull=False).first()
    if claim is None:
        return None
    return claim_table(application, claim, list(claim.lines.order_by("number")))
