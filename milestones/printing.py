"""A hand-in on paper: what was reported of a milestone, as sealed."""

from django.utils.translation import gettext as _
from django.utils.translation import override

from applications.queries import local_moment
from core import money
from documents import pdf
from documents.models import Document
from milestones import queries
from milestones.models import Report

TEMPLATE = "milestones/pdf/report.typ"
LANGUAGE = "zh-hans"
"""Official papers are Chinese, whatever language a page is read in."""


def report(report: Report) -> bytes:
    """The PDF of a hand-in with its indicators, its form and the names of its files."""
    milestone = report.milestone
    award = milestone.agreement.award
    files = list(Document.objects.about(report).order_by("kind", "version"))
    with override(LANGUAGE):
        data = {
            "title": milestone.name,
            "number": award.number,
            "project": award.application.title,
            "organisation": award.application.organisation.name,
            "due": milestone.due_date.isoformat(),
            "deliverable": milestone.deliverable,
            "submitted": _("第 %(number)s 次提交，%(name)s 于 %(time)s 提交")
            % {
                "number": report.number,
                "name": report.submitted_by,
                "time": local_moment(report.submitted_at),
            },
            "text": report.text,
            "spent": money.wan(report.spent_amount),
            "indicators": [
                [
                    indicator.name,
                    f"{indicator.target} {indicator.unit}".strip(),
                    report.values.get(str(indicator.pk), ""),
                ]
                for indicator in milestone.indicators.all()
            ],
            "sections": [
                {"title": title, "answers": [_answer(answer) for answer in answers]}
                for title, answers in queries.read_form(report, files)
            ],
            "files": [[file.name, file.sha256] for file in files],
        }
        return pdf.render(TEMPLATE, data)


def _indicator(indicator, report: Report) -> list[str]:
    """Name, target, value reached."""
    target = f"{indicator.target} {indicator.unit}".strip()
    return [indicator.name, target, report.values.get(str(indicator.pk), "")]


def _answer(answer: dict) -> dict:
    return {
        "label": answer["label"],
        "text": "" if answer["rows"] else answer["text"],
        "columns": [column["label"] for column in answer["columns"]] if answer["rows"] else [],
        "rows": answer["rows"],
    }
