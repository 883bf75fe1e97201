"""When an application is revised after what experts said, by whom, and what of it."""

from datetime import datetime

from django.utils.translation import gettext as _

from applications import queries
from applications.models import Application, TakenBack
from applications.queries.revising import changed_beside
from applications.rules.applying import check_may_come_again
from applications.rules.managing import check_manages
from applications.states import ApplicationState
from core.workflow import Lost, Refused
from grants.models import REVISABLE, Stage
from grants.queries import stages_of


def check_can_ask_revision(by, application: Application) -> Stage:
    """The step, where the notice lets it send back and nothing is decided yet. Raises Refused."""
    check_manages(by, application)
    rows = stages_of(application.call) if application.state in REVISABLE else ()
    stage = next((row for row in rows if row.kind == application.state), None)
    if stage is None or stage.revision_days is None or queries.is_decided(application.call, stage.kind):
        raise Refused(
            _("通知没有规定在“%(state)s”按专家意见修改。") % {"state": application.get_state_display()},
            code="not_allowed",
        )
    check_may_come_again(application)
    return stage


def check_due(due_at: datetime, *, at: datetime) -> None:
    if due_at <= at:
        raise Refused(_("修改期限应在今天之后。"), field="due_date")


def is_revision(application: Application) -> bool:
    """Whether it was sent back by a step behind experts."""
    returned = application.state == ApplicationState.RETURNED
    return returned and queries.returned_from(application) in REVISABLE


def check_can_go_on(by, application: Application, *, at: datetime) -> None:
    """Once the days to revise are over without a new version. Raises Refused, Lost."""
    check_manages(by, application)
    if not is_revision(application) or not TakenBack.objects.filter(application=application).exists():
        raise Lost(_("申报书没有在等待按专家意见修改。"), code="state")
    deadline = queries.supplement_deadline(application)
    if deadline and at <= deadline.due_at:
        raise Refused(
            _("修改期限到 %(time)s 为止，期满未提交的才按原稿继续。")
            % {"time": queries.local_moment(deadline.due_at)},
            code="not_yet",
        )


def check_revised_only(application: Application) -> None:
    """Nothing but what the step named differs from the version before. Raises Refused naming the rest."""
    last = queries.last_return(application)
    allowed = last.data.get("revises") or []
    if not allowed:
        return
    if other := changed_beside(application, allowed):
        raise Refused(
            _("这次只能修改通知规定的题目，还改动了：%(other)s。请改回提交时的内容。")
            % {"other": _("、").join(other)},
            field="revision",
            code="beside",
        )
