"""The budget of an application."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from applications.actions.holding import hold, saved, without_typed
from applications.actions.reconfirming import recheck
from applications.models import Application, BudgetLine
from core import money
from core.workflow import Refused

YEARS = range(2000, 2101)


@transaction.atomic
def set_budget(
    *, application: Application, amounts: Mapping[tuple, Decimal | None], by, at: datetime
) -> None:
    """Replace the budget: (category code, source code), or with (…, year, credit code) behind → 元.

    The amounts of the application follow. Raises Refused for a cell that the call's table does not have.
    """
    hold(application=application, by=by)
    call = application.call
    categories = {category.code: category for category in call.budget_categories.all()}
    sources = {source.code: source for source in call.funding_sources.all()}
    lines, fiscal, own = [], Decimal(0), Decimal(0)
    for cell, amount in amounts.items():
        category, source, year, unit = (*cell, None, "")[:4] if len(cell) == 2 else cell
        if category not in categories or source not in sources:
            raise Refused(_("预算表没有“%(cell)s”。") % {"cell": f"{category} × {source}"}, field="budget")
        if not amount:
            continue
        check_cell(call, f"{category}.{source}", year=year, unit=unit, amount=amount)
        lines.append(
            BudgetLine(
                application=application,
                category=categories[category],
                source=sources[source],
                year=year,
                unit=unit,
                amount=amount,
            )
        )
        fiscal += amount if sources[source].is_fiscal else 0
        own += 0 if sources[source].is_fiscal else amount
    if fiscal + own >= money.LARGEST_SUM:
        raise Refused(_("预算合计应小于一亿万元。"), field="budget")
    application.budget_lines.all().delete()
    BudgetLine.objects.bulk_create(lines)
    typed = without_typed(application, "budget")
    saved(application=application, by=by, at=at, typed=typed, requested_amount=fiscal, own_amount=own)
    recheck(application=application, by=by, at=at)


def set_share(
    *, application: Application, unit: str, amounts: Mapping[tuple, Decimal | None], most: Decimal
) -> dict:
    """Replace one unit's column: (category code, source code, year) → 元, at most `most` altogether.

    Returns the amounts of the application that follow. The caller holds the row. Raises Refused.
    """
    call = application.call
    categories = {category.code: category for category in call.budget_categories.all()}
    sources = {source.code: source for source in call.funding_sources.all()}
    lines = []
    for (category, source, year), amount in amounts.items():
        if category not in categories or source not in sources:
            raise Refused(_("预算表没有“%(cell)s”。") % {"cell": f"{category} × {source}"}, field="budget")
        if amount:
            check_cell(call, f"{category}.{source}", year=year, unit=unit, amount=amount)
            place = {"category": categories[category], "source": sources[source], "year": year}
            lines.append(BudgetLine(application=application, unit=unit, amount=amount, **place))
    total = sum((line.amount for line in lines), Decimal(0))
    if total > most:
        raise Refused(
            _("本单位经费合计 %(total)s，超过牵头单位给出的上限 %(most)s。")
            % {"total": money.wan(total), "most": money.wan(most)},
            field="budget",
            code="over_limit",
        )
    application.budget_lines.filter(unit=unit).delete()
    BudgetLine.objects.bulk_create(lines)
    sums = dict(
        application.budget_lines.order_by().values_list("source__is_fiscal").annotate(total=Sum("amount"))
    )
    return {"requested_amount": sums.get(True, Decimal(0)), "own_amount": sums.get(False, Decimal(0))}


def check_cell(call, name: str, *, year, unit, amount) -> None:
    """Year and unit are given where, and only where, the call asks for them. Raises Refused."""
    where = {"field": f"budget.{name}"}
    if amount < 0:
        raise Refused(_("金额不能为负数。"), **where)
    if call.is_budget_by_year != (year is not None):
        raise Refused(_("预算须分年度填写。") if year is None else _("本通知的预算不分年度。"), **where)
    if year is not None and year not in YEARS:
        raise Refused(_("预算年度不正确：%(year)s。") % {"year": year}, **where)
    if call.is_budget_by_unit != bool(unit):
        raise Refused(_("预算须分单位填写。") if not unit else _("本通知的预算不分单位。"), **where)
