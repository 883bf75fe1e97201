"""The desks of the unit's administrator and of the recommender."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Organisation
from applications import actions, exporting, queries, rules, unit_tables
from applications.forms import DeskFilter
from applications.forms.signing import JointForm, SigningForm
from applications.models import StampedTable, TableOf
from applications.sheets import XLSX
from applications.states import ApplicationState
from applications.views.common import PER_PAGE, content_of, visible_application
from core.paging import paginate
from core.workflow import Refused
from grants.models import Call
from grants.queries import moments_of, share_in_force


def _list(request, rows, *, waiting, closes, title, lead, name, empty, **more):
    """A desk's list: narrowed, sorted, with boxes for a batch; `?format=xlsx` gives all its rows.

    `closes`: which moment of the notice, as it stands, ends the desk's work.
    """
    every = rows(request.user, state=queries.ALL)
    form = DeskFilter(request.GET, calls=queries.calls_among(every), waiting=waiting)
    chosen = form.chosen()
    order = queries.DESK_ORDERS[chosen.pop("sort", "")]
    found = rows(request.user, **chosen)
    if request.GET.get("format") == "xlsx":
        return _table(exporting.desk_table(found.order_by(*order)), name)
    listing = paginate(found, order, request.GET.get("cursor"), PER_PAGE)
    share_in_force(row.call for row in listing)
    for row in listing:
        row.desk_closes_at = getattr(moments_of(row.call, row.intake), closes)
    context = {
        "filter": form,
        "filtered": bool(chosen),
        "listing": listing,
        "title": title,
        "lead": lead,
        "empty": empty,
        "list_url": reverse(f"applications:{name}"),
        "clear_url": reverse(f"applications:{name}"),
        "batch_url": reverse(f"applications:{name}_batch"),
        "desk": name,
        "waiting_state": waiting,
        "now": timezone.now(),
        **more,
    }
    template = "applications/includes/_desk_results.html" if request.htmx else "applications/desk_list.html"
    return render(request, template, context)


def _table(body: bytes, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_safe
def unit_reviews(request):
    if not request.user.scope.admin_units:
        raise Http404
    is_page = not request.htmx and "format" not in request.GET
    return _list(
        request,
        queries.waiting_for_unit,
        waiting=ApplicationState.UNIT_REVIEW,
        closes="unit_closes_at",
        title=_("单位审核"),
        lead=_(
            "本单位提交的申报书，审核通过后报送。单位审核有自己的截止时间，一般在申报截止之后、推荐截止之前。"
        ),
        name="unit_reviews",
        empty=_("没有等待单位审核的申报书"),
        tables=queries.tables_of(request.user) if is_page else [],
    )


@login_required
@require_safe
def unit_table(request, pk, unit, form):
    """The summary table of one of one's units for one call: PDF to be stamped, or Excel."""
    if unit not in request.user.scope.admin_units or form not in ("pdf", "xlsx"):
        raise Http404
    calls = Call.objects.visible_to(request.user).select_related("programme__department")
    call = get_object_or_404(calls, pk=pk)
    content = unit_tables.content_of(
        call, Organisation.objects.get(pk=unit), at=timezone.now(), batch=request.GET.get("batch", "")
    )
    if not content["lines"]:
        messages.error(request, _("本单位在这份通知中没有已提交的申报书。"))
        return redirect("applications:unit_reviews")
    body = unit_tables.paper(content) if form == "pdf" else unit_tables.workbook(content)
    response = HttpResponse(body, content_type="application/pdf" if form == "pdf" else XLSX)
    way = "inline" if form == "pdf" else "attachment"
    response["Content-Disposition"] = f'{way}; filename="unit-table-{call.pk}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def stamped_table(request, pk):
    """The stamped table of one of one's units or offices; a later file takes the place of the earlier one."""
    table = get_object_or_404(StampedTable.objects.owed_by(request.user), pk=pk)
    file = request.FILES.get("table")
    try:
        if file is None:
            raise Refused(_("没有收到文件。"))
        actions.upload_table(table=table, file=file, name=file.name, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("盖章的汇总表已保存，截止前可以替换。"))
    if table.of == TableOf.RECOMMENDER:
        return redirect("applications:recommendations")
    return redirect(f"{reverse('applications:unit_reviews')}#tables-title")


@login_required
@require_safe
def recommendations(request):
    if not request.user.scope.offices:
        raise Http404
    desks = [] if request.htmx or "format" in request.GET else queries.desks_of(request.user)
    return _list(
        request,
        queries.of_regions,
        waiting=ApplicationState.RECOMMENDATION,
        closes="recommender_closes_at",
        title=_("推荐审核"),
        lead=_("由您的单位推荐的申报书：本区域的、下属单位的，或申报人选择您推荐的。"),
        name="recommendations",
        empty=_("没有等待推荐的申报书"),
        desks=desks,
    )


RETURNS = (actions.unit_return, actions.recommender_return)
SIGNED = (actions.unit_approve, actions.recommend)
REMARK = "remark-"


def _signed(form) -> rules.Signed:
    """What was given with the signature. Raises Refused for a day that is none."""
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        raise Refused(f"{form[name].label}：{faults[0]}", field=name)
    return rules.Signed(**form.cleaned_data)


def _remarks(request, application) -> list[dict]:
    """What was written beside single questions: {"question", "text"}, in the order of the form."""
    found = []
    for question in queries.questions_of(application):
        if text := request.POST.get(f"{REMARK}{question.code}", "").strip():
            found.append({"question": question.code, "text": f"{question.label}：{text[:500]}"})
    return found


def _remarked(request, content) -> str:
    """Give every answer what was typed beside it; returns the prefix of the fields' names."""
    for _title, answers in content["sections"]:
        for answer in answers:
            answer["remark"] = request.POST.get(f"{REMARK}{answer['code']}", "")
    return REMARK


def _desk(request, pk, *, check, moves, template, back):
    """Show what was sealed with the buttons; a POST makes one move. Nothing typed is lost on a refusal."""
    application = visible_application(request.user, pk)
    problems, status = [], 200
    given_with = (request.POST or None, request.FILES or None)
    joins, stage = queries.joint_for(request.user, application), rules.signing_of(application)
    signing = JointForm(*given_with) if joins else stage and SigningForm(*given_with, stage=stage)
    if request.method == "POST":
        move = moves.get(request.POST.get("do"))
        if move is None:
            raise Http404
        action, argument, sentence = move
        given = {argument: request.POST.get("text", "")}
        if action in RETURNS:
            given["items"] = _remarks(request, application)
        try:
            if signing and action in SIGNED:
                given["signed"] = _signed(signing)
            action(application=application, by=request.user, at=timezone.now(), **given)
        except Refused as refused:
            anchor = f"id_{refused.field}" if signing and refused.field in signing.fields else "id_text"
            problems = [{"message": refused.message, "anchor": anchor, "clause": refused.clause}]
            status = 422
        else:
            messages.success(request, sentence)
            return redirect(back)
    content, may_act = content_of(application), rules.allowed(check, request.user, application)
    context = {
        "now": timezone.now(),
        "application": application,
        "content": content,
        "remarks": _remarked(request, content) if may_act and content else "",
        "submission": queries.latest_submission(application),
        "documents": queries.latest_documents(application),
        "results": queries.rule_results(application),
        "stamped": queries.stamped_for(application, request.user),
        "steps": queries.history(application),
        "deadlines": queries.public_deadlines(application),
        "may_act": may_act,
        "signing": signing if may_act else None,
        "joint": queries.joint_opinions(application, request.user),
        "sign_offs": queries.sign_offs(application),
        "joins": joins,
        "unconfirmed": queries.unconfirmed_authority(application),
        "problems": problems,
        "text": request.POST.get("text", ""),
        "back_url": reverse(back),
    }
    return render(request, template, context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def unit_review(request, pk):
    if not request.user.scope.admin_units:
        raise Http404
    moves = {
        "approve": (actions.unit_approve, "note", _("已审核通过。")),
        "return": (actions.unit_return, "reason", _("已退回申报团队修改。")),
    }
    return _desk(
        request,
        pk,
        check=rules.check_can_review_for_unit,
        moves=moves,
        template="applications/unit_review.html",
        back="applications:unit_reviews",
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recommendation(request, pk):
    if not request.user.scope.offices:
        raise Http404
    moves = {
        "recommend": (actions.recommend, "opinion", _("已推荐。")),
        "return": (actions.recommender_return, "reason", _("已退回申报单位修改。")),
        "reject": (actions.recommender_reject, "reason", _("已作不予推荐处理。")),
    }
    return _desk(
        request,
        pk,
        check=rules.check_can_recommend,
        moves=moves,
        template="applications/recommendation.html",
        back="applications:recommendations",
    )
