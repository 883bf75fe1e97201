"""PDF by typst, QR by segno."""

from documents import pdf


def test_a_qr_code_is_a_small_svg():
    svg = pdf.qr("JB2026-0001 v1 abc")
    assert svg.startswith("<svg")
    assert "script" not in svg


def test_fonts_come_with_the_installation():
    names = {font.name for folder in pdf.FONTS for font in pdf.Path(folder).iterdir()}
    assert {"NotoSansSC-Regular.otf", "NotoSerifSC-Regular.otf"} <= names
