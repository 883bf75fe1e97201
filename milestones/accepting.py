"""The acceptance that a notice names (验收): who books and concludes it, which grade its rule gives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications.questions import localised
from core import expressions
from core.money import wan
from core.workflow import Refused
from milestones import queries
from milestones.models import (
    Acceptance,
    AcceptanceBonus,
    AcceptanceCriterion,
    AcceptanceGrade,
    AcceptanceScheme,
    Hearing,
    Kind,
    Milestone,
    Report,
)
from milestones.rules import can, check_awaits_conclusion, is_manager
from reviews import queries as reviews
from reviews.models import Expert

Outcome = Acceptance.Outcome
WHOLE = 100


def scheme_of(milestone: Milestone) -> AcceptanceScheme | None:
    """How the notice accepts this milestone; None: by the word of its manager."""
    if milestone.kind == Kind.ANNUAL:
        return None
    call = milestone.agreement.award.application.call_id
    return AcceptanceScheme.objects.filter(call=call, milestone_code=milestone.code).first()


def criteria_of(scheme: AcceptanceScheme) -> list[AcceptanceCriterion]:
    return list(AcceptanceCriterion.objects.filter(call=scheme.call_id))


def grades_of(scheme: AcceptanceScheme) -> list[AcceptanceGrade]:
    return list(AcceptanceGrade.objects.filter(call=scheme.call_id))


def follows(grade: AcceptanceGrade) -> str:
    """What a conclusion means: whether it passes, from which score, what is paid, added or taken back."""
    said = [_("通过") if grade.passes else _("不通过")]
    if grade.score is not None:
        said.append(_("%(score)s 分起") % {"score": plain(grade.score)})
    if grade.passes and grade.pays != WHOLE:
        said.append(_("付 %(share)s%%") % {"share": plain(grade.pays)})
    if grade.premium:
        said.append(_("另奖励 %(amount)s") % {"amount": wan(grade.premium)})
    if grade.refund:
        said.append(_("退回已付的 %(share)s%%") % {"share": plain(grade.refund)})
    return _("，").join(said)


def plain(number: Decimal) -> str:
    """Without zeros behind the point."""
    return f"{number.normalize():f}"


def hearing_of(report: Report) -> Hearing | None:
    """The panel's opinion that counts: the last that was booked."""
    return Hearing.objects.filter(report=report).first()


def last_grade(milestone: Milestone) -> AcceptanceGrade | None:
    """The grade of the last conclusion on a milestone."""
    rows = Acceptance.objects.filter(report__milestone=milestone, grade__isnull=False)
    last = rows.select_related("grade").order_by("-at", "-id").first()
    return last and last.grade


def again_left(scheme: AcceptanceScheme, milestone: Milestone) -> bool:
    """Whether a conclusion that does not pass leaves a further acceptance."""
    failed = Acceptance.objects.filter(report__milestone=milestone, grade__passes=False)
    return failed.count() < scheme.again_times


# ---- the panel ----


def check_can_book(user, report: Report) -> None:
    """Raises Refused unless `user` manages the programme and the hand-in waits for its acceptance."""
    if not is_manager(user, report.milestone):
        raise Refused(_("只有主管处室的项目主管可以登记验收意见。"), code="forbidden")
    scheme = scheme_of(report.milestone)
    if scheme is None or not scheme.panel_size:
        raise Refused(_("通知没有规定由专家验收这个里程碑。"), code="not_allowed")
    check_awaits_conclusion(report)


def can_book(user, report: Report | None) -> bool:
    return report is not None and can(check_can_book, user, report)


def check_panel(scheme: AcceptanceScheme, report: Report, people: Sequence[dict], *, scored: bool) -> None:
    """Enough experts, each once, with every score, and none who may not be one. Raises Refused."""
    where = {"clause": scheme.clause, "field": "panel"}
    if len(people) < scheme.panel_size:
        raise Refused(
            _("验收专家至少 %(least)s 人，现在是 %(n)s 人。")
            % {"least": scheme.panel_size, "n": len(people)},
            **where,
        )
    seen = set()
    application = report.milestone.agreement.award.application
    guests = reviews.conflicts_of_guests([(p["name"], p["organisation_name"]) for p in people], application)
    experts = [person["expert"] for person in people if person.get("expert")]
    known = reviews.conflicts_of(experts, application) if experts else {}
    for number, person in enumerate(people):
        key = (person["name"], person["organisation_name"])
        if key in seen:
            raise Refused(_("专家“%(name)s”写了两次。") % {"name": person["name"]}, **where)
        seen.add(key)
        found = [*guests[number], *(known[person["expert"].pk] if person.get("expert") else ())]
        if found:
            raise Refused(
                _("“%(name)s”应当回避：%(why)s。") % {"name": person["name"], "why": found[0]}, **where
            )
        if scored and person["total"] is None:
            raise Refused(_("请填写“%(name)s”的各项评分。") % {"name": person["name"]}, **where)


def is_scored(criteria: Sequence, grades: Sequence[AcceptanceGrade]) -> bool:
    """Whether experts give points: there is a score sheet, or a grade has a mark."""
    return bool(criteria) or any(grade.score is not None for grade in grades)


def total_of(criteria: Sequence[AcceptanceCriterion], scores: dict[str, Decimal]) -> Decimal | None:
    """The weighted total of one expert, 0–100; without criteria the one number given under ""."""
    if not criteria:
        return scores.get("")
    return reviews.total_of(criteria, {c.pk: scores[c.code] for c in criteria if c.code in scores})


def library_member(name: str, unit: str) -> Expert | None:
    """Who of the library that is: one of that name in that unit."""
    found = list(Expert.objects.filter(user__name=name, organisation__name=unit).select_related("user")[:2])
    return found[0] if len(found) == 1 else None


def bonuses_for(report: Report, score: Decimal | None) -> list[dict]:
    """What the notice adds to the score: the conditions that hold. One that cannot be read adds nothing."""
    rows = list(AcceptanceBonus.objects.filter(call=report.milestone.agreement.award.application.call_id))
    known = context_of(report, score) if rows else {}
    found = []
    for row in rows:
        try:
            holds = expressions.compile(row.when).holds(known)
        except expressions.ExpressionError:
            holds = False
        if holds:
            found.append({"name": row.name, "points": f"{row.points:+}", "clause": row.clause})
    return found


def with_bonuses(score: Decimal | None, bonuses: Sequence[dict]) -> Decimal | None:
    """The total that counts: a bonus may lift it above 100, nothing below 0."""
    if score is None:
        return None
    return max(score + sum((Decimal(row["points"]) for row in bonuses), Decimal(0)), Decimal(0))


def context_of(report: Report, score: Decimal | None) -> dict:
    """What conditions of grades and bonuses and formulas of payments read of a hand-in."""
    milestone = report.milestone
    told = {"spent_amount": report.spent_amount}
    known = queries.form_context(milestone, queries.form_answers(milestone), told)
    return known | {"acceptance": {"score": score}, "indicators": indicators_of(report)}


def indicators_of(report: Report) -> list[dict]:
    """The indicators of the milestone with the value reached: the first number of what was written."""
    return [
        {
            "name": row.name,
            "unit": row.unit,
            "target": row.target,
            "value": _number(report.values.get(str(row.pk), "")),
        }
        for row in report.milestone.indicators.all()
    ]


def _number(text: str) -> Decimal | None:
    found = re.search(r"-?\d+(?:\.\d+)?", str(text).replace(",", "").replace("，", ""))
    return Decimal(found[0]) if found else None


# ---- the conclusion ----


@dataclass(frozen=True)
class Given:
    """What a conclusion comes to: accepted, returned or failed; its grade, where the notice has some."""

    outcome: str
    grade: AcceptanceGrade | None = None
    deviation: str = ""


@dataclass(frozen=True)
class Proposed:
    """What the notice's rule gives."""

    grade: AcceptanceGrade | None
    sentence: str
    is_ruled: bool = False
    """Whether the notice has a rule at all and everything it reads is known."""


def proposed(scheme: AcceptanceScheme, report: Report) -> Proposed:
    """The first grade whose mark is reached and whose condition holds."""
    grades = grades_of(scheme)
    if not any(grade.score is not None or grade.when.strip() for grade in grades):
        return Proposed(None, _("通知没有规定等次的得分，由作出结论的人选定。"))
    hearing = hearing_of(report)
    total = hearing.total if hearing else None
    known = context_of(report, total) if any(grade.when.strip() for grade in grades) else {}
    for grade in grades:
        try:
            if _reached(grade, total) and _holds(grade, known):
                said = {"score": "—" if total is None else total, "grade": localised(grade, "name")}
                return Proposed(
                    grade, _("按通知的规则（得分 %(score)s）为“%(grade)s”。") % said, is_ruled=True
                )
        except expressions.ExpressionError as fault:
            return Proposed(None, _("结论的规则还不能算出：%(missing)s") % {"missing": fault.message})
    return Proposed(None, _("按通知的规则不在任何结论之内。"), is_ruled=True)


def _reached(grade: AcceptanceGrade, total: Decimal | None) -> bool:
    if grade.score is None:
        return True
    if total is None:
        raise expressions.MissingData(_("还没有登记验收得分。"))
    return total >= grade.score


def _holds(grade: AcceptanceGrade, known: dict) -> bool:
    return not grade.when.strip() or expressions.compile(grade.when).holds(known)


def check_can_conclude(user, report: Report) -> None:
    """The manager; the leader too where the notice says so. Raises Refused."""
    if not is_manager(user, report.milestone):
        scheme = scheme_of(report.milestone) if user.has_role(Role.LEADER) else None
        if scheme is None or not scheme.by_leader:
            raise Refused(_("只有主管处室的项目主管可以审核里程碑。"), code="forbidden")
    check_awaits_conclusion(report)


def can_conclude(user, report: Report) -> bool:
    return can(check_can_conclude, user, report)


def graded(report: Report, outcome: str, code: str, deviation: str, *, by) -> Given:
    """The outcome and the grade to keep. Raises Refused naming field and clause.

    A plain return asks for more papers; whatever concludes has a grade where the notice has some.
    """
    scheme = scheme_of(report.milestone)
    if scheme is None or (outcome == Outcome.RETURNED and not code):
        return Given(outcome)
    where = {"field": "outcome", "clause": scheme.clause}
    if scheme.by_leader and not by.has_role(Role.LEADER):
        raise Refused(
            _("通知规定由局领导作出结论；主管登记验收意见，或退回补充。"), code="forbidden", **where
        )
    if scheme.panel_size and hearing_of(report) is None:
        raise Refused(_("还没有登记专家的验收意见，不能作出结论。"), **where)
    found = proposed(scheme, report)
    grade = next((row for row in grades_of(scheme) if row.code == code), None) if code else found.grade
    if grade is None:
        raise Refused(_("请选择验收结论。"), **where)
    kept = _deviation(found, grade, deviation)
    if grade.passes:
        return Given(Outcome.ACCEPTED, grade, kept)
    again = again_left(scheme, report.milestone)
    return Given(Outcome.RETURNED if again else Outcome.FAILED, grade, kept)


def _deviation(found: Proposed, grade: AcceptanceGrade, deviation: str) -> str:
    if not found.is_ruled or found.grade == grade:
        return ""
    if not deviation.strip():
        raise Refused(
            _("%(rule)s另定结论的，请写明理由。") % {"rule": found.sentence},
            field="deviation",
            clause=(found.grade or grade).clause,
        )
    return deviation.strip()
