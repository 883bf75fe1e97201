"""Book what a panel made of a hand-in (验收意见)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import workflow
from core.calendar import local_date
from core.workflow import Refused
from documents import actions as documents
from milestones import accepting, notifications
from milestones.actions.moves import locked
from milestones.models import Hearing, Panellist, Report
from reviews import queries as reviews


@transaction.atomic
def book(
    *,
    report: Report,
    held_date: date,
    opinion: str,
    people: Sequence[dict],
    files: Sequence,
    by,
    at: datetime,
) -> Hearing:
    """Book panel, scores, opinion and minutes; the score is what the notice makes of them. Raises Refused.

    `people`: [{name, organisation_name, title, scores: {criterion code: Decimal}}]; without criteria the one
    number of an expert stands under "".
    """
    locked(report.milestone.agreement_id)
    report.milestone.refresh_from_db(fields=["state"])
    accepting.check_can_book(by, report)
    scheme = accepting.scheme_of(report.milestone)
    _check_words(report, held_date, opinion, files, at=at)
    criteria = accepting.criteria_of(scheme)
    scored = accepting.is_scored(criteria, accepting.grades_of(scheme))
    rows = [
        {
            **person,
            "expert": accepting.library_member(person["name"], person["organisation_name"]),
            "total": accepting.total_of(criteria, person["scores"]) if scored else None,
        }
        for person in people
    ]
    accepting.check_panel(scheme, report, rows, scored=scored)
    score = reviews.aggregate([row["total"] for row in rows], scheme.aggregation) if scored else None
    bonuses = accepting.bonuses_for(report, score) if scored else []
    hearing = Hearing.objects.create(
        report=report,
        held_date=held_date,
        opinion=opinion.strip(),
        score=score,
        bonuses=bonuses,
        total=accepting.with_bonuses(score, bonuses),
        booked_by=by,
        booked_at=at,
    )
    Panellist.objects.bulk_create(
        Panellist(hearing=hearing, **row | {"scores": {code: str(n) for code, n in row["scores"].items()}})
        for row in rows
    )
    for number, file in enumerate(files, start=1):
        kind = f"minutes_{number}"
        documents.store(subject=hearing, kind=kind, file=file, name=file.name, by=by, at=at, field="files")
    data = {"hearing": hearing.pk, "total": str(hearing.total)}
    workflow.record(report.milestone, "heard", by=by, at=at, note=hearing.opinion, data=data)
    notifications.heard(report, at=at)
    return hearing


def _check_words(report: Report, held_date: date, opinion: str, files: Sequence, *, at: datetime) -> None:
    if not local_date(report.submitted_at) <= held_date <= local_date(at):
        raise Refused(_("验收日期应在提交材料之后、今天或以前。"), field="held_date")
    if not opinion.strip():
        raise Refused(_("请填写验收意见。"), field="opinion")
    if not files:
        raise Refused(_("请上传专家签字的验收意见。"), field="files")
