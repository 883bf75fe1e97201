"""The portal's pages of changes (变更): which the notice allows, ask for one, follow what became of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from awards.models import Agreement
from core.workflow import Refused
from documents.models import Document
from milestones import actions, changing, joining
from milestones.change_forms import FORMS
from milestones.models import Change, ChangeKind
from milestones.request_views import Moves, answer, own_project_or_404, refusal, request_or_404
from milestones.views import refuse

MOVES = Moves(
    reviews={"pass": actions.pass_change, "return": actions.return_change},
    withdraw=actions.withdraw_change,
    withdrawn=gettext_lazy("变更申请已撤回。"),
)


@login_required
@require_safe
def changes(request, pk):
    """Every kind of change with its way and clause, and what was asked before."""
    agreement = own_project_or_404(request, pk)
    requests = changing.changes_of(agreement)
    kinds = [
        (term, refusal(changing.check_open, agreement, term, at=timezone.now(), requests=requests))
        for term in changing.terms_of(agreement.award.application.call).values()
    ]
    context = _about(agreement, title=_("项目变更")) | {"kinds": kinds, "requests": requests}
    return render(request, "milestones/changes.html", context)


def _about(agreement: Agreement, **more) -> dict:
    return {"agreement": agreement, "application": agreement.award.application} | more


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request, pk, kind):
    """Ask for one kind of change. Where that is not possible the page says why and by which clause."""
    agreement = own_project_or_404(request, pk)
    if kind not in ChangeKind.values:
        raise Http404
    term = changing.term_of(agreement, kind)
    asked = changing.changes_of(agreement)
    closed = refusal(changing.check_open, agreement, term, at=timezone.now(), requests=asked)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = FORMS[kind](*sent, agreement=agreement, term=term)
    if request.method == "POST" and form.is_valid():
        told = {"kind": kind, **form.asked(), "by": request.user, "at": timezone.now()}
        try:
            found = actions.ask_change(agreement=agreement, **told)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("变更申请已提交：%(state)s。") % {"state": found.get_state_display()})
            return redirect("milestones:change", found.pk)
    context = _about(agreement, title=_("申请变更：%(kind)s") % {"kind": term}) | {
        "term": term,
        "aftermath": changing.aftermath(kind),
        "last_day": changing.last_day(agreement, term),
        "closed": closed if request.method != "POST" else None,
        "form": form,
    }
    return render(
        request, "milestones/change_ask.html", context, status=422 if request.method == "POST" else 200
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def joins(request):
    """Running projects that would have the person join: agree, or leave it."""
    if request.method != "POST":
        return render(request, "milestones/joining.html", {"asked": joining.asked_of(request.user)})
    wanted = request.POST.get("change", "")
    row = next((row for row in joining.asked_of(request.user) if str(row.change.pk) == wanted), None)
    if row is None:
        raise Http404
    joining.agree(change=row.change, by=request.user, at=timezone.now())
    messages.success(request, _("已同意参与。"))
    return redirect("milestones:joining")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request, pk):
    """One request: what was asked, what was decided. POST takes it back, or is the unit's review."""
    found = request_or_404(request, Change, pk)
    form, done = answer(request, found, MOVES)
    if done:
        return done
    may_review = changing.can_review(request.user, found)
    context = _about(found.agreement, title=_("变更申请")) | {
        "asked": found,
        "term": changing.term_of(found.agreement, found.kind),
        "aftermath": changing.aftermath(found.kind),
        "files": Document.objects.about(found).visible_to(request.user).order_by("kind"),
        # Whoever reviews it sends it back instead.
        "may_withdraw": not may_review and changing.can_withdraw(request.user, found),
        "may_review": may_review,
        "form": form,
        "awaited": joining.awaited(found),
        "may_decide": changing.can_decide(request.user, found),
    }
    return render(request, "milestones/change.html", context, status=422 if form.errors else 200)
