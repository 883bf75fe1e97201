"""Which questions of a form are shown, by their conditions."""

from core import expressions


def visible_codes(all_questions, context) -> set[str]:
    """Questions that are shown: those without a condition and those whose condition holds.

    A condition on something not answered yet does not hold; one that is broken hides nothing.
    """
    shown = set()
    for question in all_questions:
        if not question.visible_when.strip():
            shown.add(question.code)
            continue
        try:
            holds = expressions.compile(question.visible_when).holds(context, rule=question.code)
        except expressions.MissingData:
            holds = False
        except expressions.ExpressionError:
            holds = True
        if holds:
            shown.add(question.code)
    return shown
