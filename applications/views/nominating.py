"""专家提名: the team asks people; each reads what was handed in, and signs or declines."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from applications import actions, queries, rules
from applications.forms import AskNominatorForm
from applications.models import Nominator
from applications.queries.nominators import fallen_signatures, leader_of
from applications.states import NominatorState
from applications.views.common import content_of, visible_application
from core.sent import number
from core.workflow import Refused


@login_required
@require_POST
def ask(request, pk):
    """Ask a person, or ask no longer; the team's."""
    application = visible_application(request.user, pk)
    now = timezone.now()
    try:
        if request.POST.get("do") == "drop":
            key = number(request.POST.get("nominator"))
            nominator = get_object_or_404(application.nominators, pk=key)
            actions.drop_nominator(nominator=nominator, by=request.user, at=now)
            messages.success(request, _("已取消邀请。"))
        elif request.POST.get("do") == "lead":
            row = get_object_or_404(application.nominators, pk=number(request.POST.get("nominator")))
            actions.name_leader(nominator=row, by=request.user, at=now)
            messages.success(request, _("现由“%(name)s”牵头。") % {"name": row})
        else:
            user, leads = _asked(request)
            actions.ask_nominator(application=application, user=user, leads=leads, by=request.user, at=now)
            messages.success(request, _("已邀请“%(name)s”提名。") % {"name": user})
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(f"{application_page(application)}#nominators")


def application_page(application) -> str:
    return redirect("applications:detail", application.pk).url


def _asked(request):
    """The account that was named. Raises Refused; the same sentence whatever of the two is wrong."""
    form = AskNominatorForm(request.POST)
    if not form.is_valid():
        raise Refused(" ".join(text for texts in form.errors.values() for text in texts))
    user = queries.person_asked(form.cleaned_data["email"], form.cleaned_data["name"])
    return user, form.cleaned_data["leads"]


@login_required
def nominations(request):
    """What the person was asked to nominate."""
    return render(
        request,
        "applications/nominations.html",
        {"rows": queries.nominations_of(request.user), "now": timezone.now()},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nominate(request, pk):
    """Read what was handed in, and sign or decline; the person's alone."""
    rows = Nominator.objects.filter(user=request.user).select_related(
        "application__call__programme", "application__organisation", "user"
    )
    nominator = get_object_or_404(rows, pk=pk)
    refused, now = None, timezone.now()
    if request.method == "POST":
        try:
            return _answer(request, nominator, at=now)
        except Refused as fault:
            refused = fault
    application = nominator.application
    is_open = rules.allowed(rules.check_can_answer, request.user, nominator, at=now)
    person = queries.about(request.user, application)
    context = {
        "nominator": nominator,
        "application": application,
        "person": person,
        "ways": queries.standing_of_nominators(application),
        "fits": _fits(nominator, person, is_open=is_open),
        "until": queries.nominate_until(application),
        "can_answer": is_open,
        "content": content_of(application) if application.state not in queries.NOT_AWAITED_IN else None,
        "documents": queries.latest_documents(application),
        "refused": refused,
        "typed": request.POST,
        "now": now,
    }
    return render(request, "applications/nominate.html", context, status=422 if refused else 200)


def _fits(nominator, person, *, is_open: bool) -> list:
    """What a signature would count for, or does not count for any more."""
    if nominator.state == "signed":
        return [] if nominator.fits else queries.fits_of(nominator, person | nominator.facts)
    return queries.fits_of(nominator, person) if is_open else []


def _answer(request, nominator, *, at):
    do = request.POST.get("do")
    if do == "sign":
        opinion = request.POST.get("opinion", "")
        actions.sign_nomination(nominator=nominator, opinion=opinion, by=request.user, at=at)
        messages.success(request, _("已签署提名。"))
    elif do == "decline":
        reason = request.POST.get("reason", "")
        actions.decline_nomination(nominator=nominator, reason=reason, by=request.user, at=at)
        messages.success(request, _("已答复申报团队。"))
    else:
        raise Http404
    return redirect("applications:nominate", nominator.pk)


def shown(user, application) -> dict:
    """What the page of an application shows of the people who nominate it; nothing where none do."""
    ways = queries.standing_of_nominators(application)
    if not ways:
        return {}
    leader = leader_of(application)
    return {
        "ways": ways,
        "nominators": queries.nominators_for(application),
        "fallen": fallen_signatures(application),
        "can_lead": leader is None or leader.state != NominatorState.SIGNED,
        "until": queries.nominate_until(application),
        "can_ask": rules.allowed(rules.check_can_ask_nominators, user, application, at=timezone.now()),
    }
