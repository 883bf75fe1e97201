"""Steps from the experts to the payment, each a few action calls."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.actions import record_account
from accounts.models import BankAccount, Organisation
from accounts.rules import can_keep_account
from applications.models import Application
from awards import actions as awards
from awards.models import Agreement, Outcome, Publicity
from core.workflow import Refused
from finance import actions as finance
from finance.models import Instalment, Refund
from grants.models import Call, Topic
from milestones import actions as milestones
from milestones.models import Acceptance, DemanderOpinion, Milestone, Report
from reviews import actions as reviews
from reviews import queries
from reviews.models import Assignment, Expert, Recommendation
from seeds.demo import paper
from seeds.demo.cast import KNOWN_SINCE, Cast

COMMENTS = (
    "方案针对性强，技术路线清晰，关键环节有前期数据支撑，指标可考核。建议补充现场连续运行的验证方案。",
    "创新点明确，团队基础扎实；进度安排略紧，建议把样机验证提前。经费测算基本合理。",
    "对需求理解准确，备选方案可行。建议进一步说明与现有产品的兼容性，检测方法应引用标准。",
)


# ---- experts ----


def invite_panel(application: Application, *, cast: Cast, at: datetime) -> list[Assignment]:
    """As many experts as the call wants, whoever has no conflict, in turn."""
    library = list(Expert.objects.select_related("user").order_by("pk"))
    first = application.pk % len(library)
    found = []
    for expert in library[first:] + library[:first]:
        if len(found) == queries.scheme_of(application.call).panel_size:
            break
        try:
            found.append(
                reviews.invite(application=application, expert=expert, by=cast.people["manager"], at=at)
            )
        except Refused:  # a conflict, or enough reviews this year
            continue
    return found


def accept(assignment: Assignment, *, at: datetime) -> None:
    reviews.accept(assignment=assignment, pledge=True, by=assignment.expert.user, at=at)


def sheet(assignment: Assignment, level: int, *, turn: int = 0) -> dict:
    """A whole score sheet around `level` of 100, as `submit_review` takes it."""
    criteria = queries.criteria_of(assignment.application.call)
    parts = [
        Decimal(min(100, max(0, level + (turn * 3 + place * 4) % 7 - 3))) for place in range(len(criteria))
    ]
    asked = assignment.application.requested_amount
    good = level >= queries.scheme_of(assignment.application.call).threshold
    return {
        "scores": {
            criterion.pk: (part * criterion.max_score / 100).quantize(Decimal("0.01"))
            for criterion, part in zip(criteria, parts, strict=True)
        },
        "comment": COMMENTS[turn % len(COMMENTS)],
        "recommendation": Recommendation.FUND if good else Recommendation.REJECT,
        "suggested_amount": asked if good else None,
    }


def score(assignment: Assignment, level: int, *, at: datetime, turn: int = 0) -> None:
    reviews.submit_review(
        assignment=assignment, by=assignment.expert.user, at=at, **sheet(assignment, level, turn=turn)
    )


def judge(application: Application, level: int, *, cast: Cast, invited: datetime, scored: datetime) -> None:
    """A whole round: everybody invited accepts and hands in, the round is finished."""
    for turn, assignment in enumerate(invite_panel(application, cast=cast, at=invited)):
        accept(assignment, at=invited)
        score(assignment, level, at=scored, turn=turn)
    application.refresh_from_db()
    reviews.finish_round(application=application, by=cast.people["manager"], at=scored)


def choose(topic: Topic, application: Application, *, cast: Cast, at: datetime) -> None:
    by = next(user for user in cast.people.values() if topic.owner_id in user.scope.units)
    reason = "方案与我公司样机条件最匹配，团队已完成前期摸底试验，愿意驻点攻关。"
    reviews.choose(topic=topic, application=application, reason=reason, by=by, at=at)


# ---- decision, publicity, agreement ----


def decide(
    application: Application,
    *,
    cast: Cast,
    at: datetime,
    outcome: str = Outcome.FUND,
    amount: Decimal | None = None,
) -> None:
    """`amount`: another than was asked for."""
    application.refresh_from_db()
    funded = outcome == Outcome.FUND
    granted = application.requested_amount if amount is None else amount
    awards.decide(
        application=application,
        outcome=outcome,
        amount=granted if funded else Decimal(0),
        reason="专家评审排名靠前，符合支持方向，同意立项。"
        if funded
        else "专家评审得分未达到入围分数，不予立项。",
        meeting=f"{at.year}年第{at.month}次局长办公会",
        by=cast.people["leader"],
        at=at,
    )


def publicise(call: Call, applications: list[Application], *, cast: Cast, at: datetime) -> Publicity:
    for application in applications:
        application.refresh_from_db()
    return awards.publicise(call=call, applications=applications, by=cast.people["manager"], at=at)


def close_publicity(publicity: Publicity, *, at: datetime) -> list[Agreement]:
    """The day after the last: everything on the notice is awarded."""
    awards.close_publicity(publicity=publicity, by=None, at=at)
    items = publicity.items.values("application_id")
    return list(Agreement.objects.filter(award__application__in=items).order_by("pk"))


def sign(agreement: Agreement, *, cast: Cast, unit_at: datetime, bureau_at: datetime) -> None:
    unit = agreement.award.application.organisation_id
    by = next(user for user in cast.people.values() if unit in user.scope.admin_units)
    awards.unit_sign(agreement=agreement, by=by, at=unit_at)
    awards.bureau_sign(agreement=agreement, by=cast.people["manager"], at=bureau_at)


# ---- milestones and money ----


def milestone_of(agreement: Agreement, code: str) -> Milestone:
    return Milestone.objects.select_related("agreement__award__application__topic").get(
        agreement=agreement, code=code
    )


def hand_in(milestone: Milestone, *, spent: int, at: datetime) -> Report:
    """Evidence for every indicator, `spent` in 万元, one file."""
    file = paper.file("Milestone evidence")
    file.name = f"{milestone.name}检测报告.pdf"
    return milestones.hand_in(
        milestone=milestone,
        text=f"“{milestone.name}”已按计划完成，指标经第三方检测达到任务书要求，现场连续运行记录见附件。",
        values={
            str(indicator.pk): f"{indicator.target}（已达到）" for indicator in milestone.indicators.all()
        },
        spent_amount=Decimal(spent) * 10_000,
        files=[file],
        by=milestone.agreement.award.application.created_by,
        at=at,
    )


def give_opinion(report: Report, *, cast: Cast, at: datetime) -> None:
    owner = report.milestone.agreement.award.application.topic.owner_id
    milestones.give_opinion(
        report=report,
        opinion=DemanderOpinion.Choice.ACCEPT,
        text="样机已在我公司运行，指标属实，同意通过，合同款已按约支付。",
        by=next(user for user in cast.people.values() if owner in user.scope.units),
        at=at,
    )


def accept_report(report: Report, *, cast: Cast, at: datetime) -> None:
    milestones.conclude(
        report=report,
        outcome=Acceptance.Outcome.ACCEPTED,
        note="材料齐全，指标达到，同意通过。",
        by=cast.people["manager"],
        at=at,
    )


def confirmed_account(unit: Organisation, *, cast: Cast, at: datetime) -> None:
    """The unit has registered where it is paid, and finance has confirmed it."""
    if BankAccount.objects.standing().filter(organisation=unit).exists():
        return
    keeper = next(user for user in cast.people.values() if can_keep_account(user, unit))
    account = record_account(
        organisation=unit,
        holder=unit.name,
        bank="琴岛银行海天路支行",
        number=f"37020100{unit.pk:010d}",
        # The stories are not told in the order of their days.
        valid_from=(at - timedelta(days=KNOWN_SINCE)).date(),
        by=keeper,
        at=at - timedelta(days=2),
    )
    finance.confirm_account(account=account, by=cast.people["finance"], at=at - timedelta(days=1))


def pay(agreement: Agreement, order: int, *, cast: Cast, at: datetime) -> None:
    """The whole instalment in one payment."""
    confirmed_account(agreement.award.application.organisation, cast=cast, at=at)
    instalment = Instalment.objects.get(agreement=agreement, order=order)
    finance.record_payment(
        instalment=instalment,
        amount=instalment.amount,
        paid_date=at.date(),
        voucher=f"拨{at:%Y%m%d}-{instalment.pk:04d}",
        by=cast.people["finance"],
        at=at,
    )


def take_back(
    agreement: Agreement, *, cast: Cast, demanded_at: datetime, received_at: datetime, due_date: date
) -> None:
    """An audit found spending outside the agreement: 6 万元 are demanded back, a part has come."""
    by = cast.people["finance"]
    refund = finance.demand_refund(
        agreement=agreement,
        amount=Decimal(60_000),
        cause=Refund.Cause.IMPROPER,
        due_date=due_date,
        reason="年度审计发现差旅费中 6 万元超出任务书列支范围，应予退回。",
        clause="任务书第九条",
        by=by,
        at=demanded_at,
    )
    finance.receive_refund(
        refund=refund,
        amount=Decimal(25_000),
        received_date=received_at.date(),
        voucher=f"退{received_at:%Y%m%d}-{refund.pk:04d}",
        by=by,
        at=received_at,
    )
