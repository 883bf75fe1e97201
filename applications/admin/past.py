"""Projects elsewhere, which limits on parallel projects count: the list, and its upload."""

from collections import Counter

from django.contrib import messages
from django.contrib.admin import register
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from accounts.roles import Role
from applications import actions, sheets
from applications.forms import elsewhere
from applications.models import PastProject
from applications.queries.elsewhere import SAME, compared
from core.admin import HistoryMixin, ModelAdmin, dress
from core.workflow import Refused

KEPT = "projects_elsewhere"
"""The key of the session under which a table waits for its confirmation."""


@register(PastProject)
class PastProjectAdmin(HistoryMixin, ModelAdmin):
    """Projects elsewhere (national, provincial, earlier systems) that limits on parallel projects count."""

    list_display = ("title", "plan", "status", "role", "credit_code", "starts_date", "ends_date")
    list_filter = ("status", "role", "plan")
    search_fields = ("title", "number", "credit_code", "id_number")
    fields = (
        ("plan", "number"),
        "title",
        ("credit_code", "id_number", "role"),
        ("status", "amount", "months_per_year"),
        ("starts_date", "ends_date"),
        "source",
        ("uploaded_by", "uploaded_at"),
    )
    readonly_fields = ("uploaded_by", "uploaded_at")
    actions_list = ("upload",)

    def upload(self, request):
        """`?template` is the table to fill; a file is compared first and written when it is confirmed."""
        if not self.has_upload_permission(request):
            raise PermissionDenied
        if "template" in request.GET:
            body = sheets.template(str(PastProject._meta.verbose_name), elsewhere.heads(), [])
            response = HttpResponse(body, content_type=sheets.XLSX)
            response["Content-Disposition"] = 'attachment; filename="projects-elsewhere.xlsx"'
            return response
        if request.method == "POST" and "confirm" in request.POST:
            return self._write(request)
        form = elsewhere.UploadForm(request.POST or None, request.FILES or None)
        shown = {"faults": [], "compared": None}
        if request.method == "POST" and form.is_valid():
            shown = self._compare(request, form)
        counts = Counter(one.what for one in shown["compared"] or ())
        context = {
            **self.admin_site.each_context(request),
            **shown,
            "opts": self.opts,
            "title": _("上传外部项目"),
            "form": dress(form),
            "counts": counts,
            "differing": [one for one in shown["compared"] or () if one.what != SAME],
            "back": reverse("admin:applications_pastproject_changelist"),
        }
        status = 422 if form.errors or shown["faults"] else 200
        return render(request, "applications/admin/upload.html", context, status=status)

    def _compare(self, request, form) -> dict:
        """What the file would change; kept for the confirmation, so that nobody sends it twice."""
        try:
            typed, _strange = sheets.read(form.cleaned_data["file"], elsewhere.heads())
            rows = elsewhere.cleaned(typed)
        except Refused as refused:
            form.add_error("file", refused.message)
            return {"faults": getattr(refused, "faults", []), "compared": None}
        kept = {"source": form.cleaned_data["source"], "rows": [list(row) for row in typed]}
        request.session[KEPT] = kept
        return {"faults": [], "compared": compared(rows)}

    def _write(self, request):
        kept = request.session.pop(KEPT, None)
        if kept is None:
            messages.error(request, _("没有等待写入的表格，请重新上传。"))
            return redirect("admin:applications_pastproject_upload")
        rows = elsewhere.cleaned([sheets.Row(*row) for row in kept["rows"]])
        try:
            counts = actions.record_elsewhere(
                rows=rows, source=kept["source"], by=request.user, at=timezone.now()
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("admin:applications_pastproject_upload")
        said = {what: counts[what] for what in ("new", "changed", "same")}
        messages.success(request, _("新增 %(new)s 项，更新 %(changed)s 项，%(same)s 项没有变化。") % said)
        return redirect("admin:applications_pastproject_changelist")

    upload.short_description = _("上传 Excel")
    upload.attrs = {}
    upload.icon = "upload"
    upload.variant = ActionVariant.PRIMARY
    upload.allowed_permissions = ["upload"]

    def has_upload_permission(self, request):
        return self.has_add_permission(request)

    def has_add_permission(self, request):
        return request.user.has_role(Role.PROGRAMME_MANAGER) or super().has_add_permission(request)
