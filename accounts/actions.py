"""What people do with accounts, units, memberships and roles. Each raises Refused from `rules`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.authtoken.models import Token

from accounts import queries, rules, signals
from accounts.countries import HOME
from accounts.models import (
    BankAccount,
    IntegrityRecord,
    JoinRequest,
    Membership,
    Organisation,
    OrganisationFact,
    PersonRecord,
    RoleAssignment,
    Shareholder,
    Subordination,
    User,
)
from accounts.models.subordination import LIVE
from accounts.roles import STAFF_ROLES, UnitRole
from accounts.states import JoinState, SubordinationState
from core import workflow
from core.workflow import Refused

EDITABLE = (
    *("name", "kind", "region", "authority", "address", "legal_representative", "registered_date"),
    "divisions",
)
ABROAD = ("kind", "address", "legal_representative", "registered_date")
"""Of a unit abroad: its name, country and number tell it apart and stay."""
TEAM = ("name", "region", "address")
"""Of a team that is registered nowhere yet."""
SELF_DECLARED = "单位自行填报"
"""Source of a fact that a unit writes about itself; stored, so never translated."""


@transaction.atomic
def register_organisation(*, by: User, at: datetime, credit_code: str, **details: Any) -> Organisation:
    """Register a unit; the person becomes its administrator. `details` are the EDITABLE fields.

    Raises Refused with code "exists" when the code is registered: then one asks to join.
    """
    _only(EDITABLE, details)
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(credit_code=credit_code, **details)
    except IntegrityError:
        if not Organisation.objects.filter(credit_code=credit_code).exists():
            raise
        raise Refused(
            _("这个统一社会信用代码已经登记，请申请加入该单位。"), field="credit_code", code="exists"
        ) from None
    Membership.objects.create(user=by, organisation=organisation, role=UnitRole.ADMIN)
    workflow.record(organisation, "registered", by=by, at=at)
    ask_authority(organisation=organisation, by=by, at=at)
    forget_scope(by)
    return organisation


@transaction.atomic
def register_abroad(
    *, by: User, at: datetime, country: str, registration_number: str, name: str, **details: Any
) -> Organisation:
    """Register a unit that has no credit code, by its country's number; the person becomes its administrator.

    Raises Refused with code "exists" when number or name is registered there already.
    """
    _only(ABROAD, details)
    name, number = " ".join(name.split()), " ".join(registration_number.split()).upper()
    if country == HOME:
        raise Refused(_("中国内地的单位请用统一社会信用代码登记。"), field="country")
    if not number:
        raise Refused(_("请填写境外登记号。"), field="registration_number")
    code = queries.key_abroad(country, name)
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(
                credit_code=code, country=country, registration_number=number, name=name, **details
            )
    except IntegrityError:
        if queries.unit_abroad(country, number, name) is None:
            raise
        raise Refused(
            _("这个单位已经登记，请申请加入。"), field="registration_number", code="exists"
        ) from None
    Membership.objects.create(user=by, organisation=organisation, role=UnitRole.ADMIN)
    workflow.record(organisation, "registered", by=by, at=at)
    forget_scope(by)
    return organisation


@transaction.atomic
def update_organisation(*, organisation: Organisation, by: User, at: datetime, **details: Any) -> None:
    """Change the EDITABLE fields; field history keeps the old values."""
    rules.check_can_manage_unit(by, organisation)
    _only(TEAM if organisation.is_team else ABROAD if organisation.is_abroad else EDITABLE, details)
    for name, value in details.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(details))
    workflow.record(organisation, "updated", by=by, at=at, data={"fields": sorted(details)})
    if "authority" in details:
        ask_authority(organisation=organisation, by=by, at=at)


@transaction.atomic
def ask_authority(*, organisation: Organisation, by: User, at: datetime) -> None:
    """The authority that stands in the record, whoever wrote it there, is asked, once; another one before it
    is none any more."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    live = organisation.subordinations.filter(state__in=LIVE).first()
    if live is not None:
        if live.authority_id == organisation.authority_id:
            return
        _answered(live, SubordinationState.ENDED, by=by, at=at)
    if organisation.authority_id is None:
        return
    asked = Subordination.objects.create(
        organisation=organisation, authority=organisation.authority, named_by=by, named_at=at
    )
    workflow.record(asked, "named", by=by, at=at, to_state=SubordinationState.NAMED)
    signals.authority_named.send(sender=Subordination, subordination=asked, at=at)


@transaction.atomic
def confirm_unit(*, subordination: Subordination, by: User, at: datetime) -> None:
    """The authority says that the unit stands under it."""
    rules.check_can_answer_unit(by, subordination)
    _answered(subordination, SubordinationState.CONFIRMED, by=by, at=at)


@transaction.atomic
def refuse_unit(*, subordination: Subordination, reason: str, by: User, at: datetime) -> None:
    """Not one of the authority's units: the unit has to name another. Raises Refused without a reason."""
    rules.check_can_answer_unit(by, subordination)
    if not reason.strip():
        raise Refused(_("请写明理由，该单位会看到。"), field="reason")
    _answered(subordination, SubordinationState.REFUSED, by=by, at=at, reason=reason.strip())
    named = Organisation.objects.filter(pk=subordination.organisation_id)
    named.filter(authority_id=subordination.authority_id).update(authority=None)


def _answered(subordination: Subordination, state: str, *, by: User, at: datetime, reason: str = "") -> None:
    workflow.move(
        subordination, state, by=by, at=at, note=reason, reason=reason, decided_by=by, decided_at=at
    )
    signals.authority_answered.send(sender=Subordination, subordination=subordination, by=by, at=at)


@transaction.atomic
def request_to_join(
    *, organisation: Organisation, by: User, at: datetime, role: str = UnitRole.MEMBER, message: str = ""
) -> JoinRequest:
    rules.check_can_request_to_join(by, organisation)
    try:
        with transaction.atomic():
            request = JoinRequest.objects.create(
                user=by, organisation=organisation, role=role, message=message, requested_at=at
            )
    except IntegrityError:  # a double click: the first one stands
        raise Refused(_("您的加入申请已经提交，正在等待单位管理员审核。"), code="waiting") from None
    workflow.record(request, "requested", by=by, at=at, to_state=JoinState.REQUESTED)
    signals.join_requested.send(sender=JoinRequest, join_request=request, by=by, at=at)
    return request


@transaction.atomic
def approve_join(*, join_request: JoinRequest, by: User, at: datetime) -> Membership:
    """Let the person in; a membership they held before becomes active again."""
    rules.check_can_decide_join(by, join_request)
    _decided(join_request, JoinState.APPROVED, by=by, at=at)
    membership, _created = Membership.objects.update_or_create(
        user_id=join_request.user_id,
        organisation_id=join_request.organisation_id,
        role=join_request.role,
        defaults={"is_active": True},
    )
    return membership


@transaction.atomic
def refuse_join(*, join_request: JoinRequest, by: User, at: datetime, note: str = "") -> None:
    rules.check_can_decide_join(by, join_request)
    _decided(join_request, JoinState.REFUSED, by=by, at=at, note=note)


@transaction.atomic
def withdraw_join(*, join_request: JoinRequest, by: User, at: datetime) -> None:
    rules.check_can_withdraw_join(by, join_request)
    _decided(join_request, JoinState.WITHDRAWN, by=by, at=at)


def _decided(join_request: JoinRequest, state: str, *, by: User, at: datetime, note: str = "") -> None:
    workflow.move(join_request, state, by=by, at=at, note=note, decided_by=by, decided_at=at)
    signals.join_decided.send(sender=JoinRequest, join_request=join_request, by=by, at=at)


@transaction.atomic
def grant_membership(*, membership: Membership, role: str, by: User, at: datetime) -> Membership:
    """Give a person who is a member already another role in the same unit."""
    rules.check_can_manage_unit(by, membership.organisation)
    granted, _created = Membership.objects.update_or_create(
        user_id=membership.user_id,
        organisation_id=membership.organisation_id,
        role=role,
        defaults={"is_active": True},
    )
    workflow.record(membership.organisation, "member_granted", by=by, at=at, data=_member(granted))
    return granted


@transaction.atomic
def end_membership(*, membership: Membership, by: User, at: datetime) -> None:
    # The unit's row is the lock: of two administrators who remove each other at once, one is refused.
    Organisation.objects.select_for_update().get(pk=membership.organisation_id)
    membership.refresh_from_db(fields=["is_active"])
    rules.check_can_end_membership(by, membership)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    workflow.record(membership.organisation, "member_ended", by=by, at=at, data=_member(membership))
    forget_scope(by)


@transaction.atomic
def record_fact(
    *,
    organisation: Organisation,
    kind: str,
    valid_from: date,
    by: User,
    at: datetime,
    source: str = SELF_DECLARED,
    text: str = "",
    number: Decimal | None = None,
    valid_to: date | None = None,
) -> OrganisationFact:
    """Write down a dated fact. Facts are added, never overwritten: rules ask what held on a date."""
    rules.check_can_record_fact(by, organisation)
    if not text and number is None:
        raise Refused(_("请填写内容（证书编号等）或数值。"), field="text", code="empty")
    if valid_to and valid_to < valid_from:
        raise Refused(_("有效期的结束日期早于开始日期。"), field="valid_to", code="dates")
    fact = OrganisationFact.objects.create(
        organisation=organisation,
        kind=kind,
        text=text,
        number=number,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
        recorded_at=at,
        recorded_by=by,
    )
    workflow.record(organisation, "fact_recorded", by=by, at=at, data={"fact": fact.pk, "kind": kind})
    signals.fact_recorded.send(sender=OrganisationFact, fact=fact, by=by, at=at)
    return fact


@transaction.atomic
def confirm_fact(*, fact: OrganisationFact, by: User, at: datetime) -> None:
    """An officer has compared the fact with its proof. Of two at once the first one stands."""
    rules.check_can_confirm_fact(by, fact)
    rows = OrganisationFact.objects.filter(pk=fact.pk, confirmed_at=None)
    if not rows.update(confirmed_at=at, confirmed_by=by):
        raise Refused(_("这条记录已经核实过了。"), code="not_allowed")
    workflow.record(fact.organisation, "fact_confirmed", by=by, at=at, data={"fact": fact.pk})


@transaction.atomic
def record_account(
    *, organisation: Organisation, holder: str, bank: str, number: str, valid_from: date, by, at: datetime
) -> BankAccount:
    """Write down where the unit is paid from a day on; the accounts before stay on record."""
    rules.check_can_keep_account(by, organisation)
    account = BankAccount.objects.create(
        organisation=organisation,
        holder=holder,
        bank=bank,
        number=number,
        valid_from=valid_from,
        recorded_at=at,
        recorded_by=by,
    )
    workflow.record(organisation, "account_recorded", by=by, at=at, data={"account": account.pk})
    signals.account_recorded.send(sender=BankAccount, account=account, by=by, at=at)
    return account


@transaction.atomic
def record_shareholders(
    *, organisation: Organisation, as_of_date: date, rows: Sequence[Mapping[str, Any]], by, at: datetime
) -> list[Shareholder]:
    """Write down the list of a day, rows of `name`, `kind`, `percent`; one list a day, never changed."""
    rules.check_can_manage_unit(by, organisation)
    if not rows:
        raise Refused(_("请至少填写一名股东。"), field="rows", code="empty")
    if sum(row["percent"] for row in rows) > 100:
        raise Refused(_("持股比例合计超过 100%。"), field="rows", code="percent")
    if organisation.shareholders.filter(as_of_date=as_of_date).exists():
        raise Refused(_("这一天已有名册，请换一个日期。"), field="rows", code="twice")
    try:
        with transaction.atomic():
            made = Shareholder.objects.bulk_create(
                Shareholder(
                    organisation=organisation, as_of_date=as_of_date, recorded_at=at, recorded_by=by, **row
                )
                for row in rows
            )
    except IntegrityError:
        sentence = _("名册里同一名股东只能出现一次。")
        raise Refused(sentence, field="rows", code="twice") from None
    data = {"as_of": as_of_date.isoformat(), "number": len(made)}
    workflow.record(organisation, "shareholders_recorded", by=by, at=at, data=data)
    return made


KEPT = ("id_number", "id_country", "title", "degree", "speciality", "organisation", "is_shared")
"""What a person's own record holds."""


@transaction.atomic
def keep_record(*, by: User, at: datetime, **details: Any) -> PersonRecord:
    """Keep or change one's own record; `details` are of KEPT. Only for oneself."""
    _only(KEPT, details)
    unit = details.get("organisation")
    if unit and unit.pk not in by.scope.units:
        raise Refused(_("只能选择您所在的单位。"), field="organisation", code="stranger")
    if details.get("is_shared") and not unit:
        raise Refused(_("允许同事选用时，请写明所在单位。"), field="organisation", code="empty")
    record, _created = PersonRecord.objects.update_or_create(user=by, defaults={**details, "updated_at": at})
    workflow.record(by, "record_kept", by=by, at=at, data={"fields": sorted(details)})
    return record


@transaction.atomic
def drop_record(*, by: User, at: datetime) -> None:
    """Remove one's own record; applications keep what was written into them."""
    if PersonRecord.objects.filter(user=by).delete()[0]:
        workflow.record(by, "record_dropped", by=by, at=at)


@transaction.atomic
def record_integrity(
    *,
    reason: str,
    source: str,
    valid_from: date,
    by: User,
    at: datetime,
    organisation: Organisation | None = None,
    user: User | None = None,
    valid_to: date | None = None,
) -> IntegrityRecord:
    """Write down a dishonesty record of one unit or one person."""
    rules.check_can_record_integrity(by)
    if (organisation is None) == (user is None):
        raise Refused(_("请指明一个单位或一个人。"), field="organisation", code="subject")
    if valid_to and valid_to < valid_from:
        raise Refused(_("有效期的结束日期早于开始日期。"), field="valid_to", code="dates")
    found = IntegrityRecord.objects.create(
        organisation=organisation,
        user=user,
        reason=reason,
        source=source,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    workflow.record(organisation or user, "integrity_recorded", by=by, at=at, data={"record": found.pk})
    return found


@transaction.atomic
def assign_role(
    *,
    user: User,
    role: str,
    by: User,
    at: datetime,
    organisation: Organisation | None = None,
    region: str = "",
) -> RoleAssignment:
    """Give a person an office, or open again the one they held; entrance to the admin follows."""
    rules.check_can_assign_role(by)
    assignment, _created = RoleAssignment.objects.update_or_create(
        user=user, role=role, organisation=organisation, region=region, defaults={"is_active": True}
    )
    workflow.record(user, "role_assigned", by=by, at=at, data={"role": role, "assignment": assignment.pk})
    sync_admin_access(user=user)
    return assignment


@transaction.atomic
def end_role(*, assignment: RoleAssignment, by: User, at: datetime) -> None:
    list(RoleAssignment.objects.select_for_update().filter(role=assignment.role).order_by("pk"))
    assignment.refresh_from_db(fields=["is_active"])
    rules.check_can_end_role(by, assignment)
    assignment.is_active = False
    assignment.save(update_fields=["is_active"])
    workflow.record(
        assignment.user,
        "role_ended",
        by=by,
        at=at,
        data={"role": assignment.role, "assignment": assignment.pk},
    )
    sync_admin_access(user=assignment.user)


def sync_admin_access(*, user: User) -> None:
    """`is_staff` is derived: whoever holds an office that works in the admin may enter it."""
    offices = RoleAssignment.objects.filter(user=user, is_active=True, role__in=STAFF_ROLES)
    wanted = user.is_superuser or offices.exists()
    if user.is_staff != wanted:
        user.is_staff = wanted
        user.save(update_fields=["is_staff"])
    forget_scope(user)


@transaction.atomic
def update_profile(*, user: User, name: str, phone: str, language: str) -> None:
    """What a person says about themselves."""
    user.name, user.phone, user.language = name, phone, language
    user.save(update_fields=["name", "phone", "language"])


@transaction.atomic
def verify_phone(*, phone: str, by: User, at: datetime) -> None:
    """Note that `phone` is theirs: a code sent there came back. Raises Refused if it changed meanwhile."""
    if not User.objects.filter(pk=by.pk, phone=phone).update(phone_verified_at=at):
        raise Refused(_("手机号已经修改，请重新验证。"), field="code", code="changed")
    by.phone_verified_at = at
    workflow.record(by, "phone_verified", by=by, at=at)


@transaction.atomic
def create_token(*, by: User, at: datetime) -> Token:
    """A new API token; the old one stops working."""
    User.objects.select_for_update().get(pk=by.pk)  # a double click makes one token after the other
    Token.objects.filter(user=by).delete()
    workflow.record(by, "token_created", by=by, at=at)
    return Token.objects.create(user=by)


@transaction.atomic
def revoke_token(*, by: User, at: datetime) -> None:
    if Token.objects.filter(user=by).delete()[0]:
        workflow.record(by, "token_revoked", by=by, at=at)


def _only(allowed: tuple[str, ...], details: Mapping[str, Any]) -> None:
    strange = set(details) - set(allowed)
    if strange:
        raise TypeError(f"not fields that can be set here: {sorted(strange)}")


def _member(membership: Membership) -> dict:
    return {"user": membership.user_id, "role": membership.role}


def forget_scope(user: User) -> None:
    """What a person holds is read once a request; an action that changes it makes it be read again."""
    with suppress(AttributeError):  # not read yet
        del user.scope
