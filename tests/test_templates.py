"""Conventions of all templates: nothing inline, nothing unused, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
TEMPLATES = PROJECT / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
NAMES = [str(path.relative_to(TEMPLATES)) for path in FILES]

INLINE = re.compile(
    r"<style[\s>]|<script(?![^>]*\ssrc=)|\sstyle\s*=|\son[a-z]+\s*=|javascript:|hx-on|hx-vals=.js:",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)
# Found by Django, allauth and unfold under their names.
BY_NAME = ("account/", "mfa/", "allauth/", "admin/", "drf_spectacular/", "unfold/")
FAILURES = {"400.html", "403.html", "404.html", "500.html", "403_csrf.html", "429.html"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_inline(name):
    source = re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", (TEMPLATES / name).read_text(), flags=re.S)
    assert INLINE.findall(source) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_comes_from_another_host(name):
    assert ELSEWHERE.findall((TEMPLATES / name).read_text()) == []


def test_every_template_is_used():
    sources = [
        path.read_text()
        for ending in ("*.py", "*.html", "*.txt")
        for path in PROJECT.rglob(ending)
        if not {".venv", "var", "tests"} & set(path.relative_to(PROJECT).parts)
    ]
    mentioned = set(re.findall(r"""["']([\w/.-]+\.html)["']""", "\n".join(sources)))
    unused = [name for name in NAMES if name not in mentioned | FAILURES and not name.startswith(BY_NAME)]
    assert unused == []


def test_includes_are_named_for_what_they_show():
    assert [name for name in NAMES if "/includes/" in name and not Path(name).name.startswith("_")] == []


def test_no_script_writes_style_or_evaluates():
    scripts = {path: path.read_text() for path in (PROJECT / "static").rglob("*.js")}
    forbidden = re.compile(r"\beval\(|new Function\(|setAttribute\(\s*[\"']style")
    assert {
        str(path.name): forbidden.findall(text) for path, text in scripts.items() if forbidden.search(text)
    } == {}
