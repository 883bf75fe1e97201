"""Serve notices, acknowledge them, and deem served what nobody acknowledged (视为送达).

An app that serves a decision calls `serve` instead of `actions.tell`; one whose clock runs from the receipt
listens to `signals.notice_received`. Where acting on the notice shows that it was read, call `settle`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Organisation, User
from core import calendar, workflow
from core.models import Event
from core.workflow import Refused
from notifications import actions, clocks, signals
from notifications.actions import Owes
from notifications.chasing import check_can_chase
from notifications.models import Acknowledgement, DeadlineKind, Message, Notice, NoticeRule
from notifications.obligations import Obligation, register
from notifications.states import NoticeState
from notifications.wording import Said, by_clause, said

AGAIN = timedelta(hours=20)
"""Nobody is chased about the same notice twice on one day."""
MOST = 500


def rule_for(*, kind: str, programme: str = "", series=None) -> NoticeRule:
    """The rule that holds; where none was ever written, that a notice must be acknowledged."""
    rules = NoticeRule.objects.applying_to(kind=kind, programme=programme, series=series)
    return rules.first() or NoticeRule(kind=kind)


@transaction.atomic
def serve(
    *,
    subject,
    kind: str,
    title: Said | str,
    recipients: Iterable[User],
    template: str,
    context: dict,
    url: str,
    at: datetime,
    department: Organisation | None = None,
    programme: str = "",
    series=None,
) -> Notice:
    """Tell `recipients` a decision that one of them must acknowledge, as the rule of its kind says.

    The message is told as by `actions.tell`; it also names the page on which to acknowledge. Where the
    rule asks for no acknowledgement the notice counts as received at once.
    """
    rule = rule_for(kind=kind, programme=programme, series=series)
    recipients = list(dict.fromkeys(recipients))
    text = said(
        gettext_noop("未签收的，自送达之日起满 %(days)s 个%(kind)s视为送达"),
        days=rule.deemed_days,
        kind=calendar.DayKind(rule.day_kind).label,
    )
    notice = Notice.objects.create(
        subject=subject,
        kind=kind,
        title=Said.of(title),
        department=department,
        programme=programme,
        series=series,
        served_at=at,
        deemed_at=calendar.due(at, rule.deemed_days, kind=rule.day_kind) if rule.needs_receipt else at,
        explanation=by_clause(text, rule.clause) if rule.needs_receipt else said(gettext_noop("无须签收")),
    )
    actions.tell(recipients=recipients, template=template, context=context, url=url, at=at, notice=notice)
    if rule.needs_receipt:
        _open(notice, recipients)
    else:
        _deem(notice, at=at)
    return notice


def _open(notice: Notice, recipients: Iterable[User]) -> None:
    """To acknowledge is owed like anything else: it stands on the to-do list and is reminded of."""
    actions.open_deadline(
        subject=notice,
        kind=DeadlineKind.RECEIPT,
        title=said(gettext_noop("签收：%(title)s"), title=notice.title),
        url=reverse("portal:notice", args=[notice.pk]),
        due_at=notice.deemed_at,
        explanation=notice.explanation,
        owed_by=[Owes(user=user) for user in recipients],
        at=notice.served_at,
        department=notice.department,
        programme=notice.programme,
        series=notice.series,
    )


@transaction.atomic
def acknowledge(*, notice: Notice, by: User, at: datetime) -> None:
    """`by` has received it. The first to say so starts the clock; later ones are noted beside it.

    May be repeated. Raises Refused for anybody on whom it was not served.
    """
    if not Message.objects.filter(notice=notice, recipient=by).exists():
        raise Refused(_("只有收件人可以签收。"), code="forbidden")
    _acknowledge(notice, by=by, at=at)


def _acknowledge(notice: Notice, *, by: User, at: datetime) -> None:
    current = Notice.objects.select_for_update().get(pk=notice.pk)
    if current.state == NoticeState.SERVED and at >= current.deemed_at:
        # The clock of the sweep is behind: what is deemed served was so at its own moment.
        _deem(current, at=current.deemed_at)
    _acknowledgement, is_new = Acknowledgement.objects.get_or_create(
        notice=current, user=by, defaults={"at": at}
    )
    if is_new and current.state == NoticeState.SERVED:
        workflow.move(current, NoticeState.RECEIVED, by=by, at=at, received_at=at, received_by=by)
        _received(current, by=by, at=at)
    Message.objects.filter(notice=current, recipient=by, read_at=None).update(read_at=at)
    notice.refresh_from_db()


def _received(notice: Notice, *, by: User | None, at: datetime) -> None:
    actions.meet_deadline(subject=notice, kind=DeadlineKind.RECEIPT, by=by, at=at)
    signals.notice_received.send(sender=Notice, notice=notice, by=by, at=at)


def _deem(notice: Notice, *, at: datetime) -> None:
    workflow.move(notice, NoticeState.DEEMED, by=None, at=at, received_at=at)
    _received(notice, by=None, at=at)


def settle(*, subject, kind: str, by: User, at: datetime) -> None:
    """`by` has done what the notice asked for, and so has received it."""
    about = ContentType.objects.get_for_model(subject)
    for notice in Notice.objects.waiting().filter(content_type=about, object_id=subject.pk, kind=kind):
        _acknowledge(notice, by=by, at=at)


def deem_served(*, at: datetime) -> int:
    """Deem served what nobody acknowledged in time, each in a transaction of its own; how many there were."""
    due = Notice.objects.waiting().filter(deemed_at__lte=at).order_by("deemed_at", "id")

    def one(key):
        notice = due.select_for_update(skip_locked=True).filter(pk=key).first()
        return _deem(notice, at=notice.deemed_at) if notice else False

    return clocks.each("deem_served", due.values_list("pk", flat=True)[:MOST], one, at=at)


@transaction.atomic
def chase(*, notices: Iterable[Notice], by: User, at: datetime) -> int:
    """Remind those who have not acknowledged (催签). Returns how many notices were chased.

    Only what `by` may see and what still waits; what was chased in the last hours is left out.
    """
    check_can_chase(by)
    chased = Event.objects.filter(
        content_type=ContentType.objects.get_for_model(Notice), verb="chased", at__gt=at - AGAIN
    )
    rows = (
        Notice.objects.visible_to(by)
        .waiting()
        .filter(pk__in=[notice.pk for notice in notices])
        .exclude(pk__in=chased.values("object_id"))
    )
    rows = list(rows.select_for_update(of=("self",)).order_by("pk")[:MOST])
    for notice in rows:
        actions.tell(
            recipients=User.objects.filter(inbox__notice=notice, is_active=True).distinct(),
            template="notifications/chase_receipt",
            context={
                "title": notice.title.data,
                "kind": notice.kind,
                "deemed_at": notice.deemed_at.isoformat(),
                "by": by.name,
            },
            url=reverse("portal:notice", args=[notice.pk]),
            at=at,
        )
        workflow.record(notice, "chased", by=by, at=at)
    return len(rows)


def _reopen(notice: Notice, at: datetime) -> None:
    _open(notice, User.objects.filter(inbox__notice=notice).distinct())


register(
    Obligation(
        kind=DeadlineKind.RECEIPT,
        model=Notice,
        owing=lambda at: Notice.objects.waiting().select_related("department"),
        open=_reopen,
        due=lambda notice: notice.deemed_at,
        dates=("notifications.Notice.deemed_at",),
    )
)
