"""Write a call part by part, copy it, bring it in from a pack, publish it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Model, ProtectedError
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core import workflow
from core.calendar import local_date
from core.workflow import Lost, Refused
from desk import checks, packs, years
from desk.packs import store
from desk.parts import BY_NAME, EDITABLE_AFTER_PUBLICATION, OUT_OF_THE_WAY, next_code
from grants import actions as grants
from grants.models import Call, EligibilityRule, MoneyRule, Programme, Question, Section
from grants.rules import check_can_edit, check_manages

ORDERED = {"form": Section, "rules": EligibilityRule, "clauses": MoneyRule}
"""Parts whose rows are edited one by one, and their rows."""


def check_can_edit_part(user, call: Call, part: str) -> None:
    """Drafts of one's own department; what stays open after publication also later. Raises Refused."""
    if part in EDITABLE_AFTER_PUBLICATION:
        check_manages(user, call)
    else:
        check_can_edit(user, call)


def can_edit_part(user, call: Call, part: str) -> bool:
    try:
        check_can_edit_part(user, call, part)
    except Refused:
        return False
    return True


@transaction.atomic
def _edit(call: Call, part: str, by, at: datetime) -> None:
    """Hold the call, refuse what is frozen, note who edited which part."""
    locked = Call.objects.select_for_update(of=("self",)).select_related("programme__department")
    check_can_edit_part(by, locked.get(pk=call.pk), part)
    workflow.record(call, "edited", by=by, at=at, note=str(BY_NAME[part].title), data={"part": part})


@transaction.atomic
def save_part(
    *, call: Call, part: str, page: Any, by, at: datetime, still: Callable[[], bool] | None = None
) -> None:
    """Write what was typed on a part's page (`page.store()`). Raises Refused when it cannot be.

    `still` says, once the call is held, whether all stands there that the page was joined with: Lost if not.
    """
    _edit(call, part, by, at)
    if still is not None and not still():
        raise Lost(_("别人刚刚也保存了这一部分，请再保存一次。"), code="lost")
    try:
        with transaction.atomic():
            page.store()
    except IntegrityError as fault:
        raise Refused(_said(fault)) from None
    except ProtectedError:
        raise Refused(_("要删除的内容已经被别处使用，不能删除。")) from None


def _said(fault: IntegrityError) -> str:
    name = getattr(getattr(fault.__cause__, "diag", None), "constraint_name", None)
    if name == "call_version_once":
        return _("同一计划、同一年度已有同名通知。")
    return _("有内容重复或互相矛盾，没有保存（%(name)s）。") % {"name": name}


@transaction.atomic
def delete_row(*, call: Call, part: str, row: Model, by, at: datetime) -> None:
    """Drop one section, question, rule or clause."""
    _edit(call, part, by, at)
    row.delete()


@transaction.atomic
def copy_row(*, call: Call, part: str, row: Model, by, at: datetime) -> Model:
    """A second section (with its questions), question, rule or clause, behind the first."""
    _edit(call, part, by, at)
    questions = list(row.questions.order_by("order")) if isinstance(row, Section) else []
    rows = _siblings(call, row)
    rows.filter(order__gt=row.order).update(order=F("order") + 1)
    copy = _copied(row, rows, order=row.order + 1)
    for question in questions:
        _copied(question, Question.objects.filter(call=call), section=copy)
    return copy


def _copied(row: Model, family, **changed) -> Model:
    taken = set(type(row).objects.filter(call_id=row.call_id).values_list("code", flat=True))
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    stem = row.code.rstrip("0123456789_") or "x"
    values |= {"code": next_code(f"{stem}_" if row.code[-1:].isalpha() else stem, taken)}
    copy = type(row)(**values)
    for name, value in changed.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def _siblings(call: Call, row: Model):
    rows = type(row).objects.filter(call=call)
    return rows.filter(section_id=row.section_id) if isinstance(row, Question) else rows


@transaction.atomic
def reorder(*, call: Call, part: str, rows: list[Model], by, at: datetime) -> None:
    """Number rows of one kind in the order given; they are all of their kind in their place."""
    _edit(call, part, by, at)
    keys = [row.pk for row in rows]
    type(rows[0]).objects.filter(pk__in=keys).update(order=F("order") + OUT_OF_THE_WAY)
    for number, row in enumerate(rows, start=1):
        type(row).objects.filter(pk=row.pk).update(order=number)


@transaction.atomic
def arrange_form(*, call: Call, order: list[tuple[Section, list[Question]]], by, at: datetime) -> None:
    """Sections and questions as they stand on the page; a question may have moved to another section."""
    _edit(call, "form", by, at)
    for number, (section, questions) in enumerate(order, start=1):
        Section.objects.filter(pk=section.pk).update(order=number)
        for place, question in enumerate(questions, start=1):
            Question.objects.filter(pk=question.pk).update(section=section, order=place)


# ---- whole calls ----


@transaction.atomic
def new_call(*, fields: dict, by, at: datetime) -> Call:
    """An empty draft. Raises Refused when there is one of this name, or the programme is another's."""
    call = Call(notice="", **fields)
    check_manages(by, call)
    _check_free(call.programme, call.year, call.title)
    call.save()
    workflow.record(call, "edited", by=by, at=at, note=_("新建"))
    return call


def _check_free(programme: Programme, year: int, title: str) -> None:
    if Call.objects.filter(programme=programme, year=year, title=title).exists():
        raise Refused(_("同一计划、同一年度已有同名通知。"), field="title")


@transaction.atomic
def copy_call(*, call: Call, year: int, title: str, by, at: datetime) -> Call:
    """A draft for another year with everything of the call; years in texts, formulas and clocks move along.

    The number is left empty, the budget of the year is not carried over.
    """
    check_manages(by, call)
    _check_free(call.programme, year, title)
    pack = years.shifted(packs.dump(call), year - call.year)
    changes = {"title": title, "number": "", "year": year, "version": 1}
    changes["title_en"] = call.title_en.replace(str(call.year), str(year))
    pack = pack.model_copy(
        update={
            "call": pack.call.model_copy(update=changes),
            "money": pack.money.model_copy(update={"appropriation": None}),
        }
    )
    copy = store.load(pack, department=call.programme.department).call
    workflow.record(copy, "edited", by=by, at=at, note=_("复制自《%(title)s》") % {"title": call.title})
    return copy


@transaction.atomic
def import_pack(
    *, text: str, name: str, department: Organisation | None, replaces: bool, by, at: datetime
) -> Call:
    """A draft from a pack file. Raises BadPack with lines, or Refused.

    A draft of the same name is only replaced when `replaces` says so.
    """
    pack, source = packs.read(text, today=local_date(at), name=name)
    programme = Programme.objects.filter(slug=pack.programme.slug).select_related("department").first()
    if programme:
        check_manages(by, Call(programme=programme))
    elif department is None:
        raise Refused(_("这是一个新的科技计划，请选择主管处室。"), field="department")
    else:
        check_manages(by, Call(programme=Programme(department=department)))
    known = Call.objects.filter(
        programme=programme, year=pack.call.year, title=pack.call.title, version=pack.call.version
    ).exists()
    if programme and known and not replaces:
        raise Refused(_("系统里已有这份通知。要用文件替换草稿，请勾选“替换”。"), field="replaces")
    call = store.load(pack, source=source, department=department).call
    workflow.record(call, "edited", by=by, at=at, note=_("导入 %(name)s") % {"name": name})
    return call


@transaction.atomic
def publish(*, call: Call, accepts_warnings: bool, by, at: datetime) -> None:
    """Publish after the checks: errors forbid (`desk.receivers`), warnings must have been accepted.

    Raises Refused.
    """
    check_can_edit(by, call)
    found = checks.findings(call, at=at)
    if not accepts_warnings and any(not finding.is_error for finding in found):
        raise Refused(_("请先确认上面的提醒。"), field="accepts_warnings")
    grants.publish_call(call=call, by=by, at=at)
