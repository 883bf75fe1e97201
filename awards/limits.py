"""How much a decision may grant, and how many: caps, grades, claims, places. Amounts in 元."""

from decimal import Decimal

from django.utils.translation import gettext as _

from applications import eligibility, quotas
from applications.models import Application
from applications.queries import claim_of, claim_question, claim_scheme, gives_money
from applications.states import ApplicationState
from awards import queries
from awards.models import Decision, Outcome
from core.money import wan
from core.workflow import Refused
from grants.models import AwardGrade, Quota, QuotaOf
from grants.queries import moments_of


def check_grade(application: Application, grade: AwardGrade | None, amount: Decimal) -> Decimal:
    """One of the grades of the notice that is not full. Raises Refused with the clause.

    Returns the amount: what the notice gives for the grade, where it says so. Two decisions of one grade come
    one after the other where the notice limits them.
    """
    known = {row.pk: row for row in application.call.grades.all()}
    if grade is None and known:
        raise Refused(_("请选择等次。"), field="grade")
    if grade is None:
        return amount
    if grade.pk not in known:
        raise Refused(_("这个通知没有这个等次。"), field="grade")
    where = {"clause": grade.clause}
    if grade.number is not None:
        quotas.hold(f"grade:{application.call.series}:{grade.code}")
        if queries.graded(application, grade).count() >= grade.number:
            raise Refused(
                _("“%(grade)s”最多 %(most)s 项，已经满额。") % {"grade": grade, "most": grade.number},
                field="grade",
                code="full",
                **where,
            )
    if grade.amount is None:
        return amount
    if amount not in (Decimal(0), grade.amount):
        raise Refused(
            _("“%(grade)s”每项资助 %(amount)s。") % {"grade": grade, "amount": wan(grade.amount)},
            field="amount",
            **where,
        )
    return grade.amount


def check_amount(application: Application, amount: Decimal, *, is_fixed: bool = False) -> None:
    """`is_fixed`: the notice names the amount, whatever was asked for. Raises Refused with the clause."""
    call, topic = application.call, application.topic
    if not gives_money(application):
        if amount != 0:
            kind = application.project_type
            what = f"“{kind}”" if kind and not kind.is_funded else _("这个通知")
            raise Refused(
                _("%(what)s不安排财政资金，拟资助额应为 0。") % {"what": what},
                field="amount",
                clause=kind.cap_clause if kind else "",
            )
        return
    terms = eligibility.terms_of(application, call)
    if amount <= 0:
        raise Refused(_("拟资助额应大于 0。"), field="amount", clause=terms.cap_clause or call.number)
    if terms.cap is not None and amount > terms.cap:
        raise Refused(
            _("拟资助额 %(amount)s 超过上限 %(cap)s。") % {"amount": wan(amount), "cap": wan(terms.cap)},
            field="amount",
            clause=terms.cap_clause,
        )
    if topic and topic.amount is not None and amount > topic.amount:
        raise Refused(
            _("拟资助额 %(amount)s 超过榜单金额 %(cap)s。")
            % {"amount": wan(amount), "cap": wan(topic.amount)},
            field="amount",
            clause=topic.number,
        )
    most = eligibility.most_allowed(application)
    if most is not None and amount > most.amount:
        raise Refused(
            _("拟资助额 %(amount)s 超过按经费条款计算的上限 %(cap)s。")
            % {"amount": wan(amount), "cap": wan(most.amount)},
            field="amount",
            clause=most.clause,
        )
    if most is not None and most.is_fixed and not is_fixed and amount < most.amount:
        raise Refused(
            _("通知规定的是定额：拟资助额应为 %(fixed)s，现为 %(amount)s。")
            % {"fixed": wan(most.amount), "amount": wan(amount)},
            field="amount",
            clause=most.clause,
        )
    check_claim(application, amount)
    if not is_fixed and amount > application.requested_amount:
        raise Refused(
            _("拟资助额 %(amount)s 超过申请额 %(requested)s。")
            % {"amount": wan(amount), "requested": wan(application.requested_amount)},
            field="amount",
        )


def check_claim(application: Application, amount: Decimal) -> None:
    """Where rows are decided one by one, the amount is what follows from them."""
    scheme = claim_scheme(application.call)
    if scheme is None or claim_question(application, scheme) is None:
        return
    claim = claim_of(application)
    if claim is None or claim.amount is None:
        raise Refused(
            _("申领明细还没有逐笔核定完，不能决定资助额。"),
            field="amount",
            clause=scheme.clause,
            code="not_judged",
        )
    if amount != claim.amount:
        raise Refused(
            _("拟资助额 %(amount)s 应为逐笔核定的结果 %(due)s。")
            % {"amount": wan(amount), "due": wan(claim.amount)},
            field="amount",
            clause=scheme.clause,
        )


def check_place_left(application: Application) -> None:
    """No more are proposed than the notice funds, in all or of a type, or than a topic plans to award.

    Raises Refused. Two decisions at the same moment come one after the other where the notice limits them.
    """
    limits = list(application.call.quotas.filter(of=QuotaOf.AWARD).select_related("project_type"))
    if limits:
        quotas.hold(f"awards:{application.call.series}")
    for quota in limits:
        kind = quota.project_type
        if kind not in (None, application.project_type):
            continue
        batch = application.intake if quota.per_intake else None
        if quota.number is None or not counts_for(quota, application):
            # A share of the money is looked at where the budget is (`finance`).
            continue
        others = queries.funded_in(application.call, kind, batch).exclude(pk=application.pk)
        if len(counted_by(quota, others)) >= quota.number:
            raise Refused(
                _("“%(of)s”最多立项 %(most)s 项，已经满额；可以先列为备选。")
                % {"of": quota.applies_when or kind or application.call, "most": quota.number},
                field="outcome",
                clause=quota.clause,
                code="full",
            )
    _check_place_in_batch(application)
    topic = application.topic
    if topic is None:
        return
    proposed = Decision.objects.filter(
        application__topic=topic, application__state=ApplicationState.DECISION, outcome=Outcome.FUND
    ).count()
    if proposed + queries.proposed_or_awarded(topic.pk) >= topic.planned_number:
        raise Refused(
            _("榜单任务计划立项 %(n)s 个，已经有拟立项的揭榜书。") % {"n": topic.planned_number},
            field="outcome",
            clause=topic.number,
        )


def counts_for(quota: Quota, application: Application) -> bool:
    return not quota.applies_when or bool(eligibility.those_of([application], quota.applies_when))


def counted_by(quota: Quota, rows) -> list[Application]:
    """Of applications those that a limit of awards is about."""
    if not quota.applies_when:
        return list(rows)
    related = ("call__programme", "organisation", "project_type", "topic")
    return eligibility.those_of(list(rows.select_related(*related)), quota.applies_when)


def _check_place_in_batch(application: Application) -> None:
    """No more are proposed of one batch than it plans, as the notice stands. Raises Refused."""
    if not application.intake_id:
        return
    batch = moments_of(application.call, application.intake)
    if batch.planned_number is None:
        return
    quotas.hold(f"awards:{application.call.series}")
    funded = queries.funded_in(application.call, batch.project_type, batch).exclude(pk=application.pk)
    if funded.count() >= batch.planned_number:
        raise Refused(
            _("“%(of)s”最多立项 %(most)s 项，已经满额；可以先列为备选。")
            % {"of": batch.name, "most": batch.planned_number},
            field="outcome",
            clause=batch.clause,
            code="full",
        )
