"""Until when people nominate an application: the team owes that enough sign, each person their answer."""

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from applications import notifications, queries
from applications.models import Application, Nominator
from applications.states import NominatorState
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind
from notifications.wording import by_clause, said


def _clause(application: Application) -> str:
    return next((group.clause for group in queries.ways_of(application)), "")


def opened(application: Application, *, at) -> None:
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.NOMINATORS,
        title=said(_("专家提名：%(title)s"), title=application.title),
        url=notifications.page_of(application),
        due_at=queries.nominate_until(application),
        explanation=by_clause(said(_("提名专家在此之前签署，逾期不再接收")), _clause(application)),
        owed_by=notifications.by_team(application),
        at=at,
        **cause(application.call),
    )


def asked(nominator: Nominator, *, at) -> None:
    application = nominator.application
    actions.open_deadline(
        subject=nominator,
        kind=DeadlineKind.NOMINATION,
        title=said(_("阅读并签署提名：%(title)s"), title=application.title),
        url=reverse("applications:nominate", args=[nominator.pk]),
        due_at=queries.nominate_until(application),
        explanation=by_clause(said(_("提名在此之前签署，逾期不再接收")), _clause(application)),
        owed_by=[Owes(user=nominator.user)],
        at=at,
        **cause(application.call),
    )


def _running(subject, kind: str) -> bool:
    about = ContentType.objects.get_for_model(type(subject))
    return Deadline.objects.open().filter(content_type=about, object_id=subject.pk, kind=kind).exists()


def follow(application: Application, *, waits: bool, by, at) -> None:
    """The clocks run exactly while the line waits; who has answered owes nothing."""
    _set(application, DeadlineKind.NOMINATORS, waits, opened, by=by, at=at)
    for nominator in application.nominators.select_related("user"):
        nominator.application = application
        due = waits and nominator.state == NominatorState.ASKED
        _set(nominator, DeadlineKind.NOMINATION, due, asked, by=by, at=at)


def _set(subject, kind: str, wanted: bool, start, *, by, at) -> None:
    running = _running(subject, kind)
    if wanted and not running:
        start(subject, at=at)
    elif running and not wanted:
        actions.cancel_deadline(subject=subject, kind=kind, by=by, at=at)


def done(subject: Application | Nominator, *, by, at) -> None:
    kind = DeadlineKind.NOMINATORS if isinstance(subject, Application) else DeadlineKind.NOMINATION
    actions.meet_deadline(subject=subject, kind=kind, by=by, at=at)


def dropped(application: Application, *, by, at) -> None:
    follow(application, waits=False, by=by, at=at)
