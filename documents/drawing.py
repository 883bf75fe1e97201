"""Pages of a PDF as pictures, so that it can be read in any browser beside something else."""

import io

import pypdfium2

MOST_PAGES = 200
WIDTH = 1100
"""Pixels: a page of A4 reads well on half of a wide screen, and on the whole of a phone."""
TALLEST = 6
"""A page more than so many times as tall as wide is no page; drawn, it would fill the memory."""


def page_count(file) -> int:
    """How many pages; 0 for a file that cannot be read."""
    try:
        document = pypdfium2.PdfDocument(file.read())
    except pypdfium2.PdfiumError:
        return 0
    try:
        return len(document)
    finally:
        document.close()


def page_picture(file, number: int) -> bytes | None:
    """Page `number` (from 1) as PNG; None when there is none, or it cannot be drawn."""
    try:
        document = pypdfium2.PdfDocument(file.read())
    except pypdfium2.PdfiumError:
        return None
    try:
        if number > len(document):
            return None
        page = document[number - 1]
        width, height = page.get_size()
        if not (width > 0 and 0 < height <= width * TALLEST):
            return None
        picture = page.render(scale=WIDTH / width).to_pil().convert("P")
        body = io.BytesIO()
        picture.save(body, "PNG")
        return body.getvalue()
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return None
    finally:
        document.close()
