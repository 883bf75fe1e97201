"""The page of each part that is made of one record and rows."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from core.workflow import Refused
from desk import actions
from desk.admin.overview import problems_of
from desk.admin.pages import DeskPages, address, part_or_404
from desk.forms import together
from desk.forms.parts import PartPage
from desk.parts import parts_for
from grants.models import Call
from grants.states import CallState


class PartViews(DeskPages):
    """GET shows a part, POST writes it whole; a published call is shown and not written."""

    def part_view(self, request, object_id, name):
        call = self.call_or_404(request, object_id)
        part = part_or_404(call, name)
        special = {"form": self.form_page, "rules": self.rules_page, "clauses": self.clauses_page}
        if name in special:
            return special[name](request, call, part)
        if request.method != "POST":
            return self._show(request, call, part, PartPage(name, call))
        self.check_may_edit(request, call, name)
        joined = self.joined(request, lambda data: PartPage(name, call, data))
        page = PartPage(name, call, joined.data)
        if joined.conflicts:
            return self._show(request, call, part, page, status=409, joined=joined)
        if page.is_valid() and self._save(request, call, part, page, joined):
            return redirect(self._after(request, call, part))
        return self._show(request, call, part, page, status=422, joined=joined)

    def _save(self, request, call, part, page, joined) -> bool:
        def still():
            return together.seen_of(PartPage(part.name, call)) == joined.seen

        try:
            actions.save_part(
                call=call, part=part.name, page=page, by=request.user, at=timezone.now(), still=still
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return False
        messages.success(request, _("“%(part)s”已保存。") % {"part": part.title})
        self.said_taken(request, call, joined)
        return True

    def _after(self, request, call, part) -> str:
        """The same part, the next one, or the overview."""
        wish = request.POST.get("do")
        names = [known.name for known in parts_for(call)]
        if wish == "next" and names.index(part.name) + 1 < len(names):
            return address("part", call.pk, names[names.index(part.name) + 1])
        return (
            address("change", call.pk)
            if wish in ("overview", "next")
            else address("part", call.pk, part.name)
        )

    def _show(self, request, call, part, page, *, status=200, joined=None):
        can_edit = self.may_edit(request, call, part.name)
        return self.desk_page(
            request,
            call,
            "part.html",
            status=status,
            part=part,
            page=page,
            seen=joined.seen if joined else together.seen_of(page),
            conflicts=joined.conflicts if joined else [],
            can_edit=can_edit,
            problems=self.part_problems(call, part),
            sum_of={"review": "weight", "instalments": "share", "equity": "share"}.get(part.name, ""),
        )

    def part_problems(self, call: Call, part) -> list[dict]:
        """What is wrong with this part as it is stored."""
        if call.state != CallState.DRAFT:
            return []
        return [found for found in problems_of(call, at=timezone.now()) if found["part"] is part]
