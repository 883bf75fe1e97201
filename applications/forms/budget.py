"""The budget: categories by sources, and by years and units where the call asks for them."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _

from applications import actions, queries
from applications.fields import MoneyField
from applications.forms.part import Part
from applications.questions import localised
from core import money


class BudgetForm(forms.Form):
    """One field a cell, named for its category, source, year and unit."""

    def __init__(self, *args, cells, **kwargs):
        super().__init__(*args, **kwargs)
        for name, (label, sums) in cells.items():
            self.fields[name] = MoneyField(label=label, required=False)
            self.fields[name].widget.attrs |= {"class": "form-control jb-number", "data-sum": sums}

    def clean(self):
        """The sum has its limit too; the fault stands at the largest amount."""
        data = super().clean()
        amounts = {name: amount for name, amount in data.items() if amount}
        if sum(amounts.values(), Decimal(0)) >= money.LARGEST_SUM:
            self.add_error(max(amounts, key=amounts.get), _("预算合计应小于一亿万元。"))
        return data


class Budget(Part):
    """One table a unit: a row for each category, a column for each source of each year."""

    only_unit: str | None = None
    """The column of one unit alone, for a partner that fills in its own."""
    name = "budget"
    template = "applications/parts/budget.html"
    fields_template = "applications/parts/fields/budget.html"

    def build(self, data):
        call = self.application.call
        lines = queries.budget_lines(self.application)
        self.categories, self.sources = list(call.budget_categories.all()), list(call.funding_sources.all())
        self.years = queries.budget_years(self.application, lines)
        self.units = queries.budget_units(self.application, lines)
        if self.only_unit is not None:
            self.units = {self.only_unit: self.units.get(self.only_unit, "")}
        self.names = {
            (c.code, s.code, year, unit): self._name(c, s, year, unit)
            for unit in self.units
            for c in self.categories
            for year in self.years
            for s in self.sources
        }
        amounts = {(line.category, line.source, line.year, line.unit): line.amount for line in lines}
        initial = {self.names[cell]: amount for cell, amount in amounts.items() if cell in self.names}
        data = data if data is not None else self.again()
        return BudgetForm(data, initial=initial, cells=self._cells())

    def _name(self, category, source, year, unit) -> str:
        name = f"cell-{category.pk}-{source.pk}"
        return name + (f"-{year}" if year else "") + (f"-{unit}" if unit else "")

    def _cells(self) -> dict[str, tuple[str, str]]:
        """Field name → its words for those who cannot see the table, and the sums it belongs to."""
        categories = {row.code: row for row in self.categories}
        sources = {row.code: row for row in self.sources}
        said = {row.pk: localised(row, "name") for row in self.categories}
        of_source = {row.pk: localised(row, "name") for row in self.sources}
        found = {}
        for (category, source, year, unit), name in self.names.items():
            row, column = categories[category].pk, sources[source].pk
            words = [said[row], str(year or ""), of_source[column], self.units[unit]]
            places = [
                f"row-{row}",
                f"column-{column}",
                f"row-{row}-{unit}" if unit else "",
                f"column-{column}-{year or ''}-{unit}" if year or unit else "",
                f"year-{year}" if year else "",
                f"unit-{unit} table-{unit}" if unit else "",
                "grand-total",
            ]
            found[name] = (" · ".join(filter(None, words)), " ".join(filter(None, places)))
        return found

    def store(self, *, by, at):
        amounts = {cell: self.form.cleaned_data[name] for cell, name in self.names.items()}
        actions.set_budget(application=self.application, amounts=amounts, by=by, at=at)

    def context(self, seen=None):
        totals, sums = queries.budget_table(self.application), self.sums()
        tables = [
            {
                "unit": unit,
                "name": name,
                "rows": [self._row(category, unit, sums) for category in self.categories],
                "columns": [
                    self._place(f"column-{source.pk}-{year or ''}-{unit}", f"column-{source.pk}", sums)
                    for year in self.years
                    for source in self.sources
                ],
                "total": self._total(unit, sums),
            }
            for unit, name in self.units.items()
        ]
        return {
            "tables": tables,
            "years": [year for year in self.years if year],
            "sources": self.sources,
            "totals": totals,
            "groups": self._groups(sums),
            "is_split": bool(self.years[0]) or "" not in self.units,
        }

    def _groups(self, sums) -> list[dict]:
        """What stands below the tables when there are several, or several years in one."""
        many = "" not in self.units
        groups = [
            (_("按科目"), {f"row-{c.pk}": localised(c, "name") for c in self.categories if many}),
            (_("按来源"), {f"column-{s.pk}": localised(s, "name") for s in self.sources}),
            (_("按年度"), {f"year-{year}": year for year in self.years if year}),
            (_("按单位"), {f"unit-{unit}": name for unit, name in self.units.items() if many}),
            (_("合计"), {"grand-total": _("总投入")} if many else {}),
        ]
        return [
            {"title": title, "rows": [(place, label, sums.get(place, "0")) for place, label in rows.items()]}
            for title, rows in groups
            if rows
        ]

    def _row(self, category, unit, sums) -> dict:
        return {
            "category": category,
            "total": self._place(f"row-{category.pk}-{unit}", f"row-{category.pk}", sums),
            "cells": [
                self.form[self.names[category.code, source.code, year, unit]]
                for year in self.years
                for source in self.sources
            ],
        }

    def _place(self, of_unit: str, of_all: str, sums) -> dict:
        """Where a sum stands: that of one unit or year when there are several, otherwise that of all."""
        name = of_unit if of_unit in sums else of_all
        return {"id": name, "text": sums.get(name, "0")}

    def _total(self, unit, sums) -> dict:
        # With several units the sum of one stands below its table, and again among the sums of all.
        name = f"table-{unit}" if unit else "grand-total"
        return {"id": name, "text": sums.get(name, "0")}

    def sums(self) -> dict[str, str]:
        """Element id → the sum that stands there, in 万元, of what is stored."""
        cells = self._cells()
        found = {place: Decimal(0) for _label, places in cells.values() for place in places.split()}
        for line in queries.budget_lines(self.application):
            name = self.names.get((line.category, line.source, line.year, line.unit))
            for place in cells[name][1].split() if name else ():
                found[place] += line.amount
        return {place: money.wan_number(amount) for place, amount in found.items()}

    def fresh(self) -> dict:
        return {"texts": self.sums()}


class OwnShare(Budget):
    """The column of a partner unit."""

    def __init__(self, application, data=None, *, unit):
        self.only_unit = unit
        super().__init__(application, data)

    def again(self):
        return None

    def amounts(self) -> dict[tuple, Decimal | None]:
        """(category code, source code, year) → 元, of a valid form."""
        return {cell[:3]: self.form.cleaned_data[name] for cell, name in self.names.items()}
