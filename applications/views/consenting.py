"""参与确认: applications that name the person, to agree to or not."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.queries import own_record
from applications import actions, queries
from core.workflow import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consents(request):
    asked = queries.asked_of(request.user)
    if request.method == "POST":
        return _answer(request, asked)
    record = None if asked else own_record(request.user)
    has_number = bool(asked or (record and record.id_number))
    return render(request, "applications/consents.html", {"asked": asked, "has_number": has_number})


def _answer(request, asked):
    wanted = request.POST.get("application", "")
    row = next((row for row in asked if str(row.application.pk) == wanted), None)
    if row is None:
        raise Http404
    agrees = request.POST.get("do") == "agree"
    act = actions.consent if agrees else actions.take_consent_back
    try:
        act(application=row.application, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("已同意参与。") if agrees else _("已撤回同意。"))
    return redirect("applications:consents")
