"""What every rule of a facility needs: who stands for it, in which state it is, why somebody is refused."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from core.workflow import Lost, Refused
from facilities.models import Facility
from grants.rules import check_manages

LONG = 4000
MAX_FIGURE = Decimal(10) ** 12
GREEN = ("yes", "no")


class Incomplete(Refused):
    """A self-report cannot be handed in yet; `problems` holds every reason."""

    def __init__(self, problems: list[Refused]):
        first = problems[0]
        super().__init__(first.message, field=first.field, clause=first.clause, code="incomplete")
        self.problems = problems


class Changed(Lost):
    """Somebody else changed the fields `names` since they were read; nothing was written over."""

    def __init__(self, names: list[str], labels: dict[str, str], *, by, at: datetime | None):
        sentence = _(
            "%(fields)s已由%(person)s在 %(time)s 改过，您填写的这些内容没有写入，仍在本页。"
            "请对照对方所填，改好后按“保存”。"
        )
        words = {
            "fields": "".join(_("“%(label)s”") % {"label": labels[name]} for name in names),
            "person": by or _("他人"),
            "time": moment(at) if at else "—",
        }
        super().__init__(sentence % words, field=names[0], code="changed")
        self.names = names


def allowed(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


def check_state(subject, *states: str) -> None:
    if subject.state not in states:
        raise Refused(
            _("现在的状态是“%(state)s”，不能这样办理。") % {"state": subject.get_state_display()},
            code="not_allowed",
        )


def check_reason(text: str, *, field: str = "reason") -> None:
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


# ---- who ----


def is_of_unit(user, facility: Facility) -> bool:
    return facility.organisation_id in user.scope.units


def check_is_of_unit(user, facility: Facility) -> None:
    if not is_of_unit(user, facility):
        raise Refused(_("只有平台依托单位的成员可以办理。"), code="forbidden")


def stands_for(user, facility: Facility) -> bool:
    """A recommender of the facility's region, or appointed for its unit."""
    scope = user.scope
    region = facility.organisation.region
    return facility.organisation_id in scope.recommender_organisations or any(
        region.startswith(own) for own in scope.regions
    )


def manages(user, facility: Facility) -> bool:
    return allowed(check_manages, user, facility.call)


def moment(value: datetime) -> str:
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"
