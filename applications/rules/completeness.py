"""Everything that keeps an application from being handed in."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _

from applications import completeness, queries, signals
from applications.eligibility import RuleLine
from applications.models import Application
from core.workflow import Refused


class Problem(NamedTuple):
    """One thing to mend: field (as labelled), clause, sentence; section and name lead to the place."""

    field: str
    clause: str
    message: str
    section: str = ""
    name: str = ""


class Incomplete(Refused):
    """An application that cannot be handed in; `problems` names everything at once."""

    def __init__(self, problems: list[Problem]):
        first = problems[0]
        super().__init__(
            _("还有 %(count)s 处需要改正，例如 %(field)s：%(message)s")
            % {"count": len(problems), "field": first.field, "message": first.message},
            field=first.name or first.field,
            clause=first.clause,
            code="incomplete",
        )
        self.problems = problems


def problems_of(application: Application, lines: list[RuleLine], seen: Mapping) -> list[Problem]:
    """Everything missing or wrong in the form, and every one of its rule lines that says no.

    `seen`: what the conditions of questions read (`eligibility.seen_of`).
    """
    found = [Problem(*fault) for fault in completeness.faults_of(application, seen)]
    found += _partner_problems(application)
    found += _consent_problems(application)
    found += _problems_downstream(application)
    for line in lines:
        if line.blocks:
            found.append(Problem(line.text, line.clause, line.hint or _("不符合。"), line.section, line.code))
    return found


def _problems_downstream(application: Application) -> list[Problem]:
    """What apps that know more of the notice still wait for."""
    answers = signals.checking.send(sender=Application, application=application)
    return [Problem(*fault) for _receiver, faults in answers for fault in faults]


def _consent_problems(application: Application) -> list[Problem]:
    """Participants who have not agreed, where the notice asks for their consent."""
    if not application.call.requires_consents:
        return []
    return [
        Problem(
            person.name,
            application.call.number,
            _("还没有本人同意：请本人登录，在“个人档案”旁的“参与确认”中同意。"),
            "participants",
            "participants",
        )
        for person in queries.without_consent(application)
    ]


def _partner_problems(application: Application) -> list[Problem]:
    """Partner units that have not confirmed what stands there now, where the notice asks for that."""
    if not application.call.requires_partner_confirmation:
        return []
    return [
        Problem(
            unit.name,
            application.call.number,
            _("确认之后内容有修改，请合作单位的管理员重新确认。")
            if unit.is_stale
            else _("合作单位的管理员还没有在系统中确认。"),
            "partners",
            "partners",
        )
        for unit in queries.partners(application)
        if not unit.is_confirmed
    ]
