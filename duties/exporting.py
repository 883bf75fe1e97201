"""Duties as an Excel sheet."""

import io
from collections.abc import Iterable

from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel

from applications.queries import local_moment
from applications.questions import localised
from duties import queries
from duties.models import Duty


def workbook(duties: Iterable[Duty]) -> bytes:
    """One row each, as the list shows them."""
    rows = [
        {
            _("事项"): localised(duty.term, "title"),
            _("年度"): duty.year or "",
            _("对象"): queries.about(duty),
            _("由谁办理"): duty.term.get_owed_by_display(),
            _("通知"): duty.term.call.title,
            _("条款"): duty.term.clause,
            _("期限"): local_moment(duty.due_at),
            _("状态"): duty.get_state_display(),
        }
        for duty in duties
    ]
    body = io.BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("报送事项"), rows or [{_("事项"): ""}]).save()
    return body.getvalue()
