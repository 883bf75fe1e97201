"""The words of a file: PDF, Word, Excel, PowerPoint; "" of pictures and of what cannot be read."""

import html
import re
import zipfile
import zlib

from django.core.cache import cache
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from documents.models import Document

MOST_PAGES, MOST_BYTES, KEPT_SECONDS = 100, 32 << 20, 86_400
PARTS = {
    "docx": re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|comments\d*|worksheets/sheet\d+)\.xml"),
    "pptx": re.compile(r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml"),
}
"""Where the words of an Office file stand, by its ending."""
ENDS = re.compile(r"</(?:w:p|w:tc|a:p|si|c|row|comment)>|<(?:w:br|w:tab|a:br)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")
UNREADABLE = (
    PyPdfError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    ValueError,
    KeyError,
    RuntimeError,
    EOFError,
)


def words_of(file: dict) -> str:
    """The text of a file as an answer keeps it ({document, name, sha256}), remembered by its content."""
    ending = file.get("name", "").rpartition(".")[2].lower()
    if (ending != "pdf" and ending not in PARTS) or not file.get("sha256"):
        return ""
    key = f"words:{ending}:{file['sha256']}"
    words = cache.get(key)
    if words is None:
        words = _read(Document.objects.filter(pk=file["document"], sha256=file["sha256"]).first(), ending)
        cache.set(key, words, KEPT_SECONDS)
    return words


def _read(document: Document | None, ending: str) -> str:
    if document is None:
        return ""
    try:
        with document.file.open("rb") as opened:
            if ending in PARTS:
                return _office_text(opened, PARTS[ending])
            pages = PdfReader(opened).pages
            return "\n".join(page.extract_text() for page in pages[:MOST_PAGES])
    except UNREADABLE:
        return ""


def _office_text(opened, wanted: re.Pattern) -> str:
    """The words of an Office file: its parts without their tags, each paragraph and cell apart.

    No XML is parsed and no more than so many bytes are unpacked: a bomb is read to its limit and left.
    """
    found, left = [], MOST_BYTES
    with zipfile.ZipFile(opened) as archive:
        for name in filter(wanted.fullmatch, archive.namelist()):
            with archive.open(name) as part:
                body = part.read(left)
            left -= len(body)
            text = TAG.sub("", ENDS.sub("\n", body.decode("utf-8", "replace")))
            found.append(html.unescape(text))
    return "\n".join(found)
