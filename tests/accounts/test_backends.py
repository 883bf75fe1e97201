"""Permissions come from roles.py alone."""

import pytest

from accounts import roles
from accounts.backends import RolesBackend
from accounts.roles import Role
from tests.factories.accounts import UserFactory, officer


@pytest.mark.parametrize(
    ("role", "granted", "refused"),
    [
        (
            Role.PROGRAMME_MANAGER,
            ["grants.add_call", "accounts.view_user"],
            ["finance.add_payment", "accounts.add_user"],
        ),
        (Role.LEADER, ["finance.view_payment", "awards.change_decision"], ["grants.change_call"]),
        (Role.FINANCE, ["finance.add_payment"], ["grants.change_call", "finance.delete_payment"]),
        (Role.AUDITOR, ["finance.view_payment", "core.view_event"], ["core.change_calendarday"]),
        (Role.EXPERT, ["reviews.change_review"], ["accounts.view_user", "applications.view_application"]),
        (Role.RECOMMENDER, [], ["applications.view_application"]),
        (Role.SYSADMIN, ["core.delete_calendarday", "accounts.add_roleassignment"], []),
    ],
)
def test_what_a_role_carries(db, role, granted, refused):
    user = officer(role)
    assert {perm: user.has_perm(perm) for perm in granted + refused} == (
        dict.fromkeys(granted, True) | dict.fromkeys(refused, False)
    )


def test_modules(db):
    expert = officer(Role.EXPERT)
    assert expert.has_module_perms("reviews") is True
    assert expert.has_module_perms("finance") is False


def test_nobody_without_a_role_has_any(db):
    user = UserFactory()
    assert user.has_perm("grants.view_call") is False
    assert user.has_module_perms("grants") is False


def test_a_person_who_left_has_none(db):
    user = officer(Role.SYSADMIN)
    user.is_active = False
    assert user.has_perm("grants.view_call") is False
    assert user.has_module_perms("grants") is False


def test_the_backend_lets_nobody_in(db):
    assert RolesBackend().authenticate(None, username="x", password="y") is None


def test_every_role_is_spelled_out():
    assert set(roles.PERMISSIONS) == set(Role.values)
    assert roles.allows("nobody", "grants", "view") is False
