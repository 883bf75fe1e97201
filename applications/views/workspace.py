"""Fill an application part by part: the page, its autosave, its files."""

import json
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import as_participant, people_offered
from applications import actions, queries, questions, rules
from applications.forms import FIXED_PARTS, Section
from applications.forms.people import People
from applications.views.common import (
    asks_for,
    conflict_sentences,
    part_url,
    read_sent,
    said_after_saving,
    seen_in,
    sentences,
    signed_out,
    standing,
    visible_application,
)
from applications.views.together import comments_of
from core.sent import number
from core.workflow import Lost, Refused
from documents.views import sent_file
from grants.dictionaries import Codes
from grants.models import QuestionKind

LEVELS = tuple("123456789")


def _part(application, name, data=None, **kwargs):
    if name in FIXED_PARTS:
        if not asks_for(application.call, name):
            raise Http404
        return FIXED_PARTS[name](application, data, **kwargs)
    section = next((found for found in queries.sections_of(application) if found.code == name), None)
    if section is None:
        raise Http404
    return Section(application, data, section=section, **kwargs)


@require_http_methods(["GET", "HEAD", "POST", "PATCH"])
def part(request, pk, name):
    """GET shows a part, POST saves it whole, PATCH saves what changed and answers in JSON."""
    if request.method == "PATCH":
        return _autosave(request, pk, name)
    return _page(request, pk, name)


@login_required
def _page(request, pk, name):
    application = visible_application(request.user, pk)
    if request.method != "POST":
        if not rules.allowed(rules.check_can_edit, request.user, application):
            return redirect("applications:detail", application.pk)
        return _show(request, application, _part(application, name))
    now = timezone.now()
    if request.POST.get("detach"):
        return _detach(request, application, name, at=now)
    shown = _part(application, name, request.POST, files=request.FILES, seen=seen_in(request.POST))
    if name == People.name and request.POST.get("person"):
        shown.add(_offered(request))
    try:
        faults = shown.save(by=request.user, at=now)
    except Refused as refused:
        status = 409 if refused.code == "sealed" or isinstance(refused, Lost) else 403
        problems = [{"message": refused.message, "clause": refused.clause}]
        return _show(request, application, shown, status=status, problems=problems)
    if shown.conflicts:
        shown.say_conflicts(request.POST)
        return _show(request, application, shown, status=409, problems=conflict_sentences(shown))
    if faults:
        return _show(request, application, shown, status=422)
    if code := request.POST.get("use_recorded"):
        return _use_recorded(request, application, name, code, at=now)
    messages.success(request, _("已保存。"))
    return redirect(_next_page(request, application, name))


def _offered(request) -> dict:
    """The personal record that a button names, as a participant; 404 for one that is not offered."""
    return as_participant(get_object_or_404(people_offered(request.user), pk=number(request.POST["person"])))


def _use_recorded(request, application, name, code, *, at):
    """Everything on the page is saved; one question takes what the unit's record says."""
    try:
        actions.use_recorded(application=application, code=code, by=request.user, at=at)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("已采用单位档案中的数值。"))
    return redirect(f"{part_url(application, name)}#question-{code}")


def _next_page(request, application, name) -> str:
    """The same page again, or the following part."""
    here = part_url(application, name)
    if request.POST.get("do") != "next":
        return here
    urls = [found["url"] for found in standing(application)["parts"]]
    urls.append(reverse("applications:check", args=[application.pk]))
    return urls[urls.index(here) + 1] if here in urls else here


def _detach(request, application, name, *, at):
    code, _colon, key = request.POST["detach"].replace("\0", "").partition(":")
    question = get_object_or_404(application.call.questions, code=code, kind=QuestionKind.ATTACHMENT)
    document = number(key) or None
    try:
        actions.detach(application=application, question=question, document=document, by=request.user, at=at)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(f"{part_url(application, name)}#question-{question.code}")


MOST_OFFERED = 30


def _people(request, application, shown) -> dict:
    """The personal records that may be taken over: of people who are not in the form yet."""
    if shown.name != People.name:
        return {}
    people = shown.named()
    rows = people_offered(request.user)[:MOST_OFFERED]
    missing = [row for row in rows if not queries.is_named(row, people)]
    return {"offered": missing}


def _show(request, application, shown, *, status=200, problems=()):
    found = standing(application)
    context = {
        "now": timezone.now(),
        "application": application,
        "due": queries.due_of(application, at=timezone.now()),
        "part": shown,
        "form": shown.form,
        "here": part_url(application, shown.name),
        "versions": json.dumps(_versions(application, shown)),
        **found,
        **comments_of(application, shown.name),
        **shown.context(found["seen"]),
        **_people(request, application, shown),
        "problems": list(problems) or sentences(shown),
    }
    return render(request, shown.template, context, status=status)


def _versions(application, shown) -> dict[str, str]:
    """What stands there now, under the names that the page has for it."""
    if not shown.is_sent:
        return shown.versions()
    fresh = _part(application, shown.name)
    fresh.numbers = shown.numbers
    return fresh.versions()


# ---- autosave ----


def _autosave(request, pk, name):
    """{"values": {input: text or [texts]}, "questions": [codes], "versions": {unit: version}} → what is wrong
    now, what somebody else stored meanwhile, the versions that stand."""
    if not request.user.is_authenticated:
        return signed_out()
    try:
        data, only, seen = read_sent(request)
    except ValueError as fault:
        visible_application(request.user, pk)
        return JsonResponse({"error": "unreadable", "message": str(fault)}, status=400)
    now = timezone.now()
    application = visible_application(request.user, pk)
    saved = _part(application, name, data, only=only, seen=seen)
    try:
        faults = saved.save(by=request.user, at=now)
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=409)
    return JsonResponse(said_after_saving(request, saved, faults, at=now))


@require_safe
def side(request, pk, name):
    """The panel beside a part, and the sums of a budget, as they stand now."""
    if not request.user.is_authenticated:
        return signed_out()
    application = visible_application(request.user, pk)
    context = {"application": application, "here": part_url(application, name), **standing(application)}
    fragments = {"part-side": render_to_string("applications/includes/_side.html", context, request)}
    if name == "budget" and asks_for(application.call, name):
        totals = _part(application, name).context()
        fragments["budget-totals"] = render_to_string(
            "applications/includes/_budget_totals.html", totals, request
        )
    return JsonResponse({"fragments": fragments})


# ---- codes ----


@require_safe
def codes(request, code):
    """{"entries": ["370202 山东省 …"]}: what a dictionary has for the words in `q`, as of the day `on`."""
    if not request.user.is_authenticated:
        return signed_out()
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        day = None
    level = request.GET.get("level", "")
    offered = Codes(code, on=day, level=int(level) if level in LEVELS else None)
    entries = offered.search(request.GET.get("q", "")[:60])
    return JsonResponse({"entries": [f"{entry.code} {entry.label}" for entry in entries]})


# ---- files ----


@require_POST
def upload(request, pk, code):
    """One file for one question, for the script that shows progress."""
    if not request.user.is_authenticated:
        return signed_out()
    application = visible_application(request.user, pk)
    question = get_object_or_404(application.call.questions, code=code, kind=QuestionKind.ATTACHMENT)
    try:
        with sent_file(request) as file:
            if file is None:
                return JsonResponse({"error": "empty", "message": _("没有收到文件。")}, status=400)
            actions.attach(
                application=application,
                question=question,
                file=file,
                name=file.name,
                by=request.user,
                at=timezone.now(),
            )
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    documents = {row.pk: row for row in queries.latest_documents(application).values()}
    stored = queries.stored_answers(application)[question.code]
    files = [{**file, "stored": documents.get(file["document"])} for file in questions.files_of(stored)]
    context = {"files": files, "question": question}
    fragment = render_to_string("applications/includes/_file.html", context, request)
    return JsonResponse({"fragments": {f"file-{question.code}": fragment}})
