"""Several at once at a desk, the order of a recommender (推荐排序), and its letters (推荐函)."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications import actions, letters, queries, quotas, ranking, rules
from applications.forms import LetterForm
from applications.models import Application, RecommendationLetter
from applications.sheets import XLSX
from core.sent import number, numbers
from core.workflow import Refused
from documents.models import Document
from grants.models import Call
from grants.queries import in_force, share_in_force

MOST_AT_ONCE = 100
PER_PAGE = 50
"""Of an order; all of one page can be picked at once."""
NO_ORDER = 1_000_000


# ---- several at once ----


class Move(NamedTuple):
    """What a desk does with several: how it is checked beforehand, done, asked and said."""

    check: object
    action: object
    argument: str
    label: str
    title: str
    done: str
    needs_text: bool = True


UNIT_MOVES = {
    "approve": Move(
        rules.check_can_approve,
        actions.unit_approve,
        "note",
        gettext_lazy("单位审核意见（可不填）"),
        gettext_lazy("批量审核通过"),
        gettext_lazy("已审核通过 %(count)s 项。"),
        needs_text=False,
    ),
    "return": Move(
        rules.check_can_review_for_unit,
        actions.unit_return,
        "reason",
        gettext_lazy("退回理由，每个申报团队都会看到"),
        gettext_lazy("批量退回修改"),
        gettext_lazy("已退回 %(count)s 项。"),
    ),
}
MOVES = {
    "recommend": Move(
        rules.check_can_pass_on,
        actions.recommend,
        "opinion",
        gettext_lazy("推荐意见"),
        gettext_lazy("批量推荐"),
        gettext_lazy("已推荐 %(count)s 项。"),
    ),
    "return": Move(
        rules.check_can_send_back,
        actions.recommender_return,
        "reason",
        gettext_lazy("退回理由，每个申报团队都会看到"),
        gettext_lazy("批量退回修改"),
        gettext_lazy("已退回 %(count)s 项。"),
    ),
}


def _batch(request, moves, *, back: str):
    """First what would happen to each and why not; confirmed, each is done by itself."""
    move = moves.get(request.POST.get("do"))
    if move is None:
        raise Http404
    picked = numbers(request.POST.getlist("pick"))
    back_url = _own_address(request.POST.get("back")) or reverse(back)
    if not picked or len(picked) > MOST_AT_ONCE:
        messages.error(
            request,
            _("请先勾选申报书。") if not picked else _("一次最多处理 %(most)s 项。") % {"most": MOST_AT_ONCE},
        )
        return redirect(back_url)
    rows = Application.objects.visible_to(request.user).filter(pk__in=picked)
    rows = list(rows.select_related("call__programme__department", "organisation", "topic", "project_type"))
    share_in_force(row.call for row in rows)
    ranks = queries.ranks_of(request.user, rows)
    rows.sort(key=lambda row: (ranks.get(row.pk, NO_ORDER), row.submitted_at, row.pk))
    text, now = request.POST.get("text", "").strip(), timezone.now()
    problems, tried = [], None
    if request.POST.get("confirm"):
        if move.needs_text and not text:
            problems = [{"message": _("请写明理由，申请人会看到。"), "anchor": "id_text"}]
        else:
            tried = actions.in_batch(
                action=move.action, applications=rows, by=request.user, at=now, **{move.argument: text}
            )
            done = sum(one.refused is None for one in tried)
            if done:
                messages.success(request, move.done % {"count": done})
            if done == len(tried):
                return redirect(back_url)
    foreseen = [] if tried else ranking.foreseen(move.check, rows, by=request.user, at=now)
    context = {
        "move": move,
        "do": request.POST["do"],
        "can": [row for row, refused in foreseen if refused is None],
        "cannot": [(one.application, one.refused) for one in tried if one.refused]
        if tried
        else [(row, refused) for row, refused in foreseen if refused],
        "tried": tried,
        "text": text,
        "problems": problems,
        "back_url": back_url,
        "list_url": reverse(back),
        "list_title": _("推荐审核") if moves is MOVES else _("单位审核"),
    }
    return render(request, "applications/batch.html", context, status=422 if problems else 200)


def _own_address(text) -> str:
    """An address of this site that a form sent along, never another's."""
    return text if text and text.startswith("/applications/") and "\\" not in text else ""


@login_required
@require_POST
def unit_batch(request):
    if not request.user.scope.admin_units:
        raise Http404
    return _batch(request, UNIT_MOVES, back="applications:unit_reviews")


@login_required
@require_POST
def batch(request):
    if not request.user.scope.offices:
        raise Http404
    return _batch(request, MOVES, back="applications:recommendations")


# ---- the order ----


def _office(request, call) -> queries.Office:
    """The office of the address (`?office=<number>`), the first fitting one without; 404 for who has none."""
    if "office" not in request.GET:
        return queries.office_of_call(request.user, call)
    offices = queries.offices_of(request.user)
    wanted = request.GET["office"]
    if not wanted.isdecimal() or int(wanted[:4]) >= len(offices):
        raise Http404
    return offices[int(wanted[:4])]


def _address(request, call, page: int = 1) -> str:
    asked = {"office": request.GET.get("office", ""), "page": page if page > 1 else ""}
    asked = urlencode({name: value for name, value in asked.items() if value != ""})
    return reverse("applications:ranking", args=[call.pk]) + (f"?{asked}" if asked else "")


def _page(request) -> int:
    page = request.GET.get("page", "1")
    return max(1, int(page)) if page.isdecimal() and len(page) < 5 else 1


def _call(request, pk) -> Call:
    calls = Call.objects.visible_to(request.user).select_related("programme__department")
    return get_object_or_404(calls, pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request, pk):
    """The order of one call: buttons for one place up and down; the script sends a whole order."""
    if not request.user.scope.offices:
        raise Http404
    call, now = _call(request, pk), timezone.now()
    office = _office(request, call)
    if request.method == "POST":
        return _reorder(request, call, office, now)
    return _ranking(request, call, office, now, LetterForm(initial={"dated": timezone.localdate()}))


def _ranking(request, call, office, now, form, status=200):
    found = queries.page_of_order(
        request.user, call, office, start=(_page(request) - 1) * PER_PAGE, length=PER_PAGE
    )
    page = found.start // PER_PAGE + 1
    issued = list(queries.letters_of(request.user, call, office))
    context = {
        "call": call,
        "office": office,
        "office_name": queries.name_of_office(office),
        "address": _address(request, call, page),
        "order": found,
        "previous": _address(request, call, page - 1) if page > 1 else "",
        "next": _address(request, call, page + 1) if found.start + PER_PAGE < found.total else "",
        "standing": quotas.standing(call, office),
        "closes_at": in_force(call).recommender_closes_at,
        "may_rank": rules.allowed(ranking.check_can_rank, request.user, call, office, at=now),
        "letters": issued,
        "scans": _scans(issued),
        "form": form,
        "now": now,
    }
    return render(request, "applications/ranking.html", context, status=status)


def _scans(issued) -> dict[int, Document]:
    if not issued:
        return {}
    rows = Document.objects.filter(
        content_type__app_label="applications",
        content_type__model="recommendationletter",
        object_id__in=[letter.pk for letter in issued],
    )
    return {row.object_id: row for row in rows.order_by("version")}


def _reorder(request, call, office, now):
    """A button's move, or the whole order from the script, which reads JSON back."""
    by_script = "order" in request.POST
    try:
        if by_script:
            order = numbers(request.POST["order"].split(","))
            start = (_page(request) - 1) * PER_PAGE
            actions.set_order(
                call=call, office=office, order=order, start=start, length=PER_PAGE, by=request.user, at=now
            )
            return JsonResponse({"said": _("排序已保存。")})
        to, _between, pk = request.POST.get("move", "").partition(":")
        pk = number(pk)
        if to == "place":
            to = request.POST.get(f"place-{pk}", "")[:5]
        row = get_object_or_404(Application.objects.visible_to(request.user), pk=pk)
        actions.move_in_order(call=call, office=office, application=row, to=to, by=request.user, at=now)
    except Refused as refused:
        if by_script:
            return JsonResponse({"said": refused.message}, status=409)
        messages.error(request, refused.message)
        return redirect(_address(request, call, _page(request)))
    return redirect(f"{_address(request, call, _page_of(request, call, office, pk))}#place-{pk}")


def _page_of(request, call, office, pk) -> int:
    """The page on which an application stands now."""
    order = queries.order_of(request.user, call, office)
    place = next((line.place for line in order if line.application.pk == pk), 1)
    return (place - 1) // PER_PAGE + 1


# ---- letters ----


@login_required
@require_POST
def issue(request, pk):
    if not request.user.scope.offices:
        raise Http404
    call, now = _call(request, pk), timezone.now()
    office = _office(request, call)
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _ranking(request, call, office, now, form, status=422)
    try:
        letter = actions.issue_letter(call=call, office=office, by=request.user, at=now, **form.cleaned_data)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return _ranking(request, call, office, now, form, status=422)
    messages.success(
        request, _("推荐函 %(number)s 已生成，请打印盖章后上传扫描件。") % {"number": letter.number}
    )
    return redirect("applications:letter", letter.pk)


def _letter(request, pk) -> RecommendationLetter:
    rows = RecommendationLetter.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("call__programme__department", "recommender", "by"), pk=pk)


@login_required
@require_safe
def letter(request, pk):
    """One letter: what it lists, its papers, the stamped scan."""
    found = _letter(request, pk)
    office = queries.Office(found.recommender_id, found.region)
    is_own = tuple(office) in request.user.scope.offices
    offices = queries.offices_of(request.user)
    own_order = reverse("applications:ranking", args=[found.call_id])
    context = {
        "letter": found,
        "sums": letters.sums_of(found),
        "scan": _scans([found]).get(found.pk),
        "is_own": is_own,
        "may_void": rules.allowed(ranking.check_can_void, request.user, found, at=timezone.now()),
        "ranking_url": f"{own_order}?office={offices.index(office)}" if is_own else "",
    }
    return render(request, "applications/letter.html", context)


@login_required
@require_safe
def letter_file(request, pk, form):
    """The letter as PDF, its table as Excel."""
    found = _letter(request, pk)
    if form not in ("pdf", "xlsx"):
        raise Http404
    body = letters.paper(found) if form == "pdf" else letters.workbook(found)
    response = HttpResponse(body, content_type="application/pdf" if form == "pdf" else XLSX)
    way = "inline" if form == "pdf" else "attachment"
    response["Content-Disposition"] = f'{way}; filename="{found.number}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def letter_scan(request, pk):
    found, file = _letter(request, pk), request.FILES.get("scan")
    try:
        if file is None:
            raise Refused(_("没有收到文件。"))
        actions.upload_letter_scan(
            letter=found, file=file, name=file.name, by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("盖章扫描件已核对并保存。"))
    return redirect("applications:letter", found.pk)


@login_required
@require_POST
def letter_void(request, pk):
    found = _letter(request, pk)
    try:
        actions.void_letter(
            letter=found, reason=request.POST.get("reason", ""), by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("推荐函已作废，其中的项目可以重新排序。"))
    return redirect("applications:letter", found.pk)
