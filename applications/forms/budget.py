"""The budget: categories by sources."""

from django import forms

from applications import actions, queries
from applications.fields import MoneyField
from applications.forms.part import Part
from applications.questions import localised


class BudgetForm(forms.Form):
    """One field a cell, named for category and source."""

    def __init__(self, *args, cells, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in cells.items():
            self.fields[name] = MoneyField(label=label, required=False)
            self.fields[name].widget.attrs["class"] = "form-control jb-number"


class Budget(Part):
    name = "budget"
    template = "applications/parts/budget.html"

    def build(self, data):
        call = self.application.call
        self.categories, self.sources = list(call.budget_categories.all()), list(call.funding_sources.all())
        self.names = {(c.code, s.code): f"cell-{c.pk}-{s.pk}" for c in self.categories for s in self.sources}
        said = {row: localised(row, "name") for row in (*self.categories, *self.sources)}
        labels = {
            self.names[category.code, source.code]: f"{said[category]} · {said[source]}"
            for category in self.categories
            for source in self.sources
        }
        cells = queries.budget_matrix(self.application)
        initial = {self.names[cell]: amount for cell, amount in cells.items() if cell in self.names}
        return BudgetForm(data if data is not None else self.again(), initial=initial, cells=labels)

    def store(self, *, by, at):
        amounts = {cell: self.form.cleaned_data[name] for cell, name in self.names.items()}
        actions.set_budget(application=self.application, amounts=amounts, by=by, at=at)

    def context(self):
        totals = queries.budget_table(self.application)
        sums = {row["category"].pk: row["total"] for row in totals["rows"]}
        rows = [
            {
                "category": category,
                "total": sums[category.pk],
                "cells": [
                    {"field": self.form[self.names[category.code, source.code]], "source": source}
                    for source in self.sources
                ],
            }
            for category in self.categories
        ]
        return {"sources": self.sources, "rows": rows, "totals": totals}
