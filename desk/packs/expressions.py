"""The expressions of a pack: each is read once, so that an unknown name is shown at its line."""

from collections.abc import Collection, Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import expressions
from desk.packs.context import known, known_later, known_of_demand, known_of_form
from desk.packs.schema import Pack, QuestionPart, questions_of
from desk.packs.source import Place
from grants.models import Automation, CheckMoment, FormKind, QuestionKind
from grants.rules import ACCEPTANCE, DEMAND, NOMINATOR, REVIEW

Found = Iterator[tuple[Place, str]]
ALWAYS = gettext_lazy("总是必填的题目不写必填条件。")
APART = (FormKind.DEMAND, FormKind.DUTY)
"""Forms whose answers no other part of the notice reads."""
PROJECT_ANSWERS = ("project", "answers")
OF_ROWS = {"rows": frozenset(), "totals": frozenset()}
"""What the checks of a table may name beside the answers: its rows and the totals of its columns."""


def found(pack: Pack) -> Found:
    """Every expression that cannot be read or names what is not there."""
    of_form = {
        form: {q.code for part in pack.sections if part.form == form for q in part.questions}
        for form in APART
    }
    of_demand = of_form[FormKind.DEMAND]
    codes = {question.code for _place, question in questions_of(pack)}.difference(*of_form.values())
    for place, question in questions_of(pack):
        form = pack.sections[place[1]].form
        yield from _of_question(place, question, known_of_form(form, of_form.get(form, codes)))
    for index, rule in enumerate(pack.rules):
        place = ("rules", index)
        names = known(codes, rule.params)
        if rule.params.get("applies_to") == DEMAND:
            names = known_of_demand(of_demand, rule.params)
        elif rule.moment != CheckMoment.APPLICATION:
            names = known_later(codes, rule.params)
        for key in ("expression", "applies_when"):
            yield from _expression((*place, key), getattr(rule, key), names)
        if rule.automation == Automation.AUTO and not (rule.expression or rule.certified):
            yield (*place, "automation"), _("自动判断的条件必须有表达式（expression）。")
        if rule.automation != Automation.AUTO and rule.expression:
            yield (*place, "expression"), _("只有自动判断（auto）的条件才写表达式。")
    for index, rule in enumerate(pack.money.rules):
        for key in ("base", "row", "column", "applies_when", "waived_when"):
            yield from _expression(("money", "rules", index, key), getattr(rule, key), known(codes))
    for index, stage in enumerate(pack.stages):
        yield from _expression(("stages", index, "applies_when"), stage.applies_when, known(codes))
    for index, grade in enumerate(pack.grades):
        yield from _expression(("grades", index, "when"), grade.when, known(codes) | {"review": REVIEW})
    for index, row in enumerate(pack.instalments):
        yield from _expression(("instalments", index, "formula"), row.formula, known(codes) | ACCEPTANCE)
    if pack.acceptance:
        names = known(codes) | ACCEPTANCE
        for key in ("grades", "bonuses"):
            for index, row in enumerate(getattr(pack.acceptance, key)):
                yield from _expression(("acceptance", key, index, "when"), row.when, names)
    yield from _expression(("paper", "applies_when"), pack.paper.applies_when, known(codes))
    for index, row in enumerate(pack.duties):
        yield from _expression(("duties", index, "applies_when"), row.applies_when, known(codes))
    for index, group in enumerate(pack.nominators):
        names = known(codes)
        yield from _expression(("nominators", index, "applies_when"), group.applies_when, names)
        names = names | {"nominator": NOMINATOR}
        yield from _expression(("nominators", index, "who"), group.who, names)
    for index, quota in enumerate(pack.quotas):
        names = {"unit": known(())["unit"]}
        yield from _expression(("quotas", index, "formula"), quota.formula, names)
        yield from _expression(("quotas", index, "applies_when"), quota.applies_when, known(codes))


def _of_question(place: Place, question: QuestionPart, names: Mapping[str, Collection[str]]) -> Found:
    yield from _expression((*place, "visible_when"), question.visible_when, names)
    yield from _expression((*place, "required_when"), question.required_when, names)
    if question.required_when.strip() and question.required:
        yield (*place, "required_when"), str(ALWAYS)
    with_value = names | {"value": frozenset()}
    yield from _expression((*place, "valid_when"), question.valid_when, with_value, open_names={"value"})
    if question.kind == QuestionKind.COMPUTED:
        text = question.config.get("expression")
        yield from _expression((*place, "config", "expression"), text, names)
    checks = question.config.get("checks") if question.kind == QuestionKind.TABLE else None
    for index, check in enumerate(checks if isinstance(checks, list) else ()):
        text = check.get("when") if isinstance(check, dict) else None
        here = (*place, "config", "checks", index, "when")
        yield from _expression(here, text, names | OF_ROWS, open_names=OF_ROWS)


def _expression(
    place: Place, text, names: Mapping[str, Collection[str]], *, open_names: Collection[str] = ()
) -> Found:
    """`open_names` are variables whose fields are not known beforehand."""
    if not text or not isinstance(text, str):
        return
    try:
        expression = expressions.compile(text)
        fields = {path[1] for path in expression.paths if path[0] in open_names and path[1:]}
        expressions.check(text, {**names, **dict.fromkeys(open_names, frozenset(fields))})
    except expressions.ExpressionError as fault:
        yield place, fault.message
        return
    answers = names.get("answers", ())
    for path in sorted(expression.paths):
        if path[:2] == PROJECT_ANSWERS and path[2:] and path[2] not in answers:
            yield place, _("表单里没有代码为“%(code)s”的题目。") % {"code": path[2]}
