"""Clauses that hold at signing or before a payment: how each stands, and what keeps people from going on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from applications import eligibility
from applications.eligibility import RuleLine
from applications.models import RuleStatus
from applications.rules import check_mark
from awards import queries
from awards.models import SIGNING, Agreement, ConditionCheck
from awards.rules import check_signs_for_unit
from awards.states import AgreementState
from core.calendar import local_date
from core.workflow import Refused
from documents.models import Document
from grants.models import CheckMoment, EligibilityRule
from grants.rules import check_manages

FILE = "certificate"
"""The kind of the document that comes with a unit's certificate."""
OPEN = (RuleStatus.MANUAL, RuleStatus.REQUIRES_DATA)
SIGNABLE = (AgreementState.DRAFT, AgreementState.UNIT_SIGNED)


@dataclass(frozen=True)
class Place:
    """Where clauses have to hold: signing (0), or the instalment of this order with what is known of it."""

    number: int = SIGNING
    name: str = ""
    amount: Decimal | None = None

    @property
    def moment(self) -> str:
        return CheckMoment.SIGNING if self.number == SIGNING else CheckMoment.PAYMENT

    @property
    def known(self) -> dict | None:
        if self.number == SIGNING:
            return None
        return {"order": self.number, "name": self.name, "amount": self.amount}


@dataclass(frozen=True)
class Condition:
    """One clause at one place: what the machine says now, what unit and officer have said."""

    rule: EligibilityRule
    place: Place
    line: RuleLine
    check: ConditionCheck | None = None
    file: Document | None = None

    @property
    def status(self) -> str:
        """What was written once it was settled; before, the officer's word stands above the machine's."""
        said = self.check and (self.check.status or self.check.officer_status)
        return said or self.line.status

    @property
    def label(self) -> str:
        return RuleStatus(self.status).label

    @property
    def is_applicable(self) -> bool:
        return self.status != RuleStatus.NOT_APPLICABLE

    @property
    def is_certified(self) -> bool:
        return bool(self.check and self.check.certified_at)

    @property
    def waits_for_unit(self) -> bool:
        return self.is_applicable and self.rule.is_certified and not self.is_certified

    @property
    def waits_for_officer(self) -> bool:
        return self.status in OPEN

    @property
    def fails(self) -> bool:
        return self.status == RuleStatus.FAILED

    @property
    def holds(self) -> bool:
        return not (self.waits_for_unit or self.waits_for_officer or self.fails)

    def why_not(self) -> str:
        """The sentence that keeps people from going on; "" where it holds."""
        said = {"text": eligibility.clauses.questions.localised(self.rule, "text").rstrip("。.")}
        if self.fails:
            note = (self.check and self.check.officer_note) or self.line.hint
            return _("不符合“%(text)s”。%(note)s") % {**said, "note": note}
        if self.waits_for_unit:
            return _("单位还没有确认“%(text)s”。") % said
        if self.waits_for_officer:
            return _("“%(text)s”还没有审查结论。") % said
        return ""


def has_conditions(agreement: Agreement, *moments: str) -> bool:
    return bool(eligibility.later_rules(agreement.award.application, *moments))


def conditions(agreement: Agreement, place: Place, *, at: datetime) -> list[Condition]:
    """How each clause of a place stands now; without such clauses one query."""
    application = agreement.award.application
    rules = eligibility.later_rules(application, place.moment)
    if not rules:
        return []
    known = {
        "award": queries.award_facts(agreement),
        "instalment": place.known or dict.fromkeys(("order", "name", "amount")),
    }
    lines = eligibility.later(application, rules, on=local_date(at), known=known)
    rows = ConditionCheck.objects.filter(agreement=agreement, place=place.number)
    checks = {check.rule_id: check for check in rows.select_related("certified_by", "officer")}
    files = _files(checks.values())
    return [
        Condition(rule, place, line, check, files.get(check.pk) if check else None)
        for rule, line in zip(rules, lines, strict=True)
        for check in (checks.get(rule.pk),)
    ]


def _files(checks: Iterable[ConditionCheck]) -> dict[int, Document]:
    """Check → the latest file of its certificate."""
    rows = Document.objects.filter(
        content_type__app_label="awards",
        content_type__model="conditioncheck",
        object_id__in=[check.pk for check in checks],
        kind=FILE,
    )
    return {document.object_id: document for document in rows.order_by("version")}


def condition_of(agreement: Agreement, place: Place, rule: EligibilityRule, *, at: datetime) -> Condition:
    """One of them. Raises Refused when this clause does not hold there."""
    found = next((one for one in conditions(agreement, place, at=at) if one.rule.pk == rule.pk), None)
    if found is None:
        raise Refused(_("这一条不在这里核对。"), code="not_allowed")
    return found


def check_hold(agreement: Agreement, place: Place, *, at: datetime, by_unit: bool = False) -> list[Condition]:
    """All of them hold now. Raises Refused with the first that does not, its clause, and how many more.

    `by_unit`: the unit's own part only, since the officer's results may follow.
    """
    found = conditions(agreement, place, at=at)
    missing = [
        one for one in found if not one.holds and not (by_unit and not one.fails and not one.waits_for_unit)
    ]
    if missing:
        first = missing[0]
        message = first.why_not()
        if len(missing) > 1:
            message += _("另有 %(n)s 条也没有满足。") % {"n": len(missing) - 1}
        raise Refused(message, clause=first.rule.clause, code="condition")
    return found


def fails_at_signing(agreement: Agreement, *, at: datetime) -> bool:
    return any(one.fails for one in conditions(agreement, Place(), at=at))


# ---- who may say what ----


def check_state(agreement: Agreement, place: Place) -> None:
    """Signing is judged until both have signed; an instalment while the project runs."""
    fits = SIGNABLE if place.number == SIGNING else (AgreementState.IN_FORCE,)
    if agreement.state not in fits:
        raise Refused(
            _("任务书现在是“%(state)s”，不能这样做。") % {"state": agreement.get_state_display()},
            code="not_allowed",
        )


def check_can_certify(by, agreement: Agreement, found: Condition, *, has_file: bool) -> None:
    check_signs_for_unit(by, agreement)
    check_state(agreement, found.place)
    if not found.rule.is_certified:
        raise Refused(_("这一条不需要单位确认。"), clause=found.rule.clause, code="not_allowed")
    _check_open(found)
    if found.rule.asks_file and not (has_file or found.file):
        raise Refused(
            _("请上传“%(file)s”。")
            % {"file": eligibility.clauses.questions.localised(found.rule, "asks_file")},
            field="file",
            clause=found.rule.clause,
        )


def check_can_mark(by, agreement: Agreement, found: Condition, *, status: str, note: str) -> None:
    check_manages(by, agreement.award.application.call)
    check_state(agreement, found.place)
    _check_open(found)
    result = ConditionCheck(rule=found.rule, status=found.line.status)
    check_mark(result, status, note)


def _check_open(found: Condition) -> None:
    if found.check and found.check.settled_at:
        raise Refused(_("这一条已经办结，不能再改。"), clause=found.rule.clause, code="not_allowed")
