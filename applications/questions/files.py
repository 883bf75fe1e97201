"""Files as answers: one, or several where the definition says so."""

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from applications.questions.base import Kind

DEFAULT_ENDINGS = ["pdf", "docx", "xlsx", "png", "jpg", "jpeg"]
MOST_FILES = 20
MEGABYTE = 1024 * 1024


class Attachment(Kind):
    """{"document", "name", "size", "sha256"}; with `max_count` above one {"documents": [those]}."""

    def field(self, question):
        endings = ",".join(f".{ending}" for ending in endings_of(question))
        return forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": endings}))

    def text(self, question, stored):
        return "、".join(file.get("name", "") for file in files_of(stored))


def endings_of(question) -> list[str]:
    return [ending.lower().lstrip(".") for ending in question.config.get("endings") or DEFAULT_ENDINGS]


def most_files(question) -> int:
    return min(question.config.get("max_count") or 1, MOST_FILES)


def files_of(stored) -> list[dict]:
    """The files of a stored answer, whether it holds one or several."""
    if not isinstance(stored, dict):
        return []
    for key in ("documents", "files"):
        if key in stored:
            return [file for file in stored[key] if isinstance(file, dict)]
    return [stored] if "document" in stored else []


def most_bytes(question) -> int:
    return min(question.config.get("max_bytes") or settings.DOCUMENT_MAX_BYTES, settings.DOCUMENT_MAX_BYTES)


def limits_of(question) -> str:
    """What may be uploaded, as a sentence."""
    config = question.config
    parts = [_("可上传 %(endings)s") % {"endings": _("、").join(endings_of(question))}]
    if most_files(question) > 1:
        parts.append(_("最多 %(count)s 个文件") % {"count": most_files(question)})
    if config.get("max_pages"):
        parts.append(_("每个 PDF 不超过 %(pages)s 页") % {"pages": config["max_pages"]})
    parts.append(_("每个不超过 %(size)s") % {"size": _size(most_bytes(question))})
    return _("%(limits)s。") % {"limits": _("，").join(parts)}


def _size(number: int) -> str:
    """20 MB rather than 20.0 MB."""
    whole, rest = divmod(number, MEGABYTE)
    return filesizeformat(number) if rest else f"{whole} MB"


def file_of(document) -> dict:
    """A stored file as an answer names it; `slot` is the place among several."""
    return {
        "document": document.pk,
        "name": document.name,
        "size": document.size,
        "sha256": document.sha256,
        "slot": document.kind,
    }


def with_file(question, stored, file: dict) -> dict:
    """The answer with one more file: in place of the only one, or behind the others."""
    if most_files(question) == 1:
        return {name: value for name, value in file.items() if name != "slot"}
    others = [one for one in files_of(stored) if one.get("document") != file["document"]]
    return {"documents": [*others, file]}


def without_file(question, stored, document: int | None) -> dict | None:
    """The answer without one file; without a number, without all."""
    left = [one for one in files_of(stored) if document is not None and one.get("document") != document]
    return {"documents": left} if left else None


def free_slot(question, stored) -> str | None:
    """The `kind` under which the next file of an answer is kept; None when there is no more room."""
    if most_files(question) == 1:
        return question.code
    taken = {one.get("slot") for one in files_of(stored)}
    slots = (f"{question.code}_{number}" for number in range(1, most_files(question) + 1))
    return next((slot for slot in slots if slot not in taken), None)
