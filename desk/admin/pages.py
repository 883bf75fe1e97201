"""What every page of the desk shares: the call or a 404, who may write, the frame around the content."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from core.workflow import Refused
from desk import actions
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
        rows = self.get_queryset(request).select_related("programme__department", "follows")
        call = rows.filter(pk=object_id).first()
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
