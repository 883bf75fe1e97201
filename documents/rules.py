"""What may be stored: by size, by ending and, above all, by content."""

import re
import zipfile
import zlib
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

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

TYPES = {"pdf": PDF, "docx": DOCX, "xlsx": XLSX, "png": PNG, "jpg": JPEG, "jpeg": JPEG, "pptx": PPTX}
"""Endings that may be uploaded at all, and the content each must have."""
WHERE_NAMED = {"pptx"}
"""Taken only where the notice says so."""

SLIDE_LIST = "ppt/presentation.xml"
OFFICE_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, SLIDE_LIST: PPTX}
SLIDE = re.compile(rb"<p:sldId\b")
LONGEST_LIST = 4 << 20
"""Bytes of the list of slides that are read: thousands of slides; a bomb is not unpacked."""
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
    allowed = allowed or [ending for ending in TYPES if ending not in WHERE_NAMED]
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


UNREADABLE = (
    *(PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError),
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error),
)


def check_pages(file, name: str, *, max_pages: int, field="", clause="") -> None:
    """A PDF has no more pages, a presentation no more slides than the notice allows. Raises Refused.

    One that cannot be read is refused too.
    """
    where = {"field": field, "clause": clause}
    is_deck = PurePath(name).suffix.lower() == ".pptx"
    file.seek(0)
    try:
        pages = _slides(file) if is_deck else len(PdfReader(file, strict=False).pages)
    except UNREADABLE:
        sentence = (
            _("文件“%(name)s”不能读取张数，请重新另存为未加密的 PPTX，或导出为 PDF。")
            if is_deck
            else _("文件“%(name)s”不能读取页数，请重新导出为未加密的 PDF。")
        )
        raise Refused(sentence % {"name": name}, code="pages", **where) from None
    finally:
        file.seek(0)
    if pages > max_pages:
        raise Refused(
            _("文件“%(name)s”有 %(now)s 页，超过上限 %(max)s 页。")
            % {"name": name, "now": pages, "max": max_pages},
            code="pages",
            **where,
        )


def _slides(file) -> int:
    """How many slides a presentation has, hidden ones too; ValueError when its list is no list."""
    with zipfile.ZipFile(file) as archive, archive.open(SLIDE_LIST) as part:
        text = part.read(LONGEST_LIST + 1)
    if len(text) > LONGEST_LIST or not (found := len(SLIDE.findall(text))):
        raise ValueError
    return found


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
