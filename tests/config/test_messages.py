"""Translations are compiled and checked without gettext's programs."""

import gettext
import os

import pytest

from config import messages

ENTRY = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

"""


@pytest.fixture
def catalogue(tmp_path):
    path = tmp_path / "en" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)

    def write(text: str):
        path.write_text(ENTRY + text, encoding="utf-8")
        return path

    return write


def test_a_catalogue_is_compiled_and_then_left_alone(catalogue, tmp_path):
    source = catalogue('msgid "揭榜"\nmsgstr "Jiebang"\n')
    assert messages.compile_all(tmp_path) == 1
    with source.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("揭榜") == "Jiebang"
    assert messages.compile_all(tmp_path) == 0


def test_a_newer_catalogue_is_compiled_again(catalogue, tmp_path):
    source = catalogue('msgid "揭榜"\nmsgstr "Jiebang"\n')
    messages.compile_all(tmp_path)
    later = source.with_suffix(".mo").stat().st_mtime + 5
    os.utime(source, (later, later))
    assert messages.compile_all(tmp_path) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('msgid "揭榜"\nmsgstr "Jiebang"\n', []),
        ('msgid "揭榜"\nmsgstr ""\n', ["en: '揭榜' is not translated"]),
        ('#, fuzzy\nmsgid "揭榜"\nmsgstr "Jiebang"\n', ["en: '揭榜' is fuzzy"]),
        ('#~ msgid "揭榜"\n#~ msgstr ""\n', []),
        (
            'msgid "共 %(n)s 项"\nmsgstr "%(m)s items"\n',
            ["en: '共 %(n)s 项' has other placeholders than its translation"],
        ),
        (
            'msgid "%(n)s 项"\nmsgid_plural "%(n)s 项"\nmsgstr[0] "%(n)s item"\nmsgstr[1] ""\n',
            ["en: '%(n)s 项' is not translated"],
        ),
    ],
)
def test_what_a_reader_would_miss_is_named(catalogue, text, expected):
    assert messages.faults(catalogue(text)) == expected
