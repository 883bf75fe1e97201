"""Working on one application together: comments, and the part of a partner unit (合作单位)."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Organisation
from applications import actions, queries, questions, rules
from applications.forms.partner import LimitForm, PartnerPart
from applications.views.common import (
    conflict_sentences,
    part_url,
    read_sent,
    said_after_saving,
    seen_in,
    sentences,
    signed_out,
    visible_application,
)
from core.sent import number
from core.workflow import Refused

# ---- comments ----


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def comments(request, pk, name):
    """The comments on one part; posting adds one, or settles one. 404 for who does not work on it."""
    application = visible_application(request.user, pk)
    if not rules.allowed(rules.check_can_comment, request.user, application):
        raise Http404
    problem, status = "", 200
    if request.method == "POST":
        try:
            _comment(request, application, name)
        except Refused as refused:
            problem, status = refused.message, 422
        else:
            if not request.htmx:
                return redirect(f"{part_url(application, name)}#comments")
    context = comments_of(application, name) | {
        "application": application,
        "problem": problem,
        "text": request.POST.get("text", "") if problem else "",
        "chosen": request.POST.get("question", ""),
    }
    template = "applications/includes/_comments.html" if request.htmx else "applications/comments.html"
    return TemplateResponse(request, template, context, status=status)


def _comment(request, application, name):
    now, do = timezone.now(), request.POST.get("do")
    if do in ("resolve", "reopen"):
        comment = get_object_or_404(application.comments, pk=number(request.POST.get("comment")))
        if do == "resolve":
            actions.resolve_comment(comment=comment, by=request.user, at=now)
        else:
            actions.reopen_comment(comment=comment, by=request.user)
        return
    code = request.POST.get("question", "")
    known = {question["code"] for question in comments_of(application, name)["questions"]}
    actions.add_comment(
        application=application,
        section=name,
        question=code if code in known else "",
        text=request.POST.get("text", ""),
        by=request.user,
        at=now,
    )


def comments_of(application, name) -> dict:
    """What the panel of comments shows of one part; two queries."""
    asked = [q for q in queries.questions_of(application) if q.section.code == name]
    labels = {question.code: questions.localised(question, "label") for question in asked}
    rows = list(application.comments.filter(section=name).select_related("by", "resolved_by"))
    for row in rows:
        row.label = labels.get(row.question, "")
    return {
        "part_name": name,
        "open_comments": [row for row in rows if row.resolved_at is None],
        "settled_comments": [row for row in rows if row.resolved_at is not None],
        "questions": [{"code": code, "label": label} for code, label in labels.items()],
    }


# ---- partner units ----


@login_required
@require_POST
def invite(request, pk):
    """Invite a partner unit, or take the invitation back."""
    application = visible_application(request.user, pk)
    now, key = timezone.now(), number(request.POST.get("unit"))
    try:
        if request.POST.get("do") == "limit":
            partner = get_object_or_404(application.partners.select_related("organisation"), pk=key)
            form = LimitForm(request.POST)
            if not form.is_valid():
                raise Refused(" ".join(form.errors["limit"]))
            partner.application = application
            actions.limit_partner(partner=partner, limit=form.cleaned_data["limit"], by=request.user, at=now)
            messages.success(request, _("合作单位的经费上限已保存。"))
        elif request.POST.get("do") == "remove":
            partner = get_object_or_404(application.partners.select_related("organisation"), pk=key)
            actions.uninvite_partner(partner=partner, by=request.user, at=now)
            messages.success(request, _("已取消邀请。"))
        else:
            unit = get_object_or_404(
                Organisation, pk=key, credit_code__in=list(queries.partner_units(application))
            )
            actions.invite_partner(application=application, organisation=unit, by=request.user, at=now)
            messages.success(request, _("已邀请“%(unit)s”。") % {"unit": unit.name})
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("applications:detail", application.pk)


@require_http_methods(["GET", "HEAD", "POST", "PATCH"])
def partner(request, pk):
    """A page to fill in and to confirm; PATCH saves what was typed and answers in JSON."""
    if request.method == "PATCH":
        return _autosave(request, pk)
    return _partner_page(request, pk)


def _autosave(request, pk):
    if not request.user.is_authenticated:
        return signed_out()
    application = visible_application(request.user, pk)
    invited = queries.partner_of(application, request.user)
    if invited is None:
        raise Http404
    invited.application = application
    now = timezone.now()
    try:
        data, _only, seen = read_sent(request)
    except ValueError as fault:
        return JsonResponse({"error": "unreadable", "message": str(fault)}, status=400)
    shown = PartnerPart(invited, data, seen=seen)
    try:
        faults = shown.save(by=request.user, at=now)
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=409)
    return JsonResponse(said_after_saving(request, shown, faults, at=now))


@login_required
def _partner_page(request, pk):
    """The draft as a partner unit reads it, with its own part to fill in and to confirm."""
    application = visible_application(request.user, pk)
    invited = queries.partner_of(application, request.user)
    if invited is None:
        raise Http404
    invited.application = application
    sent = request.POST if request.method == "POST" and request.POST.get("do") != "confirm" else None
    shown = PartnerPart(invited, sent, seen=seen_in(request.POST))
    problems, status, now = [], 200, timezone.now()
    if request.method == "POST":
        try:
            problems, status = _act(request, invited, shown, at=now)
        except Refused as refused:
            problems, status = [{"message": refused.message, "field": "", "anchor": ""}], 422
        if not problems:
            return redirect("applications:partner", application.pk)
    content = queries.for_reading(queries.snapshot(application))
    fill = rules.allowed(rules.check_can_fill_partner, request.user, invited, application)
    context = {
        "now": now,
        "application": application,
        "partner": invited,
        "form": shown,
        "problems": problems,
        "content": content,
        "documents": queries.latest_documents(application),
        "can_fill": fill,
        "share": shown.share.context() if shown.share else None,
        "versions": json.dumps(shown.versions()),
        "can_confirm": fill and rules.allowed(rules.check_can_confirm_partner, request.user, invited),
        "version": queries.part_versions(application)(invited),
    }
    return render(request, "applications/partner.html", context, status=status)


def _act(request, invited, shown, *, at) -> tuple[list[dict], int]:
    """Save the part or confirm it; what is wrong or disputed, and the status that says so. Raises Refused."""
    if not shown.is_sent:
        actions.confirm_partner(partner=invited, seen=request.POST.get("version", ""), by=request.user, at=at)
        messages.success(request, _("已确认本单位的内容。"))
        return [], 200
    faults = shown.save(by=request.user, at=at)
    if shown.conflicts:
        shown.say_conflicts(request.POST)
        return conflict_sentences(shown), 409
    if faults:
        return sentences(shown), 422
    messages.success(request, _("已保存。"))
    return [], 200
