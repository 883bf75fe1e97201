"""Who may do what: every role and its permissions, in one file.

Two sources of a role: a `Membership` (applicant side: what a person is in a unit) and a
`RoleAssignment` (bureau side: an office held, limited to a department or a region).
When and on which rows a permission counts is said by each app's `rules.py` and `visible_to`.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitRole(models.TextChoices):
    """What a person is in an organisation."""

    MEMBER = "member", _("申报人")
    ADMIN = "admin", _("单位管理员")
    FINANCE = "finance", _("单位财务")


class Role(models.TextChoices):
    """Offices of the funding side."""

    PROGRAMME_MANAGER = "programme_manager", _("项目主管")
    DIVISION_HEAD = "division_head", _("处室负责人")
    LEADER = "leader", _("局领导")
    FINANCE = "finance_officer", _("经费管理")
    SUPERVISION = "supervision", _("监督")
    AUDITOR = "auditor", _("审计")
    EXPERT = "expert", _("评审专家")
    RECOMMENDER = "recommender", _("推荐单位")
    SYSADMIN = "sysadmin", _("系统管理员")


STAFF_ROLES = frozenset(Role.values) - {Role.RECOMMENDER}
"""Roles that work in the admin; recommenders work in the portal."""

SEES_EVERYTHING = frozenset({Role.LEADER, Role.SUPERVISION, Role.AUDITOR, Role.SYSADMIN})

_VIEW_ALL = frozenset({"view"})
_EDIT = frozenset({"view", "add", "change"})

# app label -> model permission actions; "*" stands for every app of the product.
PERMISSIONS: dict[str, dict[str, frozenset[str]]] = {
    Role.PROGRAMME_MANAGER: {
        "*": _VIEW_ALL,
        "grants": _EDIT | {"delete"},
        "applications": frozenset({"view", "change"}),
        "reviews": _EDIT | {"delete"},
        "awards": _EDIT,
        "milestones": _EDIT,
        "exchange": frozenset({"view", "change"}),
        "facilities": frozenset({"view", "change"}),
        "accounts": frozenset({"view"}),
    },
    Role.DIVISION_HEAD: {"*": _VIEW_ALL},
    Role.LEADER: {
        "*": _VIEW_ALL,
        "awards": frozenset({"view", "change"}),
        "facilities": frozenset({"view", "change"}),
    },
    Role.FINANCE: {"*": _VIEW_ALL, "finance": _EDIT},
    Role.SUPERVISION: {"*": _VIEW_ALL, "accounts": frozenset({"view", "change"}), "awards": _EDIT},
    Role.AUDITOR: {"*": _VIEW_ALL},
    Role.EXPERT: {"reviews": frozenset({"view", "change"})},
    Role.RECOMMENDER: {},
    Role.SYSADMIN: {"*": _EDIT | {"delete"}},
}


def allows(role: str, app_label: str, action: str) -> bool:
    """Whether `role` carries the model permission `action` (view, add, change, delete) in an app."""
    granted = PERMISSIONS.get(role, {})
    return action in granted.get(app_label, granted.get("*", frozenset()))


@dataclass(frozen=True)
class Scope:
    """What a person holds, read once per request in two queries."""

    roles: frozenset[str]
    departments: frozenset[int]
    """Organisations for which the person is a programme manager."""
    regions: tuple[str, ...]
    """Region code prefixes (GB/T 2260) of a recommender."""
    recommender_organisations: frozenset[int]
    units: frozenset[int]
    admin_units: frozenset[int]
    finance_units: frozenset[int]
    offices: tuple[tuple[int | None, str], ...] = ()
    """(organisation, region prefix) of each office as a recommender; with "" for a region: what comes to
    the organisation itself, as the competent authority of a unit or as chosen by an applicant."""
    headed: frozenset[int] = frozenset()
    """Departments of which the person is the head: they watch over what these wait for."""

    @property
    def sees_everything(self) -> bool:
        return bool(self.roles & SEES_EVERYTHING)
