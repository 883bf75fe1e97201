"""Large files in pieces: begun, continued after a lost connection, put together, swept away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.workflow import Lost, Refused
from documents import rules
from documents.actions import plain_name
from documents.models import Upload

CHUNK = 1 << 20
KEPT = timedelta(days=2)
"""So long a piece of a file waits for the rest."""
MOST_OPEN = 20
"""Unfinished files of one person."""
AT_ONCE = 200


@transaction.atomic
def begin_upload(*, name: str, size: int, by, at: datetime) -> Upload:
    """Room for a file that comes in pieces. Raises Refused by its size, or for too many unfinished ones."""
    name = plain_name(name)
    if size < 1:
        raise Refused(_("文件“%(name)s”是空的。") % {"name": name}, code="empty")
    if size > settings.DOCUMENT_MAX_BYTES:
        raise Refused(
            _("文件“%(name)s”有 %(size)s，超过上限 %(limit)s。")
            % {
                "name": name,
                "size": filesizeformat(size),
                "limit": filesizeformat(settings.DOCUMENT_MAX_BYTES),
            },
            code="too_big",
        )
    if Upload.objects.filter(by=by, form="", at__gt=at - KEPT).count() >= MOST_OPEN:
        raise Refused(_("没有传完的文件太多，请先传完或过两天再试。"), code="too_many")
    return Upload.objects.create(name=name, size=size, by=by, at=at)


@transaction.atomic
def receive(*, upload: Upload, offset: int, piece: bytes) -> Upload:
    """Keep one piece. Raises Lost, with what stands there in the row, when it is not the next one."""
    current = Upload.objects.select_for_update().get(pk=upload.pk)
    upload.received = current.received
    if offset != current.received:
        raise Lost(_("这一段不是接下来的一段。"), code="offset")
    if not piece or len(piece) > CHUNK or current.received + len(piece) > current.size:
        raise Refused(_("这一段的大小不对。"), code="piece")
    # A piece that was written while its transaction failed is written again in the same place.
    place = _place(current, offset)
    default_storage.delete(place)
    default_storage.save(place, ContentFile(piece))
    upload.received = current.received + len(piece)
    Upload.objects.filter(pk=upload.pk).update(received=upload.received)
    return upload


def _place(upload: Upload, offset: int) -> str:
    return f"uploads/{upload.key.hex}/{offset:015d}"


def _pieces(upload: Upload) -> Iterator[str]:
    """The places of its pieces in order."""
    _folders, names = default_storage.listdir(f"uploads/{upload.key.hex}")
    yield from (f"uploads/{upload.key.hex}/{name}" for name in sorted(names))


@contextmanager
def put_together(upload: Upload):
    """The whole file, to be stored under its name. Raises Refused while something is missing."""
    if upload.received != upload.size:
        raise Refused(_("文件还没有传完，请继续上传。"), code="unfinished")
    with tempfile.TemporaryFile() as whole:
        for place in _pieces(upload):
            with default_storage.open(place) as piece:
                whole.write(piece.read())
        whole.seek(0)
        file = File(whole, name=upload.name)
        file.size = upload.size
        yield file


@transaction.atomic
def hold(*, file, form: str, by, at: datetime) -> Upload:
    """Keep a whole file for a form that comes back: nobody has to choose it again. Raises Refused."""
    rules.check_file(file, plain_name(file.name), field="files")
    upload = Upload.objects.create(
        name=plain_name(file.name), size=file.size, received=file.size, form=form, by=by, at=at
    )
    file.seek(0)
    for offset, piece in enumerate(iter(lambda: file.read(CHUNK), b"")):
        default_storage.save(_place(upload, offset * CHUNK), ContentFile(piece))
    return upload


def held(*, form: str, by) -> list[Upload]:
    """What waits for a form of this person (None: of the session that `form` names), oldest first."""
    return list(Upload.objects.filter(form=form, by=by).exclude(form="").order_by("pk"))


def end_upload(*, upload: Upload) -> None:
    """Remove the pieces and the row: the file stands elsewhere now, or nobody waits for it."""
    if default_storage.exists(f"uploads/{upload.key.hex}"):
        for place in list(_pieces(upload)):
            default_storage.delete(place)
        default_storage.delete(f"uploads/{upload.key.hex}")
    upload.delete()


def remove_unfinished(*, at: datetime) -> int:
    """What was begun long ago and never used; returns how many."""
    old = list(Upload.objects.filter(at__lt=at - KEPT).order_by("pk")[:AT_ONCE])
    for upload in old:
        end_upload(upload=upload)
    return len(old)
