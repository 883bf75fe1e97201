"""The list of applications as a workbook: what the filters and the search left, in the order of the list."""

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from applications import exporting
from applications.sheets import XLSX
from core.calendar import local_date


class TableMixin:
    """The link above the list and the file behind it; `ApplicationAdmin` takes it."""

    list_before_template = "applications/admin/includes/_list_tools.html"

    def get_urls(self):
        wrap = self.admin_site.admin_view
        page = path("export/", wrap(self.table), name="applications_application_export")
        return [page, *super().get_urls()]

    def table(self, request):
        """Whoever reads the list may take it away, the rows of the list and no others."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect("admin:applications_application_changelist")
        most = exporting.MOST_ROWS
        if rows.order_by().values("pk")[: most + 1].count() > most:
            messages.error(request, _("一次最多导出 %(n)s 份，请先筛选。") % {"n": most})
            return redirect(
                f"{reverse('admin:applications_application_changelist')}?{request.GET.urlencode()}"
            )
        now = timezone.now()
        response = HttpResponse(exporting.bureau_table(rows), content_type=XLSX)
        name = f"applications-{local_date(now):%Y%m%d}.xlsx"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        return response
