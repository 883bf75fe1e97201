"""The applicant's appeal (复审) against a rejection at the formal check, and the decision on it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from applications import appeal_clocks, notifications, queries, rules
from applications.actions.desks import pass_formal_check
from applications.actions.flow import enter
from applications.actions.paper_copies import ask_papers
from applications.actions.scanning import ask_scan
from applications.models import Appeal, Application, RuleResult, RuleStatus
from applications.states import AppealState, ApplicationState
from core import workflow
from core.workflow import Lost
from documents.actions import store
from notifications.models import NoticeKind

FILE = "appeal"


@transaction.atomic
def appeal(*, application: Application, grounds: str, by, at: datetime, files: Iterable = ()) -> Appeal:
    """File the one appeal against the rejection. Raises Refused (who, when, a file), Lost for a second."""
    rules.check_can_appeal(by, application, at=at)
    rules.check_grounds(grounds)
    decision = queries.rejection(application)
    notifications.acted_on(application, NoticeKind.REJECTED, by=by, at=at)
    try:
        with transaction.atomic():
            found = Appeal.objects.create(
                application=application, decision=decision, grounds=grounds.strip(), filed_by=by, filed_at=at
            )
    except IntegrityError:
        raise Lost(_("已经申请过复审，不能重复申请。"), code="appealed") from None
    found.refresh_from_db()
    for number, file in enumerate(files, start=1):
        store(subject=found, kind=f"{FILE}_{number}", file=file, name=file.name, by=by, at=at, field="files")
    workflow.record(found, "filed", by=by, at=at, to_state=found.state)
    workflow.record(application, "appealed", by=by, at=at, note=found.grounds)
    appeal_clocks.filed(found, by=by, at=at)
    return found


@transaction.atomic
def decide_appeal(
    *,
    appeal: Appeal,
    upheld: bool,
    reason: str,
    by,
    at: datetime,
    lines: Iterable[RuleResult] = (),
    onward=False,
) -> None:
    """Upheld: back into the formal check, the `lines` at issue passed, or `onward` if nothing is left open.

    Dismissed: the rejection is final. Raises Refused (the officer who rejected, no reason), Lost.
    """
    current = Appeal.objects.select_for_update(of=("self",)).get(pk=appeal.pk)
    application = Application.objects.select_for_update(of=("self",)).get(pk=current.application_id)
    rules.check_can_decide_appeal(by, current)
    rules.check_reason(reason)
    state = AppealState.UPHELD if upheld else AppealState.DISMISSED
    workflow.move(current, state, by=by, at=at, note=reason, reason=reason, decided_by=by, decided_at=at)
    appeal.state = current.state
    appeal_clocks.decided(current, by=by, at=at)
    if not upheld:
        workflow.record(application, "appeal_dismissed", by=by, at=at, note=reason)
        return
    RuleResult.objects.filter(application=application, pk__in=[line.pk for line in lines]).update(
        officer_status=RuleStatus.PASSED, officer_note=reason, officer=by, officer_at=at
    )
    enter(application=application, state=ApplicationState.FORMAL_CHECK, by=by, at=at, note=reason)
    ask_scan(application=application, at=at)
    ask_papers(application=application, at=at)
    if onward:
        pass_formal_check(application=application, by=by, at=at, note=reason)
