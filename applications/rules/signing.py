"""What an office gives with what it passes on: the pledge, the days inside, the file, the opinion."""

from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from applications.models import Application
from core import calendar
from core.workflow import Refused
from grants.models import DayKind, Stage
from grants.queries import stages_of


class Signed(NamedTuple):
    """What was given; `file` an uploaded one."""

    pledged: bool = False
    shown_from: date | None = None
    shown_to: date | None = None
    file: Any = None


def signing_of(application: Application) -> Stage | None:
    """The step that the application is in, where it asks for something."""
    stage = next((row for row in stages_of(application.call) if row.kind == application.state), None)
    return stage if stage is not None and stage.asks_signing else None


def check_signed(application: Application, signed: Signed | None, *, opinion: str, at) -> Stage | None:
    """The step that asks, if one does. Raises Refused naming the field, and the clause of the step."""
    stage = signing_of(application)
    if stage is None:
        return None
    if signed is None:
        raise Refused(
            _("本通知的“%(stage)s”有承诺、公示或材料要求，请逐份打开办理。") % {"stage": stage},
            clause=stage.clause,
            code="by_itself",
        )
    least = stage.opinion_length or 0
    if len(opinion.strip()) < least:
        raise Refused(
            _("意见不少于 %(least)s 字，现在 %(now)s 字。") % {"least": least, "now": len(opinion.strip())},
            field="opinion",
            clause=stage.clause,
        )
    if stage.pledge and not signed.pledged:
        raise Refused(_("请阅读并勾选承诺。"), field="pledged", clause=stage.clause)
    _check_shown(stage, signed, at=at)
    if stage.asks_file and signed.file is None:
        raise Refused(_("请上传“%(name)s”。") % {"name": stage.asks_file}, field="file", clause=stage.clause)
    return stage


def _check_shown(stage: Stage, signed: Signed, *, at) -> None:
    first, last = signed.shown_from, signed.shown_to
    if not stage.shown_days:
        return
    if first is None or last is None:
        raise Refused(_("请填写内部公示的起止日期。"), field="shown_from", clause=stage.clause)
    if last < first or last > calendar.local_date(at):
        raise Refused(_("公示结束不早于开始，也不晚于今天。"), field="shown_to", clause=stage.clause)
    in_working_days = stage.shown_day_kind == DayKind.WORKING
    days = calendar.working_days_between(first, last) if in_working_days else (last - first).days + 1
    if days < stage.shown_days:
        kind = stage.get_shown_day_kind_display()
        raise Refused(
            _("内部公示不少于 %(least)s 个%(kind)s，%(first)s 至 %(last)s 只有 %(days)s 个。")
            % {"least": stage.shown_days, "kind": kind, "first": first, "last": last, "days": days},
            field="shown_to",
            clause=stage.clause,
        )
