"""Read QR codes out of an uploaded scan: of pictures, and of the first and last pages of a PDF."""

from collections.abc import Iterator

import pypdfium2
import zxingcpp
from PIL import Image, UnidentifiedImageError

from documents import rules

SCALE = 2.5
"""180 dots an inch: enough for a code of 28 mm, and quick."""
MOST_PAGES = 10
LARGEST = 40_000_000
"""Pixels of a picture; anything larger is no scan of a page."""


def read_codes(file, media_type: str) -> Iterator[str]:
    """The texts of QR codes, page by page; none of what cannot be read. Leaves the file at its start."""
    file.seek(0)
    try:
        pages = _pages_of_pdf(file) if media_type == rules.PDF else _picture(file)
        for page in pages:
            for found in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode):
                yield found.text
    except (pypdfium2.PdfiumError, UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return
    finally:
        file.seek(0)


def _pages_of_pdf(file):
    document = pypdfium2.PdfDocument(file.read())
    try:
        for number in range(min(len(document), MOST_PAGES)):
            page = document[number]
            width, height = page.get_size()
            if width * height * SCALE**2 <= LARGEST:
                yield page.render(scale=SCALE, grayscale=True).to_pil()
    finally:
        document.close()


def _picture(file):
    picture = Image.open(file)
    if picture.width * picture.height <= LARGEST:
        yield picture.convert("L")
