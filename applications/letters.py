"""A recommendation letter (推荐函) with its table (推荐汇总表): what it lists, on paper and in Excel."""

import io
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from rustpy_xlsxwriter import FastExcel

from applications import queries, quotas
from applications.models import Application, Nomination, RecommendationLetter
from applications.printing import LANGUAGE
from core import money
from core.workflow import Refused
from documents import codes, pdf
from documents import rules as files
from grants.models import Call

TEMPLATE = "applications/pdf/letter.typ"
SHORTEST = queries.SHORTEST_HASH


def content_of(call: Call, office: queries.Office, places: list[Nomination], *, number: str) -> dict:
    """What the letter seals: the lines in their order, amounts in 元, their sums. Chinese, as on paper."""
    with override(LANGUAGE):
        lines = [_line(place) for place in places]
        standing = [_quota(row) for row in quotas.standing(call, office)]
    return {
        "number": number,
        "recommender": queries.name_of_office(office),
        "call": call.title,
        "call_number": call.number,
        "department": call.programme.department.name,
        "lines": lines,
        "quotas": standing,
        "requested": str(sum(Decimal(line["requested"]) for line in lines)),
        "own": str(sum(Decimal(line["own"]) for line in lines)),
    }


def _line(place: Nomination) -> dict:
    leader = place.application.participants.current().filter(role="pi").first()
    return line_of(place.application, rank=place.rank, leader=leader.name if leader else "")


def line_of(application: Application, *, rank: int, leader: str) -> dict:
    """One line of a table; amounts in 元 as text, as they are sealed."""
    return {
        "rank": rank,
        "number": application.number,
        "title": application.title,
        "type": application.project_type.name if application.project_type_id else "",
        "topic": application.topic.title if application.topic_id else "",
        "unit": application.organisation.name,
        "credit_code": application.organisation.code_shown,
        "leader": leader,
        "requested": str(application.requested_amount),
        "own": str(application.own_amount),
    }


def _quota(row) -> str:
    kind = row.batch + (row.quota.project_type.name if row.quota.project_type_id else "")
    if row.most is None:
        return _("%(kind)s按公式计算，已推荐 %(used)s 项") % {"kind": kind, "used": row.used}
    return _("%(kind)s限 %(most)s 项，已推荐 %(used)s 项") % {
        "kind": kind,
        "most": row.most,
        "used": row.used,
    }


def sums_of(letter: RecommendationLetter) -> list[dict]:
    """Both sums in figures and in words."""
    names = (("requested", _("申请财政资金合计")), ("own", _("自筹资金合计")))
    return [
        {"label": label, "amount": amount, "words": money.uppercase(amount)}
        for name, label in names
        for amount in [Decimal(letter.content[name])]
    ]


# ---- on paper ----


def address_of(letter: RecommendationLetter) -> str:
    """What the QR code of a letter holds."""
    page = reverse("applications:letter", args=[letter.pk])
    return f"{settings.SITE_URL.rstrip('/')}{page}?h={letter.sha256[:SHORTEST]}"


def paper(letter: RecommendationLetter) -> bytes:
    """The PDF: the letter, and the table as its annex; VOID letters say so on every page."""
    content = letter.content
    with override(LANGUAGE):
        data = content | {
            "own_number": letter.own_number,
            "count": letter.count,
            "dated": f"{letter.dated.year}年{letter.dated.month}月{letter.dated.day}日",
            "watermark": _("已作废") if letter.voided_at else "",
            "sha256": letter.sha256,
            "qr": pdf.qr(address_of(letter)),
            "lines": [_printed(line) for line in content["lines"]],
            "sums": {
                name: {
                    "wan": money.wan_number(Decimal(content[name])),
                    "words": money.uppercase(Decimal(content[name])),
                }
                for name in ("requested", "own")
            },
        }
        return pdf.render(TEMPLATE, data)


def _printed(line: dict) -> list[str]:
    return [
        str(line["rank"]),
        line["number"],
        line["title"],
        line["unit"],
        line["leader"],
        line["type"] or line["topic"],
        money.wan_number(Decimal(line["requested"])),
        money.wan_number(Decimal(line["own"])),
    ]


def workbook(letter: RecommendationLetter) -> bytes:
    """The table in Excel: one row each, amounts as numbers in 万元; a second sheet with the sums in words."""
    body = io.BytesIO()
    content = letter.content
    sums = [
        (_("编号"), letter.number),
        (_("发文字号"), letter.own_number),
        (_("推荐单位"), content["recommender"]),
        (_("通知"), content["call"]),
        (_("日期"), letter.dated.isoformat()),
        (_("项目数"), letter.count),
        (_("申请财政资金合计（万元）"), in_wan(content["requested"])),
        (_("申请财政资金合计（大写）"), money.uppercase(Decimal(content["requested"]))),
        (_("自筹资金合计（万元）"), in_wan(content["own"])),
        (_("自筹资金合计（大写）"), money.uppercase(Decimal(content["own"]))),
    ]
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book = book.sheet(_("推荐汇总表"), [_row(line) for line in content["lines"]])
    book.sheet(_("合计"), [{_("项目"): name, _("内容"): value} for name, value in sums]).save()
    return body.getvalue()


def _row(line: dict) -> dict:
    return {
        _("推荐排序"): line["rank"],
        **columns_of(line),
    }


def columns_of(line: dict) -> dict:
    """What the tables of recommenders and of units say alike of one application, in Excel."""
    return {
        _("受理编号"): line["number"],
        _("项目名称"): line["title"],
        _("项目类别"): line["type"],
        _("榜单任务"): line["topic"],
        _("牵头单位"): line["unit"],
        _("统一社会信用代码"): line["credit_code"],
        _("项目负责人"): line["leader"],
        _("申请财政资金（万元）"): in_wan(line["requested"]),
        _("自筹资金（万元）"): in_wan(line["own"]),
    }


def in_wan(amount: str | Decimal) -> float:
    return float(Decimal(amount) / money.TEN_THOUSAND)


# ---- the stamped paper comes back ----


def check_scan(letter: RecommendationLetter, file, name: str, *, endings, field: str) -> None:
    """Raises Refused when the QR code of the scan names another paper than this letter, or there is none."""
    media_type = files.check_file(file, name, endings=endings, field=field)
    found = [text for text in codes.read_codes(file, media_type) if "h=" in text]
    if not found:
        raise Refused(
            _("没有在文件中找到推荐函的二维码，请扫描完整的首页，分辨率不低于 200 dpi。"),
            field=field,
            code="no_code",
        )
    try:
        asked = urlsplit(found[0])
    except ValueError:
        asked = urlsplit("")
    is_ours = asked.path == reverse("applications:letter", args=[letter.pk])
    if not is_ours or parse_qs(asked.query).get("h") != [letter.sha256[:SHORTEST]]:
        raise Refused(
            _("扫描件不是推荐函 %(number)s，请打印本推荐函盖章后再上传。") % {"number": letter.number},
            field=field,
            code="other_letter",
        )
