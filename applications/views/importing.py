"""Tables filled in Excel: the template, and what came back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications import queries, rules, sheets
from applications.forms.importing import sheet_of
from applications.views.common import part_url, visible_application
from core.workflow import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def spreadsheet(request, pk, name, code=""):
    """GET says how, `?template` is the workbook to fill; POST takes it, whole or not at all."""
    application = visible_application(request.user, pk)
    sheet = sheet_of(application, name, code)
    if sheet is None or not rules.is_on_team(request.user, application):
        raise Http404
    if request.method != "POST" and not rules.allowed(rules.check_can_edit, request.user, application):
        return redirect("applications:detail", application.pk)
    if request.method != "POST" and "template" in request.GET:
        body = sheets.template(sheet.title, sheet.heads(), sheet.rows(), most=sheet.most)
        response = HttpResponse(body, content_type=sheets.XLSX)
        response["Content-Disposition"] = f'attachment; filename="{name}{"-" + code if code else ""}.xlsx"'
        response["Cache-Control"] = "private, no-store"
        return response
    back = _place(application, name, code)
    faults, refused = [], None
    if request.method == "POST":
        try:
            count, strange = _take(request, sheet)
        except sheets.Faulty as wrong:
            faults, refused = wrong.faults, wrong
        except Refused as wrong:
            refused = wrong
        else:
            messages.success(request, _("已导入 %(count)s 行。") % {"count": count})
            if strange:
                sentence = _("表格里没有用到的列：%(heads)s，其中的内容没有导入。")
                messages.warning(request, sentence % {"heads": "、".join(strange)[:200]})
            return redirect(back)
    context = {
        "application": application,
        "sheet": sheet,
        "heads": sheet.heads(),
        "back": back,
        "version": sheet.version(),
        "standing": len(sheet.rows()) if name != "budget" else 0,
        "refused": refused,
        "faults": faults,
    }
    return render(request, "applications/import.html", context, status=422 if refused else 200)


def _take(request, sheet) -> tuple[int, list[str]]:
    """Read the file and store it; (how many rows, the heads that are not ours). Raises Refused."""
    file = request.FILES.get("file")
    if file is None:
        raise Refused(_("没有收到文件。"), field="file")
    rows, strange = sheets.read(file, sheet.heads(), most=sheet.most)
    sheet.store(rows, seen=request.POST.get("version", ""), by=request.user, at=timezone.now())
    return len(rows), strange


def _place(application, name, code) -> str:
    """Where the table stands in the workspace."""
    if name != "question":
        return part_url(application, name)
    question = next(q for q in queries.questions_of(application) if q.code == code)
    return f"{part_url(application, question.section.code)}#question-{code}"
