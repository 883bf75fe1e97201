"""The budget of one application: its lines, sums by category, source, year and unit."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from applications.models import Application
from core import money
from grants.models import Call, Instrument

ZERO = Decimal(0)


class Line(NamedTuple):
    """One cell as it stands; `year` None and `unit` "" where the call does not ask for them; 元."""

    category: str
    source: str
    is_fiscal: bool
    year: int | None
    unit: str
    amount: Decimal


def has_budget(call: Call) -> bool:
    """Whether applicants fill a table; without one the amounts are typed (包干制, 事后申领)."""
    return call.funding_sources.exists() and call.budget_categories.exists()


def gives_money(application: Application) -> bool:
    """Whether public money may be asked for: the call gives some, and so does the project type."""
    kind = application.project_type
    return application.call.instrument != Instrument.NONE and (kind is None or kind.is_funded)


def amounts_by_grade(call: Call) -> bool:
    """Whether the notice itself names what every award gets: nobody asks for an amount."""
    amounts = [grade.amount for grade in call.grades.all()]
    return bool(amounts) and None not in amounts


def budget_totals(application: Application) -> dict[str, Decimal]:
    """{"fiscal", "own", "total"} in 元, as the application states them."""
    fiscal, own = application.requested_amount, application.own_amount
    return {"fiscal": fiscal, "own": own, "total": fiscal + own}


def budget_lines(application: Application) -> list[Line]:
    """Every cell that holds an amount; one query."""
    rows = application.budget_lines.order_by("category__order", "source__order", "year", "unit").values_list(
        "category__code", "source__code", "source__is_fiscal", "year", "unit", "amount"
    )
    return [Line(*row) for row in rows]


def budget_matrix(application: Application) -> dict[tuple[str, str], Decimal]:
    """(category code, source code) → 元, over all years and units; one query."""
    return _sums(budget_lines(application), lambda line: (line.category, line.source))


def _sums(lines: list[Line], key) -> dict:
    found = defaultdict(Decimal)
    for line in lines:
        found[key(line)] += line.amount
    return dict(found)


def budget_years(application: Application, lines: list[Line]) -> list[int | None]:
    """The columns by year: those of the project's period, and any that already hold an amount."""
    if not application.call.is_budget_by_year:
        return [None]
    return sorted(set(years_of_period(application)) | {line.year for line in lines if line.year})


def years_of_period(application: Application) -> list[int]:
    """The calendar years that a project runs in; without its dates the year of the call."""
    starts, ends = application.starts_date, application.ends_date
    if not (starts and ends):
        return [application.call.year]
    return list(range(starts.year, ends.year + 1))


def budget_units(application: Application, lines: list[Line]) -> dict[str, str]:
    """Credit code → name of the lead unit, the partners, and any that already holds an amount; in order."""
    if not application.call.is_budget_by_unit:
        return {"": ""}
    units = partner_units(application)
    return units | {line.unit: line.unit for line in lines if line.unit not in units}


def partner_units(application: Application) -> dict[str, str]:
    """Credit code (abroad: `unit_key`) → name: the lead unit, then those of its participants; one query."""
    lead = application.organisation
    people = application.participants.exclude(unit_key="").order_by("order")
    others = dict(people.values_list("unit_key", "organisation_name"))
    return {lead.credit_code: lead.name} | {code: others[code] for code in others if code != lead.credit_code}


def budget_table(application: Application) -> dict:
    """Sums by row, column, year and unit, and the ratio of own to fiscal money as a sentence."""
    lines = budget_lines(application)
    by_category, by_source = _sums(lines, lambda x: x.category), _sums(lines, lambda x: x.source)
    by_year, by_unit = _sums(lines, lambda x: x.year), _sums(lines, lambda x: x.unit)
    call = application.call
    return {
        "rows": [
            {"category": category, "total": by_category.get(category.code, ZERO)}
            for category in call.budget_categories.all()
        ],
        "columns": [
            {"source": row, "total": by_source.get(row.code, ZERO)} for row in call.funding_sources.all()
        ],
        "years": [
            {"year": year, "total": by_year.get(year, ZERO)}
            for year in budget_years(application, lines)
            if year is not None
        ],
        "units": [
            {"code": code, "name": name, "total": by_unit.get(code, ZERO)}
            for code, name in budget_units(application, lines).items()
            if code
        ],
        "sentence": _ratio(budget_totals(application)),
        **budget_totals(application),
    }


def _ratio(totals: dict[str, Decimal]) -> str:
    if not totals["fiscal"]:
        return ""
    ratio = (totals["own"] / totals["fiscal"]).quantize(Decimal("0.001")).normalize()
    return _("自筹 %(own)s，财政 %(fiscal)s，自筹与财政之比为 %(ratio)s:1。") % {
        "own": money.wan(totals["own"]),
        "fiscal": money.wan(totals["fiscal"]),
        "ratio": f"{ratio:f}",
    }
