"""Service cases as an Excel sheet."""

import io

from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel

from core.money import TEN_THOUSAND
from facilities import queries

MOST_ROWS = 20_000


def workbook(cases, scheme) -> bytes:
    """The cases that the filters left, one query; fees in 万元 as on screen."""
    names = queries.service_names(scheme)
    rows = [
        {
            _("服务对象"): case.client,
            _("所服务的成果"): case.result,
            _("服务类别"): names.get(case.service, case.service),
            _("服务前成熟度"): case.trl_before,
            _("服务后成熟度"): case.trl_after,
            _("完成日期"): f"{case.served_date:%Y-%m-%d}",
            _("服务收费（万元）"): float(case.fee / TEN_THOUSAND),
            _("后续转化"): case.follow_on,
        }
        for case in cases.order_by(*queries.CASE_ORDER)[:MOST_ROWS]
    ]
    body = io.BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("服务案例"), rows or [{_("服务对象"): ""}]).save()
    return body.getvalue()
