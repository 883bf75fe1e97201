"""The roles of people as a notice names them (首席专家、子课题负责人、指导教师), how many of each."""

from typing import NamedTuple

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from grants.models import Call


class PersonRole(NamedTuple):
    """One of `Call.person_roles`. Exactly one `leads`: its person is the leader of the project."""

    code: str
    name: str
    name_en: str = ""
    leads: bool = False
    least: int = 0
    most: int | None = None
    clause: str = ""

    @property
    def label(self) -> str:
        return ((get_language() or "").startswith("en") and self.name_en) or self.name

    @property
    def number(self) -> str:
        """How many there are, as one says it; "" where the notice says nothing."""
        if self.most is None:
            return _("至少 %(least)s 人") % {"least": self.least} if self.least else ""
        if self.least == self.most:
            return ngettext("%(n)s 人", "%(n)s 人", self.most) % {"n": self.most}
        if not self.least:
            return _("最多 %(most)s 人") % {"most": self.most}
        return _("%(least)s–%(most)s 人") % {"least": self.least, "most": self.most}


def roles_of(call: Call) -> list[PersonRole]:
    """In the order of the notice; none where it knows a leader and members only. No query."""
    return [PersonRole(**row) for row in call.person_roles]


def settled(call: Call, *, leads: bool, position: str) -> str:
    """The position that a person has in this call: the leader's, one of the others', or none yet."""
    roles = roles_of(call)
    if leads:
        return next((role.code for role in roles if role.leads), "")
    return position if position in {role.code for role in roles if not role.leads} else ""


def named(call: Call, position: str) -> PersonRole | None:
    return next((role for role in roles_of(call) if role.code == position), None)
