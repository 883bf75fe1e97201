"""The words of a file: PDF, Word, Excel, PowerPoint; "" of pictures and of what cannot be read."""

import html
import logging
import re
import zipfile

from django.core.cache import cache
from pypdf import PdfReader

from documents.models import Document

log = logging.getLogger(__name__)

MOST_PAGES, MOST_BYTES, KEPT_SECONDS = 100, 32 << 20, 86_400
PARTS = {
    "docx": re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|comments\d*|worksheets/sheet\d+)\.xml"),
    "pptx": re.compile(r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml"),
}
"""Where the words of an Office file stand, by its ending."""
ENDS = re.compile(r"</(?:w:p|w:tc|a:p|si|c|row|comment)>|<(?:w:br|w:tab|a:br)\b[^<>]*>")
TAG = re.compile(r"<[^<>]*>")
"""Neither reads past the next "<": many of them without an end would take the square of their number."""
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
"""What broken fonts give and no database keeps: NUL, halves of pairs."""


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
        opened = document.file.open("rb")
    except FileNotFoundError:
        return ""
    with opened:
        # A storage that is away raises here: that is no broken file, nobody remembers it as one.
        opened.seek(0)
        return _text(opened, ending, document)


def _text(opened, ending: str, document: Document) -> str:
    try:
        text = _office_text(opened, PARTS[ending]) if ending in PARTS else _pdf_text(opened)
        return NO_TEXT.sub(" ", text)
    except Exception as fault:
        # Readers of broken or locked files raise whatever they stumble over. Who holds a worker until its
        # time limit is as good as unreadable: remembered, so that the work is done at the next try.
        log.info("no words in document %s: %s: %s", document.pk, type(fault).__name__, fault)
        return ""


def _pdf_text(opened) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(opened).pages[:MOST_PAGES])


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
