"""People and units, and what is known of them."""

from accounts.kinds import FactKind, OrganisationKind
from accounts.models.people import (
    JoinRequest,
    JoinRequestQuerySet,
    Membership,
    OfUnitQuerySet,
    Organisation,
    OrganisationQuerySet,
    RoleAssignment,
    RoleAssignmentQuerySet,
    User,
    UserManager,
    UserQuerySet,
    sees_accounts,
)
from accounts.models.records import (
    BankAccount,
    IntegrityRecord,
    IntegrityRecordQuerySet,
    OrganisationFact,
    OrganisationFactQuerySet,
    PersonRecord,
    PersonRecordQuerySet,
    Shareholder,
)
from accounts.models.subordination import Subordination, SubordinationQuerySet

__all__ = [
    "BankAccount",
    "FactKind",
    "IntegrityRecord",
    "IntegrityRecordQuerySet",
    "JoinRequest",
    "JoinRequestQuerySet",
    "Membership",
    "OfUnitQuerySet",
    "Organisation",
    "OrganisationFact",
    "OrganisationFactQuerySet",
    "OrganisationKind",
    "OrganisationQuerySet",
    "PersonRecord",
    "PersonRecordQuerySet",
    "RoleAssignment",
    "RoleAssignmentQuerySet",
    "Shareholder",
    "Subordination",
    "SubordinationQuerySet",
    "User",
    "UserManager",
    "UserQuerySet",
    "sees_accounts",
]
