"""The call's own money rules (cap, topic, ratio, closed categories) and the demand side's independence."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.eligibility.lines import RuleLine
from applications.models import Application, RuleStatus
from core import money
from core.workflow import Refused
from grants.models import BudgetCategory, Call, Instrument, RuleScope

RELATIONS = {
    "same": gettext_lazy("就是发榜方"),
    "parent": gettext_lazy("是发榜方的子公司"),
    "subsidiary": gettext_lazy("是发榜方的母公司"),
    "sister": gettext_lazy("与发榜方同属一家母公司"),
    "representative": gettext_lazy("与发榜方法定代表人相同"),
}


def built_in(
    application: Application, context: dict, call: Call, closed: list[BudgetCategory]
) -> list[RuleLine]:
    """Cap, amount of the topic, own money, categories `closed` to fiscal money, unrelated parties."""
    terms = terms_of(application, call)
    budget = context["budget"]
    lines = [_cap(terms, budget), _topic_amount(application, budget, call), _own(terms, budget)]
    lines += _closed_categories(closed, budget)
    lines.append(_unrelated(application, context["demander"]))
    return [line for line in lines if line]


class Terms(NamedTuple):
    """The cap and the ratio that hold for one application; amounts in 元."""

    cap: Decimal | None
    cap_clause: str
    own_per_fiscal: Decimal | None
    own_clause: str


def terms_of(application: Application, call: Call) -> Terms:
    """Those of the project type where it says something, else the call's. A type without public money: 0."""
    kind = application.project_type
    if kind and not kind.is_funded:
        return Terms(Decimal(0), kind.cap_clause, None, "")
    capped = kind if kind and kind.cap is not None else call
    shared = kind if kind and kind.own_per_fiscal is not None else call
    return Terms(capped.cap, capped.cap_clause, shared.own_per_fiscal, shared.own_clause)


def _money_line(code, text, clause, ok, evidence, hint):
    return RuleLine(
        code=code,
        text=text,
        clause=clause,
        scope=RuleScope.BUDGET,
        status=RuleStatus.PASSED if ok else RuleStatus.FAILED,
        evidence=evidence,
        hint="" if ok else hint,
        section="budget",
    )


def _cap(terms: Terms, budget):
    cap, asked = terms.cap, budget["fiscal"]
    if cap is None or not (cap or asked):
        return None
    return _money_line(
        "call-cap",
        _("申请财政资金不超过 %(cap)s。") % {"cap": money.wan(cap)}
        if cap
        else _("不安排财政资金，不填写申请额。"),
        terms.cap_clause,
        asked <= cap,
        {str(_("申请财政资金")): money.wan(asked), str(_("上限")): money.wan(cap)},
        _("申请 %(asked)s，超过上限 %(cap)s，多 %(over)s。")
        % {"asked": money.wan(asked), "cap": money.wan(cap), "over": money.wan(max(asked - cap, 0))},
    )


def _topic_amount(application, budget, call: Call):
    """Where no public money is given the amount of a list item is what its owner offers or asks for."""
    topic = application.topic
    if topic is None or topic.amount is None or call.instrument == Instrument.NONE:
        return None
    asked = budget["fiscal"]
    return _money_line(
        "topic-amount",
        _("申请财政资金不超过榜单金额 %(amount)s。") % {"amount": money.wan(topic.amount)},
        topic.number,
        asked <= topic.amount,
        {str(_("申请财政资金")): money.wan(asked), str(_("榜单金额")): money.wan(topic.amount)},
        _("申请 %(asked)s，超过榜单金额 %(amount)s。")
        % {"asked": money.wan(asked), "amount": money.wan(topic.amount)},
    )


def _own(terms: Terms, budget):
    if not terms.own_per_fiscal:
        return None
    own, fiscal = budget["own"], budget["fiscal"]
    hint = ""
    try:
        money.check_ratio(own, fiscal, terms.own_per_fiscal)
    except Refused as refused:
        hint = refused.message
    return _money_line(
        "own-ratio",
        ratio_sentence(terms.own_per_fiscal),
        terms.own_clause,
        not hint,
        {str(_("自筹资金")): money.wan(own), str(_("财政资金")): money.wan(fiscal)},
        hint,
    )


def ratio_sentence(ratio) -> str:
    """The ratio with its direction, as a sentence."""
    return _("自筹资金与财政资金之比不低于 %(ratio)s:1（自筹 ≥ 财政 × %(ratio)s）。") % {
        "ratio": f"{ratio.normalize():f}"
    }


def _closed_categories(closed, budget):
    for category in closed:
        spent = budget["fiscal_categories"][category.code]
        yield _money_line(
            f"no-fiscal-{category.code}",
            _("“%(category)s”不得列支财政资金。") % {"category": category.name},
            category.clause,
            not spent,
            {category.name: money.wan(spent)},
            _("“%(category)s”列了财政资金 %(amount)s，请改为其他来源。")
            % {"category": category.name, "amount": money.wan(spent)},
        )


def _unrelated(application, demander):
    if demander["name"] is None:
        return None
    related = demander["relations"]
    reasons = "；".join(f"{name}{RELATIONS[kind]}" for name, kind in related)
    return RuleLine(
        code="unrelated",
        text=_("揭榜方及其合作单位与发榜方不存在关联关系。"),
        clause=application.topic.number,
        scope=RuleScope.UNIT,
        status=RuleStatus.FAILED if related else RuleStatus.PASSED,
        # The demand side may be masked: the reason names our own unit only.
        hint=_("存在关联关系：%(reasons)s。") % {"reasons": reasons} if related else "",
        section="participants",
    )
