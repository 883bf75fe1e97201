"""What the pages of the workspace share."""

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from applications import actions, completeness, eligibility, queries, rules
from applications.forms import FIXED_TITLES, Section, asks_for
from applications.forms.merging import ROW_REMOVED
from applications.models import Application
from applications.questions import localised
from core.sent import read_json
from grants.queries import keep_definition

PER_PAGE = 20
MOST_VALUES = 5_000
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
    """Where a problem stands on its page; a condition that speaks of a whole part leads to its form."""
    if problem.section not in (*completeness.FIXED_SECTIONS, PARTNERS):
        return f"question-{problem.name}"
    has_input = (
        problem.name in actions.BASICS
        if problem.section == "basics"
        else problem.name.startswith(problem.section)
    )
    return f"id_{problem.name}" if has_input else "part-form"


def standing(application) -> dict:
    """Rule lines and problems as they stand now; evaluated once."""
    seen = eligibility.seen_of(application)
    lines = eligibility.evaluate(application, seen)
    problems = rules.problems_of(application, lines, seen)
    return {
        "seen": seen,
        "lines": lines,
        "problems": problems,
        "parts": parts_of(application, problems),
        "failed_lines": [line for line in lines if line.blocks],
    }


def content_of(application) -> dict | None:
    """What was last handed in, as people read it; None before the first submission."""
    submission = queries.latest_submission(application)
    return queries.for_reading(submission.content) if submission else None


# ---- autosave ----


def signed_out() -> JsonResponse:
    """The session is over: the script keeps what was typed and asks the person to sign in."""
    return JsonResponse({"error": "signed_out", "message": _("登录已过期。")}, status=401)


def is_texts(value) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def read_sent(request):
    """(the sent values as form data, codes, versions seen). Raises ValueError with a sentence."""
    try:
        body = read_json(request.body)
        values = body["values"]
        only, seen = body.get("questions"), body.get("versions") or {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(_("没有读懂要保存的内容。")) from None
    right = isinstance(values, dict) and len(values) <= MOST_VALUES and is_texts(seen)
    lists = (
        {key: found if isinstance(found, list) else [found] for key, found in values.items()} if right else {}
    )
    if not right or not all(isinstance(one, str) for found in lists.values() for one in found):
        raise ValueError(_("没有读懂要保存的内容。"))
    if only is not None and not (isinstance(only, list) and all(isinstance(code, str) for code in only)):
        raise ValueError(_("没有读懂要保存的内容。"))
    return MultiValueDict(lists), only, seen


def seen_in(post) -> dict[str, str]:
    """The versions that stood in the form when its page was made; nonsense counts as none."""
    try:
        seen = read_json(post.get("versions", ""))
    except ValueError:
        return {}
    return seen if is_texts(seen) else {}


# ---- after a save ----


def conflict_sentences(shown) -> list[dict]:
    return [
        {
            "field": conflict.label,
            "message": _("其他成员刚刚改为“%(text)s”，没有被覆盖。您填写的仍在下面：再次保存即以您的为准。")
            % {"text": conflict.text},
            "anchor": f"question-{name}" if isinstance(shown, Section) else f"id_{name}",
        }
        for name, conflict in shown.conflicts.items()
    ]


def sentences(shown) -> list[dict]:
    """Faults of what was sent, each with the words and the place of its field."""

    def place(name):
        return f"question-{name.partition('-')[2]}" if isinstance(shown, Section) else f"id_{name}"

    return [
        {"field": "" if label == name else label, "message": sentence, "anchor": place(name)}
        for name, found in shown.faults().items()
        for label in [shown.label_of(name)]
        for sentence in found
    ]


def said_after_saving(request, saved, faults, *, at) -> dict:
    """What a page shows after a save. The panel beside it is asked for apart, and less often.

    The version of an answer that was not written over goes with it: only whoever has read it may replace it.
    """
    versions = saved.versions()
    conflicts = {}
    for unit in saved.conflicts:
        # With its row, where a whole row is disputed.
        row = unit.removesuffix(ROW_REMOVED) + "-" if unit.endswith(ROW_REMOVED) else unit
        names = [name for name in versions if name == unit or (name.startswith(row) and row != unit)]
        read = {name: versions.pop(name) for name in names}
        conflicts[unit] = _conflict(request, saved, unit) | {"version": read.get(unit, ""), "versions": read}
    return {
        "saved_at": timezone.localtime(at).strftime("%H:%M:%S"),
        "faults": faults,
        "versions": versions,
        "conflicts": conflicts,
        "others": saved.others,
        "fragments": {},
        **saved.fresh(),
    }


def _conflict(request, saved, unit) -> dict:
    conflict = saved.conflicts[unit]
    shown = {"text": conflict.text or _("（空）"), "values": conflict.inputs}
    if conflict.at:
        shown |= {"by": conflict.by, "at": timezone.localtime(conflict.at).strftime("%H:%M:%S")}
    if isinstance(saved, Section):
        row = {"row": saved.theirs(unit)}
        shown["html"] = render_to_string("applications/includes/_question.html", row, request)
    return shown
