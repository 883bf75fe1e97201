"""My applications, starting one, and the page of one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Organisation, User
from applications import actions, exporting, printing, queries, rules
from applications.forms import ListFilter, ReasonForm, StartForm
from applications.models import Appeal, Application
from applications.states import EDITABLE, TAKEN_BACK_FROM, ApplicationState
from applications.views import nominating
from applications.views.common import PER_PAGE, content_of, linked, part_url, standing, visible_application
from core.paging import paginate
from core.sent import number
from core.workflow import Refused
from documents.models import Document
from grants.models import Call, Topic
from grants.queries import closing, entries_of


@login_required
@require_safe
def application_list(request):
    form = ListFilter(request.GET)
    chosen = form.chosen()
    rows = queries.own_applications(request.user, **chosen)
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": paginate(rows, queries.ORDER, request.GET.get("cursor"), PER_PAGE),
        "clear_url": reverse("applications:list"),
        "start_url": reverse("portal:calls"),
        "partnered": [] if request.htmx else queries.partnered(request.user),
        "now": timezone.now(),
    }
    template = "applications/includes/_results.html" if request.htmx else "applications/list.html"
    return render(request, template, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request, call_pk):
    """Choose in whose name; posting opens the draft, or the one that the unit has for the topic already."""
    now = timezone.now()
    calls = Call.objects.visible_to(request.user).select_related("programme__department")
    call = get_object_or_404(calls, pk=call_pk)
    topic = _topic(request, call)
    units = Organisation.objects.filter(pk__in=request.user.scope.units)
    types = call.types.all()
    asked = types if call.has_intakes else ()
    closings = {kind.pk: closing(call, topic, project_type=kind, at=now) for kind in asked}
    lines = entries_of(call)
    form = StartForm(
        request.POST or None,
        units=units,
        types=types,
        closings=closings,
        rights=[
            right
            for right in queries.rights(call, units, by=request.user)
            if right.until is None or now <= right.until
        ],
        is_bound_to_entry=any(line.is_required for line in lines),
        initial={"outline": number(request.GET["outline"])} if request.GET.get("outline") else {},
    )
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            application = actions.start(
                call=call,
                topic=topic,
                organisation=form.cleaned_data["organisation"],
                project_type=form.cleaned_data.get("project_type"),
                outline=form.chosen_outline(),
                by=request.user,
                at=now,
            )
        except Refused as fault:
            refused = fault
        else:
            messages.success(request, _("申报书已建立，填写的内容会自动保存。"))
            return redirect("applications:basics", application.pk)
    drafts = Application.objects.filter(
        call=call, topic=topic, team__user=request.user, state=ApplicationState.DRAFT
    )
    context = {
        "now": now,
        "call": call,
        "topic": topic,
        "form": form,
        "lines": lines,
        "units": units,
        "drafts": drafts.select_related("organisation")[:5],
        "closes_at": closing(call, topic, at=now),
        "problems": [{"message": refused.message, "clause": refused.clause}] if refused else [],
    }
    return render(request, "applications/start.html", context, status=422 if refused else 200)


def _topic(request, call):
    wanted = request.GET.get("topic", "")
    if not wanted.isdecimal():
        return None
    return get_object_or_404(
        Topic.objects.visible_to(request.user).select_related("owner"), pk=number(wanted), call=call
    )


@login_required
@require_safe
def detail(request, pk):
    """Where an application stands: parts and problems of a draft, what was sealed afterwards."""
    application = visible_application(request.user, pk)
    on_team = rules.is_on_team(request.user, application)
    editable = application.state in EDITABLE
    documents, submission = queries.latest_documents(application), queries.latest_submission(application)
    can_administer = application.organisation_id in request.user.scope.admin_units
    results = [] if editable else queries.rule_results(application)
    returned = queries.last_return(application) if application.state == ApplicationState.RETURNED else None
    context = {
        "now": timezone.now(),
        "application": application,
        "on_team": on_team,
        "partners": queries.partners(application) if on_team or can_administer else [],
        "can_edit": editable and on_team,
        "can_withdraw": rules.allowed(rules.check_can_withdraw, request.user, application),
        "can_take_back": application.state in TAKEN_BACK_FROM
        and rules.allowed(rules.check_can_take_back, request.user, application, at=timezone.now()),
        "steps": queries.history(application),
        "deadlines": queries.public_deadlines(application),
        "documents": documents,
        "submission": submission,
        "processing": submission and queries.processing(application, documents, at=timezone.now()),
        "can_scan": submission
        and rules.allowed(rules.check_can_scan, request.user, application, at=timezone.now()),
        "scan": submission and documents.get(queries.scan_kind(submission.version)),
        "results": results,
        "decks": _decks(request.user, application, results),
        "papers": queries.papers_of(application),
        "papers_let_off": queries.papers_let_off(application),
        "can_receive": rules.allowed(rules.check_can_receive_papers, request.user, application),
        "claim": None if editable else queries.settled_claim(application),
        "content": None if editable else content_of(application),
        "returned": returned,
        "asked_back": _asked_back(application, returned) if returned else [],
        **nominating.shown(request.user, application),
        "joint": queries.joint_opinions(application, request.user),
        "team": User.objects.filter(pk__in=application.team.values("user_id")),
        "reason_form": ReasonForm(),
        "rejected": queries.rejection(application),
        "appeals": _appeals(request.user, application),
        "can_appeal": application.state == ApplicationState.REJECTED
        and rules.allowed(rules.check_can_appeal, request.user, application, at=timezone.now()),
    }
    if editable:
        context |= standing(application)
        context["links"] = linked(application, context["problems"])
        if on_team:
            context["earlier"] = queries.copyable(application, request.user)[:20]
            colleagues = User.objects.filter(
                memberships__organisation_id=application.organisation_id, memberships__is_active=True
            )
            context["colleagues"] = colleagues.exclude(pk__in=application.team.values("user_id")).distinct()[
                :50
            ]
    return render(request, "applications/detail.html", context)


def _decks(user, application, results):
    """(what a round asked for, whether the person may upload it now)."""
    now = timezone.now()
    return [
        (
            deck,
            deck.stage.kind == application.state
            and rules.allowed(rules.check_can_present, user, application, deck.stage, at=now),
        )
        for deck in queries.decks_of(application, results)
    ]


def _asked_back(application, event) -> list[tuple[str, str]]:
    """(what to mend, address of the question it is about or "") of a return."""
    items = event.data.get("items", [])
    places = {}
    if any(isinstance(item, dict) for item in items):
        places = {q.code: part_url(application, q.section.code) for q in queries.questions_of(application)}
    return [
        (item["text"], f"{places[item['question']]}#question-{item['question']}")
        if isinstance(item, dict) and item["question"] in places
        else (item["text"] if isinstance(item, dict) else item, "")
        for item in items
    ]


def _appeals(user, application) -> list[tuple[Appeal, list[Document]]]:
    """Each with its files; no query for what was never rejected."""
    if not application.submitted_at:
        return []
    rows = Appeal.objects.visible_to(user).filter(application=application).select_related("decision")
    return [(row, list(Document.objects.about(row).order_by("kind"))) for row in rows]


@login_required
@require_safe
def preview(request, pk):
    """The PDF as it would be sealed now, marked as a draft; or the sealed one."""
    application = visible_application(request.user, pk)
    body = printing.preview(application, at=timezone.now())
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="preview.pdf"'
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_safe
def export(request, pk, form):
    """The answers as JSON or Excel: a draft for those who write it, otherwise what was handed in."""
    application = visible_application(request.user, pk)
    drafts = application.state in EDITABLE and rules.is_on_team(request.user, application)
    content = exporting.content_for(application, drafts=drafts)
    if content is None or form not in ("json", "xlsx"):
        raise Http404
    name = f"{application.number or f'draft-{application.pk}'}.{form}"
    if form == "json":
        response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})
    else:
        response = HttpResponse(exporting.workbook(application, content), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def withdraw(request, pk):
    application = visible_application(request.user, pk)
    try:
        actions.withdraw(
            application=application,
            reason=request.POST.get("reason", ""),
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("申报书已撤回。"))
    return redirect("applications:detail", application.pk)


@login_required
@require_POST
def take_back(request, pk):
    """Open for mending what was handed in; the next version is handed in as the first was."""
    application = visible_application(request.user, pk)
    try:
        actions.take_back(application=application, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("已撤回，可以修改后重新提交；截止前没有重新提交的，原版本继续有效。"))
    return redirect("applications:detail", application.pk)


@login_required
@require_POST
def copy(request, pk):
    """Fill what is still empty from an earlier application of the unit."""
    application = visible_application(request.user, pk)
    source = visible_application(request.user, number(request.POST.get("source")))
    try:
        count = actions.copy_from(application=application, source=source, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if count:
            sentence = _("已复制 %(count)s 个答案；已填写的内容没有改动，请逐项核对。") % {"count": count}
            messages.success(request, sentence)
        else:
            messages.info(request, _("没有可以复制的答案：两份申报书相同的题目都已填写，或那一份没有填写。"))
    return redirect("applications:detail", application.pk)


@login_required
@require_POST
def team(request, pk):
    """Let a colleague write too, or take one off."""
    application = visible_application(request.user, pk)
    colleague = get_object_or_404(User.objects.visible_to(request.user), pk=number(request.POST.get("user")))
    change = actions.remove_from_team if request.POST.get("do") == "remove" else actions.add_to_team
    try:
        change(application=application, user=colleague, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("申报团队已更新。"))
    if change is actions.remove_from_team and colleague == request.user:
        return redirect("applications:list")
    return redirect("applications:detail", application.pk)
