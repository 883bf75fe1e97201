"""The clock of clauses that have to hold before a payment: whoever still has to say something owes it."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role, UnitRole
from applications.eligibility import later_rules
from awards.models import ConditionCheck
from core import calendar
from finance.models import Instalment
from finance.states import InstalmentState
from grants.models import Automation, CheckMoment, EligibilityRule
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said

KIND = DeadlineKind.LATER_CONDITION
PROJECT = (
    "agreement__award__application__call__programme__department",
    "agreement__award__application__organisation",
    "agreement__award__application__project_type",
)
BY_OFFICER = (Automation.MANUAL, Automation.NEEDS_DATA)
LEAD = 3
"""Working days before the payment is due; no notice sets them."""


def became_due(instalment: Instalment, *, at: datetime) -> None:
    if owed := _owed_by(instalment):
        _open(instalment, owed, at=at)


def followed(instalment: Instalment, *, by, at: datetime) -> None:
    """Somebody has said something, or the money is paid or will never be."""
    if instalment.state != InstalmentState.DUE:
        actions.cancel_deadline(subject=instalment, kind=KIND, by=by, at=at)
    elif owed := _owed_by(instalment):
        actions.hand_over(subject=instalment, kind=KIND, owed_by=owed)
    else:
        actions.meet_deadline(subject=instalment, kind=KIND, by=by, at=at)


def open_condition(instalment: Instalment, *, at: datetime) -> None:
    _open(instalment, _owed_by(instalment), at=at)


def owing(at: datetime) -> QuerySet[Instalment]:
    """Due, with a clause on which somebody has not said yet what the notice wants said."""
    said = ConditionCheck.objects.filter(
        rule=OuterRef("pk"), agreement=OuterRef(OuterRef("agreement")), place=OuterRef(OuterRef("order"))
    )
    own_type = OuterRef("agreement__award__application__project_type")
    call = OuterRef("agreement__award__application__call")
    rules = EligibilityRule.objects.filter(moment=CheckMoment.PAYMENT, applies_when="", call=call)
    own = EligibilityRule.objects.filter(
        call=OuterRef("call"),
        code=OuterRef("code"),
        project_type=OuterRef(OuterRef("agreement__award__application__project_type")),
    )
    in_force = rules.filter(Q(project_type=own_type) | Q(project_type=None) & ~Exists(own))
    waiting = in_force.filter(
        Q(is_certified=True) & ~Exists(said.filter(certified_at__isnull=False))
        | Q(automation__in=BY_OFFICER) & ~Exists(said.exclude(officer_status=""))
    )
    return Instalment.objects.due().filter(Exists(waiting)).select_related(*PROJECT)


def _owed_by(instalment: Instalment) -> list[Owes]:
    """The unit's administrators, who certify first, then the officers, who look at it.

    Clauses for some projects only (`applies_when`) have no clock: whether they hold for this one may change
    from day to day. The payment waits for them all the same.
    """
    application = instalment.agreement.award.application
    rules = [rule for rule in later_rules(application, CheckMoment.PAYMENT) if not rule.applies_when.strip()]
    if not rules:
        return []
    rows = ConditionCheck.objects.filter(agreement=instalment.agreement_id, place=instalment.order)
    checks = {check.rule_id: check for check in rows}
    if any(rule.is_certified and not getattr(checks.get(rule.pk), "certified_at", None) for rule in rules):
        return [Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)]
    for rule in rules:
        if rule.automation in BY_OFFICER and not getattr(checks.get(rule.pk), "officer_status", ""):
            return [Owes(role=Role.PROGRAMME_MANAGER, organisation=application.call.programme.department)]
    return []


def _open(instalment: Instalment, owed: list[Owes], *, at: datetime) -> None:
    agreement = instalment.agreement
    call = agreement.award.application.call
    text = said(
        _("“%(instalment)s”须在 %(date)s 前拨付，此前须确认仍然符合通知写明的条件"),
        instalment=instalment.name,
        date=calendar.local_date(instalment.due_at),
    )
    actions.open_deadline(
        subject=instalment,
        kind=KIND,
        title=f"{agreement.award.number} {instalment.name}",
        url=reverse("portal:conditions", args=[agreement.pk]),
        due_at=max(calendar.due(instalment.due_at, -LEAD), at),
        explanation=by_clause(text, later_rules(agreement.award.application, CheckMoment.PAYMENT)[0].clause),
        owed_by=owed,
        at=at,
        **cause(call),
    )
