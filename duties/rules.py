"""Who may hand in, accept, send back or waive a duty, and what waits for one. Raises Refused."""

from django.utils.translation import gettext as _

from applications.models import Application
from applications.questions import localised
from core.workflow import Refused
from duties import queries
from duties.models import AcceptedBy, Duty
from duties.states import OWED, PENDING, DutyState
from grants.rules import check_manages


def check_can_fill(by, duty: Duty) -> None:
    if not Duty.objects.owed_by(by).filter(pk=duty.pk).exists():
        raise Refused(_("这一事项不由您办理。"), code="not_allowed")
    if duty.state not in OWED:
        raise Refused(
            _("这一事项现在是“%(state)s”，不能再填写。") % {"state": duty.get_state_display()},
            code="not_allowed",
        )


def can_fill(by, duty: Duty) -> bool:
    return _allowed(check_can_fill, by, duty)


def check_complete(duty: Duty) -> None:
    """Everything that the notice asks for is there."""
    faults = queries.form_faults(duty)
    if faults:
        question, sentence = faults[0]
        raise Refused(
            _("还有 %(n)s 处需要填写或改正，例如“%(label)s”：%(sentence)s")
            % {"n": len(faults), "label": localised(question, "label"), "sentence": sentence},
            field=question.code,
            clause=duty.term.clause,
            code="incomplete",
        )


def check_can_conclude(by, duty: Duty) -> None:
    """Whoever the notice says accepts it, while it waits for that."""
    if duty.term.accepted_by == AcceptedBy.UNIT:
        unit = duty.application.organisation_id if duty.application_id else duty.organisation_id
        if by is None or unit not in by.scope.admin_units:
            raise Refused(_("由单位管理员审核。"), code="not_allowed")
    else:
        check_manages(by, duty.term.call)
    if duty.state != DutyState.HANDED_IN:
        raise Refused(_("没有等待审核的材料。"), code="not_allowed")


def can_conclude(by, duty: Duty) -> bool:
    return _allowed(check_can_conclude, by, duty)


def check_can_waive(by, duty: Duty) -> None:
    check_manages(by, duty.term.call)
    if duty.state not in PENDING:
        raise Refused(_("这一事项已经办结。"), code="not_allowed")


def can_waive(by, duty: Duty) -> bool:
    return _allowed(check_can_waive, by, duty)


def check_reason(note: str) -> None:
    if not note.strip():
        raise Refused(_("请写明理由。"), field="note")


def check_nothing_waits(what: str, application: Application) -> None:
    """Nothing is owed that has to come before `what` (a `Blocks`)."""
    waiting = list(queries.waiting_for(what, application)[:2])
    if waiting:
        raise Refused(why(waiting[0]), clause=waiting[0].term.clause, code="duty")


def why(duty: Duty) -> str:
    """The sentence that keeps people from going on."""
    words = {"duty": localised(duty.term, "title"), "state": duty.get_state_display()}
    return _("“%(duty)s”须先完成，现在是“%(state)s”。") % words


def _allowed(check, by, duty: Duty) -> bool:
    try:
        check(by, duty)
    except Refused:
        return False
    return True
