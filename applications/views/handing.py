"""Check everything and hand the application in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications import actions, eligibility, queries, rules
from applications.states import EDITABLE
from applications.views.common import linked, standing, visible_application
from core.workflow import Lost, Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request, pk):
    """Every rule line and every problem; POST hands in. A second click shows the result of the first."""
    application = visible_application(request.user, pk)
    if request.method == "POST":
        return _submit(request, application)
    if application.state not in EDITABLE:
        return redirect("applications:detail", application.pk)
    return _page(request, application)


def _submit(request, application):
    # The click counts when the server received it, not when a busy process came round to it.
    now = request.received_at
    try:
        submission = actions.submit(application=application, by=request.user, at=now)
    except rules.Incomplete:
        return _page(request, application, status=422)
    except Lost:
        messages.info(request, _("申报书已经提交，不需要再次提交。"))
    except Refused as refused:
        return _page(request, application, status=422, refused=refused)
    else:
        messages.success(
            request,
            _("提交成功：第 %(version)s 版，受理编号 %(number)s。")
            % {"version": submission.version, "number": application.number},
        )
    return redirect("applications:detail", application.pk)


def _page(request, application, *, status=200, refused=None):
    found = standing(application)
    found["lines"] = eligibility.with_sources(application, found["lines"])
    window = None
    if not refused:
        try:
            rules.check_can_submit(request.user, application, at=timezone.now())
        except Refused as fault:
            window = fault
    context = {
        "now": timezone.now(),
        "application": application,
        "closes_at": queries.due_of(application, at=timezone.now()),
        "refused": refused or window,
        "links": linked(application, found["problems"]),
        **found,
    }
    return render(request, "applications/check.html", context, status=status)
