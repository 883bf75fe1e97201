"""A published notice changes only by a new version (修订): copied, edited, published with a public log."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from awards import actions as awards
from core import workflow
from core.workflow import Refused
from desk import packs
from desk.packs.diff import differences
from desk.packs.store import copy
from facilities import actions as facilities
from grants.models import Amendment, Call, Topic
from grants.rules import check_manages
from grants.states import CallState
from milestones import actions as milestones
from notifications import recounting
from notifications.models import Deadline, DeadlineKind

AMENDABLE = (CallState.PUBLISHED, CallState.CLOSED)


def check_can_amend(user, call: Call) -> None:
    """A manager amends the version in force, one draft at a time. Raises Refused."""
    check_manages(user, call)
    if call.state not in AMENDABLE:
        raise Refused(_("只有已经发布的通知才修订；草稿可以直接修改。"), code="not_allowed")
    if Call.objects.filter(amends=call).exists():
        raise Refused(_("这份通知已有一份修订稿，请在修订稿上修改。"), code="already")


@transaction.atomic
def amend(*, call: Call, by, at: datetime) -> Call:
    """The next version as a draft that says the same. Raises Refused."""
    check_can_amend(by, call)
    try:
        with transaction.atomic():
            draft = copy(call, version=call.version + 1)
            Call.objects.filter(pk=draft.pk).update(series=call.series, amends=call)
    except IntegrityError:
        raise Refused(_("这份通知已有一份修订稿，请在修订稿上修改。"), code="already") from None
    draft.refresh_from_db()
    Amendment.objects.create(call=draft, summary="")
    workflow.record(call, "amended", by=by, at=at, data={"version": draft.version})
    return draft


@transaction.atomic
def explain(*, call: Call, summary: str, by, at: datetime) -> None:
    """What the public reads about the amendment. Raises Refused once it is published."""
    check_manages(by, call)
    changed = Amendment.objects.filter(call=call, published_at=None).update(summary=summary.strip())
    if not changed:
        raise Refused(_("修订说明已经公布，不能再改。"), field="summary")


def changes(draft: Call) -> list[dict]:
    """What the new version changes against the one it amends; see `packs.diff.differences`."""
    return differences(packs.dump(draft.amends), packs.dump(draft))


def check_publishing(call: Call) -> None:
    """An amendment says what it changes and changes something. Raises Refused."""
    amendment = Amendment.objects.filter(call=call).first()
    if amendment is None or not amendment.summary:
        raise Refused(_("请写明修订说明，公众和正在填写的申报人会看到。"), field="summary")
    if call.amends.state not in AMENDABLE:
        raise Refused(_("被修订的通知已不是有效版本。"), field="amends")
    if not changes(call):
        raise Refused(_("修订稿与原通知没有区别。"), field="summary")


@transaction.atomic
def take_effect(*, call: Call, by, at: datetime) -> None:
    """The old version is superseded, the log is public. Open drafts follow, topics on the list too, and the
    clocks of what was handed in; whoever owes something at another moment now is told, with the reason."""
    old = call.amends
    before = _moments(call)
    found = changes(call)
    Topic.objects.filter(call=old, owner__isnull=False).update(call=call)
    Amendment.objects.filter(call=call).update(changes=found, published_at=at)
    workflow.move(old, CallState.SUPERSEDED, by=by, at=at)
    drafts = Application.objects.filter(call=old, state=ApplicationState.DRAFT)
    summary = Amendment.objects.get(call=call).summary
    for application in drafts.select_related("call", "topic", "project_type").order_by("pk"):
        applications.follow_amendment(application=application, call=call, summary=summary, by=by, at=at)
    for app in (applications, awards, milestones, facilities):
        app.follow_moments(old=old, call=call, by=by, at=at)
    moved = []
    for key, deadline in _moments(call).items():
        if key in before and before[key].due_at != deadline.due_at:
            deadline.old_due_at = before[key].due_at
            moved.append(deadline)
    recounting.tell(moved, source=summary, notice=call.title, at=at)


def _moments(call: Call) -> dict[tuple, Deadline]:
    """The clocks of all that was handed in to any version; teams with drafts are told of theirs anyway."""
    rows = Deadline.objects.open().filter(series=call.series, suspended_at=None)
    rows = rows.exclude(kind__in=[DeadlineKind.CALL_CLOSES, DeadlineKind.PARTNER_PART])
    return {(row.content_type_id, row.object_id, row.kind): row for row in rows}
