"""Pages about what a notice becomes: its amendment, and the rehearsal of its rules."""

from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from desk import amendments, rehearsal
from desk.admin.pages import DeskPages, address
from desk.forms.versions import AmendForm, RehearsalForm, SummaryForm
from desk.models import Rehearsal
from grants.models import Amendment, Call
from grants.states import CallState

RUNS = 10


def _posted(request):
    """The data of a POST, also of one without any field; None otherwise."""
    return request.POST if request.method == "POST" else None


class VersionViews(DeskPages):
    """Amend a published notice; try a draft's rules."""

    def amend_view(self, request, object_id):
        """Begin an amendment: a draft that says the same, of which everything can be changed."""
        call = self.call_or_404(request, object_id)
        self._check_manages(request, call)
        form = AmendForm(_posted(request))
        if request.method == "POST" and form.is_valid():
            draft = self._tried(form, lambda: amendments.amend(call=call, by=request.user, at=timezone.now()))
            if draft:
                self.message_user(request, _("修订稿已建立：改好后写明修订说明，再检查并发布。"))
                return redirect(address("change", draft.pk))
        return self._whole(
            request,
            call,
            form,
            title=_("修订通知"),
            submit=_("建立修订稿"),
            text=_(
                "得到一份内容相同的新版本草稿。发布后原版本被取代，公众看到修订记录；"
                "还没提交的申报书自动转入新版本，已提交的仍按原版本办理。"
            ),
        )

    def amendment_view(self, request, object_id):
        """What the new version changes, and the words for it."""
        call = self.call_or_404(request, object_id)
        amendment = Amendment.objects.filter(call=call).first()
        if amendment is None:
            raise Http404
        is_open = call.state == CallState.DRAFT
        form = SummaryForm(_posted(request), initial={"summary": amendment.summary})
        if request.method == "POST":
            self._check_manages(request, call)
            if form.is_valid() and self.do(
                request,
                amendments.explain,
                success=_("修订说明已保存。"),
                call=call,
                summary=form.cleaned_data["summary"],
            ):
                return redirect(address("amendment", call.pk))
        return self.desk_page(
            request,
            call,
            "amendment.html",
            status=422 if request.method == "POST" else 200,
            title=_("修订内容"),
            amendment=amendment,
            changes=amendments.changes(call) if is_open else amendment.changes,
            form=form if is_open else None,
        )

    def rehearsal_view(self, request, object_id):
        """Start a run and read the latest ones; the page of a run under way renews itself."""
        call = self.call_or_404(request, object_id)
        self._check_manages(request, call)
        form = RehearsalForm(_posted(request), user=request.user, call=call)
        if request.method == "POST" and form.is_valid():
            run = self._tried(
                form,
                lambda: rehearsal.start(
                    call=call, source=form.cleaned_data["source"], by=request.user, at=timezone.now()
                ),
            )
            if run:
                return redirect(address("rehearsal_run", call.pk, run.pk))
        runs = Rehearsal.objects.visible_to(request.user).filter(call=call)
        return self.desk_page(
            request,
            call,
            "rehearsal.html",
            status=422 if request.method == "POST" else 200,
            title=_("试运行申报条件"),
            form=form,
            runs=runs.select_related("source", "started_by")[:RUNS],
        )

    def rehearsal_run_view(self, request, object_id, pk):
        call = self.call_or_404(request, object_id)
        runs = Rehearsal.objects.visible_to(request.user).filter(call=call)
        run = runs.select_related("source", "started_by").filter(pk=pk).first()
        if run is None:
            raise Http404
        return self.desk_page(
            request,
            call,
            "rehearsal_run.html",
            title=_("试运行结果"),
            run=run,
            rules=rehearsal.table(run),
            steps=rehearsal.steps(run),
            failing=run.result.get("failing", []),
            passed=run.result.get("passed", 0),
        )


def version_buttons(call: Call, *, may_edit: bool) -> list[dict]:
    """What the overview offers about versions."""
    found = []
    if call.amends_id:
        found.append({"label": _("修订内容"), "url": address("amendment", call.pk)})
    if may_edit:
        found.append({"label": _("试运行申报条件"), "url": address("rehearsal", call.pk)})
        if call.state in amendments.AMENDABLE:
            found.append({"label": _("修订通知"), "url": address("amend", call.pk)})
    return found
