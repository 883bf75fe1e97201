"""Which grade the notice's own rule gives a project by its place and score (等次的规则)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from applications.models import Application
from applications.queries import contexts, counted_in
from applications.questions import localised
from applications.states import ApplicationState
from awards import queries
from core import expressions
from core.workflow import Refused
from grants.models import AwardGrade, Call
from reviews import queries as reviews

STANDING = (
    ApplicationState.DECISION,
    ApplicationState.RESERVED,
    ApplicationState.PUBLICITY,
    ApplicationState.AGREEMENT,
    ApplicationState.AWARDED,
)
"""Who has a place: what is decided keeps it; whoever falls away leaves it to those behind."""


@dataclass(frozen=True)
class Proposed:
    """What the rule says of one project: its place (None: not ranked), its grade (None: none)."""

    rank: int | None = None
    score: Decimal | None = None
    grade: AwardGrade | None = None
    missing: str = ""
    """What is not known, where nothing can be proposed."""

    @property
    def sentence(self) -> str:
        """What the rule gives and by which clause, for whoever decides."""
        if self.missing:
            return _("等次的规则还不能算出：%(missing)s") % {"missing": self.missing}
        place = _("第 %(rank)s 名，得分 %(score)s") % {"rank": self.rank or "—", "score": self.score or "—"}
        if self.grade is None:
            return _("按通知的规则（%(place)s）不在任何等次之内。") % {"place": place}
        return _("按%(clause)s的规则（%(place)s）为“%(grade)s”。") % {
            "clause": self.grade.clause or _("通知"),
            "place": place,
            "grade": localised(self.grade, "name"),
        }


def ruled(call: Call) -> list[AwardGrade]:
    """The grades that the notice gives by a rule, in their order."""
    return [grade for grade in call.grades.all() if grade.when.strip()]


def ranked_among(application: Application) -> QuerySet:
    """Everybody it has its place among: of its topic or notice, of its batch, what is decided too."""
    return queries.competitors(application, states=STANDING)


def proposed(applications: Iterable[Application], grades: list[AwardGrade]) -> dict[int, Proposed]:
    """Application id → what the rules of `grades` propose, for all that are ranked among each other.

    Four queries; those of `applications.queries.contexts` besides where a rule reads more than the review.
    """
    rows = list(applications)
    ranked = reviews.ranking(rows)
    read = _read(rows, grades)
    ahead: dict[int | None, list[int | None]] = {}
    found = {}
    for one in ranked:
        own = ahead.setdefault(one.application.project_type_id, [])
        review = {"score": one.result.total, "rank": one.rank, "type_rank": _place(own, one.rank)}
        own.append(one.rank)
        found[one.application.pk] = _first(grades, read.get(one.application.pk, {}) | {"review": review})
    return found


def _place(ahead: list[int | None], rank: int | None) -> int | None:
    """The place among those of one type, whose ranks among all are `ahead`; of equal rank they share it."""
    return None if rank is None else 1 + sum(1 for other in ahead if other is not None and other < rank)


def _read(rows: list[Application], grades: list[AwardGrade]) -> dict[int, dict]:
    sources = [grade.when for grade in grades]
    if all(expressions.compile(source).variables <= {"review"} for source in sources):
        return {}
    return contexts(rows, wanted=counted_in(sources))


def _first(grades: list[AwardGrade], known: dict) -> Proposed:
    review = known["review"]
    said = {"rank": review["rank"], "score": review["score"]}
    for grade in grades:
        try:
            if expressions.compile(grade.when).holds(known):
                return Proposed(grade=grade, **said)
        except expressions.ExpressionError as fault:
            # What is not known of an earlier grade leaves the later ones open too.
            return Proposed(missing=fault.message, **said)
    return Proposed(**said)


def proposed_for(application: Application) -> Proposed | None:
    """What the rule proposes for one; None where the notice has no rule."""
    grades = ruled(application.call)
    if not grades:
        return None
    return proposed(ranked_among(application), grades).get(application.pk, Proposed())


def check_follows(found: Proposed | None, grade: AwardGrade | None, deviation: str) -> str:
    """The reason to keep: "" where the rule is followed or says nothing. Raises Refused without one."""
    if found is None or found.missing or found.grade == grade:
        return ""
    if not deviation.strip():
        clause = found.grade.clause if found.grade else ""
        raise Refused(
            _("%(rule)s另定等次的，请写明理由。") % {"rule": found.sentence},
            field="deviation",
            clause=clause,
        )
    return deviation.strip()
