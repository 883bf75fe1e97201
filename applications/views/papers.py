"""Papers: anybody checks a printed form, the team brings its stamped scan, readers compare versions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_ratelimit.core import is_ratelimited

from applications import actions, queries, rules
from applications.forms.papers import PaperForm
from applications.models import PaperReceipt
from applications.states import EDITABLE
from applications.views.common import visible_application
from core.calendar import local_date
from core.workflow import Refused

CHECKS_PER_ADDRESS = "60/m"
DRAFT = "draft"


@require_safe
def verify(request):
    """Public: whether a paper of this number, version and hash was sealed here, and what may be said."""
    typed = {name: request.GET.get(name, "")[:100] for name in ("n", "v", "h")}
    context = {"typed": typed, "asked": any(typed.values()), "shortest": queries.SHORTEST_HASH}
    if not context["asked"]:
        return render(request, "applications/verify.html", context)
    if is_ratelimited(
        request, group="applications.verify", key="ip", rate=CHECKS_PER_ADDRESS, increment=True
    ):
        context["busy"] = True
        return render(request, "applications/verify.html", context, status=429)
    paper = queries.printed(*typed.values())
    submission = queries.sealed_as(paper) if paper else None
    context |= {
        "unreadable": paper is None,
        "submission": submission,
        "is_latest": submission and submission.version == submission.application.version,
        "may_name": submission and queries.may_name(submission),
    }
    return render(request, "applications/verify.html", context)


@login_required
@require_safe
def processing(request, pk):
    """How far the workers are with what was handed in last; the page asks again until they are done."""
    application = visible_application(request.user, pk)
    if not application.version:
        raise Http404
    found = queries.processing(application, at=timezone.now())
    context = {"application": application, "processing": found}
    return render(request, "applications/includes/_processing.html", context)


@login_required
@require_POST
def scan(request, pk):
    """The stamped scan of what was handed in last."""
    application = visible_application(request.user, pk)
    file = request.FILES.get("scan")
    try:
        if file is None:
            raise Refused(_("没有收到文件。"))
        actions.upload_scan(
            application=application, file=file, name=file.name, by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("盖章扫描件已核对并保存。"))
    return redirect("applications:detail", application.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request, pk):
    """An office records the copies on paper that came to it; 403 for whoever they do not go to."""
    application = visible_application(request.user, pk)
    if not rules.allowed(rules.check_can_receive_papers, request.user, application):
        raise PermissionDenied
    papers = queries.papers_of(application)
    missing = None if papers.kinds else papers.missing or None
    form = PaperForm(
        request.POST if request.method == "POST" else None,
        initial={"copies": missing, "received_date": local_date(timezone.now())},
    )
    form.about(application)
    if form.is_bound and form.is_valid():
        try:
            actions.receive_papers(
                application=application, by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            messages.success(request, _("已登记收到的纸质材料。"))
            return redirect(f"{reverse('applications:detail', args=[application.pk])}#paper")
    context = {"application": application, "form": form, "papers": papers}
    return render(request, "applications/paper.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def void(request, pk):
    """Take back a record of copies; back to the page it was pressed on."""
    rows = PaperReceipt.objects.select_related("application__call__programme")
    receipt = get_object_or_404(rows, pk=pk)
    application = visible_application(request.user, receipt.application_id)
    try:
        actions.void_papers(receipt=receipt, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("收件登记已撤销。"))
    if request.POST.get("from") == "desk":
        return redirect("admin:applications_application_change", application.pk)
    return redirect(f"{reverse('applications:detail', args=[application.pk])}#paper")


@login_required
@require_POST
def slides(request, pk):
    """The slides that the present round asks for; a later file takes the place of the earlier one."""
    application = visible_application(request.user, pk)
    file = request.FILES.get("slides")
    try:
        if file is None:
            raise Refused(_("没有收到文件。"))
        actions.upload_slides(
            application=application, file=file, name=file.name, by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("答辩材料已保存，截止前可以替换。"))
    return redirect(f"{reverse('applications:detail', args=[application.pk])}#slides")


@login_required
@require_safe
def versions(request, pk):
    """Two versions side by side, field by field: two that were handed in, or the last and the draft."""
    application = visible_application(request.user, pk)
    sealed = list(application.submissions.select_related("by").order_by("version"))
    if not sealed:
        raise Http404
    drafts = application.state in EDITABLE and rules.is_on_team(request.user, application)
    choices = [(str(row.version), row) for row in sealed] + ([(DRAFT, None)] if drafts else [])
    names = [name for name, _row in choices]
    new = request.GET.get("new") if request.GET.get("new") in names else names[-1]
    before = names[max(0, names.index(new) - 1)]
    old = request.GET.get("old") if request.GET.get("old") in names else before
    contents = {str(row.version): row.content for row in sealed if str(row.version) in (old, new)}
    if DRAFT in (old, new):
        contents[DRAFT] = queries.snapshot(application)
    context = {
        "application": application,
        "choices": choices,
        "sides": [({"name": "old", "value": old}, _("原来")), ({"name": "new", "value": new}, _("现在"))],
        "groups": queries.differences(contents[old], contents[new]),
        "returned": queries.returns(application),
    }
    return render(request, "applications/versions.html", context)
