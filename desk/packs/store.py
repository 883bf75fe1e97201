"""Packs into the database: a new call, an unchanged one, a draft replaced, a copy."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core.workflow import Refused
from desk.packs import reminding, serving
from desk.packs.dumping import dump
from desk.packs.schema import Pack
from desk.packs.source import MOMENTS, Source
from desk.packs.writing import appropriate, write_call
from grants.models import (
    Call,
    Programme,
)
from grants.states import CallState

NEW, UNCHANGED, REPLACED = "new", "unchanged", "replaced"


@dataclass(frozen=True)
class Loaded:
    call: Call
    what: str
    """One of NEW, UNCHANGED, REPLACED."""


LOOSE = ("reminders", "receipts")
"""No part of the notice: they hold for its series and may change after publication."""


@transaction.atomic
def load(pack: Pack, *, source: Source | None = None, department: Organisation | None = None) -> Loaded:
    """Bring the database to what the pack says; the call stays a draft.

    The same pack again changes nothing; a changed pack replaces a draft. Dates written relative to the day
    of loading are fixed by the first load. Raises Refused when the call is published and the pack differs,
    or when a new programme names no department.
    """
    programme = _programme(pack, department)
    call = _existing(pack, programme)
    if call:
        known = dump(call)
        if call.state != CallState.DRAFT:
            # Somebody may have set them up since.
            kept = {name: getattr(known, name) for name in LOOSE if not getattr(pack, name)}
            pack = pack.model_copy(update=kept)
        if _settled(pack, source, known) == known:
            return Loaded(call, UNCHANGED)
        _check_replaceable(call, pack, source, known)
    if call and call.state != CallState.DRAFT:
        appropriate(programme, pack)
        reminding.write(call, pack.reminders)
        serving.write(call, pack.receipts)
        return Loaded(call, REPLACED)
    return Loaded(write_call(call, programme, pack), REPLACED if call else NEW)


def _programme(pack: Pack, department: Organisation | None) -> Programme:
    fields = {
        "name": pack.programme.name,
        "name_en": pack.programme.name_en,
        "summary": pack.programme.summary,
    }
    programme = Programme.objects.filter(slug=pack.programme.slug).first()
    if not programme:
        if not department:
            raise Refused(
                _("计划“%(slug)s”还不存在：请用 --department 写明主管处室的统一社会信用代码。")
                % {"slug": pack.programme.slug},
                field="department",
            )
        return Programme.objects.create(slug=pack.programme.slug, department=department, **fields)
    if any(getattr(programme, name) != value for name, value in fields.items()):
        Programme.objects.filter(pk=programme.pk).update(**fields)
        programme.refresh_from_db()
    return programme


def _existing(pack: Pack, programme: Programme) -> Call | None:
    return (
        Call.objects.select_for_update()
        .filter(programme=programme, year=pack.call.year, title=pack.call.title, version=pack.call.version)
        .first()
    )


def _settled(pack: Pack, source: Source | None, known: Pack) -> Pack:
    """The pack with its relative moments as the first load fixed them."""
    if not source:
        return pack
    fixed = {key: getattr(known.call, key) for key in MOMENTS if source.relative(("call", key))}
    return pack.model_copy(update={"call": pack.call.model_copy(update=fixed)})


def _check_replaceable(call: Call, pack: Pack, source: Source | None, known: Pack) -> None:
    if call.state == CallState.DRAFT:
        return
    # The year's budget, reminders and receipts are no part of the notice: they may change after publication.
    money = pack.money.model_copy(update={"appropriation": known.money.appropriation})
    loose = {"money": money, **{name: getattr(known, name) for name in LOOSE}}
    if _settled(pack, source, known).model_copy(update=loose) != known:
        raise Refused(
            _("“%(title)s”已发布，不能再改：请把数据包的 version 加一，作为新版本导入。")
            % {"title": call.title},
            field="call.version",
            code="published",
        )


@transaction.atomic
def copy(call: Call, *, version: int | None = None, title: str = "", year: int | None = None) -> Call:
    """A draft that says the same as `call`, as another version, title or year."""
    pack = dump(call)
    changed = {"version": version or 1, "title": title or call.title, "year": year or call.year}
    new = pack.call.model_copy(update=changed)
    # The year's budget is no part of the notice and stays as it is.
    money = pack.money.model_copy(update={"appropriation": None})
    # All versions of a notice share these; another notice begins with the same.
    loose = {name: [] if version else getattr(pack, name) for name in LOOSE}
    changed = {"call": new, "money": money, **loose}
    return write_call(None, call.programme, pack.model_copy(update=changed))
