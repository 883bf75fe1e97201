"""Try one rule on a real unit or on a past application: what comes out and why. Nothing is stored."""

from datetime import datetime

from django.utils import timezone

from accounts.models import Organisation
from applications import queries
from applications.eligibility import RuleLine, amounts, clauses, labels_for
from applications.models import Application
from core.calendar import local_date
from core.expressions import Prepared
from desk.preview import sandbox
from grants.models import Call, CheckMoment, EligibilityRule, MoneyRule
from grants.rules import LATER


def on_application(call: Call, rule: EligibilityRule | MoneyRule, application: Application) -> RuleLine:
    """The rule judged on what a past application says, as if it had been handed in to this call."""
    context = queries.contexts([application], call=call, as_of=getattr(rule, "as_of", None))
    return _line(call, rule, context[application.pk])


def on_unit(
    call: Call, rule: EligibilityRule | MoneyRule, organisation: Organisation, *, by, at: datetime
) -> RuleLine:
    """The rule judged on an application of this unit in which nothing is filled in yet."""
    kind = rule.project_type if rule.project_type_id else None
    with sandbox(call, by=by, at=at, organisation=organisation, project_type=kind) as application:
        context = queries.contexts([application], call=call, as_of=getattr(rule, "as_of", None))
        return _line(call, rule, context[application.pk])


def _line(call, rule, context) -> RuleLine:
    if getattr(rule, "moment", CheckMoment.APPLICATION) != CheckMoment.APPLICATION:
        # There is no award yet: what a later clause reads of it is missing, the day is not.
        later = {name: dict.fromkeys(fields) for name, fields in LATER.items()}
        context = context | later | {"today": local_date(timezone.now())}
    judge = amounts.line_of if isinstance(rule, MoneyRule) else clauses.line_of
    return judge(rule, Prepared(context), labels_for(call))
