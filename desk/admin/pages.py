"""What every page of the desk shares: the call or a 404, who may write, the frame around the content."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.models import Event
from core.sent import number
from core.workflow import Refused
from desk import actions
from desk.forms import together
from desk.parts import BY_NAME, parts_for
from grants.models import Call


def address(name: str, *args) -> str:
    """The address of a page of the desk, e.g. address("part", call.pk, "stages")."""
    return reverse(f"admin:grants_call_{name}", args=args)


class DeskPages:
    """Mixin for the call's admin. `desk_urls` lists (path, view, name) below the call's address."""

    def desk_path(self, route: str, view, name: str):
        return path(route, self.admin_site.admin_view(view), name=f"grants_call_{name}")

    def call_or_404(self, request, object_id) -> Call:
        """A call that the person may see, with its programme and department. Raises Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("programme__department")
        # A word where a number belongs is no call, not a fault of the server.
        call = rows.filter(pk=number(str(object_id))).first()
        if call is None:
            raise Http404
        return call

    def may_edit(self, request, call: Call, part: str) -> bool:
        allowed = super().has_change_permission(request)
        return allowed and actions.can_edit_part(request.user, call, part)

    def check_may_edit(self, request, call: Call, part: str) -> None:
        """Before anything is written. Raises PermissionDenied."""
        if not self.may_edit(request, call, part):
            raise PermissionDenied

    def desk_page(self, request, call: Call | None, page: str, /, *, status=200, **context):
        """Render a page in the admin's frame, with the call's parts beside it."""
        part = context.get("part")
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "call": call,
            "subtitle": str(call) if call else "",
            "title": part.title if part else "",
            "parts": parts_for(call) if call else [],
            "media": self.media,
        }
        return render(request, f"admin/desk/{page}", frame | context, status=status)

    def joined(self, request, make) -> together.Joined:
        """What was sent, joined with what others stored since the page was made."""
        joined = together.join(make, request.POST)
        if joined.conflicts:
            messages.error(request, _("别人刚刚改了同样的内容，还没有保存。请看下面各处，选定后再保存。"))
        return joined

    def said_taken(self, request, call: Call, joined: together.Joined) -> None:
        """Tell whoever saved that the other's changes stayed."""
        if joined.taken:
            event = Event.objects.about(call).filter(verb="edited").order_by("-id")[1:2].first()
            who = event.by if event and event.by and event.by != request.user else _("别人")
            said = _("同时保留了%(who)s刚刚改的 %(n)s 处。") % {"who": who, "n": joined.taken}
            messages.info(request, said)

    def do(self, request, action, *, success, **kwargs) -> bool:
        """Run one action for the person and say how it went."""
        try:
            action(by=request.user, at=timezone.now(), **kwargs)
        except Refused as refused:
            messages.error(request, refused.message)
            return False
        messages.success(request, success)
        return True

    def to_part(self, call: Call, part: str):
        return redirect(address("part", call.pk, part))


def part_or_404(call: Call, name: str):
    if name not in {part.name for part in parts_for(call)}:
        raise Http404
    return BY_NAME[name]


def made(form_class, call, row):
    """How the page of a stored row is built as it stands now; a new one has nothing to compare with."""

    def make(data):
        now = type(row).objects.filter(pk=row.pk).first() or type(row)(call=call)
        return form_class(data, call=call, instance=now)

    return make


def still(form_class, call, row, joined):
    """Whether the row stands as the page was joined with it; asked once the call is held."""
    if not row.pk:
        return None
    return lambda: together.seen_of(made(form_class, call, row)(None)) == joined.seen
