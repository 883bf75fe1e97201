"""Store files: checked, hashed, versioned."""

import hashlib
from datetime import datetime
from pathlib import PurePath

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.workflow import Refused
from documents import rules
from documents.models import Document

LONGEST_NAME = 200


def sha256_of(file) -> str:
    """The hash of a file's whole content; leaves it at its start."""
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in iter(lambda: file.read(1 << 20), b""):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def plain_name(name: str) -> str:
    """The file's own name without folders and control characters, short enough, its ending kept."""
    bare = PurePath(name.replace("\\", "/")).name
    bare = "".join(letter for letter in bare if letter.isprintable()).strip() or "file"
    ending = PurePath(bare).suffix[:10]
    return bare if len(bare) <= LONGEST_NAME else bare[: LONGEST_NAME - len(ending)] + ending


@transaction.atomic
def store(
    *,
    subject,
    kind: str,
    file,
    name: str,
    by,
    at: datetime,
    endings=(),
    max_bytes: int | None = None,
    max_pages: int | None = None,
    version: int | None = None,
    field: str = "",
    clause: str = "",
) -> Document:
    """Keep `file` as the next version of `kind` about `subject`; the same content again is the same version.

    Raises Refused with a sentence naming `field` and `clause` when type, content, size or
    the number of pages of a PDF or a presentation is wrong.
    """
    name = plain_name(name)
    media_type = rules.check_file(
        file, name, endings=endings, max_bytes=max_bytes, field=field, clause=clause
    )
    if max_pages and media_type in (rules.PDF, rules.PPTX):
        rules.check_pages(file, name, max_pages=max_pages, field=field, clause=clause)
    # The lock lets two uploads at once become two versions.
    type(subject)._base_manager.select_for_update().get(pk=subject.pk)
    known = Document.objects.about(subject).filter(kind=kind)
    digest = sha256_of(file)
    latest = known.order_by("-version").first()
    if version is None and latest and latest.sha256 == digest and latest.name == name:
        return latest
    _check_quota(subject, file, digest, field=field, clause=clause)
    same = Document.objects.filter(sha256=digest, size=file.size).order_by("pk").first()
    document = Document(
        subject=subject,
        kind=kind,
        name=name,
        size=file.size,
        sha256=digest,
        media_type=media_type,
        version=version or (known.aggregate(last=Max("version"))["last"] or 0) + 1,
        created_by=by,
        created_at=at,
    )
    if same is not None and same.file.storage.exists(same.file.name):
        # The same bytes are kept once; what the scanner said of them holds here too.
        document.file.name, document.scan = same.file.name, same.scan
        document.save()
        return document
    document.file.save(name, file, save=False)
    try:
        with transaction.atomic():
            document.save()
    except Exception:
        document.file.storage.delete(document.file.name)
        raise
    return document


def _check_quota(subject, file, digest: str, *, field: str, clause: str) -> None:
    """All files of one subject have a limit; the same content counts once. Raises Refused."""
    sizes = dict(Document.objects.about(subject).values_list("sha256", "size"))
    used = sum(sizes.values())
    if digest not in sizes and used + file.size > settings.DOCUMENT_QUOTA_BYTES:
        raise Refused(
            _("文件总量超过上限 %(limit)s：已有 %(used)s，这个文件 %(size)s。请压缩后再上传。")
            % {
                "limit": filesizeformat(settings.DOCUMENT_QUOTA_BYTES),
                "used": filesizeformat(used),
                "size": filesizeformat(file.size),
            },
            field=field,
            clause=clause,
            code="quota",
        )
