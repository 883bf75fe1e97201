"""What the pages of the workspace share."""

from django.shortcuts import get_object_or_404
from django.urls import reverse

from applications import completeness, eligibility, queries, rules
from applications.forms import FIXED_TITLES, asks_for
from applications.models import Application
from applications.questions import localised
from grants.queries import keep_definition

PER_PAGE = 20
PARTNERS = "partners"
"""Where a problem with a partner unit stands: on the page of the application."""


def visible_application(user, pk) -> Application:
    """The application or a 404: that it exists is not told to strangers."""
    rows = Application.objects.visible_to(user).select_related(
        "call__programme__department", "organisation", "topic__owner", "project_type"
    )
    application = get_object_or_404(rows, pk=pk)
    keep_definition(application.call)
    return application


def part_url(application, section: str) -> str:
    if section == PARTNERS:
        return f"{reverse('applications:detail', args=[application.pk])}"
    if section in completeness.FIXED_SECTIONS:
        return reverse(f"applications:{section}", args=[application.pk])
    return reverse("applications:section", args=[application.pk, section])


def parts_of(application, problems) -> list[dict]:
    """The workspace's parts in order, each with the number of problems in it."""
    call = application.call
    basics, *others = FIXED_TITLES.items()
    titles = [basics]
    titles += [(section.code, localised(section, "title")) for section in queries.sections_of(application)]
    titles += [(name, title) for name, title in others if asks_for(call, name)]
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem.section] = counts.get(problem.section, 0) + 1
    return [
        {
            "name": name,
            "title": title,
            "url": part_url(application, name),
            "problems": counts.get(name, 0),
        }
        for name, title in titles
    ]


def linked(application, problems) -> list[dict]:
    """Problems as the portal's list shows them, each with a link to its place."""
    return [
        {
            "field": problem.field.rstrip("。"),
            "message": problem.message,
            "clause": problem.clause,
            "url": f"{part_url(application, problem.section)}#{anchor(problem)}" if problem.section else "",
        }
        for problem in problems
    ]


def anchor(problem) -> str:
    if problem.section in (*completeness.FIXED_SECTIONS, PARTNERS):
        return f"id_{problem.name}"
    return f"question-{problem.name}"


def standing(application) -> dict:
    """Rule lines and problems as they stand now; evaluated once."""
    lines = eligibility.evaluate(application)
    problems = rules.problems_of(application, lines)
    return {
        "lines": lines,
        "problems": problems,
        "parts": parts_of(application, problems),
        "failed_lines": [line for line in lines if line.blocks],
    }


def content_of(application) -> dict | None:
    """What was last handed in, as people read it; None before the first submission."""
    submission = queries.latest_submission(application)
    return queries.for_reading(submission.content) if submission else None
