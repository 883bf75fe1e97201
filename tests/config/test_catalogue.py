"""Translations: every marked text has its English, every library's text its Chinese."""

from pathlib import Path

import polib
import pytest
import unfold
from django.utils import translation

from config import catalogue, messages

CATALOGUES = messages.catalogues()


def test_python_is_read_as_syntax():
    source = (
        "from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext\n"
        "_('一' '二'); gettext_lazy('三'); ngettext('%d 项', '%d 项们', 2)\n"
        "pgettext('键', '四'); print('五')\n"
    )
    assert list(catalogue.in_python(source)) == [
        catalogue.Text("一二"),
        catalogue.Text("三"),
        catalogue.Text("%d 项", "%d 项们"),
        catalogue.Text("四", context="键"),
    ]


def test_templates_are_read_as_django_reads_them():
    source = (
        "{% load i18n %}{% translate '一' %}{{ x|default:_('二') }}"
        "{% include 'a.html' with t=_('三') %}"
        "{% blocktranslate count n=n %}{{ n }} 项{% plural %}{{ n }} 项们{% endblocktranslate %}"
        "{% blocktranslate %}甲“{{ x }}”乙{% endblocktranslate %}"
    )
    assert list(catalogue.in_template(source, "a.html")) == [
        catalogue.Text("一"),
        catalogue.Text("二"),
        catalogue.Text("三"),
        catalogue.Text("%(n)s 项", "%(n)s 项们"),
        catalogue.Text("甲“%(x)s”乙"),
    ]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_no_entry_is_missing_fuzzy_or_without_its_placeholders(path):
    assert messages.faults(path) == []


def test_every_marked_text_is_in_the_english_catalogue():
    entries = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(catalogue.ENGLISH))}
    assert {text.key for text in catalogue.marked()} - entries == set()


def test_the_english_catalogue_keeps_nothing_that_is_unused():
    entries = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(catalogue.ENGLISH))}
    assert entries - {text.key for text in catalogue.marked()} == set()


def test_english_holds_no_chinese_but_terms_named_as_such():
    kept = [
        entry.msgid
        for entry in polib.pofile(str(catalogue.ENGLISH))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]
        if any("\u4e00" <= sign <= "\u9fff" for sign in text)
    ]
    assert kept == [] or len(kept) < 20, kept


def test_the_admin_theme_speaks_chinese():
    """unfold brings no Chinese: what its templates say, Django or our own catalogue must say in Chinese."""
    templates = Path(unfold.__path__[0]) / "templates"
    silent = []
    with translation.override("zh-hans"):
        for path in sorted(templates.rglob("*.html")):
            for text in catalogue.in_template(path.read_text(encoding="utf-8"), path.name):
                if (
                    text.singular.strip()
                    and translation.gettext(text.singular) == text.singular
                    and not text.plural
                ):
                    silent.append(text.singular)
    assert silent == []


def test_updating_keeps_translations_adds_what_is_new_and_drops_what_is_gone(tmp_path):
    source, target = tmp_path / "page.html", tmp_path / "django.po"
    source.write_text("{% load i18n %}{% translate '一' %}{% translate '二' %}", encoding="utf-8")
    assert [entry.msgid for entry in catalogue.update(target, tmp_path)] == ["一", "二"]
    written = polib.pofile(str(target))
    written[0].msgstr = "one"
    written.save()
    source.write_text("{% load i18n %}{% translate '一' %}{% translate '三' %}", encoding="utf-8")
    assert [entry.msgid for entry in catalogue.update(target, tmp_path)] == ["三"]
    assert [(entry.msgid, entry.msgstr) for entry in polib.pofile(str(target))] == [("一", "one"), ("三", "")]
