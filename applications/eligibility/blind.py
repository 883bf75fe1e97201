"""The line about the blind parts (匿名部分): which files were searched for names, and which could not be."""

from django.utils.translation import gettext as _

from applications import queries
from applications.eligibility.lines import RuleLine
from applications.models import Application, RuleStatus
from grants.models import QuestionKind, RuleScope

CODE = "blind-files"


def lines(application: Application) -> list[RuleLine]:
    """One line where blind parts ask for files; two queries more once there is one.

    That a name was found stands at its question and forbids handing in; here stands what no machine has read.
    """
    asked = [
        question
        for question in queries.questions_of(application)
        if question.kind == QuestionKind.ATTACHMENT and question.section.is_blind
    ]
    if not asked:
        return []
    stored = queries.stored_answers(application)
    asked = [question for question in asked if question.code in stored]
    unread = [name for question in asked for name in queries.unread_in(question, stored[question.code])]
    if not asked:
        return []
    hint = _("这些文件没有可读的文字，系统没有核对，请自行检查不含人员和单位的名称：%(names)s。")
    return [
        RuleLine(
            code=CODE,
            text=_("匿名部分的附件不得出现人员和单位的名称。"),
            clause=next((question.clause for question in asked if question.clause), application.call.number),
            scope=RuleScope.PROJECT,
            status=RuleStatus.WARNING if unread else RuleStatus.PASSED,
            hint=hint % {"names": "、".join(unread)} if unread else "",
            section=asked[0].section.code,
        )
    ]
