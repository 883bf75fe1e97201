"""Teams, or single persons, that are registered nowhere yet, and become a unit later."""

import secrets
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rules, signals
from accounts.actions import forget_scope
from accounts.countries import HOME
from accounts.identity import validate_credit_code
from accounts.models import Membership, Organisation, OrganisationKind, User
from accounts.roles import UnitRole
from core import workflow
from core.workflow import Refused


@transaction.atomic
def register_team(*, name: str, region: str, by: User, at: datetime, address: str = "") -> Organisation:
    """A team, or one person, without a unit; the person leads it as its administrator."""
    team = Organisation.objects.create(
        credit_code=f"{HOME}-{secrets.token_hex(8)[:15]}",
        kind=OrganisationKind.TEAM,
        name=name,
        region=region,
        address=address,
    )
    Membership.objects.create(user=by, organisation=team, role=UnitRole.ADMIN)
    workflow.record(team, "registered", by=by, at=at)
    forget_scope(by)
    return team


@transaction.atomic
def found_unit(
    *,
    organisation: Organisation,
    credit_code: str,
    name: str,
    kind: str,
    region: str,
    by: User,
    at: datetime,
    address: str = "",
    legal_representative: str = "",
    registered_date: date | None = None,
) -> None:
    """The team is registered now: it becomes the unit, with all that it applied for and was awarded.

    Raises Refused when it is no team, or the code belongs to a unit that is registered here already.
    """
    rules.check_can_manage_unit(by, organisation)
    held = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not held.is_team:
        raise Refused(_("“%(unit)s”已经登记为单位。") % {"unit": held.name}, code="no_team")
    if kind == OrganisationKind.TEAM:
        raise Refused(_("请选择登记后的单位类型。"), field="kind")
    try:
        validate_credit_code(credit_code)
    except ValidationError as fault:
        raise Refused(fault.messages[0], field="credit_code") from None
    if Organisation.objects.filter(credit_code=credit_code).exists():
        raise Refused(
            _("这个统一社会信用代码已经登记为另一个单位：请与主管部门联系，由承担单位变更办理。"),
            field="credit_code",
            code="exists",
        )
    fields = {
        "credit_code": credit_code,
        "name": name,
        "kind": kind,
        "region": region,
        "address": address,
        "legal_representative": legal_representative,
        "registered_date": registered_date,
    }
    for field, value in fields.items():
        setattr(organisation, field, value)
    organisation.save(update_fields=list(fields))
    workflow.record(organisation, "founded", by=by, at=at, note=f"{held.name} → {organisation.name}")
    signals.unit_founded.send(sender=Organisation, organisation=organisation, by=by, at=at)
