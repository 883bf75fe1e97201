"""Totals and answers of one application."""

from decimal import Decimal

from django.utils.translation import gettext as _

from applications.models import Answer, Application
from core import money
from grants.models import Question


def budget_totals(application: Application) -> dict[str, Decimal]:
    """{"fiscal", "own", "total"} in 元, as the application states them."""
    fiscal, own = application.requested_amount, application.own_amount
    return {"fiscal": fiscal, "own": own, "total": fiscal + own}


def budget_matrix(application: Application) -> dict[tuple[str, str], Decimal]:
    """(category code, source code) → 元; one query."""
    lines = application.budget_lines.values_list("category__code", "source__code", "amount")
    return {(category, source): amount for category, source, amount in lines}


def questions_of(application: Application) -> list[Question]:
    """Every question of the call in order, each with its section; one query."""
    return list(application.call.questions.select_related("section").order_by("section__order", "order"))


def stored_answers(application: Application) -> dict[str, object]:
    """Question code → stored JSON, what was typed included; one query."""
    return dict(Answer.objects.filter(application=application).values_list("question__code", "value"))


def budget_table(application: Application) -> dict:
    """Sums by row and column, and the ratio of own to fiscal money as a sentence; three queries."""
    cells = budget_matrix(application)
    sources = list(application.call.funding_sources.all())
    categories = list(application.call.budget_categories.all())
    rows = [
        {
            "category": category,
            "total": sum((cells.get((category.code, s.code), 0) for s in sources), Decimal(0)),
        }
        for category in categories
    ]
    columns = [
        {
            "source": source,
            "total": sum((cells.get((c.code, source.code), 0) for c in categories), Decimal(0)),
        }
        for source in sources
    ]
    totals = budget_totals(application)
    sentence = ""
    if totals["fiscal"]:
        ratio = (totals["own"] / totals["fiscal"]).quantize(Decimal("0.001")).normalize()
        sentence = _("自筹 %(own)s，财政 %(fiscal)s，自筹与财政之比为 %(ratio)s:1。") % {
            "own": money.wan(totals["own"]),
            "fiscal": money.wan(totals["fiscal"]),
            "ratio": f"{ratio:f}",
        }
    return {"rows": rows, "columns": columns, "sentence": sentence, **totals}
