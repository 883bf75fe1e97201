"""Who may order what a recommender has, and take back its letters; what a batch would do."""

from django.utils.translation import gettext as _

from applications import queries
from applications.models import Application
from applications.rules import check_can_approve, check_can_pass_on, check_signed
from core.workflow import Lost, Refused
from grants.models import Call
from grants.queries import in_force


def foreseen(check, applications, *, by, at) -> list[tuple[Application, Refused | None]]:
    """What a batch would do, one after the other: each with the reason that keeps it from being passed on."""
    found, ahead = [], []
    for application in applications:
        words = {"ahead": tuple(ahead)} if check is check_can_pass_on else {}
        try:
            check(by, application, at=at, **words)
            if check in (check_can_approve, check_can_pass_on):
                # What has to be pledged, shown or uploaded is given one by one.
                check_signed(application, None, opinion="", at=at)
        except Refused as refused:
            found.append((application, refused))
        else:
            found.append((application, None))
            ahead.append(application.pk)
    return found


def check_can_rank(by, call: Call, office, *, at) -> None:
    """The people of the office, until its own closing moment. Raises Refused."""
    check_is_of_office(by, office)
    until = in_force(call).recommender_closes_at
    if until is not None and at > until:
        raise Refused(
            _("推荐已于 %(time)s 截止，排序不能再改。") % {"time": queries.local_moment(until)},
            clause=call.number,
            code="late",
        )


def check_is_of_office(by, office) -> None:
    if by is not None and tuple(office) not in by.scope.offices:
        raise Refused(_("只有该推荐单位的人员可以处理。"))


def check_can_void(by, letter, *, at) -> None:
    """A letter with a mistake, until the office's closing moment. Raises Refused; Lost when void already."""
    check_can_rank(by, letter.call, queries.Office(letter.recommender_id, letter.region), at=at)
    if letter.voided_at is not None:
        raise Lost(_("推荐函已经作废。"), code="voided")
