"""Decide a claim row by row; what may be granted follows from the rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from applications import eligibility, queries, rules
from applications.models import Application, Claim, ClaimLine, RowResult
from core import workflow
from core.money import CENT, ZERO, wan
from core.workflow import Lost, Refused


@dataclass(frozen=True)
class Verdict:
    """What an officer makes of one row; `approved` counts only where it is reduced."""

    result: str
    reason: str = ""
    approved: Decimal | None = None


@transaction.atomic
def begin_claim(*, application: Application, by, at: datetime) -> Claim:
    """The claim of the last submission, with one line for each row that was handed in. Raises Refused."""
    application = _held(application)
    rules.check_can_judge_claim(by, application)
    claim = queries.claim_of(application)
    if claim is not None:
        return claim
    scheme, submission = queries.claim_scheme(application.call), queries.latest_submission(application)
    claim = Claim.objects.create(application=application, submission=submission, share=scheme.share)
    ClaimLine.objects.bulk_create(
        ClaimLine(claim=claim, number=number, claimed=queries.claimed_amount(row, scheme.column))
        for number, row in enumerate(queries.claimed_rows(submission, scheme), start=1)
    )
    claim.refresh_from_db()
    return claim


@transaction.atomic
def judge_claim(
    *,
    application: Application,
    verdicts: Mapping[int, Verdict],
    by,
    at: datetime,
    seen: Mapping[int, str] | None = None,
) -> Claim:
    """Accept, reduce or refuse rows (row number → verdict). Raises Refused, Lost.

    `seen` are the versions of the rows as they stood on the page: what somebody else decided since is not
    written over.
    """
    claim = begin_claim(application=application, by=by, at=at)
    lines = {line.number: line for line in claim.lines.select_for_update()}
    changed = []
    for number, verdict in sorted(verdicts.items()):
        if number not in lines:
            raise Refused(_("没有第 %(number)s 行。") % {"number": number}, field="rows")
        line = lines[number]
        if seen is not None and seen.get(number) != version_of(line):
            raise Lost(
                _("第 %(number)s 行刚刚由%(who)s核定，请核对后再保存。") % {"number": number, "who": line.by},
                code="lost",
            )
        if _written(line, verdict):
            line.by, line.at = by, at
            line.save()
            changed.append(line)
    if changed or claim.amount is None:
        claim.refresh_from_db()
        _follow(application, claim, list(lines.values()))
    if changed:
        _record(application, claim, changed, by=by, at=at)
    return claim


@transaction.atomic
def settle_claim(*, application: Application, by, at: datetime) -> None:
    """With the decision the rows stand as they are; from then on the applicant reads them."""
    claim = queries.claim_of(application)
    if claim is not None and claim.settled_at is None:
        claim.settled_by, claim.settled_at = by, at
        claim.save(update_fields=["settled_by", "settled_at"])


def version_of(line: ClaimLine) -> str:
    """What a page must have seen to write over a row."""
    return f"{line.result}:{line.approved}:{line.reason}"


def _held(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("call", "project_type", "topic")
    return rows.get(pk=application.pk)


def _written(line: ClaimLine, verdict: Verdict) -> bool:
    """Put the verdict into the line; whether it says anything new. Raises Refused naming the row."""
    reason = verdict.reason.strip()
    if verdict.result not in RowResult.values:
        raise Refused(
            _("第 %(number)s 行：请选择结论。") % {"number": line.number}, field=f"{line.number}-result"
        )
    approved = {RowResult.ACCEPTED: line.claimed, RowResult.REFUSED: ZERO}.get(
        verdict.result, verdict.approved
    )
    if verdict.result != RowResult.ACCEPTED and not reason:
        raise Refused(
            _("第 %(number)s 行：请写明理由。") % {"number": line.number}, field=f"{line.number}-reason"
        )
    if verdict.result == RowResult.REDUCED and not (approved and ZERO < approved < line.claimed):
        raise Refused(
            _("第 %(number)s 行：核定金额应大于 0、小于申领的 %(claimed)s。")
            % {"number": line.number, "claimed": wan(line.claimed)},
            field=f"{line.number}-approved",
        )
    before = version_of(line)
    line.result, line.approved, line.reason = verdict.result, approved, reason
    return version_of(line) != before


def _follow(application: Application, claim: Claim, lines: list[ClaimLine]) -> None:
    """The amount, once every row is decided: of the accepted rows, under the call's rates and caps."""
    if not claim.is_complete:
        return
    claim.amount = amount_of(application, claim, lines)
    claim.save(update_fields=["amount"])


def amount_of(application: Application, claim: Claim, lines: list[ClaimLine]) -> Decimal:
    """元, to the cent, never rounded up."""
    if not claim.approved_total:
        return ZERO
    scheme = queries.claim_scheme(application.call)
    rows = queries.claimed_rows(claim.submission, scheme)
    ordered = sorted(lines, key=lambda line: line.number)
    given = {scheme.question: queries.accepted_rows(rows, ordered, scheme.column)}
    limits = [application.requested_amount, claim.approved_total * claim.share]
    most = eligibility.most_allowed(application, given=given)
    limits += [] if most is None else [most.amount]
    return max(ZERO, min(limits)).quantize(CENT, ROUND_DOWN)


def _record(application, claim, changed, *, by, at) -> None:
    counts = Counter(line.get_result_display() for line in changed)
    note = "，".join(f"{label} {number}" for label, number in counts.items())
    if claim.amount is not None:
        note += "；" + _("核定资助额 %(amount)s") % {"amount": wan(claim.amount)}
    rows = [line.number for line in changed]
    workflow.record(application, "claim_judged", by=by, at=at, note=note, data={"rows": rows})
