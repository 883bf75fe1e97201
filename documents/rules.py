"""What may be stored: by size, by ending and, above all, by content."""

import zipfile
from pathlib import PurePath

import puremagic
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from core.workflow import Refused

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TYPES = {"pdf": PDF, "docx": DOCX, "xlsx": XLSX, "png": PNG, "jpg": JPEG, "jpeg": JPEG}
"""Endings that may be uploaded at all, and the content each must have."""

OFFICE_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
HEAD = 4096


def check_file(file, name: str, *, endings=(), max_bytes: int | None = None, field="", clause="") -> str:
    """The media type of `file`, found by its content. Raises Refused naming `field` and `clause`.

    `endings` narrows what may be uploaded; `max_bytes` can only be below the site's own limit.
    """
    where = {"field": field, "clause": clause}
    limit = min(max_bytes or settings.DOCUMENT_MAX_BYTES, settings.DOCUMENT_MAX_BYTES)
    if not file.size:
        raise Refused(_("文件“%(name)s”是空的。") % {"name": name}, code="empty", **where)
    if file.size > limit:
        raise Refused(
            _("文件“%(name)s”有 %(size)s，超过上限 %(limit)s。")
            % {"name": name, "size": filesizeformat(file.size), "limit": filesizeformat(limit)},
            code="too_big",
            **where,
        )
    allowed = [ending.lower().lstrip(".") for ending in endings if ending.lower().lstrip(".") in TYPES]
    allowed = allowed or list(TYPES)
    ending = PurePath(name).suffix.lower().lstrip(".")
    if ending not in allowed:
        raise Refused(
            _("文件“%(name)s”的类型不能上传：只接受 %(endings)s。")
            % {"name": name, "endings": "、".join(sorted(set(allowed)))},
            code="ending",
            **where,
        )
    found = media_type(file)
    if found != TYPES[ending]:
        raise Refused(
            _("文件“%(name)s”的内容不是 %(ending)s 格式，请检查文件或改用正确的扩展名。")
            % {"name": name, "ending": ending},
            code="content",
            **where,
        )
    return found


def check_pages(file, name: str, *, max_pages: int, field="", clause="") -> None:
    """A PDF has no more pages than the notice allows; one that cannot be read is refused. Raises Refused."""
    where = {"field": field, "clause": clause}
    file.seek(0)
    try:
        pages = len(PdfReader(file, strict=False).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Refused(
            _("文件“%(name)s”不能读取页数，请重新导出为未加密的 PDF。") % {"name": name},
            code="pages",
            **where,
        ) from None
    finally:
        file.seek(0)
    if pages > max_pages:
        raise Refused(
            _("文件“%(name)s”有 %(now)s 页，超过上限 %(max)s 页。")
            % {"name": name, "now": pages, "max": max_pages},
            code="pages",
            **where,
        )


def media_type(file) -> str:
    """What the content says it is; "" when it is nothing that we know. Leaves the file at its start."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"PK"):
        return _office_type(file)
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return ""
    return next((kind for kind in (PDF, PNG, JPEG) if kind in found), "")


def _office_type(file) -> str:
    """Office files are archives: the part that they hold says which, not their first bytes."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return ""
    finally:
        file.seek(0)
    return next((kind for part, kind in OFFICE_PARTS.items() if part in names), "")
