"""The portal's pages of demands: one's unit's list, posting, writing, handing in."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.views.common import signed_out
from core.paging import paginate
from core.sent import number
from core.workflow import Lost, Refused
from documents.models import Document
from documents.views import send, sent_file
from exchange import actions, queries, rules
from exchange.forms import MONEY, DemandFilter, DemandForm, QuestionsForm, Together, UnitForm, WithdrawForm
from exchange.kinds import shape_of
from exchange.models import Demand
from exchange.states import DemandState
from grants.models import Call, Sourcing, Topic

PER_PAGE = 20


def _demands(user):
    return Demand.objects.visible_to(user).select_related("call__programme", "organisation", "topic")


@login_required
@require_safe
def demand_list(request):
    form = DemandFilter(request.GET)
    chosen = form.chosen()
    listing = paginate(
        queries.demands(request.user, **chosen), queries.ORDER, request.GET.get("cursor"), PER_PAGE
    )
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": listing,
        "clear_url": reverse("exchange:list"),
        "start_url": reverse("exchange:start"),
    }
    template = "exchange/includes/_demand_results.html" if request.htmx else "exchange/demands.html"
    return render(request, template, context)


def _open_calls(user, *, at):
    calls = Call.objects.visible_to(user).accepting(at).filter(sourcing=Sourcing.DEMAND)
    return calls.select_related("programme").order_by("-opens_at")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request):
    """Choose the call, name the unit; posting opens the draft."""
    now = timezone.now()
    call = None
    if named := request.GET.get("call"):
        visible = Call.objects.visible_to(request.user).select_related("programme")
        call = get_object_or_404(visible, pk=number(named))
    units = queries.units_of(request.user)
    form = UnitForm(request.POST or None, units=units, initial={"credit_code": _only(units)})
    if request.method == "POST" and call and form.is_valid():
        try:
            demand = actions.post(
                call=call, organisation=form.cleaned_data["credit_code"], by=request.user, at=now
            )
        except Refused as refused:
            form.add_error("credit_code" if refused.field == "credit_code" else None, refused.message)
        else:
            return redirect("exchange:edit", demand.pk)
    context = {
        "now": now,
        "call": call,
        "form": form,
        "units": units[:20],
        "calls": [] if call else list(_open_calls(request.user, at=now)[:50]),
    }
    return render(request, "exchange/start.html", context, status=422 if form.errors else 200)


def _only(units) -> str:
    """The code of the one unit a person belongs to; nothing when there are more to choose from."""
    found = list(units[:2])
    return found[0].credit_code if len(found) == 1 else ""


@login_required
@require_safe
def unit_check(request):
    """What the credit code typed so far means: fragment below the field."""
    now = timezone.now()
    call = get_object_or_404(
        Call.objects.visible_to(request.user).select_related("programme"),
        pk=number(request.GET.get("call")),
    )
    form = UnitForm(request.GET, units=queries.units_of(request.user))
    unit, lines = None, []
    if form.is_valid():
        unit = form.cleaned_data["credit_code"]
        lines = queries.eligibility(call, unit, at=now)
    context = {"form": form, "unit": unit, "lines": lines}
    return render(request, "exchange/includes/_unit_check.html", context)


@login_required
@require_safe
def detail(request, pk):
    demand = get_object_or_404(_demands(request.user), pk=pk)
    context = {
        "now": timezone.now(),
        "demand": demand,
        "shape": shape_of(demand.kind),
        "facts": _facts(demand),
        "sections": queries.read_answers(demand),
        "public": queries.public_view(demand),
        "history": queries.history(demand),
        "can_edit": rules.can_edit(request.user, demand),
        "can_withdraw": rules.can_withdraw(request.user, demand),
        "withdraw_form": WithdrawForm(),
        "topic_url": reverse("portal:topic", args=[demand.topic_id]) if demand.topic_id else "",
    }
    return render(request, "exchange/demand.html", context)


LONG_TEXTS = ("problem", "purpose", "conditions")


def _facts(demand) -> dict:
    """What the detail page shows: long texts by name, then everything short, in the order of the form."""
    asked = [name for name in shape_of(demand.kind).asked if name not in SHOWN_APART]
    texts = [(queries.label_of(demand, name), getattr(demand, name)) for name in asked if name in LONG_TEXTS]
    short = [
        {"label": queries.label_of(demand, name), "text": queries.text_of(demand, name), "name": name}
        | ({"amount": getattr(demand, name)} if name in MONEY else {})
        for name in asked
        if name not in LONG_TEXTS
    ]
    return {"texts": texts, "short": short}


SHOWN_APART = (
    "title",
    "field",
    "public_summary",
    "indicators",
    "bidder_conditions",
    "contact_name",
    "contact_phone",
    "name_is_public",
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk):
    """Write the demand. Every answer to POST has stored what was typed; htmx gets the save state alone."""
    now = timezone.now()
    demand = get_object_or_404(_demands(request.user), pk=pk)
    if request.method != "POST":
        if not rules.can_edit(request.user, demand):
            return redirect("exchange:detail", demand.pk)
        return _edit_page(request, demand, DemandForm.of(demand), now=now)
    form = DemandForm(request.POST, kind=demand.kind)
    values, typed = form.split()
    form.own = QuestionsForm(demand, request.POST, files=request.FILES)
    form.together = together = Together(demand, request.POST)
    answers = form.own.typed() if form.own.questions else None
    try:
        written = actions.save(
            demand=demand,
            values=values,
            typed=typed,
            answers=answers,
            seen=together.seen,
            theirs=together.theirs,
            by=request.user,
            at=now,
        )
        for code, sentences in form.own.attach(by=request.user, at=now).items():
            written.faults.setdefault(code, []).extend(sentences)
        if request.POST.get("detach"):
            form.own.detach(request.POST["detach"], by=request.user, at=now)
        form.own.say(written.faults)
    except Refused as refused:
        return _refused(request, demand, form, refused, now=now)
    if request.htmx:
        return _autosaved(request, demand, form, written, now=now)
    shown = _as_it_stands(demand, form, written)
    if written.conflicts:
        return _edit_page(request, demand, shown, now=now, status=409)
    if written.taken:
        messages.info(request, _("同时保留了同事刚刚改的 %(n)s 处。") % {"n": len(written.taken)})
    if request.POST.get("do") == "submit":
        return _submit(request, demand, shown, now=now)
    if typed or written.faults:
        return _edit_page(request, demand, shown, now=now, status=422)
    messages.success(request, _("已保存。"))
    return redirect("exchange:edit", demand.pk)


def _as_it_stands(demand, form, written) -> DemandForm:
    """The form anew: what a colleague wrote, and what was typed where both did or it is not right yet."""
    mine = {unit: both.mine for unit, both in written.conflicts.items()}
    shown = DemandForm.of(demand, mine)
    shown.own = QuestionsForm(demand, mine=mine)
    shown.own.say(written.faults)
    shown.together, shown.conflicts = form.together, form.together.asked(written.conflicts)
    return shown


def _autosaved(request, demand, form, written, *, now):
    """The state of saving; the inputs of the page stay as they are, so what was not written over is said."""
    if written.taken and not written.conflicts and form.together.theirs:
        # The colleague's texts were chosen and all else is stored: the page is shown anew.
        return HttpResponse(headers={"HX-Refresh": "true"})
    asked = written.conflicts and {
        unit: both for unit, both in written.taken.items() if unit in form.together.theirs
    }
    form.conflicts = form.together.asked(written.conflicts | asked)
    context = _edit_context(demand, form, now=now)
    context |= {"taken": len(written.taken), "seen": form.together.left([*written.conflicts, *written.taken])}
    return render(request, "exchange/includes/_save_state.html", context)


def _refused(request, demand, form, refused, *, now):
    """What was typed stays on the page, with the reason why it could not be stored."""
    if request.htmx:
        context = {"refused": refused.message, "demand": demand}
        return render(request, "exchange/includes/_save_state.html", context, status=422)
    status = 409 if isinstance(refused, Lost) else 403
    form.together.is_stored = False
    problems = [{"message": refused.message, "clause": refused.clause}]
    return _edit_page(request, demand, form, now=now, status=status, problems=problems)


def _submit(request, demand, form, *, now):
    try:
        actions.submit(demand=demand, by=request.user, at=now)
    except rules.Incomplete as incomplete:
        return _edit_page(request, demand, form, now=now, status=422, problems=_problems(form, incomplete))
    except Refused as refused:
        return _refused(request, demand, form, refused, now=now)
    messages.success(request, _("需求已提交，等待主管部门论证。"))
    return redirect("exchange:detail", demand.pk)


def _problems(form, incomplete) -> list[dict]:
    return [
        {
            "message": problem.message,
            "clause": problem.clause,
            "anchor": _anchor(form, problem.field),
        }
        for problem in incomplete.problems
    ]


def _anchor(form, name: str) -> str:
    if name in form.fields:
        return form[name].id_for_label
    return f"question-{name}" if name in form.own.form.fields else ""


def _edit_context(demand, form, *, now, problems=()) -> dict:
    own = getattr(form, "own", None) or QuestionsForm(demand)
    together = getattr(form, "together", None) or Together(demand, {})
    conflicts = getattr(form, "conflicts", [])
    return {
        "sections": own.sections(),
        "conflicts": conflicts,
        "seen": together.left([conflict["unit"] for conflict in conflicts]),
        "own": own.form,
        "guide": queries.scheme_of(demand.call).guide,
        "fresh_json": json.dumps(own.fresh(), ensure_ascii=False) if own.questions else "",
        "now": now,
        "demand": demand,
        "form": form,
        "problems": problems,
        "public": queries.public_view(demand),
    }


def _edit_page(request, demand, form, *, now, status=200, problems=()):
    context = _edit_context(demand, form, now=now, problems=problems)
    if demand.state == DemandState.RETURNED:
        context["returned"] = queries.history(demand)[0]
    return render(request, "exchange/edit.html", context, status=status)


@require_POST
def upload(request, pk, code):
    """One file for one question, for the script that shows progress."""
    if not request.user.is_authenticated:
        return signed_out()
    demand = get_object_or_404(_demands(request.user), pk=pk)
    question = QuestionsForm(demand).attachment(code)
    try:
        with sent_file(request) as file:
            if question is None or file is None:
                return JsonResponse({"error": "empty", "message": _("没有收到文件。")}, status=400)
            actions.attach(
                demand=demand,
                question=question,
                file=file,
                name=file.name,
                by=request.user,
                at=timezone.now(),
            )
    except Refused as refused:
        return JsonResponse({"error": refused.code, "message": refused.message}, status=422)
    rows = [row for _section, found in QuestionsForm(demand).sections() for row in found]
    row = next(row for row in rows if row["question"].code == code)
    fragment = render_to_string("applications/includes/_file.html", row, request)
    return JsonResponse({"fragments": {f"file-{code}": fragment}})


@require_safe
def public_file(request, topic, pk):
    """A file that the list item itself makes public, for anybody; no other file of the demand."""
    item = get_object_or_404(Topic.objects.visible_to(request.user), pk=topic)
    if not any(file["document"] == pk for fact in item.facts for file in fact.get("files", ())):
        raise Http404
    return send(request, get_object_or_404(Document, pk=pk))


@login_required
@require_POST
def withdraw(request, pk):
    demand = get_object_or_404(_demands(request.user), pk=pk)
    form = WithdrawForm(request.POST)
    try:
        form.is_valid()
        actions.withdraw(
            demand=demand, reason=form.cleaned_data.get("reason", ""), by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("需求已撤回。"))
    return redirect("exchange:detail", demand.pk)
