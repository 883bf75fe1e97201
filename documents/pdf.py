"""PDF by typst: a template of ours and JSON in, bytes out; no network, no system fonts."""

import json
from pathlib import Path

import pylopdf_fonts_zh_cn
import segno
import typst
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import get_template

FONTS = [str(Path(pylopdf_fonts_zh_cn.__file__).parent)]
"""Noto Sans SC and Noto Serif SC, open substitutes for the fonts of official documents."""


def render(template_name: str, data: dict) -> bytes:
    """The PDF of a typst template (a file among Django's templates) that reads `sys.inputs.data` as JSON."""
    path = Path(get_template(template_name).origin.name)
    inputs = {"data": json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False)}
    return typst.compile(
        str(path),
        root=str(path.parent),
        font_paths=FONTS,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=[],
    )


def qr(text: str) -> str:
    """A QR code as SVG text, for a template to place."""
    return segno.make(text, error="m", micro=False).svg_inline(border=2, scale=4)
