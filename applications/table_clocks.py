"""The clock of the stamped table that a notice asks of each unit, or of each recommender, who owe it."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import Organisation, RoleAssignment
from accounts.roles import Role, UnitRole
from applications import queries
from applications.models import StampedTable, TableOf
from core import calendar
from grants.models import Call, DayKind
from grants.queries import cause, in_force
from notifications import actions
from notifications.actions import Owes
from notifications.wording import Said, by_clause, said


def opened(table: StampedTable, *, at) -> None:
    call = table.call
    is_recommender = table.of == TableOf.RECOMMENDER
    text, clock = _recommenders(table) if is_recommender else _units(table)
    units = f"{reverse('applications:unit_reviews')}#tables-title"
    title = _("上传盖章的推荐汇总表：%(call)s") if is_recommender else _("上传盖章的汇总表：%(call)s")
    actions.open_deadline(
        subject=table,
        kind=queries.KINDS[table.of],
        title=said(title, call=call.title),
        url=reverse("applications:recommendations") if is_recommender else units,
        due_at=queries.table_until(call, table.of, table.batch),
        explanation=by_clause(text, queries.table_clause(table)),
        clock=clock,
        owed_by=by_office(table.organisation, table.region, call) if is_recommender else _by_unit(table),
        at=at,
        **cause(call),
    )


def _units(table: StampedTable) -> tuple[Said, str]:
    call = table.call
    if not call.table_days:
        return said(_("随单位审核上传盖章的单位申报汇总表，单位审核截止后不再接收")), ""
    text = said(
        _("自 %(date)s 起 %(days)s 个%(kind)s内上传盖章的单位申报汇总表，逾期不再接收"),
        date=_since(table),
        days=call.table_days,
        kind=DayKind(call.table_day_kind).label,
    )
    return text, call.table_day_kind


def _recommenders(table: StampedTable) -> tuple[Said, str]:
    call = table.call
    if not call.recommender_table_days:
        return said(_("按时上传盖章的推荐汇总表，逾期不再接收，所推荐的不予受理")), ""
    text = said(
        _("自 %(date)s 起 %(days)s 个%(kind)s内上传盖章的推荐汇总表，逾期不再接收，所推荐的不予受理"),
        date=_since(table),
        days=call.recommender_table_days,
        kind=DayKind(call.recommender_table_day_kind).label,
    )
    return text, call.recommender_table_day_kind


def _since(table: StampedTable):
    since, _last = queries.table_counts_from(in_force(table.call), table.of, table.batch)
    return calendar.local_date(since)


def _by_unit(table: StampedTable) -> list[Owes]:
    return [Owes(organisation=table.organisation, unit_role=UnitRole.ADMIN)]


def by_office(organisation: Organisation | None, region: str, call: Call) -> list[Owes]:
    """The people of an office; where it has none, the managers of the call, who see that it gets some."""
    if organisation is not None:
        return [Owes(role=Role.RECOMMENDER, organisation=organisation, is_named=not region)]
    offices = RoleAssignment.objects.filter(
        role=Role.RECOMMENDER, is_active=True, organisation=None, region=region
    )
    managers = Owes(role=Role.PROGRAMME_MANAGER, organisation=call.programme.department)
    return [Owes(user=office.user) for office in offices.select_related("user")] or [managers]


def done(table: StampedTable, *, by, at) -> None:
    actions.meet_deadline(subject=table, kind=queries.KINDS[table.of], by=by, at=at)


def dropped(table: StampedTable, *, by, at) -> None:
    actions.cancel_deadline(subject=table, kind=queries.KINDS[table.of], by=by, at=at)
