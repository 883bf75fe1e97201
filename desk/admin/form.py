"""The application form on the desk: its outline, a section, a question, and the live preview."""

from csp.constants import SELF
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from core.sent import number
from desk import actions, preview
from desk.admin.pages import DeskPages, address, made, still
from desk.forms import together
from desk.forms.parts import PartPage
from desk.forms.questions import QuestionForm, SectionForm
from desk.parts import BY_NAME
from grants.models import FormKind, Question, Section


class FormViews(DeskPages):
    """Pages of the part "form"."""

    def form_page(self, request, call, part):
        """The outline: sections and questions in order. POST saves the order or the settings."""
        page = PartPage("form", call)
        if request.method == "POST":
            self.check_may_edit(request, call, part.name)
            if request.POST.get("do") == "order":
                return self._arrange(request, call)
            page = PartPage("form", call, request.POST)
            if page.is_valid() and self.do(
                request, actions.save_part, call=call, part="form", page=page, success=_("已保存。")
            ):
                return self.to_part(call, "form")
        sections = (
            call.sections.select_related("project_type").prefetch_related("questions").order_by("order")
        )
        return self.desk_page(
            request,
            call,
            "outline.html",
            part=part,
            page=page,
            sections=[(section, sorted(section.questions.all(), key=_order)) for section in sections],
            can_edit=self.may_edit(request, call, part.name),
            problems=self.part_problems(call, part),
        )

    def _arrange(self, request, call):
        """`item` values in the order of the page: "s:<section>", then "q:<question>" of that section."""
        sections = {f"s:{row.pk}": row for row in call.sections.all()}
        questions = {f"q:{row.pk}": row for row in call.questions.all()}
        order, seen = [], request.POST.getlist("item")
        for item in seen:
            if item in sections:
                order.append((sections[item], []))
            elif item in questions and order:
                order[-1][1].append(questions[item])
        complete = {section for section, _rows in order} == set(sections.values())
        if not complete or sum(len(rows) for _section, rows in order) != len(questions):
            messages.error(request, _("别人刚刚改了申报表，请核对后再调整顺序。"))
        else:
            self.do(request, actions.arrange_form, call=call, order=order, success=_("顺序已保存。"))
        return self.to_part(call, "form")

    # ---- a section, a question ----

    def section_view(self, request, object_id, pk=None):
        call = self.call_or_404(request, object_id)
        section = get_object_or_404(Section, call=call, pk=pk) if pk else Section(call=call, order=0)
        return self._row_page(request, call, section, SectionForm, "section.html")

    def question_view(self, request, object_id, pk=None):
        call = self.call_or_404(request, object_id)
        if pk:
            question = get_object_or_404(Question, call=call, pk=pk)
        else:
            section = get_object_or_404(Section, call=call, pk=number(request.GET.get("section")))
            question = Question(call=call, section=section, kind=request.GET.get("kind", "line"))
        return self._row_page(request, call, question, QuestionForm, "question.html")

    def _row_page(self, request, call, row, form_class, template):
        part = BY_NAME["form"]
        form, joined = form_class(call=call, instance=row), None
        status = 200
        seen = together.seen_of(form) if row.pk else ""
        if request.method == "POST":
            self.check_may_edit(request, call, part.name)
            joined = self.joined(request, made(form_class, call, row))
            seen, status = (joined.seen if row.pk else ""), 409 if joined.conflicts else 422
            form = form_class(joined.data, call=call, instance=row)
            if not joined.conflicts and form.is_valid():
                if not row.pk and isinstance(row, Section):
                    row.order = call.sections.count() + 1
                if self.do(
                    request,
                    actions.save_part,
                    call=call,
                    part="form",
                    page=form,
                    still=still(form_class, call, row, joined),
                    success=_("“%(row)s”已保存。") % {"row": row},
                ):
                    self.said_taken(request, call, joined)
                    return redirect(self._after_row(request, call, form))
        response = self.desk_page(
            request,
            call,
            template,
            status=status,
            part=part,
            form=form,
            row=row,
            seen=seen,
            conflicts=joined.conflicts if joined else [],
            can_edit=self.may_edit(request, call, part.name),
            neighbours=_neighbours(call, row) if isinstance(row, Question) and row.pk else {},
        )
        return _framing(response)

    @staticmethod
    def _after_row(request, call, form) -> str:
        wish, row = request.POST.get("do"), form.instance
        if wish == "another" and isinstance(row, Question):
            return f"{address('question_add', call.pk)}?section={row.section_id}"
        if wish == "question" and isinstance(row, Section):
            return f"{address('question_add', call.pk)}?section={row.pk}"
        if wish == "stay":
            return address("question" if isinstance(row, Question) else "section", call.pk, row.pk)
        return f"{address('part', call.pk, 'form')}#{'q' if isinstance(row, Question) else 's'}{row.pk}"

    def form_row_action(self, request, object_id, kind, pk, verb):
        """Copy or delete a section or a question; POST only."""
        call = self.call_or_404(request, object_id)
        if request.method != "POST":
            raise PermissionDenied
        self.check_may_edit(request, call, "form")
        row = get_object_or_404({"section": Section, "question": Question}[kind], call=call, pk=pk)
        name = str(row)
        action, sentence = {
            "copy": (actions.copy_row, _("已复制“%(row)s”。")),
            "delete": (actions.delete_row, _("已删除“%(row)s”。")),
        }[verb]
        self.do(request, action, call=call, part="form", row=row, success=sentence % {"row": name})
        return self.to_part(call, "form")

    # ---- preview ----

    def preview_view(self, request, object_id):
        """The frame with the form in it, at the width of a desk or of a phone."""
        call = self.call_or_404(request, object_id)
        form, kind = self._previewed(request, call)
        forms = [known for known in FormKind if call.sections.filter(form=known).exists()]
        response = self.desk_page(
            request,
            call,
            "preview.html",
            title=_("预览申报表"),
            forms=forms or [FormKind.APPLICATION],
            form_kind=form,
            types=call.types.all(),
            project_type=kind,
        )
        return _framing(response)

    def preview_form_view(self, request, object_id):
        """Inside the frame: the form as the portal shows it. POST answers what these answers do."""
        call = self.call_or_404(request, object_id)
        form, kind = self._previewed(request, call)
        asked = {"form": form, "project_type": kind, "by": request.user, "at": timezone.now()}
        if request.method == "POST":
            return JsonResponse(preview.answered(call, request.POST, **asked))
        context = preview.form_page(call, **asked) | {"call": call, "form_kind": form, "project_type": kind}
        context["at"] = request.GET.get("at", "")
        response = render(request, "admin/desk/preview_form.html", context)
        response._csp_replace = {"frame-ancestors": [SELF]}
        return xframe_options_sameorigin(lambda _request: response)(request)

    @staticmethod
    def _previewed(request, call):
        """(kind of form, project type) that the address asks for."""
        form = request.GET.get("form", FormKind.APPLICATION)
        if form not in FormKind.values:
            raise Http404
        kinds = list(call.types.all())
        wanted = request.GET.get("type")
        kind = next((kind for kind in kinds if kind.code == wanted), kinds[0] if kinds else None)
        return FormKind(form), kind


def _framing(response):
    """Let the page hold the preview's frame: the content policy allows none otherwise."""
    response._csp_update = {"frame-src": [SELF]}
    return response


def _order(question: Question) -> tuple:
    return question.order, question.pk


def _neighbours(call, question) -> dict:
    """The questions before and behind this one, in the order of the form."""
    rows = list(call.questions.order_by("section__order", "order").values_list("pk", "label"))
    at = [pk for pk, _label in rows].index(question.pk)
    return {
        "before": rows[at - 1] if at else None,
        "behind": rows[at + 1] if at + 1 < len(rows) else None,
        "number": at + 1,
        "count": len(rows),
    }
