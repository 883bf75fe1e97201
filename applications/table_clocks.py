"""The clock of the stamped table that a notice asks of each unit; its administrators owe it."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import UnitRole
from applications import queries
from applications.models import UnitTable
from core import calendar
from grants.models import DayKind
from grants.queries import cause, in_force
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def opened(table: UnitTable, *, at) -> None:
    call, due_at = table.call, queries.table_until(table.call)
    if call.table_days:
        text = said(
            _("自 %(date)s 起 %(days)s 个%(kind)s内上传盖章的单位申报汇总表，逾期不再接收"),
            date=calendar.local_date(in_force(call).closes_at),
            days=call.table_days,
            kind=DayKind(call.table_day_kind).label,
        )
    else:
        text = said(_("随单位审核上传盖章的单位申报汇总表，单位审核截止后不再接收"))
    actions.open_deadline(
        subject=table,
        kind=DeadlineKind.UNIT_TABLE,
        title=said(_("上传盖章的汇总表：%(call)s"), call=call.title),
        url=f"{reverse('applications:unit_reviews')}#tables-title",
        due_at=due_at,
        explanation=by_clause(text, call.table_clause),
        clock=call.table_day_kind if call.table_days else "",
        owed_by=[Owes(organisation=table.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
        **cause(call),
    )


def done(table: UnitTable, *, by, at) -> None:
    actions.meet_deadline(subject=table, kind=DeadlineKind.UNIT_TABLE, by=by, at=at)


def dropped(table: UnitTable, *, by, at) -> None:
    actions.cancel_deadline(subject=table, kind=DeadlineKind.UNIT_TABLE, by=by, at=at)
