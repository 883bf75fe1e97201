"""Public pages, the to-do list and the inbox. Each takes the moment once and passes it inwards."""

from dataclasses import replace
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language
from django_ratelimit.core import is_ratelimited

from accounts import actions as accounts
from awards import rules as awards
from core.paging import paginate
from core.workflow import Refused
from grants.models import Call
from notifications import actions as notifications
from notifications import receipts
from notifications.models import Notice
from notifications.queries import rendered
from portal import exporting, finding, navigation, owing, queries, terms
from portal import selfcheck as selfchecking
from portal.asking import Asking, SelfCheckForm
from portal.forms import BoardFilter, CallFilter, ResultFilter, SelfCheckChoice, TodoFilter

PER_PAGE = 20
CHECKS_PER_PERSON = "60/h"
FILES_PER_PERSON = "30/h"


def _tabs(name: str, labels: dict[str, str], chosen: str, **kept) -> list[navigation.Entry]:
    """Tabs as links; `kept` are the filters that stay when the tab changes."""
    base = reverse(name)
    return [
        navigation.Entry(label, f"{base}?{urlencode({'tab': code, **kept})}", code == chosen)
        for code, label in labels.items()
    ]


def _chosen_tab(request, labels) -> str:
    """The tab asked for; the first one when it is not ours."""
    tab = request.GET.get("tab", "")
    return tab if tab in labels else next(iter(labels))


@require_safe
def home(request):
    now = timezone.now()
    context = {
        "now": now,
        "home": queries.home(request.user, at=now),
        "calls_url": reverse("portal:calls"),
        "board_url": reverse("portal:board"),
    }
    return render(request, "portal/home.html", context)


@require_POST
def language(request):
    """Set the language cookie; a signed-in person's choice also counts for their mail."""
    wanted = request.POST.get("language")
    if request.user.is_authenticated and wanted in dict(settings.LANGUAGES):
        user = request.user
        accounts.update_profile(user=user, name=user.name, phone=user.phone, language=wanted)
    return set_language(request)


@require_safe
def calls(request):
    now = timezone.now()
    labels = {"open": _("正在受理"), "coming": _("即将开始"), "closed": _("已截止")}
    tab = _chosen_tab(request, labels)
    form = CallFilter(
        request.GET, fields=finding.fields_of_calls(request.user), districts=finding.districts()
    )
    chosen = form.chosen()
    found = queries.find_calls(request.user, tab=tab, at=now, **chosen)
    listing = paginate(found.rows, found.order, request.GET.get("cursor"), PER_PAGE)
    queries.with_batches(listing, at=now)
    kept = {name: getattr(value, "pk", value) for name, value in chosen.items()}
    context = {
        "now": now,
        "tab": tab,
        "tabs": _tabs("portal:calls", labels, tab, **kept),
        "filter": form,
        "filtered": bool(chosen),
        "similar": found.similar,
        "clear_url": f"{reverse('portal:calls')}?tab={tab}",
        "listing": listing,
    }
    template = "portal/includes/_calls_results.html" if request.htmx else "portal/calls.html"
    return render(request, template, context)


@require_safe
def call(request, pk):
    now = timezone.now()
    visible = Call.objects.visible_to(request.user).select_related("programme__department")
    found = get_object_or_404(visible, pk=pk)
    queries.with_batches([found], at=now)
    context = {
        "now": now,
        "call": found,
        "notice": queries.call_notice(request.user, found),
        "terms": terms.of_call(found),
        "in_force": queries.version_in_force(found),
        "accepting": queries.accepts(found, at=now),
        "apply_url": navigation.apply_url(found),
        "demand_url": navigation.demand_url(found),
    }
    return render(request, "portal/call.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def selfcheck(request, pk):
    """“Could we apply?”: anybody's answers against the rules in force. Nothing is stored."""
    visible = Call.objects.visible_to(request.user).select_related("programme__department")
    found = get_object_or_404(visible, pk=pk)
    latest = queries.version_in_force(found)
    if latest:
        return redirect("portal:selfcheck", latest.pk)
    choice = SelfCheckChoice(request.GET, call=found, units=queries.own_units(request.user))
    kind, side = choice.chosen().get("type"), choice.chosen().get("side", "")
    asking = Asking(found, selfchecking.rules_of(found, project_type=kind, side=side), choice.chosen_unit())
    form = SelfCheckForm(asking, request.POST if request.method == "POST" else None)
    outcome, status = None, 200
    if form.is_bound:
        readable = form.is_valid()
        if is_ratelimited(
            request, group="portal.selfcheck", key="user_or_ip", rate=CHECKS_PER_PERSON, increment=True
        ):
            status = 429
            form.add_error(None, _("自查得太频繁，请过几分钟再试。"))
        elif readable:
            outcome = selfchecking.judge(asking, form.cleaned_data, project_type=kind)
        else:
            status = 422
    now = timezone.now()
    context = {
        "now": now,
        "call": found,
        "choice": choice,
        "unit": asking.organisation,
        "form": form,
        "outcome": outcome,
        "accepting": queries.accepts(found, at=now),
        "apply_url": navigation.apply_url(found),
    }
    return render(request, "portal/selfcheck.html", context, status=status)


@require_safe
def board(request):
    form = BoardFilter(request.GET, fields=queries.board_fields(request.user))
    chosen = form.chosen()
    found = queries.board_items(request.user, **chosen)
    context = {
        "now": timezone.now(),
        "filter": form,
        "filtered": bool(chosen),
        "similar": found.similar,
        "clear_url": reverse("portal:board"),
        "listing": paginate(found.rows, found.order, request.GET.get("cursor"), PER_PAGE),
    }
    template = "portal/includes/_board_results.html" if request.htmx else "portal/board.html"
    return render(request, template, context)


@require_safe
def topic(request, pk):
    now = timezone.now()
    found = get_object_or_404(queries.topics(request.user), pk=pk)
    context = {
        "now": now,
        "topic": found,
        "accepting": queries.accepts_bids(found, at=now),
        "bid_url": navigation.apply_url(found.call, found),
    }
    return render(request, "portal/topic.html", context)


@require_safe
def publicity(request):
    labels = {"running": _("公示中"), "closed": _("已结束")}
    tab = _chosen_tab(request, labels)
    rows = queries.publicity(request.user, tab=tab)
    context = {
        "tab": tab,
        "tabs": _tabs("portal:publicity", labels, tab),
        "listing": paginate(rows, queries.PUBLICITY_ORDER, request.GET.get("cursor"), PER_PAGE),
    }
    return render(request, "portal/publicity.html", context)


@require_safe
def publicity_notice(request, pk):
    now = timezone.now()
    notice = get_object_or_404(queries.publicity_notices(request.user), pk=pk)
    context = {
        "now": now,
        "notice": notice,
        "listing": paginate(notice.items.select_related("grade"), ("id",), request.GET.get("cursor"), 100),
        "objections_end": queries.objections_end(notice),
        "objection_url": navigation.objection_url(notice)
        if awards.accepts_objections(notice, at=now)
        else "",
    }
    return render(request, "portal/publicity_notice.html", context)


@require_safe
def results(request):
    """What was granted, for everybody: a list, or the whole of it as a file."""
    form = ResultFilter(request.GET)
    chosen = form.chosen()
    found, status = queries.results(request.user, **chosen), 200
    if request.GET.get("format") in exporting.FORMATS:
        limited = is_ratelimited(
            request, group="portal.results", key="user_or_ip", rate=FILES_PER_PERSON, increment=True
        )
        if not limited:
            return exporting.results(found, request.GET["format"])
        status = 429
        messages.error(request, _("下载得太频繁，请一小时后再试。"))
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "similar": found.similar,
        "clear_url": reverse("portal:results"),
        "listing": paginate(found.rows, found.order, request.GET.get("cursor"), PER_PAGE),
    }
    template = "portal/includes/_results.html" if request.htmx else "portal/results.html"
    return render(request, template, context, status=status)


@login_required
@require_safe
def todo(request):
    now = timezone.now()
    user = request.user
    labels = {**owing.views(user), "done": _("已办结的")}
    tab = _chosen_tab(request, labels)
    form = TodoFilter(request.GET)
    chosen = form.chosen()
    rows = owing.done(user) if tab == "done" else owing.owed(user, whose=tab)
    rows = owing.narrowed(rows, **chosen)
    # The figures above the open rows add up to their number: these are not counted a second time.
    counts = None if tab == "done" else owing.urgencies(rows, at=now)
    order = owing.ORDER.get(tab, owing.LATE_FIRST)
    listing = paginate(rows, order, request.GET.get("cursor"), PER_PAGE, count=counts is None)
    if counts:
        listing = replace(listing, count=str(counts.all))
    context = {
        "now": now,
        "tab": tab,
        "tabs": _tabs("portal:todo", labels, tab, **chosen),
        "filter": form,
        "filtered": bool(chosen),
        "clear_url": f"{reverse('portal:todo')}?tab={tab}",
        "counts": counts,
        "listing": listing,
        "groups": owing.by_urgency(listing.rows, tab=tab, at=now),
        "people": {} if tab in ("mine", "done") else owing.people_by_row(listing.rows),
        "starts": navigation.starts(user),
        "supervises": "department" in labels,
    }
    return render(request, "portal/todo.html", context)


@login_required
@require_safe
def inbox(request):
    rows = queries.inbox(request.user)
    listing = paginate(rows, ("-id",), request.GET.get("cursor"), PER_PAGE)
    shown = [(found, rendered(found, get_language())[0]) for found in listing.rows]
    return render(request, "portal/inbox.html", {"listing": listing, "shown": shown})


@login_required
@require_POST
def read_all(request):
    """Every message of one's own counts as read."""
    if notifications.read_all(by=request.user, at=timezone.now()):
        messages.success(request, _("消息已全部标为已读。"))
    return redirect("portal:inbox")


@login_required
@require_safe
def message(request, pk):
    """One message; opening it is reading it."""
    found = get_object_or_404(queries.inbox(request.user), pk=pk)
    notifications.read(message=found, by=request.user, at=timezone.now())
    return _message_page(request, found)


def _message_page(request, found, *, problem="", status=200):
    subject, body = rendered(found, get_language(), on_page=True)
    context = {
        "message": found,
        "subject": subject,
        "body": body,
        "notice": found.notice,
        "acknowledged": queries.acknowledgement(request.user, found),
        "problem": problem,
    }
    return render(request, "portal/message.html", context, status=status)


@login_required
@require_safe
def notice(request, pk):
    """Where a mail sends its reader to acknowledge a decision; an officer sees who has done so."""
    found = queries.inbox(request.user).filter(notice_id=pk).order_by("-id").first()
    if found:
        return redirect("portal:message", found.pk)
    if request.user.is_staff and Notice.objects.visible_to(request.user).filter(pk=pk).exists():
        return redirect("admin:notifications_notice_change", pk)
    raise Http404


@login_required
@require_POST
def acknowledge(request, pk):
    """The reader has received the decision that this message serves."""
    found = get_object_or_404(queries.inbox(request.user), pk=pk, notice__isnull=False)
    try:
        receipts.acknowledge(notice=found.notice, by=request.user, at=timezone.now())
    except Refused as refused:
        return _message_page(request, found, problem=refused.message, status=422)
    messages.success(request, _("已签收。"))
    return redirect("portal:message", pk)
